# SPDX-License-Identifier: Apache-2.0
"""How far imports came: see `imports` in `store/journal_tables.py`."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.store.journal_tables import imports
from muniment.store.rows import is_intact, with_digest

MOST_REPORTED: Final = 100_000
"""With more bad rows than this nothing is remembered: every row is looked at again."""


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """The first `rows` rows have been seen to; those with the numbers `reported` were refused."""

    rows: int
    reported: frozenset[int]


def read_progress(connection: Connection, key: bytes) -> ImportProgress:
    """Return how far an import came; nothing where it never began, or where the row is damaged."""
    chosen = sa.select(imports).where(imports.c.import_key == key)
    row = connection.execute(chosen).mappings().one_or_none()
    if row is None or not is_intact(imports, row):
        return ImportProgress(0, frozenset())
    return ImportProgress(row["rows"], frozenset(json.loads(row["reported"])))


def write_progress(
    connection: Connection, key: bytes, journal: int, rows: int, reported: Collection[int]
) -> None:
    """Remember how far an import came, in the transaction that keeps its rows."""
    connection.execute(sa.delete(imports).where(imports.c.import_key == key))
    if len(reported) > MOST_REPORTED:
        return
    values = {
        "import_key": key,
        "journal": journal,
        "rows": rows,
        "reported": json.dumps(sorted(reported)),
    }
    connection.execute(sa.insert(imports), with_digest(imports, values))
