# SPDX-License-Identifier: Apache-2.0
"""Block notes: who saw which block, and when."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.evidence.block_notes import block_witnessed_at, sign_block
from muniment.journal.checkpoints import COSIGNATURE, NoteError, NoteKey, cosign

HASH = bytes(range(32))
AUDITOR = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
PAPER = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)


def _key(name: str, private: Ed25519PrivateKey) -> NoteKey:
    return NoteKey(name, private.public_key().public_bytes_raw(), COSIGNATURE)


KEYS = [_key("auditor.example", AUDITOR), _key("paper.example", PAPER)]


def test_a_note_tells_which_witnesses_saw_the_block_and_when() -> None:
    note = cosign(
        sign_block(7, 40, HASH, "auditor.example", AUDITOR, 1_000), "paper.example", PAPER, 1_005
    )
    assert block_witnessed_at(note, 7, 40, HASH, KEYS) == {
        "auditor.example": 1_000,
        "paper.example": 1_005,
    }


def test_strangers_do_not_count() -> None:
    note = sign_block(7, 40, HASH, "auditor.example", PAPER, 1_000)
    assert block_witnessed_at(note, 7, 40, HASH, KEYS) == {}


@pytest.mark.parametrize(
    ("chain_id", "number", "block_hash"), [(8, 40, HASH), (7, 41, HASH), (7, 40, bytes(32))]
)
def test_a_note_of_another_block_is_refused(chain_id: int, number: int, block_hash: bytes) -> None:
    note = sign_block(chain_id, number, block_hash, "auditor.example", AUDITOR, 1_000)
    with pytest.raises(NoteError, match="speaks of block"):
        block_witnessed_at(note, 7, 40, HASH, KEYS)


def test_a_changed_time_is_refused() -> None:
    note = bytearray(sign_block(7, 40, HASH, "auditor.example", AUDITOR, 1_000))
    start = note.rindex(b" ") + 1
    # Characters of the time's bytes, after those of the key's name.
    note[start + 14] = ord("B") if note[start + 14] != ord("B") else ord("C")
    with pytest.raises(NoteError, match="auditor"):
        block_witnessed_at(bytes(note), 7, 40, HASH, KEYS)


def test_worked_example__is_what_the_specification_shows() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    block_hash = hashlib.sha256(b"block 81000").digest()
    note = sign_block(7001, 81_000, block_hash, "audit.example/w1", private, 1_795_478_400)
    specification = Path(__file__).resolve().parents[3] / "docs/spec/witness.md"
    text = specification.read_text()
    for line in filter(None, note.decode().splitlines()):
        assert f"    {line}\n" in text
    assert _key("audit.example/w1", private).to_text() in text
    assert block_hash.hex() in text
