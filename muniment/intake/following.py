# SPDX-License-Identifier: Apache-2.0
"""A table or query of another database, read again and again as it changes.

Rows come in pages, each a short statement of its own that goes on after the last row of the page
before: no transaction stays open over there, a writer is never held up (an SQLite file is locked
while it is read), and what is in memory is one page. All rows come in the order of the key; rows
from a watermark on in its order, ties in that of the key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import sqlalchemy as sa

from muniment.errors import InvalidInputError
from muniment.intake.batches import BATCH_ROWS, Batch, from_columns
from muniment.intake.databases import (
    connected,
    database_url,
    engine_of,
    only_read,
    place_of,
    told,
)
from muniment.intake.sync_rules import SyncRules

MOST_DOUBLE: Final = 1_000
"""With more keys than these that come twice, the columns are no key."""
_ON: Final = "it goes on by itself with the next pass: what was taken over is not taken twice"


@contextmanager
def following(url: str, rules: SyncRules) -> Iterator[Followed]:
    """Open what is followed, for a pass. Raises `InvalidInputError`, `SourceUnreachableError`."""
    place = database_url(url)
    engine = engine_of(place)
    try:
        with _translated(place, 0):
            connection = connected(engine)
        try:
            yield Followed(connection, place, rules)
        finally:
            # A connection that is lost cannot be closed properly either.
            with suppress(sa.exc.DBAPIError, OSError):
                connection.close()
    finally:
        engine.dispose()


@contextmanager
def _translated(place: sa.URL, given: int) -> Iterator[None]:
    """Raise what the source says as one of our errors."""
    try:
        yield
    except (sa.exc.DBAPIError, OSError) as error:
        raise told(error, place, given, _ON) from error


class Followed:
    """What is followed, open. `given` is how many rows were read."""

    def __init__(self, connection: sa.Connection, place: sa.URL, rules: SyncRules) -> None:
        """Take a connection; use `following`."""
        self.given = 0
        self._place = place
        self._connection = connection
        self._rules = rules
        self._key: list[sa.ColumnClause[Any]] = [sa.column(name) for name in rules.key]
        self._watermark: sa.ColumnClause[Any] | None = None
        if rules.watermark is not None:
            self._watermark = sa.column(rules.watermark)
        self._from: sa.FromClause
        if rules.query is None:
            schema, _, name = (rules.table or "").rpartition(".")
            self._schema, self._table = schema or None, name
            self._from = sa.table(name, schema=schema or None)
        else:
            # It has no parameters: colons are the query's own.
            whole = rules.query.replace(":", "\\:")
            self._from = sa.text(f"({whole}) AS followed")  # type: ignore[assignment]

    def columns(self) -> dict[str, str]:
        """Return the columns, each with its type as the database names it, empty where it does not.

        Raises `InvalidInputError` for a table that is not there, and a column that comes twice.
        """
        with _translated(self._place, self.given):
            return self._table_columns() if self._rules.query is None else self._query_columns()

    def _table_columns(self) -> dict[str, str]:
        try:
            found = sa.inspect(self._connection).get_columns(self._table, schema=self._schema)
        except sa.exc.NoSuchTableError as error:
            raise InvalidInputError(
                f"table {self._rules.table}",
                f"a table or view in {place_of(self._place)}",
                "not one, or not to be seen by the user of the URL",
            ) from error
        finally:
            self._connection.rollback()
        return {str(each["name"]): _type_of(each["type"]) for each in found}

    def _query_columns(self) -> dict[str, str]:
        only_read(self._connection)
        statement = self._chosen(sa.text("*")).where(sa.false())
        result = self._connection.execute(statement)
        names, cursor = list(result.keys()), result.cursor
        # Type codes are the driver's numbers: that another stands there is all that they tell.
        codes = [each[1] for each in (cursor.description or ())] if cursor is not None else []
        result.close()
        self._connection.rollback()
        double = [name for name in names if names.count(name) > 1]
        if double:
            raise InvalidInputError("query", "each column once", f"one with {double[0]!r} twice")
        return {
            name: "" if code is None else f"type {code}"
            for name, code in zip(names, codes or [None] * len(names), strict=True)
        }

    def is_unique(self) -> bool:
        """Whether the database itself keeps two rows from having one key."""
        if self._rules.query is not None:
            return False
        with _translated(self._place, self.given):
            return any(set(each) <= set(self._rules.key) for each in self._unique() if each)

    def _unique(self) -> list[Sequence[str | None]]:
        """The sets of columns that the table has once."""
        inspector, table, schema = sa.inspect(self._connection), self._table, self._schema
        found: list[Sequence[str | None]] = [
            inspector.get_pk_constraint(table, schema)["constrained_columns"],
            *(each["column_names"] for each in inspector.get_unique_constraints(table, schema)),
            *(
                each["column_names"]
                for each in inspector.get_indexes(table, schema)
                # One with conditions says nothing of the other rows.
                if each["unique"]
                and not any("where" in name for name in each.get("dialect_options", {}))
            ),
        ]
        self._connection.rollback()
        return found

    def double_keys(self) -> set[tuple[Any, ...]]:
        """Return the keys that several rows have. Raises `InvalidInputError` for too many."""
        if self.is_unique():
            return set()
        counted = (
            self._chosen(*self._key)
            .where(*(each.is_not(None) for each in self._key))
            .group_by(*self._key)
            .having(sa.func.count() > 1)
            .limit(MOST_DOUBLE + 1)
        )
        found = {tuple(row) for row in self._rows(counted)[1]}
        if len(found) > MOST_DOUBLE:
            raise InvalidInputError(
                "sync key",
                "columns that tell the source's rows apart",
                f"{', '.join(self._rules.key)}, of which more than {MOST_DOUBLE:,} values come "
                "more than once",
                remedy="name the columns of the table's key in source_id, or mend the source",
            )
        return found

    def top(self) -> Any:
        """Return the highest watermark; None of no rows."""
        return self._rows(self._chosen(sa.func.max(self._watermark)))[1][0][0]

    def all_rows(self) -> Iterator[Batch]:
        """Yield all rows, in the order of the key."""
        yield from self._pages(self._key, [])

    def rows_between(self, low: Any, high: Any) -> Iterator[Batch]:
        """Yield the rows whose watermark lies between two, both included, in its order."""
        assert self._watermark is not None
        column = self._watermark
        yield from self._pages([column, *self._key], [column >= low, column <= high])

    def rows_without_watermark(self) -> Iterator[Batch]:
        """Yield the rows whose watermark is NULL."""
        assert self._watermark is not None
        yield from self._pages(self._key, [self._watermark.is_(None)])

    def _pages(
        self, order: Sequence[sa.ColumnClause[Any]], where: Sequence[sa.ColumnElement[bool]]
    ) -> Iterator[Batch]:
        # Rows without a key come first: no place in the order is after a NULL.
        for name in self._rules.key:
            yield from self._unordered([*where, sa.column(name).is_(None)])
        there = [*where, *(sa.column(name).is_not(None) for name in self._rules.key)]
        last: Sequence[Any] | None = None
        while True:
            chosen = self._chosen(sa.text("*")).where(*there).order_by(*order).limit(BATCH_ROWS)
            if last is not None:
                chosen = chosen.where(_after(order, last))
            names, rows = self._rows(chosen)
            if not rows and last is not None:
                return
            batch = self._batch(names, rows)
            yield batch
            if len(rows) < BATCH_ROWS:
                return
            last = [batch.columns[each.name][-1] for each in order]

    def _unordered(self, where: Sequence[sa.ColumnElement[bool]]) -> Iterator[Batch]:
        """The first of the rows that no order holds: they are faults, and one page tells enough."""
        names, rows = self._rows(self._chosen(sa.text("*")).where(*where).limit(BATCH_ROWS))
        if rows:
            yield self._batch(names, rows)

    def _batch(self, names: Sequence[str], rows: Sequence[sa.Row[Any]]) -> Batch:
        values = map(list, zip(*rows, strict=True)) if rows else ([] for _ in names)
        batch = from_columns(dict(zip(names, values, strict=True)), self.given, len(rows))
        self.given += len(rows)
        return batch

    def _chosen(self, *columns: Any) -> sa.Select[Any]:
        return sa.select(*columns).select_from(self._from)

    def _rows(self, statement: sa.Select[Any]) -> tuple[list[str], Sequence[sa.Row[Any]]]:
        """What a statement finds, in a transaction of its own."""
        with _translated(self._place, self.given):
            only_read(self._connection)
            result = self._connection.execute(statement)
            names, rows = list(result.keys()), result.all()
            self._connection.rollback()
        return names, rows


def _after(order: Sequence[sa.ColumnClause[Any]], last: Sequence[Any]) -> sa.ColumnElement[bool]:
    """What comes after a row in the order: greater in one column, equal in all before it."""
    steps = [
        sa.and_(
            *(before == value for before, value in zip(order[:place], last, strict=False)),
            column > last[place],
        )
        for place, column in enumerate(order)
    ]
    return sa.or_(*steps)


def _type_of(made: Any) -> str:
    try:
        return str(made)
    except sa.exc.CompileError:
        return type(made).__name__
