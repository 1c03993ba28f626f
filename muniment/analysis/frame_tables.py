# SPDX-License-Identifier: Apache-2.0
"""The tables behind the frames, as Arrow batches: SQL filters, and columns are made a batch a time.

Of the mirror: records, acts, seals, shares. Of this agency alone: versions, and the records that
stand in its journals and that no act has brought on chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from muniment.analysis import arrow_columns as columns
from muniment.analysis.arrow_reading import read_batches
from muniment.journal.entry import ENTRY_BYTES, EntryKind
from muniment.record.state import Status
from muniment.registry import Registry, Stage
from muniment.registry.sealing import progress_of
from muniment.store import mirror
from muniment.store.journal_tables import journal_batches, journal_entries, journal_ids
from muniment.store.tables import record_types, records, seals, versions

_OWN_JOURNALS: Final = journal_ids.join(
    journal_batches,
    sa.and_(
        journal_batches.c.journal == journal_ids.c.journal,
        journal_batches.c.first_index == journal_ids.c.first_index,
    ),
).join(
    journal_entries,
    sa.and_(
        journal_entries.c.journal == journal_ids.c.journal,
        journal_entries.c.entry_index == journal_ids.c.entry_index,
    ),
)


STAGES: Final = [str(each) for each in Stage]
_EMPTY: Final[sa.ColumnClause[str]] = sa.literal_column("''")
"""In the place of NULL: SQLite's driver would take a column that begins with many for numbers."""


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records: None asks for nothing. `since` and `until` bound the last act in Unix seconds,
    the second one excluded."""

    issuer: int | None = None
    type_id: int | None = None
    custodian: int | None = None
    status: Status | None = None
    since: int | None = None
    until: int | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The filter in SQL, for the mirror's records."""
        equal = {
            records.c.issuer: self.issuer,
            records.c.type_id: self.type_id,
            records.c.custodian: self.custodian,
            records.c.status: None if self.status is None else int(self.status),
        }
        found = [column == value for column, value in equal.items() if value is not None]
        found += [] if self.since is None else [records.c.updated_at >= self.since]
        found += [] if self.until is None else [records.c.updated_at < self.until]
        return found


def type_names(registry: Registry) -> columns.TypeNames:
    """Return the names of all record types that the mirror knows."""
    with registry.session.database.read() as connection:
        rows = connection.execute(sa.select(record_types)).mappings().all()
    return columns.TypeNames(
        {(row["agency_id"], row["type_id"], row["version"]): row["name"] for row in rows}
    )


def record_batches(registry: Registry, chosen: RecordFilter) -> Iterator[Any]:
    """Yield records: those on chain, then those of this agency's journals alone."""
    names = type_names(registry)
    wanted = (
        *(records.c.record_id, records.c.issuer, records.c.custodian, records.c.type_id),
        *(records.c.type_version, records.c.version, records.c.status, records.c.hold_count),
        *(records.c.updated_at, records.c.retain_until, records.c.act_count),
        *(records.c.first_block, records.c.last_block, records.c.commitment),
    )
    on_chain = sa.select(*wanted).where(records.c.status != 0, *chosen.conditions())
    with registry.session.database.read() as connection:
        final, _ = mirror.heights(connection)
    for batch in read_batches(registry.session.database, on_chain):
        if batch.num_rows:
            yield _records(batch, names, final)
    agency = registry.session.profile.agency.id
    if chosen.issuer not in (None, agency) or chosen.custodian not in (None, agency):
        return
    if chosen.status in (None, Status.IN_FORCE):
        yield from _journal_records(registry, chosen, names)


def _records(batch: Any, names: columns.TypeNames, final: int) -> Any:
    column = {name: batch.column(name) for name in batch.schema.names}
    plain = {
        name: columns.numbers(column[name])
        for name in ("issuer", "type_id", "type_version", "status", "updated_at", "retain_until")
    }
    return pa.RecordBatch.from_pydict(
        {
            "record_id": columns.ids(column["record_id"]),
            "type": names.of(plain["issuer"], plain["type_id"], plain["type_version"]),
            "issuer": column["issuer"],
            "custodian": column["custodian"],
            "status": columns.category(plain["status"], columns.STATUSES),
            "version": column["version"],
            "holds": column["hold_count"],
            "updated_at": columns.seconds(plain["updated_at"]),
            "retain_until": columns.days(plain["retain_until"]),
            "acts": column["act_count"],
            "first_block": column["first_block"],
            "last_block": column["last_block"],
            "commitment": columns.ids(column["commitment"]),
            "is_on_chain": pa.array(np.ones(batch.num_rows, bool)),
            "stage": columns.category(
                1 + (columns.numbers(column["last_block"]) <= final).astype(np.int64), STAGES
            ),
        },
        schema=RECORDS,
    )


