# SPDX-License-Identifier: Apache-2.0
"""What officers of the registry do in a succession: announce it, pause, name, call off, end."""

from __future__ import annotations

from typing import Final

import click

from muniment.chain import Call, Registries, Sender, Signer, deploy_signpost
from muniment.chain.final_states import require_origin
from muniment.cli.options import json_option
from muniment.cli.succession_options import (
    Deployment,
    final_states,
    keystore_option,
    predecessor,
    successor,
    tell_standing,
)


@click.command()
@predecessor
@keystore_option
@json_option
def schedule(old: Deployment, keystore: str, as_json: bool) -> None:
    """Announce the end of a registry, 30 days ahead; for its registry admin.

    Work goes on meanwhile.

    Example: muniment succession schedule --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --keystore admin.json
    """
    before = old.registries()
    _send(before, before.agencies.schedule_succession(), Signer.from_keystore(keystore), as_json)


@click.command()
@predecessor
@click.option("--reason", default="succession", show_default=True, help="In the open.")
@keystore_option
@json_option
def pause(old: Deployment, reason: str, keystore: str, as_json: bool) -> None:
    """Pause a registry, so that its states are final; for a pauser.

    Unpaused, it forgets who was named.

    Example: muniment succession pause --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --keystore pauser.json
    """
    before = old.registries()
    _send(before, before.agencies.pause(reason), Signer.from_keystore(keystore), as_json)


@click.command()
@predecessor
@successor
@keystore_option
@json_option
def name(old: Deployment, new: Deployment, keystore: str, as_json: bool) -> None:
    """Name the successor of a paused registry, for three days of review; for its registry admin.

    Its origin is compared first. A successor on another chain is named by a signpost, which is
    deployed beside the registry that ends.

    Example: muniment succession name --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --rpc http://127.0.0.1:9545 --chain-id 7002 --registry 0x… --keystore
    admin.json
    """
    before, heir = old.registries(), new.registries().records
    left = final_states(before)
    require_origin(heir, left, heir.connection.block())
    # Once: it may ask for a password.
    signer, named = Signer.from_keystore(keystore), heir.address
    if new.chain_id != old.chain_id:
        named = deploy_signpost(
            Sender(before.records.connection, signer),
            before.records.address,
            left.root(),
            len(left),
            chain_id=new.chain_id,
            registry=named,
        )
    _send(before, before.agencies.name_successor(named), signer, as_json)


@click.command()
@predecessor
@keystore_option
@json_option
def cancel(old: Deployment, keystore: str, as_json: bool) -> None:
    """Call a succession off; for a guardian, or the registry admin.

    Example: muniment succession cancel --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --keystore guardian.json
    """
    before = old.registries()
    _send(before, before.agencies.cancel_succession(), Signer.from_keystore(keystore), as_json)


@click.command()
@predecessor
@keystore_option
@json_option
def finalise(old: Deployment, keystore: str, as_json: bool) -> None:
    """Retire a registry for ever, after the review; for its registry admin. Cannot be undone.

    Example: muniment succession finalise --old-rpc http://127.0.0.1:8545 --old-chain-id 7001
    --old-registry 0x… --keystore admin.json
    """
    before = old.registries()
    _send(before, before.agencies.finalise_succession(), Signer.from_keystore(keystore), as_json)


ACTS: Final = (schedule, pause, name, cancel, finalise)


def _send(registries: Registries, call: Call, signer: Signer, as_json: bool) -> None:
    Sender(registries.records.connection, signer).send(call)
    tell_standing(registries, as_json)
