# SPDX-License-Identifier: Apache-2.0
"""Records that a journal registers more than once, wherever in it: without one table of all ids.

Every range gives the first eight bytes of its local ids, scrambled, in buckets; each bucket is
sorted alone, and what comes twice in it is suspect. Only suspects are read again, and compared
whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa

from muniment.analysis.audit.entries import id_beginnings, registrations
from muniment.analysis.audit.faults import Fault, Kind
from muniment.analysis.audit.plan import AuditPlan
from muniment.analysis.audit.views import sealed_entries
from muniment.journal.entry import ENTRY_BYTES
from muniment.journal.tiles import TILE_WIDTH
from muniment.record.identifiers import AgencyId, Lineage, LocalId, derive_record_id

SUSPECTS: Final = "index long"
IDENTIFIED: Final = "local_id binary, index long"
_PAIR: Final = np.dtype([("id", "<u8"), ("index", "<i8")])
LOCAL_ID: Final = slice(14, 46)
"""Where an entry has its local id (docs/spec/journals.md, § 2)."""


def buckets_of(rows: Any, indexes: Any, spread: int, factor: int) -> Iterator[tuple[int, bytes]]:
    """Yield for each of 2**`spread` buckets the scrambled ids of registrations with their indexes.

    `factor` is odd, and unforeseeable: nobody can make ids that all fall into one bucket.
    """
    registering = registrations(rows)
    pairs = np.empty(int(np.count_nonzero(registering)), _PAIR)
    pairs["id"] = id_beginnings(rows)[registering] * np.uint64(factor)
    pairs["index"] = indexes[registering]
    if not spread:
        yield 0, pairs.tobytes()
        return
    buckets = (pairs["id"] >> np.uint64(64 - spread)).astype(np.int32)
    order = np.argsort(buckets, kind="stable")
    pairs, buckets = pairs[order], buckets[order]
    edges = np.searchsorted(buckets, np.arange((1 << spread) + 1))
    for bucket in range(1 << spread):
        if edges[bucket] < edges[bucket + 1]:
            yield bucket, pairs[edges[bucket] : edges[bucket + 1]].tobytes()


def suspects_in(blobs: Iterable[bytes]) -> Any:
    """Return the indexes of all entries whose scrambled id comes more than once."""
    pairs = np.frombuffer(b"".join(blobs), _PAIR)
    order = np.argsort(pairs["id"], kind="stable")
    ids = pairs["id"][order]
    again = np.zeros(len(ids), bool)
    again[1:] = ids[1:] == ids[:-1]
    again[:-1] |= again[1:]
    return pairs["index"][order][again]


def identify(plan: AuditPlan, indexes: Iterable[int]) -> Iterator[Any]:
    """Yield record batches of suspects with their whole local ids."""
    read = plan.place.reader()
    known, entries = -1, list[bytes | None]()
    found: list[tuple[bytes, int]] = []
    for index in sorted(indexes):
        tile, place = divmod(index, TILE_WIDTH)
        if tile != known:
            known, entries = tile, sealed_entries(plan, read, tile)
        entry = entries[place]
        if entry is not None and len(entry) == ENTRY_BYTES:
            found.append((entry[LOCAL_ID], index))
    yield pa.record_batch(
        [pa.array([each[0] for each in found], pa.binary()), [each[1] for each in found]],
        schema=pa.schema([("local_id", pa.binary()), ("index", pa.int64())]),
    )


def repeated(plan: AuditPlan, rows: Iterable[tuple[bytes, int, int]]) -> Iterator[Fault]:
    """Yield the faults of (local id, where it is registered first, where it is again)."""
    for local_id, first, index in rows:
        record_id = derive_record_id(
            Lineage(plan.lineage), AgencyId(plan.agency), LocalId(local_id)
        )
        what = f"it registers record 0x{record_id.hex()}, as entry {first} does already"
        yield Fault(
            index,
            index,
            Kind.DUPLICATE,
            what,
            "one registration of a record",
            f"at {first} and {index}",
        )