def _journal_records(
    registry: Registry, chosen: RecordFilter, names: columns.TypeNames
) -> Iterator[Any]:
    there = sa.exists().where(records.c.record_id == journal_ids.c.record_id, records.c.status != 0)
    statement = (
        sa.select(
            journal_ids.c.record_id,
            journal_ids.c.journal,
            journal_ids.c.entry_index,
            journal_entries.c.entry,
            journal_batches.c.agency_id,
        )
        .select_from(_OWN_JOURNALS)
        .where(~there)
    )
    if chosen.type_id is not None:
        statement = statement.where(journal_batches.c.type_id == chosen.type_id)
    for batch in read_batches(registry.session.database, statement):
        if not batch.num_rows:
            continue
        entries = columns.raw(batch.column("entry"), ENTRY_BYTES)
        time = _number(entries, 6, 8)
        kept = entries[:, 0] == int(EntryKind.REGISTRATION)
        kept &= time >= (0 if chosen.since is None else chosen.since)
        kept &= time < (1 << 62 if chosen.until is None else chosen.until)
        entries, time, count = entries[kept], time[kept], int(kept.sum())
        of_batch = pc.filter(batch.column("record_id"), pa.array(kept))
        agency = columns.numbers(batch.column("agency_id"))[kept]
        nothing = pa.nulls(count, pa.int64())
        stages = _stages(registry, batch)[kept]
        yield pa.RecordBatch.from_pydict(
            {
                "record_id": columns.ids(of_batch),
                "type": names.of(agency, _number(entries, 2, 2), _number(entries, 4, 2)),
                "issuer": pa.array(agency),
                "custodian": pa.array(agency),
                "status": columns.category(
                    np.full(count, int(Status.IN_FORCE), np.int64), columns.STATUSES
                ),
                "version": pa.array(np.ones(count, np.int64)),
                "holds": pa.array(np.zeros(count, np.int64)),
                "updated_at": columns.seconds(time),
                "retain_until": pa.nulls(count, pa.date32()),
                "acts": pa.array(np.zeros(count, np.int64)),
                "first_block": nothing,
                "last_block": nothing,
                "commitment": columns.hex_text(np.ascontiguousarray(entries[:, 46:78])),
                "is_on_chain": pa.array(np.zeros(count, bool)),
                "stage": columns.category(stages, STAGES),
            },
            schema=RECORDS,
        )


def _stages(registry: Registry, batch: Any) -> columns.Numbers:
    """How far each entry of a batch is, as places in `STAGES`."""
    journals, index = (columns.numbers(batch.column(each)) for each in ("journal", "entry_index"))
    found = np.zeros(batch.num_rows, np.int64)
    for journal in np.unique(journals):
        far = progress_of(registry.session, int(journal))
        reached = (index < far.provable).astype(np.int64) + (index < far.final)
        found = np.where(journals == journal, reached, found)
    return found


def version_batches(registry: Registry, type_id: int | None) -> Iterator[Any]:
    """Yield the versions that this agency keeps: direct ones, then those of its journals."""
    names = type_names(registry)
    systems = _source_systems(registry)
    direct = sa.select(
        versions.c.record_id,
        versions.c.version,
        versions.c.agency_id,
        versions.c.type_id,
        versions.c.type_version,
        versions.c.commitment,
        sa.func.coalesce(versions.c.source_system, _EMPTY).label("source_system"),
        sa.func.coalesce(versions.c.source_id, _EMPTY).label("source_id"),
        versions.c.created_ms,
    )
    entered = sa.select(
        journal_ids.c.record_id,
        journal_entries.c.entry,
        journal_batches.c.agency_id,
        journal_batches.c.source_system,
        sa.func.coalesce(journal_entries.c.source_id, _EMPTY).label("source_id"),
        journal_batches.c.created_ms,
        journal_ids.c.journal,
        journal_ids.c.entry_index,
    ).select_from(_OWN_JOURNALS)
    if type_id is not None:
        direct = direct.where(versions.c.type_id == type_id)
        entered = entered.where(journal_batches.c.type_id == type_id)
    for batch in read_batches(registry.session.database, direct):
        if batch.num_rows:
            given = {name: batch.column(name) for name in batch.schema.names}
            types = [columns.numbers(given[each]) for each in _TYPE]
            yield _versions(
                batch,
                systems,
                given["version"],
                names.of(*types),
                columns.ids(given["commitment"]),
                (pa.nulls(batch.num_rows, pa.int64()), pa.nulls(batch.num_rows, pa.int64())),
            )
    for batch in read_batches(registry.session.database, entered):
        if not batch.num_rows:
            continue
        entries = columns.raw(batch.column("entry"), ENTRY_BYTES)
        kept = pa.array(entries[:, 0] == int(EntryKind.REGISTRATION))
        batch, entries = batch.filter(kept), entries[np.asarray(kept)]  # noqa: PLW2901
        if not batch.num_rows:
            continue
        agency = columns.numbers(batch.column("agency_id"))
        yield _versions(
            batch,
            systems,
            pa.array(np.ones(batch.num_rows, np.int64)),
            names.of(agency, _number(entries, 2, 2), _number(entries, 4, 2)),
            columns.hex_text(np.ascontiguousarray(entries[:, 46:78])),
            (batch.column("journal"), batch.column("entry_index")),
        )


