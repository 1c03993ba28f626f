# SPDX-License-Identifier: Apache-2.0
"""Headers that validators of the tests' own seal as Istanbul does, and a chain of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import coincurve
import rlp

from muniment.chain.connection import Connection, RpcError
from muniment.errors import UnreachableError
from muniment.proof.istanbul import IstanbulHeader, quorum
from muniment.record.keccak import keccak

VANITY = bytes(32)
_NAMES = (
    "parentHash",
    "reward",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "blockScore",
    "number",
    "gasUsed",
    "timestamp",
    "timestampFoS",
    "extraData",
    "governanceData",
    "voteData",
    "baseFeePerGas",
)
_NUMBERS = ("blockScore", "number", "gasUsed", "timestamp", "timestampFoS", "baseFeePerGas")


@dataclass(frozen=True)
class SealedSet:
    """Validators with their keys."""

    keys: tuple[coincurve.PrivateKey, ...]

    @classmethod
    def of(cls, name: str, count: int = 4) -> SealedSet:
        seeds = [hashlib.sha256(f"{name} {i}".encode()).digest() for i in range(count)]
        return cls(tuple(map(coincurve.PrivateKey, seeds)))

    @property
    def addresses(self) -> tuple[bytes, ...]:
        return tuple(keccak(key.public_key.format(compressed=False)[1:])[-20:] for key in self.keys)

    def seal(
        self, number: int, parent: bytes, branch: str = "", *, seals: int | None = None
    ) -> bytes:
        """The RLP of a block's header; `branch` makes another one of the same height."""
        zero = bytes(32)
        state = hashlib.sha256(f"state {number} {branch}".encode()).digest()
        fields: list[Any] = [parent, bytes(20), state, zero, zero, bytes(256), _big(1)]
        fields += [_big(number), b"", _big(1_800_000_000 + number), b"", b"", b"", b"", b""]

        def whole(seal: bytes, committed: Sequence[bytes] = ()) -> bytes:
            fields[11] = VANITY + rlp.encode([self.addresses, seal, list(committed)])
            return bytes(rlp.encode(fields))

        proposal = keccak(whole(b""))
        seal = self.keys[number % len(self.keys)].sign_recoverable(proposal, hasher=keccak)
        message = keccak(whole(seal)) + b"\x02"
        count = quorum(len(self.keys)) if seals is None else seals
        return whole(
            seal, [key.sign_recoverable(message, hasher=keccak) for key in self.keys[:count]]
        )


def shown_as(header: bytes) -> dict[str, Any]:
    """A header as a node of Kaia shows it."""
    values = rlp.decode(header)
    found = {
        name: hex(int.from_bytes(value, "big")) if name in _NUMBERS else f"0x{value.hex()}"
        for name, value in zip(_NAMES, values, strict=True)
    }
    return {**found, "hash": f"0x{IstanbulHeader.from_rlp(header).hash.hex()}"}


@dataclass
class SealedChain:
    """A chain of sealed headers from block 0 on."""

    validators: SealedSet
    headers: list[bytes] = field(default_factory=list)

    def grow(self, count: int = 1, branch: str = "", *, seals: int | None = None) -> SealedChain:
        for _ in range(count):
            parent = self.hash(len(self.headers) - 1) if self.headers else bytes(32)
            made = self.validators.seal(len(self.headers), parent, branch, seals=seals)
            self.headers.append(made)
        return self

    def fork(self, below: int) -> SealedChain:
        """Another chain with the same blocks below a height."""
        return SealedChain(self.validators, self.headers[:below])

    @property
    def head(self) -> int:
        return len(self.headers) - 1

    def hash(self, number: int) -> bytes:
        return IstanbulHeader.from_rlp(self.headers[number]).hash

    def answer(self, method: str, parameters: Sequence[Any], chain_id: int) -> Any:
        """What a node that has this chain answers."""
        if method == "eth_chainId":
            return hex(chain_id)
        if method.endswith("ByHash"):
            hashes = [f"0x{self.hash(number).hex()}" for number in range(len(self.headers))]
            number = hashes.index(parameters[0]) if parameters[0] in hashes else None
        elif method.endswith("ByNumber"):
            named = parameters[0]
            number = self.head if named == "latest" else int(named, 16)
        else:
            raise RpcError(method, -32601, "no such method")
        if number is None or number > self.head:
            return None
        return shown_as(self.headers[number])


class SealedConnection(Connection):
    """A connection to a node that has a chain: no network in between. Without one it is away."""

    def __init__(self, chain: SealedChain | None) -> None:
        self.url = "http://node.example"
        self.chain_id = 7
        self.chain = chain

    def request(self, method: str, parameters: Sequence[Any]) -> Any:
        if self.chain is None:
            raise UnreachableError(self.url, "it is away")
        return self.chain.answer(method, parameters, self.chain_id)


def _big(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
