# SPDX-License-Identifier: Apache-2.0
"""Rows of files: CSV with a header, and NDJSON. Each knows its line; a bad one does not stop the
others."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from muniment.errors import InvalidInputError, InvalidJsonError
from muniment.record.canonical import parse

FORMATS: Final = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
_LONGEST_CELL: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the `line` it begins on (from 1), its `number` (from 1), and its cells by column.

    `fault` says why it cannot be read; then there are no cells.
    """

    line: int
    number: int
    cells: dict[str, Any]
    fault: str | None = None


def format_of(path: Path, named: str | None = None) -> str:
    """Return the format of a file: as named, else by its ending. Raises `InvalidInputError`."""
    found = named or FORMATS.get(path.suffix.lower())
    if found not in set(FORMATS.values()):
        raise InvalidInputError("format", "csv or ndjson", repr(named or path.suffix))
    return found


def read_rows(path: Path, kind: str) -> Iterator[Row]:
    """Yield the rows of a file in order. Raises `InvalidInputError` for a file that is no such."""
    try:
        file = path.open("r", encoding="utf-8-sig", newline="", errors="surrogateescape")
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError(f"file {path}", "a readable file", what) from error
    with file:
        yield from _csv(file) if kind == "csv" else _ndjson(file)


def count_rows(path: Path, kind: str) -> int:
    """Return how many rows a file has, for a progress bar."""
    return sum(1 for _ in read_rows(path, kind))


def _csv(file: io.TextIOWrapper) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(file, strict=True)
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise InvalidInputError("header", "one line of column names", str(error)) from error
    if not header:
        raise InvalidInputError("header", "one line of column names", "none")
    if len(set(header)) != len(header):
        double = next(name for name in header if header.count(name) > 1)
        raise InvalidInputError("header", "each column once", f"one with {double!r} twice")
    number, line = 0, reader.line_num + 1
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, number, {}, f"no CSV: {error}")
            line = reader.line_num + 1
            continue
        if cells and len(cells) != len(header):
            yield Row(line, number, {}, f"{len(cells)} cells where the header has {len(header)}")
        elif any(_is_broken(cell) for cell in cells):
            yield Row(line, number, {}, "no UTF-8 text")
        elif cells:
            yield Row(line, number, dict(zip(header, cells, strict=True)))
        else:
            number -= 1
        line = reader.line_num + 1


def _ndjson(file: io.TextIOWrapper) -> Iterator[Row]:
    number = 0
    for line, text in enumerate(file, 1):
        if not text.strip():
            continue
        number += 1
        if _is_broken(text):
            yield Row(line, number, {}, "no UTF-8 text")
            continue
        try:
            value = parse(text)
        except InvalidJsonError as error:
            yield Row(line, number, {}, str(error))
            continue
        if isinstance(value, dict):
            yield Row(line, number, value)
        else:
            yield Row(line, number, {}, "no JSON object")


def _is_broken(text: str) -> bool:
    # surrogateescape stands for bytes that are no UTF-8.
    return any("\ud800" <= character <= "\udfff" for character in text)
