# SPDX-License-Identifier: Apache-2.0
"""Arrow columns of what the registry has: ids, times, names; made of whole batches at once.

An id is text of 0x and hexadecimal digits, as every command takes it; a time is a timestamp in UTC;
what has few values is a dictionary, which pandas calls a category.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from muniment.record.state import PLACES, RETAIN_FOREVER_DAY, Status

Words = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]

STATUSES: Final = [each.name.lower() for each in Status]
SECONDS: Final = pa.timestamp("s", tz="UTC")
MILLISECONDS: Final = pa.timestamp("ms", tz="UTC")
CATEGORY: Final = pa.dictionary(pa.int32(), pa.string())
_PREFIX: Final = np.frombuffer(b"0x", np.uint16)
_TYPE_BITS: Final = 28


def numbers(column: Any) -> Numbers:
    """Return an integer column as an array; nulls are 0."""
    return np.asarray(pc.fill_null(pc.cast(column, pa.int64()), 0), np.int64)


def raw(column: Any, width: int) -> Words:
    """Return a column of bytes of one width as rows of them."""
    if len(column) == 0:
        return np.empty((0, width), np.uint8)
    fixed = pc.cast(column, pa.binary(width))
    buffer = np.frombuffer(fixed.buffers()[1], np.uint8)
    start = fixed.offset * width
    return buffer[start : start + len(fixed) * width].reshape(-1, width)


def hex_text(rows: Words) -> Any:
    """Return bytes as text, 0x and two digits each; a column of strings."""
    count, width = rows.shape
    # Two letters are one number: half as many to move.
    digits = np.frombuffer(binascii.hexlify(np.ascontiguousarray(rows).data), np.uint16)
    text = np.empty((count, 1 + width), np.uint16)
    text[:, 0] = _PREFIX
    text[:, 1:] = digits.reshape(count, width)
    # 32-bit offsets, which every reader takes: a batch is far from two gigabytes.
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(2 + 2 * width)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def ids(column: Any, width: int = 32) -> Any:
    """Return a column of ids as text."""
    return hex_text(raw(column, width))


def seconds(values: Numbers | Any) -> Any:
    """Return Unix seconds as timestamps in UTC."""
    return pa.array(np.asarray(values, np.int64)).cast(SECONDS)


def milliseconds(values: Numbers | Any) -> Any:
    """Return Unix milliseconds as timestamps in UTC."""
    return pa.array(np.asarray(values, np.int64)).cast(MILLISECONDS)


def days(values: Numbers) -> Any:
    """Return day numbers as dates; null is for ever."""
    forever = values == RETAIN_FOREVER_DAY
    return pa.array(np.where(forever, 0, values), pa.int32(), mask=forever).cast(pa.date32())


def category(codes: Numbers, names: Sequence[str]) -> Any:
    """Return a dictionary column of places in `names`; those below 0 are null."""
    places = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(places, pa.array(list(names), pa.string()))


def text_or_null(column: Any) -> Any:
    """Return a text column in which what is empty is null."""
    text = pc.cast(column, pa.string())
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def bits(words: Words, name: str) -> Numbers:
    """Return a member of state words (32 bytes each): one that lies within 64 bits of them."""
    at, size = PLACES[name]
    lowest = at // 64 * 64
    if at + size > lowest + 64:
        raise ValueError(f"{name} does not lie within 64 bits")
    end = 32 - lowest // 8
    part = np.ascontiguousarray(words[:, end - 8 : end]).view(">u8").reshape(-1)
    return ((part >> np.uint64(at - lowest)) & np.uint64((1 << size) - 1)).astype(np.int64)


class IdSet:
    """Ids of 32 bytes, to be asked for many at once."""

    def __init__(self, parts: Iterable[Words]) -> None:
        """Take the ids, as rows of bytes."""
        rows = np.concatenate([np.empty((0, 32), np.uint8), *parts])
        keys = _leading(rows)
        order = np.argsort(keys, kind="stable")
        self._keys, self._rows = keys[order], rows[order]
        # Ids are hashes: that two begin with the same eight bytes is not to be expected, but right.
        runs = np.unique(self._keys, return_counts=True)[1]
        self._longest = int(runs.max(initial=0))

    def among(self, rows: Words) -> npt.NDArray[np.bool_]:
        """Say of each id whether it is one of them."""
        found = np.zeros(len(rows), bool)
        wanted = _leading(rows)
        # Ascending, each search begins where the last one was.
        order = np.argsort(wanted, kind="stable")
        first = np.searchsorted(self._keys, wanted[order])
        for step in range(self._longest):
            there = np.flatnonzero(first + step < len(self._keys))
            there = there[self._keys[first[there] + step] == wanted[order[there]]]
            same = (self._rows[first[there] + step] == rows[order[there]]).all(axis=1)
            found[order[there[same]]] = True
        return found


def _leading(rows: Words) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(rows[:, :8]).view(">u8").reshape(-1).astype(np.uint64)


class TypeNames:
    """Names of record types by agency, number and version, for whole columns at once."""

    def __init__(self, names: Mapping[tuple[int, int, int], str]) -> None:
        """Take the names."""
        self.names = sorted(set(names.values()))
        codes = {name: code for code, name in enumerate(self.names)}
        pairs = sorted((_key(*each), codes[name]) for each, name in names.items())
        self._keys = np.array([key for key, _ in pairs], np.int64)
        self._codes = np.array([code for _, code in pairs], np.int64)

    def of(self, agencies: Numbers, types: Numbers, versions: Numbers) -> Any:
        """Return the names as a dictionary column; null where there is none."""
        wanted = (agencies << _TYPE_BITS) | (types << 12) | versions
        if not len(self._keys):
            return category(np.full(len(wanted), -1, np.int64), self.names)
        places = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        codes = np.where(self._keys[places] == wanted, self._codes[places], -1)
        return category(codes, self.names)


def _key(agency: int, type_id: int, version: int) -> int:
    return agency << _TYPE_BITS | type_id << 12 | version
