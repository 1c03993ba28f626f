# SPDX-License-Identifier: Apache-2.0
"""An import in the middle of which something breaks, and what must hold in the end."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from muniment.journal import Entry
from muniment.registry import Registry
from muniment.registry.checking import check
from muniment.registry.sealing import progress_of
from muniment.store import journal_rows
from muniment.store.tables import leases
from tests.chain.test_processes import environment

ROWS = 600
_SECONDS = 400


def import_broken_by(
    registry: Registry, folder: Path, breaks: Callable[[], None], mends: Callable[[], None]
) -> bool:
    """Import a register; after a third of it do `breaks`, and `mends` while it goes on.

    Returns whether that import came to its end by itself. If not, it is run again. In both cases
    every row is an entry once, sealed, and every part agrees with every other: nothing that was
    acknowledged is lost.
    """
    file = folder / "rows.csv"
    rows = [f"{i},Holder {i},{i}/7" for i in range(ROWS)]
    file.write_text("\n".join(["id,holder,parcel", *rows]) + "\n")
    with _process(folder, file) as process:
        assert process.stdout is not None
        told: list[int] = []
        mending: threading.Thread | None = None
        for line in process.stdout:
            if line.strip().isdecimal():
                told.append(int(line))
            if mending is None and told and told[-1] >= ROWS // 3:
                breaks()
                mending = threading.Thread(target=mends)
                mending.start()
        said = process.stderr.read() if process.stderr is not None else ""
        assert mending is not None, said
        mending.join()
        process.wait(_SECONDS)
    alone = process.returncode == 0
    if not alone:
        # It ended with an error of ours that says what to do, not with a traceback.
        assert "next: " in said, said
        assert "Traceback" not in said, said
        acknowledged = progress_of(registry.session, 1).acknowledged
        assert acknowledged >= told[-1]
        with registry.session.database.write() as connection:
            connection.execute(sa.delete(leases))
        with _process(folder, file) as again:
            _, said = again.communicate(timeout=_SECONDS)
        assert again.returncode == 0, said
    _assert_sound(registry)
    return alone


def _process(folder: Path, file: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.engines.importing", str(folder / "profile.toml"), str(file)],
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _assert_sound(registry: Registry) -> None:
    session = registry.session
    with session.database.read() as connection:
        entries = journal_rows.entries_between(connection, 1, 0, 1 << 40)
    ids = {Entry.from_bytes(each).local_id for each in entries}
    assert len(entries) == len(ids) == ROWS
    registry.sync()
    assert progress_of(session, 1).provable == ROWS
    assert list(check(session)) == []
