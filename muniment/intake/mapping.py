# SPDX-License-Identifier: Apache-2.0
"""Mappings: which column becomes which field, and what makes a row's source id.

    source_system = "faa-strikes"
    source_id = "{number}"                    # of columns in braces; {number} is the row's own

    [fields]
    airport = "Airport Name"
    damage = { column = "Effect Amount of damage", values = { None = "none", Minor = "minor" } }
    speed-knots = { column = "Speed IAS in knots", empty = "null" }

Without a mapping, columns are fields of the same name. An empty cell leaves the field out, unless
`empty` says "null" or "text".
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.intake.rows import Row
from muniment.record.canonical import JsonValue
from muniment.record.types import RecordType

_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
_EMPTY: Final = ("omit", "null", "text")


class RowError(InvalidInputError):
    """A row cannot become a record: `column` or `field` is the reason, the value is withheld."""

    def __init__(self, column: str, expected: str, got: str) -> None:
        super().__init__(f"column {column!r}", expected, got)
        self.column = column


@dataclass(frozen=True, slots=True)
class FieldSource:
    """Where a field comes from: its `column`, other `values` for some texts, what `empty` means."""

    column: str
    values: Mapping[str, str] = field(default_factory=dict)
    empty: str = "omit"


@dataclass(frozen=True, slots=True)
class MappedRow:
    """A row as a record will have it."""

    source_id: str
    fields: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """A mapping of one file."""

    source_id: str
    fields: Mapping[str, FieldSource] | None = None
    source_system: str | None = None

    @classmethod
    def load(cls, path: Path) -> FieldMapping:
        """Read a mapping file. Raises `InvalidInputError` that names the entry that is wrong."""
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            what = error.strerror or "unreadable"
            raise InvalidInputError(f"mapping {path}", "a readable file", what) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidInputError(f"mapping {path}", "TOML", f"not TOML: {error}") from error
        unknown = sorted(set(values) - {"source_id", "source_system", "fields"})
        if unknown:
            raise InvalidInputError(
                f"mapping {unknown[0]}", "source_id, source_system or fields", "unknown"
            )
        source_id = values.get("source_id")
        if not isinstance(source_id, str) or not source_id:
            raise InvalidInputError("mapping source_id", "a text with {columns}", "missing")
        fields = values.get("fields")
        if not isinstance(fields, dict) or not fields:
            raise InvalidInputError("mapping fields", "a table of fields", "missing")
        system = values.get("source_system")
        if system is not None and not isinstance(system, str):
            raise InvalidInputError("mapping source_system", "a text", "something else")
        sources = {name: _source(name, value) for name, value in fields.items()}
        return cls(source_id, sources, system)

    def apply(self, row: Row, record_type: RecordType) -> MappedRow:
        """Return the row as a record. Raises `RowError` that names the column."""
        source_id = _PLACEHOLDER.sub(lambda found: self._part(row, found[1]), self.source_id)
        if self.fields is None:
            sources: Mapping[str, FieldSource] = {name: FieldSource(name) for name in row.cells}
        else:
            sources = self.fields
        fields: dict[str, JsonValue] = {}
        for name, source in sources.items():
            if source.column not in row.cells:
                raise RowError(source.column, "a column of the file", "missing")
            cell = row.cells[source.column]
            if not isinstance(cell, str):
                fields[name] = cell
                continue
            if cell == "" and source.empty != "text":
                if source.empty == "null":
                    fields[name] = None
                continue
            text = source.values.get(cell, cell)
            try:
                fields[name] = record_type.value_of(name, unicodedata.normalize("NFC", text))
            except InvalidInputError as error:
                raise RowError(source.column, error.expected, "another text") from error
        return MappedRow(source_id, fields)

    def _part(self, row: Row, name: str) -> str:
        if name == "number":
            return str(row.number)
        if name not in row.cells or row.cells[name] in ("", None):
            raise RowError(name, "a value: the source id is made of it", "empty or missing")
        return str(row.cells[name])


def _source(name: str, value: Any) -> FieldSource:
    if isinstance(value, str):
        return FieldSource(value)
    if not isinstance(value, dict) or not isinstance(value.get("column"), str):
        raise InvalidInputError(f"mapping fields.{name}", "a column's name, or a table", "another")
    unknown = sorted(set(value) - {"column", "values", "empty"})
    if unknown:
        raise InvalidInputError(
            f"mapping fields.{name}.{unknown[0]}", "column, values or empty", "unknown"
        )
    empty = value.get("empty", "omit")
    if empty not in _EMPTY:
        raise InvalidInputError(
            f"mapping fields.{name}.empty", f"one of {', '.join(_EMPTY)}", repr(empty)
        )
    values = value.get("values", {})
    if not isinstance(values, dict) or not all(isinstance(each, str) for each in values.values()):
        raise InvalidInputError(f"mapping fields.{name}.values", "a table of texts", "another")
    return FieldSource(value["column"], values, empty)
