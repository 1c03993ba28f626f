# SPDX-License-Identifier: Apache-2.0
"""`muniment succession`: a registry's final states, and the next one that takes them over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from muniment.chain import Connection, Origin, Receipt, Registries, Sender, Signer, deploy, find
from muniment.chain.connection import address_of
from muniment.chain.final_states import (
    FinalStates,
    not_adopted,
    read_final_states,
    require_origin,
)
from muniment.cli.options import json_option, progress_bar, show_json


def _predecessor(command: Any) -> Any:
    for option in (
        click.option("--old-first-block", default=0, help="Block of its deployment."),
        click.option("--old-registry", required=True, help="The predecessor's record registry."),
        click.option("--old-chain-id", required=True, type=int),
        click.option("--old-rpc", required=True, help="A node of the predecessor's chain."),
    ):
        command = option(command)
    return command


def _successor(command: Any) -> Any:
    for option in (
        click.option("--first-block", default=0, help="Block of its deployment."),
        click.option("--registry", required=True, help="The successor's record registry."),
        click.option("--chain-id", required=True, type=int),
        click.option("--rpc", required=True, help="A node of the successor's chain."),
    ):
        command = option(command)
    return command


_keystore = click.option(
    "--keystore", required=True, type=click.Path(path_type=Path), help="The account that sends."
)


@click.group()
def succession() -> None:
    """A registry ends in the open: final states under one root, and the next one adopts them."""


@succession.command()
@_predecessor
@json_option
def states(
    old_rpc: str, old_chain_id: int, old_registry: str, old_first_block: int, as_json: bool
) -> None:
    """Compute the root of a paused registry's final states, from its chain alone.

    Anybody can, and compare it with what the successor's origin says (`succession check`).

    Example: muniment succession states --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x…
    """
    left = _left(old_rpc, old_chain_id, old_registry, old_first_block)
    _tell({"count": len(left), "root": f"0x{left.root().hex()}"}, as_json)


@succession.command("deploy")
@_predecessor
@click.option("--rpc", required=True, help="A node of the successor's chain.")
@click.option("--chain-id", required=True, type=int)
@click.option("--guardian", required=True, help="Address of its first guardian.")
@click.option("--admin-delay", default=86_400, show_default=True, help="Seconds.")
@_keystore
@json_option
def deploy_(
    old_rpc: str,
    old_chain_id: int,
    old_registry: str,
    old_first_block: int,
    rpc: str,
    chain_id: int,
    guardian: str,
    admin_delay: int,
    keystore: Path,
    as_json: bool,
) -> None:
    """Deploy the successor of a paused registry, whose origin names lineage, root and count.

    KEYSTORE becomes its registry admin. Agencies and types come next, in the same order, so that
    they have the same numbers; then `succession adopt`.

    Example: muniment succession deploy --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --rpc http://127.0.0.1:8545 --chain-id 7001 --guardian 0x… --keystore
    admin.json
    """
    left = _left(old_rpc, old_chain_id, old_registry, old_first_block)
    old = Connection(old_rpc, old_chain_id)
    lineage = find(old, old_registry, first_block=0).records.origin(block=old.block()).lineage
    predecessor = address_of("--old-registry", old_registry)
    signer = Signer.from_keystore(keystore)
    made = deploy(
        Sender(Connection(rpc, chain_id), signer),
        registry_admin=signer.address,
        guardian=guardian,
        admin_delay=admin_delay,
        origin=Origin(lineage, predecessor, left.root(), len(left)),
    )
    _tell(
        {
            "registry": made.records.address,
            "agencies": made.agencies.address,
            "shares": None if made.shares is None else made.shares.address,
            "first_block": made.first_block,
            "count": len(left),
            "root": f"0x{left.root().hex()}",
        },
        as_json,
    )


@succession.command()
@_predecessor
@_successor
@json_option
def check(
    old_rpc: str,
    old_chain_id: int,
    old_registry: str,
    old_first_block: int,
    rpc: str,
    chain_id: int,
    registry: str,
    first_block: int,
    as_json: bool,
) -> None:
    """Recompute the final states, and compare them with what a successor names; for everybody.

    Exit code 3 where they differ: then a guardian cancels the succession.

    Example: muniment succession check --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --rpc http://127.0.0.1:8545 --chain-id 7001 --registry 0x…
    """
    left = _left(old_rpc, old_chain_id, old_registry, old_first_block)
    heir = _heir(rpc, chain_id, registry, first_block)
    block = heir.records.connection.block()
    require_origin(heir.records, left, block)
    remaining = heir.records.adoption_remaining(block=block)
    _tell({"same": True, "count": len(left), "remaining": remaining}, as_json)


@succession.command()
@_predecessor
@_successor
@_keystore
@json_option
def adopt(
    old_rpc: str,
    old_chain_id: int,
    old_registry: str,
    old_first_block: int,
    rpc: str,
    chain_id: int,
    registry: str,
    first_block: int,
    keystore: Path,
    as_json: bool,
) -> None:
    """Take over what a successor has not adopted yet. Any account may: the proofs decide.

    Safe to end and to run again. Nothing new is registered before all is adopted.

    Example: muniment succession adopt --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --rpc http://127.0.0.1:8545 --chain-id 7001 --registry 0x… --keystore a.json
    """
    left = _left(old_rpc, old_chain_id, old_registry, old_first_block)
    heir = _heir(rpc, chain_id, registry, first_block)
    block = heir.records.connection.block()
    require_origin(heir.records, left, block)
    missing = not_adopted(heir, left, block)
    sender = Sender(heir.records.connection, Signer.from_keystore(keystore))
    done = 0
    with progress_bar("adopting", len(missing)) as tell:

        def adopted(_: Receipt) -> None:
            nonlocal done
            done += 1
            tell(done)

        sender.send_many(left.adoptions(heir.records, missing), progress=adopted)
    remaining = heir.records.adoption_remaining(block=heir.records.connection.block())
    _tell({"adopted": done, "remaining": remaining}, as_json)


def _left(rpc: str, chain_id: int, registry: str, first_block: int) -> FinalStates:
    connection = Connection(rpc, chain_id)
    block = connection.block()
    registries = find(connection, registry, first_block=first_block, block=block)
    with progress_bar("final states", None) as tell:
        return read_final_states(registries, block, tell=tell)


def _heir(rpc: str, chain_id: int, registry: str, first_block: int) -> Registries:
    return find(Connection(rpc, chain_id), registry, first_block=first_block)


def _tell(values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(values)
        return
    for name, value in values.items():
        click.echo(f"{name:11} {value}")
