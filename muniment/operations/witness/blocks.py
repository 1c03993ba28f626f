# SPDX-License-Identifier: Apache-2.0
"""Blocks: what the nodes show is compared, checked and signed, one hash a height.

Each round asks every node for its latest block, for the last one whose height is a multiple of the
step, and for the one that was signed last. The second is what is signed: several witnesses with one
step sign the same heights, so that their notes go together.

What validators have not signed is a node's lie, or its fault: it is told, and nothing else happens.
Two hashes at one height, both signed by validators, are a contradiction of the validators: both
headers are kept, the height is barred, and no block is signed until somebody has looked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from muniment.errors import MunimentError, ProofError
from muniment.operations.witness.publication import PROOFS, Publication
from muniment.operations.witness.sightings import HeaderChecks, Sighting, WatchedNode
from muniment.proof.istanbul import SealError
from muniment.store.durable_files import replace
from muniment.store.signed_statements import BLOCKS, SignedBlock, Statements

_MODE: Final = 0o644


class TwoBlocksError(ProofError):
    """Two blocks of one height, both as the validators sign; `kept` has both headers."""

    exit_code: ClassVar[int] = 11

    def __init__(
        self, number: int, hashes: Iterable[bytes], signers: Iterable[bytes], kept: Path
    ) -> None:
        shown = " and ".join(f"0x{each.hex()}" for each in sorted(hashes))
        both = ", ".join(f"0x{each.hex()}" for each in sorted(signers))
        super().__init__(
            f"block {number} is there twice: {shown}",
            expected="one block a height",
            remedy="no block is signed until somebody has looked. "
            + (f"Validators who signed both: {both}. " if both else "")
            + f"Both headers are in {kept}: show them to the registry's operator; then "
            "`muniment witness resume`",
        )
        self.number = number
        self.kept = kept


class UnsignedContradictionError(ProofError):
    """A node shows another block at a height that was signed, without the signatures for it."""

    def __init__(self, number: int, signed: bytes, shown: bytes, why: str) -> None:
        super().__init__(
            f"the node shows block {number} as 0x{shown.hex()}, and {why}",
            expected=f"0x{signed.hex()}, which was signed",
            remedy="the node lies or is damaged: do not use it",
        )


@dataclass(slots=True)
class BlockRound:
    """What a round found: the block that was `signed`, the `heads` of nodes by their place, and by
    node what went wrong (`faults`)."""

    signed: SignedBlock | None = None
    heads: dict[int, int] = field(default_factory=dict)
    faults: list[tuple[int, MunimentError]] = field(default_factory=list)
    contradictions: list[TwoBlocksError] = field(default_factory=list)
    halted: bool = False


class BlockWitness:
    """Follows the nodes of one chain."""

    def __init__(
        self,
        folder: Path,
        statements: Statements,
        publication: Publication,
        clock: Callable[[], float],
    ) -> None:
        """Take the witness's folder and what it signs with; `clock` gives Unix seconds."""
        self._folder = folder
        self._statements = statements
        self._publication = publication
        self._clock = clock

    def round(self, nodes: Iterable[WatchedNode], checks: HeaderChecks, step: int) -> BlockRound:
        """Ask the nodes, and sign the highest multiple of `step` that may be signed.

        Raises `SecondStatementError`, `ClockError`, `StatementsError`, `OSError`; what is wrong
        with a node is in the result.
        """
        done = BlockRound()
        sighted: list[Sighting] = []
        last = self._statements.last_block()
        for node in nodes:
            try:
                sighted += self._sighted(node, checks, last, step, done)
            except MunimentError as error:
                done.faults.append((node.place, error))
        by_number: dict[int, dict[bytes, bytes]] = {}
        for each in sighted:
            by_number.setdefault(each.number, {})[each.hash] = each.header
        for number, headers in by_number.items():
            known = self._statements.block(number)
            if known is not None:
                headers[known.hash] = known.header
            if len(headers) > 1:
                self._contradiction(number, headers, checks, done)
        done.halted = bool(self._statements.open_incidents(BLOCKS))
        lowest = -1 if last is None else last.number
        barred = self._statements.barred()
        above = [
            each
            for each in sighted
            if each.number > lowest and each.number % step == 0 and each.number not in barred
        ]
        if above and not done.halted:
            done.signed = self._sign(max(above, key=lambda each: each.number))
        return done

    def _sighted(
        self,
        node: WatchedNode,
        checks: HeaderChecks,
        last: SignedBlock | None,
        step: int,
        done: BlockRound,
    ) -> list[Sighting]:
        """What a node shows, signed by validators all of it."""
        head = node.sight(checks)
        found = [self._required(head, checks)]
        done.heads[node.place] = head.number
        # The first block of a chain bears no seals.
        wanted = {head.number - head.number % step} - {0}
        if last is not None and head.number > last.number:
            wanted.add(last.number)
        others = sorted(wanted - {head.number})
        return found + [self._required(node.sight(checks, each), checks) for each in others]

    def _required(self, shown: Sighting, checks: HeaderChecks) -> Sighting:
        known = self._statements.block(shown.number)
        if known is not None and known.hash == shown.hash:
            return shown
        below = self._statements.last_block(below=shown.number)
        try:
            checks.require(shown, None if below is None else below.header)
        except SealError as error:
            if known is None:
                raise
            raise UnsignedContradictionError(
                shown.number, known.hash, shown.hash, error.what
            ) from error
        return shown

    def _contradiction(
        self, number: int, headers: dict[bytes, bytes], checks: HeaderChecks, done: BlockRound
    ) -> None:
        kept = self._folder / PROOFS / f"block-{number}"
        kept.mkdir(parents=True, exist_ok=True)
        for block_hash, header in headers.items():
            replace(kept / f"{block_hash.hex()}.header", header, mode=_MODE)
        signers = frozenset.intersection(*map(checks.signers, headers.values()))
        error = TwoBlocksError(number, headers, signers, kept)
        now = int(self._clock())
        if self._statements.add_incident(BLOCKS, error.what, kept, now, barred=number):
            done.contradictions.append(error)

    def _sign(self, shown: Sighting) -> SignedBlock:
        statement = SignedBlock(shown.number, shown.hash, shown.header, int(self._clock()))
        # First it is on disk that this hash is the height's, then it is said.
        signed = self._statements.add_block(statement)
        self._publication.block(signed)
        return signed
