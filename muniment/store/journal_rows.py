# SPDX-License-Identifier: Apache-2.0
"""The rows of journals: batches of entries, appended at the end, and found by record id.

A batch is one transaction, and that is the acknowledgement of all its entries. Everything is
inserted in the order of its key, so that the last batch of a great register costs what the first
did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import repeat
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.engine import Connection

from muniment.journal.entry import ENTRY_BYTES, Entry
from muniment.record.identifiers import AgencyId, Lineage, RecordId, derive_record_id
from muniment.record.objects import ObjectPlace
from muniment.store.batch_sheets import BatchSheet
from muniment.store.bulk import insert_rows
from muniment.store.journal_tables import (
    GROUP,
    group_of,
    journal_batches,
    journal_entries,
    journal_ids,
    journal_terms,
)
from muniment.store.packs import ENTRY_OBJECT, Packed
from muniment.store.rows import with_digest

TERM_SIZE: Final = 16
_SHARED: Final = (
    journal_batches.c.agency_id,
    journal_batches.c.pack,
    journal_batches.c.schema_digest,
    journal_batches.c.source_system,
    journal_batches.c.created_ms,
)
_PAGE: Final = 10_000
_MANY: Final = 500
_JOINED: Final = 1 << 15


@dataclass(frozen=True, slots=True)
class NewBatch:
    """Entries to be appended together, in order, and what they share.

    `entries` are 78 bytes each, `places` offset and length of each one's object in `pack`, `terms`
    pairs of a search term (16 bytes) and the entry's place in the batch. Of what is erased neither
    source id nor place is there.
    """

    sheet: BatchSheet
    pack: str
    entries: Sequence[bytes]
    record_ids: Sequence[bytes]
    source_ids: Sequence[str | None]
    places: Sequence[tuple[int | None, int | None]]
    terms: Sequence[tuple[bytes, int]]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as the agency keeps it. `source_id` and `packed` are None once it is erased."""

    journal: int
    index: int
    record_id: RecordId
    entry: Entry
    agency_id: int
    schema_digest: bytes
    source_system: str
    source_id: str | None
    packed: Packed | None
    created_ms: int


def size_of(connection: Connection, journal: int) -> int:
    """Return how many entries of a journal are acknowledged."""
    last = (
        sa.select(journal_batches.c.first_index, journal_batches.c.count)
        .where(journal_batches.c.journal == journal)
        .order_by(journal_batches.c.first_index.desc())
        .limit(1)
    )
    row = connection.execute(last).first()
    return 0 if row is None else int(row.first_index + row.count)


def acknowledged_ms(connection: Connection, journal: int, index: int) -> int:
    """Return when the entry at an index was acknowledged, in Unix milliseconds."""
    batch = (
        sa.select(journal_batches.c.created_ms)
        .where(journal_batches.c.journal == journal, journal_batches.c.first_index <= index)
        .order_by(journal_batches.c.first_index.desc())
        .limit(1)
    )
    return int(connection.execute(batch).scalar_one())


def journals_kept(connection: Connection) -> list[int]:
    """Return the numbers of the journals that have entries here."""
    numbers = sa.select(journal_batches.c.journal).distinct().order_by(journal_batches.c.journal)
    return list(connection.execute(numbers).scalars())


def add_batch(connection: Connection, new: NewBatch) -> None:
    """Append a batch. The caller holds the journal's lease and has seen that it begins at its end.

    Raises `sqlalchemy.exc.IntegrityError` where another got there first.
    """
    sheet = new.sheet
    values: dict[str, Any] = asdict(sheet)
    del values["time"]
    values["pack"] = new.pack
    connection.execute(sa.insert(journal_batches), with_digest(journal_batches, values))
    journal, first, last = sheet.journal, sheet.first_index, sheet.first_index + sheet.count
    group = group_of(first)
    offsets, lengths = zip(*new.places, strict=True)
    insert_rows(
        connection,
        journal_entries,
        list(
            zip(
                repeat(journal, sheet.count),
                range(first, last),
                new.entries,
                new.source_ids,
                offsets,
                lengths,
                strict=True,
            )
        ),
    )
    insert_rows(
        connection,
        journal_ids,
        [
            (journal, group, record_id, index)
            for record_id, index in sorted(zip(new.record_ids, range(first, last), strict=True))
        ],
    )
    insert_rows(
        connection,
        journal_terms,
        [(journal, group, term, first + place) for term, place in sorted(set(new.terms))],
    )


