# SPDX-License-Identifier: Apache-2.0
"""Row digests: each of the agency's own rows says what it was when it was written.

`row_digest` = SHA-256("muniment/row/v1\\0" || table name || for each other column in order of the
table: its name and its value, each as length (8 bytes) and bytes). It is no signature: whoever may
write the database may write digests too. It names damage; what an attacker changes shows against
chain, vault and key store (`muniment fsck`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, Final

import sqlalchemy as sa

_TAG: Final = b"muniment/row/v1\0"
DIGEST: Final = "row_digest"
_REPEATING: Final = frozenset({str, int, bool, type(None)})


def row_digest(table: sa.Table, row: Mapping[str, Any] | sa.RowMapping) -> bytes:
    """Return the digest (32 bytes) of a whole row. Raises `KeyError` for a missing column."""
    parts = [_TAG, table.name.encode()]
    for name, named in _columns(table):
        value = row[name]
        parts.append(named)
        # Rows repeat names, states and small numbers; what is of bytes is another one each time.
        parts.append(_repeated(value) if type(value) in _REPEATING else _framed(value))
    return hashlib.sha256(b"".join(parts)).digest()


@cache
def _columns(table: sa.Table) -> tuple[tuple[str, bytes], ...]:
    """The names that are digested, and how each is."""
    names = [column.name for column in table.columns if column.name != DIGEST]
    return tuple((name, len(name.encode()).to_bytes(8, "big") + name.encode()) for name in names)


def with_digest(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row as it is stored: with its digest."""
    return {**row, DIGEST: row_digest(table, row)}


def is_intact(table: sa.Table, row: Mapping[str, Any] | sa.RowMapping) -> bool:
    """Whether a stored row is what was written."""
    return bytes(row[DIGEST]) == row_digest(table, row)


def _framed(value: Any) -> bytes:
    encoded = _encoded(value)
    return len(encoded).to_bytes(8, "big") + encoded


@lru_cache(maxsize=4096, typed=True)
def _repeated(value: Any) -> bytes:
    # By type, too: 1 equals True.
    return _framed(value)


def _encoded(value: Any) -> bytes:
    # The first byte tells the type, so that "1" and 1 and null differ.
    kind = type(value)
    if kind is str:
        text: str = value
        return b"s" + text.encode()
    if kind is int:
        return b"i%d" % value
    if value is None:
        return b"n"
    if kind is bool:
        return b"b1" if value else b"b0"
    # Enumerations are the texts or numbers that they stand for.
    if isinstance(value, str):
        return b"s" + str(value).encode()
    if isinstance(value, int):
        return b"i%d" % int(value)
    return b"x" + bytes(value)
