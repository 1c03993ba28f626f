# SPDX-License-Identifier: Apache-2.0
"""Records that may come to disposition: what chain and journals say of each.

Of a record that stands in a journal alone, retention counts from the first seal that covers it:
that is the seal which its enrolment will name (SPEC § 7). All is read from the database: bring the
mirror up to date before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.chain.bindings.record_registry import Seal
from muniment.journal.entry import EntryKind
from muniment.record.identifiers import RecordId
from muniment.record.state import RETAIN_FOREVER_DAY, Status
from muniment.registry.session import Session
from muniment.store import journal_rows
from muniment.store.journal_rows import EntryRow
from muniment.store.journal_tables import journal_batches
from muniment.store.tables import journals, record_types, records, seals

DAY: Final = 86_400
_MANY: Final = 500


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record, and what decides on its disposition.

    `retained_until` is the last day of its retention, in days since 1970. Offers, holds and status
    are as in its state on chain; of a record that stands in a journal alone there is its `entry`
    with the `seal` that its enrolment names (None: it is not sealed yet).
    """

    record_id: RecordId
    issuer: int
    custodian: int
    type_id: int
    type_version: int
    version: int
    status: Status
    retained_until: int
    hold_count: int = 0
    offered_to: int = 0
    offer_expires_at: int = 0
    entry: EntryRow | None = None
    seal: Seal | None = None
    is_disowned: bool = False

    def is_due(self, now: int) -> bool:
        """Whether retention has ended at a block time (Unix seconds)."""
        return self.retained_until != RETAIN_FOREVER_DAY and now // DAY > self.retained_until


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A journal's seals by size, and from which index it is disowned."""

    seals: Sequence[Seal]
    repudiated_from: int | None


def due(session: Session, now: int, type_name: str | None = None) -> Iterator[Candidate]:
    """Yield the records in this agency's custody whose retention has ended at a block time.

    Disposed ones are not among them. `type_name` chooses by the name of the record type. Those that
    stand on chain come first, by id, then those of journals in their order.
    """
    own = session.profile.agency.id
    with session.database.read() as connection:
        types = _types_named(connection, type_name)
        chosen = (
            sa.select(records)
            .where(
                records.c.custodian == own,
                records.c.status.in_(
                    [int(Status.IN_FORCE), int(Status.SUPERSEDED), int(Status.REVOKED)]
                ),
                records.c.retain_until < now // DAY,
                records.c.retain_until != RETAIN_FOREVER_DAY,
            )
            .order_by(records.c.record_id)
        )
        for row in connection.execute(chosen).mappings():
            if types is None or (row["issuer"], row["type_id"]) in types:
                yield _of_chain(row)
        yield from _due_entries(session, connection, now, types)


def candidates_of(
    session: Session, record_ids: Sequence[RecordId]
) -> dict[RecordId, Candidate | None]:
    """Return what is known of some records, None where neither chain nor journals have them."""
    found: dict[RecordId, Candidate | None] = dict.fromkeys(record_ids)
    with session.database.read() as connection:
        held: dict[RecordId, int] = {}
        for row in _rows_of(connection, record_ids):
            record_id = RecordId(bytes(row["record_id"]))
            held[record_id] = row["hold_count"]
            if row["status"] != int(Status.NONE):
                found[record_id] = _of_chain(row)
        missing = [each for each, candidate in found.items() if candidate is None]
        sealed = _sealed(session, connection)
        days = _retentions(connection, session.profile.agency.id)
        for record_id, entry in journal_rows.entries_of(connection, missing).items():
            if entry.entry.kind is EntryKind.REGISTRATION:
                found[record_id] = _of_entry(entry, sealed, days, held.get(record_id, 0))
    return found


def _due_entries(
    session: Session,
    connection: Connection,
    now: int,
    types: set[tuple[int, int]] | None,
) -> Iterator[Candidate]:
    own = session.profile.agency.id
    sealed, days = _sealed(session, connection), _retentions(connection, own)
    batches = sa.select(journal_batches).order_by(
        journal_batches.c.journal, journal_batches.c.first_index
    )
    for batch in connection.execute(batches).mappings().all():
        retention = days.get((batch["type_id"], batch["type_version"]))
        if retention is None or not (types is None or (own, batch["type_id"]) in types):
            continue
        of_journal = sealed.get(batch["journal"])
        first, end = batch["first_index"], batch["first_index"] + batch["count"]
        for seal in of_journal.seals if of_journal is not None else ():
            if seal.size <= first or seal.previous_size >= end:
                continue
            if now // DAY <= min(seal.sealed_at // DAY + retention, RETAIN_FOREVER_DAY):
                continue
            part = (max(first, seal.previous_size), min(end, seal.size))
            rows = journal_rows.rows_between(connection, session.lineage, batch["journal"], *part)
            yield from _not_on_chain(connection, rows, sealed, days, now)


