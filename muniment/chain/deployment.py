# SPDX-License-Identifier: Apache-2.0
"""Where the contracts are: deploying them from the package's artifacts, and finding their parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eth_abi.abi import encode

from muniment.artifacts import artifact
from muniment.chain.bindings import AgencyRegistry, RecordRegistry, ShareRegistry
from muniment.chain.connection import Address, BlockId, Connection, address_of
from muniment.chain.contract import Call
from muniment.chain.sender import Sender

ZERO: Address = Address("0x" + "00" * 20)


@dataclass(frozen=True, slots=True)
class Origin:
    """Constructor argument of a record registry: all zero for the first of a lineage."""

    lineage: bytes = bytes(32)
    predecessor: Address = ZERO
    final_states_root: bytes = bytes(32)
    final_states_count: int = 0


def _is_first() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Registries:
    """The three contracts of one deployment, and the block from which their logs begin.

    `is_successor` tells what is known here, not what a node says: a first registry adopts nothing,
    so that an event which says so is a lie.
    """

    records: RecordRegistry
    agencies: AgencyRegistry
    shares: ShareRegistry | None
    first_block: int
    is_successor: Callable[[], bool] = _is_first


def deploy(
    sender: Sender,
    *,
    registry_admin: str,
    guardian: str,
    admin_delay: int,
    origin: Origin | None = None,
) -> Registries:
    """Deploy the record registry, which creates its agency registry, and the share registry.

    `admin_delay` in seconds before a handing over of the registry admin's role can be accepted.
    Raises the contracts' typed errors.
    """
    origin = origin or Origin()
    arguments = encode(
        ["address", "uint48", "address", "(bytes32,address,bytes32,uint64)"],
        [
            address_of("registry admin", registry_admin),
            admin_delay,
            address_of("guardian", guardian),
            (
                origin.lineage,
                origin.predecessor,
                origin.final_states_root,
                origin.final_states_count,
            ),
        ],
    )
    records, first_block = _create(sender, "RecordRegistry", arguments)
    shares, _ = _create(sender, "ShareRegistry", encode(["address"], [records]))
    return find(sender.connection, records, first_block=first_block, shares=shares)


def deploy_signpost(
    sender: Sender,
    predecessor: Address,
    root: bytes,
    count: int,
    *,
    chain_id: int,
    registry: Address,
) -> Address:
    """Deploy what a registry names as its successor where that is on another chain, at `registry`
    of chain `chain_id`; return its address.

    `root` and `count` are of the final states. Raises `SignpostInvalidSuccessorError` for a
    successor on the same chain.
    """
    kinds = ["address", "bytes32", "uint64", "uint256", "address"]
    arguments = encode(kinds, [predecessor, root, count, chain_id, registry])
    created, _ = _create(sender, "Signpost", arguments)
    return created


def find(
    connection: Connection,
    records: str,
    *,
    first_block: int,
    shares: str | None = None,
    block: BlockId | None = None,
) -> Registries:
    """Return the contracts at known addresses. Raises `NoCodeError` where there is none."""
    at = connection.block() if block is None else block
    registry = RecordRegistry(connection, records)
    registry.require_code(at)
    agencies = AgencyRegistry(connection, registry.agency_registry(block=at))
    beside = None if shares is None else ShareRegistry(connection, shares)
    if beside is not None:
        beside.require_code(at)
    return Registries(registry, agencies, beside, first_block)


def _create(sender: Sender, name: str, arguments: bytes) -> tuple[Address, int]:
    code = bytes.fromhex(artifact(name)["bytecode"][2:])
    receipt = sender.send(Call(None, code + arguments, f"deployment of {name}"))
    assert receipt.created is not None, "a receipt of a deployment names the address"
    return receipt.created, receipt.block_number
