# SPDX-License-Identifier: Apache-2.0
"""Tiles: whatever way a journal grew, its files and proofs are those of the plain tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.errors import InvalidInputError, ProofError
from muniment.journal.merkle import Tree, hash_leaf, verify_inclusion
from muniment.journal.tiles import (
    GrowingEdge,
    RecomputedRoot,
    TileError,
    TileTree,
    bundle_path,
    decode_bundle,
    decode_tile,
    encode_bundle,
    tile_path,
    width_of,
)


def entry(number: int) -> bytes:
    return b"entry %d" % number


def plain(size: int) -> Tree:
    tree = Tree()
    for number in range(size):
        tree.append(hash_leaf(entry(number)))
    return tree


class Folder(dict[str, bytes]):
    """The files of a journal."""

    def read(self, path: str) -> bytes:
        return self[path]


def grown(steps: list[int]) -> tuple[Folder, GrowingEdge]:
    """A journal that was published after each step, its edge read again from the files."""
    folder, size = Folder(), 0
    edge = GrowingEdge()
    for step in steps:
        edge = GrowingEdge.read(folder.read, size)
        folder.update(edge.append([entry(each) for each in range(size, size + step)]))
        folder.update(edge.partial_files())
        size += step
    return folder, edge


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=5), st.data())
def test_grown_in_steps__is_the_plain_tree(steps: list[int], data: st.DataObject) -> None:
    folder, edge = grown(steps)
    size = sum(steps)
    tree, tiles = plain(size), TileTree(folder.read, size)
    assert edge.root() == tiles.root() == tree.root()
    index = data.draw(st.integers(0, size - 1))
    at_size = data.draw(st.integers(index + 1, size))
    assert tiles.inclusion_proof(index, at_size) == tree.inclusion_proof(index, at_size)
    before = data.draw(st.integers(1, at_size))
    assert tiles.consistency_proof(before, at_size) == tree.consistency_proof(before, at_size)
    assert tiles.entry(index) == entry(index)
    recomputed = RecomputedRoot()
    for number in range(-(-size // 256)):
        width = width_of(size, 0, number)
        recomputed.add_bundle(folder[bundle_path(number, width)])
    assert (recomputed.size, recomputed.root()) == (size, tree.root())


EDGES = (1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537)
LARGE = plain(66_000)


@pytest.mark.parametrize("size", EDGES)
def test_edges_of_tiles__have_roots_and_proofs_of_the_plain_tree(size: int) -> None:
    folder, edge = grown([size])
    tiles = TileTree(folder.read, size)
    assert edge.root() == tiles.root() == LARGE.root(size)
    near = {each + step for each in EDGES for step in (-1, 0, 1)}
    for index in sorted(each for each in near if each < size):
        assert tiles.inclusion_proof(index) == LARGE.inclusion_proof(index, size)
    for before in sorted(each for each in near if 1 <= each <= size):
        assert tiles.consistency_proof(before) == LARGE.consistency_proof(before, size)


@pytest.mark.parametrize(
    "steps",
    [
        [65_535, 1, 1],
        [65_534, 2, 1],
        [65_536, 1],
        [1, 65_535, 1],
        [255, 1, 1, 65_278, 1, 1],
        [256, 256, 65_024, 464],
        [257, 65_743],
        [40_000, 25_000, 1_000],
    ],
    ids=str,
)
def test_however_it_grew__the_files_are_the_same(steps: list[int]) -> None:
    """Each step reads the edge again from the files of the step before, partial ones among them."""
    size = sum(steps)
    folder, edge = grown(steps)
    at_once, _ = grown([size])
    assert edge.root() == LARGE.root(size)
    assert {path: folder[path] for path in at_once} == at_once
    assert all(".p/" in path for path in folder.keys() - at_once.keys())


def test_files_of_70000_entries__are_those_that_the_specification_counts() -> None:
    """https://c2sp.org/tlog-tiles, Partial Tiles."""
    folder, _ = grown([70_000])
    by_level = {
        level: sorted(path for path in folder if path.startswith(f"tile/{level}/"))
        for level in ("0", "1", "2", "entries")
    }
    assert sum(map(len, by_level.values())) == len(folder)
    for level in ("0", "entries"):
        assert len(by_level[level]) == 273 + 1
        assert f"tile/{level}/273.p/112" in folder
    assert by_level["1"] == ["tile/1/000", "tile/1/001.p/17"]
    assert by_level["2"] == ["tile/2/000.p/1"]
    assert {len(data) for path, data in folder.items() if path.startswith("tile/0/")} == {
        8_192,
        32 * 112,
    }


