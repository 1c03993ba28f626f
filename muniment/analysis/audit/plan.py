# SPDX-License-Identifier: Apache-2.0
"""What is audited, as every executor gets it: which journal, how far, and what its seals say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from muniment.analysis.audit.places import JournalPlace
from muniment.analysis.audit.subtrees import SIZE
from muniment.errors import InvalidInputError

RANGE_BITS: Final = 16
"""An executor hashes 2^16 entries at a time: as many as one tile of level 1 stands for."""
LEAST_RANGE_BITS: Final = 8


@dataclass(frozen=True, slots=True)
class SealedRoot:
    """A seal as the chain has it: the `root` of the first `size` entries, sealed at a block's time
    `sealed_at`, Unix seconds."""

    size: int
    root: bytes
    sealed_at: int


class SealTable:
    """A journal's seals in order, 48 bytes each: a journal that is sealed every few seconds has
    millions."""

    def __init__(self, seals: Sequence[SealedRoot]) -> None:
        """Take them. Raises `InvalidInputError` unless their sizes grow."""
        sizes = [each.size for each in seals]
        if not sizes or sizes[0] < 1 or any(a >= b for a, b in pairwise(sizes)):
            raise InvalidInputError("seals", "at least one, of sizes that grow", "others")
        self.sizes = np.array(sizes, np.int64)
        self.times = np.array([each.sealed_at for each in seals], np.int64)
        self._roots = b"".join(each.root for each in seals)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.sizes)

    def root(self, place: int) -> bytes:
        """Return the root of the seal at a place."""
        return self._roots[SIZE * place : SIZE * (place + 1)]

    def within(self, first: int, end: int) -> range:
        """Return the places of the seals whose sizes are more than `first` and at most `end`."""
        start, stop = np.searchsorted(self.sizes, [first, end], side="right")
        return range(int(start), int(stop))

    def covering(self, indexes: Any) -> Any:
        """Return when the entries at `indexes` were sealed: by the first seal that covers each."""
        return self.times[np.searchsorted(self.sizes, indexes, side="right")]


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """A journal of `size` sealed entries at `place`, whose files are of `stored` entries.

    `lineage` is that of the registry (32 bytes), `bits` how many entries are a range: 2**`bits`.
    """

    place: JournalPlace
    agency: int
    journal: int
    lineage: bytes
    stored: int
    seals: SealTable
    bits: int = RANGE_BITS

    def __post_init__(self) -> None:
        """Refuse ranges that are no tiles, or more than one of level 1."""
        if not LEAST_RANGE_BITS <= self.bits <= RANGE_BITS:
            raise InvalidInputError("bits", f"{LEAST_RANGE_BITS} to {RANGE_BITS}", f"{self.bits}")

    @property
    def size(self) -> int:
        """How many entries are sealed."""
        return int(self.seals.sizes[-1])

    @property
    def ranges(self) -> int:
        """How many ranges the sealed entries are."""
        return -(-self.size >> self.bits)

    def bounds(self, number: int) -> tuple[int, int]:
        """Return the first index of a range, and the first after it."""
        return number << self.bits, min(self.size, (number + 1) << self.bits)
