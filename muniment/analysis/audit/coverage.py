# SPDX-License-Identifier: Apache-2.0
"""Which entries no pack holds: what the packs say, put together part by part of the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from muniment.analysis.audit.faults import Fault, Kind
from muniment.analysis.audit.plan import RANGE_BITS


class Held(NamedTuple):
    """A row of what packs hold, in the order of its columns (`packed.HELD`)."""

    part: int
    first: int
    end: int
    pack: str
    what: str
    expected: str
    found: str


def uncovered(size: int, rows: Iterable[Held]) -> Iterator[Fault]:
    """Yield the faults of entries that no pack holds well.

    `rows` come part by part, and each part has at least one, be it of no entry: else nobody would
    notice a part that no pack is of. `size` is that of the journal.
    """
    for part, group in groupby(rows, key=itemgetter(0)):
        yield from _uncovered_of(part << RANGE_BITS, min(size, (part + 1) << RANGE_BITS), group)


def _uncovered_of(first: int, end: int, rows: Iterable[Held]) -> Iterator[Fault]:
    well: list[tuple[int, int]] = []
    wrong: dict[int, Held] = {}
    for each in rows:
        if each.what:
            for index in range(each.first, each.end):
                wrong.setdefault(index, each)
        elif each.first < each.end:
            well.append((each.first, each.end))
    at = first
    for start, stop in [*sorted(well), (end, end)]:
        if at < start:
            yield from _named(at, start, wrong)
        at = max(at, stop)


def _named(first: int, end: int, wrong: dict[int, Held]) -> Iterator[Fault]:
    """The faults of entries that are not held: in runs of one and the same."""
    start = first
    for index in range(first + 1, end + 1):
        if index == end or wrong.get(index) is not wrong.get(start):
            yield _fault(start, index - 1, wrong.get(start))
            start = index


def _fault(first: int, last: int, why: Held | None) -> Fault:
    if why is None:
        what = "no pack of the vault holds the content"
        return Fault(first, last, Kind.PACK, what, "a pack whose sheet counts it", "none")
    return Fault(first, last, Kind.PACK, why.what, why.expected, why.found, why.pack)


def of_columns(columns: Iterable[Iterable[Any]]) -> Iterator[Held]:
    """Yield the rows of columns."""
    yield from (Held(*row) for row in zip(*columns, strict=True))
