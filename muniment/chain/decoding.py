# SPDX-License-Identifier: Apache-2.0
"""Decoding events by plans made once from the ABI.

Nearly all arguments of the contracts' events are single words, which a slice and a conversion
decode many times faster than `eth_abi`. Events with strings, arrays or structs go to `eth_abi`.
Both ways give equal values and refuse the same bytes (`tests/unit/chain/test_decoding.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from muniment.artifacts import artifact

WORD: Final = 32
_Reader = Callable[[bytes], Any]


class MalformedLogError(ValueError):
    """A log does not have the form of its event."""


@dataclass(frozen=True, slots=True)
class EventPlan:
    """How one event is decoded.

    `numbered` tells whether the first word of its data is the contract's sequence number. `readers`
    has, for each argument in order, whether it is a topic, its byte offset there, and how a word is
    read; it is empty for events that `eth_abi` decodes.
    """

    contract_name: str
    name: str
    numbered: bool
    inputs: tuple[Mapping[str, Any], ...]
    topics_size: int
    data_size: int
    readers: tuple[tuple[bool, int, _Reader], ...]

    def values(self, topics: bytes, data: bytes) -> list[Any]:
        """Return the arguments; `topics` are the log's, 32 bytes each, the first one included.

        Addresses have no checksum where they lie within structs. Raises `MalformedLogError`.
        """
        if len(topics) != self.topics_size or len(data) < self.data_size:
            raise MalformedLogError(self.name)
        if not self.readers:
            return self._by_abi(topics, data) if self.inputs else []
        return [
            read((topics if indexed else data)[at : at + WORD])
            for indexed, at, read in self.readers
        ]

    def sequence(self, data: bytes) -> int:
        """Return the number of a numbered event. Raises `MalformedLogError`."""
        if len(data) < self.data_size:
            raise MalformedLogError(self.name)
        return int.from_bytes(data[:WORD], "big")

    def _by_abi(self, topics: bytes, data: bytes) -> list[Any]:
        plain = [item for item in self.inputs if not item["indexed"]]
        indexed = [item for item in self.inputs if item["indexed"]]
        try:
            rest = iter(decode([kind_of(item) for item in plain], data))
            named = iter(
                decode([kind_of(item)], topics[at * WORD : (at + 1) * WORD])[0]
                for at, item in enumerate(indexed, start=1)
            )
            return [next(named if item["indexed"] else rest) for item in self.inputs]
        except (DecodingError, ValueError, OverflowError) as error:
            raise MalformedLogError(self.name) from error


def kind_of(item: Mapping[str, Any]) -> str:
    """Return the canonical ABI type of a parameter."""
    kind = str(item["type"])
    if kind.startswith("tuple"):
        return f"({','.join(kind_of(part) for part in item['components'])}){kind[5:]}"
    return kind


def signature_of(entry: Mapping[str, Any]) -> str:
    """Return the canonical signature of a function or event."""
    return f"{entry['name']}({','.join(kind_of(item) for item in entry['inputs'])})"


@cache
def event_plans(contract_name: str) -> Mapping[bytes, EventPlan]:
    """Return the plans of all events of a contract, by first topic."""
    abi = artifact(contract_name)["abi"]
    return {
        keccak(text=signature_of(entry)): _plan(contract_name, entry)
        for entry in abi
        if entry["type"] == "event"
    }


@lru_cache(maxsize=65_536)
def checksummed(address: bytes) -> str:
    """Return an address of 20 bytes as text with its checksum, which costs a hash."""
    return to_checksum_address(address)


def _plan(contract_name: str, entry: Mapping[str, Any]) -> EventPlan:
    inputs: Sequence[Mapping[str, Any]] = entry["inputs"]
    plain = [item for item in inputs if not item["indexed"]]
    readers: list[tuple[bool, int, _Reader]] = []
    topic, word = WORD, 0
    for item in inputs:
        reader = _reader(kind_of(item))
        if reader is None:
            readers = []
            break
        readers.append((item["indexed"], topic if item["indexed"] else word, reader))
        topic, word = (topic + WORD, word) if item["indexed"] else (topic, word + WORD)
    return EventPlan(
        contract_name=contract_name,
        name=str(entry["name"]),
        numbered=bool(plain) and plain[0]["name"] == "sequence",
        inputs=tuple(inputs),
        topics_size=WORD * (1 + len(inputs) - len(plain)),
        data_size=WORD * len(plain),
        readers=tuple(readers),
    )


def _reader(kind: str) -> _Reader | None:
    if kind == "bytes32":
        return bytes
    if kind == "address":
        return _address
    if kind == "bool":
        return _boolean
    if kind.startswith("uint") and kind[4:].isdecimal():
        return _number(int(kind[4:]))
    return None


@cache
def _number(bits: int) -> _Reader:
    limit = 1 << bits

    def read(word: bytes) -> int:
        value = int.from_bytes(word, "big")
        if value >= limit:
            raise MalformedLogError(f"{value} does not fit {bits} bits")
        return value

    return read


def _address(word: bytes) -> str:
    if any(word[:12]):
        raise MalformedLogError("an address has 20 bytes")
    return checksummed(word[12:])


def _boolean(word: bytes) -> bool:
    value = int.from_bytes(word, "big")
    if value > 1:
        raise MalformedLogError("a truth value is 0 or 1")
    return value == 1
