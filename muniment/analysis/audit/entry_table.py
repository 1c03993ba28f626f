# SPDX-License-Identifier: Apache-2.0
"""The entries of a journal as a table, for whoever wants to count and join them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa

from muniment.analysis.audit.plan import AuditPlan
from muniment.analysis.audit.views import sealed_entries
from muniment.journal.entry import ENTRY_BYTES
from muniment.journal.tiles import TILE_WIDTH

ENTRIES: Final = (
    "agency int, journal int, index long, kind int, algorithm int, type_id int, type_version int, "
    "time timestamp, local_id binary, commitment binary"
)
_FORM: Final = np.dtype(
    [
        ("kind", "u1"),
        ("algorithm", "u1"),
        ("type_id", ">u2"),
        ("type_version", ">u2"),
        ("time", ">u8"),
        ("local_id", "V32"),
        ("commitment", "V32"),
    ]
)
_LATEST: Final = 253_402_300_799
"""The last second of year 9999; what claims a later time has none here."""


def entry_rows(plan: AuditPlan, numbers: Iterable[int]) -> Iterator[Any]:
    """Yield a record batch for each range, of the entries that are there and have 78 bytes."""
    read = plan.place.reader()
    for number in numbers:
        first, end = plan.bounds(number)
        found: list[bytes] = []
        indexes: list[int] = []
        for tile in range(first // TILE_WIDTH, -(-end // TILE_WIDTH)):
            for place, entry in enumerate(sealed_entries(plan, read, tile)):
                if entry is not None and len(entry) == ENTRY_BYTES:
                    found.append(entry)
                    indexes.append(TILE_WIDTH * tile + place)
        yield _batch(plan, np.array(indexes, np.int64), np.frombuffer(b"".join(found), _FORM))


def _batch(plan: AuditPlan, indexes: Any, rows: Any) -> Any:
    many = len(rows)
    times = rows["time"].astype(np.uint64)
    late = times > _LATEST
    seconds = np.where(late, 0, times).astype(np.int64)
    numbers = [
        pa.array(rows[name].astype(np.int32))
        for name in ("kind", "algorithm", "type_id", "type_version")
    ]
    instants = pa.array(1_000_000 * seconds, pa.timestamp("us", "UTC"), mask=late)
    columns = {
        "agency": pa.array(np.full(many, plan.agency, np.int32)),
        "journal": pa.array(np.full(many, plan.journal, np.int32)),
        "index": pa.array(indexes),
        **dict(zip(("kind", "algorithm", "type_id", "type_version"), numbers, strict=True)),
        "time": instants,
        "local_id": _binary(rows["local_id"]),
        "commitment": _binary(rows["commitment"]),
    }
    return pa.record_batch(list(columns.values()), names=list(columns))


def _binary(column: Any) -> Any:
    """A column of 32 bytes a row, without an object for each."""
    data = np.ascontiguousarray(column).tobytes()
    offsets = np.arange(0, len(data) + 1, 32, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(column), buffers)
