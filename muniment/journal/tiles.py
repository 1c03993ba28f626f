# SPDX-License-Identifier: Apache-2.0
"""Journals as files, in the layout of C2SP tlog-tiles (https://c2sp.org/tlog-tiles).

A tile of level L holds up to 256 hashes, each the root of 256**L leaves; an entry bundle up to 256
entries, each behind its length in two bytes. Only a tree's last tile of each level is partial, and
a tile never changes but by becoming longer, under another name. So a journal is a set of files that
anybody can copy, cache and check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from muniment.errors import InvalidInputError, ProofError
from muniment.journal.merkle import EMPTY_ROOT, HashTree, hash_children, hash_leaf

TILE_WIDTH: Final = 256
HASH_SIZE: Final = 32
CHECKPOINT_PATH: Final = "checkpoint"
_TILE_LEVELS: Final = 8
_LENGTH_SIZE: Final = 2
# What all hashes of a kind begin with, hashed once.
_LEAF: Final = hashlib.sha256(b"\x00")
_NODE: Final = hashlib.sha256(b"\x01")

Read = Callable[[str], bytes]
"""Returns the file of a path relative to the journal's root; raises where there is none."""
File = tuple[str, bytes]


class TileError(ProofError):
    """A tile or an entry bundle is not what the layout says."""


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a hash tile, of a partial one where `width` is less than 256."""
    return f"tile/{level}/{_numbered(index, width)}"


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of an entry bundle, of a partial one where `width` is less than 256."""
    return f"tile/entries/{_numbered(index, width)}"


