# SPDX-License-Identifier: Apache-2.0
"""Reads that wait for the reads journal's next pace: durable, and not in any journal yet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.store.journal_tables import pending_reads
from muniment.store.rows import with_digest

_ID_SIZE = 16


@dataclass(frozen=True, slots=True)
class PendingRead:
    """A read: a random `read_id` (32 hexadecimal digits), the `statement` about it, canonical JSON,
    and when it was, in Unix milliseconds."""

    read_id: str
    statement: str
    read_ms: int


def add(connection: Connection, statements: Sequence[str], read_ms: int) -> None:
    """Add reads of now; they are acknowledged when it is committed."""
    rows = [
        {"read_id": os.urandom(_ID_SIZE).hex(), "statement": each, "read_ms": read_ms}
        for each in statements
    ]
    if rows:
        stored = [with_digest(pending_reads, row) for row in rows]
        connection.execute(sa.insert(pending_reads), stored)


def before(connection: Connection, read_ms: int, limit: int) -> list[PendingRead]:
    """Return reads earlier than a moment, in the order of their ids, which tells nothing."""
    chosen = (
        sa.select(pending_reads)
        .where(pending_reads.c.read_ms < read_ms)
        .order_by(pending_reads.c.read_id)
        .limit(limit)
    )
    rows = connection.execute(chosen)
    return [PendingRead(row.read_id, row.statement, row.read_ms) for row in rows]


def remove(connection: Connection, read_ids: Sequence[str]) -> None:
    """Take reads away that stand in the journal now."""
    for each in read_ids:
        connection.execute(sa.delete(pending_reads).where(pending_reads.c.read_id == each))
