# SPDX-License-Identifier: Apache-2.0
"""Block notes: that witnesses saw a block of this hash at this height, and when.

A block note has the form of a checkpoint (https://c2sp.org/tlog-checkpoint): its origin names the
chain, its size is the block's number, its root the block's hash. It bears co-signatures alone
(https://c2sp.org/tlog-cosignature), for a chain has no log key of its own. A block is no Merkle
tree: a note says nothing of consistency with an earlier one but what the witness checked, that the
block was signed as its trust file demands and that it never signed another of this height.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.journal.checkpoints import (
    Checkpoint,
    NoteError,
    NoteKey,
    checkpoint_in,
    cosign_body,
    cosigned_at,
)


def block_statement(chain_id: int, number: int, block_hash: bytes) -> Checkpoint:
    """Return what a note of block `number` with this hash (32 bytes) says."""
    return Checkpoint(f"muniment/blocks/{chain_id}", number, block_hash)


def sign_block(
    chain_id: int, number: int, block_hash: bytes, name: str, private: Ed25519PrivateKey, time: int
) -> bytes:
    """Return the note of a block with the co-signature of one witness, of `time` (Unix seconds).

    Others add theirs with `muniment.journal.checkpoints.cosign`. Raises `InvalidInputError` for a
    name or a time that a note cannot have.
    """
    body = block_statement(chain_id, number, block_hash).body()
    return cosign_body(body, name, private, time)


def block_witnessed_at(
    note: bytes, chain_id: int, number: int, block_hash: bytes, witnesses: Iterable[NoteKey]
) -> dict[str, int]:
    """Return which witnesses have signed a note of this block, and when (Unix seconds).

    Raises `NoteError` for a note of another block, and for a signature of theirs that is wrong.
    """
    said = checkpoint_in(note)
    wanted = block_statement(chain_id, number, block_hash)
    if said != wanted:
        raise NoteError(
            f"the note speaks of block {said.size} of {said.origin}, 0x{said.root.hex()}",
            expected=f"block {number} of {wanted.origin}, 0x{block_hash.hex()}",
        )
    return cosigned_at(note, witnesses)
