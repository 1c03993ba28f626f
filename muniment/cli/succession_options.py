# SPDX-License-Identifier: Apache-2.0
"""Which registries the commands of a succession are about, and how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from muniment.chain import Connection, Registries, find
from muniment.chain.final_states import FinalStates, read_final_states
from muniment.chain.successors import read_succession
from muniment.cli.options import progress_bar, show_values
from muniment.record.instants import in_words


def predecessor(command: Any) -> Any:
    """Name the registry that ends, and a node of its chain."""
    for option in (
        click.option("--old-first-block", default=0, help="Block of its deployment."),
        click.option("--old-registry", required=True, help="The predecessor's record registry."),
        click.option("--old-chain-id", required=True, type=int),
        click.option("--old-rpc", required=True, help="A node of the predecessor's chain."),
    ):
        command = option(command)
    return command


def successor(command: Any) -> Any:
    """Name the registry that takes over, and a node of its chain."""
    for option in (
        click.option("--first-block", default=0, help="Block of its deployment."),
        click.option("--registry", required=True, help="The successor's record registry."),
        click.option("--chain-id", required=True, type=int),
        click.option("--rpc", required=True, help="A node of the successor's chain."),
    ):
        command = option(command)
    return command


keystore_option = click.option(
    "--keystore", required=True, type=click.Path(path_type=Path), help="The account that sends."
)


def left_by(rpc: str, chain_id: int, registry: str, first_block: int) -> FinalStates:
    """Return the final states of a paused registry."""
    registries = registries_at(rpc, chain_id, registry, first_block)
    block = registries.records.connection.block()
    with progress_bar("final states", None) as tell:
        return read_final_states(registries, block, tell=tell)


def registries_at(rpc: str, chain_id: int, registry: str, first_block: int) -> Registries:
    """Return the contracts of a deployment."""
    return find(Connection(rpc, chain_id), registry, first_block=first_block)


def tell_standing(old: Registries, as_json: bool) -> None:
    """Tell how far a registry's succession is."""
    values = read_succession(old, old.records.connection.block()).as_json()
    if not as_json:
        for name in ("ready_at", "final_at"):
            values[name] = values[name] and f"{in_words(values[name])} UTC"
    show_values(values, as_json)
