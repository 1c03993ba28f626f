# SPDX-License-Identifier: Apache-2.0
"""`ape run deploy`: the record registry, its agency registry, and the share registry."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts._deploying import deploy
from scripts._deployments import account_of, address_of, require_chain


@click.command(cls=ConnectedProviderCommand)
@click.option("--account", required=True, help="Ape alias that deploys and becomes registry admin.")
@click.option("--guardian", required=True, help="Address or alias of the first guardian.")
@click.option(
    "--admin-delay",
    type=click.IntRange(0),
    default=86_400,
    show_default=True,
    help="Seconds before a handing over of the registry admin's role can be accepted.",
)
@click.option(
    "--chain-id", type=int, help="Id that the chain must have; needed but for local ones."
)
def cli(account: str, guardian: str, admin_delay: int, chain_id: int | None) -> None:
    """Deploy the contracts and write deployments/<chain id>.json. Safe to run twice.

    A keystore's password comes from APE_ACCOUNTS_<alias>_PASSPHRASE, MUNIMENT_PASSWORD, or the
    file that MUNIMENT_PASSWORD_FILE names. For a chain by its URL give --network URL.

    Example: ape run deploy --network ethereum:local:foundry --account TEST::0 --guardian TEST::1
    """
    connected = require_chain(chain_id)
    deploy(account_of(account), address_of(guardian), admin_delay, connected)
