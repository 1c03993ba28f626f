# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL that refuses says what to do, and shows no password."""

from __future__ import annotations

import socket

import pytest
import sqlalchemy as sa

from muniment.errors import StoreError
from muniment.store.database import (
    Database,
    DatabaseReadOnlyError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
)
from muniment.store.migrations import SchemaTooNewError
from toolchain.local_chain import free_port


def said(kind: type[StoreError], url: sa.URL) -> str:
    with pytest.raises(kind) as error:
        Database.open(url.render_as_string(hide_password=False))
    assert "wrong horse" not in error.value.diagnostics()
    return error.value.diagnostics()


@pytest.fixture
def url(database_url: str) -> sa.URL:
    return sa.make_url(database_url).set(password="wrong horse")


def made_by_superuser(database_url: str, *statements: str) -> None:
    engine = sa.create_engine(database_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for each in statements:
            connection.exec_driver_sql(each)


def test_login__is_refused(url: sa.URL) -> None:
    told = said(DatabaseRefusedError, url.set(username="nobody"))
    assert "refuses the login" in told
    assert "check user and password" in told


def test_database_that_is_not_there(url: sa.URL) -> None:
    assert "createdb" in said(DatabaseRefusedError, url.set(database="nowhere"))


def test_nobody_listens(url: sa.URL) -> None:
    told = said(DatabaseUnreachableError, url.set(host="127.0.0.1", port=free_port(), query={}))
    assert "nobody listens there" in told
    assert "host and port" in told


def test_user_who_may_make_no_tables(database_url: str, url: sa.URL) -> None:
    made_by_superuser(database_url, "CREATE ROLE reader LOGIN")
    try:
        assert "GRANT ALL ON SCHEMA" in said(DatabaseRefusedError, url.set(username="reader"))
    finally:
        made_by_superuser(database_url, "DROP ROLE reader")


def test_database_that_takes_no_writes(database_url: str, url: sa.URL) -> None:
    name = url.database
    made_by_superuser(database_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert "name the primary" in said(DatabaseReadOnlyError, url)


def lose(database: Database, url: str, *, killed: bool) -> None:
    """A transaction that is cut off: by a server that says so, or by one that is killed."""
    with database.write() as connection:
        if killed:
            driven = connection.connection.driver_connection
            assert driven is not None
            driven._usock.shutdown(socket.SHUT_RDWR)
        else:
            pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
            made_by_superuser(url, f"SELECT pg_terminate_backend({pid})")
        connection.execute(sa.select(sa.literal("hush")))


@pytest.mark.parametrize("killed", [False, True])
def test_connection_lost_half_way__is_told_as_that_and_logs_nothing(
    database_url: str, caplog: pytest.LogCaptureFixture, *, killed: bool
) -> None:
    database = Database.open(database_url)
    with pytest.raises(DatabaseUnreachableError, match="the connection was lost") as error:
        lose(database, database_url, killed=killed)
    assert "goes on where it was" in error.value.diagnostics()
    assert caplog.text == ""
    with database.read() as connection:
        assert connection.scalar(sa.select(1)) == 1
    database.close()


def test_newer_release__is_refused_and_named(database_url: str, url: sa.URL) -> None:
    Database.open(database_url).close()
    made_by_superuser(database_url, "UPDATE alembic_version SET version_num = '9.1.0'")
    told = said(SchemaTooNewError, url)
    assert "Muniment 9.1.0, a newer release" in told
    assert "pip install 'muniment>=9.1.0'" in told