def width_of(size: int, level: int, index: int) -> int:
    """Return how many hashes (of level 0: entries too) a tree of `size` leaves has in a tile."""
    return max(0, min(TILE_WIDTH, (size >> (_TILE_LEVELS * level)) - TILE_WIDTH * index))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return the bundle of at most 256 entries of at most 65,535 bytes."""
    if len(set(map(len, entries))) == 1:
        head = len(entries[0]).to_bytes(_LENGTH_SIZE, "big")
        return head + head.join(entries)
    return b"".join(len(entry).to_bytes(_LENGTH_SIZE, "big") + entry for entry in entries)


def decode_bundle(bundle: bytes) -> list[bytes]:
    """Return the entries of a bundle. Raises `TileError` for a torn one, or with too many."""
    entries = _alike(bundle)
    at = len(bundle) if entries else 0
    while at < len(bundle):
        start = at + _LENGTH_SIZE
        at = start + int.from_bytes(bundle[at:start], "big")
        if start > len(bundle) or at > len(bundle):
            raise TileError("an entry bundle is cut short", expected="whole entries")
        entries.append(bundle[start:at])
    if len(entries) > TILE_WIDTH:
        raise TileError(
            f"an entry bundle has {len(entries)} entries", expected=f"at most {TILE_WIDTH}"
        )
    return entries


def _alike(bundle: bytes) -> list[bytes]:
    """The entries of a bundle where all have one length, as ours have; none where they differ."""
    each = _LENGTH_SIZE + int.from_bytes(bundle[:_LENGTH_SIZE], "big")
    count, rest = divmod(len(bundle), each)
    if rest or bundle[::each] + bundle[1::each] != bundle[:1] * count + bundle[1:2] * count:
        return []
    return [bundle[at + _LENGTH_SIZE : at + each] for at in range(0, len(bundle), each)]


def decode_tile(tile: bytes, width: int) -> list[bytes]:
    """Return the first `width` hashes of a tile. Raises `TileError` where it has fewer."""
    if len(tile) % HASH_SIZE or not HASH_SIZE * width <= len(tile) <= HASH_SIZE * TILE_WIDTH:
        raise TileError(
            f"a tile has {len(tile)} bytes", expected=f"{HASH_SIZE * width}: {width} hashes"
        )
    return [tile[at : at + HASH_SIZE] for at in range(0, HASH_SIZE * width, HASH_SIZE)]


class GrowingEdge:
    """The right edge of a journal's tree: what is needed to append, and nothing else.

    Full files are given out as they fill, the partial ones of the present size by `partial_files`.
    """

    def __init__(self) -> None:
        """Begin an empty journal."""
        self.size = 0
        self._bundle: list[bytes] = []
        self._edges: list[list[bytes]] = [[]]

    @classmethod
    def read(cls, read: Read, size: int) -> GrowingEdge:
        """Return the edge of a journal of `size` entries from its files. Raises `TileError`."""
        edge = cls()
        edge.size = size
        count, level = size, 0
        while count:
            index, width = divmod(count, TILE_WIDTH)
            tile = read(tile_path(level, index, width)) if width else b""
            edge._edges[level:] = [decode_tile(tile, width), []]
            count >>= _TILE_LEVELS
            level += 1
        index, width = divmod(size, TILE_WIDTH)
        edge._bundle = decode_bundle(read(bundle_path(index, width))) if width else []
        if len(edge._bundle) != width or list(map(hash_leaf, edge._bundle)) != edge._edges[0]:
            raise TileError(
                "the last entry bundle is not that of the last tile", expected=f"{width} entries"
            )
        return edge

    def append(self, entries: Sequence[bytes]) -> list[File]:
        """Append entries and return the files that are full now."""
        hashes, begun = self._edges[0], _LEAF.copy
        for entry in entries:
            state = begun()
            state.update(entry)
            hashes.append(state.digest())
        self._bundle += entries
        files: list[File] = []
        first = self.size // TILE_WIDTH
        self.size += len(entries)
        full = len(self._bundle) // TILE_WIDTH
        for number in range(full):
            part = self._bundle[TILE_WIDTH * number : TILE_WIDTH * (number + 1)]
            files.append((bundle_path(first + number), encode_bundle(part)))
        del self._bundle[: TILE_WIDTH * full]
        level = 0
        while len(self._edges[level]) >= TILE_WIDTH:
            if level + 1 == len(self._edges):
                self._edges.append([])
            hashes = self._edges[level]
            index = (self.size >> (_TILE_LEVELS * level)) // TILE_WIDTH
            index -= len(hashes) // TILE_WIDTH
            above = []
            at = 0
            while len(hashes) - at >= TILE_WIDTH:
                tile = hashes[at : at + TILE_WIDTH]
                files.append((tile_path(level, index), b"".join(tile)))
                above.append(_root_of_complete(tile))
                at += TILE_WIDTH
                index += 1
            del hashes[:at]
            level += 1
            self._edges[level] += above
        return files

    def partial_files(self) -> list[File]:
        """Return the partial bundle and tiles of the present size."""
        files: list[File] = []
        index, width = divmod(self.size, TILE_WIDTH)
        if width:
            files.append((bundle_path(index, width), encode_bundle(self._bundle)))
        for level, hashes in enumerate(self._edges):
            index, width = divmod(self.size >> (_TILE_LEVELS * level), TILE_WIDTH)
            if width:
                files.append((tile_path(level, index, width), b"".join(hashes)))
        return files

    def root(self) -> bytes:
        """Return the tree's root (RFC 9162 § 2.1.1)."""
        peaks = []
        for hashes in reversed(self._edges):
            at = 0
            for level in reversed(range(_TILE_LEVELS)):
                if len(hashes) >> level & 1:
                    peaks.append(_root_of_complete(hashes[at : at + (1 << level)]))
                    at += 1 << level
        return _folded(peaks)


