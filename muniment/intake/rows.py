# SPDX-License-Identifier: Apache-2.0
"""Rows one by one, for callers that need few of them; whole registers go in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muniment.intake.batches import MISSING, Batch
from muniment.intake.sources import Source, format_of

__all__ = ["Row", "count_rows", "format_of", "read_rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the `line` it begins on (from 1), its `number` (from 1), and its cells by column.

    `fault` says why it cannot be read; then there are no cells.
    """

    line: int
    number: int
    cells: dict[str, Any]
    fault: str | None = None


def read_rows(path: Path, kind: str) -> Iterator[Row]:
    """Yield the rows of a file in order. Raises `InvalidInputError` for a file that is no such."""
    for batch in Source(kind, path).batches():
        yield from sorted(_rows(batch), key=lambda row: row.number)


def count_rows(path: Path, kind: str) -> int:
    """Return how many rows a file has."""
    return sum(len(batch.numbers) + len(batch.faults) for batch in Source(kind, path).batches())


def _rows(batch: Batch) -> Iterator[Row]:
    for fault in batch.faults:
        yield Row(fault.line, fault.number, {}, fault.reason)
    for place, (line, number) in enumerate(zip(batch.lines, batch.numbers, strict=True)):
        cells = {name: values[place] for name, values in batch.columns.items()}
        yield Row(line, number, {name: at for name, at in cells.items() if at is not MISSING})