def test_every_size_up_to_600__is_in_the_files_of_600() -> None:
    folder, _ = grown([600])
    tree, now = plain(600), TileTree(folder.read, 600)
    for size in range(1, 601):
        tiles = TileTree(folder.read, size, stored=600)
        assert tiles.root() == now.root(size) == tree.root(size)
        for index in {0, size // 3, size - 1, min(size - 1, 255), min(size - 1, 256)}:
            assert tiles.inclusion_proof(index) == tree.inclusion_proof(index, size)
            assert now.inclusion_proof(index, size) == tree.inclusion_proof(index, size)
        for before in {1, size // 2 or 1, size - 1 or 1, min(size, 256), size}:
            assert tiles.consistency_proof(before) == tree.consistency_proof(before, size)


def test_empty__has_the_empty_root() -> None:
    edge = GrowingEdge()
    assert edge.root() == TileTree(lambda path: pytest.fail(path), 0).root() == plain(0).root()
    assert edge.partial_files() == []


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 5, 7, "tile/0/005.p/7"),
        (1, 999, 256, "tile/1/999"),
        (0, 1_000, 256, "tile/0/x001/000"),
        (0, 1_234, 5, "tile/0/x001/234.p/5"),
        (0, 1_234_067, 256, "tile/0/x001/x234/067"),
        (3, 1_234_067, 5, "tile/3/x001/x234/067.p/5"),
        (0, 999_999, 255, "tile/0/x999/999.p/255"),
    ],
)
def test_path__is_that_of_the_specification(level: int, index: int, width: int, path: str) -> None:
    assert tile_path(level, index, width) == path


def test_path_of_a_bundle__has_no_level() -> None:
    assert bundle_path(1_234, 5) == "tile/entries/x001/234.p/5"
    assert bundle_path(1_234_067) == "tile/entries/x001/x234/067"


@pytest.mark.parametrize(("index", "width"), [(-1, 1), (0, 0), (0, 257)])
def test_path_of_no_tile__is_refused(index: int, width: int) -> None:
    with pytest.raises(InvalidInputError):
        bundle_path(index, width)


@given(
    st.lists(st.binary(max_size=300), max_size=256)
    | st.lists(st.binary(min_size=78, max_size=78), max_size=256)
    | st.lists(st.binary(max_size=2), max_size=9)
)
def test_bundle__comes_back(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries)) == entries


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=5), st.integers(1, 5))
def test_cut_bundle__is_refused(entries: list[bytes], missing: int) -> None:
    bundle = encode_bundle(entries)
    cut = bundle[: -min(missing, len(entries[-1]))]
    with pytest.raises(TileError, match="cut short"):
        decode_bundle(cut)


def test_bundle_of_257__is_refused() -> None:
    with pytest.raises(TileError, match="257 entries"):
        decode_bundle(encode_bundle([b""] * 257))


@pytest.mark.parametrize("tile", [b"", bytes(31), bytes(33), bytes(64), bytes(32 * 257)])
def test_tile_of_another_size__is_refused(tile: bytes) -> None:
    with pytest.raises(TileError):
        decode_tile(tile, 3)


def test_changed_files__show() -> None:
    folder, edge = grown([300])
    whole = folder[bundle_path(1, 44)]
    folder[bundle_path(1, 44)] = whole[:-1] + bytes([whole[-1] ^ 1])
    with pytest.raises(TileError, match="leaf hash"):
        TileTree(folder.read, 300).entry(299)
    with pytest.raises(TileError, match="last tile"):
        GrowingEdge.read(folder.read, 300)
    folder[bundle_path(1, 44)] = whole
    folder["tile/0/000"] = bytes(32) + folder["tile/0/000"][32:]
    assert TileTree(folder.read, 300).root(200) != plain(200).root()
    assert edge.root() == plain(300).root()


