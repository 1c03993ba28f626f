# SPDX-License-Identifier: Apache-2.0
"""The rows of backups: which were made, and when each is deleted at the latest."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.store.disposition_tables import backups
from muniment.store.rows import with_digest


@dataclass(frozen=True, slots=True)
class BackupRow:
    """A backup of a `kind` (database, keys or vault) at a `place`. Times are Unix milliseconds;
    `epochs` are the wrapping epochs of a key store's rows when it was made."""

    kind: str
    place: str
    made_ms: int
    dies_ms: int
    epochs: tuple[int, ...] = ()


def add(connection: Connection, row: BackupRow) -> None:
    """Add a backup that was made."""
    highest = connection.execute(sa.select(sa.func.max(backups.c.backup_id))).scalar()
    values = {
        "backup_id": (highest or 0) + 1,
        "kind": row.kind,
        "place": row.place,
        "made_ms": row.made_ms,
        "dies_ms": row.dies_ms,
        "epochs": json.dumps(list(row.epochs)),
    }
    connection.execute(sa.insert(backups).values(with_digest(backups, values)))


def known(connection: Connection, kind: str | None = None) -> list[BackupRow]:
    """Return the backups that were made, of one kind or of all, the earliest first."""
    chosen = sa.select(backups).order_by(backups.c.backup_id)
    if kind is not None:
        chosen = chosen.where(backups.c.kind == kind)
    return [
        BackupRow(
            row["kind"],
            row["place"],
            row["made_ms"],
            row["dies_ms"],
            tuple(json.loads(row["epochs"])),
        )
        for row in connection.execute(chosen).mappings()
    ]


def holding(
    connection: Connection, epochs: Collection[int], *, made_before_ms: int, now_ms: int
) -> list[BackupRow]:
    """Return the key store's backups that were made before a time, are not due to be deleted, and
    have rows under one of some wrapping epochs."""
    return [
        row
        for row in known(connection, "keys")
        if row.made_ms <= made_before_ms and row.dies_ms > now_ms and set(row.epochs) & set(epochs)
    ]
