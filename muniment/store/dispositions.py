# SPDX-License-Identifier: Apache-2.0
"""The rows of dispositions: mandates, what secrets were under, how far destruction is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.record.identifiers import RecordId
from muniment.store import mirror
from muniment.store.disposition_tables import destroyed_up_to, destructions, mandates
from muniment.store.rows import with_digest
from muniment.store.tables import events

_ONLY: Final = 1
_END_OF_BLOCK: Final = (1 << 31) - 1
_DISPOSED: Final = "Disposed"


@dataclass(frozen=True, slots=True)
class Mandate:
    """The words of a mandate, and the salt (32 bytes) that opens its commitment with them."""

    commitment: bytes
    words: str
    salt: bytes


@dataclass(frozen=True, slots=True)
class DisposedNext:
    """Records whose disposition is final and was not looked at, since which block, and the place
    of the last one."""

    record_ids: tuple[RecordId, ...]
    since: int
    block_number: int
    log_index: int
    is_last: bool


def keep_mandate(connection: Connection, mandate: Mandate) -> None:
    """Keep the words of a mandate; the same ones again change nothing."""
    connection.execute(sa.delete(mandates).where(mandates.c.commitment == mandate.commitment))
    values = {name: getattr(mandate, name) for name in Mandate.__slots__}
    connection.execute(sa.insert(mandates).values(with_digest(mandates, values)))


def mandate_of(connection: Connection, commitment: bytes) -> Mandate | None:
    """Return the mandate of a commitment, None where its words are not kept here."""
    chosen = sa.select(mandates).where(mandates.c.commitment == commitment)
    row = connection.execute(chosen).mappings().one_or_none()
    return None if row is None else Mandate(commitment, row["words"], bytes(row["salt"]))


def keep_epochs(connection: Connection, epochs: Mapping[tuple[RecordId, int], int]) -> None:
    """Keep which wrapping epochs the secrets of versions are under that are to be destroyed."""
    for record_id, version in epochs:
        connection.execute(
            sa.delete(destructions).where(
                destructions.c.record_id == record_id, destructions.c.version == version
            )
        )
    rows = [
        with_digest(destructions, {"record_id": record_id, "version": version, "epoch": epoch})
        for (record_id, version), epoch in epochs.items()
    ]
    if rows:
        connection.execute(sa.insert(destructions), rows)


def epochs_of(connection: Connection, record_id: bytes) -> dict[int, int]:
    """Return the wrapping epochs that a record's destroyed secrets were under, by version."""
    chosen = sa.select(destructions.c.version, destructions.c.epoch).where(
        destructions.c.record_id == record_id
    )
    return {row.version: row.epoch for row in connection.execute(chosen)}


def next_disposed(connection: Connection, limit: int) -> DisposedNext:
    """Return the next records, at most `limit`, whose final disposition was not looked at."""
    final, _ = mirror.heights(connection)
    mark = connection.execute(sa.select(destroyed_up_to)).mappings().one_or_none()
    block, index = (-1, -1) if mark is None else (mark["block_number"], mark["log_index"])
    chosen = (
        sa.select(events.c.block_number, events.c.log_index, events.c.subject)
        .where(
            sa.or_(
                events.c.block_number > block,
                sa.and_(events.c.block_number == block, events.c.log_index > index),
            ),
            events.c.block_number >= block,
            events.c.block_number <= final,
            events.c.name == _DISPOSED,
        )
        .order_by(events.c.block_number, events.c.log_index)
        .limit(limit)
    )
    rows: Sequence[Any] = connection.execute(chosen).all()
    ids = tuple(RecordId(bytes(row.subject)) for row in rows)
    if len(rows) == limit:
        return DisposedNext(ids, block, rows[-1].block_number, rows[-1].log_index, is_last=False)
    return DisposedNext(ids, block, max(final, block), _END_OF_BLOCK, is_last=True)


def set_destroyed(connection: Connection, done: DisposedNext) -> None:
    """Say that everything up to there is destroyed."""
    connection.execute(sa.delete(destroyed_up_to))
    values = {"only": _ONLY, "block_number": done.block_number, "log_index": done.log_index}
    connection.execute(sa.insert(destroyed_up_to).values(with_digest(destroyed_up_to, values)))


def begin_again(connection: Connection) -> None:
    """Have all dispositions looked at again: the stores are not those from before."""
    connection.execute(sa.delete(destroyed_up_to))
