# SPDX-License-Identifier: Apache-2.0
"""What a witness has signed: one hash a height, one root a size, whatever is asked of the store."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from muniment.store.signed_statements import (
    BLOCKS,
    ClockError,
    SecondStatementError,
    SignedBlock,
    SignedCheckpoint,
    Statements,
    StatementsError,
)

WHO = {"name": "audit.example/w1", "key": "audit.example/w1+00+AA", "chain_id": 7}


def word(text: object) -> bytes:
    return hashlib.sha256(str(text).encode()).digest()


def block(number: int, content: str = "", time: int = 100) -> SignedBlock:
    return SignedBlock(number, word(f"{number}{content}"), b"header", time)


def checkpoint(
    size: int, content: str = "", time: int = 100, origin: str = "a/b"
) -> SignedCheckpoint:
    return SignedCheckpoint(origin, size, word(f"{size}{content}"), b"note", time)


@pytest.fixture
def store(tmp_path: Path) -> Statements:
    return Statements.create(tmp_path / "statements.db", **WHO)


def test_statements__survive_and_are_told(store: Statements, tmp_path: Path) -> None:
    store.add_block(block(3))
    store.add_block(block(9))
    store.add_checkpoint(checkpoint(5))
    store.close()
    with Statements.open(tmp_path / "statements.db", **WHO) as again:
        assert again.last_block() == block(9)
        assert again.last_block(below=9) == block(3)
        assert again.block(3) == block(3)
        assert again.block(4) is None
        assert list(again.blocks()) == [block(3), block(9)]
        assert again.checkpoint("a/b") == checkpoint(5)
        assert again.checkpoint("other") is None
        assert again.origins() == ["a/b"]
    assert (tmp_path / "statements.db").stat().st_mode & 0o777 == 0o600


def test_same_statement_again__is_the_one_that_was_made(store: Statements) -> None:
    store.add_block(block(3, time=100))
    store.add_checkpoint(checkpoint(3, time=100))
    # Its time too: signed again it is the same bytes.
    assert store.add_block(block(3, time=250)).time == 100
    assert store.add_checkpoint(checkpoint(3, time=250)).time == 100


def test_second_hash_of_a_height__is_refused(store: Statements) -> None:
    store.add_block(block(3))
    with pytest.raises(SecondStatementError, match="block 3") as caught:
        store.add_block(block(3, "other"))
    assert caught.value.exit_code == 11
    with pytest.raises(SecondStatementError, match="below the last"):
        store.add_block(block(2))


def test_barred_height__is_never_signed(store: Statements, tmp_path: Path) -> None:
    assert store.add_incident(BLOCKS, "two of 7", tmp_path, 100, barred=7)
    assert not store.add_incident(BLOCKS, "two of 7", tmp_path, 120, barred=7)
    with pytest.raises(SecondStatementError, match="block 7"):
        store.add_block(block(7))
    store.resume(store.open_incidents()[0].number, 130)
    assert store.open_incidents() == []
    with pytest.raises(SecondStatementError, match="block 7"):
        store.add_block(block(7))
    store.add_block(block(8))
    # A height that was signed before it was barred is not signed again either.
    store.add_incident(BLOCKS, "two of 8", tmp_path, 140, barred=8)
    with pytest.raises(SecondStatementError):
        store.add_block(block(8))
    with pytest.raises(StatementsError, match="no open incident"):
        store.resume(99, 150)


def test_smaller_size_and_other_root__are_refused(store: Statements) -> None:
    store.add_checkpoint(checkpoint(5))
    for bad in (checkpoint(5, "other"), checkpoint(4)):
        with pytest.raises(SecondStatementError):
            store.add_checkpoint(bad)
    store.add_checkpoint(checkpoint(4, origin="an/other"))


def test_clock_that_goes_back__stops_signing(store: Statements) -> None:
    store.add_block(block(3, time=100))
    store.add_checkpoint(checkpoint(3, time=100))
    with pytest.raises(ClockError, match="99"):
        store.add_block(block(4, time=99))
    with pytest.raises(ClockError, match="99"):
        store.add_checkpoint(checkpoint(4, time=99))


@pytest.mark.parametrize("changed", [{"name": "x"}, {"key": "x"}, {"chain_id": 8}])
def test_store_of_another_witness__is_refused(
    store: Statements, tmp_path: Path, changed: dict[str, object]
) -> None:
    store.close()
    with pytest.raises(StatementsError, match="another witness"):
        Statements.open(tmp_path / "statements.db", **{**WHO, **changed})  # type: ignore[arg-type]


def test_missing_or_damaged_store__is_refused(tmp_path: Path, store: Statements) -> None:
    with pytest.raises(StatementsError, match="no store"):
        Statements.open(tmp_path / "gone.db", **WHO)
    (tmp_path / "damaged.db").write_bytes(b"no database" * 500)
    with pytest.raises(StatementsError):
        Statements.open(tmp_path / "damaged.db", **WHO)
    with pytest.raises(StatementsError, match="there already"):
        Statements.create(tmp_path / "statements.db", **WHO)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE blocks SET hash = zeroblob(32)",
        "DELETE FROM blocks",
        "UPDATE checkpoints SET size = 1",
        "DELETE FROM checkpoints",
        "DELETE FROM barred",
        "DELETE FROM incidents",
        "UPDATE identity SET name = 'x'",
        "INSERT INTO blocks VALUES (2, zeroblob(32), x'', 0)",
        "INSERT OR REPLACE INTO blocks VALUES (3, zeroblob(32), x'', 0)",
        "INSERT INTO blocks VALUES (7, zeroblob(32), x'', 0)",
        "INSERT INTO checkpoints VALUES ('a/b', 2, zeroblob(32), x'', 0)",
        "INSERT OR REPLACE INTO checkpoints VALUES ('a/b', 3, zeroblob(32), x'', 0)",
    ],
)
def test_tables__refuse_it_from_whoever_writes(
    store: Statements, tmp_path: Path, statement: str
) -> None:
    store.add_block(block(3))
    store.add_checkpoint(checkpoint(3))
    store.add_incident(BLOCKS, "two", tmp_path, 100, barred=7)
    with (
        sqlite3.connect(tmp_path / "statements.db") as other,
        pytest.raises(sqlite3.IntegrityError),
    ):
        other.execute(statement)
    assert store.block(3) == block(3)


class AnyOrder(RuleBasedStateMachine):
    """Whatever is asked for, in whatever order, with the process dying in between."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "statements.db"
        self.store = Statements.create(self.path, **WHO)
        self.said: dict[int, tuple[bytes, int]] = {}
        self.sizes: dict[str, list[tuple[int, bytes, int]]] = {}
        self.barred: set[int] = set()
        self.now = 100

    @rule(number=st.integers(0, 12), content=st.sampled_from("ab"))
    def asks_for_a_block(self, number: int, content: str) -> None:
        try:
            made = self.store.add_block(block(number, content, self.now))
        except SecondStatementError:
            return
        assert number not in self.barred
        if number not in self.said:
            assert number > max(self.said, default=-1)
            self.said[number] = (made.hash, made.time)
        assert self.said[number] == (made.hash, made.time)

    @rule(size=st.integers(1, 12), content=st.sampled_from("ab"), origin=st.sampled_from("xy"))
    def asks_for_a_checkpoint(self, size: int, content: str, origin: str) -> None:
        told = self.sizes.setdefault(origin, [])
        try:
            made = self.store.add_checkpoint(checkpoint(size, content, self.now, origin))
        except SecondStatementError:
            return
        one = (made.size, made.root, made.time)
        if not told or told[-1] != one:
            assert not told or made.size > told[-1][0]
            told.append(one)

    @rule(number=st.integers(0, 12))
    def bars(self, number: int) -> None:
        self.store.add_incident(BLOCKS, f"two of {number}", self.path, self.now, barred=number)
        self.barred.add(number)

    @rule()
    def time_passes(self) -> None:
        self.now += 1

    @rule()
    def dies(self) -> None:
        self.store.close()
        self.store = Statements.open(self.path, **WHO)

    @invariant()
    def one_hash_a_height(self) -> None:
        kept = {each.number: (each.hash, each.time) for each in self.store.blocks()}
        assert kept == self.said

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


AnyOrder.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestAnyOrder = AnyOrder.TestCase
