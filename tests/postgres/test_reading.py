# SPDX-License-Identifier: Apache-2.0
"""Queries reach the server in one message with what they ask for, and see one moment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from benchmarks.filled import fill_journal
from muniment.record import AgencyId, Lineage, derive_record_id
from muniment.store import journal_rows
from muniment.store.database import Database
from muniment.store.postgres_driver import written_out
from muniment.store.tables import journal_entries


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database.open(database_url) as opened:
        yield opened


@pytest.mark.parametrize(
    "value", [0, -1, (1 << 63) - 1, -(1 << 63), b"", b"\x00'\\%s\xff", bytes(range(256))]
)
def test_value_written_into_a_query__is_that_value(database: Database, value: int | bytes) -> None:
    kind = sa.BigInteger if isinstance(value, int) else sa.LargeBinary
    asked = sa.select(sa.bindparam("it", value, kind), sa.literal_column("7") % 4)
    sent: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    with database.read() as connection:
        assert tuple(connection.execute(asked).one()) == (value, 3)
    assert written_out(sent[-1], (value, 4)) is not None


@pytest.mark.parametrize("value", ["x", "' OR '1' = '1", None, True, 1.5])
def test_other_values__are_sent_apart(database: Database, value: object) -> None:
    assert written_out("SELECT %s", (1, value)) is None
    with database.read() as connection:
        found = connection.execute(sa.select(sa.literal(value), sa.literal(1))).one()
    assert tuple(found) == (value, 1)


def test_what_writes__is_sent_as_it_is() -> None:
    assert written_out("INSERT INTO leases VALUES (%s)", (1,)) is None


def test_everything_read__is_of_one_moment(database: Database) -> None:
    table = sa.Table("numbers", sa.MetaData(), sa.Column("number", sa.BigInteger))
    with database.write() as connection:
        table.create(connection)
    count = sa.select(sa.func.count()).select_from(table)
    for wanted in range(3):
        with database.read() as reading:
            assert reading.execute(count).scalar_one() == wanted
            with database.write() as writing:
                # Not of the moment of a reader that had this connection before.
                assert writing.execute(count).scalar_one() == wanted
                writing.execute(sa.insert(table).values(number=wanted))
            assert reading.execute(count).scalar_one() == wanted


def test_entries__come_in_order_over_pages_with_gaps_and_damage(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_rows, "_JOINED", 7)
    lineage = Lineage(bytes(32))
    fill_journal(database, 40, lambda local: derive_record_id(lineage, AgencyId(1), local))
    here = journal_entries.c.entry_index
    with database.write() as connection:
        connection.execute(sa.delete(journal_entries).where(here.in_([3, 20])))
        # Together as long as two whole ones.
        for index, entry in ((30, b"a" * 77), (31, b"b" * 79)):
            connection.execute(sa.update(journal_entries).where(here == index).values(entry=entry))
    with database.read() as connection:
        rows = connection.execute(sa.select(here, journal_entries.c.entry).order_by(here)).all()
        wanted = {index: bytes(entry) for index, entry in rows}
        whole = journal_rows.entries_between(connection, 1, 0, 1 << 40)
        part = journal_rows.entries_between(connection, 1, 5, 33)
        none = journal_rows.entries_between(connection, 1, 40, 50)
    assert len(wanted) == 38
    assert whole == list(wanted.values())
    assert part == [entry for index, entry in wanted.items() if 5 <= index < 33]
    assert none == []
