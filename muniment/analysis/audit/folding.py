# SPDX-License-Identifier: Apache-2.0
"""Roots of ranges folded up to the seals on chain: what the driver does, and all that it keeps.

Entries, leaf tiles and tiles of level 1 each give a root of every range. Whichever choice of them
folds to the sealed root is the sealed tree; of a range where its root is another, something is
wrong, and the proven root tells what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from muniment.analysis.audit.faults import Fault, Kind
from muniment.analysis.audit.places import Read
from muniment.analysis.audit.plan import AuditPlan
from muniment.analysis.audit.subtrees import SIZE, Peaks
from muniment.analysis.audit.views import tile_file
from muniment.journal.tiles import TILE_WIDTH, tile_path, width_of

_HIGH: Final = 16
"""Tiles of level 2 and above stand for 2^16 entries a hash or more; the driver compares them."""


@dataclass(frozen=True, slots=True)
class RangeRoots:
    """What one range's files give: roots, empty where a file lacks; and the roots of its first
    entries at each seal that ends inside of it, joined, from entries and from leaf tiles.

    `suspect` says that its files differ from each other, or that an entry's form is wrong.
    """

    entries: bytes
    tiles: bytes
    nodes: bytes
    entry_prefixes: bytes
    tile_prefixes: bytes
    suspect: bool


@dataclass(frozen=True, slots=True)
class Folded:
    """What the seals prove: the `proven` root of each range, empty where none is proven; how many
    `seals` agree; and what does not."""

    proven: tuple[bytes, ...]
    seals: int
    faults: tuple[Fault, ...]


def fold(plan: AuditPlan, ranges: Sequence[RangeRoots]) -> Folded:
    """Fold the roots of all ranges, in order, to every seal of the journal."""
    last = len(plan.seals) - 1
    choice: list[bytes] = []
    for choose in (_most, _of("entries"), _of("nodes"), _of("tiles")):
        choice = [choose(each) for each in ranges]
        if all(choice) and _folded(choice) == plan.seals.root(last):
            faults, seals = _compare(plan, ranges, choice)
            return Folded(tuple(choice), seals, tuple(faults))
    # No seal proves the whole: what lies before the first that differs is proven all the same.
    choice = [each.entries for each in ranges]
    faults, seals = _compare(plan, ranges, choice)
    good = int(plan.seals.sizes[seals - 1]) if seals else 0
    proven = [root if plan.bounds(number)[1] <= good else b"" for number, root in enumerate(choice)]
    return Folded(tuple(proven), seals, tuple(faults))


def suspects(ranges: Sequence[RangeRoots], folded: Folded) -> Iterator[tuple[int, bytes]]:
    """Yield the ranges in which something is wrong, each with its proven root."""
    for number, (each, proven) in enumerate(zip(ranges, folded.proven, strict=True)):
        if each.suspect or (proven and {each.entries, each.tiles, each.nodes} != {proven}):
            yield number, proven


def high_tiles(plan: AuditPlan, proven: Sequence[bytes], read: Read) -> Iterator[Fault]:
    """Yield the faults of the tiles above level 1, compared with the proven roots of ranges."""
    hashes: list[bytes] = _joined(list(proven[: plan.size >> plan.bits]), 1 << (_HIGH - plan.bits))
    level = 2
    while hashes:
        count = plan.size >> (8 * level)
        for tile in range(-(-count // TILE_WIDTH)):
            width = width_of(plan.size, level, tile)
            wanted = hashes[TILE_WIDTH * tile : TILE_WIDTH * tile + width]
            yield from _high_tile(plan, level, tile, wanted, read)
        hashes = _joined(hashes[:count], TILE_WIDTH)
        level += 1


def _high_tile(
    plan: AuditPlan,
    level: int,
    tile: int,
    wanted: Sequence[bytes],
    read: Read,
) -> Iterator[Fault]:
    def named(index: int, width: int) -> str:
        return tile_path(level, index, width)

    found = tile_file(plan, read, named, level, tile)
    path = plan.place.name_of(tile_path(level, tile, len(wanted)))
    if found is None or len(found) < SIZE * len(wanted):
        yield Fault(-1, -1, Kind.TILE, "it is missing, or cut short", file=path)
        return
    step = 1 << (8 * level)
    for place, each in enumerate(wanted):
        stored = found[SIZE * place : SIZE * (place + 1)]
        if each and stored != each:
            first = step * (TILE_WIDTH * tile + place)
            what = "the tile has another hash than the entries give"
            expected, seen = f"0x{each.hex()}", f"0x{stored.hex()}"
            yield Fault(first, first + step - 1, Kind.TILE, what, expected, seen, path)


def _joined(hashes: list[bytes], many: int) -> list[bytes]:
    """The roots of each `many` hashes that are complete, empty where one of them is not known."""
    found = []
    for at in range(0, len(hashes) - many + 1, many):
        part = hashes[at : at + many]
        found.append(_folded(part) if all(part) else b"")
    return found


def _compare(
    plan: AuditPlan, ranges: Sequence[RangeRoots], choice: Sequence[bytes]
) -> tuple[list[Fault], int]:
    """Compare with the seals in order; stop at the first that differs, for later ones hold it."""
    peaks = Peaks()
    seals = 0
    for number, (each, root) in enumerate(zip(ranges, choice, strict=True)):
        first, end = plan.bounds(number)
        prefixes = each.tile_prefixes if root == each.tiles else b""
        prefixes = each.entry_prefixes if root == each.entries else prefixes
        for place, seal in enumerate(plan.seals.within(first, end)):
            size, sealed = int(plan.seals.sizes[seal]), plan.seals.root(seal)
            part = root if size == end else prefixes[SIZE * place : SIZE * (place + 1)]
            if not part and root:
                # The root of the whole range is proven, and with it what lies within.
                seals += 1
                continue
            found = peaks.root(part) if part else b""
            if found != sealed:
                return [_root_fault(plan, seal, found)], seals
            seals += 1
        if root:
            peaks.append(root)
        elif seals < len(plan.seals):
            return [_root_fault(plan, seals, b"")], seals
    return [], seals


def _root_fault(plan: AuditPlan, seal: int, found: bytes) -> Fault:
    before = int(plan.seals.sizes[seal - 1]) if seal else 0
    size = int(plan.seals.sizes[seal])
    what = (
        f"the seal of {size} entries on chain is not the root of the entries here; "
        f"{len(plan.seals) - seal - 1} later seals hold them too"
    )
    expected = f"root 0x{plan.seals.root(seal).hex()}"
    shown = f"0x{found.hex()}" if found else "none: entries are missing"
    return Fault(before, size - 1, Kind.ROOT, what, expected, shown)


def _folded(roots: Sequence[bytes]) -> bytes:
    peaks = Peaks()
    for each in roots:
        peaks.append(each)
    return peaks.root()


def _of(name: str) -> Callable[[RangeRoots], bytes]:
    def choose(each: RangeRoots) -> bytes:
        root: bytes = getattr(each, name) or each.entries
        return root

    return choose


def _most(each: RangeRoots) -> bytes:
    """What most of a range's files say."""
    roots = [root for root in (each.entries, each.nodes, each.tiles) if root]
    return Counter(roots).most_common(1)[0][0] if roots else b""
