# SPDX-License-Identifier: Apache-2.0
"""NDJSON: one JSON object a line.

Numbers with a fraction become `Decimal` with the digits that stand there; whether a record can
hold them is the mapping's to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from muniment.intake.batches import BATCH_ROWS, LONGEST_CELL, MISSING, Batch, RowFault
from muniment.intake.text_blocks import LONGEST_LINE, Block, blocks, has_broken, line_ends_in

_BATCH_TEXT: Final = 1 << 24
_OBJECT: Final = "one JSON object (RFC 8259)"


class _RefusedError(ValueError):
    """JSON that one reader takes so and another otherwise."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RefusedError("a name that is there more than once")
    return members


def _constant(_: str) -> Any:
    raise _RefusedError("NaN or Infinity, which is no JSON")


def _integer(text: str) -> int:
    # int() takes quadratic time; no record holds integers of more than 16 digits.
    return int(text) if len(text) < 32 else 1 << 100


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_float=Decimal,
    parse_int=_integer,
    parse_constant=_constant,
)


def read_ndjson(path: Path) -> Iterator[Batch]:
    """Yield the batches of an NDJSON file, with all members of their objects as columns.

    Blank lines are no rows. A line that is no object, has a name twice, NaN, or bytes that are no
    UTF-8 is a fault. Raises `InvalidInputError` for a file that cannot be opened.
    """
    number, text_read = 1, 0
    rows: list[dict[str, Any]] = []
    places: list[int] = []
    numbers: list[int] = []
    faults: list[RowFault] = []
    for block in blocks(path):
        text_read += len(block.text)
        for line, text in _lines(block):
            value, reason = _read(block, text)
            if reason is None:
                rows.append(value)
                places.append(line)
                numbers.append(number)
            else:
                faults.append(RowFault(line, number, None, reason, _OBJECT))
            number += 1
            if len(rows) + len(faults) == BATCH_ROWS:
                yield Batch(numbers, places, _columns(rows), faults)
                rows, places, numbers, faults, text_read = [], [], [], [], 0
        if text_read > _BATCH_TEXT and (rows or faults):
            yield Batch(numbers, places, _columns(rows), faults)
            rows, places, numbers, faults, text_read = [], [], [], [], 0
    if rows or faults:
        yield Batch(numbers, places, _columns(rows), faults)


def count_ndjson(path: Path) -> int:
    """Return how many lines that are not blank the file has."""
    found = 0
    for block in blocks(path):
        if "\n\n" in block.text or "\r" in block.text or " " in block.text[:1] or block.too_long:
            found += sum(1 for _ in _lines(block))
        else:
            found += line_ends_in(block.text.strip("\n")) + bool(block.text.strip())
    return found


def _lines(block: Block) -> Iterator[tuple[int, str]]:
    if block.too_long:
        yield block.first_line, ""
    for line, text in enumerate(block.lines(), block.first_line):
        if not text.isspace():
            yield line, text


def _read(block: Block, text: str) -> tuple[Any, str | None]:
    """Return the object on a line, or why there is none."""
    if block.too_long:
        return None, f"a line longer than {LONGEST_LINE >> 20} MiB"
    if block.suspect and has_broken(text):
        return None, "a NUL in the text" if "\0" in text else "no UTF-8 text"
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return None, f"no JSON: {error.msg} at character {error.pos + 1}"
    except _RefusedError as error:
        return None, str(error)
    except RecursionError:
        return None, "JSON that is nested too deeply"
    if type(value) is not dict:
        return None, "no JSON object"
    if len(text) > LONGEST_CELL and any(
        isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in value.values()
    ):
        return None, f"a value longer than {LONGEST_CELL >> 20} MiB"
    return value, None


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name, MISSING) for row in rows] for name in names}
