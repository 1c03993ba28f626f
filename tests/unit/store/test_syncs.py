# SPDX-License-Identifier: Apache-2.0
"""What is remembered of sources that are followed: kept, changed, damaged, forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment.errors import StoreError
from muniment.record.identifiers import RecordId
from muniment.store import syncs
from muniment.store.database import Database
from muniment.store.sync_tables import synced_rows
from muniment.store.sync_tables import syncs as table
from muniment.store.syncs import SyncedRow
from muniment.store.versions import VersionRow, forget_many

ROWS = 1_100


def record(number: int) -> RecordId:
    return RecordId(number.to_bytes(32, "big"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(f"sqlite:///{tmp_path}/muniment.db") as opened:
        with opened.write() as connection:
            assert syncs.begin(connection, "deeds", "{}").sync_id == 1
            assert syncs.begin(connection, "titles", "{}").sync_id == 2
            rows = [SyncedRow(record(each), 1, each, b"m" * 16) for each in range(ROWS)]
            syncs.add_rows(connection, rows)
            syncs.add_rows(connection, [SyncedRow(record(7), 2, 0, b"n" * 16)])
        yield opened


def test_rows__are_those_of_their_sync(database: Database) -> None:
    with database.read() as connection:
        found = syncs.rows_of(connection, 1, [record(each) for each in range(ROWS + 5)])
        assert [row.number for row in found.values()] == list(range(ROWS))
        assert sum(map(len, syncs.all_rows(connection, 1))) == ROWS
        assert syncs.count_rows(connection, 2) == 1
        assert syncs.rows_of(connection, 2, [record(7)])[record(7)].mark == b"n" * 16
        assert [each.name for each in syncs.states(connection)] == ["deeds", "titles"]


def test_vanished_rows__wait_until_they_are_decided_of(database: Database) -> None:
    with database.write() as connection:
        row = syncs.rows_of(connection, 1, [record(7)])[record(7)]
        syncs.change_rows(connection, [replace(row, vanished_ms=5)])
        assert syncs.vanished_rows(connection, 2) == []
        [waiting] = syncs.vanished_rows(connection, 1)
        syncs.decide(connection, [waiting], "keep")
        assert syncs.vanished_rows(connection) == []
        [decided] = syncs.vanished_rows(connection, decided=True)
        assert decided == replace(row, vanished_ms=5, decision="keep")


def test_damaged_row__is_none_and_is_written_over(database: Database) -> None:
    with database.write() as connection:
        harm = sa.update(synced_rows).where(synced_rows.c.record_id == record(3))
        connection.execute(harm.values(mark=b"x" * 16))
        assert syncs.rows_of(connection, 1, [record(3)]) == {}
        syncs.add_rows(connection, [SyncedRow(record(3), 1, ROWS, b"m" * 16)])
        assert syncs.rows_of(connection, 1, [record(3)])[record(3)].number == ROWS


def test_damaged_state__is_an_error(database: Database) -> None:
    with database.write() as connection:
        connection.execute(sa.update(table).where(table.c.sync_id == 1).values(watermark="[]"))
        with pytest.raises(StoreError, match="damaged"):
            syncs.state_of(connection, "deeds")


def test_erased_record__takes_its_rows_along(database: Database) -> None:
    """The mark is a keyed hash of content that is destroyed."""
    bare = {"agency_id": 1, "type_id": 2, "type_version": 1, "algorithm": 1, "created_ms": 0}
    erased = VersionRow(
        record(7),
        1,
        schema_digest=b"",
        commitment=b"",
        source_system=None,
        source_id=None,
        **bare,
    )
    with database.write() as connection:
        forget_many(connection, [erased])
        for sync_id in (1, 2):
            assert syncs.rows_of(connection, sync_id, [record(7)]) == {}
        assert syncs.count_rows(connection, 1) == ROWS - 1
