# SPDX-License-Identifier: Apache-2.0
"""Acts that wait for their officer's signature, and the versions that come with them.

    UNSIGNED → SIGNED                     it is in the outbox, and goes its way there
       └→ EXPIRED or DISCARDED            nobody can sign it any more; its content goes

A version's content lies encrypted in the vault from the preparation on, but `versions` has no row
of it before it is signed: whatever reads versions sees what was acknowledged alone.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.record.identifiers import RecordId
from muniment.record.objects import ObjectPlace
from muniment.store.packs import Packed
from muniment.store.prepared_tables import (
    prepared_acts,
    prepared_submissions,
    prepared_versions,
)
from muniment.store.rows import with_digest
from muniment.store.versions import NewVersion, VersionRow, row_of, sheet_of

_MANY: Final = 500


class PreparedState(enum.StrEnum):
    """Where a prepared act stands."""

    UNSIGNED = "UNSIGNED"
    SIGNED = "SIGNED"
    EXPIRED = "EXPIRED"
    DISCARDED = "DISCARDED"


@dataclass(frozen=True, slots=True)
class PreparedRow:
    """A row of `prepared_acts`: `prepared_id` 32 bytes, `gas` the least that it takes."""

    prepared_id: bytes
    kind: str
    account: str
    prepared_by: str
    to: str
    function: str
    data: bytes
    gas: int
    state: PreparedState
    created_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class PreparedVersion:
    """A version that a prepared act brings."""

    prepared_id: bytes
    account: str
    new: NewVersion

    @property
    def row(self) -> VersionRow:
        """What its row in `versions` is to be."""
        return self.new.row


def add(
    connection: Connection,
    row: PreparedRow,
    submission_ids: Sequence[int],
    versions: Sequence[NewVersion],
) -> None:
    """Add a prepared act, with what it carries."""
    connection.execute(sa.insert(prepared_acts), [with_digest(prepared_acts, _plain(row))])
    pairs = [{"prepared_id": row.prepared_id, "submission_id": each} for each in submission_ids]
    connection.execute(
        sa.insert(prepared_submissions), [with_digest(prepared_submissions, each) for each in pairs]
    )
    if versions:
        connection.execute(
            sa.insert(prepared_versions),
            [with_digest(prepared_versions, _stored(row.prepared_id, each)) for each in versions],
        )


def update(connection: Connection, row: PreparedRow) -> None:
    """Write a changed act back."""
    values = with_digest(prepared_acts, _plain(row))
    connection.execute(
        sa.update(prepared_acts)
        .where(prepared_acts.c.prepared_id == row.prepared_id)
        .values(values)
    )


def of_id(connection: Connection, prepared_id: bytes) -> PreparedRow | None:
    """Return a prepared act, None where there is none of this id."""
    chosen = sa.select(prepared_acts).where(prepared_acts.c.prepared_id == prepared_id)
    row = connection.execute(chosen).mappings().one_or_none()
    return None if row is None else _row(row)


def of_account(
    connection: Connection, account: str, states: Sequence[PreparedState], limit: int
) -> list[PreparedRow]:
    """Return an officer's prepared acts in some states, the latest first."""
    chosen = (
        sa.select(prepared_acts)
        .where(prepared_acts.c.account == account, prepared_acts.c.state.in_(states))
        .order_by(prepared_acts.c.created_ms.desc(), prepared_acts.c.prepared_id)
        .limit(limit)
    )
    return [_row(row) for row in connection.execute(chosen).mappings()]


def just_so(
    connection: Connection, account: str, to: str, data: bytes, now_ms: int
) -> PreparedRow | None:
    """Return the act of an account that makes this very call and can still be signed."""
    chosen = sa.select(prepared_acts).where(
        prepared_acts.c.account == account,
        prepared_acts.c.state == PreparedState.UNSIGNED,
        prepared_acts.c.to == to,
        prepared_acts.c.data == data,
        prepared_acts.c.expires_ms > now_ms,
    )
    row = connection.execute(chosen.limit(1)).mappings().first()
    return None if row is None else _row(row)


def expired(connection: Connection, now_ms: int, limit: int) -> list[PreparedRow]:
    """Return acts whose time to be signed is over, and those of which content is left."""
    left = sa.select(prepared_versions.c.prepared_id)
    chosen = (
        sa.select(prepared_acts)
        .where(
            sa.or_(
                sa.and_(
                    prepared_acts.c.state == PreparedState.UNSIGNED,
                    prepared_acts.c.expires_ms <= now_ms,
                ),
                sa.and_(
                    prepared_acts.c.state.in_((PreparedState.EXPIRED, PreparedState.DISCARDED)),
                    prepared_acts.c.prepared_id.in_(left),
                ),
            )
        )
        .order_by(prepared_acts.c.expires_ms)
        .limit(limit)
    )
    return [_row(row) for row in connection.execute(chosen).mappings()]


