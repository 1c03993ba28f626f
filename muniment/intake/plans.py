# SPDX-License-Identifier: Apache-2.0
"""Plans: a mapping made ready for a record type, applied to whole batches.

Each column is converted at once: most by C loops over the list, the others through a table of the
texts that came before. A row costs one dictionary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.intake.batches import MISSING, Batch, RowFault
from muniment.intake.kinds import (
    Form,
    schema_text_reader,
    schema_value_reader,
    text_reader,
    value_reader,
)
from muniment.intake.refusals import OMITTED, Refusal
from muniment.record.canonical import MAX_INTEGER, JsonValue
from muniment.record.schema import property_schema
from muniment.record.types import FILE_REFERENCE, RecordType

PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
"""A column in a source id."""
_CACHED: Final = 1 << 15
_NO_ID: Final = Refusal("empty or missing", "a value: the source id is made of it")
_NO_COLUMN: Final = Refusal("missing", "a column of the file")
NO_FILES: Final[Mapping[str, Path]] = {}


@dataclass(frozen=True, slots=True)
class FieldSource:
    """Where a field comes from: its `column`, other `values` for some texts, what `empty` means
    (None: omit, and a JSON row must have the member), its `kind` (None: by the schema) and the
    `form` of its texts."""

    column: str
    values: Mapping[str, str] = field(default_factory=dict)
    empty: str | None = None
    kind: str | None = None
    form: Form = field(default_factory=Form)


@dataclass(frozen=True)
class MappedBatch:
    """The good rows of a batch as content: lists of one length. `columns` are the values by field,
    `OMITTED` where a row leaves it out, `attachments` files by field. `faults` are the other rows,
    those that could not be read among them, in order."""

    source_ids: list[str]
    columns: dict[str, list[Any]]
    attachments: list[Mapping[str, Path]]
    lines: list[int]
    numbers: list[int]
    faults: list[RowFault]

    @cached_property
    def fields(self) -> list[dict[str, JsonValue]]:
        """The content of each row."""
        names = list(self.columns)
        if not names:
            return [{} for _ in self.source_ids]
        rows = [dict(zip(names, row)) for row in zip(*self.columns.values())]  # noqa: B905
        for name, cells in self.columns.items():
            if OMITTED in cells:
                for row, cell in zip(rows, cells, strict=True):
                    if cell is OMITTED:
                        del row[name]
        return rows


class Plan:
    """What makes content of a record type of batches; made by `FieldMapping.compile`."""

    def __init__(
        self,
        record_type: RecordType,
        source_id: str,
        fields: Mapping[str, FieldSource] | None,
        folder: Path | None,
    ) -> None:
        self._record_type = record_type
        self._schema: dict[str, Any] = json.loads(record_type.schema)
        self._id_parts = PLACEHOLDER.split(source_id)
        self._folder = folder
        self._open = fields is None
        self._columns: dict[str, _Column] = {}
        for name, source in (fields or {}).items():
            self._columns[name] = self._column(name, source)

    @property
    def has_files(self) -> bool:
        """Whether a field's column names files."""
        return any(column.is_file for column in self._columns.values())

    def column_of(self, name: str) -> str | None:
        """Return the column that a field comes from, None for another field."""
        if self._open:
            return name
        found = self._columns.get(name)
        return None if found is None else found.source.column

    def require_columns(self, there: Collection[str]) -> None:
        """Raise `InvalidInputError` where the columns of a table, known from its head, lack one."""
        needed = [part for part in self._id_parts[1::2] if part != "number"]
        needed += [column.source.column for column in self._columns.values()]
        lacking = [name for name in dict.fromkeys(needed) if name not in there]
        if lacking:
            raise InvalidInputError(
                "mapping",
                f"columns that the source has: {', '.join(map(repr, there))}",
                f"{', '.join(map(repr, lacking))}, which it has not",
            )

    def source_ids(self, batch: Batch) -> list[str | None]:
        """Return the source id of each row, None where it has none."""
        refused: dict[int, tuple[str, Refusal]] = {}
        ids = self._ids(batch, refused)
        return [None if place in refused else each for place, each in enumerate(ids)]

    def apply(self, batch: Batch) -> MappedBatch:
        """Return the batch as content, and the faults of rows that are none: one a row."""
        rows = len(batch.numbers)
        refused: dict[int, tuple[str, Refusal]] = {}
        ids = self._ids(batch, refused)
        made: dict[str, list[Any]] = {}
        files: dict[str, list[Any]] = {}
        for name, column in self._of(batch).items():
            values = batch.columns.get(column.source.column)
            cells = column.convert([MISSING] * rows if values is None else values, batch)
            if column.refused:
                for place, cell in enumerate(cells):
                    if type(cell) is Refusal:
                        refused.setdefault(place, (column.source.column, cell))
            if column.is_file:
                files[name] = cells
                continue
            made[name] = cells
        attachments = _attachments(files, rows)
        if not refused:
            return MappedBatch(
                ids, made, attachments, batch.lines, batch.numbers, list(batch.faults)
            )
        good = [place for place in range(rows) if place not in refused]
        faults = [
            RowFault(batch.lines[place], batch.numbers[place], column, why.reason, why.expected)
            for place, (column, why) in refused.items()
        ]
        return MappedBatch(
            [ids[place] for place in good],
            {name: [cells[place] for place in good] for name, cells in made.items()},
            [attachments[place] for place in good],
            [batch.lines[place] for place in good],
            [batch.numbers[place] for place in good],
            sorted([*batch.faults, *faults], key=lambda fault: fault.number),
        )

    def _of(self, batch: Batch) -> dict[str, _Column]:
        if not self._open:
            return self._columns
        for name in batch.columns:
            if name not in self._columns:
                self._columns[name] = self._column(name, FieldSource(name, empty="omit"))
        return {name: self._columns[name] for name in batch.columns}

    def _column(self, name: str, source: FieldSource) -> _Column:
        if source.kind == "file":
            return self._file_column(name, source)
        if source.kind is not None:
            texts, values = (
                text_reader(source.kind, source.form),
                value_reader(source.kind, source.form),
            )
            plain = source.kind if not source.form.thousands else ""
            return _Column(source, texts, values, plain)
        try:
            schema = property_schema(self._schema, name)
        except InvalidInputError as error:
            if not self._open:
                raise InvalidInputError(
                    f"mapping fields.{name}",
                    f"a field of record type {self._record_type.name!r}",
                    "not one",
                ) from error
            undeclared = Refusal("not of the schema", error.expected)
            return _Column(
                source, lambda _: undeclared, schema_value_reader(frozenset(), None, source.form)
            )
        if isinstance(schema, dict) and schema.get("$ref") == FILE_REFERENCE and not self._open:
            return self._file_column(name, source)
        kinds = schema.get("type", "string") if isinstance(schema, dict) else "string"
        wanted = frozenset(map(str, kinds) if isinstance(kinds, list) else [str(kinds)])
        format_ = str(schema.get("format")) if isinstance(schema, dict) else None
        plain = ""
        if wanted <= {"string", "null"} and format_ not in ("decimal", "date", "date-time"):
            plain = "text" if "string" in wanted else ""
        elif wanted <= {"integer", "null"}:
            plain = "integer"
        return _Column(
            source,
            schema_text_reader(wanted, format_, source.form),
            schema_value_reader(wanted, format_, source.form),
            plain,
        )

    def _file_column(self, name: str, source: FieldSource) -> _Column:
        if name not in self._record_type.file_fields:
            raise InvalidInputError(f"mapping fields.{name}", "a file field of the type", "another")
        if self._folder is None:
            raise InvalidInputError("mapping files", "the folder of the files", "missing")
        folder = self._folder.resolve()
        return _Column(
            source,
            lambda text: _file(folder, text),
            value_reader("file", source.form),
            is_file=True,
        )

    def _ids(self, batch: Batch, refused: dict[int, tuple[str, Refusal]]) -> list[str]:
        rows = len(batch.numbers)
        parts: list[Sequence[str]] = []
        for place, part in enumerate(self._id_parts):
            if place % 2 == 0:
                if part:
                    parts.append([part] * rows)
            elif part == "number":
                parts.append(list(map(str, batch.numbers)))
            else:
                values = batch.columns.get(part)
                cells: list[Any] = [MISSING] * rows if values is None else values
                if set(map(type, cells)) != {str}:
                    cells = list(map(text_of_id, cells))
                if "" in cells or any(type(cell) is Refusal for cell in cells):
                    for row, cell in enumerate(cells):
                        if type(cell) is Refusal or cell == "":
                            why = cell if type(cell) is Refusal else _NO_ID
                            refused.setdefault(row, (part, why))
                    cells = [cell if type(cell) is str else "" for cell in cells]
                parts.append(cells)
        if len(parts) == 1:
            return list(parts[0])
        return list(map("".join, zip(*parts))) if parts else [""] * rows  # noqa: B905


