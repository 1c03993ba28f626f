# SPDX-License-Identifier: Apache-2.0
"""What officers of the registry do in a succession: announce it, pause, name, call off, end."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from muniment.chain import Call, Registries, Sender, Signer, deploy_signpost
from muniment.chain.final_states import require_origin
from muniment.cli.options import json_option
from muniment.cli.succession_options import (
    keystore_option,
    left_by,
    predecessor,
    registries_at,
    successor,
    tell_standing,
)


@click.command()
@predecessor
@keystore_option
@json_option
def schedule(
    old_rpc: str,
    old_chain_id: int,
    old_registry: str,
    old_first_block: int,
    keystore: Path,
    as_json: bool,
) -> None:
    """Announce the end of a registry, 30 days ahead; for its registry admin.

    Work goes on meanwhile.

    Example: muniment succession schedule --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --keystore admin.json
    """
    old = registries_at(old_rpc, old_chain_id, old_registry, old_first_block)
    _send(old, old.agencies.schedule_succession(), Signer.from_keystore(keystore))
    tell_standing(old, as_json)


@click.command()
@predecessor
@click.option("--reason", default="succession", show_default=True, help="In the open.")
@keystore_option
@json_option
def pause(
    old_rpc: str,
    old_chain_id: int,
    old_registry: str,
    old_first_block: int,
    reason: str,
    keystore: Path,
    as_json: bool,
) -> None:
    """Pause a registry, so that its states are final; for a pauser.

    Unpaused, it forgets who was named.

    Example: muniment succession pause --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --keystore pauser.json
    """
    old = registries_at(old_rpc, old_chain_id, old_registry, old_first_block)
    _send(old, old.agencies.pause(reason), Signer.from_keystore(keystore))
    tell_standing(old, as_json)


@click.command()
@predecessor
@successor
@keystore_option
@json_option
def name(
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
    """Name the successor of a paused registry, for three days of review; for its registry admin.

    Its origin is compared first. A successor on another chain is named by a signpost, which is
    deployed beside the registry that ends.

    Example: muniment succession name --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --rpc http://127.0.0.1:9545 --chain-id 7002 --registry 0x… --keystore
    admin.json
    """
    left = left_by(old_rpc, old_chain_id, old_registry, old_first_block)
    heir = registries_at(rpc, chain_id, registry, first_block)
    require_origin(heir.records, left, heir.records.connection.block())
    old = registries_at(old_rpc, old_chain_id, old_registry, old_first_block)
    signer = Signer.from_keystore(keystore)
    named = heir.records.address
    if chain_id != old_chain_id:
        named = deploy_signpost(
            Sender(old.records.connection, signer),
            old.records.address,
            left.root(),
            len(left),
            chain_id=chain_id,
            registry=named,
        )
    _send(old, old.agencies.name_successor(named), signer)
    tell_standing(old, as_json)


@click.command()
@predecessor
@keystore_option
@json_option
def cancel(
    old_rpc: str,
    old_chain_id: int,
    old_registry: str,
    old_first_block: int,
    keystore: Path,
    as_json: bool,
) -> None:
    """Call a succession off; for a guardian, or the registry admin.

    Example: muniment succession cancel --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --keystore guardian.json
    """
    old = registries_at(old_rpc, old_chain_id, old_registry, old_first_block)
    _send(old, old.agencies.cancel_succession(), Signer.from_keystore(keystore))
    tell_standing(old, as_json)


@click.command()
@predecessor
@keystore_option
@json_option
def finalise(
    old_rpc: str,
    old_chain_id: int,
    old_registry: str,
    old_first_block: int,
    keystore: Path,
    as_json: bool,
) -> None:
    """Retire a registry for ever, after the review; for its registry admin. Cannot be undone.

    Example: muniment succession finalise --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --keystore admin.json
    """
    old = registries_at(old_rpc, old_chain_id, old_registry, old_first_block)
    _send(old, old.agencies.finalise_succession(), Signer.from_keystore(keystore))
    tell_standing(old, as_json)


ACTS: Final = (schedule, pause, name, cancel, finalise)


def _send(old: Registries, call: Call, signer: Signer) -> None:
    Sender(old.records.connection, signer).send(call)
