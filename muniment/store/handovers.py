# SPDX-License-Identifier: Apache-2.0
"""The rows of hand-overs, and how far each of their records is.

    given   OFFERED → OUTSTANDING → DESTROYED, KEPT or RETURNED
               └→ ENDED (declined, withdrawn, expired, overtaken by an act)
    taken   (ARRIVED →) ACCEPTING → OUTSTANDING → DESTROYED, KEPT or RETURNED
               └→ no row any more

ARRIVED: the package lies here, and nobody has accepted it. OUTSTANDING: custody and content went
over, and the former custodian has not said what became of its copy. RETURNED: the copy is the
custodian's again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.record.identifiers import RecordId
from muniment.store.custody_tables import handover_records, handovers
from muniment.store.exchange_tables import enveloped_records
from muniment.store.rows import with_digest
from muniment.store.tables import records

OFFERED: Final = "offered"
ARRIVED: Final = "arrived"
ACCEPTING: Final = "accepting"
OUTSTANDING: Final = "outstanding"
DESTROYED: Final = "destroyed"
KEPT: Final = "kept"
RETURNED: Final = "returned"
ENDED: Final = "ended"

WENT_OVER: Final = (OUTSTANDING, DESTROYED, KEPT, RETURNED)
"""The states of records whose custody and content went over."""
_MANY: Final = 500


@dataclass(frozen=True, slots=True)
class Handover:
    """A row of `handovers`. `expires_at` Unix seconds, `made_ms` milliseconds."""

    handover_id: bytes
    digest: bytes
    from_agency: int
    to_agency: int
    block_number: int
    expires_at: int
    made_ms: int


@dataclass(frozen=True, slots=True)
class HandoverRecord:
    """A row of `handover_records`."""

    handover_id: bytes
    record_id: RecordId
    version: int
    state: str
    submission_id: int | None = None
    reason: str = ""
    share_id: bytes | None = None
    statement: bytes | None = None
    changed_ms: int = 0


def add(connection: Connection, row: Handover) -> None:
    """Add a hand-over that is not there, or put this in its place."""
    connection.execute(sa.delete(handovers).where(handovers.c.handover_id == row.handover_id))
    connection.execute(sa.insert(handovers), [with_digest(handovers, _plain(row))])


def of_id(connection: Connection, handover_id: bytes) -> Handover | None:
    """Return a hand-over, None where there is none of the id."""
    chosen = sa.select(handovers).where(handovers.c.handover_id == handover_id)
    row = connection.execute(chosen).mappings().one_or_none()
    return None if row is None else _handover(row)


def all_of(connection: Connection) -> list[Handover]:
    """Return all hand-overs, the earliest first."""
    ordered = sa.select(handovers).order_by(handovers.c.made_ms, handovers.c.handover_id)
    return [_handover(row) for row in connection.execute(ordered).mappings()]


def put_records(connection: Connection, rows: Sequence[HandoverRecord]) -> None:
    """Add records of hand-overs, or put these in their places."""
    now = int(time.time() * 1000)
    by_handover: dict[bytes, list[RecordId]] = {}
    for row in rows:
        by_handover.setdefault(row.handover_id, []).append(row.record_id)
    for handover_id, ids in by_handover.items():
        _delete(connection, handover_id, ids)
    stored = [
        with_digest(handover_records, _plain(replace(row, changed_ms=row.changed_ms or now)))
        for row in rows
    ]
    if stored:
        connection.execute(sa.insert(handover_records), stored)


def records_of(
    connection: Connection, handover_id: bytes, states: Iterable[str] = ()
) -> list[HandoverRecord]:
    """Return the records of a hand-over, by their ids; those in some states where any is named."""
    chosen = sa.select(handover_records).where(handover_records.c.handover_id == handover_id)
    wanted = list(states)
    if wanted:
        chosen = chosen.where(handover_records.c.state.in_(wanted))
    ordered = chosen.order_by(handover_records.c.record_id)
    return [_record(row) for row in connection.execute(ordered).mappings()]


def counts(connection: Connection) -> dict[bytes, dict[str, int]]:
    """Return of each hand-over how many of its records are in each state."""
    chosen = sa.select(
        handover_records.c.handover_id, handover_records.c.state, sa.func.count()
    ).group_by(handover_records.c.handover_id, handover_records.c.state)
    found: dict[bytes, dict[str, int]] = {}
    for handover_id, state, count in connection.execute(chosen):
        found.setdefault(bytes(handover_id), {})[str(state)] = int(count)
    return found


def of_record(connection: Connection, record_id: bytes) -> list[tuple[Handover, HandoverRecord]]:
    """Return the hand-overs of a record, the earliest first."""
    return of_records(connection, [record_id]).get(RecordId(record_id), [])


def of_records(
    connection: Connection, record_ids: Sequence[bytes]
) -> dict[RecordId, list[tuple[Handover, HandoverRecord]]]:
    """Return the hand-overs of records, by record, the earliest first."""
    rows: list[HandoverRecord] = []
    for start in range(0, len(record_ids), _MANY):
        part = list(record_ids[start : start + _MANY])
        chosen = sa.select(handover_records).where(handover_records.c.record_id.in_(part))
        rows += [_record(row) for row in connection.execute(chosen).mappings()]
    found: dict[RecordId, list[tuple[Handover, HandoverRecord]]] = {}
    known: dict[bytes, Handover | None] = {}
    for row in rows:
        if row.handover_id not in known:
            known[row.handover_id] = of_id(connection, row.handover_id)
        handover = known[row.handover_id]
        if handover is not None:
            found.setdefault(row.record_id, []).append((handover, row))
    for pairs in found.values():
        pairs.sort(key=lambda pair: (pair[0].made_ms, pair[0].handover_id))
    return found


def undecided(connection: Connection, now: int) -> dict[bytes, list[HandoverRecord]]:
    """Return the records that wait for the chain and whose offers do not stand open by the mirror
    at `now` (Unix seconds), by hand-over: something became of them, or they are not there yet."""
    mirrored, handover, row = records, handovers, handover_records
    open_still = sa.and_(
        mirrored.c.custodian == handover.c.from_agency,
        mirrored.c.offered_to == handover.c.to_agency,
        mirrored.c.offer_expires_at >= now,
    )
    chosen = (
        sa.select(row)
        .join(handover, handover.c.handover_id == row.c.handover_id)
        .join(mirrored, mirrored.c.record_id == row.c.record_id)
        .where(row.c.state.in_((OFFERED, ARRIVED, ACCEPTING)), ~open_still)
        .order_by(row.c.handover_id, row.c.record_id)
    )
    found: dict[bytes, list[HandoverRecord]] = {}
    for each in connection.execute(chosen).mappings():
        made = _record(each)
        found.setdefault(made.handover_id, []).append(made)
    return found


def offered(
    connection: Connection, giver: int, taker: int, record_ids: Sequence[RecordId]
) -> list[RecordId]:
    """Return those of some records that one agency has on offer to another, by the mirror."""
    found: list[RecordId] = []
    for start in range(0, len(record_ids), _MANY):
        chosen = sa.select(records.c.record_id).where(
            records.c.record_id.in_(list(record_ids[start : start + _MANY])),
            records.c.custodian == giver,
            records.c.offered_to == taker,
        )
        ordered = connection.execute(chosen.order_by(records.c.record_id)).scalars()
        found += [RecordId(bytes(each)) for each in ordered]
    return found


def taken_by(connection: Connection, agency_id: int) -> list[Handover]:
    """Return the hand-overs to an agency none of whose records waits, or is being accepted, any
    more."""
    waiting = sa.exists().where(
        handover_records.c.handover_id == handovers.c.handover_id,
        handover_records.c.state.in_((ARRIVED, ACCEPTING)),
    )
    chosen = sa.select(handovers).where(handovers.c.to_agency == agency_id, ~waiting)
    return [_handover(row) for row in connection.execute(chosen).mappings()]


def forget_records(
    connection: Connection, handover: Handover, record_ids: Sequence[RecordId]
) -> None:
    """Take records away from a hand-over, and their places in its package: as if they had never
    come."""
    _delete(connection, handover.handover_id, record_ids)
    for start in range(0, len(record_ids), _MANY):
        part = list(record_ids[start : start + _MANY])
        connection.execute(
            sa.delete(enveloped_records).where(
                enveloped_records.c.digest == handover.digest,
                enveloped_records.c.record_id.in_(part),
            )
        )


def remove(connection: Connection, handover_id: bytes) -> None:
    """Take a hand-over away with all its records."""
    for table in (handover_records, handovers):
        connection.execute(sa.delete(table).where(table.c.handover_id == handover_id))


def give_back(
    connection: Connection, record_ids: Sequence[RecordId], former: int, custodian: int
) -> None:
    """Say that `former`, whose copies of records were outstanding, is their custodian again."""
    found = of_records(connection, record_ids)
    put_records(
        connection,
        [
            replace(row, state=RETURNED, changed_ms=0)
            for pairs in found.values()
            for handover, row in pairs
            if row.state == OUTSTANDING
            and (handover.from_agency, handover.to_agency) == (former, custodian)
        ],
    )


def _delete(connection: Connection, handover_id: bytes, record_ids: Sequence[RecordId]) -> None:
    for start in range(0, len(record_ids), _MANY):
        part = list(record_ids[start : start + _MANY])
        connection.execute(
            sa.delete(handover_records).where(
                handover_records.c.handover_id == handover_id,
                handover_records.c.record_id.in_(part),
            )
        )


def _plain(row: Handover | HandoverRecord) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).__slots__}


def _handover(row: sa.RowMapping) -> Handover:
    return Handover(**_values(row, Handover.__slots__))


def _record(row: sa.RowMapping) -> HandoverRecord:
    return HandoverRecord(**_values(row, HandoverRecord.__slots__))


def _values(row: sa.RowMapping | Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    found = {name: row[name] for name in names}
    return {
        name: bytes(value) if isinstance(value, memoryview | bytearray) else value
        for name, value in found.items()
    }