class _Column:
    """Converts the cells of one field. `refused` says that some may have been refused."""

    def __init__(
        self,
        source: FieldSource,
        texts: Callable[[str], Any],
        values: Callable[[Any], Any],
        plain: str = "",
        *,
        is_file: bool = False,
    ) -> None:
        self.source = source
        self.is_file = is_file
        self.refused = False
        self._texts = texts
        self._values = values
        self._plain = plain
        self._empty = None if source.empty == "null" else OMITTED
        self._cache = _Cache(self._of_text)

    def convert(self, cells: list[Any], batch: Batch) -> list[Any]:
        """Return the values of the cells."""
        types = set(map(type, cells))
        if types == {str}:
            return self._fast_texts(cells) or list(map(self._cache.__getitem__, cells))
        if types == {int} and self._plain == "integer" and _all_small(cells):
            return cells
        # Some sources give what comes again as the same object, which becomes the same again.
        once = dict(zip(map(id, cells), cells))  # noqa: B905  (of one length)
        if 2 * len(once) > len(cells):
            return [self._of(cell, batch) for cell in cells]
        made = {place: self._of(cell, batch) for place, cell in once.items()}
        return [made[id(cell)] for cell in cells]

    def _of(self, cell: Any, batch: Batch) -> Any:
        return self._cache[cell] if type(cell) is str else self._of_value(cell, batch)

    def _fast_texts(self, cells: list[str]) -> list[Any] | None:
        if self.source.values:
            return None
        if self._plain == "text" and "".join(cells).isascii():
            if "" not in cells or self.source.empty == "text":
                return cells
            return [cell or self._empty for cell in cells]
        if self._plain == "integer":
            try:
                numbers = list(map(int, cells))
            except ValueError:
                return None
            # int() takes more than our integers: spaces, underscores, leading zeros.
            if _all_small(numbers) and list(map(str, numbers)) == cells:
                return numbers
        return None

    def _of_text(self, text: str) -> Any:
        if text == "" and self.source.empty != "text":
            return self._empty
        return self._noted(self._texts(self.source.values.get(text, text)))

    def _of_value(self, cell: Any, batch: Batch) -> Any:
        if cell is MISSING:
            if self.source.empty is None:
                return self._noted(_NO_COLUMN)
            return self._empty
        if cell is None:
            if batch.null_is_empty:
                return self._empty
            return None
        return self._noted(self._values(cell))

    def _noted(self, value: Any) -> Any:
        if type(value) is Refusal:
            self.refused = True
        return value