def test_smaller_size__is_read_from_what_stands_now() -> None:
    """Partial files of an earlier size may be gone: what stands now begins with them."""
    folder, _ = grown([300, 5, 395])
    for path in ("tile/0/001.p/44", "tile/0/001.p/49", "tile/1/000.p/1", "tile/entries/001.p/44"):
        del folder[path]
    tree = TileTree(folder.read, 300, stored=700)
    assert tree.root() == plain(300).root()
    assert tree.inclusion_proof(299) == plain(300).inclusion_proof(299)
    assert tree.entry(299) == entry(299)
    with pytest.raises(KeyError):
        TileTree(folder.read, 699).root()
    assert TileTree(folder.read, 699, stored=700).root() == plain(699).root()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_recomputed_in_parts__has_the_same_root(steps: list[int]) -> None:
    """As a sequencer does it: each time from where it was, in the bundles as they lie there."""
    folder, size, recomputed = Folder(), 0, RecomputedRoot()
    for step in steps:
        edge = GrowingEdge.read(folder.read, size)
        folder.update(edge.append([entry(each) for each in range(size, size + step)]))
        folder.update(edge.partial_files())
        size += step
        while recomputed.size < size:
            number, skip = divmod(recomputed.size, 256)
            recomputed.add_bundle(folder[bundle_path(number, width_of(size, 0, number))], skip)
        assert (recomputed.size, recomputed.root()) == (size, edge.root())


def needed(size: int) -> list[str]:
    """The files that appending to a journal of a size needs: the partial ones."""
    folder, _ = grown([size])
    return sorted(path for path in folder if ".p/" in path)


@pytest.mark.parametrize("path", needed(66_000))
def test_damaged_edge__is_refused_or_shows_in_the_root(path: str) -> None:
    folder, edge = grown([66_000])
    whole = folder[path]
    recomputed = RecomputedRoot()
    for number in range(-(-66_000 // 256)):
        recomputed.add_bundle(folder[bundle_path(number, width_of(66_000, 0, number))])
    assert recomputed.root() == edge.root()
    for at in {0, len(whole) // 2, len(whole) - 1}:
        folder[path] = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        try:
            damaged = GrowingEdge.read(folder.read, 66_000)
        except TileError:
            continue
        assert damaged.root() != recomputed.root()
    for cut in {0, len(whole) // 2, len(whole) - 1}:
        folder[path] = whole[:cut]
        with pytest.raises(TileError):
            GrowingEdge.read(folder.read, 66_000)
    del folder[path]
    with pytest.raises(KeyError):
        GrowingEdge.read(folder.read, 66_000)


@pytest.mark.parametrize("cut", [0, 1, 31, 8_191])
def test_truncated_tile__is_refused(cut: int) -> None:
    folder, _ = grown([700])
    folder["tile/0/001"] = folder["tile/0/001"][:cut]
    with pytest.raises(TileError, match="a tile has"):
        TileTree(folder.read, 700).inclusion_proof(300)


@given(st.integers(0, 79), st.integers(1, 255))
def test_changed_byte_of_a_tile__never_proves(at: int, change: int) -> None:
    """Whatever a proof is made from, it verifies against the signed root or not at all."""
    folder, edge = grown([300])
    tile = bytearray(folder["tile/0/001.p/44"])
    tile[at] ^= change
    folder["tile/0/001.p/44"] = bytes(tile)
    tree = TileTree(folder.read, 300)
    with pytest.raises(ProofError):
        verify_inclusion(hash_leaf(entry(299)), 299, 300, edge.root(), tree.inclusion_proof(299))


@settings(deadline=None)
@given(st.integers(0, 300 * 80 - 1), st.integers(1, 255))
def test_changed_byte_of_a_bundle__never_gives_another_entry(at: int, change: int) -> None:
    folder, _ = grown([300])
    path = bundle_path(0)
    data = bytearray(folder[path])
    place = at % len(data)
    data[place] ^= change
    folder[path] = bytes(data)
    tree = TileTree(folder.read, 300)
    for index in (0, 100, 255):
        try:
            found = tree.entry(index)
        except TileError:
            continue
        assert found == entry(index)
