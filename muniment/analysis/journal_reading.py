# SPDX-License-Identifier: Apache-2.0
"""The registrations in this agency's journals, whole columns at a time, with their record ids.

Entries lie in one table by their place, ids in another, sorted within each group of batches. Joined
by SQL, each row costs a look into an index; here both are read from end to end, some groups at a
time and side by side, and each id is put at its entry's place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from muniment.analysis import arrow_columns as columns
from muniment.analysis.arrow_columns import Numbers, Words
from muniment.analysis.arrow_reading import ArrowReader, arrow_reader
from muniment.journal.entry import ENTRY_BYTES, EntryKind
from muniment.store.database import Database
from muniment.store.journal_tables import (
    GROUP,
    group_of,
    journal_batches,
    journal_entries,
    journal_ids,
)

EMPTY: Final[sa.ColumnClause[str]] = sa.literal_column("''")
"""In the place of NULL: SQLite's driver would take a column that begins with many for numbers."""
_ID_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Registrations:
    """Registrations that follow each other in a journal, column by column.

    `sheet` is each one's place in `sheets`, which has what was appended together shares.
    `source_id` is empty text once a record is erased.
    """

    journal: int
    index: Numbers
    record_id: Words
    entry: Words
    source_id: Any
    sheet: Numbers
    sheets: Sequence[sa.RowMapping]

    def __len__(self) -> int:
        """How many they are."""
        return len(self.index)

    @property
    def type_id(self) -> Numbers:
        """The numbers of their record types."""
        return self._number(2, 2)

    @property
    def type_version(self) -> Numbers:
        """The versions of their record types."""
        return self._number(4, 2)

    @property
    def time(self) -> Numbers:
        """When they were made, as they claim, in Unix seconds."""
        return self._number(6, 8)

    @property
    def commitment(self) -> Words:
        """Their commitments."""
        return self.entry[:, 46:78]

    def shared(self, name: str) -> Numbers:
        """A number of their batches', for each of them."""
        return np.array([each[name] for each in self.sheets], np.int64)[self.sheet]

    def only(self, kept: npt.NDArray[np.bool_]) -> Registrations:
        """Return some of them."""
        if kept.all():
            return self
        return Registrations(
            self.journal,
            self.index[kept],
            self.record_id[kept],
            self.entry[kept],
            self.source_id.filter(pa.array(kept)),
            self.sheet[kept],
            self.sheets,
        )

    def _number(self, start: int, size: int) -> Numbers:
        """Big-endian numbers of `size` bytes at a place of the entries."""
        part = np.ascontiguousarray(self.entry[:, start : start + size])
        return part.view(f">u{size}").reshape(-1).astype(np.int64)


def registrations(database: Database, type_id: int | None = None) -> Iterator[Registrations]:
    """Yield the registrations of all journals here, in order, of one record type if it is named.

    Those that are whole in the database when it is asked: a row without its other half is left out
    (`muniment fsck` names it). Raises `StoreError` where the database does not answer.
    """
    with database.read() as connection:
        ordered = sa.select(journal_batches).order_by(
            journal_batches.c.journal, journal_batches.c.first_index
        )
        sheets = connection.execute(ordered).mappings().all()
    stretches = [
        each
        for each in _stretches(sheets)
        if type_id is None or any(sheet["type_id"] == type_id for sheet in each)
    ]
    if not stretches:
        return
    with ExitStack() as closing:
        # A connection each, so that the two queries of a stretch run side by side.
        readers = [closing.enter_context(arrow_reader(database)) for _ in range(2)]
        reading = closing.enter_context(ThreadPoolExecutor(len(readers)))

        def begin(stretch: Sequence[sa.RowMapping]) -> list[Any]:
            asked = zip((_entries, _ids), readers, strict=True)
            return [reading.submit(read, reader, stretch) for read, reader in asked]

        upcoming = begin(stretches[0])
        for place, stretch in enumerate(stretches):
            entries, ids = (each.result() for each in upcoming)
            if place + 1 < len(stretches):
                upcoming = begin(stretches[place + 1])
            found = _joined(stretch, entries, ids)
            kept = found.entry[:, 0] == int(EntryKind.REGISTRATION)
            if type_id is not None:
                kept &= found.type_id == type_id
            chosen = found.only(kept)
            if len(chosen):
                yield chosen


def _stretches(sheets: Sequence[sa.RowMapping]) -> list[list[sa.RowMapping]]:
    """Batches that follow each other in one journal: whole groups, until there are rows enough."""
    found: list[list[sa.RowMapping]] = []
    for sheet in sheets:
        last = found[-1][-1] if found else None
        if (
            last is not None
            and last["journal"] == sheet["journal"]
            and last["first_index"] + last["count"] == sheet["first_index"]
            and (
                group_of(last["first_index"]) == group_of(sheet["first_index"])
                or sheet["first_index"] - found[-1][0]["first_index"] < GROUP
            )
        ):
            found[-1].append(sheet)
        else:
            found.append([sheet])
    return found


def _bounds(stretch: Sequence[sa.RowMapping]) -> tuple[int, int, int]:
    """Journal, first index, and the index after the last."""
    first, last = stretch[0], stretch[-1]
    return first["journal"], first["first_index"], last["first_index"] + last["count"]


def _entries(reader: ArrowReader, stretch: Sequence[sa.RowMapping]) -> list[Any]:
    journal, start, end = _bounds(stretch)
    table = journal_entries.c
    chosen = sa.select(
        table.entry_index, table.entry, sa.func.coalesce(table.source_id, EMPTY).label("source_id")
    ).where(table.journal == journal, table.entry_index >= start, table.entry_index < end)
    return list(reader.batches(chosen))


def _ids(reader: ArrowReader, stretch: Sequence[sa.RowMapping]) -> list[Any]:
    journal, start, end = _bounds(stretch)
    table = journal_ids.c
    groups = dict.fromkeys(group_of(each["first_index"]) for each in stretch)
    chosen = sa.select(table.entry_index, table.record_id).where(
        table.journal == journal,
        table.group_start.in_(list(groups)),
        table.entry_index >= start,
        table.entry_index < end,
    )
    return list(reader.batches(chosen))


def _joined(stretch: Sequence[sa.RowMapping], entries: list[Any], ids: list[Any]) -> Registrations:
    journal, start, end = _bounds(stretch)
    record_id, there = np.zeros((end - start, _ID_BYTES), np.uint8), np.zeros(end - start, bool)
    for batch in ids:
        places = columns.numbers(batch.column("entry_index")) - start
        record_id[places] = columns.raw(batch.column("record_id"), _ID_BYTES)
        there[places] = True
    filled = [batch for batch in entries if batch.num_rows]
    places = np.concatenate(
        [columns.numbers(each.column("entry_index")) - start for each in filled]
        or [np.empty(0, np.int64)]
    )
    words = np.concatenate(
        [columns.raw(each.column("entry"), ENTRY_BYTES) for each in filled]
        or [np.empty((0, ENTRY_BYTES), np.uint8)]
    )
    texts = pa.chunked_array([each.column("source_id") for each in filled], pa.string())
    sheet = np.repeat(np.arange(len(stretch)), [each["count"] for each in stretch])
    whole = len(places) == end - start and bool((places == np.arange(end - start)).all())
    found = Registrations(
        journal,
        places + start,
        record_id if whole else record_id[places],
        words,
        texts.combine_chunks(),
        sheet if whole else sheet[places],
        stretch,
    )
    return found.only(there if whole else there[places])
