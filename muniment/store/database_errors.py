# SPDX-License-Identifier: Apache-2.0
"""What a database says that cannot be used, as errors of ours that say what to do.

Messages name the database without its password, and nothing of what was to be written.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import URL

from muniment.errors import InvalidInputError, StoreError
from muniment.store.database_urls import shown

BUSY_SECONDS: Final = 10.0
"""For how long a lock is waited for."""
POOL_NAME: Final = "muniment"
"""The name that pools of connections have in the log (`pool_logging_name`)."""
# SQLAlchemy tells the log of what it cannot close on a lost connection, with a traceback and the
# statement; the error says so.
for _pool in ("NullPool", "QueuePool"):
    _log = logging.getLogger(f"sqlalchemy.pool.impl.{_pool}.{POOL_NAME}")
    _log.propagate = False
    _log.addHandler(logging.NullHandler())


class DatabaseLockedError(StoreError):
    """Another process kept the database locked for longer than was waited."""


class DatabaseReadOnlyError(StoreError):
    """The database, or the folder it lies in, cannot be written."""


class DiskFullError(StoreError):
    """There is no room left; the transaction was rolled back whole."""


class DatabaseUnreachableError(StoreError):
    """The database does not answer, or its file cannot be opened."""


class DatabaseRefusedError(StoreError):
    """The server answers and does not let the user in, or not do that."""


_Told = tuple[type[StoreError], str, str, str]
_LOST: Final[_Told] = (
    DatabaseUnreachableError,
    "does not answer any more: the connection was lost",
    "a server that goes on",
    "check that it runs; what was acknowledged is kept, and the same command goes on where it was",
)
_BY_STATE: Final[dict[str, _Told]] = {
    "28": (
        DatabaseRefusedError,
        "refuses the login",
        "a user that the server lets in from here, and its password",
        "check user and password of the URL, and the server's pg_hba.conf",
    ),
    "3D000": (
        DatabaseRefusedError,
        "is not there: the server has no database of this name",
        "a database that was made",
        "check the name in the URL, or make it: createdb NAME",
    ),
    "42501": (
        DatabaseRefusedError,
        "does not let this user do that",
        "the database's owner, or a user who may make tables and write them",
        "GRANT ALL ON SCHEMA public TO the user, or let it own the database; nothing was written",
    ),
    "25006": (
        DatabaseReadOnlyError,
        "cannot be written: it is a standby, or read-only by its settings",
        "a server that takes writes",
        "name the primary in the URL, or see default_transaction_read_only; nothing was written",
    ),
    "53100": (
        DiskFullError,
        "cannot be written: the server's disk is full",
        "room on the server's disk",
        "make room there, then try again; what was acknowledged before is kept",
    ),
    "53300": (
        DatabaseUnreachableError,
        "has no connection left for us",
        "a connection",
        "end other programs, or raise the server's max_connections",
    ),
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": (
        DatabaseUnreachableError,
        "is starting or stopping",
        "a server that is up",
        "try again in a moment",
    ),
}
"""By SQLSTATE, or the class of it that its first two characters are."""
_BY_WORDS: Final[tuple[tuple[tuple[str, ...], _Told], ...]] = (
    (
        ("locked", "lock timeout"),
        (
            DatabaseLockedError,
            "is locked by another process",
            f"a lock given up within {BUSY_SECONDS:g} s",
            "end the other process, or wait; nothing was written",
        ),
    ),
    (
        ("readonly", "read-only"),
        (
            DatabaseReadOnlyError,
            "cannot be written",
            "write permission for the file and its folder",
            "check owner, mode and mount; nothing was written",
        ),
    ),
    (
        ("disk is full", "no space", "disk full", "disk i/o error"),
        (
            DiskFullError,
            "cannot be written: the disk is full, or fails",
            "room on a disk that works",
            "make room (df), see the system's log; what was acknowledged before is kept",
        ),
    ),
    (
        ("unable to open database file",),
        (
            DatabaseUnreachableError,
            "cannot be opened",
            "a folder that is there, in which this user may make files",
            "check the path, the folder's owner and mode, and that its disk is not read-only",
        ),
    ),
    (
        ("not a database", "malformed"),
        (
            DatabaseUnreachableError,
            "is no database of SQLite's, or damaged",
            "the file that `muniment init` made",
            "check the path; restore a backup, or make it anew: `muniment rebuild`",
        ),
    ),
    (("network error",), _LOST),
    (
        ("can't create a connection",),
        (
            DatabaseUnreachableError,
            "does not answer: nobody listens there",
            "a server at this host and port",
            "check that it runs, and host and port of the URL",
        ),
    ),
)
_OTHER: Final[_Told] = (
    DatabaseUnreachableError,
    "does not answer",
    "a database that can be opened",
    "check that it runs, the path, and who may open it",
)


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Raise what a database says as one of our errors. Mistakes of ours pass through."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _error_of(error, shown(url)) from error


def require_driver(url: URL) -> None:
    """Raise `InvalidInputError` where the driver for a database is not installed."""
    try:
        url.get_dialect().import_dbapi()
    except ImportError as error:
        raise InvalidInputError(
            "database",
            "an installation with the extra 'postgres'",
            f"a URL of {url.get_backend_name()}, and {error.name} is not installed",
            remedy="pip install 'muniment[postgres]'",
        ) from error


def require_there(url: URL) -> None:
    """Raise `DatabaseUnreachableError` where the file of an SQLite database is missing."""
    if not Path(url.database or "").is_file():
        raise DatabaseUnreachableError(
            f"database {shown(url)} is not there",
            expected="the file that `muniment init` made",
            remedy="check the profile's database URL and that its disk is mounted; a lost one is "
            "made anew by `muniment rebuild`, or comes back by `muniment restore`",
        )


def sql_state(error: BaseException | None) -> str:
    """Return the SQLSTATE of what PostgreSQL said, empty text where it said none."""
    first = error.args[0] if error is not None and error.args else None
    # pg8000 hands over the server's fields.
    return str(first.get("C", "")) if isinstance(first, dict) else ""


def _error_of(error: sa.exc.DBAPIError, place: str) -> Exception:
    state, said = sql_state(error.orig), str(error.orig).lower()
    told = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
    if told is None and isinstance(error, sa.exc.IntegrityError | sa.exc.ProgrammingError):
        return error
    if told is None:
        known = (each for words, each in _BY_WORDS if any(word in said for word in words))
        told = next(known, None)
    kind, what, expected, remedy = told or _OTHER
    if told is None:
        what = f"{what}: {type(error.orig).__name__}"
    return kind(f"database {place} {what}", expected=expected, remedy=remedy)
