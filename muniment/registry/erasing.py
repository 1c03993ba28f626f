# SPDX-License-Identifier: Apache-2.0
"""Erasure: once a record's disposition is final, its secrets go, and what would find it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.registry.journal_records import erase_secrets
from muniment.registry.session import Session
from muniment.store import mirror
from muniment.store.journal_rows import entries_of
from muniment.store.tables import records, versions
from muniment.store.versions import forget, versions_of

_MANY: Final = 100


def erase_disposed(session: Session) -> list[RecordId]:
    """Erase what this agency keeps of records whose disposition is final in the mirror.

    The secrets go first: a process that dies between leaves rows of what nobody can read any more,
    and the next call goes on. Returns the records; raises what the key store raises.
    """
    with session.database.read() as connection:
        waiting = _waiting(connection)
    for record_id, numbers in waiting:
        erase_secrets(session, record_id, numbers)
        with session.database.write() as connection:
            forget(connection, record_id, numbers)
    return [record_id for record_id, _ in waiting]


def _waiting(connection: Connection) -> list[tuple[RecordId, list[int]]]:
    final, _ = mirror.heights(connection)
    chosen = (
        sa.select(versions.c.record_id)
        .join(records, records.c.record_id == versions.c.record_id)
        .where(
            records.c.status == int(Status.DISPOSED),
            records.c.last_block <= final,
            versions.c.source_id.is_not(None),
        )
        .distinct()
        .limit(_MANY)
    )
    ids = [RecordId(bytes(each)) for each in connection.execute(chosen).scalars()]
    ids += _waiting_entries(connection, final, ids)
    return [(each, [row.version for row in versions_of(connection, each)]) for each in ids]


def _waiting_entries(
    connection: Connection, final: int, found: Sequence[RecordId]
) -> list[RecordId]:
    """Those that a journal registered and that were never amended here."""
    disposed = sa.select(records.c.record_id).where(
        records.c.status == int(Status.DISPOSED), records.c.last_block <= final
    )
    ids = [bytes(each) for each in connection.execute(disposed).scalars()]
    entries = entries_of(connection, ids)
    return [
        each for each, row in entries.items() if row.source_id is not None and each not in found
    ][:_MANY]
