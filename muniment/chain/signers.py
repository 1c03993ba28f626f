# SPDX-License-Identifier: Apache-2.0
"""Who made the last blocks of a chain that validators sign, by the signatures in their headers.

What a node says of itself and of the validators (`council`, `validator_behind`) is its word alone:
for a status, never for evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from muniment.chain.connection import Address, Block, Connection, RpcError, address_of
from muniment.chain.engines import header_rlp
from muniment.errors import InvalidInputError, UnreachableError
from muniment.proof.headers import HeaderError
from muniment.proof.istanbul import IstanbulHeader

_HEADERS_A_REQUEST: Final = 50


@dataclass(frozen=True, slots=True)
class SignedBlock:
    """One block: `timestamp` in Unix seconds, who proposed it, and whose seals its header bears.

    A header bears the seals that came first, as many as a quorum needs: who is missing in one
    header may have been there, and a moment later than the others.
    """

    number: int
    timestamp: int
    proposer: Address
    committers: tuple[Address, ...]


def signed_blocks(connection: Connection, head: Block, count: int) -> list[SignedBlock]:
    """Return the last `count` blocks up to `head`, in order; fewer where the chain is younger.

    Each header must make its block's hash and name the one before. The first block of all has no
    signatures and is left out. Raises `HeaderError`, `SealError`, `UnreachableError`, `RpcError`.
    """
    first = max(1, head.number - count + 1)
    asked = [[hex(number)] for number in range(first, head.number + 1)]
    answers = connection.request_many("kaia_getHeaderByNumber", asked, batch=_HEADERS_A_REQUEST)
    found: list[SignedBlock] = []
    wanted = head.hash
    for answer in reversed(answers):
        if isinstance(answer, RpcError):
            raise answer
        if answer is None:
            raise UnreachableError(connection.url, "it has lost a block")
        header = IstanbulHeader.from_rlp(header_rlp(answer))
        if header.hash != wanted:
            raise HeaderError(
                f"the header of block {header.number} does not make the block's hash",
                expected=f"0x{wanted.hex()}",
            )
        wanted = header.parent_hash
        signers = (header.proposer(), *header.committers())
        proposer, *committers = (address_of("signer", f"0x{each.hex()}") for each in signers)
        found.append(SignedBlock(header.number, header.timestamp, proposer, tuple(committers)))
    return found[::-1]


def council(connection: Connection, head: Block) -> list[Address]:
    """Return who may seal the block after `head`, as the node says. Raises `UnreachableError`,
    `RpcError`."""
    found = connection.request("kaia_getCouncil", [hex(head.number)])
    return sorted(address_of("validator", each) for each in found)


def validator_behind(connection: Connection) -> Address | None:
    """Return the validator that a node says to be, None where it says nothing. Raises
    `UnreachableError`.

    Nodes that `python -m network` starts name their own address as the one that blocks reward.
    """
    try:
        return address_of("node's address", connection.request("kaia_rewardbase", []))
    except (RpcError, InvalidInputError):
        return None
