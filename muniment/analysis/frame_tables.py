# SPDX-License-Identifier: Apache-2.0
"""The tables behind the frames, as Arrow batches: SQL filters, and columns are made a batch a time.

Of the mirror: records, acts, seals, shares. Of this agency alone: versions, and the records that
stand in its journals and that no act has brought on chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from muniment.analysis import arrow_columns as columns
from muniment.analysis.arrow_reading import read_batches
from muniment.analysis.journal_reading import EMPTY, registrations
from muniment.analysis.packing import Packed
from muniment.record.state import PLACES, Status
from muniment.registry import Registry, Stage
from muniment.registry.sealing import progress_of
from muniment.store import mirror
from muniment.store.journal_tables import journal_batches
from muniment.store.tables import record_types, records, seals, versions

STAGES: Final = [str(each) for each in (Stage.ACKNOWLEDGED, Stage.PROVABLE, Stage.FINAL)]
"""How far a record is, each stage after the one before it."""


def _packed(name: str, *members: str) -> Packed:
    return Packed(name, tuple((records.c[each], PLACES[each][1]) for each in members))


_PACKED: Final = (
    _packed("parties", "issuer", "custodian"),
    _packed("times", "updated_at", "retain_until"),
    _packed("standing", "type_id", "type_version", "version", "status", "hold_count"),
)
_RECORD: Final = (
    records.c.record_id,
    records.c.commitment,
    *(each.expression for each in _PACKED),
    records.c.act_count,
    records.c.first_block,
    records.c.last_block,
)


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
    on_chain = sa.select(*_RECORD).where(records.c.status != 0, *chosen.conditions())
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
    number = {name: value for packed in _PACKED for name, value in packed.unpacked(batch).items()}
    reached = 1 + (columns.numbers(column["last_block"]) <= final).astype(np.int64)
    return pa.RecordBatch.from_pydict(
        {
            "record_id": columns.ids(column["record_id"]),
            "type": names.of(number["issuer"], number["type_id"], number["type_version"]),
            "issuer": number["issuer"],
            "custodian": number["custodian"],
            "status": columns.category(number["status"], columns.STATUSES),
            "version": number["version"],
            "holds": number["hold_count"],
            "updated_at": columns.seconds(number["updated_at"]),
            "retain_until": columns.days(number["retain_until"]),
            "acts": column["act_count"],
            "first_block": column["first_block"],
            "last_block": column["last_block"],
            "commitment": columns.ids(column["commitment"]),
            "is_on_chain": pa.array(np.ones(batch.num_rows, bool)),
            "stage": columns.category(reached, STAGES),
        },
        schema=RECORDS,
    )


def _journal_records(
    registry: Registry, chosen: RecordFilter, names: columns.TypeNames
) -> Iterator[Any]:
    agency = registry.session.profile.agency.id
    on_chain = columns.IdSet(
        columns.raw(batch.column("record_id"), 32)
        for batch in read_batches(
            registry.session.database,
            sa.select(records.c.record_id).where(records.c.issuer == agency, records.c.status != 0),
        )
    )
    progress = cache(partial(progress_of, registry.session))
    for found in registrations(registry.session.database, chosen.type_id):
        kept = ~on_chain.among(found.record_id)
        kept &= found.time >= (0 if chosen.since is None else chosen.since)
        kept &= found.time < (1 << 62 if chosen.until is None else chosen.until)
        entered, count = found.only(kept), int(kept.sum())
        if not count:
            continue
        issuer, time = entered.shared("agency_id"), entered.time
        far, nothing = progress(entered.journal), pa.nulls(count, pa.int64())
        # Each place in `STAGES` is how many of the later ones are reached.
        stages = (entered.index < far.provable).astype(np.int64) + (entered.index < far.final)
        yield pa.RecordBatch.from_pydict(
            {
                "record_id": columns.hex_text(entered.record_id),
                "type": names.of(issuer, entered.type_id, entered.type_version),
                "issuer": pa.array(issuer),
                "custodian": pa.array(issuer),
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
                "commitment": columns.hex_text(entered.commitment),
                "is_on_chain": pa.array(np.zeros(count, bool)),
                "stage": columns.category(stages, STAGES),
            },
            schema=RECORDS,
        )


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
        sa.func.coalesce(versions.c.source_system, EMPTY).label("source_system"),
        sa.func.coalesce(versions.c.source_id, EMPTY).label("source_id"),
        versions.c.created_ms,
    )
    if type_id is not None:
        direct = direct.where(versions.c.type_id == type_id)
    for batch in read_batches(registry.session.database, direct):
        if batch.num_rows:
            given = {name: batch.column(name) for name in batch.schema.names}
            types = [columns.numbers(given[each]) for each in _TYPE]
            nowhere = pa.nulls(batch.num_rows, pa.int64())
            yield _versions(
                {
                    "record_id": columns.ids(given["record_id"]),
                    "version": given["version"],
                    "type": names.of(*types),
                    "issuer": given["agency_id"],
                    "commitment": columns.ids(given["commitment"]),
                    "source_system": pc.index_in(
                        given["source_system"], pa.array(systems, pa.string())
                    ),
                    "source_id": given["source_id"],
                    "created_at": columns.numbers(given["created_ms"]),
                    "journal": nowhere,
                    "entry_index": nowhere,
                },
                systems,
            )
    for entered in registrations(registry.session.database, type_id):
        agency = entered.shared("agency_id")
        places = np.array([systems.index(each["source_system"]) for each in entered.sheets])
        yield _versions(
            {
                "record_id": columns.hex_text(entered.record_id),
                "version": pa.array(np.ones(len(entered), np.int64)),
                "type": names.of(agency, entered.type_id, entered.type_version),
                "issuer": pa.array(agency),
                "commitment": columns.hex_text(entered.commitment),
                "source_system": pa.array(places[entered.sheet], pa.int32()),
                "source_id": entered.source_id,
                "created_at": entered.shared("created_ms"),
                "journal": pa.array(np.full(len(entered), entered.journal, np.int64)),
                "entry_index": pa.array(entered.index),
            },
            systems,
        )


def _versions(found: dict[str, Any], systems: Sequence[str]) -> Any:
    """A batch of versions, of which these columns are not yet what they are to be."""
    known = pa.array(systems, pa.string())
    found["source_system"] = pa.DictionaryArray.from_arrays(found["source_system"], known)
    found["source_id"] = columns.text_or_null(found["source_id"])
    found["created_at"] = columns.milliseconds(found["created_at"])
    return pa.RecordBatch.from_pydict(found, schema=VERSIONS)


def _source_systems(registry: Registry) -> list[str]:
    """The source systems of all versions. An erased one has none."""
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
