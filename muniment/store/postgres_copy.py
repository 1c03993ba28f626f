# SPDX-License-Identifier: Apache-2.0
"""Rows in the binary form of PostgreSQL's COPY, made column by column.

A third to a half of the text form's work for us, and less for the server: nothing is spelled out
and read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from operator import add
from struct import Struct
from typing import Any, Final

import sqlalchemy as sa

_START: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_NULL: Final = b"\xff\xff\xff\xff"
_TOGETHER: Final = 2_000
_size: Final = Struct(">i").pack
_number: Final = Struct(">iq").pack
_flag: Final = Struct(">i?").pack


def copied(table: sa.Table, rows: Sequence[Sequence[Any]]) -> Iterator[bytes]:
    """Yield rows, with values in the order of the table's columns, many at a time.

    Raises `struct.error` for a number of more than 64 bits.
    """
    forms = [_form(column) for column in table.columns]
    width = len(forms).to_bytes(2, "big")
    yield _START
    for start in range(0, len(rows), _TOGETHER):
        part = rows[start : start + _TOGETHER]
        values = zip(*part, strict=True)
        columns = [form(each) for form, each in zip(forms, values, strict=True)]
        yield b"".join(chain.from_iterable(zip(repeat(width, len(part)), *columns, strict=True)))
    yield _END


def _form(column: sa.Column[Any]) -> Callable[[Sequence[Any]], list[bytes]]:
    """What makes the values of a column: each its size and its bytes."""
    if isinstance(column.type, sa.BigInteger):
        return _numbers
    if isinstance(column.type, sa.Boolean):
        return _flags
    if isinstance(column.type, sa.LargeBinary):
        return _bytes
    if isinstance(column.type, sa.Text):
        return _texts
    raise TypeError(f"{column.name} is of none of the kinds of columns in `store/columns.py`")


def _numbers(values: Sequence[Any]) -> list[bytes]:
    if None in values:
        return [_NULL if each is None else _number(8, each) for each in values]
    return list(map(_number, repeat(8), values))


def _flags(values: Sequence[Any]) -> list[bytes]:
    return [_NULL if each is None else _flag(1, each) for each in values]


def _bytes(values: Sequence[Any]) -> list[bytes]:
    if None in values:
        return [_NULL if each is None else _size(len(each)) + each for each in values]
    sizes = map(_size, map(len, values))
    return list(map(add, sizes, values))


def _texts(values: Sequence[Any]) -> list[bytes]:
    return _bytes([None if each is None else each.encode() for each in values])
