# SPDX-License-Identifier: Apache-2.0
"""Rows of the database as Arrow record batches, by the databases' ADBC drivers.

Python's own drivers make an object of each value, which costs several times what the database
does; these do not. Both are of the extra `muniment[analysis]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, Final
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL

from muniment.errors import InvalidInputError, StoreError
from muniment.store.database import Database

BATCH_ROWS: Final = 65_536
_BUSY_MILLISECONDS: Final = 10_000


def analysis_package(name: str) -> ModuleType:
    """Return a package of the extra. Raises `InvalidInputError` where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise InvalidInputError(
            "frames",
            f"{name.partition('.')[0]} installed",
            "what it makes",
            remedy="install the extra: pip install 'muniment[analysis]'",
        ) from error


def read_batches(database: Database, statement: sa.Select[Any]) -> Iterator[Any]:
    """Yield a query's rows as `pyarrow.RecordBatch`, all of one moment.

    SQLite tells a column's type by the first rows: where those are all NULL, or where there are no
    rows, it is int64. Raises `StoreError` where the database does not answer.
    """
    with arrow_reader(database) as reader:
        yield from _ahead(reader.batches(statement))


@contextmanager
def arrow_reader(database: Database) -> Iterator[ArrowReader]:
    """A connection for several queries, each of its own moment; see `read_batches`."""
    is_sqlite = database.is_sqlite
    driver = analysis_package(f"adbc_driver_{'sqlite' if is_sqlite else 'postgresql'}.dbapi")
    try:
        # Of its own accord it would begin a transaction that sees the first query's moment only.
        with driver.connect(_uri(database.engine.url), autocommit=True) as connection:
            if is_sqlite:
                # Whoever was last to close the file may be putting its log away.
                with connection.cursor() as cursor:
                    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
                    cursor.fetchall()
            yield ArrowReader(connection, is_sqlite=is_sqlite)
    except driver.Error as error:
        raise StoreError(
            f"database {database.shown} cannot be read: {type(error).__name__}",
            expected="a database that can be opened and read",
            remedy="check that it runs, the path, and who may open it",
        ) from error


class ArrowReader:
    """Reads by one connection, one query after the other; see `arrow_reader`."""

    def __init__(self, connection: Any, *, is_sqlite: bool) -> None:
        """Take a connection of an ADBC driver's."""
        self._connection = connection
        self._is_sqlite = is_sqlite

    def batches(self, statement: sa.Select[Any], rows: int = BATCH_ROWS) -> Iterator[Any]:
        """Yield a query's rows, some `rows` a batch."""
        text, values = _compiled(statement, is_sqlite=self._is_sqlite)
        with self._connection.cursor() as cursor:
            if self._is_sqlite:
                size = str(rows)
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": size})
            cursor.execute(text, parameters=values or None)
            yield from cursor.fetch_record_batch()


def _ahead(batches: Iterator[Any]) -> Iterator[Any]:
    """Read the next batch while the last is worked on: the drivers let Python go on."""
    with ThreadPoolExecutor(1) as reading:
        upcoming = reading.submit(next, batches, None)
        while (batch := upcoming.result()) is not None:
            upcoming = reading.submit(next, batches, None)
            yield batch


def _compiled(statement: sa.Select[Any], *, is_sqlite: bool) -> tuple[str, tuple[Any, ...]]:
    dialect = (
        sqlite.dialect() if is_sqlite else postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
    )
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    names = compiled.positiontup or ()
    return str(compiled), tuple(compiled.params[each] for each in names)


def _uri(url: URL) -> str:
    """The address of a database as its ADBC driver takes it."""
    if url.get_backend_name() == "sqlite":
        return f"file:{quote(url.database or '')}?mode=ro"
    query = dict(url.query)
    socket = query.pop("unix_sock", None)
    if isinstance(socket, str):
        # pg8000 names the socket, libpq its folder and the port in its name.
        folder, _, name = socket.rpartition("/")
        query |= {"host": folder, "port": name.rpartition(".")[2]}
    plain = sa.URL.create(
        "postgresql", url.username, url.password, url.host, url.port, url.database
    )
    shown = plain.render_as_string(hide_password=False)
    return f"{shown}?{urlencode(query)}" if query else shown
