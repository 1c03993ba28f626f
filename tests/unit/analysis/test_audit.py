# SPDX-License-Identifier: Apache-2.0
"""The audit of a tree without Spark: roots as the RFC has them, and every fault named exactly."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.analysis.audit import duplicates
from muniment.analysis.audit.coverage import Held, uncovered
from muniment.analysis.audit.entries import STRIDE, leaf_hashes, rows_of
from muniment.analysis.audit.faults import Fault, Kind, runs
from muniment.analysis.audit.openings import sample
from muniment.analysis.audit.plan import RANGE_BITS, SealedRoot, SealTable
from muniment.analysis.audit.subtrees import Peaks, Subtree
from muniment.errors import InvalidInputError
from muniment.journal.merkle import EMPTY_ROOT, Tree, hash_leaf
from muniment.journal.tiles import encode_bundle
from tests.unit.analysis.audited_journal import TIME, Journal, entry, journal

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "merkle.json").read_text())
SIZE = 1_100
"""Four whole tiles and a partial one; ranges of 256."""


@pytest.fixture(scope="module")
def sound_files(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    entries = [entry(number) for number in range(SIZE)]
    return journal(tmp_path_factory.mktemp("sound"), entries, [1, 300, 512, 1_000, SIZE])


@pytest.fixture
def sound(sound_files: Journal, tmp_path: Path) -> Journal:
    """A journal of its own for each test."""
    shutil.copytree(sound_files.folder, tmp_path / "journal")
    return Journal(tmp_path / "journal", list(sound_files.seals), sound_files.stored)


class TestRoots:
    @given(st.integers(0, 700), st.data())
    def test_subtree__has_the_roots_of_the_tree(self, count: int, data: st.DataObject) -> None:
        hashes = [hashlib.sha256(b"%d" % number).digest() for number in range(count)]
        tree, subtree = Tree(), Subtree(b"".join(hashes))
        for each in hashes:
            tree.append(each)
        size = data.draw(st.integers(0, count))
        assert subtree.root() == tree.root()
        assert subtree.root(size) == tree.root(size)

    @given(st.integers(0, 40), st.integers(0, 7))
    def test_peaks__of_whole_subtrees_and_a_smaller_one(self, whole: int, rest: int) -> None:
        hashes = [hashlib.sha256(b"%d" % number).digest() for number in range(8 * whole + rest)]
        tree, peaks = Tree(), Peaks()
        for each in hashes:
            tree.append(each)
        for at in range(whole):
            peaks.append(Subtree(b"".join(hashes[8 * at : 8 * at + 8])).root())
        last = Subtree(b"".join(hashes[8 * whole :])).root() if rest else b""
        assert peaks.root(last) == tree.root()
        # Looking does not change it.
        assert peaks.root(last) == tree.root()

    @pytest.mark.parametrize(
        "case",
        [each for each in VECTORS["consistency"] if each["valid"] and each["size2"] < 100],
        ids=lambda each: each["name"],
    )
    def test_vectors__both_roots_of_each_consistency_proof(self, case: dict[str, object]) -> None:
        size = int(str(case["size2"]))
        tree = Subtree(b"".join(hash_leaf(b"entry %d" % number) for number in range(size)))
        for name in ("1", "2"):
            root = tree.root(int(str(case[f"size{name}"])))
            assert f"0x{root.hex()}" == case[f"root{name}"]

    def test_nothing__has_the_empty_root(self) -> None:
        assert Subtree(b"").root() == Peaks().root() == EMPTY_ROOT

    @given(st.lists(st.binary(min_size=78, max_size=78), min_size=1, max_size=40))
    def test_leaf_hashes__are_those_of_the_entries(self, entries: list[bytes]) -> None:
        made = leaf_hashes(encode_bundle(entries), len(entries))
        assert made == b"".join(map(hash_leaf, entries))


class TestFaults:
    def test_sound__has_none(self, sound: Journal) -> None:
        assert sound.audit() == []

    @pytest.mark.parametrize("bits", [8, 9, 16])
    @pytest.mark.parametrize("size", [1, 255, 256, 257, 700, SIZE])
    def test_sound__at_every_edge(self, tmp_path: Path, size: int, bits: int) -> None:
        entries = [entry(number) for number in range(size)]
        made = journal(tmp_path, entries, sorted({1, size // 2 or 1, size}), bits=bits)
        assert made.audit() == []

    def test_grown__is_audited_up_to_its_last_seal(self, tmp_path: Path) -> None:
        entries = [entry(number) for number in range(900)]
        made = journal(tmp_path, entries, [40, 300])
        for path in sorted(tmp_path.rglob("*.p/*")):
            # As a sequencer does: partial files whose full ones stand are gone.
            if path.parent.with_suffix("").exists():
                path.unlink()
        assert made.audit() == []

    @pytest.mark.parametrize("index", [0, 299, 511, 1_050])
    def test_entry_changed__is_named_with_both_hashes(self, sound: Journal, index: int) -> None:
        other = entry(index, commitment=b"\x99" * 32)
        sound.change(bundle(index), STRIDE * (index % 256) + 2, other)
        [fault] = sound.audit()
        assert (fault.first, fault.last, fault.kind) == (index, index, Kind.ENTRY)
        assert fault.what == "it is not the entry that was sealed"
        assert fault.expected == f"leaf hash 0x{hash_leaf(entry(index)).hex()}"
        assert fault.found == f"0x{hash_leaf(other).hex()}"
        assert fault.file == bundle(index)

    def test_length_changed__names_that_entry_alone(self, sound: Journal) -> None:
        sound.change("tile/entries/000", STRIDE * 7, b"\x01")
        [fault] = sound.audit()
        assert (fault.first, fault.last, fault.kind) == (7, 7, Kind.ENTRY)

    def test_hash_in_a_leaf_tile_changed__is_the_tiles_fault(self, sound: Journal) -> None:
        sound.change("tile/0/001", 32 * 7, b"\x11" * 32)
        [fault] = sound.audit()
        assert (fault.first, fault.last, fault.kind) == (263, 263, Kind.TILE)
        assert (fault.found, fault.file) == (f"0x{'11' * 32}", "tile/0/001")
        assert fault.expected == f"0x{hash_leaf(entry(263)).hex()}"

    def test_entry_and_its_hash_changed__the_level_above_proves_it(self, sound: Journal) -> None:
        other = entry(600, commitment=b"\x99" * 32)
        sound.change(bundle(600), STRIDE * (600 % 256) + 2, other)
        sound.change("tile/0/002", 32 * (600 % 256), hash_leaf(other))
        faults = sound.audit()
        assert [(each.first, each.last, each.kind) for each in faults] == [
            (512, 767, Kind.ENTRY),
            (512, 767, Kind.TILE),
        ]

    def test_entry_and_all_its_tiles_changed__the_seals_prove_it(self, tmp_path: Path) -> None:
        entries = [entry(number) for number in range(SIZE)]
        right = journal(tmp_path / "right", entries, [300, 700, SIZE])
        entries[600] = entry(600, commitment=b"\x99" * 32)
        wrong = journal(tmp_path / "wrong", entries, [300, 700, SIZE])
        wrong.seals = right.seals
        [fault] = wrong.audit()
        assert (fault.first, fault.last, fault.kind) == (300, 699, Kind.ROOT)
        assert fault.expected == f"root 0x{right.seals[1].root.hex()}"
        assert fault.found != fault.expected
        assert "1 later seals" in fault.what

    def test_entry_and_another_hash_of_its_tile_changed__both_are_named(
        self, sound: Journal
    ) -> None:
        sound.change("tile/entries/000", STRIDE * 5 + 2, entry(5, commitment=b"\x99" * 32))
        sound.change("tile/0/000", 32 * 9, b"\x11" * 32)
        assert [(each.first, each.last, each.kind) for each in sound.audit()] == [
            (5, 5, Kind.ENTRY),
            (9, 9, Kind.TILE),
        ]

    def test_node_of_level_1_changed__is_named(self, sound: Journal) -> None:
        sound.change("tile/1/000.p/4", 32 * 2, b"\x11" * 32)
        [fault] = sound.audit()
        assert (fault.first, fault.last, fault.kind) == (512, 767, Kind.TILE)
        assert fault.file == "tile/1/000.p/4"

    def test_tile_missing__is_named(self, sound: Journal) -> None:
        (sound.folder / "tile/0/003").unlink()
        [fault] = sound.audit()
        assert (fault.first, fault.last, fault.kind) == (768, 1_023, Kind.TILE)

    def test_bundle_missing__is_a_gap(self, sound: Journal) -> None:
        (sound.folder / "tile/entries/002").unlink()
        [fault] = sound.audit()
        assert (fault.first, fault.last, fault.kind) == (512, 767, Kind.GAP)
        assert fault.file == "tile/entries/002"

    def test_bundle_cut_short__is_a_gap_from_there_on(self, sound: Journal) -> None:
        file = sound.folder / "tile/entries/001"
        file.write_bytes(file.read_bytes()[: STRIDE * 200 + 5])
        [fault] = sound.audit()
        assert (fault.first, fault.last, fault.kind) == (456, 511, Kind.GAP)
        assert (fault.expected, fault.found) == ("a bundle of 256 entries", "200")

    def test_many_faults_in_one_journal__are_all_named(self, sound: Journal) -> None:
        sound.change(bundle(5), STRIDE * 5 + 2, entry(5, commitment=b"\x99" * 32))
        sound.change("tile/0/001", 0, b"\x11" * 32)
        (sound.folder / "tile/entries/002").unlink()
        sound.change("tile/1/000.p/4", 32 * 3, b"\x11" * 32)
        assert [(each.first, each.last, each.kind) for each in sound.audit()] == [
            (5, 5, Kind.ENTRY),
            (256, 256, Kind.TILE),
            (512, 767, Kind.GAP),
            (768, 1_023, Kind.TILE),
        ]

    def test_sealed_without_a_form__is_named_where_the_tree_is_right(self, tmp_path: Path) -> None:
        entries = [entry(number) for number in range(300)]
        entries[270] = b"\x09" + entries[270][1:]
        entries[271] = b"short"
        entries[10] = entry(10, time=TIME + 1)
        made = journal(tmp_path, entries, [300])
        found = made.audit()
        assert [(each.first, each.kind) for each in found] == [
            (10, Kind.FORM),
            (270, Kind.FORM),
            (271, Kind.FORM),
        ]
        assert found[0].what == "it claims a time after its seal"
        assert found[0].found == f"{TIME + 1}"

    def test_seal_of_another_tree__says_from_where_on(self, sound: Journal) -> None:
        sound.seals[2] = SealedRoot(512, b"\x22" * 32, TIME)
        [fault] = sound.audit()
        assert (fault.first, fault.last, fault.kind) == (300, 511, Kind.ROOT)

    @given(st.data())
    def test_any_byte_of_any_file__is_found(
        self, sound_files: Journal, data: st.DataObject
    ) -> None:
        """Whatever byte of the sealed size's files is another: somebody is told which file."""
        paths = [f"tile/entries/{number:03d}" for number in range(4)]
        paths += [f"tile/0/{number:03d}" for number in range(4)]
        paths += ["tile/entries/004.p/76", "tile/0/004.p/76", "tile/1/000.p/4"]
        path = data.draw(st.sampled_from(paths))
        file = sound_files.folder / path
        before = file.read_bytes()
        at = data.draw(st.integers(0, len(before) - 1))
        change = data.draw(st.integers(1, 255))
        try:
            sound_files.change(path, at, bytes([before[at] ^ change]))
            assert {each.file for each in sound_files.audit()} == {path}
        finally:
            file.write_bytes(before)


