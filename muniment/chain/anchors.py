# SPDX-License-Identifier: Apache-2.0
"""What a node tells for evidence: a block's header as RLP, and the proofs of storage under it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import rlp

from muniment.chain.connection import Block, Connection, RpcError
from muniment.chain.engines import Engine, engine_of, signed_header
from muniment.errors import ChainError, UnreachableError
from muniment.proof.headers import HeaderError
from muniment.record.keccak import keccak

# In the order of the header; forks have only ever appended (Yellow Paper § 4.3).
_FIELDS: Final = (
    ("parentHash", False),
    ("sha3Uncles", False),
    ("miner", False),
    ("stateRoot", False),
    ("transactionsRoot", False),
    ("receiptsRoot", False),
    ("logsBloom", False),
    ("difficulty", True),
    ("number", True),
    ("gasLimit", True),
    ("gasUsed", True),
    ("timestamp", True),
    ("extraData", False),
    ("mixHash", False),
    ("nonce", False),
    ("baseFeePerGas", True),
    ("withdrawalsRoot", False),
    ("blobGasUsed", True),
    ("excessBlobGas", True),
    ("parentBeaconBlockRoot", False),
    ("requestsHash", False),
)
_PLAIN: Final = 15
_SLOTS_A_REQUEST: Final = 500


class NoProofsError(ChainError):
    """The node cannot prove storage: it lacks `eth_getProof`, or the state of that block."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the node gives no proofs of storage: {reason}",
            expected="a node with eth_getProof that has the state of the block (Geth, Besu, "
            "Nethermind, Erigon, Anvil; not Hardhat)",
            remedy="name such a node in the profile, first among its urls",
        )


class UnprovenHeaderError(ChainError):
    """The node's block does not hash to the hash that it gives: a kind that is not known here."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"the header of block {number} does not make the block's hash",
            expected="a chain whose headers are Ethereum's or Kaia's",
            remedy="use a Muniment that knows this chain's consensus",
        )


def header_of(connection: Connection, block: Block) -> bytes:
    """Return the RLP of a block's header, whose Keccak-256 is the block's hash; where validators
    sign blocks, with their seals (`proof.istanbul`).

    Raises `UnprovenHeaderError`, `UnreachableError`.
    """
    if engine_of(connection) is Engine.ISTANBUL:
        try:
            return signed_header(connection, block)
        except HeaderError as error:
            raise UnprovenHeaderError(block.number) from error
    answer = connection.request("eth_getBlockByHash", [f"0x{block.hash.hex()}", False])
    if answer is None:
        raise UnreachableError(connection.url, f"it has lost block {block.number}")
    fields: list[bytes] = []
    for place, (name, is_number) in enumerate(_FIELDS):
        value = answer.get(name)
        if value is None:
            if place < _PLAIN:
                raise UnprovenHeaderError(block.number)
            break
        fields.append(_integer(value) if is_number else bytes.fromhex(value[2:]))
    header = bytes(rlp.encode(fields))
    if keccak(header) != block.hash:
        raise UnprovenHeaderError(block.number)
    return header


@dataclass(frozen=True, slots=True)
class ProvenSlots:
    """What trie nodes prove of an account: the `words` in its slots, by the nodes of the `account`
    and of each slot, its `proofs`."""

    account: set[bytes]
    proofs: dict[int, set[bytes]]
    words: dict[int, int]

    def nodes(self, slots: Iterable[int]) -> set[bytes]:
        """Return the nodes that prove some of the slots."""
        return self.account.union(*(self.proofs[each] for each in slots))


def proven_slots(
    connection: Connection, address: str, slots: Sequence[int], block: Block
) -> ProvenSlots:
    """Return the words of `slots` in a block with the trie nodes that prove them.

    Raises `NoProofsError`, `UnreachableError`.
    """
    found = ProvenSlots(set(), {}, {})
    for start in range(0, len(slots), _SLOTS_A_REQUEST):
        part = [f"0x{slot:064x}" for slot in slots[start : start + _SLOTS_A_REQUEST]]
        try:
            answer = connection.request("eth_getProof", [address, part, hex(block.number)])
        except RpcError as refused:
            raise NoProofsError(refused.reason) from refused
        _take(found, slots[start : start + _SLOTS_A_REQUEST], answer)
    return found


def _take(found: ProvenSlots, slots: Sequence[int], answer: Mapping[str, Any]) -> None:
    try:
        found.account.update(_nodes(answer["accountProof"]))
        for slot, each in zip(slots, answer["storageProof"], strict=True):
            found.proofs[slot] = _nodes(each["proof"])
            found.words[slot] = int(each["value"], 16)
    except (KeyError, TypeError, ValueError) as error:
        raise NoProofsError("its answer has another form") from error


def _nodes(proof: Iterable[str]) -> set[bytes]:
    return {bytes.fromhex(node[2:]) for node in proof}


def _integer(text: str) -> bytes:
    value = int(text, 16)
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
