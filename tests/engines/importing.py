# SPDX-License-Identifier: Apache-2.0
"""A process that imports into the journal in small batches, and seals beside it.

    python -m tests.engines.importing PROFILE FILE

It prints how many rows are acknowledged after each batch, so that a test can break something in the
middle, and in the end `sealed`. What went wrong is on stderr, and the exit code is the error's.
"""

from __future__ import annotations

import sys
from pathlib import Path

from muniment.errors import MunimentError
from muniment.intake.mapping import FieldMapping
from muniment.intake.plans import FieldSource
from muniment.registry import Registry, Stage
from muniment.registry.bulk import Tally
from muniment.registry.journal_import import import_by_journal
from muniment.registry.journals import wait_sealed
from muniment.registry.sealing_beside import sealing
from tests.chain.agency import PASSWORD
from tests.chain.killed_importing import SmallBatches


def tell(tally: Tally) -> None:
    print(tally.rows, flush=True)


def work(profile: Path, file: Path) -> None:
    """Import and seal; done again, it goes on where it was."""
    with Registry.open(profile, password=PASSWORD) as registry:
        fields = {name: FieldSource(name) for name in ("holder", "parcel")}
        with sealing(registry.session, at_once=True):
            done = import_by_journal(
                registry.session,
                registry.session.record_types.latest("land-deed"),
                SmallBatches("csv", file),
                FieldMapping("{id}", fields),
                1,
                workers=1,
                progress=tell,
            )
        wait_sealed(registry.session, 1, done.size, Stage.PROVABLE, timeout=120)
        print("sealed", flush=True)


if __name__ == "__main__":
    try:
        work(Path(sys.argv[1]), Path(sys.argv[2]))
    except MunimentError as error:
        print(error.diagnostics(), file=sys.stderr)
        sys.exit(error.exit_code)