def _not_on_chain(
    connection: Connection,
    rows: Iterable[EntryRow],
    sealed: Mapping[int, _Sealed],
    days: Mapping[tuple[int, int], int],
    now: int,
) -> Iterator[Candidate]:
    """Those registrations among entries whose records the chain does not have, and that are due."""
    for part in _parts([row for row in rows if row.entry.kind is EntryKind.REGISTRATION]):
        ids = [row.record_id for row in part]
        states = {bytes(row["record_id"]): row for row in _rows_of(connection, ids)}
        for row in part:
            state = states.get(row.record_id)
            if state is not None and state["status"] != int(Status.NONE):
                continue
            found = _of_entry(row, sealed, days, 0 if state is None else state["hold_count"])
            if found.is_due(now):
                yield found


def _of_chain(row: sa.RowMapping) -> Candidate:
    return Candidate(
        record_id=RecordId(bytes(row["record_id"])),
        issuer=row["issuer"],
        custodian=row["custodian"],
        type_id=row["type_id"],
        type_version=row["type_version"],
        version=row["version"],
        status=Status(row["status"]),
        retained_until=row["retain_until"],
        hold_count=row["hold_count"],
        offered_to=row["offered_to"],
        offer_expires_at=row["offer_expires_at"],
    )


def _of_entry(
    row: EntryRow,
    sealed: Mapping[int, _Sealed],
    days: Mapping[tuple[int, int], int],
    hold_count: int,
) -> Candidate:
    of_journal = sealed.get(row.journal, _Sealed((), None))
    retention = days.get((row.entry.type_id, row.entry.type_version))
    covering = [
        seal
        for seal in of_journal.seals
        if seal.size > row.index and seal.sealed_at >= row.entry.time
    ]
    seal = covering[0] if covering else None
    until = RETAIN_FOREVER_DAY
    if seal is not None and retention is not None:
        until = min(seal.sealed_at // DAY + retention, RETAIN_FOREVER_DAY)
    disowned = of_journal.repudiated_from
    return Candidate(
        record_id=row.record_id,
        issuer=row.agency_id,
        custodian=row.agency_id,
        type_id=row.entry.type_id,
        type_version=row.entry.type_version,
        version=1,
        status=Status.IN_FORCE,
        retained_until=until,
        hold_count=hold_count,
        entry=row,
        seal=seal,
        is_disowned=disowned is not None and row.index >= disowned,
    )


def _sealed(session: Session, connection: Connection) -> dict[int, _Sealed]:
    """The journals of this agency that are sealed, with their seals in order."""
    own = session.profile.agency.id
    by_journal: dict[int, list[Seal]] = {}
    chosen = sa.select(seals).where(seals.c.agency_id == own).order_by(seals.c.size)
    for row in connection.execute(chosen).mappings():
        seal = Seal(bytes(row["root"]), row["size"], row["previous_size"], row["sealed_at"])
        by_journal.setdefault(row["journal"], []).append(seal)
    disowned = sa.select(journals.c.journal, journals.c.repudiated_from).where(
        journals.c.agency_id == own
    )
    repudiated = {row.journal: row.repudiated_from for row in connection.execute(disowned)}
    return {each: _Sealed(found, repudiated.get(each)) for each, found in by_journal.items()}


def _retentions(connection: Connection, agency_id: int) -> dict[tuple[int, int], int]:
    """The days of retention of an agency's record types, by number and version."""
    chosen = sa.select(record_types).where(record_types.c.agency_id == agency_id)
    return {
        (row["type_id"], row["version"]): row["retention_days"]
        for row in connection.execute(chosen).mappings()
    }


def _types_named(connection: Connection, name: str | None) -> set[tuple[int, int]] | None:
    """The types of a name, by agency and number; None where all are meant."""
    if name is None:
        return None
    chosen = sa.select(record_types.c.agency_id, record_types.c.type_id).where(
        record_types.c.name == name
    )
    return {(row.agency_id, row.type_id) for row in connection.execute(chosen)}


def _rows_of(connection: Connection, record_ids: Sequence[bytes]) -> Iterator[sa.RowMapping]:
    for part in _parts(record_ids):
        chosen = sa.select(records).where(records.c.record_id.in_(part))
        yield from connection.execute(chosen).mappings().all()


def _parts(items: Sequence[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _MANY):
        yield list(items[start : start + _MANY])
