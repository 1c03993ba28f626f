# SPDX-License-Identifier: Apache-2.0
"""Drafts: a mapping and a schema for a source, made from a sample, to be read and completed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final
from unicodedata import normalize

from muniment.errors import InvalidInputError
from muniment.intake.batches import MISSING
from muniment.intake.columnar import column_types
from muniment.intake.inference import Guess, guess_kind
from muniment.intake.plans import text_of_id
from muniment.intake.refusals import Refusal
from muniment.intake.sources import Source
from muniment.record.canonical import JsonValue
from muniment.record.schema import DRAFT

SAMPLE: Final = 10_000
_PAIRED: Final = 16
_SCHEMAS: Final[dict[str, dict[str, JsonValue]]] = {
    "decimal": {"type": "string", "format": "decimal"},
    "date": {"type": "string", "format": "date"},
    "instant": {"type": "string", "format": "date-time"},
    "text": {"type": "string"},
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A mapping (TOML with comments) and a schema (JSON) that go together."""

    mapping: str
    schema: str


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    field: str
    cells: list[Any]
    guess: Guess
    absent: int
    nulls: bool
    missing: bool

    @property
    def required(self) -> bool:
        return self.absent == 0 and self.guess.kind is not None


def draft(source: Source, name: str) -> Draft:
    """Return a mapping and a schema for record type `name` by the first `SAMPLE` rows of a source.

    Raises `InvalidInputError` for a source that cannot be read or has no rows.
    """
    cells: dict[str, list[Any]] = {}
    rows, null_is_empty = 0, False
    for batch in source.batches():
        for column, values in batch.columns.items():
            cells.setdefault(column, [MISSING] * rows).extend(values)
        rows += len(batch.numbers)
        null_is_empty = batch.null_is_empty
        for values in cells.values():
            values.extend([MISSING] * (rows - len(values)))
        if rows >= SAMPLE:
            break
    if not rows:
        raise InvalidInputError(f"source {source.name}", "rows to make a draft of", "without any")
    types: dict[str, Any] = {}
    if source.path is not None and source.format in ("parquet", "arrow"):
        types = column_types(source.path, source.format)
    fields = field_names(list(cells))
    columns = [
        _column(column, fields[column], values[:SAMPLE], str(types.get(column)), null_is_empty)
        for column, values in cells.items()
    ]
    return Draft(_mapping(source, name, columns, min(rows, SAMPLE)), _schema(name, columns))


def field_names(columns: Sequence[str]) -> dict[str, str]:
    """Return a field name for each column: lower case, hyphens between words, each once."""
    names: dict[str, str] = {}
    for place, column in enumerate(columns, 1):
        plain = re.sub(r"[\W_]+", "-", normalize("NFC", column).lower()).strip("-")
        stem = normalize("NFC", plain) or f"column-{place}"
        name, turn = stem, 2
        while name in names.values():
            name, turn = f"{stem}-{turn}", turn + 1
        names[column] = name
    return names


def _column(
    name: str,
    field: str,
    cells: list[Any],
    arrow_type: str,
    null_is_empty: bool,
) -> _Column:
    values = [cell for cell in cells if cell is not None and cell is not MISSING and cell != ""]
    nulls = None in cells and not null_is_empty
    empty = sum(1 for cell in cells if cell is MISSING or cell == "" or cell is None)
    absent = empty - (cells.count(None) if nulls else 0)
    guess = guess_kind(values, arrow_type)
    return _Column(name, field, cells, guess, absent, nulls, MISSING in cells)


def _mapping(source: Source, name: str, columns: Sequence[_Column], rows: int) -> str:
    source_id, note = _source_id(columns)
    lines = [
        f"# Draft of a mapping, from the first {rows:,} rows of {_comment(source.name)}.",
        "# Read it through: kinds are what these rows show, not what the columns mean.",
        f"record_type = {_toml(name)}",
        '# source_system = "…"    # else the profile says where source ids come from',
        f"# {note}",
        f"source_id = {_toml(source_id)}",
        "",
        "[fields]",
    ]
    for column in columns:
        remarks = [column.guess.note] if column.guess.note else []
        if 0 < column.absent < rows:
            remarks.append(f"empty in {column.absent:,} rows")
        table: dict[str, str | list[str]] = {"column": column.name}
        typed = any(type(cell) is not str and cell not in (None, MISSING) for cell in column.cells)
        kind = column.guess.kind
        if kind not in (None, "array", "object") and (kind != "text" or typed):
            table["kind"] = str(kind)
        table |= column.guess.entries
        if column.missing:
            table["empty"] = "omit"
        value = _toml(column.name) if len(table) == 1 else _table(table)
        entry = f"{_key(column.field)} = {value}"
        remark = f"    # {_comment('; '.join(remarks))}" if remarks else ""
        lines.append(f"{'# ' if kind is None else ''}{entry}{remark}")
    return "\n".join(lines) + "\n"


def _schema(name: str, columns: Sequence[_Column]) -> str:
    properties: dict[str, JsonValue] = {}
    for column in columns:
        kind = column.guess.kind
        if kind is None:
            continue
        part: dict[str, JsonValue] = dict(_SCHEMAS.get(kind, {"type": kind}))
        if column.nulls:
            part["type"] = [part["type"], "null"]
        properties[column.field] = part
    schema: dict[str, JsonValue] = {
        "$schema": DRAFT,
        "title": name,
        "type": "object",
        "required": [column.field for column in columns if column.required],
        "additionalProperties": False,
        "properties": properties,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _source_id(columns: Sequence[_Column]) -> tuple[str, str]:
    """The first column, or else pair, whose values are all there and each there once."""
    fitting = [
        (f"{{{column.name}}}", texts)
        for column in columns
        if not {"{", "}"} & set(column.name)
        and column.name not in ("", "number")
        and column.guess.kind in ("text", "integer", "date", "instant")
        and (texts := _texts(column.cells)) is not None
    ]
    for template, texts in fitting:
        if len(set(texts)) == len(texts):
            return template, "No two rows of the sample have the same."
    for (one, first), (other, second) in combinations(fitting[:_PAIRED], 2):
        joined = {f"{left}/{right}" for left, right in zip(first, second, strict=True)}
        if len(joined) == len(first):
            return f"{one}/{other}", "No two rows of the sample have the same pair."
    return (
        "{number}",
        "No column or pair tells rows apart. The row's number does while the file keeps its order.",
    )


def _texts(cells: list[Any]) -> list[str] | None:
    texts = [text_of_id(cell) for cell in cells]
    if any(isinstance(text, Refusal) or text == "" for text in texts):
        return None
    return [str(text) for text in texts]


# --- TOML -----------------------------------------------------------------------------------------


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: str | list[str]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON's texts are TOML's, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(values: dict[str, str | list[str]]) -> str:
    return "{ " + ", ".join(f"{key} = {_toml(value)}" for key, value in values.items()) + " }"


def _comment(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)
