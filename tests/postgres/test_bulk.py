# SPDX-License-Identifier: Apache-2.0
"""Many rows by COPY: what comes back is what was written, and errors are SQLAlchemy's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.store.bulk import insert_rows
from muniment.store.database import Database

TABLE = sa.Table(
    "copied rows",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("some text", sa.Text),
    sa.Column("some bytes", sa.LargeBinary),
    sa.Column("flag", sa.Boolean),
)
# PostgreSQL stores every character but this one.
texts = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"))
rows = st.tuples(texts, st.none() | st.binary(), st.none() | st.booleans())


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database.open(database_url) as opened:
        with opened.write() as connection:
            TABLE.create(connection)
        yield opened


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(values=st.lists(rows, max_size=8))
def test_rows__come_back_as_they_were(
    database: Database, values: list[tuple[str | None, bytes | None, bool | None]]
) -> None:
    wanted = [(number, *each) for number, each in enumerate(values)]
    with database.write() as connection:
        connection.execute(sa.delete(TABLE))
        insert_rows(connection, TABLE, wanted)
    with database.read() as connection:
        found = connection.execute(sa.select(TABLE).order_by(TABLE.c.number)).all()
    assert [tuple(each) for each in found] == wanted


@pytest.mark.parametrize("text", [r"\N", r"\.", r"\\x00", "\t\n\r\b\\", "", "NULL", "ä€𝄞"])
def test_text_that_means_something_to_copy__is_text(database: Database, text: str) -> None:
    with database.write() as connection:
        insert_rows(connection, TABLE, [(1, text, None, None)])
    with database.read() as connection:
        assert connection.execute(sa.select(TABLE.c["some text"])).scalar_one() == text


def test_more_rows_than_go_together__are_all_there(database: Database) -> None:
    with database.write() as connection:
        insert_rows(connection, TABLE, [(each, f"{each}", b"x", True) for each in range(5001)])
    with database.read() as connection:
        assert connection.execute(
            sa.select(sa.func.count(), sa.func.sum(TABLE.c.number))
        ).one() == (
            5001,
            5001 * 2500,
        )


def test_key_that_is_there__is_an_integrity_error_and_nothing_of_it_stays(
    database: Database,
) -> None:
    with database.write() as connection:
        insert_rows(connection, TABLE, [(1, "first", None, None)])
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        insert_rows(connection, TABLE, [(2, "other", None, None), (1, "again", None, None)])
    with database.write() as connection:
        insert_rows(connection, TABLE, [(3, "after", None, None)])
    with database.read() as connection:
        found = connection.execute(sa.select(TABLE.c.number).order_by(TABLE.c.number))
        assert list(found.scalars()) == [1, 3]
