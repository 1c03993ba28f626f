# SPDX-License-Identifier: Apache-2.0
"""The agency's database: SQLite by default, PostgreSQL by URL, one way to read and one to write.

    database = Database.open("sqlite:////srv/aviation/muniment.db")
    with database.write() as connection:
        connection.execute(...)

A write is one transaction that no other writer can interleave with: `BEGIN IMMEDIATE` on SQLite,
`SERIALIZABLE`-free row locks on PostgreSQL (see `store/leases.py`: one process at a time sends for
a key). When `write()` returns, the transaction is on disk (`synchronous=FULL`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine

from muniment.store import migrations, postgres_driver
from muniment.store.database_errors import (
    BUSY_SECONDS,
    POOL_NAME,
    DatabaseLockedError,
    DatabaseReadOnlyError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
    DiskFullError,
    require_driver,
    require_there,
    translated,
)
from muniment.store.database_urls import own_database_url, shown
from muniment.store.durable_files import PRIVATE_FILE

__all__ = [
    "VIEW",
    "Database",
    "DatabaseLockedError",
    "DatabaseReadOnlyError",
    "DatabaseRefusedError",
    "DatabaseUnreachableError",
    "DiskFullError",
]

VIEW: Final = "muniment_view"
"""The execution option of connections that only read: all of it is of one moment."""
_ONE_MOMENT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"


class Database:
    """A database with the tables of this release; see `open`."""

    def __init__(self, engine: Engine) -> None:
        """Take an engine that `open` made."""
        self.engine = engine

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Database:
        """Open a database, bring its tables to this release's form, and return it.

        `url` as SQLAlchemy writes it: ``sqlite:///path`` or ``postgresql://user@host/name``.
        Raises `StoreError`: unreachable, read-only, locked, of a newer release or not ours. With
        `create=False` a database that is not there, or without tables, is refused instead of made.
        """
        parsed = own_database_url("database", url)
        require_driver(parsed)
        if parsed.get_backend_name() == "sqlite":
            # SQLite would make the file, for everybody to read.
            if create:
                _make_private(parsed)
            else:
                require_there(parsed)
        # Parameters stay out of messages: source ids are among them.
        engine = sa.create_engine(
            parsed,
            hide_parameters=True,
            pool_logging_name=POOL_NAME,
            **_engine_options(parsed),
        )
        _prepare(engine)
        database = cls(engine)
        with translated(engine.url):
            migrations.upgrade(engine, create=create)
        return database

    @property
    def is_sqlite(self) -> bool:
        """Whether the file of one machine is the database."""
        return self.engine.dialect.name == "sqlite"

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return shown(self.engine.url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection on which everything read is of one moment."""
        options: dict[str, Any] = {"muniment_begin": "BEGIN", VIEW: True}
        with (
            translated(self.engine.url),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            if not self.is_sqlite:
                # SQLAlchemy's own option changes the session, and back: five messages for one.
                connection.exec_driver_sql(_ONE_MOMENT)
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """A transaction: all of it is durable when the block ends, or nothing of it happened.

        With `durable=False` a crash of the machine may undo it whole, and those after it: for what
        can be made anew, and nothing else.
        """
        options = {"muniment_begin": "BEGIN IMMEDIATE", "muniment_durable": durable}
        with (
            translated(self.engine.url),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            if not durable and not self.is_sqlite:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        """Use as a context, closed at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _make_private(url: URL) -> None:
    """Make the empty file of a database that its owner alone may read."""
    # What is wrong with the place is told when it is opened.
    with suppress(OSError):
        Path(url.database or "").touch(PRIVATE_FILE, exist_ok=False)


def _engine_options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        # One connection a thread; SQLAlchemy must not begin transactions behind our back.
        return {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}}
    return {"pool_pre_ping": True}


def _prepare(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        postgres_driver.prepare(engine)
        return

    @event.listens_for(engine, "connect")
    def configure(raw: sqlite3.Connection, _: object) -> None:
        raw.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            # In pages of 4 KiB: a bulk of rows is not copied from the log again and again.
            "wal_autocheckpoint=8000",
            "cache_size=-32000",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        level = "FULL" if options.get("muniment_durable", True) else "NORMAL"
        connection.exec_driver_sql(f"PRAGMA synchronous={level}")
        connection.exec_driver_sql(options.get("muniment_begin", "BEGIN IMMEDIATE"))
