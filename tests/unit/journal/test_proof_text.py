# SPDX-License-Identifier: Apache-2.0
"""Proofs as text: they prove what they say, and nothing else."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import ProofError
from muniment.journal.checkpoints import Checkpoint, NoteError, NoteKey, sign
from muniment.journal.merkle import HashTree, Tree, hash_children, hash_leaf
from muniment.journal.proof_text import TextProof, text_proof

ORIGIN = f"muniment/{bytes(32).hex()}/1/1"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = NoteKey(ORIGIN, PRIVATE.public_key().public_bytes_raw())
ENTRIES = [b"entry %d" % each for each in range(100)]


def tree() -> Tree:
    made = Tree()
    for each in ENTRIES:
        made.append(hash_leaf(each))
    return made


TREE = tree()
NOTE = sign(Checkpoint(ORIGIN, 100, TREE.root()), ORIGIN, PRIVATE)
TEXT = text_proof(17, TREE.inclusion_proof(17), NOTE, ENTRIES[17])


@given(st.integers(0, 99), st.none() | st.binary(max_size=100))
def test_proof__comes_back_and_holds(index: int, extra: bytes | None) -> None:
    data = text_proof(index, TREE.inclusion_proof(index), NOTE, extra)
    proof = TextProof.from_bytes(data)
    assert (proof.index, proof.extra, proof.to_bytes()) == (index, extra, data)
    assert proof.require(ENTRIES[index], KEY).size == 100
    with pytest.raises(ProofError):
        proof.require(ENTRIES[(index + 1) % 100], KEY)


def checked(data: bytes) -> None:
    """A proof that brings its entry with it, in the extra line."""
    proof = TextProof.from_bytes(data)
    proof.require(proof.extra or b"", KEY)


def test_unchanged__holds() -> None:
    checked(TEXT)


@pytest.mark.parametrize("change", [1, 2, 0x20, 0x80, 0xFF])
def test_any_byte_changed__is_noticed(change: int) -> None:
    for place in range(len(TEXT)):
        changed = bytearray(TEXT)
        changed[place] ^= change
        with pytest.raises(ProofError):
            checked(bytes(changed))


@given(st.integers(0, len(TEXT) - 1), st.integers(1, 255))
def test_any_byte_changed_to_any_other__is_noticed(place: int, change: int) -> None:
    changed = bytearray(TEXT)
    changed[place] ^= change
    with pytest.raises(ProofError):
        checked(bytes(changed))


def test_any_byte_missing_or_doubled__is_noticed() -> None:
    for place in range(len(TEXT)):
        for changed in (
            TEXT[:place] + TEXT[place + 1 :],
            TEXT[:place] + TEXT[place : place + 1] + TEXT[place:],
            TEXT[:place],
        ):
            with pytest.raises(ProofError):
                checked(changed)


def test_hashes_moved_doubled_or_missing__are_noticed() -> None:
    lines = TEXT.split(b"\n")
    first = next(at for at, line in enumerate(lines) if line.startswith(b"index ")) + 1
    last = lines.index(b"") - 1
    for at in range(first, last):
        swapped = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
        doubled = [*lines[: at + 1], *lines[at:]]
        missing = [*lines[:at], *lines[at + 1 :]]
        for changed in (swapped, doubled, missing):
            with pytest.raises(ProofError):
                checked(b"\n".join(changed))


def test_another_journal_s_checkpoint__is_refused() -> None:
    other = f"muniment/{bytes(32).hex()}/1/2"
    note = sign(Checkpoint(other, 100, TREE.root()), other, PRIVATE)
    with pytest.raises(NoteError):
        TextProof.from_bytes(text_proof(17, TREE.inclusion_proof(17), note)).require(
            ENTRIES[17], KEY
        )


def test_only_entry__needs_no_hash() -> None:
    note = sign(Checkpoint(ORIGIN, 1, hash_leaf(b"alone")), ORIGIN, PRIVATE)
    text = text_proof(0, [], note)
    assert text == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + note
    assert TextProof.from_bytes(text).require(b"alone", KEY).size == 1
    with pytest.raises(ProofError):
        TextProof.from_bytes(text_proof(1, [], note)).require(b"alone", KEY)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"c2sp.org/tlog-proof@v2\nindex 1",
        b"c2sp.org/tlog-proof@v1",
        b"c2sp.org/tlog-proof@v1\nindex 01",
        b"c2sp.org/tlog-proof@v1\nindex -1",
        b"c2sp.org/tlog-proof@v1\nindex 1\r",
        b"c2sp.org/tlog-proof@v1\nindex 99999999999999999999",
        b"c2sp.org/tlog-proof@v1\nindex 1\nindex 1",
        b"c2sp.org/tlog-proof@v1\nindex 1\nextra AAAA",
        b"c2sp.org/tlog-proof@v1\nextra ?\nindex 1",
        b"c2sp.org/tlog-proof@v1\nextra AAB=\nindex 1",
        b"c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 1",
        b"c2sp.org/tlog-proof@v1\nindex 1\n" + b"A" * 42 + b"B=",
        b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA",
        b"c2sp.org/tlog-proof@v1\nindex 1\n" + b"\n".join([b"A" * 43 + b"="] * 64),
    ],
)
def test_other_forms__are_refused(head: bytes) -> None:
    with pytest.raises(NoteError):
        TextProof.from_bytes(head + b"\n\n" + NOTE)


def test_three_million_entries__fit_in_1500_bytes() -> None:
    """With the entry, and a checkpoint of the longest name there is."""
    longest = f"muniment/{'f' * 64}/{(1 << 32) - 1}/{(1 << 32) - 1}"
    note = sign(Checkpoint(longest, 3_000_000, bytes(32)), longest, PRIVATE)
    proof = Alike(3_000_000).inclusion_proof(0)
    assert len(proof) == 22
    assert len(text_proof(2_999_999, proof, note, bytes(78))) <= 1500


class Alike(HashTree):
    """A tree of any size, each of its leaves the same: its nodes cost nothing."""

    def __init__(self, size: int) -> None:
        self._size = size

    @property
    def size(self) -> int:
        return self._size

    def _complete(self, level: int, place: int) -> bytes:
        node = hash_leaf(b"the same")
        for _ in range(level):
            node = hash_children(node, node)
        return node
