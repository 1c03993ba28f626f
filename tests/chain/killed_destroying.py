# SPDX-License-Identifier: Apache-2.0
"""A process that brings the mirror up to date, and is killed at the nth commit of either store.

    python -m tests.chain.killed_destroying PROFILE N

What was disposed of is destroyed on the way. With N beyond all commits it ends, and prints how many
there were.
"""

from __future__ import annotations

import sys
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


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
