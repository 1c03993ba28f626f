# SPDX-License-Identifier: Apache-2.0
"""Rows of the outbox as the database holds them, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.store.outbox_rows import (
    SubmissionRow,
    SubmissionState,
    TransactionRow,
    TransactionState,
)
from muniment.store.rows import is_intact, with_digest
from muniment.store.tables import submissions, transactions

SUBMISSION: Final = [submissions.c[name] for name in SubmissionRow.__slots__]
"""The columns to select for `submission_of`."""
_STATE: Final = SubmissionRow.__slots__.index("state")
_MANY: Final = 500


def stored(table: sa.Table, row: SubmissionRow | TransactionRow) -> dict[str, Any]:
    """Return the row as it is stored: plain values, and its digest."""
    plain = {name: getattr(row, name) for name in row.__slots__}
    plain["state"] = str(row.state)
    return with_digest(table, plain)


def read_submissions(connection: Connection, chosen: sa.Select[Any]) -> list[SubmissionRow]:
    """Return the submissions of a query for the columns `SUBMISSION`."""
    return [submission_of(row) for row in connection.execute(chosen)]


def submission_of(row: Sequence[Any]) -> SubmissionRow:
    """Return the submission of its values in the order of `SUBMISSION`."""
    values = list(row)
    values[_STATE] = SubmissionState(values[_STATE])
    return SubmissionRow(*values)


def transaction_of(row: sa.RowMapping) -> TransactionRow:
    """Return the transaction of a whole row."""
    values = {name: row[name] for name in TransactionRow.__slots__}
    return TransactionRow(**{**values, "state": TransactionState(row["state"])})


def parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    """Return ids in parts that one statement can name.

    SQLite takes 32,766 parameters at most, PostgreSQL through pg8000 as many.
    """
    return (ids[start : start + _MANY] for start in range(0, len(ids), _MANY))


def intact_submissions(connection: Connection) -> dict[int, SubmissionRow]:
    """Return all submissions whose rows are as they were written, by their ids."""
    rows = connection.execute(sa.select(submissions)).mappings()
    intact = [row for row in rows if is_intact(submissions, row)]
    return {
        row["submission_id"]: submission_of([row[column.name] for column in SUBMISSION])
        for row in intact
    }


def intact_transactions(connection: Connection) -> dict[int, TransactionRow]:
    """Return all transactions whose rows are as they were written, by their ids."""
    rows = connection.execute(sa.select(transactions)).mappings()
    found = [transaction_of(row) for row in rows if is_intact(transactions, row)]
    return {row.transaction_id: row for row in found}
