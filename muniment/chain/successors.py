# SPDX-License-Identifier: Apache-2.0
"""Where a registry's successor is: on its own chain, or by a signpost on another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muniment.artifacts import artifact
from muniment.chain.bindings import Signpost
from muniment.chain.connection import Address, Block, Connection
from muniment.chain.deployment import ZERO, Registries
from muniment.errors import ChainError


class OtherSuccessorError(ChainError):
    """A registry names another successor than the one that is looked at."""

    exit_code = 3

    def __init__(self, named: Successor, chain_id: int, registry: Address) -> None:
        super().__init__(
            f"the registry names {named.registry} on chain {named.chain_id} as its successor",
            expected=f"{registry} on chain {chain_id}",
            remedy="a guardian can call it off: `muniment succession cancel`",
        )


@dataclass(frozen=True, slots=True)
class Successor:
    """A record registry that takes over, and the signpost by which it is named, where it is."""

    chain_id: int
    registry: Address
    signpost: Address | None = None


@dataclass(frozen=True, slots=True)
class SuccessionStanding:
    """How far a succession is: `ready_at` and `final_at` are Unix seconds, 0 where not set."""

    ready_at: int
    final_at: int
    is_final: bool
    successor: Successor | None

    def as_json(self) -> dict[str, Any]:
        """Return it as commands tell it."""
        heir = self.successor
        return {
            "final": self.is_final,
            "ready_at": self.ready_at or None,
            "final_at": self.final_at or None,
            "chain_id": None if heir is None else heir.chain_id,
            "registry": None if heir is None else heir.registry,
            "signpost": None if heir is None else heir.signpost,
        }


def read_succession(registries: Registries, block: Block) -> SuccessionStanding:
    """Return how far a registry's succession is at a block, and who is named.

    Raises `NoCodeError` where nothing is at the named address.
    """
    ready_at, candidate, final_at = registries.agencies.succession(block=block)
    heir = registries.records.successor(block=block)
    named = candidate if heir == ZERO else heir
    successor = None if named == ZERO else successor_at(registries.records.connection, named, block)
    return SuccessionStanding(ready_at, final_at, heir != ZERO, successor)


def require_successor(
    registries: Registries, chain_id: int, registry: Address, block: Block
) -> bool:
    """Compare the successor that a registry names with another one; return whether one is named.

    Raises `OtherSuccessorError`.
    """
    named = read_succession(registries, block).successor
    if named is None:
        return False
    if (named.chain_id, named.registry) != (chain_id, registry):
        raise OtherSuccessorError(named, chain_id, registry)
    return True


def successor_at(connection: Connection, named: Address, block: Block) -> Successor:
    """Return where the successor is whose name stands in a registry: there, or where the signpost
    there points to. Raises `NoCodeError`."""
    if not _is_signpost(connection.code(named, block)):
        return Successor(connection.chain_id, named)
    signpost = Signpost(connection, named)
    chain_id = signpost.successor_chain_id(block=block)
    return Successor(chain_id, signpost.successor_registry(block=block), named)


def _is_signpost(code: bytes) -> bool:
    """Whether code is the published signpost's, but for its immutables and the metadata at its end
    (solc, "Contract Metadata": two bytes say how long that is)."""
    made = artifact("Signpost")
    published = bytes.fromhex(made["deployedBytecode"][2:])
    length = len(published) - int.from_bytes(published[-2:], "big") - 2
    places = [place for each in made["immutableReferences"].values() for place in each]
    return len(code) == len(published) and (
        _without(code[:length], places) == _without(published[:length], places)
    )


def _without(code: bytes, places: Sequence[Mapping[str, Any]]) -> bytes:
    kept = bytearray(code)
    for place in places:
        kept[place["start"] : place["start"] + place["length"]] = bytes(place["length"])
    return bytes(kept)