class TestHighTiles:
    def test_level_2__is_compared_with_the_ranges(self, tmp_path: Path) -> None:
        entries = [b"\x01\x01\x00\x01\x00\x01" + bytes(8) + b"%064d" % at for at in range(65_600)]
        made = journal(tmp_path, entries, [65_600], bits=16)
        assert made.audit() == []
        made.change("tile/2/000.p/1", 5, b"\x77")
        [fault] = made.audit()
        assert (fault.first, fault.last, fault.kind) == (0, 65_535, Kind.TILE)
        assert fault.file == "tile/2/000.p/1"
        made.bits = 8
        assert made.audit() == [fault]


class TestDuplicates:
    @given(st.lists(st.integers(0, 60), min_size=1, max_size=80), st.integers(0, 4), st.integers(0))
    def test_suspects__are_exactly_those_that_come_twice(
        self, numbers: list[int], spread: int, seed: int
    ) -> None:
        rows = rows_of(encode_bundle([entry(number) for number in numbers]))
        indexes = np.arange(100, 100 + len(numbers))
        factor = (seed << 1 | 1) & (1 << 64) - 1
        buckets = list(duplicates.buckets_of(rows, indexes, spread, factor))
        found: list[int] = []
        for bucket in range(1 << spread):
            blobs = [blob for number, blob in buckets if number == bucket]
            found += duplicates.suspects_in(blobs).tolist()
        wanted = [100 + at for at, each in enumerate(numbers) if numbers.count(each) > 1]
        assert sorted(found) == wanted

    def test_reads__are_no_registrations(self) -> None:
        reading = b"\x02" + entry(1)[1:]
        rows = rows_of(encode_bundle([reading, reading, entry(1)]))
        [(_, blob)] = duplicates.buckets_of(rows, np.arange(3), 0, 1)
        assert duplicates.suspects_in([blob]).tolist() == []


