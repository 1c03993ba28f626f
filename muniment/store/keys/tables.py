# SPDX-License-Identifier: Apache-2.0
"""The key store's own database: five small tables, apart from the agency's database.

Apart, because its backups must be short-lived (an erased secret lives on in each of them) while
the agency's database is backed up for years. docs/spec/keys.md, "The tables", is the format.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles

from muniment.errors import KeystoreError
from muniment.store.database import Database
from muniment.store.database_errors import POOL_NAME, require_driver
from muniment.store.database_urls import own_database_url
from muniment.store.durable_files import PRIVATE_FILE

STORE_FORMAT: Final = "muniment/key-store/v1"


class Octets(sa.types.UserDefinedType[bytes]):
    """Bytes, and what is no bytes as bytes that authenticate nowhere.

    SQLite lets anybody write any kind of value into any column, and SQLAlchemy's own type would
    turn the number 2^62 into as many zeros.
    """

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return SQLite's name of the type; PostgreSQL's is below."""
        return "BLOB"

    def result_processor(self, *_: Any) -> Callable[[Any], bytes]:
        """Return what makes a database's value one of ours."""
        return lambda value: value if isinstance(value, bytes) else b"no bytes"


@compiles(Octets, "postgresql")
def _octets_of_postgres(*_: Any, **__: Any) -> str:
    return "BYTEA"


metadata = sa.MetaData()

state = sa.Table(
    "key_store",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("store_id", Octets, nullable=False),
    sa.Column("agency_id", sa.BigInteger, nullable=False),
    sa.Column("lineage", Octets, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("ledger", Octets, nullable=False),
)
"""One row: whose store it is, the epoch that is written under, and the sealed ledger."""

version_secrets = sa.Table(
    "version_secrets",
    metadata,
    sa.Column("record_id", Octets, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("wrapped", Octets, nullable=False),
)

tombstones = sa.Table(
    "tombstones",
    metadata,
    sa.Column("record_id", Octets, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("erased_at", sa.BigInteger, nullable=False),
    sa.Column("tag", Octets, nullable=False),
)

journal_secrets = sa.Table(
    "journal_secrets",
    metadata,
    sa.Column("journal", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("first_index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("wrapped", Octets, nullable=False),
)
"""Secrets of journal entries, a row for each stretch of entries that were appended together."""

named_keys = sa.Table(
    "named_keys",
    metadata,
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("key_epoch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("public", Octets, nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("retired_at", sa.BigInteger, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("wrapped", Octets, nullable=False),
)


def connect(url: str, *, create: bool = False) -> Database:
    """Return a connection pool to a key store's database, set up for durable writes and erasure.

    `url` is ``sqlite:///path`` or ``postgresql://…``. A file of SQLite is made, mode 600, with
    `create`, and must be there without. Raises `InvalidInputError`, `KeystoreError`.
    """
    parsed = own_database_url("key store", url)
    # Parameters stay out of messages: they are wrapped keys and record ids.
    if parsed.get_backend_name() == "sqlite":
        _require_file(str(parsed.database), create=create)
        engine = sa.create_engine(
            parsed,
            hide_parameters=True,
            connect_args={"timeout": 10.0, "check_same_thread": False},
        )
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        require_driver(parsed)
        engine = sa.create_engine(
            parsed, hide_parameters=True, pool_pre_ping=True, pool_logging_name=POOL_NAME
        )
    return Database(engine)


def _require_file(path: str, *, create: bool) -> None:
    try:
        if create:
            # Made with its mode before SQLite does, which gives its other files the same.
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
        else:
            os.stat(path)  # noqa: PTH116  (a missing file must not be made by opening it)
    except OSError as error:
        what = error.strerror or "cannot be opened"
        remedy = "check the path, or make a key store there"
        raise KeystoreError(path, what, expected="a key store", remedy=remedy) from error


def _configure_sqlite(raw: sqlite3.Connection, _: object) -> None:
    raw.isolation_level = None
    # secure_delete writes zeros over what is deleted; FULL syncs before a commit returns.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
        raw.execute(f"PRAGMA {pragma}").fetchall()


def _begin_sqlite(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql(options.get("muniment_begin", "BEGIN IMMEDIATE"))
