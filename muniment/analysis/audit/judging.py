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

_TRIED: Final = 8
"""So many hashes of a tile may differ from the entries for all choices of them to be tried."""
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
        joined = view.leaf_tile(tile)
        self._tile = None if joined is None else _split(joined)
        self.by_entries = _root(self._hashes)
        self.by_tile = b"" if joined is None else Subtree(joined).root()
        self.by_node = view.node(tile) or b""

    def faults(self, truth: bytes) -> Iterator[Fault]:
        """Yield the tile's faults under its true root, empty where that is not known."""
        true = self._true_hashes(truth) if truth else None
        wrong: set[int] = set()
        for each in [*self._gaps(), *self._of_entries(truth, true)]:
            wrong.update(range(each.first, each.last + 1))
            yield each
        yield from self._of_tiles(truth, true)
        for place, entry in enumerate(self._entries):
            index = self._first + place
            if entry is not None and index not in wrong:
                yield from self._form(index, entry)

    def _true_hashes(self, truth: bytes) -> Sequence[bytes | None] | None:
        """The leaf hashes that give the true root: those of the entries, those of the tile, or some
        of each, where they differ in few."""
        if self.by_entries == truth:
            return self._hashes
        if self._tile is None:
            return None
        if self.by_tile == truth:
            return self._tile
        pairs = list(zip(self._hashes, self._tile, strict=True))
        differing = [at for at, (one, other) in enumerate(pairs) if one not in (None, other)]
        if len(differing) > _TRIED:
            return None
        for chosen in range(1, 1 << len(differing)):
            mixed = list(self._tile)
            for bit, place in enumerate(differing):
                if chosen >> bit & 1:
                    mixed[place] = self._hashes[place] or b""
            if _root(mixed) == truth:
                return mixed
        return None

    def _gaps(self) -> Iterator[Fault]:
        """Entries that are not there."""
        missing = [self._first + at for at, each in enumerate(self._entries) if each is None]
        whole = len(missing) == len(self._entries)
        what = "the bundle is missing, or empty" if whole else "the bundle is cut short"
        expected = f"a bundle of {len(self._entries)} entries"
        found = f"{len(self._entries) - len(missing)}"
        for first, last in runs(missing):
            yield Fault(first, last, Kind.GAP, what, expected, found, self._bundle)

    def _of_entries(self, truth: bytes, true: Sequence[bytes | None] | None) -> Iterator[Fault]:
        if truth and true is None and self.by_entries:
            yield Fault(
                self._first,
                self._last,
                Kind.ENTRY,
                "they are not those that were sealed, and no hash tile tells which of them",
                f"a subtree of root 0x{truth.hex()}",
                f"0x{self.by_entries.hex()}",
                self._bundle,
            )
            return
        proven, wanted = "it is not the entry that was sealed", true
        if wanted is None:
            proven, wanted = _UNPROVEN, self._tile
        for place, (found, right) in enumerate(zip(self._hashes, wanted or (), strict=False)):
            if found is not None and right is not None and found != right:
                index = self._first + place
                expected, seen = f"leaf hash 0x{right.hex()}", f"0x{found.hex()}"
                yield Fault(index, index, Kind.ENTRY, proven, expected, seen, self._bundle)

    def _of_tiles(self, truth: bytes, true: Sequence[bytes | None] | None) -> Iterator[Fault]:
        path = self._view.path(leaf_path, self._number)
        if self._tile is None:
            what = "the hash tile is missing, or cut short"
            yield Fault(self._first, self._last, Kind.TILE, what, file=path)
        elif true is not None:
            for place, (stored, right) in enumerate(zip(self._tile, true, strict=True)):
                if right is not None and stored != right:
                    yield _hash_fault(self._first + place, 1, right, stored, path)
        elif truth:
            what = "the hash tile is not what was sealed"
            expected, found = f"root 0x{truth.hex()}", f"0x{self.by_tile.hex()}"
            yield Fault(self._first, self._last, Kind.TILE, what, expected, found, path)
        below = truth or (self.by_entries if self.by_entries == self.by_tile else b"")
        if below and self.by_node and self.by_node != below:
            yield _hash_fault(self._first, TILE_WIDTH, below, self.by_node, _nodes(self._view))

    def _form(self, index: int, entry: bytes) -> Iterator[Fault]:
        what = form_fault(entry)
        if what:
            found = f"{len(entry)} bytes"
            yield Fault(index, index, Kind.FORM, what, f"{ENTRY_BYTES} bytes", found, self._bundle)
            return
        latest = int(self._plan.seals.covering([index])[0])
        time = Entry.from_bytes(entry).time
        if time > latest:
            what = "it claims a time after its seal"
            expected = f"at most {latest}, Unix seconds"
            yield Fault(index, index, Kind.FORM, what, expected, f"{time}", self._bundle)

    @property
    def _bundle(self) -> str:
        return self._view.path(bundle_path, self._number)


def _hash_fault(first: int, count: int, wanted: bytes, stored: bytes, file: str) -> Fault:
    what = "the tile has another hash than the entries give"
    expected, found = f"0x{wanted.hex()}", f"0x{stored.hex()}"
    return Fault(first, first + count - 1, Kind.TILE, what, expected, found, file)


def _split(joined: bytes) -> list[bytes]:
    return [joined[at : at + SIZE] for at in range(0, len(joined), SIZE)]


def _root(hashes: Sequence[bytes | None]) -> bytes:
    there = [each for each in hashes if each is not None]
    return Subtree(b"".join(there)).root() if len(there) == len(hashes) else b""


def _nodes(view: RangeView) -> str:
    return view.path(node_path, view.tiles.start // TILE_WIDTH, 1)
