# SPDX-License-Identifier: Apache-2.0
"""What an executor does with ranges of a journal: hash them, and look at those that are suspect."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa

from muniment.analysis.audit.duplicates import buckets_of
from muniment.analysis.audit.entries import entries_in, is_sound, rows_of
from muniment.analysis.audit.faults import Fault
from muniment.analysis.audit.folding import RangeRoots
from muniment.analysis.audit.judging import judge
from muniment.analysis.audit.plan import AuditPlan
from muniment.analysis.audit.subtrees import Subtree
from muniment.analysis.audit.views import RangeView
from muniment.journal.entry import ENTRY_BYTES

HASHED: Final = (
    "number long, first_index long, entries long, entry_root binary, tile_root binary, "
    "node_root binary, entry_prefixes binary, tile_prefixes binary, suspect boolean, "
    "seconds double, worker string, bucket int, ids binary"
)
"""A row a range with `bucket` -1, and one for each bucket of its ids, of which all else is zero."""
_SCHEMA: Final = pa.schema(
    [
        ("number", pa.int64()),
        ("first_index", pa.int64()),
        ("entries", pa.int64()),
        ("entry_root", pa.binary()),
        ("tile_root", pa.binary()),
        ("node_root", pa.binary()),
        ("entry_prefixes", pa.binary()),
        ("tile_prefixes", pa.binary()),
        ("suspect", pa.bool_()),
        ("seconds", pa.float64()),
        ("worker", pa.string()),
        ("bucket", pa.int32()),
        ("ids", pa.binary()),
    ]
)
FAULTS: Final = pa.schema(
    [
        ("agency", pa.int32()),
        ("journal", pa.int32()),
        ("first_index", pa.int64()),
        ("last_index", pa.int64()),
        ("kind", pa.string()),
        ("what", pa.string()),
        ("expected", pa.string()),
        ("found", pa.string()),
        ("file", pa.string()),
    ]
)


def hash_ranges(plan: AuditPlan, numbers: Iterable[int], spread: int, factor: int) -> Iterator[Any]:
    """Yield a record batch for each range: its roots, and its ids in 2**`spread` buckets.

    `factor` is the audit's own odd number, by which ids are spread.
    """
    read = plan.place.reader()
    worker = f"{socket.gethostname()}/{os.getpid()}"
    for number in numbers:
        begun = time.perf_counter()
        view = RangeView(plan, number, read)
        roots, ids = _hashed(plan, view, spread, factor)
        spent = time.perf_counter() - begun
        first, end = plan.bounds(number)
        none = (b"", b"", b"", b"", b"", False, 0.0, "")
        rows = [
            (
                number,
                first,
                end - first,
                roots.entries,
                roots.tiles,
                roots.nodes,
                roots.entry_prefixes,
                roots.tile_prefixes,
                roots.suspect,
                spent,
                worker,
                -1,
                b"",
            ),
            *((number, first, 0, *none, bucket, blob) for bucket, blob in ids),
        ]
        yield batch_of(rows, _SCHEMA)


def judge_ranges(plan: AuditPlan, ranges: Iterable[tuple[int, bytes]]) -> Iterator[Any]:
    """Yield the faults of ranges, each with its proven root, as record batches of findings."""
    read = plan.place.reader()
    for number, proven in ranges:
        yield faults_batch(plan, judge(plan, RangeView(plan, number, read), proven))


def faults_batch(plan: AuditPlan, faults: Iterable[Fault]) -> Any:
    """Return a record batch of findings."""
    return batch_of([each.row(plan.agency, plan.journal) for each in faults], FAULTS)


def batch_of(rows: list[tuple[Any, ...]], schema: Any) -> Any:
    """Return rows as a record batch."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)


def _hashed(
    plan: AuditPlan, view: RangeView, spread: int, factor: int
) -> tuple[RangeRoots, list[tuple[int, bytes]]]:
    entries, tiles = view.entry_tree, view.tile_tree
    sizes = [int(plan.seals.sizes[at]) for at in plan.seals.within(view.first, view.end)]
    rows, indexes, sound = _rows(plan, view)
    roots = RangeRoots(
        entries.root() if entries else b"",
        tiles.root() if tiles else b"",
        view.node_root,
        _prefixes(entries, sizes, view.first),
        b"" if tiles is entries else _prefixes(tiles, sizes, view.first),
        not sound or tiles is None or tiles is not entries,
    )
    return roots, list(buckets_of(rows, indexes, spread, factor))


def _rows(plan: AuditPlan, view: RangeView) -> tuple[Any, Any, bool]:
    """The entries that are there, as rows; their indexes; and whether all are sound."""
    if view.is_regular:
        rows = rows_of(view.joined_bundles())
        indexes = np.arange(view.first, view.end)
        return rows, indexes, is_sound(rows, plan.seals.covering(indexes))
    found, places = [], []
    for tile, bundle in zip(view.tiles, view.bundles, strict=True):
        for place, entry in enumerate(entries_in(bundle or b"", view.width(tile))):
            if entry is not None and len(entry) == ENTRY_BYTES:
                found.append(b"\x00\x4e" + entry)
                places.append(256 * tile + place)
    return rows_of(b"".join(found)), np.array(places, np.int64), False


def _prefixes(tree: Subtree | None, sizes: list[int], first: int) -> bytes:
    return b"" if tree is None else b"".join([tree.root(size - first) for size in sizes])