class TestCoverage:
    def well(self, first: int, end: int, pack: str = "packs/1") -> Held:
        return Held(first >> RANGE_BITS, first, end, pack, "", "", "")

    def wrong(self, index: int, what: str = "of another") -> Held:
        return Held(index >> RANGE_BITS, index, index + 1, "packs/2", what, "this", "that")

    def test_all_held__by_packs_that_overlap(self) -> None:
        rows = [self.well(0, 50), self.well(40, 80, "packs/2"), self.wrong(45), self.well(80, 100)]
        assert list(uncovered(100, rows)) == []

    def test_hole__is_one_fault(self) -> None:
        [fault] = uncovered(100, [self.well(0, 40), self.well(60, 100)])
        assert (fault.first, fault.last, fault.kind) == (40, 59, Kind.PACK)
        assert fault.what == "no pack of the vault holds the content"

    def test_wrong_object__says_what_the_pack_has(self) -> None:
        [fault] = uncovered(100, [self.well(0, 40), self.wrong(40), self.well(41, 100)])
        expected = Fault(40, 40, Kind.PACK, "of another", "this", "that", "packs/2")
        assert fault == expected

    def test_part_without_any_pack__is_noticed(self) -> None:
        second = 1 << RANGE_BITS
        empty = Held(1, 0, 0, "", "", "", "")
        [fault] = uncovered(second + 10, [self.well(0, second), empty])
        assert (fault.first, fault.last) == (second, second + 9)


