# SPDX-License-Identifier: Apache-2.0
"""CSV and TSV: cells between delimiters, quoted where need be, under one line of column names."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.intake.batches import BATCH_ROWS, LONGEST_CELL, Batch, RowFault
from muniment.intake.text_blocks import LONGEST_LINE, Block, blocks, has_broken, line_ends_in

DELIMITERS: Final = {"csv": ",", "tsv": "\t"}
_MEBIBYTE: Final = 1 << 20
_SLICE_TEXT: Final = 1 << 22
_TOO_LONG: Final = "field larger than field limit"


class _LongLineError(Exception):
    """The next line is longer than any may be."""

    def __init__(self, block: Block) -> None:
        self.block = block


class _Lines:
    """The lines of a file, as csv asks for them; the blocks since `forget` are at hand again."""

    def __init__(self, path: Path) -> None:
        self._blocks = blocks(path)
        self.kept: list[Block] = []
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        for block in self._blocks:
            if block.too_long:
                raise _LongLineError(block)
            self.kept.append(block)
            self.read += len(block.text)
            yield from block.lines()

    def forget(self) -> None:
        """Keep only the block that is being read."""
        del self.kept[:-1]

    def quotes(self, first: int, last: int) -> int:
        """Return how many quotes are in the lines from `first` to `last`, of blocks kept."""
        found = 0
        for block in self.kept:
            for line, text in enumerate(block.lines(), block.first_line):
                if first <= line <= last:
                    found += text.count('"')
        return found

    @property
    def suspect(self) -> bool:
        return any(block.suspect for block in self.kept)


class _Reader:
    """The rows of a delimited file and where they begin.

    One csv reader goes through all lines, since only it can say where a quoted cell ends. What it
    refuses is told by the row; it goes on with the line after.
    """

    def __init__(self, path: Path, delimiter: str) -> None:
        csv.field_size_limit(LONGEST_CELL)
        self._delimiter = delimiter
        self._lines = _Lines(path)
        self._before = 0
        self._long: Block | None = None
        self._open()
        self.next_line = 1

    def _open(self) -> None:
        self._source = iter(self._lines)
        self._csv = csv.reader(self._source, delimiter=self._delimiter, strict=True)

    @property
    def _line(self) -> int:
        return self._before + self._csv.line_num

    def take(self, most: int) -> tuple[list[list[str]], list[int], str | None, bool]:
        """Return rows, the lines that they begin on, why the row after cannot be read, the end.

        The row that cannot be read begins on `next_line`, and `resume` goes past it.
        """
        self._lines.forget()
        rows: list[list[str]] = []
        fault, end = None, False
        try:
            # What list.extend has when the reader raises stays in the list.
            rows.extend(islice(self._csv, most))
            end = len(rows) < most
        except csv.Error as error:
            fault = str(error)
        except _LongLineError as error:
            fault = f"a line longer than {LONGEST_LINE // _MEBIBYTE} MiB"
            self._long = error.block
        return rows, self._places(rows, fault is None), fault, end

    def _places(self, rows: list[list[str]], whole: bool) -> list[int]:
        first, after = self.next_line, self._line + 1
        if whole and after - first == len(rows):
            self.next_line = after
            return list(range(first, after))
        places = []
        for row in rows:
            places.append(first)
            first += 1 + sum(line_ends_in(cell) for cell in row if "\n" in cell or "\r" in cell)
        self.next_line = first
        return places

    def resume(self, fault: str) -> None:
        """Go past the row that cannot be read, which began on `next_line`."""
        quotes = 0
        if fault.startswith(_TOO_LONG):
            quotes = self._lines.quotes(self.next_line, self._line)
        elif self._long is not None:
            quotes = self._lines.quotes(self.next_line, self._long.first_line - 1)
            quotes += self._pass_long(self._long)
        # The rest of a quoted cell is no rows: an odd number of quotes leaves one open.
        while quotes % 2:
            try:
                line = next(self._source, None)
            except _LongLineError as error:
                quotes += self._pass_long(error.block)
                continue
            if line is None:
                break
            self._before += 1
            quotes += line.count('"')
            self._lines.forget()
        self.next_line = self._line + 1

    def _pass_long(self, block: Block) -> int:
        # The iterator that raised is at its end, and csv's with it.
        self._long = None
        self._before = block.first_line
        self._open()
        return block.quotes

    @property
    def suspect(self) -> bool:
        return self._lines.suspect

    @property
    def read(self) -> int:
        return self._lines.read


def read_delimited(path: Path, delimiter: str) -> Iterator[Batch]:
    """Yield the batches of a CSV or TSV file: columns of text, as the header names them.

    Blank lines are no rows. Rows with other than the header's number of cells, cells of more than
    `LONGEST_CELL`, broken quotes, NUL or bytes that are no UTF-8 are faults. Raises
    `InvalidInputError` for a file without a header, or with a column twice.
    """
    reader = _Reader(path, delimiter)
    header = _header(path, reader)
    number, most, end = 1, 64, False
    rows: list[list[str]] = []
    places: list[int] = []
    faults: list[RowFault] = []
    numbers: list[int] = []
    since = 0
    while not end:
        before = reader.read
        some, lines, fault, end = reader.take(min(most, BATCH_ROWS - len(rows)))
        number = _sort(header, some, lines, number, reader.suspect, (rows, places, numbers, faults))
        if fault is not None:
            faults.append(RowFault(reader.next_line, number, None, *_told(fault)))
            number += 1
            reader.resume(fault)
        # So that rows with great cells do not fill the memory.
        text = reader.read - before
        since += text
        most = max(1, most // 4) if text > _SLICE_TEXT else min(BATCH_ROWS, most * 2)
        if len(rows) + len(faults) >= BATCH_ROWS or since > 4 * _SLICE_TEXT or end:
            if rows or faults:
                yield Batch(numbers, places, _columns(header, rows), faults)
            rows, places, numbers, faults, since = [], [], [], [], 0


def _columns(header: list[str], rows: list[list[str]]) -> dict[str, list[Any]]:
    if not rows:
        return {name: [] for name in header}
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def _sort(
    header: list[str],
    some: list[list[str]],
    lines: list[int],
    number: int,
    suspect: bool,
    to: tuple[list[list[str]], list[int], list[int], list[RowFault]],
) -> int:
    """Put good rows and faults where they belong; return the number of the row after."""
    rows, places, numbers, faults = to
    width = len(header)
    if not suspect and set(map(len, some)) <= {width}:
        rows += some
        places += lines
        numbers += range(number, number + len(some))
        return number + len(some)
    for row, line in zip(some, lines, strict=True):
        if not row:
            continue
        if len(row) != width:
            expected = f"{width} cells, as the header has"
            what = f"{len(row)} cells where the header has {width}"
            faults.append(RowFault(line, number, None, what, expected))
        elif suspect and (broken := _broken_cell(header, row)) is not None:
            column, what = broken
            faults.append(RowFault(line, number, column, what, "text in UTF-8"))
        else:
            rows.append(row)
            places.append(line)
            numbers.append(number)
        number += 1
    return number


def _broken_cell(header: list[str], row: list[str]) -> tuple[str, str] | None:
    if not has_broken("".join(row)):
        return None
    column, cell = next(pair for pair in zip(header, row, strict=True) if has_broken(pair[1]))
    return column, "a NUL in the text" if "\0" in cell else "no UTF-8 text"


def _told(fault: str) -> tuple[str, str]:
    if fault.startswith(_TOO_LONG):
        most = f"{LONGEST_CELL // _MEBIBYTE} MiB"
        return f"a cell longer than {most}", f"cells of at most {most}; greater ones as files"
    if fault.startswith("a line longer"):
        return fault, f"lines of at most {LONGEST_LINE // _MEBIBYTE} MiB"
    if fault == "unexpected end of data":
        return "no CSV: a quote that is opened and never closed", "each quote closed"
    return f"no CSV: {fault}", "cells quoted as RFC 4180 says"


def _header(path: Path, reader: _Reader) -> list[str]:
    header: list[str] = []
    fault: str | None = None
    rows, _, fault, _ = reader.take(1)
    if fault is not None:
        raise InvalidInputError("header", "one line of column names", fault)
    header = rows[0] if rows else []
    if not header:
        raise InvalidInputError("header", "one line of column names", "none")
    if any(map(has_broken, header)):
        raise InvalidInputError(
            f"header of {path}, line 1", "UTF-8 text", "other bytes", remedy="convert the file"
        )
    if len(set(header)) != len(header):
        double = next(name for name in header if header.count(name) > 1)
        raise InvalidInputError("header", "each column once", f"one with {double!r} twice")
    return header


def count_delimited(path: Path, delimiter: str) -> int | None:
    """Return how many rows the file has, None where only reading it all would tell.

    Raises `InvalidInputError` for a file that cannot be opened.
    """
    found, last = 0, ""
    for block in blocks(path):
        if block.too_long or '"' in block.text or _has_blank_line(block.text):
            return _count_slowly(path, delimiter)
        found += line_ends_in(block.text)
        last = block.text[-1:]
    return max(0, found - (last in ("\n", "\r") or not last))


def _has_blank_line(text: str) -> bool:
    return text.startswith(("\n", "\r")) or any(ends in text for ends in ("\n\n", "\n\r", "\r\r"))


def _count_slowly(path: Path, delimiter: str) -> int | None:
    if path.stat().st_size > 64 * _MEBIBYTE:
        return None
    batches: Iterable[Batch] = read_delimited(path, delimiter)
    return sum(len(batch.numbers) + len(batch.faults) for batch in batches)
