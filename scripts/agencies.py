# SPDX-License-Identifier: Apache-2.0
"""`ape run agencies`: agencies, officers, record types and journals from a data file."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts._agency_setup import set_up
from scripts._deployments import load_deployment, require_chain


@click.command(cls=ConnectedProviderCommand)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("data/agencies.toml"),
    show_default=True,
    help="TOML file of agencies, officers, record types and journals.",
)
@click.option(
    "--chain-id", type=int, help="Id that the chain must have; needed but for local ones."
)
def cli(file: Path, chain_id: int | None) -> None:
    """Create the agencies, officers, record types and journals of a file. Safe to run twice.

    Nothing is taken away: what the chain has beyond the file stays. Each admin signs for itself,
    with the password in APE_ACCOUNTS_<alias>_PASSPHRASE, MUNIMENT_PASSWORD, or the file that
    MUNIMENT_PASSWORD_FILE names; who has nothing to sign needs none.
    """
    set_up(file, load_deployment(require_chain(chain_id)))
    click.echo(f"The chain has all that {file} names.")
