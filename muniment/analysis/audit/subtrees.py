# SPDX-License-Identifier: Apache-2.0
"""Roots of many hashes that stand side by side, as quickly as Python makes them.

Hashes are joined: slices of one `bytes` cost less than as many objects, and what is equal is
compared at once. The figures of the tree are those of RFC 9162 § 2.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from muniment.journal.merkle import EMPTY_ROOT, hash_children

SIZE: Final = 32
"""Bytes of a hash."""


class Subtree:
    """The tree over joined hashes, every level of complete nodes kept: 64 bytes a hash."""

    __slots__ = ("count", "levels")

    def __init__(self, hashes: bytes) -> None:
        """Hash upwards. `hashes` are leaf hashes, or roots of subtrees of one size."""
        sha256 = hashlib.sha256
        self.count = len(hashes) // SIZE
        self.levels = [hashes]
        while len(hashes) >= 2 * SIZE:
            whole = len(hashes) // (2 * SIZE) * (2 * SIZE)
            hashes = b"".join(
                [
                    sha256(b"\x01" + hashes[at : at + 2 * SIZE]).digest()
                    for at in range(0, whole, 2 * SIZE)
                ]
            )
            self.levels.append(hashes)

    def root(self, count: int | None = None) -> bytes:
        """Return the root over the first `count` hashes, over all by default."""
        count = self.count if count is None else count
        peaks, at = [], 0
        for level in reversed(range(len(self.levels))):
            if count >> level & 1:
                place = SIZE * (at >> level)
                peaks.append(self.levels[level][place : place + SIZE])
                at += 1 << level
        return folded(peaks)


class Peaks:
    """A root that grows: of subtrees of one size that come one by one, the last may be smaller.

    One hash a level is kept, however many come.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.count = 0
        self._peaks: list[bytes] = []

    def append(self, node: bytes) -> None:
        """Take the next subtree's root."""
        count = self.count
        while count & 1:
            node = hash_children(self._peaks.pop(), node)
            count >>= 1
        self._peaks.append(node)
        self.count += 1

    def root(self, then: bytes = b"") -> bytes:
        """Return the root of all so far, and of one more that is not kept, where `then` is one."""
        if not then:
            return folded(self._peaks)
        peaks, node, count = list(self._peaks), then, self.count
        while count & 1:
            node = hash_children(peaks.pop(), node)
            count >>= 1
        return folded([*peaks, node])


def folded(peaks: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees, the greatest first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = hash_children(peak, root)
    return root