class _Cache(dict[str, Any]):
    """What texts became, for those that come again."""

    def __init__(self, of: Callable[[str], Any]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, text: str) -> Any:
        if len(self) >= _CACHED:
            self.clear()
        value = self._of(text)
        if len(text) <= 256:
            self[text] = value
        return value


def _all_small(numbers: list[int]) -> bool:
    return min(numbers) >= -MAX_INTEGER and max(numbers) <= MAX_INTEGER


def text_of_id(cell: Any) -> str | Refusal:
    """Return a cell as it stands in a source id."""
    if type(cell) is str:
        return cell
    if cell is None or cell is MISSING:
        return _NO_ID
    text: str | Refusal = value_reader("text", Form())(cell)
    return text


def _file(folder: Path, text: str) -> Path | Refusal:
    try:
        path = (folder / text).resolve()
        if not path.is_relative_to(folder):
            return Refusal("a path out of the folder of files", "a path within it")
        if not path.is_file():
            return Refusal("no file at this path", "a file in the folder of files")
    except (OSError, ValueError, RuntimeError):
        return Refusal("no path that can be read", "a file in the folder of files")
    return path


def _attachments(files: Mapping[str, list[Any]], rows: int) -> list[Mapping[str, Path]]:
    if not files:
        return [NO_FILES] * rows
    return [
        {name: paths[place] for name, paths in files.items() if isinstance(paths[place], Path)}
        for place in range(rows)
    ]
