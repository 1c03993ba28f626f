# SPDX-License-Identifier: Apache-2.0
"""Mappings: which column becomes which field, and what makes a row's source id.

    record_type = "wildlife-strike"           # unless the command line names one
    source_system = "faa-strikes"
    source_id = "{number}"                    # of columns in braces; {number} is the row's own
    time_zone = "America/Chicago"             # of local times
    files = "scans"                           # the folder of the paths in columns of files

    [fields]
    airport = "Airport Name"
    damage = { column = "Effect Amount of damage", values = { None = "none", Minor = "minor" } }
    speed-knots = { column = "Speed IAS in knots", empty = "null" }
    flown = { column = "Flight Date", kind = "date", format = "%d/%m/%Y" }
    cost = { column = "Cost Total $", kind = "decimal", decimal = ",", thousands = "." }

Without a mapping, columns are fields of the same name. An empty cell leaves the field out, unless
`empty` says "null" or "text". docs/guides/import.md has it all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.intake.batches import Batch
from muniment.intake.instants import zone_of
from muniment.intake.kinds import KINDS, Form
from muniment.intake.plans import PLACEHOLDER, FieldSource, Plan
from muniment.intake.rows import Row
from muniment.record.canonical import JsonValue
from muniment.record.types import RecordType

__all__ = ["FieldMapping", "FieldSource", "MappedRow", "RowError"]

_EMPTY: Final = ("omit", "null", "text")
_ENTRIES: Final = (
    *("record_type", "source_system", "source_id", "time_zone", "files", "fields"),
    "sync",  # of `muniment sync`: intake/following.py
)
_OF_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "format": ("date", "instant"),
    "time_zone": ("instant",),
    "decimal": ("decimal",),
    "thousands": ("decimal", "integer"),
    "true": ("boolean",),
    "false": ("boolean",),
}
_KEYS: Final = ("column", "values", "empty", "kind", *_OF_KINDS)
_THOUSANDS: Final = (",", ".", " ", "'", "\u2019", "\u00a0", "\u202f", "_")


class RowError(InvalidInputError):
    """A row cannot become a record: `column` or `field` is the reason, the value is withheld."""

    def __init__(self, column: str, expected: str, got: str) -> None:
        super().__init__(f"column {column!r}", expected, got)
        self.column = column


@dataclass(frozen=True, slots=True)
class MappedRow:
    """A row as a record will have it."""

    source_id: str
    fields: dict[str, JsonValue]
    attachments: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """A mapping of one source: see the module. `fields` None takes all columns as they are."""

    source_id: str
    fields: Mapping[str, FieldSource] | None = None
    source_system: str | None = None
    record_type: str | None = None
    files: Path | None = None
    _plans: list[tuple[RecordType, Plan]] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def load(cls, path: Path) -> FieldMapping:
        """Read a mapping file. Raises `InvalidInputError` that names the entry that is wrong."""
        values = entries_in(path)
        unknown = sorted(set(values) - set(_ENTRIES))
        if unknown:
            raise InvalidInputError(
                f"mapping {unknown[0]}", f"one of {', '.join(_ENTRIES)}", "unknown"
            )
        source_id = _text(values, "source_id")
        if not source_id:
            raise InvalidInputError("mapping source_id", "a text with {columns}", "missing")
        fields = values.get("fields")
        if not isinstance(fields, dict) or not fields:
            raise InvalidInputError("mapping fields", "a table of fields", "missing")
        zone = _text(values, "time_zone")
        form = Form(zone=None if zone is None else zone_of(zone, "mapping time_zone"))
        sources = {name: _source(name, value, form) for name, value in fields.items()}
        files = _text(values, "files")
        return cls(
            source_id,
            sources,
            _text(values, "source_system"),
            _text(values, "record_type"),
            None if files is None else path.parent / files,
        )

    def columns_of_id(self) -> tuple[str, ...]:
        """Return the columns that make the source id, each once. `number` is one if it is there."""
        return tuple(dict.fromkeys(PLACEHOLDER.split(self.source_id)[1::2]))

    def columns(self) -> frozenset[str] | None:
        """Return all columns that are read, None where all are."""
        if self.fields is None:
            return None
        return frozenset((*self.columns_of_id(), *(each.column for each in self.fields.values())))

    def compile(self, record_type: RecordType, folder: Path | None = None) -> Plan:
        """Return what maps batches to content of a type.

        `folder` has the source's files, unless the mapping names one. Raises `InvalidInputError`
        for a field that the type does not have, or files without a folder.
        """
        return Plan(record_type, self.source_id, self.fields, self.files or folder)

    def apply(self, row: Row, record_type: RecordType) -> MappedRow:
        """Return one row as a record. Raises `RowError` that names the column."""
        if not self._plans or self._plans[0][0] is not record_type:
            self._plans[:] = [(record_type, self.compile(record_type))]
        columns = {name: [cell] for name, cell in row.cells.items()}
        mapped = self._plans[0][1].apply(Batch([row.number], [row.line], columns))
        for fault in mapped.faults:
            raise RowError(fault.column or "", fault.expected, fault.reason)
        return MappedRow(mapped.source_ids[0], mapped.fields[0], mapped.attachments[0])


def entries_in(path: Path) -> dict[str, Any]:
    """Return what a mapping file says, as it stands. Raises `InvalidInputError`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError(f"mapping {path}", "a readable file", what) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"mapping {path}", "TOML", f"not TOML: {error}") from error


