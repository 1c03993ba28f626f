# SPDX-License-Identifier: Apache-2.0
# Made by `ape run export` from the contracts' ABI and NatSpec. Do not edit.
"""Signpost: values, events and functions, typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from muniment.chain.contract import Address, BlockId, Contract, Event


@dataclass(frozen=True, slots=True)
class Origin:
    """`Origin` of the interface."""

    lineage: bytes
    predecessor: Address
    final_states_root: bytes
    final_states_count: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> Origin:
        """Return the value of decoded ABI values."""
        return cls(
            bytes(values[0]),
            Address(values[1]),
            bytes(values[2]),
            int(values[3]),
        )


class Signpost(Contract):
    """The signpost at one address.

    Reads name their block.
    """

    contract_name = "Signpost"
    events: ClassVar[dict[str, type[Event]]] = {}

    def origin(self, *, block: BlockId) -> Origin:
        """The origin of the successor: lineage and address of the registry that names this, and
        its final states.
        """
        values = self._read("origin()", (), block)
        return Origin.of(values[0])

    def successor_chain_id(self, *, block: BlockId) -> int:
        """The chain that the successor is on."""
        values = self._read("successorChainId()", (), block)
        return int(values[0])

    def successor_registry(self, *, block: BlockId) -> Address:
        """The record registry on that chain that takes over."""
        values = self._read("successorRegistry()", (), block)
        return Address(values[0])
