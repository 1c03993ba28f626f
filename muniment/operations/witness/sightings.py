# SPDX-License-Identifier: Apache-2.0
"""What a node shows as a block, checked as far as one header can be checked by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from muniment.chain.anchors import header_of
from muniment.chain.connection import Connection
from muniment.chain.engines import Engine, engine_of
from muniment.errors import ChainError, InvalidInputError, MunimentError, ProofError
from muniment.operations.witness.settings import NamedValidators
from muniment.operations.witness.validators import ValidatorSets
from muniment.proof.headers import BlockHeader
from muniment.proof.istanbul import IstanbulHeader, SealError

_TIMEOUT: Final = 10.0
_REMEDY: Final = (
    "do not use this node; but where the validators were changed, put the hand-over into the "
    "witness's folder `handovers`, or take the new set on the operator's word: `muniment witness "
    "validators`"
)
_FORMS: Final = (AttributeError, KeyError, IndexError, TypeError, ValueError)


class NodeAnswerError(ChainError):
    """A node's answer is none: another form, or another block than was asked for."""

    def __init__(self, what: str) -> None:
        super().__init__(what, expected="a block's header", remedy="ask another node")


class UnsignedBlocksError(InvalidInputError):
    """A node shows blocks that no validator has signed."""

    def __init__(self) -> None:
        super().__init__(
            "node",
            "a node whose headers bear validators' signatures (Istanbul BFT)",
            "one that shows none",
            remedy="name other nodes; for development alone: `unsigned_blocks = true`",
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """A header, RLP with its seals, that node `place` (counted from 0) showed.

    `number` and `hash` were made from it. Whether it is signed has been checked.
    """

    place: int
    number: int
    hash: bytes
    header: bytes


class WatchedNode:
    """A node, asked for its latest block and for earlier ones."""

    def __init__(self, place: int, url: str, chain_id: int) -> None:
        """Remember the node; it is asked when it is first needed."""
        self.place = place
        self.url = url
        self._chain_id = chain_id
        self._connection: Connection | None = None

    def sight(self, checks: HeaderChecks, number: int | None = None) -> Sighting:
        """Return what the node shows as block `number`, the latest by default.

        Raises `NodeAnswerError`, `UnsignedBlocksError`, `SealError`, `ChainError`.
        """
        try:
            if self._connection is None:
                self._connection = Connection(self.url, self._chain_id, timeout=_TIMEOUT)
            return checks.check(self.place, self._connection, number)
        except MunimentError:
            raise
        except _FORMS as error:
            # A node may answer anything.
            raise NodeAnswerError(f"the node's answer is none: {type(error).__name__}") from error


class HeaderChecks:
    """What a header must stand: its hash, its height, the validators' signatures."""

    def __init__(self, validators: Sequence[NamedValidators]) -> None:
        """Take who may sign; none where signatures are not looked at."""
        self.sets = ValidatorSets(validators) if validators else None

    def check(self, place: int, connection: Connection, number: int | None) -> Sighting:
        """Return what a node shows, its hash and height checked. Signatures are for `require`."""
        block = connection.block(number)
        signed = engine_of(connection) is Engine.ISTANBUL
        if self.sets is not None and not signed:
            raise UnsignedBlocksError
        data = header_of(connection, block)
        # What the header says of itself counts, not what the node says of it.
        header = IstanbulHeader.from_rlp(data) if signed else BlockHeader.from_rlp(data)
        asked = block.number if number is None else number
        if header.number != asked:
            raise NodeAnswerError(f"the node shows block {header.number} as block {asked}")
        return Sighting(place, header.number, header.hash, data)

    def require(self, sighting: Sighting, signed_before: bytes | None) -> None:
        """Require that validators who may have signed a header. Raises `SealError`.

        `signed_before` is the header below it that the witness signed last.
        """
        if self.sets is not None:
            before = None if signed_before is None else IstanbulHeader.from_rlp(signed_before)
            try:
                self.sets.check(IstanbulHeader.from_rlp(sighting.header), before)
            except SealError as error:
                error.remedy = _REMEDY
                raise

    def signers(self, header: bytes) -> frozenset[bytes]:
        """Return the addresses that committed a header, none where blocks are not signed."""
        if self.sets is None:
            return frozenset()
        try:
            return frozenset(self.sets.signatures(IstanbulHeader.from_rlp(header)).committers)
        except ProofError:
            # For display alone: a set that the settings no longer name.
            return frozenset()
