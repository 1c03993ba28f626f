# SPDX-License-Identifier: Apache-2.0
"""A database of millions of records, filled by the store's own functions and no chain.

What a query or a frame takes depends on rows and indexes alone. So a mirror of many agencies'
records, this agency's versions among them, and its journal are written as the indexer, the outbox
and the sequencer write them, with random ids.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa

from muniment.record.commitment import Commitment
from muniment.record.identifiers import LocalId, RecordId
from muniment.record.state import Status
from muniment.store.batch_sheets import BatchSheet
from muniment.store.bulk import insert_rows
from muniment.store.database import Database
from muniment.store.journal_rows import NewBatch, add_batch
from muniment.store.tables import records
from muniment.store.versions import NewVersion, VersionRow, add_versions

AGENCIES: Final = 30
"""Custodians and issuers, with even numbers of records."""
FIRST_TIME: Final = 1_700_000_000
SECONDS_A_RECORD: Final = 5
BATCH: Final = 4_096
SOURCE: Final = "filled"
_TOGETHER: Final = 50_000


def fill_mirror(database: Database, count: int, *, type_id: int = 2) -> None:
    """Add `count` records of all agencies to the mirror, by the time of their last act, and the
    versions of agency 1's."""
    with _filled_at_once(database, records, count):
        for start in range(0, count, _TOGETHER):
            _fill(database, range(start, min(start + _TOGETHER, count)), type_id)


def _fill(database: Database, numbers: range, type_id: int) -> None:
    words = os.urandom(64 * len(numbers))
    ids = [words[at : at + 32] for at in range(0, 32 * len(numbers), 32)]
    rest = words[32 * len(numbers) :]
    rows, own = [], []
    for place, number in enumerate(numbers):
        agency, commitment = 1 + number % AGENCIES, rest[32 * place : 32 * place + 32]
        status = int(Status.REVOKED if number % 50 == 0 else Status.IN_FORCE)
        block, time = 1 + number // 100, FIRST_TIME + SECONDS_A_RECORD * number
        row: tuple[Any, ...] = (ids[place], agency, agency, 0, 0, type_id, 1, 1, 1, status)
        rows.append((*row, 0, time, 25_000, commitment, bytes(32), 1, block, block))
        if agency == 1:
            own.append((RecordId(ids[place]), number, commitment, 1000 * time))
    with database.write(durable=False) as connection:
        # In order of the key, as the indexer does.
        insert_rows(connection, records, sorted(rows))
        add_versions(connection, [_version(*each, type_id) for each in own])


@contextmanager
def _filled_at_once(database: Database, table: sa.Table, count: int) -> Iterator[None]:
    """Make the indexes of many rows when all are there: the same, in a fraction of the time."""
    indexes = sorted(table.indexes, key=lambda each: str(each.name)) if count > _TOGETHER else []
    with database.write() as connection:
        for index in indexes:
            index.drop(connection)
    yield
    with database.write() as connection:
        for index in indexes:
            index.create(connection)


def _version(
    record_id: RecordId, number: int, commitment: bytes, created_ms: int, type_id: int
) -> NewVersion:
    digest = bytes(32)
    values = (record_id, 1, 1, type_id, 1, 1, digest, commitment, SOURCE, str(number), created_ms)
    return NewVersion(VersionRow(*values), (), {})


def fill_journal(
    database: Database,
    count: int,
    record_id_of: Callable[[LocalId], RecordId],
    *,
    journal: int = 1,
    type_id: int = 2,
) -> list[RecordId]:
    """Add `count` registrations to agency 1's journal; return the ids of each batch's first."""
    found: list[RecordId] = []
    for first in range(0, count, BATCH):
        many = min(BATCH, count - first)
        created_ms = 1000 * (FIRST_TIME + first // 10)
        time = created_ms // 1000
        sheet = BatchSheet(
            journal, first, many, 1, type_id, 1, 1, bytes(32), SOURCE, time, created_ms
        )
        words = os.urandom(64 * many)
        locals_ = [LocalId(words[at : at + 32]) for at in range(0, 64 * many, 64)]
        commitments = [Commitment(words[at : at + 32]) for at in range(32, 64 * many, 64)]
        pairs = zip(locals_, commitments, strict=True)
        new = NewBatch(
            sheet,
            f"packs/{first:012x}",
            [sheet.entry(*each).to_bytes() for each in pairs],
            [record_id_of(each) for each in locals_],
            [f"j{number}" for number in range(first, first + many)],
            [(300 * place, 300) for place in range(many)],
            [],
        )
        with database.write(durable=False) as connection:
            add_batch(connection, new)
        found.append(RecordId(new.record_ids[0]))
    return found