def _versions(
    batch: Any,
    systems: Sequence[str],
    version: Any,
    named: Any,
    commitment: Any,
    place: tuple[Any, Any],
) -> Any:
    codes = pc.index_in(batch.column("source_system"), pa.array(systems, pa.string()))
    return pa.RecordBatch.from_pydict(
        {
            "record_id": columns.ids(batch.column("record_id")),
            "version": version,
            "type": named,
            "issuer": batch.column("agency_id"),
            "commitment": commitment,
            "source_system": pa.DictionaryArray.from_arrays(codes, pa.array(systems, pa.string())),
            "source_id": columns.text_or_null(batch.column("source_id")),
            "created_at": columns.milliseconds(columns.numbers(batch.column("created_ms"))),
            "journal": place[0],
            "entry_index": place[1],
        },
        schema=VERSIONS,
    )


def _source_systems(registry: Registry) -> list[str]:
    found: set[str] = set()
    with registry.session.database.read() as connection:
        for table in (versions, journal_batches):
            chosen = sa.select(table.c.source_system).distinct()
            found.update(each for each in connection.execute(chosen).scalars() if each)
    return sorted(found)


def seal_batches(registry: Registry, agency_id: int | None, journal: int | None) -> Iterator[Any]:
    """Yield seals of journals, of all agencies or one."""
    statement = sa.select(seals).order_by(seals.c.agency_id, seals.c.journal, seals.c.size)
    for column, value in ((seals.c.agency_id, agency_id), (seals.c.journal, journal)):
        statement = statement if value is None else statement.where(column == value)
    for batch in read_batches(registry.session.database, statement):
        if batch.num_rows:
            sizes = [columns.numbers(batch.column(each)) for each in ("size", "previous_size")]
            yield pa.RecordBatch.from_pydict(
                {
                    "agency": batch.column("agency_id"),
                    "journal": batch.column("journal"),
                    "size": batch.column("size"),
                    "entries": pa.array(sizes[0] - sizes[1]),
                    "root": columns.ids(batch.column("root")),
                    "sealed_at": columns.seconds(columns.numbers(batch.column("sealed_at"))),
                    "block": batch.column("block_number"),
                },
                schema=SEALS,
            )


def _number(entries: columns.Words, start: int, size: int) -> columns.Numbers:
    """Big-endian numbers of `size` bytes at a place of entries."""
    part = np.ascontiguousarray(entries[:, start : start + size])
    return part.view(f">u{size}").reshape(-1).astype(np.int64)


def schema_of(fields: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Any:
    """Return an Arrow schema of names and types."""
    return pa.schema(list(dict(fields).items()))


_TYPE: Final = ("agency_id", "type_id", "type_version")
RECORDS: Final = schema_of(
    {
        "record_id": pa.string(),
        "type": columns.CATEGORY,
        "issuer": pa.int64(),
        "custodian": pa.int64(),
        "status": columns.CATEGORY,
        "version": pa.int64(),
        "holds": pa.int64(),
        "updated_at": columns.SECONDS,
        "retain_until": pa.date32(),
        "acts": pa.int64(),
        "first_block": pa.int64(),
        "last_block": pa.int64(),
        "commitment": pa.string(),
        "is_on_chain": pa.bool_(),
        "stage": columns.CATEGORY,
    }
)
VERSIONS: Final = schema_of(
    {
        "record_id": pa.string(),
        "version": pa.int64(),
        "type": columns.CATEGORY,
        "issuer": pa.int64(),
        "commitment": pa.string(),
        "source_system": columns.CATEGORY,
        "source_id": pa.string(),
        "created_at": columns.MILLISECONDS,
        "journal": pa.int64(),
        "entry_index": pa.int64(),
    }
)
SEALS: Final = schema_of(
    {
        "agency": pa.int64(),
        "journal": pa.int64(),
        "size": pa.int64(),
        "entries": pa.int64(),
        "root": pa.string(),
        "sealed_at": columns.SECONDS,
        "block": pa.int64(),
    }
)