def _text(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidInputError(f"mapping {name}", "a text", "something else")
    return value


def _source(name: str, value: Any, form: Form) -> FieldSource:
    entry = f"mapping fields.{name}"
    if isinstance(value, str):
        return FieldSource(value, form=form)
    if not isinstance(value, dict) or not isinstance(value.get("column"), str):
        raise InvalidInputError(entry, "a column's name, or a table", "another")
    unknown = sorted(set(value) - set(_KEYS))
    if unknown:
        raise InvalidInputError(f"{entry}.{unknown[0]}", f"one of {', '.join(_KEYS)}", "unknown")
    empty = value.get("empty")
    if empty is not None and empty not in _EMPTY:
        raise InvalidInputError(f"{entry}.empty", f"one of {', '.join(_EMPTY)}", repr(empty))
    values = value.get("values", {})
    if not isinstance(values, dict) or not all(isinstance(each, str) for each in values.values()):
        raise InvalidInputError(f"{entry}.values", "a table of texts", "another")
    kind = value.get("kind")
    if kind is not None and kind not in KINDS:
        raise InvalidInputError(f"{entry}.kind", f"one of {', '.join(KINDS)}", "another")
    for key, kinds in _OF_KINDS.items():
        if key in value and kind not in kinds:
            raise InvalidInputError(f"{entry}.{key}", f"kind = {' or '.join(kinds)}", "without")
    return FieldSource(value["column"], values, empty, kind, _form(entry, value, form))


def _form(entry: str, value: Mapping[str, Any], form: Form) -> Form:
    """The form of a field: what its table says, else the mapping's."""
    if "format" in value:
        formats = _texts(f"{entry}.format", value["format"])
        for each in formats:
            if not re.search(r"%[a-zA-Z]", each):
                raise InvalidInputError(f"{entry}.format", "strptime patterns", "another text")
        form = replace(form, formats=formats)
    if "time_zone" in value:
        zone = zone_of(str(value["time_zone"]), f"{entry}.time_zone")
        form = replace(form, zone=zone)
    decimal, thousands = value.get("decimal", "."), value.get("thousands", "")
    if decimal not in (".", ","):
        raise InvalidInputError(f"{entry}.decimal", '"." or ","', "another")
    clash = value.get("kind") == "decimal" and thousands == decimal
    if thousands and (thousands not in _THOUSANDS or clash):
        raise InvalidInputError(
            f"{entry}.thousands", "one of , . ' _ or a space, and not the decimal mark", "another"
        )
    form = replace(form, decimal=decimal, thousands=thousands)
    if value.get("kind") == "integer" and thousands == ".":
        # An integer has no decimal mark that the point could be.
        form = replace(form, decimal=",")
    if "true" in value:
        form = replace(form, true=frozenset(_texts(f"{entry}.true", value["true"])))
    if "false" in value:
        form = replace(form, false=frozenset(_texts(f"{entry}.false", value["false"])))
    if form.true & form.false:
        raise InvalidInputError(f"{entry}.true", "other words than those of false", "the same")
    return form


def _texts(entry: str, value: Any) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise InvalidInputError(entry, "a text or a list of texts", "another")
    return tuple(found)
