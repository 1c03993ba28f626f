# SPDX-License-Identifier: Apache-2.0
"""Which of a range's files is wrong, and where: each compared with the root that a seal proves.

What the seal proves is right; whichever file gives that root is right with it, and tells of every
other exactly what it should have. Where no seal proves anything here, differences are told as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from muniment.analysis.audit.entries import form_fault, hash_of
from muniment.analysis.audit.faults import Fault, Kind, runs
from muniment.analysis.audit.plan import AuditPlan
from muniment.analysis.audit.subtrees import SIZE, Subtree
from muniment.analysis.audit.views import RangeView, leaf_path, node_path
from muniment.journal.entry import ENTRY_BYTES, Entry
from muniment.journal.tiles import TILE_WIDTH, bundle_path

_UNPROVEN: Final = "entry and hash tile differ; no seal tells which of them is right"


def judge(plan: AuditPlan, view: RangeView, proven: bytes) -> Iterator[Fault]:
    """Yield the faults of a range, tile by tile.

    `proven` is the root of the range's entries that a seal proves, empty where none does.
    """
    entries, tiles = view.entry_tree, view.tile_tree
    by_entries = bool(proven) and entries is not None and entries.root() == proven
    by_nodes = bool(proven) and not by_entries and view.node_root == proven
    by_tiles = bool(proven) and tiles is not None and tiles.root() == proven
    if view.nodes is None:
        yield Fault(-1, -1, Kind.TILE, "it is missing, or cut short", file=_nodes(view))
    for tile in view.tiles:
        judged = _Tile(plan, view, tile)
        if by_entries:
            truth = judged.by_entries
        elif by_nodes and judged.by_node:
            truth = judged.by_node
        elif by_nodes or by_tiles:
            truth = judged.by_tile
        else:
            truth = b""
        yield from judged.faults(truth)


class _Tile:
    """One tile of 256 entries, or fewer at the end, from all sides."""

    def __init__(self, plan: AuditPlan, view: RangeView, tile: int) -> None:
        self._plan = plan
        self._view = view
        self._number = tile
        self._first = TILE_WIDTH * tile
        self._last = self._first + view.width(tile) - 1
        self._entries = view.entries(tile)
        self._hashes = [hash_of(entry) for entry in self._entries]
        self._tile = view.leaf_tile(tile)
        self.by_entries = _root(self._hashes)
        self.by_tile = b"" if self._tile is None else Subtree(self._tile).root()
        self.by_node = view.node(tile) or b""

    def faults(self, truth: bytes) -> Iterator[Fault]:
        """Yield the tile's faults under its true root, empty where that is not known."""
        wrong: set[int] = set()
        for each in self._of_entries(truth):
            wrong.update(range(each.first, each.last + 1))
            yield each
        yield from self._of_tiles(truth)
        for place, entry in enumerate(self._entries):
            index = self._first + place
            if entry is not None and index not in wrong:
                yield from self._form(index, entry)

    def _of_entries(self, truth: bytes) -> Iterator[Fault]:
        if truth and self.by_entries == truth:
            return
        bundle = self._view.path(bundle_path, self._number)
        missing = [self._first + at for at, each in enumerate(self._entries) if each is None]
        if truth and self.by_tile != truth and not missing:
            yield Fault(
                self._first,
                self._last,
                Kind.ENTRY,
                "they are not those that were sealed, and their hash tile is wrong too",
                f"a subtree of root 0x{truth.hex()}",
                f"0x{self.by_entries.hex()}",
                bundle,
            )
            return
        for first, last in runs(missing):
            whole = len(missing) == len(self._entries)
            what = "the bundle is missing, or empty" if whole else "the bundle is cut short"
            expected = f"a bundle of {len(self._entries)} entries"
            found = f"{len(self._entries) - len(missing)}"
            yield Fault(first, last, Kind.GAP, what, expected, found, bundle)
        if self._tile is None:
            return
        for place, found_hash in enumerate(self._hashes):
            wanted = self._tile[SIZE * place : SIZE * (place + 1)]
            if found_hash is not None and found_hash != wanted:
                index = self._first + place
                proven = truth and self.by_tile == truth
                yield Fault(
                    index,
                    index,
                    Kind.ENTRY,
                    "it is not the entry that was sealed" if proven else _UNPROVEN,
                    f"leaf hash 0x{wanted.hex()}",
                    f"0x{found_hash.hex()}",
                    bundle,
                )

    def _of_tiles(self, truth: bytes) -> Iterator[Fault]:
        path = self._view.path(leaf_path, self._number)
        if self._tile is None:
            what = "the hash tile is missing, or cut short"
            yield Fault(self._first, self._last, Kind.TILE, what, file=path)
        elif truth and self.by_entries == truth and self.by_tile != truth:
            for place, wanted in enumerate(self._hashes):
                stored = self._tile[SIZE * place : SIZE * (place + 1)]
                if wanted is not None and stored != wanted:
                    yield _hash_fault(self._first + place, 1, wanted, stored, path)
        elif truth and self.by_tile != truth:
            what = "the hash tile is not what was sealed"
            expected, found = f"root 0x{truth.hex()}", f"0x{self.by_tile.hex()}"
            yield Fault(self._first, self._last, Kind.TILE, what, expected, found, path)
        below = truth or (self.by_entries if self.by_entries == self.by_tile else b"")
        if below and self.by_node and self.by_node != below:
            yield _hash_fault(self._first, TILE_WIDTH, below, self.by_node, _nodes(self._view))

    def _form(self, index: int, entry: bytes) -> Iterator[Fault]:
        bundle = self._view.path(bundle_path, self._number)
        what = form_fault(entry)
        if what:
            found = f"{len(entry)} bytes"
            yield Fault(index, index, Kind.FORM, what, f"{ENTRY_BYTES} bytes", found, bundle)
            return
        latest = int(self._plan.seals.covering([index])[0])
        time = Entry.from_bytes(entry).time
        if time > latest:
            what = "it claims a time after its seal"
            expected = f"at most {latest}, Unix seconds"
            yield Fault(index, index, Kind.FORM, what, expected, f"{time}", bundle)


def _hash_fault(first: int, count: int, wanted: bytes, stored: bytes, file: str) -> Fault:
    what = "the tile has another hash than the entries give"
    expected, found = f"0x{wanted.hex()}", f"0x{stored.hex()}"
    return Fault(first, first + count - 1, Kind.TILE, what, expected, found, file)


def _root(hashes: Sequence[bytes | None]) -> bytes:
    there = [each for each in hashes if each is not None]
    return Subtree(b"".join(there)).root() if len(there) == len(hashes) else b""


def _nodes(view: RangeView) -> str:
    return view.path(node_path, view.tiles.start // TILE_WIDTH, 1)
