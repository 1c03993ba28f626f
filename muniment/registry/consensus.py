# SPDX-License-Identifier: Apache-2.0
"""What evidence needs of a chain whose validators sign: whom to trust, and who came after them."""

from __future__ import annotations

from pathlib import Path

from muniment.chain.connection import Block, Connection
from muniment.chain.engines import Engine, engine_of, signed_header, validators_of
from muniment.errors import InvalidInputError, ProofError, RecordError
from muniment.evidence import pins
from muniment.evidence.block_notes import block_statement
from muniment.evidence.handovers import HandOver, shortest
from muniment.evidence.trust import PinnedValidators
from muniment.journal.checkpoints import checkpoint_in
from muniment.proof.istanbul import IstanbulHeader, ValidatorSet
from muniment.registry.session import Session


class NoHandOverError(RecordError):
    """The validators have changed, and no hand-overs lead to those who signed the block."""

    def __init__(self, number: int, folder: Path | None) -> None:
        super().__init__(
            f"block {number} is not signed by the validators of the profile's trust file",
            expected=f"hand-overs that lead to them, in {folder or 'a folder of the profile'}",
            remedy="name in the profile, as [chain] handovers, the folder of the documents that "
            "the validators' operators keep; or let the profile name a newer trust file",
        )


def pinned_validators(node: Connection, block: Block) -> PinnedValidators | None:
    """Return who signs blocks from `block` on, None where the node's chain does not sign.

    The node's word is checked against the block's seals. Raises `SealError`, `UnreachableError`.
    """
    if engine_of(node) is not Engine.ISTANBUL:
        return None
    named = validators_of(node, block.number)
    if block.number:
        # The first block bears no seals.
        ValidatorSet(named).check(IstanbulHeader.from_rlp(signed_header(node, block)))
    return PinnedValidators(block.number, named)


def trusted_validators(session: Session) -> PinnedValidators | None:
    """Return the validators that the profile's trust file names, None where it names none.

    Raises `TrustFileError`.
    """
    path = session.profile.trust
    return None if path is None else pins.load(path).validators


def needed_handovers(session: Session, header: IstanbulHeader) -> tuple[HandOver, ...]:
    """Return the fewest hand-overs from the profile's trust file to who signed a header.

    None are needed where that file names no validators, or names them since a later block. Raises
    `NoHandOverError`.
    """
    trusted = trusted_validators(session)
    if trusted is None or header.number < trusted.block:
        return ()
    folder = session.profile.chain.handovers
    found = shortest(trusted.addresses, kept_handovers(folder, session.profile.chain.id), header)
    if found is None:
        raise NoHandOverError(header.number, folder)
    return found


def kept_handovers(folder: Path | None, chain_id: int) -> list[HandOver]:
    """Return the hand-overs of a folder, all that are of this chain.

    Raises `InvalidInputError` for a document that is none, or that lacks signatures.
    """
    if folder is None or not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            handover = HandOver.from_bytes(path.read_bytes())
            handover.require_signed()
        except (OSError, ProofError) as error:
            raise InvalidInputError(
                f"hand-over {path}", "a document that its validators have signed", str(error)
            ) from error
        if handover.chain_id == chain_id:
            found.append(handover)
    return found


def noted_block(node: Connection, note: bytes) -> Block:
    """Return the block that a note of witnesses speaks of, as the node has it.

    Raises `NoteError`, and `InvalidInputError` for a note of another chain or another block.
    """
    said = checkpoint_in(note)
    if said.origin != block_statement(node.chain_id, said.size, said.root).origin:
        raise InvalidInputError("--witnessed", f"a note of chain {node.chain_id}", said.origin)
    block = node.block(said.size)
    if block.hash != said.root:
        raise InvalidInputError(
            "--witnessed",
            f"a note of block {said.size} as the node has it, 0x{block.hash.hex()}",
            f"one of 0x{said.root.hex()}",
            remedy="if the note is not of another chain of this number, one of the two has forked: "
            "ask other nodes and other witnesses",
        )
    return block
