# SPDX-License-Identifier: Apache-2.0
"""The rows of envelopes, of the records in them, and of what was refused."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.store.bulk import insert_rows
from muniment.store.exchange_tables import attempts, enveloped_records, envelopes
from muniment.store.rows import with_digest

SENT: Final = "sent"
RECEIVED: Final = "received"
KEPT: Final = "kept"
_MANY: Final = 1_000


@dataclass(frozen=True, slots=True)
class EnvelopeRow:
    """A row of `envelopes`. `made_at` Unix seconds, the sender's word; `kept_ms` milliseconds."""

    digest: bytes
    direction: str
    kind: str
    agency_id: int
    subject: bytes
    epoch: int
    wrapped: bytes
    is_kept: bool
    made_at: int
    kept_ms: int
    rewrapped_ms: int | None = None
    state: str = KEPT


@dataclass(frozen=True, slots=True)
class EnvelopedRecord:
    """A record's version in an envelope (0: the record alone), and where its part is."""

    digest: bytes
    record_id: bytes
    version: int
    part: int
    offset: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was refused here, when (milliseconds), and why."""

    at_ms: int
    what: str
    agency_id: int | None
    record_id: bytes | None
    share_id: bytes | None
    reason: str


def add(connection: Connection, row: EnvelopeRow, records: Iterable[EnvelopedRecord] = ()) -> None:
    """Add an envelope with the records in it."""
    values = with_digest(envelopes, _plain(row))
    connection.execute(sa.insert(envelopes), [values])
    names = [column.name for column in enveloped_records.columns]
    coming = iter(records)
    while part := list(islice(coming, _MANY)):
        rows = [with_digest(enveloped_records, _plain(each)) for each in part]
        insert_rows(connection, enveloped_records, [[row[name] for name in names] for row in rows])


def of_digest(connection: Connection, digest: bytes) -> EnvelopeRow | None:
    """Return the envelope of a digest, None where there is none."""
    chosen = sa.select(envelopes).where(envelopes.c.digest == digest)
    found = connection.execute(chosen).mappings().one_or_none()
    return None if found is None else _envelope(found)


def find(
    connection: Connection,
    *,
    kinds: Sequence[str] = (),
    direction: str | None = None,
    subject: bytes | None = None,
    state: str | None = None,
    record_id: bytes | None = None,
) -> list[EnvelopeRow]:
    """Return envelopes by what is asked for, the earliest kept first."""
    chosen = sa.select(envelopes)
    if kinds:
        chosen = chosen.where(envelopes.c.kind.in_([str(each) for each in kinds]))
    for column, value in (
        (envelopes.c.direction, direction),
        (envelopes.c.subject, subject),
        (envelopes.c.state, state),
    ):
        if value is not None:
            chosen = chosen.where(column == value)
    if record_id is not None:
        within = sa.select(enveloped_records.c.digest).where(
            enveloped_records.c.record_id == record_id
        )
        chosen = chosen.where(envelopes.c.digest.in_(within))
    ordered = chosen.order_by(envelopes.c.kept_ms, envelopes.c.digest)
    return [_envelope(row) for row in connection.execute(ordered).mappings()]


def records_in(connection: Connection, digest: bytes) -> list[EnvelopedRecord]:
    """Return the records in an envelope, in their order there."""
    chosen = (
        sa.select(enveloped_records)
        .where(enveloped_records.c.digest == digest)
        .order_by(enveloped_records.c.part)
    )
    return [_record(row) for row in connection.execute(chosen).mappings()]


def places_of(
    connection: Connection, record_id: bytes, digests: Iterable[bytes] | None = None
) -> list[EnvelopedRecord]:
    """Return where a record is in envelopes, in all or in those of these digests."""
    chosen = sa.select(enveloped_records).where(enveloped_records.c.record_id == record_id)
    wanted = None if digests is None else set(digests)
    found = [_record(row) for row in connection.execute(chosen).mappings()]
    return [each for each in found if wanted is None or each.digest in wanted]


def places_among(
    connection: Connection, digest: bytes, record_ids: Sequence[bytes]
) -> dict[bytes, list[EnvelopedRecord]]:
    """Return where records (at most 500) are in an envelope, by record, versions in order."""
    chosen = (
        sa.select(enveloped_records)
        .where(
            enveloped_records.c.digest == digest,
            enveloped_records.c.record_id.in_(list(record_ids)),
        )
        .order_by(enveloped_records.c.version)
    )
    found: dict[bytes, list[EnvelopedRecord]] = {each: [] for each in record_ids}
    for row in connection.execute(chosen).mappings():
        made = _record(row)
        found[made.record_id].append(made)
    return found


def set_state(connection: Connection, digest: bytes, state: str) -> None:
    """Say what became of an envelope."""
    _change(connection, digest, state=state)


def rewrap(connection: Connection, digest: bytes, epoch: int, wrapped: bytes) -> None:
    """Put a file key that was wrapped under another epoch in the place of the one before."""
    _change(connection, digest, epoch=epoch, wrapped=wrapped, rewrapped_ms=int(time.time() * 1000))


def drop_file(connection: Connection, digest: bytes) -> None:
    """Say that the vault has the file no more, and forget its key; the row stays."""
    _change(connection, digest, is_kept=False, wrapped=b"")


def remove(connection: Connection, digest: bytes) -> None:
    """Take an envelope's rows away: as if it had never come."""
    for table in (enveloped_records, envelopes):
        connection.execute(sa.delete(table).where(table.c.digest == digest))


def add_attempt(connection: Connection, attempt: Attempt) -> None:
    """Add what was refused."""
    highest = connection.execute(sa.select(sa.func.max(attempts.c.attempt_id))).scalar()
    row = {"attempt_id": (highest or 0) + 1, **_plain(attempt)}
    connection.execute(sa.insert(attempts), [with_digest(attempts, row)])


def attempts_at(
    connection: Connection, *, record_id: bytes | None = None, share_id: bytes | None = None
) -> list[Attempt]:
    """Return what was refused about a record or a share, in order."""
    chosen = sa.select(attempts).order_by(attempts.c.attempt_id)
    for column, value in ((attempts.c.record_id, record_id), (attempts.c.share_id, share_id)):
        if value is not None:
            chosen = chosen.where(column == value)
    return _attempts(connection, chosen)


def latest_attempts(connection: Connection, limit: int) -> list[Attempt]:
    """Return what was refused, the latest first."""
    latest = sa.select(attempts).order_by(attempts.c.attempt_id.desc()).limit(limit)
    return _attempts(connection, latest)


def _attempts(connection: Connection, chosen: sa.Select[Any]) -> list[Attempt]:
    return [
        Attempt(**{name: _bytes(row[name]) for name in Attempt.__slots__})
        for row in connection.execute(chosen).mappings()
    ]


def _change(connection: Connection, digest: bytes, **values: Any) -> None:
    row = of_digest(connection, digest)
    if row is None:
        raise KeyError(digest)
    stored = with_digest(envelopes, _plain(replace(row, **values)))
    connection.execute(sa.update(envelopes).where(envelopes.c.digest == digest).values(stored))


def _plain(row: EnvelopeRow | EnvelopedRecord | Attempt) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).__slots__}


def _envelope(row: sa.RowMapping) -> EnvelopeRow:
    return EnvelopeRow(**{name: _bytes(row[name]) for name in EnvelopeRow.__slots__})


def _record(row: sa.RowMapping) -> EnvelopedRecord:
    return EnvelopedRecord(**{name: _bytes(row[name]) for name in EnvelopedRecord.__slots__})


def _bytes(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview | bytearray) else value
