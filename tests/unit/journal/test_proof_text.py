# SPDX-License-Identifier: Apache-2.0
"""Proofs as text: they prove what they say, and nothing else."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import ProofError
from muniment.journal.checkpoints import Checkpoint, NoteError, NoteKey, sign
from muniment.journal.merkle import Tree, hash_leaf
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


@given(st.integers(0, len(TEXT) - 1), st.integers(0, 7))
def test_one_bit__is_noticed(place: int, bit: int) -> None:
    changed = bytearray(TEXT)
    changed[place] ^= 1 << bit
    with pytest.raises(ProofError):
        checked(bytes(changed))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"c2sp.org/tlog-proof@v2\nindex 1",
        b"c2sp.org/tlog-proof@v1",
        b"c2sp.org/tlog-proof@v1\nindex 01",
        b"c2sp.org/tlog-proof@v1\nindex -1",
        b"c2sp.org/tlog-proof@v1\nextra ?\nindex 1",
        b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA",
        b"c2sp.org/tlog-proof@v1\nindex 1\n" + b"\n".join([b"A" * 43 + b"="] * 64),
    ],
)
def test_other_forms__are_refused(head: bytes) -> None:
    with pytest.raises(NoteError):
        TextProof.from_bytes(head + b"\n\n" + NOTE)


def test_three_million_entries__fit_in_1500_bytes() -> None:
    note = sign(Checkpoint(ORIGIN, 3_000_000, bytes(32)), ORIGIN, PRIVATE)
    # The deepest leaf of a tree of that size has 22 hashes on its way.
    assert len(text_proof(2_999_999, [bytes(32)] * 22, note, bytes(78))) <= 1500
