# SPDX-License-Identifier: Apache-2.0
"""Finding records in the mirror: of the whole registry, by what the chain says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import InvalidInputError
from muniment.record.commitment import Commitment
from muniment.record.identifiers import RecordId
from muniment.record.state import RecordState, Status
from muniment.store.tables import records

_MANY: Final = 500
_NAMES: Final = [column.name for column in records.columns]
_STATUSES: Final = {int(each) for each in Status}
_STATE: Final = [field.name for field in fields(RecordState)]
_STATE_AT: Final = [_NAMES.index(name) for name in _STATE]
_REST_AT: Final = [
    _NAMES.index(name)
    for name in (
        *("record_id", "commitment", "trace_head"),
        *("act_count", "first_block", "last_block"),
    )
]


@dataclass(frozen=True, slots=True)
class MirroredRecord:
    """A record as the mirror has it: its three slots, how many acts led there, in which blocks."""

    record_id: RecordId
    state: RecordState
    commitment: Commitment
    trace_head: bytes
    act_count: int
    first_block: int
    last_block: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What is sought; None asks for nothing. `since` and `until` bound the time of the last act,
    in Unix seconds, the second one excluded."""

    issuer: int | None = None
    type_id: int | None = None
    custodian: int | None = None
    status: Status | None = None
    since: int | None = None
    until: int | None = None

    @property
    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The filters as conditions on `records`."""
        equal = {
            records.c.issuer: self.issuer,
            records.c.type_id: self.type_id,
            records.c.custodian: self.custodian,
            records.c.status: None if self.status is None else int(self.status),
        }
        found = [column == value for column, value in equal.items() if value is not None]
        if self.status not in (None, Status.IN_FORCE):
            # Implied by that, but SQLite uses the indexes of these records for these words alone.
            found.append(records.c.status != sa.literal_column(str(int(Status.IN_FORCE))))
        if self.since is not None:
            found.append(records.c.updated_at >= self.since)
        if self.until is not None:
            found.append(records.c.updated_at < self.until)
        return found


def search(connection: Connection, filters: Filters, limit: int) -> list[MirroredRecord]:
    """Return the records that match, the latest acts first, at most `limit`."""
    chosen = (
        sa.select(records)
        .where(*filters.conditions)
        .order_by(records.c.updated_at.desc(), records.c.record_id)
        .limit(limit)
    )
    return [_record(row) for row in connection.execute(chosen).all()]


def page(
    connection: Connection, filters: Filters, after: tuple[int, bytes] | None, limit: int
) -> list[MirroredRecord]:
    """Return the next `limit` records that match, the latest acts first, `after` the time of the
    last act and the id of the one before."""
    chosen = sa.select(records).where(*filters.conditions, records.c.status != 0)
    if after is not None:
        later = sa.or_(
            records.c.updated_at < after[0],
            sa.and_(records.c.updated_at == after[0], records.c.record_id > after[1]),
        )
        # Implied by that, and what an index can begin at.
        chosen = chosen.where(records.c.updated_at <= after[0], later)
    ordered = chosen.order_by(records.c.updated_at.desc(), records.c.record_id).limit(limit)
    return [_record(row) for row in connection.execute(ordered).all()]


def among(
    connection: Connection, record_ids: Sequence[bytes], filters: Filters
) -> list[MirroredRecord]:
    """Return those of some records that match, in the order given."""
    found: dict[bytes, MirroredRecord] = {}
    for start in range(0, len(record_ids), _MANY):
        part = record_ids[start : start + _MANY]
        chosen = sa.select(records).where(records.c.record_id.in_(part), *filters.conditions)
        for row in connection.execute(chosen).all():
            made = _record(row)
            found[made.record_id] = made
    return [found[each] for each in record_ids if each in found]


def custodian_of(connection: Connection, record_id: bytes) -> int | None:
    """Return the agency that has a record's custody, None where the mirror does not know it."""
    chosen = sa.select(records.c.custodian).where(
        records.c.record_id == record_id, records.c.custodian != 0
    )
    found = connection.execute(chosen).scalar()
    return None if found is None else int(found)


def _record(row: Sequence[Any]) -> MirroredRecord:
    """A row by places: by names, a hundred of them would take longer than their query.

    Raises `InvalidInputError` for values that no state has.
    """
    state = dict(zip(_STATE, (row[at] for at in _STATE_AT), strict=True))
    if state["status"] not in _STATUSES:
        raise InvalidInputError("state status", "0 to 4", str(state["status"]))
    record_id, commitment, trace_head, *counts = (row[at] for at in _REST_AT)
    return MirroredRecord(
        RecordId(bytes(record_id)),
        RecordState(**{**state, "status": Status(state["status"])}),
        Commitment(bytes(commitment)),
        bytes(trace_head),
        *counts,
    )
