# SPDX-License-Identifier: Apache-2.0
"""Reading, inserting and changing many rows at once, as quickly as each database can.

SQLAlchemy prepares each value of each row, which costs three times what SQLite itself does for it;
and its driver for PostgreSQL sends rows one by one. Rows are tuples here, and values plain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.store.postgres_copy import copied
from muniment.store.postgres_driver import COPY_OPTION

# The protocol counts parameters in 16 bits.
_PARAMETERS: Final = 30_000


def rows_among(
    connection: Connection, table: sa.Table, column: sa.Column[Any], values: Sequence[Any]
) -> Iterator[Sequence[Any]]:
    """Yield the rows in which `column` has one of `values`, as the driver gives them."""
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(each.name) for each in table.columns)
    mark = _mark(connection)
    for start in range(0, len(values), _PARAMETERS):
        part = tuple(values[start : start + _PARAMETERS])
        places = ", ".join([mark] * len(part))
        where = f"{quote(column.name)} IN ({places})"
        statement = f"SELECT {names} FROM {quote(table.name)} WHERE {where}"  # noqa: S608
        yield from connection.exec_driver_sql(statement, part)


def insert_rows(connection: Connection, table: sa.Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows whose values are in the order of the table's columns.

    Values must be of the types that the driver stores as they are: int, str, bytes, bool, None.
    """
    if not rows:
        return
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(column.name) for column in table.columns)
    if connection.dialect.name == "postgresql":
        # Less than a quarter of the time of a statement with many rows.
        statement = f"COPY {quote(table.name)} ({names}) FROM STDIN (FORMAT binary)"
        pieces = copied(table, rows)
        connection.exec_driver_sql(statement, execution_options={COPY_OPTION: pieces})
        return
    into = f"INSERT INTO {quote(table.name)} ({names}) VALUES "  # noqa: S608  (our names, quoted)
    width = len(table.columns)
    places = f"({', '.join([_mark(connection)] * width)})"
    many = _PARAMETERS // width
    for start in range(0, len(rows), many):
        part = rows[start : start + many]
        # One statement for many rows: one stretch in which SQLite works beside Python's other
        # threads.
        statement = into + ", ".join([places] * len(part))
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))


def update_rows(
    connection: Connection,
    table: sa.Table,
    key: sa.Column[Any],
    changed: Sequence[sa.Column[Any]],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Write the `changed` columns of rows back, each found by its `key`."""
    if not rows:
        return
    quote, mark = connection.dialect.identifier_preparer.quote, _mark(connection)
    setting = ", ".join(f"{quote(column.name)} = {mark}" for column in changed)
    where = f"{quote(key.name)} = {mark}"
    statement = f"UPDATE {quote(table.name)} SET {setting} WHERE {where}"  # noqa: S608
    names = [*(column.name for column in changed), key.name]
    connection.exec_driver_sql(statement, [tuple(row[name] for name in names) for row in rows])


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.name == "sqlite" else "%s"
