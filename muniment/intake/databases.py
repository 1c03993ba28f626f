# SPDX-License-Identifier: Apache-2.0
"""A query's rows, read from a database that SQLAlchemy knows, and never written to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from muniment.errors import InvalidInputError
from muniment.intake.batches import BATCH_ROWS, Batch, SourceUnreachableError, from_columns
from muniment.store.database_errors import POOL_NAME

_READS: Final = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:select|with|values|table)\b", re.IGNORECASE)
_LOGIN: Final = ("28", "3D")
"""Classes of SQLSTATE: the login, the database's name."""
_AWAY: Final = ("08", "53", "57")
"""The connection, resources, and what an operator does: shuts down, starts up."""
_DRIVERS: Final = {"postgresql": "postgresql+pg8000", "postgres": "postgresql+pg8000"}


def database_url(text: str) -> sa.URL:
    """Return a source's URL. Raises `InvalidInputError`, which never shows what stands in it."""
    try:
        url = sa.make_url(text)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        url.get_dialect()
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ValueError) as error:
        raise InvalidInputError(
            "source", "a file, or a database URL that SQLAlchemy knows", "another URL"
        ) from error
    return url


def place_of(url: sa.URL) -> str:
    """Return where a database is, without user, password and options."""
    place = sa.URL.create(url.get_backend_name(), None, None, url.host, url.port, url.database)
    return place.render_as_string(hide_password=True)


def read_query(url: sa.URL, query: str, skip: int = 0) -> Iterator[Batch]:
    """Yield the batches of a query's rows, as it orders them, after the first `skip`.

    The rows are streamed in one transaction, which is read only where the database knows that, and
    rolled back anyway. Raises `InvalidInputError` for what is no query or is refused, and
    `SourceUnreachableError` for a database that does not answer, also half way: batches given
    before stand.
    """
    require_query(query)
    engine = engine_of(url)
    given = 0
    try:
        with connected(engine) as connection:
            only_read(connection)
            found = connection.execution_options(stream_results=True, max_row_buffer=BATCH_ROWS)
            # It has no parameters: colons are the query's own.
            statement = sa.text(query.replace(":", "\\:"))
            with closing(found.execute(statement)) as rows:
                names = list(rows.keys())
                if len(set(names)) != len(names):
                    double = next(name for name in names if names.count(name) > 1)
                    raise InvalidInputError(
                        "query", "each column once", f"one with {double!r} twice"
                    )
                while part := rows.fetchmany(BATCH_ROWS):
                    first = max(skip - given, 0)
                    if first < len(part):
                        values = map(list, zip(*part[first:], strict=True))
                        columns: dict[str, list[Any]] = dict(zip(names, values, strict=True))
                        yield from_columns(columns, given + first, len(part) - first)
                    given += len(part)
    except (sa.exc.DBAPIError, OSError) as error:
        raise told(error, url, given) from error
    finally:
        engine.dispose()


def require_query(query: str) -> None:
    """Raise `InvalidInputError` for a statement that is none that reads."""
    if not _READS.match(query):
        raise InvalidInputError("query", "SELECT, WITH, VALUES or TABLE", "another statement")


def engine_of(url: sa.URL) -> sa.Engine:
    """Return the engine of a source; nothing is connected yet. Raises `InvalidInputError` for an
    SQLite file that is not there, and a database whose driver is not installed."""
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        # SQLite would make a new one.
        raise InvalidInputError(f"database {place_of(url)}", "a readable file", "no such file")
    try:
        return sa.create_engine(url, poolclass=sa.NullPool, pool_logging_name=POOL_NAME)
    except ImportError as error:
        module = f" ({error.name})" if error.name else ""
        raise InvalidInputError(
            "source",
            f"the driver of {url.drivername} installed",
            f"a database without driver{module}",
            remedy="install the driver's package beside Muniment, or name another in the URL: "
            "postgresql:// and sqlite:/// need none",
        ) from error


def connected(engine: sa.Engine) -> sa.Connection:
    """Return a connection to a source. Raises `InvalidInputError` for options in its URL that its
    driver does not take, and what the database says."""
    try:
        return engine.connect()
    except (TypeError, ValueError) as error:
        # Drivers take options as arguments, and fall over those that they do not have.
        raise InvalidInputError(
            "source",
            f"options that {engine.driver} takes, or none",
            f"a URL with {', '.join(map(repr, engine.url.query)) or 'what its driver refuses'}",
            remedy="take out what stands behind the question mark of the URL",
        ) from error


def only_read(connection: sa.Connection) -> None:
    """Have the database refuse to write in this transaction, where it knows how."""
    match connection.dialect.name:
        case "sqlite":
            connection.exec_driver_sql("PRAGMA query_only = ON")
        case "postgresql":
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        case "mysql" | "mariadb":
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            connection.rollback()


def told(
    error: sa.exc.DBAPIError | OSError,
    url: sa.URL,
    given: int,
    remedy: str = "start the same import again: rows that are there already are passed over",
) -> InvalidInputError | SourceUnreachableError:
    """Return the error of ours for what a database said after so many rows; `remedy` is how to go
    on after some."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    state = _state_of(cause)
    where = f"the database at {place_of(url)}"
    if state[:2] in _LOGIN:
        return SourceUnreachableError(
            f"{where} does not let the user in: {_message(cause)}",
            expected="user, password and database of the URL as the server knows them",
            remedy="check the URL, and the server's rules of who may connect from here",
        )
    refused = isinstance(error, sa.exc.ProgrammingError | sa.exc.DataError) or (
        url.get_backend_name() == "sqlite" and isinstance(error, sa.exc.OperationalError)
    )
    if url.get_backend_name() == "sqlite" and "not a database" in str(cause):
        return InvalidInputError(
            f"database {place_of(url)}", "a file that SQLite made", "no database of SQLite's"
        )
    lost = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    network = isinstance(cause, OSError) or "network" in str(cause).lower()
    away = state[:2] in _AWAY or "locked" in str(cause)
    if refused and not lost and not network and not away and given == 0:
        return InvalidInputError(
            "query", "one that the database answers", f"refused: {_message(cause)}"
        )
    if given:
        return SourceUnreachableError(
            f"{where} broke off after row {given} ({type(cause).__name__})",
            expected="all rows of the query",
            remedy=remedy,
        )
    return SourceUnreachableError(
        f"{where} does not answer ({type(cause).__name__})",
        expected="a database that runs and lets the user of the URL in",
        remedy="check the URL and that the database runs; nothing was read",
    )


def _state_of(cause: BaseException | None) -> str:
    """The SQLSTATE of what a database said, empty without one."""
    first = cause.args[0] if cause is not None and cause.args else ""
    if isinstance(first, dict):
        # pg8000 hands over the server's fields.
        return str(first.get("C", ""))
    return str(getattr(cause, "sqlstate", None) or "")


def _message(cause: BaseException | None) -> str:
    first = cause.args[0] if cause is not None and cause.args else ""
    return str(first.get("M", "")) if isinstance(first, dict) else str(first)