def entries_between(connection: Connection, journal: int, start: int, end: int) -> list[bytes]:
    """Return the entries from `start` up to `end`, 78 bytes each."""
    if connection.dialect.name == "postgresql":
        return _joined_between(connection, journal, start, end)
    chosen = sa.select(journal_entries.c.entry).where(*_between(journal, start, end))
    # `all`: row by row the driver is asked for each of them.
    return list(connection.execute(chosen.order_by(journal_entries.c.entry_index)).scalars().all())


def _joined_between(connection: Connection, journal: int, start: int, end: int) -> list[bytes]:
    """The same from PostgreSQL, many in one value: its driver takes as long for a row as we do for
    ten entries."""
    found: list[bytes] = []
    while True:
        page = (
            sa.select(journal_entries.c.entry_index, journal_entries.c.entry)
            .where(*_between(journal, start, end))
            .order_by(journal_entries.c.entry_index)
            .limit(_JOINED)
            .subquery()
        )
        # The order belongs to the last argument, which parts them.
        nothing = aggregate_order_by(sa.literal(b""), page.c.entry_index)
        whole = sa.select(
            sa.func.max(page.c.entry_index),
            sa.func.string_agg(page.c.entry, nothing, type_=sa.LargeBinary),
            sa.func.array_agg(sa.func.octet_length(page.c.entry).distinct()),
        )
        last, joined, sizes = connection.execute(whole).one()
        if last is None:
            return found
        if sizes == [ENTRY_BYTES]:
            found += [joined[at : at + ENTRY_BYTES] for at in range(0, len(joined), ENTRY_BYTES)]
        else:
            # Damaged ones: whoever reads them is to see which.
            rows = sa.select(page.c.entry).order_by(page.c.entry_index)
            found += connection.execute(rows).scalars().all()
        start = last + 1


def _between(journal: int, start: int, end: int) -> list[sa.ColumnElement[bool]]:
    return [
        journal_entries.c.journal == journal,
        journal_entries.c.entry_index >= start,
        journal_entries.c.entry_index < end,
    ]


def entries_of(
    connection: Connection, record_ids: Sequence[bytes], journal: int | None = None
) -> dict[RecordId, EntryRow]:
    """Return the entries that registered these records, by record id."""
    found: dict[RecordId, EntryRow] = {}
    groups = _groups(connection, journal)
    for start in range(0, len(record_ids), _MANY):
        part = list(record_ids[start : start + _MANY])
        for number, starts in groups:
            chosen = _placed().where(
                journal_ids.c.journal == number,
                _one_of(journal_ids.c.group_start, starts),
                journal_ids.c.record_id.in_(part),
            )
            for row in connection.execute(chosen.order_by(journal_ids.c.entry_index)).mappings():
                each = _entry_row(dict(row), RecordId(bytes(row["record_id"])))
                found.setdefault(each.record_id, each)
    return found


def entry_of(connection: Connection, record_id: bytes) -> EntryRow | None:
    """Return the entry that registered a record, None where none did."""
    return entries_of(connection, [record_id]).get(RecordId(record_id))


def rows_between(
    connection: Connection, lineage: Lineage, journal: int, start: int, end: int
) -> Iterator[EntryRow]:
    """Yield entries in order, with all that is kept of them."""
    overlapping = (
        sa.select(journal_batches)
        .where(
            journal_batches.c.journal == journal,
            journal_batches.c.first_index < end,
            journal_batches.c.first_index + journal_batches.c.count > start,
        )
        .order_by(journal_batches.c.first_index)
    )
    for batch in connection.execute(overlapping).mappings().all():
        after = batch["first_index"] + batch["count"]
        chosen = (
            sa.select(journal_entries)
            .where(
                journal_entries.c.journal == journal,
                journal_entries.c.entry_index >= max(start, batch["first_index"]),
                journal_entries.c.entry_index < min(end, after),
            )
            .order_by(journal_entries.c.entry_index)
        )
        for row in connection.execute(chosen).mappings().all():
            local_id = Entry.from_bytes(bytes(row["entry"])).local_id
            record_id = derive_record_id(lineage, AgencyId(batch["agency_id"]), local_id)
            yield _entry_row({**batch, **row}, record_id)


