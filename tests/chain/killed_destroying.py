# SPDX-License-Identifier: Apache-2.0
"""A process that brings the mirror up to date, and is killed at the nth commit of either store.

What was disposed of is destroyed on the way. With N beyond all commits it ends, and prints how many
there were.
"""

from __future__ import annotations

from pathlib import Path

from muniment.registry import Registry
from tests.chain.agency import PASSWORD
from tests.chain.killed_at import Places, watched


def work(profile: Path, last: int) -> None:
    """What is done; done again from its beginning, it goes on where it was."""
    with Registry.open(profile, password=PASSWORD) as registry:
        places = Places(last)
        watched(places)
        registry.sync()
        print(places.count)
