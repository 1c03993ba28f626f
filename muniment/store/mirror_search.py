# SPDX-License-Identifier: Apache-2.0
"""Finding records in the mirror: of the whole registry, by what the chain says of them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import InvalidInputError, StoreError
from muniment.record.commitment import Commitment
from muniment.record.identifiers import RecordId
from muniment.record.state import RecordState, Status
from muniment.store.tables import records

_MANY: Final = 500
_NEVER: Final = 1 << 36
"""After every time that a state has room for."""
_STATUSES: Final = {int(each): each for each in Status}
_SENT: Final = sa.func.record_send(sa.func.row(*records.columns), type_=sa.LargeBinary)
"""A row as PostgreSQL sends it to who asks in binary: its driver takes as long for each column as
for all of them together."""
_IS_BYTES: Final = [isinstance(each.type, sa.LargeBinary) for each in records.columns]
# How many columns; and before each value its type and size.
_SENT_FORM: Final = struct.Struct(">4x" + "".join("8s32s" if each else "8xq" for each in _IS_BYTES))
_BYTES_OF_32: Final = (17).to_bytes(4, "big") + (32).to_bytes(4, "big")


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
    def leading(self) -> tuple[sa.Column[int], ...]:
        """The columns before the time in the index that answers this best; none where any may."""
        if self.status not in (None, Status.IN_FORCE):
            return ()
        if self.custodian is not None and self.type_id is None:
            return (records.c.custodian,)
        if self.custodian is None and None not in (self.issuer, self.type_id):
            return (records.c.issuer, records.c.type_id)
        return ()

    @property
    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The filters as conditions on `records`."""
        equal = {
            records.c.issuer: self.issuer,
            records.c.type_id: self.type_id,
            records.c.custodian: self.custodian,
            records.c.status: None if self.status is None else int(self.status),
        }
        leading = self.leading
        values = [equal.pop(each) for each in leading]
        found = [column == value for column, value in equal.items() if value is not None]
        if self.status not in (None, Status.IN_FORCE):
            # Implied by that, but SQLite uses the indexes of these records for these words alone.
            found.append(records.c.status != sa.literal_column(str(int(Status.IN_FORCE))))
        key = sa.tuple_(*leading, records.c.updated_at)
        # Compared as one, with what leads: by equalities, PostgreSQL would read all agencies'
        # records by their time and throw away those of others.
        if leading or self.since is not None:
            found.append(key >= _bounds(*values, 0 if self.since is None else self.since))
        if leading or self.until is not None:
            found.append(key < _bounds(*values, _NEVER if self.until is None else self.until))
        return found

    @property
    def order(self) -> list[sa.ColumnElement[Any]]:
        """The latest acts first."""
        by_time = [each.desc() for each in (*self.leading, records.c.updated_at)]
        return [*by_time, records.c.record_id]


def _bounds(*values: int | None) -> sa.Tuple:
    return sa.tuple_(*(sa.literal(each, records.c.updated_at.type) for each in values))


def search(connection: Connection, filters: Filters, limit: int) -> list[MirroredRecord]:
    """Return the records that match, the latest acts first, at most `limit`.

    This and the next two raise `StoreError` or `InvalidInputError` for a row that no record has.
    """
    chosen = _select(connection).where(*filters.conditions).order_by(*filters.order).limit(limit)
    return _found(connection, chosen)


def page(
    connection: Connection, filters: Filters, after: tuple[int, bytes] | None, limit: int
) -> list[MirroredRecord]:
    """Return the next `limit` records that match, the latest acts first, `after` the time of the
    last act and the id of the one before."""
    until = filters.until
    if after is not None:
        # What an index can begin at.
        until = after[0] + 1 if until is None else min(until, after[0] + 1)
    left = replace(filters, until=until)
    chosen = _select(connection).where(*left.conditions, records.c.status != 0)
    if after is not None:
        later = sa.or_(
            records.c.updated_at < after[0],
            sa.and_(records.c.updated_at == after[0], records.c.record_id > after[1]),
        )
        chosen = chosen.where(later)
    return _found(connection, chosen.order_by(*left.order).limit(limit))


def among(
    connection: Connection, record_ids: Sequence[bytes], filters: Filters
) -> list[MirroredRecord]:
    """Return those of some records that match, in the order given."""
    found: dict[bytes, MirroredRecord] = {}
    for start in range(0, len(record_ids), _MANY):
        part = record_ids[start : start + _MANY]
        chosen = _select(connection).where(records.c.record_id.in_(part), *filters.conditions)
        found |= {each.record_id: each for each in _found(connection, chosen)}
    return [found[each] for each in record_ids if each in found]


def custodian_of(connection: Connection, record_id: bytes) -> int | None:
    """Return the agency that has a record's custody, None where the mirror does not know it."""
    chosen = sa.select(records.c.custodian).where(
        records.c.record_id == record_id, records.c.custodian != 0
    )
    found = connection.execute(chosen).scalar()
    return None if found is None else int(found)


def _select(connection: Connection) -> sa.Select[Any]:
    """A select of whole rows, to be given to `_found`."""
    if connection.dialect.name == "postgresql":
        return sa.select(_SENT).select_from(records)
    return sa.select(records)


def _found(connection: Connection, chosen: sa.Select[Any]) -> list[MirroredRecord]:
    rows: Sequence[Sequence[Any]] = connection.execute(chosen).all()
    if connection.dialect.name == "postgresql":
        rows = [_received(sent) for (sent,) in rows]
    return [_record(row) for row in rows]


def _received(sent: bytes) -> Sequence[Any]:
    """The row that PostgreSQL has sent in one piece."""
    if len(sent) == _SENT_FORM.size:
        first, record_id, *state, second, commitment, third, head, acts, since, last = (
            _SENT_FORM.unpack(sent)
        )
        if first == second == third == _BYTES_OF_32:
            return (record_id, *state, commitment, head, acts, since, last)
    raise StoreError(
        "a record of the mirror has an id, a commitment or a head of another size",
        expected="32 bytes each",
        remedy="make the mirror anew: `muniment rebuild`",
    )


def _record(row: Sequence[Any]) -> MirroredRecord:
    """A row by places: by names, a hundred of them would take longer than their query."""
    record_id, *before, status, holds, updated, retained, commitment, head, acts, first, last = row
    known = _STATUSES.get(status)
    if known is None:
        raise InvalidInputError("state status", "0 to 4", str(status))
    state = (*before, known, holds, updated, retained)
    return MirroredRecord(
        RecordId(bytes(record_id)),
        RecordState(*state),
        Commitment(bytes(commitment)),
        bytes(head),
        acts,
        first,
        last,
    )