def submission_ids(connection: Connection, prepared_id: bytes) -> list[int]:
    """Return the submissions that a prepared act carries, in order."""
    chosen = (
        sa.select(prepared_submissions.c.submission_id)
        .where(prepared_submissions.c.prepared_id == prepared_id)
        .order_by(prepared_submissions.c.submission_id)
    )
    return list(connection.execute(chosen).scalars())


def versions_of_act(connection: Connection, prepared_id: bytes) -> list[NewVersion]:
    """Return the versions that a prepared act brings."""
    chosen = (
        sa.select(prepared_versions)
        .where(prepared_versions.c.prepared_id == prepared_id)
        .order_by(prepared_versions.c.record_id, prepared_versions.c.version)
    )
    return [_new(row) for row in connection.execute(chosen).mappings()]


def versions_at(
    connection: Connection, record_ids: Sequence[RecordId]
) -> dict[tuple[RecordId, int], list[PreparedVersion]]:
    """Return the versions of records that wait for a signature, by record and number."""
    found: dict[tuple[RecordId, int], list[PreparedVersion]] = {}
    for start in range(0, len(record_ids), _MANY):
        chosen = (
            sa.select(prepared_versions, prepared_acts.c.account)
            .join(prepared_acts, prepared_acts.c.prepared_id == prepared_versions.c.prepared_id)
            .where(
                prepared_versions.c.record_id.in_(list(record_ids[start : start + _MANY])),
                prepared_acts.c.state != PreparedState.SIGNED,
            )
        )
        for row in connection.execute(chosen).mappings():
            new = _new(row)
            place = (new.row.record_id, new.row.version)
            each = PreparedVersion(bytes(row["prepared_id"]), row["account"], new)
            found.setdefault(place, []).append(each)
    return found


def drop_versions(connection: Connection, prepared_ids: Iterable[bytes]) -> None:
    """Take the versions of acts away: they are in `versions` now, or their content is gone."""
    gone = sa.delete(prepared_versions).where(
        prepared_versions.c.prepared_id == sa.bindparam("wanted")
    )
    wanted = [{"wanted": each} for each in prepared_ids]
    if wanted:
        connection.execute(gone, wanted)


def drop_old(connection: Connection, before_ms: int) -> int:
    """Take acts away that nobody signed and that ended before a moment; return how many."""
    left = sa.select(prepared_versions.c.prepared_id)
    chosen = sa.select(prepared_acts.c.prepared_id).where(
        prepared_acts.c.state.in_((PreparedState.EXPIRED, PreparedState.DISCARDED)),
        prepared_acts.c.expires_ms < before_ms,
        prepared_acts.c.prepared_id.not_in(left),
    )
    ids = [bytes(each) for each in connection.execute(chosen.limit(_MANY)).scalars()]
    for table in (prepared_submissions, prepared_acts):
        connection.execute(sa.delete(table).where(table.c.prepared_id.in_(ids)))
    return len(ids)


def _plain(row: PreparedRow) -> dict[str, object]:
    values = {name: getattr(row, name) for name in PreparedRow.__slots__}
    return {**values, "state": str(row.state)}


def _row(row: sa.RowMapping) -> PreparedRow:
    values = {name: row[name] for name in PreparedRow.__slots__}
    values["prepared_id"] = bytes(values["prepared_id"])
    values["data"] = bytes(values["data"])
    return PreparedRow(**{**values, "state": PreparedState(row["state"])})


def _stored(prepared_id: bytes, new: NewVersion) -> dict[str, object]:
    packed = [[each.place.index, each.pack, each.offset, each.length] for each in new.packed]
    return {
        "prepared_id": prepared_id,
        "record_id": new.row.record_id,
        "version": new.row.version,
        "sheet": sheet_of(new.row).decode(),
        "packed": json.dumps(packed),
        "terms": json.dumps({field: term.hex() for field, term in new.terms.items()}),
    }


def _new(row: sa.RowMapping) -> NewVersion:
    version = row_of(row["sheet"].encode())
    record_id = RecordId(version.record_id)
    packed = tuple(
        Packed(ObjectPlace(record_id, version.version, index), pack, offset, length)
        for index, pack, offset, length in json.loads(row["packed"])
    )
    terms = {field: bytes.fromhex(term) for field, term in json.loads(row["terms"]).items()}
    return NewVersion(version, packed, terms)
