# SPDX-License-Identifier: Apache-2.0
"""A range of a journal as its files show it: from entries, from leaf tiles, and from nodes above.

Three files say what a subtree's root is: the entries, the tile of their leaf hashes, and the tile
of level 1, which has a hash for each 256. Where all agree with the seal all are right.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

from muniment.analysis.audit.entries import entries_in, hash_of, leaf_hashes, regular
from muniment.analysis.audit.places import Read
from muniment.analysis.audit.plan import AuditPlan
from muniment.analysis.audit.subtrees import SIZE, Peaks, Subtree
from muniment.journal.tiles import TILE_WIDTH, bundle_path, tile_path, width_of

_NODE_LEVEL: Final = 8
PathOf = Callable[[int, int], str]
"""Returns the path of a tile's file of a width."""


class RangeView:
    """The files of one range, read once. Tiles are numbered as in the journal."""

    def __init__(self, plan: AuditPlan, number: int, read: Read) -> None:
        """Read bundles, leaf tiles, and the range's part of its tile of level 1."""
        self._plan = plan
        self._read = read
        self.first, self.end = plan.bounds(number)
        self.tiles = range(self.first // TILE_WIDTH, -(-self.end // TILE_WIDTH))
        self.whole_tiles = (self.end - self.first) // TILE_WIDTH
        """How many of its tiles are full: those that level 1 has a hash of."""
        self.bundles = [tile_file(plan, read, bundle_path, 0, tile) for tile in self.tiles]
        self.leaf_tiles = [self._leaf_tile(tile) for tile in self.tiles]
        self.nodes = self._nodes()
        """The range's hashes of level 1, None where they are not there."""

    # --- as the files are -------------------------------------------------------------------------

    def width(self, tile: int) -> int:
        """Return how many sealed entries a tile has."""
        return width_of(self._plan.size, 0, tile)

    def entries(self, tile: int) -> list[bytes | None]:
        """Return a tile's entries as its bundle has them, None for those that are not there."""
        return entries_in(self.bundles[tile - self.tiles.start] or b"", self.width(tile))

    def leaf_tile(self, tile: int) -> bytes | None:
        """Return the joined hashes of a leaf tile, None where it is missing or cut short."""
        return self.leaf_tiles[tile - self.tiles.start]

    def node(self, tile: int) -> bytes | None:
        """Return what level 1 says of a tile; None where it is not full, or nothing is there."""
        place = SIZE * (tile - self.tiles.start)
        return (self.nodes or b"")[place : place + SIZE] or None

    @property
    def is_regular(self) -> bool:
        """Whether every entry is there and has 78 bytes."""
        return all(
            bundle is not None and regular(bundle, self.width(tile))
            for tile, bundle in zip(self.tiles, self.bundles, strict=True)
        )

    def joined_bundles(self) -> bytes:
        """Return the bundles, each cut to what is sealed, where the range is regular."""
        last = self.bundles[-1] or b""
        cut = last[: 80 * self.width(self.tiles[-1])]
        return b"".join([*(each or b"" for each in self.bundles[:-1]), cut])

    # --- roots ------------------------------------------------------------------------------------

    @cached_property
    def entry_tree(self) -> Subtree | None:
        """The tree over the entries; None where some are not there."""
        if self.is_regular:
            return Subtree(leaf_hashes(self.joined_bundles(), self.end - self.first))
        hashes = [hash_of(entry) for tile in self.tiles for entry in self.entries(tile)]
        found = [each for each in hashes if each is not None]
        return Subtree(b"".join(found)) if len(found) == len(hashes) else None

    @cached_property
    def tile_tree(self) -> Subtree | None:
        """The tree over the leaf tiles, that of the entries where they have the same hashes."""
        there = [each for each in self.leaf_tiles if each is not None]
        if len(there) < len(self.leaf_tiles):
            return None
        joined = b"".join(there)
        entries = self.entry_tree
        return entries if entries and entries.levels[0] == joined else Subtree(joined)

    @cached_property
    def node_root(self) -> bytes:
        """The root over the hashes of level 1, and over the last leaf tile where it is not full.

        Empty where they are not there.
        """
        if self.nodes is None:
            return b""
        for tree in (self.entry_tree, self.tile_tree):
            if tree and self.nodes and tree.levels[_NODE_LEVEL : _NODE_LEVEL + 1] == [self.nodes]:
                return tree.root()
        peaks = Peaks()
        for at in range(0, len(self.nodes), SIZE):
            peaks.append(self.nodes[at : at + SIZE])
        if self.whole_tiles == len(self.tiles):
            return peaks.root()
        last = self.leaf_tiles[-1]
        return b"" if last is None else peaks.root(Subtree(last).root())

    # --- files ------------------------------------------------------------------------------------

    def path(self, of: PathOf, tile: int, level: int = 0) -> str:
        """Return the name of a tile's file for findings, as the sealed size has it."""
        return self._plan.place.name_of(of(tile, width_of(self._plan.size, level, tile)))

    def _leaf_tile(self, tile: int) -> bytes | None:
        wanted = SIZE * self.width(tile)
        found = tile_file(self._plan, self._read, leaf_path, 0, tile) or b""
        return found[:wanted] if len(found) >= wanted else None

    def _nodes(self) -> bytes | None:
        if not self.whole_tiles:
            return b""
        tile, place = divmod(self.tiles.start, TILE_WIDTH)
        start, end = SIZE * place, SIZE * (place + self.whole_tiles)
        found = tile_file(self._plan, self._read, node_path, 1, tile) or b""
        return found[start:end] if len(found) >= end else None


def tile_file(plan: AuditPlan, read: Read, path: PathOf, level: int, tile: int) -> bytes | None:
    """Return a tile's file, or what stands in its place now that the journal has grown."""
    sealed = width_of(plan.size, level, tile)
    now = width_of(plan.stored, level, tile)
    for width in dict.fromkeys((sealed, now, TILE_WIDTH)):
        found = read(path(tile, width)) if width >= sealed else None
        if found is not None:
            return found
    return None


def sealed_entries(plan: AuditPlan, read: Read, tile: int) -> list[bytes | None]:
    """Return a tile's sealed entries, None for those that are not there."""
    bundle = tile_file(plan, read, bundle_path, 0, tile)
    return entries_in(bundle or b"", width_of(plan.size, 0, tile))


def leaf_path(tile: int, width: int) -> str:
    """Return the path of a tile of leaf hashes."""
    return tile_path(0, tile, width)


def node_path(tile: int, width: int) -> str:
    """Return the path of a tile of level 1."""
    return tile_path(1, tile, width)
