# SPDX-License-Identifier: Apache-2.0
"""Leaf hashes of entry bundles, and which entries have a form that none may have.

A bundle is nearly always as it must be: 80 bytes an entry. Then it is hashed in slices and looked
at by NumPy; entry by entry only where it is not.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np

from muniment.errors import MunimentError
from muniment.journal.entry import ENTRY_BYTES, Entry
from muniment.journal.merkle import hash_leaf

STRIDE: Final = 2 + ENTRY_BYTES
_LENGTH: Final = bytes([ENTRY_BYTES])
_KINDS: Final = 2
_VERSIONS: Final = 1 << 12
_TIMES: Final = 1 << 36


def regular(bundle: bytes, width: int) -> bool:
    """Return whether a bundle begins with `width` entries of 78 bytes."""
    end = STRIDE * width
    return (
        len(bundle) >= end
        and bundle[0:end:STRIDE] == bytes(width)
        and bundle[1:end:STRIDE] == _LENGTH * width
    )


def leaf_hashes(bundle: bytes, width: int) -> bytes:
    """Return the joined leaf hashes of a regular bundle's first `width` entries."""
    sha256 = hashlib.sha256
    changed = bytearray(bundle[: STRIDE * width])
    # The length's second byte gives way to the leaf's prefix: one slice has both.
    changed[1::STRIDE] = bytes(width)
    whole = bytes(changed)
    return b"".join(
        [
            sha256(whole[at : at + 1 + ENTRY_BYTES]).digest()
            for at in range(1, STRIDE * width, STRIDE)
        ]
    )


def entries_in(bundle: bytes, width: int) -> list[bytes | None]:
    """Return a bundle's first `width` entries, None for those that it is too short for.

    Where a length is damaged and the bundle is not, the entry comes with its length, as another
    entry than it was, and those behind it are found all the same.
    """
    found: list[bytes | None] = []
    at = 0
    while len(found) < width:
        start = at + 2
        at = start + int.from_bytes(bundle[at:start], "big")
        if start > len(bundle) or at > len(bundle):
            break
        found.append(bundle[start:at])
    if len(found) < width and len(bundle) >= STRIDE * width:
        return [_strided(bundle[at : at + STRIDE]) for at in range(0, STRIDE * width, STRIDE)]
    return found + [None] * (width - len(found))


def _strided(whole: bytes) -> bytes:
    return whole[2:] if whole[:2] == ENTRY_BYTES.to_bytes(2, "big") else whole


def hash_of(entry: bytes | None) -> bytes | None:
    """Return an entry's leaf hash, None where there is no entry."""
    return None if entry is None else hash_leaf(entry)


def form_fault(entry: bytes) -> str:
    """Return what is wrong in the form of an entry (docs/spec/journals.md § 2), empty if nothing.

    Never what the entry says.
    """
    try:
        Entry.from_bytes(entry)
    except MunimentError as error:
        return f"{error.what}, not {error.expected}"
    return ""


def rows_of(bundles: bytes) -> Any:
    """Return regular bundles, joined, as an array of a row of 80 bytes for each entry."""
    return np.frombuffer(bundles, np.uint8).reshape(-1, STRIDE)


def is_sound(rows: Any, latest: Any) -> bool:
    """Return whether all entries have the form of one and claim no time after `latest`.

    `latest` has Unix seconds for each entry: when its seal was.
    """
    kinds, algorithms = rows[:, 2], rows[:, 3]
    types = _numbers(rows, 4, ">u2")
    versions = _numbers(rows, 6, ">u2")
    times = _numbers(rows, 8, ">u8")
    return bool(
        np.all((kinds >= 1) & (kinds <= _KINDS) & (algorithms >= 1) & (types >= 1))
        and np.all((versions >= 1) & (versions < _VERSIONS) & (times < _TIMES))
        and np.all(times <= latest)
    )


def registrations(rows: Any) -> Any:
    """Return for each entry whether it registers a record."""
    return rows[:, 2] == 1


def id_beginnings(rows: Any) -> Any:
    """Return the first eight bytes of each entry's local id, as numbers."""
    return _numbers(rows, 16, ">u8").astype(np.uint64)


def _numbers(rows: Any, at: int, kind: str) -> Any:
    size = np.dtype(kind).itemsize
    return np.ascontiguousarray(rows[:, at : at + size]).view(kind).ravel()
