# SPDX-License-Identifier: Apache-2.0
"""Change any one stored value of the key store, and the check names its row; on each database."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from muniment.errors import KeystoreError
from muniment.record.identifiers import RecordId
from muniment.store.keys import KeyPurpose, KeyStore, tables
from tests.unit.store.keys.places import OTHER, RECORD, Place, secret

COLUMNS = [
    (table.name, column.name) for table in tables.metadata.sorted_tables for column in table.columns
]


@pytest.fixture
def keys(place: Place) -> Any:
    """A store with rows in every table, of two epochs, and one key retired."""
    with place.create() as store:
        store.put_secrets({(RECORD, 1): secret(1), (OTHER, 3): secret(3)})
        store.put_journal_secrets(1, 0, [secret(4), secret(5)])
        store.begin_epoch()
        store.put_journal_secrets(1, 2, [secret(6)])
        store.erase_journal_secret(1, 1)
        store.put_secrets({(RECORD, 2): secret(2)})
        store.erase(OTHER, [1])
        store.rotate_agency_key(KeyPurpose.MESSAGES)
        store.retire_agency_key(KeyPurpose.MESSAGES, 1)
        assert list(store.check()) == []
        yield store


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:] if value else b"x"
    if isinstance(value, int):
        return value + 1000
    return f"{value}x"


@pytest.mark.parametrize(("table_name", "column"), COLUMNS)
def test_any_value_changed__its_row_is_named(
    place: Place, keys: KeyStore, table_name: str, column: str
) -> None:
    table = tables.metadata.tables[table_name]
    rows = place.execute(sa.select(table))
    assert rows
    for row in rows:
        was = getattr(row, column)
        here = [c == getattr(row, c.name) for c in table.primary_key]
        place.execute(table.update().where(*here).values({column: changed(was)}))
        found = [finding for finding in keys.check() if finding.table == table_name and finding.row]
        assert found, f"nobody noticed {table_name}.{column} of {row}"
        now = {c.name: getattr(row, c.name) for c in table.columns} | {column: changed(was)}
        assert any(_words(table_name, now) in finding.row for finding in found)
        there = [c == now[c.name] for c in table.primary_key]
        place.execute(table.update().where(*there).values({column: was}))
        assert list(keys.check()) == []


@pytest.mark.parametrize(
    "table_name", ["version_secrets", "tombstones", "named_keys", "journal_secrets"]
)
def test_row_taken_away__the_table_is_named(place: Place, keys: KeyStore, table_name: str) -> None:
    table = tables.metadata.tables[table_name]
    for row in place.execute(sa.select(table)):
        here = [c == getattr(row, c.name) for c in table.primary_key]
        place.execute(table.delete().where(*here))
        assert table_name in {finding.table for finding in keys.check()}
        place.execute(table.insert().values(**row._mapping))
        assert list(keys.check()) == []


def test_secrets_swapped_between_rows__both_are_named(place: Place, keys: KeyStore) -> None:
    table = tables.version_secrets
    one, other = place.execute(sa.select(table).where(table.c.epoch == 1))
    for row, source in ((one, other), (other, one)):
        place.execute(
            table.update()
            .where(table.c.record_id == row.record_id, table.c.version == row.version)
            .values(wrapped=source.wrapped)
        )
    assert len(list(keys.check())) == 2
    with pytest.raises(KeystoreError, match="does not authenticate"):
        keys.secret(RecordId(bytes(one.record_id)), one.version)


def test_erased_row_put_back__is_noticed(place: Place, keys: KeyStore) -> None:
    table = tables.version_secrets
    (row,) = place.execute(sa.select(table).where(table.c.record_id == OTHER))
    keys.erase(OTHER, [3])
    place.execute(table.insert().values(**row._mapping))
    assert [(f.table, f.row) for f in keys.check()] == [("version_secrets", "")]


def test_row_that_was_never_written__cannot_be_erased_away(place: Place) -> None:
    with place.create() as keys:
        row = {"record_id": RECORD, "version": 1, "epoch": 1, "wrapped": bytes(60)}
        place.execute(tables.version_secrets.insert().values(**row))
        with pytest.raises(KeystoreError, match="never written"):
            keys.erase(RECORD, [1])
        assert [finding.table for finding in keys.check()] == ["version_secrets"] * 2


def test_retirement_undone__is_noticed(place: Place, keys: KeyStore) -> None:
    table = tables.named_keys
    where = (table.c.purpose == "checkpoints", table.c.key_epoch == 1)
    keys.rotate_agency_key(KeyPurpose.CHECKPOINTS)
    (row,) = place.execute(sa.select(table).where(*where))
    keys.retire_agency_key(KeyPurpose.CHECKPOINTS, 1)
    place.execute(table.update().where(*where).values(**row._mapping))
    assert [finding.table for finding in keys.check()] == ["named_keys"]


def test_ledger_of_yesterday__is_noticed_and_nothing_is_written_past_a_changed_one(
    place: Place, keys: KeyStore
) -> None:
    ((old,),) = place.execute(sa.select(tables.state.c.ledger))
    keys.put_secrets({(OTHER, 9): secret(9)})
    place.execute(tables.state.update().values(ledger=old))
    assert [finding.table for finding in keys.check()] == ["version_secrets"]
    place.execute(tables.state.update().values(ledger=changed(old)))
    with pytest.raises(KeystoreError, match="ledger does not authenticate"):
        keys.put_secrets({(OTHER, 10): secret(9)})


def test_finding__is_one_line(place: Place, keys: KeyStore) -> None:
    place.execute(tables.tombstones.update().values(erased_at=0))
    (finding,) = keys.check()
    assert str(finding) == (
        f"key store, tombstones, version 1 of record 0x{OTHER.hex()}: does not authenticate: "
        "a value was changed, or the row is of elsewhere"
    )


def _words(table: str, row: dict[str, Any]) -> str:
    if table == "key_store":
        return f"id {row['id']}"
    if table == "named_keys":
        return f"{row['purpose']}, epoch {row['key_epoch']}"
    if table == "journal_secrets":
        return f"journal {row['journal']}, from entry {row['first_index']}"
    return f"version {row['version']} of record 0x{row['record_id'].hex()}"
