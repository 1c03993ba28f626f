# SPDX-License-Identifier: Apache-2.0
"""What a mapping says of following its source: the table `[sync]` of the file.

    [sync]
    table = "land.deed"            # or query = "SELECT …"
    key = ["book", "folio"]        # the columns of source_id, in the order of the source's index
    watermark = "updated_at"       # a column that grows with each change; else rows are compared
    overlap = 300                  # seconds before the watermark that are read again; or numbers
    compare_hours = 24             # a full comparison at least so often
    name = "deeds"                 # else source system and record type

docs/guides/sync.md has it all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.intake.databases import require_query
from muniment.intake.mapping import FieldMapping, entries_in

COMPARE_HOURS: Final = 24.0
_ENTRIES: Final = ("table", "query", "key", "watermark", "overlap", "compare_hours", "name")


@dataclass(frozen=True, slots=True)
class SyncRules:
    """How a source is followed: see the module. One of `table` and `query` is None."""

    table: str | None
    query: str | None
    key: tuple[str, ...]
    watermark: str | None = None
    overlap: int | None = None
    compare_hours: float = COMPARE_HOURS
    name: str | None = None

    @classmethod
    def load(cls, path: Path, mapping: FieldMapping) -> SyncRules:
        """Read them from a mapping's file. Raises `InvalidInputError` that names the entry."""
        values = entries_in(path).get("sync")
        if not isinstance(values, dict):
            raise InvalidInputError("mapping sync", "a table [sync] with table or query", "missing")
        unknown = sorted(set(values) - set(_ENTRIES))
        if unknown:
            raise InvalidInputError(
                f"mapping sync.{unknown[0]}", f"one of {', '.join(_ENTRIES)}", "unknown"
            )
        table, query = _text(values, "table"), _text(values, "query")
        if (table is None) == (query is None):
            raise InvalidInputError("mapping sync", "either table or query", "both or neither")
        if query is not None:
            require_query(query)
        return cls(
            table,
            None if query is None else query.strip().rstrip(";"),
            _key(values, mapping),
            _text(values, "watermark"),
            _overlap(values),
            _hours(values),
            _text(values, "name"),
        )

    @property
    def followed(self) -> str:
        """What is followed, in words that are kept to notice another one by."""
        return f"table {self.table}" if self.query is None else f"query {self.query}"


def _key(values: Mapping[str, Any], mapping: FieldMapping) -> tuple[str, ...]:
    """The columns that the source id is made of: what tells rows apart must do so here too."""
    columns = mapping.columns_of_id()
    if not columns or "number" in columns:
        raise InvalidInputError(
            "mapping source_id",
            "the key's columns in braces: a row's number is another one in each pass",
            "without" if not columns else "of {number}",
        )
    named = values.get("key", list(columns))
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list) or sorted(map(str, named)) != sorted(columns):
        raise InvalidInputError(
            "mapping sync.key", f"the columns of source_id: {', '.join(columns)}", "others"
        )
    return tuple(map(str, named))


def _text(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise InvalidInputError(f"mapping sync.{name}", "a text", "something else")
    return value


def _overlap(values: Mapping[str, Any]) -> int | None:
    value = values.get("overlap")
    if value is not None and (type(value) is not int or value < 0):
        raise InvalidInputError("mapping sync.overlap", "0 or more", "something else")
    return value


def _hours(values: Mapping[str, Any]) -> float:
    value = values.get("compare_hours", COMPARE_HOURS)
    if type(value) not in (int, float) or not 0 <= value < 1e6:
        raise InvalidInputError("mapping sync.compare_hours", "hours, 0 or more", "something else")
    return float(value)
