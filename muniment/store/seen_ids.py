# SPDX-License-Identifier: Apache-2.0
"""A filter over record ids: "certainly new" at once, "perhaps seen" for the database to decide.

A Bloom filter (Bloom 1970) with four probes, whose bits are taken from the id itself, since ids are
hashes. At 8 bits an id one of fifty new ids is looked up in vain; then the filter is made anew,
four times as large. So a register of ten million needs 16 MiB, whatever its ids are.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final

_numbers: Final = Struct(">4Q").unpack
_BITS_AN_ID: Final = 8


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

    def add(self, ids: Iterable[bytes]) -> None:
        """Add ids."""
        kept, mask = self._bytes, self._mask
        for each in ids:
            self._count += 1
            for number in _numbers(each):
                place = number & mask
                kept[place >> 3] |= 1 << (place & 7)

    def perhaps(self, ids: Iterable[bytes]) -> list[bytes]:
        """Return those that may have been added; of the others it is certain that they were not."""
        kept, mask = self._bytes, self._mask
        found = []
        for each in ids:
            for number in _numbers(each):
                place = number & mask
                if not kept[place >> 3] >> (place & 7) & 1:
                    break
            else:
                found.append(each)
        return found