def entries_with_terms(
    connection: Connection, lineage: Lineage, type_id: int, terms: Mapping[str, bytes]
) -> list[RecordId]:
    """Return the records that entries of a type registered with all these search terms."""
    groups = _groups(connection, None)
    found: set[tuple[int, int]] | None = None
    for term in terms.values():
        those = set()
        for journal, starts in groups:
            chosen = sa.select(journal_terms.c.entry_index).where(
                journal_terms.c.journal == journal,
                _one_of(journal_terms.c.group_start, starts),
                journal_terms.c.term == term[:TERM_SIZE],
            )
            those |= {(journal, index) for index in connection.execute(chosen).scalars()}
        found = those if found is None else found & those
    return [
        row.record_id
        for journal, index in sorted(found or ())
        for row in rows_between(connection, lineage, journal, index, index + 1)
        if row.entry.type_id == type_id
    ]


def forget_entry(connection: Connection, row: EntryRow) -> None:
    """Take source id, place and search terms of an erased record away; the entry stays."""
    here = (
        journal_entries.c.journal == row.journal,
        journal_entries.c.entry_index == row.index,
    )
    bare = {"source_id": None, "offset": None, "length": None}
    connection.execute(sa.update(journal_entries).where(*here).values(bare))
    batch = sa.select(sa.func.max(journal_batches.c.first_index)).where(
        journal_batches.c.journal == row.journal, journal_batches.c.first_index <= row.index
    )
    connection.execute(
        sa.delete(journal_terms).where(
            journal_terms.c.journal == row.journal,
            journal_terms.c.group_start == group_of(connection.execute(batch).scalar_one()),
            journal_terms.c.entry_index == row.index,
        )
    )


def _groups(connection: Connection, journal: int | None) -> list[tuple[int, range]]:
    """Where groups of batches begin in each journal, or in one.

    They are asked for by name: a database would sooner read all ids than look into each group.
    """
    last = sa.select(journal_batches.c.journal, sa.func.max(journal_batches.c.first_index))
    if journal is not None:
        last = last.where(journal_batches.c.journal == journal)
    ordered = last.group_by(journal_batches.c.journal).order_by(journal_batches.c.journal)
    return [
        (number, range(0, group_of(first) + 1, GROUP))
        for number, first in connection.execute(ordered)
    ]


def _one_of(column: sa.Column[int], starts: range) -> sa.ColumnElement[bool]:
    """Whether a column has one of these, told in words: of a parameter for each, SQLAlchemy and
    the driver would make more than the query takes."""
    listed: sa.ColumnClause[Any] = sa.literal_column(f"({', '.join(map(str, starts))})")
    return column.op("IN", is_comparison=True)(listed)


@cache
def _placed() -> sa.Select[Any]:
    """Ids with their entries and what their batches share."""
    earlier = journal_batches.alias()
    first = (
        sa.select(sa.func.max(earlier.c.first_index))
        .where(
            earlier.c.journal == journal_ids.c.journal,
            earlier.c.first_index <= journal_ids.c.entry_index,
        )
        .scalar_subquery()
    )
    whole = journal_ids.join(
        journal_entries,
        sa.and_(
            journal_entries.c.journal == journal_ids.c.journal,
            journal_entries.c.entry_index == journal_ids.c.entry_index,
        ),
    ).join(
        journal_batches,
        sa.and_(
            journal_batches.c.journal == journal_ids.c.journal,
            journal_batches.c.first_index == first,
        ),
    )
    return sa.select(journal_ids.c.record_id, journal_entries, *_SHARED).select_from(whole)


def _entry_row(row: Mapping[str, Any], record_id: RecordId) -> EntryRow:
    packed = None
    if row["offset"] is not None:
        place = ObjectPlace(record_id, 1, ENTRY_OBJECT)
        packed = Packed(place, row["pack"], row["offset"], row["length"])
    return EntryRow(
        journal=row["journal"],
        index=row["entry_index"],
        record_id=record_id,
        entry=Entry.from_bytes(bytes(row["entry"])),
        agency_id=row["agency_id"],
        schema_digest=bytes(row["schema_digest"]),
        source_system=row["source_system"],
        source_id=row["source_id"],
        packed=packed,
        created_ms=row["created_ms"],
    )
