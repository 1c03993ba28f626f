# SPDX-License-Identifier: Apache-2.0
"""Custody packages that came and wait here, as files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from muniment.exchange.errors import CustodyError
from muniment.registry.exchange.keeping import file_name
from muniment.registry.session import Session
from muniment.store import envelopes, handovers

_PIECE: Final = 1 << 20


@contextmanager
def kept_package(session: Session, handover_id: bytes) -> Iterator[Path]:
    """Give the package of a hand-over that came and waits here, as a file. Raises `CustodyError`
    where none is here: it never came, or nothing of it waits any more."""
    with session.database.read() as connection:
        handover = handovers.of_id(connection, handover_id)
        row = None if handover is None else envelopes.of_digest(connection, handover.digest)
    if row is None or not row.is_kept:
        raise CustodyError(
            f"no package of 0x{handover_id.hex()} is here",
            "a hand-over whose package came, and waits to be accepted or declined",
        )
    with tempfile.TemporaryDirectory(prefix="muniment-envelope-") as folder:
        path = Path(folder) / "package"
        with session.vault.open(file_name(row.digest)) as reader, path.open("wb") as writer:
            while piece := reader.read(_PIECE):
                writer.write(piece)
        yield path
