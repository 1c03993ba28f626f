# SPDX-License-Identifier: Apache-2.0
"""A filter over record ids: "certainly new" at once, "perhaps seen" for the database to decide.

A Bloom filter (Bloom 1970) with two probes, whose bits are taken from the id itself, since ids are
hashes: what a probe costs is a line of memory that no cache has. At 12 bits an id one of forty new
ids is looked up in vain; then the filter is made anew, four times as large. So a register of ten
million needs 16 MiB, whatever its ids are.
"""

from __future__ import annotations

from collections.abc import Collection
from struct import Struct
from typing import Final

_numbers: Final = Struct(">QQ16x").iter_unpack
_BITS_AN_ID: Final = 12


class SeenIds:
    """Ids of 32 bytes that were added, approximately: none is ever forgotten."""

    def __init__(self, *, bits: int = 27) -> None:
        """Make an empty filter of 2**`bits` bits."""
        self._mask = (1 << bits) - 1
        self._bytes = bytearray(1 << (bits - 3))
        self._count = 0
        self.bits = bits

    @property
    def is_full(self) -> bool:
        """Whether it is time to make a larger one."""
        return self._count * _BITS_AN_ID > self._mask

    def add(self, ids: Collection[bytes]) -> None:
        """Add ids."""
        kept, mask = self._bytes, self._mask
        for first, second in _numbers(b"".join(ids)):
            place = first & mask
            kept[place >> 3] |= 1 << (place & 7)
            place = second & mask
            kept[place >> 3] |= 1 << (place & 7)
        self._count += len(ids)

    def perhaps(self, ids: Collection[bytes]) -> list[bytes]:
        """Return those that may have been added; of the others it is certain that they were not."""
        kept, mask = self._bytes, self._mask
        return [
            each
            for each, (first, second) in zip(ids, _numbers(b"".join(ids)), strict=True)
            if kept[(first & mask) >> 3] >> (first & 7) & 1
            and kept[(second & mask) >> 3] >> (second & 7) & 1
        ]
