# SPDX-License-Identifier: Apache-2.0
"""Tiles: whatever way a journal grew, its files and proofs are those of the plain tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.journal.merkle import Tree, hash_leaf
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


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537])
def test_edges_of_tiles__have_the_root(size: int) -> None:
    folder, edge = grown([size])
    assert edge.root() == TileTree(folder.read, size).root() == plain(size).root()


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
        (0, 1_234_067, 5, "tile/0/x001/x234/067.p/5"),
    ],
)
def test_path__is_that_of_the_specification(level: int, index: int, width: int, path: str) -> None:
    assert tile_path(level, index, width) == path


@pytest.mark.parametrize(("index", "width"), [(-1, 1), (0, 0), (0, 257)])
def test_path_of_no_tile__is_refused(index: int, width: int) -> None:
    with pytest.raises(InvalidInputError):
        bundle_path(index, width)


@given(st.lists(st.binary(max_size=300), max_size=256))
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