class TestPlan:
    def test_seals__say_when_an_entry_was_sealed(self) -> None:
        table = SealTable([SealedRoot(2, bytes(32), 10), SealedRoot(5, bytes(32), 20)])
        assert table.covering([0, 1, 2, 4]).tolist() == [10, 10, 20, 20]
        assert list(table.within(0, 2)) == [0]
        assert list(table.within(2, 5)) == [1]

    @pytest.mark.parametrize("sizes", [[], [0], [3, 3], [5, 4]])
    def test_seals__grow(self, sizes: list[int]) -> None:
        with pytest.raises(InvalidInputError):
            SealTable([SealedRoot(size, bytes(32), 1) for size in sizes])

    def test_sample__is_the_same_for_a_seed(self) -> None:
        assert sample(1_000, 20, 7) == sample(1_000, 20, 7) != sample(1_000, 20, 8)
        assert sample(5, 20, 7) == [0, 1, 2, 3, 4]

    def test_runs__of_numbers(self) -> None:
        assert list(runs([1, 2, 3, 7, 9, 10])) == [(1, 3), (7, 7), (9, 10)]
        assert list(runs([])) == []


def bundle(index: int) -> str:
    """The path of the bundle that has an entry of the journal of 1,100."""
    number = index // 256
    return f"tile/entries/{number:03d}" + (".p/76" if number == 4 else "")
