# SPDX-License-Identifier: Apache-2.0
"""A process that makes a pass over a source, and dies at the nth place that lasts.

Places are those of `killed_importing`. With N of 0 it ends, waits for what it submitted, and prints
how many places there were.
"""

from __future__ import annotations

from pathlib import Path

from muniment.registry import Registry, Stage
from muniment.registry.journals import wait_sealed
from muniment.registry.syncing import SyncOptions
from tests.chain.agency import PASSWORD
from tests.chain.killed_importing import Places, watched


def work(profile: Path, last: int, url: str, mapping: Path) -> None:
    """Make a pass; done again, it goes on where it was."""
    with Registry.open(profile, password=PASSWORD) as registry:
        places = Places(last)
        watched(places)
        options = SyncOptions(journal=1, workers=1)
        done = registry.syncing.run(url, mapping, type_name="land-deed", options=options)
        if not last:
            wait_sealed(registry.session, 1, done.size, Stage.PROVABLE, timeout=120)
            registry.wait(done.submissions, timeout=120)
        print(places.count)