class TileTree(HashTree):
    """A journal of a size, read from its files: only the tiles that are needed, each once."""

    def __init__(
        self, read: Read, size: int, *, stored: int | None = None, kept: int = 512
    ) -> None:
        """Read nothing yet; `kept` tiles stay in memory, about 30 KiB each.

        `stored` is the size that the files have, where that is greater: partial files of `size`
        may be gone, and what stands now begins with them.
        """
        self._read = read
        self._size = size
        self._stored = max(size, stored or 0)
        self._tile = lru_cache(kept)(self._read_tile)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def entry(self, index: int) -> bytes:
        """Return an entry, compared with its leaf hash. Raises `TileError`."""
        number, place = divmod(index, TILE_WIDTH)
        width = width_of(self._size, 0, number)
        if not 0 <= place < width:
            raise InvalidInputError("index", f"0 to {self._size - 1}", str(index))
        now = bundle_path(number, width_of(self._stored, 0, number))
        entries = decode_bundle(self._file(bundle_path(number, width), now))
        if len(entries) < width or hash_leaf(entries[place]) != self._complete(0, index):
            raise TileError(
                f"entry {index} is not that of its leaf hash", expected="one the tree has"
            )
        return entries[place]

    def _complete(self, level: int, place: int) -> bytes:
        tile_level, inner = divmod(level, _TILE_LEVELS)
        number, at = divmod(place << inner, TILE_WIDTH)
        return self._tile(tile_level, number)[inner][at >> inner]

    def _read_tile(self, level: int, number: int) -> list[list[bytes]]:
        """A tile's hashes, and above them the nodes of each level within it that are complete."""
        width = width_of(self._size, level, number)
        now = tile_path(level, number, width_of(self._stored, level, number))
        rows = [decode_tile(self._file(tile_path(level, number, width), now), width)]
        while len(rows[-1]) > 1:
            below = rows[-1]
            rows.append(
                [hash_children(*pair) for pair in zip(below[::2], below[1::2], strict=False)]
            )
        return rows

    def _file(self, path: str, now: str) -> bytes:
        """A file, or what stands in its place now that the journal has grown."""
        try:
            return self._read(path)
        except (OSError, LookupError):
            full, _, _ = path.partition(".p/")
            for other in dict.fromkeys((now, full)):
                if other != path:
                    try:
                        return self._read(other)
                    except (OSError, LookupError):
                        continue
            raise


class RecomputedRoot:
    """The root of entries as they are stored, by another way than `GrowingEdge` goes.

    One hash for each complete subtree, merged as two of a size meet (a compact range), entry by
    entry: what a sequencer compares with before it seals.
    """

    def __init__(self) -> None:
        """Begin with no entries."""
        self.size = 0
        self._subtrees: list[bytes] = []

    def add_bundle(self, bundle: bytes, skip: int = 0) -> None:
        """Take the entries of a stored bundle but the first `skip`. Raises `TileError`."""
        # Nothing of what `GrowingEdge` hashes with: a fault there must show here.
        sha256, subtrees, count = hashlib.sha256, self._subtrees, self.size
        for entry in decode_bundle(bundle)[skip:]:
            node, merged = sha256(b"\x00" + entry).digest(), count
            while merged & 1:
                node = sha256(b"\x01" + subtrees.pop() + node).digest()
                merged >>= 1
            subtrees.append(node)
            count += 1
        self.size = count

    def root(self) -> bytes:
        """Return the root of all entries so far."""
        return _folded(self._subtrees)


def _root_of_complete(hashes: Sequence[bytes]) -> bytes:
    begun = _NODE.copy
    while len(hashes) > 1:
        above = []
        for left, right in zip(hashes[::2], hashes[1::2], strict=True):
            state = begun()
            state.update(left + right)
            above.append(state.digest())
        hashes = above
    return hashes[0]


def _folded(peaks: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, the greatest first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = hash_children(peak, root)
    return root


def _numbered(index: int, width: int) -> str:
    """A tile's number in groups of three digits, all but the last behind an x."""
    if not 1 <= width <= TILE_WIDTH or index < 0:
        raise InvalidInputError("tile", f"an index from 0 on and a width of 1 to {TILE_WIDTH}", "")
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == TILE_WIDTH else f"{path}.p/{width}"
