# SPDX-License-Identifier: Apache-2.0
"""Which registries the commands of a succession are about, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from muniment.chain import Connection, Registries, find
from muniment.chain.final_states import FinalStates, read_final_states
from muniment.chain.successors import read_succession
from muniment.cli.options import progress_bar, show_values
from muniment.record.instants import in_words

Command = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Deployment:
    """A registry as a command names it: on chain `chain_id`, where `rpc` is a node."""

    rpc: str
    chain_id: int
    registry: str
    first_block: int

    def registries(self) -> Registries:
        """Return its contracts."""
        connection = Connection(self.rpc, self.chain_id)
        return find(connection, self.registry, first_block=self.first_block)


def predecessor(command: Command) -> Command:
    """Take the registry that ends as the argument `old`."""
    return _deployment("old", "old-", "predecessor")(command)


def successor(command: Command) -> Command:
    """Take the registry that takes over as the argument `new`."""
    return _deployment("new", "", "successor")(command)


keystore_option = click.option(
    "--keystore", required=True, help="The account that sends: a file, or an alias of Ape's."
)


def final_states(registries: Registries) -> FinalStates:
    """Return the final states of a paused registry, with a bar meanwhile."""
    block = registries.records.connection.block()
    with progress_bar("final states", None) as tell:
        return read_final_states(registries, block, tell=tell)


def tell_standing(old: Registries, as_json: bool) -> None:
    """Tell how far a registry's succession is."""
    values = read_succession(old, old.records.connection.block()).as_json()
    if not as_json:
        for name in ("ready_at", "final_at"):
            values[name] = values[name] and f"{in_words(values[name])} UTC"
    show_values(values, as_json)


def _deployment(argument: str, prefix: str, whose: str) -> Callable[[Command], Command]:
    """Options that name a deployment, and give it to the command as one argument."""
    names = [f"{prefix}{each}".replace("-", "_") for each in _PARTS]

    def decorate(command: Command) -> Command:
        @wraps(command)
        def called(**values: Any) -> Any:
            deployment = Deployment(*(values.pop(name) for name in names))
            return command(**values, **{argument: deployment})

        for option in (
            click.option(f"--{prefix}first-block", default=0, help="Block of its deployment."),
            click.option(
                f"--{prefix}registry", required=True, help=f"The {whose}'s record registry."
            ),
            click.option(f"--{prefix}chain-id", required=True, type=int),
            click.option(f"--{prefix}rpc", required=True, help=f"A node of the {whose}'s chain."),
        ):
            called = option(called)
        return called

    return decorate


_PARTS = ("rpc", "chain-id", "registry", "first-block")
