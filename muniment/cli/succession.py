# SPDX-License-Identifier: Apache-2.0
"""`muniment succession`: a registry's final states, and the next one that takes them over."""

from __future__ import annotations

import click

from muniment.chain import Connection, Origin, Receipt, Sender, Signer, deploy
from muniment.chain.final_states import not_adopted, require_origin
from muniment.chain.successors import require_successor
from muniment.cli.options import json_option, progress_bar, show_values
from muniment.cli.succession_acts import ACTS
from muniment.cli.succession_options import (
    Deployment,
    final_states,
    keystore_option,
    predecessor,
    successor,
    tell_standing,
)


@click.group()
def succession() -> None:
    """A registry ends in the open: final states under one root, and the next one adopts them."""


for act in ACTS:
    succession.add_command(act)


@succession.command()
@predecessor
@json_option
def states(old: Deployment, as_json: bool) -> None:
    """Compute the root of a paused registry's final states, from its chain alone.

    Anybody can, and compare it with what the successor's origin says (`succession check`).

    Example: muniment succession states --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x…
    """
    left = final_states(old.registries())
    show_values({"count": len(left), "root": f"0x{left.root().hex()}"}, as_json)


@succession.command("deploy")
@predecessor
@click.option("--rpc", required=True, help="A node of the successor's chain.")
@click.option("--chain-id", required=True, type=int)
@click.option("--guardian", required=True, help="Address of its first guardian.")
@click.option("--admin-delay", default=86_400, show_default=True, help="Seconds.")
@keystore_option
@json_option
def deploy_(
    old: Deployment,
    rpc: str,
    chain_id: int,
    guardian: str,
    admin_delay: int,
    keystore: str,
    as_json: bool,
) -> None:
    """Deploy the successor of a paused registry, whose origin names lineage, root and count.

    KEYSTORE becomes its registry admin. `succession name` names it; agencies and types come next,
    in the same order, so that they have the same numbers; then `succession adopt`.

    Example: muniment succession deploy --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --rpc http://127.0.0.1:8545 --chain-id 7001 --guardian 0x… --keystore
    admin.json
    """
    before = old.registries()
    left, records = final_states(before), before.records
    lineage = records.origin(block=records.connection.block()).lineage
    signer = Signer.from_keystore(keystore)
    made = deploy(
        Sender(Connection(rpc, chain_id), signer),
        registry_admin=signer.address,
        guardian=guardian,
        admin_delay=admin_delay,
        origin=Origin(lineage, records.address, left.root(), len(left)),
    )
    show_values(
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
@predecessor
@successor
@json_option
def check(old: Deployment, new: Deployment, as_json: bool) -> None:
    """Recompute the final states, and compare them with what a successor names; for everybody.

    And whether the predecessor names this successor, by a signpost where it is on another chain.
    Exit code 3 where something differs: then a guardian cancels the succession.

    Example: muniment succession check --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --rpc http://127.0.0.1:8545 --chain-id 7001 --registry 0x…
    """
    before, heir = old.registries(), new.registries().records
    left = final_states(before)
    block = heir.connection.block()
    require_origin(heir, left, block)
    at = before.records.connection.block()
    values = {
        "same": True,
        "named": require_successor(before, new.chain_id, heir.address, at),
        "count": len(left),
        "remaining": heir.adoption_remaining(block=block),
    }
    show_values(values, as_json)


@succession.command()
@predecessor
@json_option
def where(old: Deployment, as_json: bool) -> None:
    """How far a registry's succession is, and where the one is that takes over.

    What is STALE because its registry was succeeded: ask there.

    Example: muniment succession where --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x…
    """
    tell_standing(old.registries(), as_json)


@succession.command()
@predecessor
@successor
@keystore_option
@json_option
def adopt(old: Deployment, new: Deployment, keystore: str, as_json: bool) -> None:
    """Take over what a successor has not adopted yet. Any account may: the proofs decide.

    Safe to end and to run again. Nothing new is registered before all is adopted.

    Example: muniment succession adopt --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --rpc http://127.0.0.1:8545 --chain-id 7001 --registry 0x… --keystore a.json
    """
    left, heir = final_states(old.registries()), new.registries()
    connection = heir.records.connection
    block = connection.block()
    require_origin(heir.records, left, block)
    missing = not_adopted(heir, left, block)
    sender = Sender(connection, Signer.from_keystore(keystore))
    done = 0
    with progress_bar("adopting", len(missing)) as tell:

        def adopted(_: Receipt) -> None:
            nonlocal done
            done += 1
            tell(done)

        sender.send_many(left.adoptions(heir.records, missing), progress=adopted)
    remaining = heir.records.adoption_remaining(block=connection.block())
    show_values({"adopted": done, "remaining": remaining}, as_json)
