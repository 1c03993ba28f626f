# SPDX-License-Identifier: Apache-2.0
"""`python -m network`: see `--help`, and README.md."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from muniment.errors import MunimentError
from muniment.evidence.handovers import HandOver
from network import building, founding, handing_over, running, status, voting
from network.members import VALIDATOR, Member, Network, new_member

# Outside of the tree: Ape copies the tree, and `make clean` must not take validators' keys.
_STATE = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
_FOLDER = _STATE / "muniment" / "network"


class _Group(click.Group):
    """Errors of ours in their own words, with their exit codes."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except MunimentError as error:
            click.echo(error.diagnostics(), err=True)
            sys.exit(error.exit_code)


@click.group(cls=_Group)
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=_FOLDER,
    help="Where the network lies; ${XDG_STATE_HOME:-~/.local/state}/muniment/network by default.",
)
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """The validators' network. README.md beside this file says what lies where."""
    context.obj = folder


@main.command()
def build() -> None:
    """Build the node's program, and print its path."""
    click.echo(building.program())


@main.command()
@click.option("--chain-id", type=click.IntRange(1), default=7001, show_default=True)
@click.option("--validators", type=int, default=founding.FEWEST, show_default=True)
@click.pass_obj
def create(folder: Path, chain_id: int, validators: int) -> None:
    """Keys, first block and peers of a network that runs on this host alone."""
    network = founding.create_local(folder, chain_id, validators)
    click.echo(f"chain {chain_id} with {validators} validators in {folder}")
    _say_urls(network)


@main.command()
@click.argument("name")
@click.option("--host", required=True, help="IP address that peers find it at (of the VPN).")
@click.option("--port", type=int, default=30303, show_default=True, help="Port for peers.")
@click.option("--rpc-host", default=founding.LOOPBACK, show_default=True)
@click.option("--rpc-port", type=int, default=8551, show_default=True)
@click.option("--observer", is_flag=True, help="It follows and relays, and never seals.")
@click.pass_obj
def key(
    folder: Path, name: str, host: str, port: int, rpc_host: str, rpc_port: int, observer: bool
) -> None:
    """Make the key of this host's node, and print what the others may know of it."""
    role = "observer" if observer else VALIDATOR
    member = new_member(folder, name, role, host, port, rpc_host, rpc_port)
    click.echo(json.dumps(asdict(member), indent=1))


@main.command()
@click.argument("members", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--chain-id", type=click.IntRange(1), required=True)
@click.option("--timestamp", type=int, required=True, help="Of the first block, Unix seconds.")
@click.pass_obj
def found(folder: Path, members: Sequence[Path], chain_id: int, timestamp: int) -> None:
    """First block and peers of the MEMBERS (files that `key` printed), the same on every host."""
    read = [Member.of(json.loads(path.read_text())) for path in members]
    founding.found(folder, chain_id, read, timestamp)
    click.echo(f"chain {chain_id} founded; compare {folder}/genesis.json with the other hosts'")


@main.command()
@click.argument("names", nargs=-1)
@click.option("--traces", is_flag=True, help="The port answers debug_traceTransaction too.")
@click.pass_obj
def start(folder: Path, names: Sequence[str], traces: bool) -> None:
    """Start the nodes of this host (NAMES, or all), and wait until blocks come."""
    network = Network.at(folder)
    members = _chosen(network, names)
    running.start(network, members, traces=traces)
    top = running.wait_for_blocks(network, members)
    click.echo(f"block {top} on {', '.join(each.name for each in members)}")
    _say_urls(network)


@main.command()
@click.argument("names", nargs=-1)
@click.option("--kill", is_flag=True, help="By SIGKILL, for a node that does not end.")
@click.pass_obj
def stop(folder: Path, names: Sequence[str], kill: bool) -> None:
    """Stop the nodes of this host (NAMES, or all). Their chain stays."""
    network = Network.at(folder)
    ended = running.stop(network, _chosen(network, names), kill=kill)
    click.echo(f"stopped: {', '.join(each.name for each in ended) or 'none was running'}")


@main.command("status")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def show(folder: Path, as_json: bool) -> None:
    """Height, peers and validators of each node of this host. Exit code 4 when one is away."""
    network = Network.at(folder)
    found = [status.standing(network, each) for each in network.own()]
    if as_json:
        told = {"chain_id": network.chain_id, "nodes": [asdict(each) for each in found]}
        click.echo(json.dumps(told, indent=1))
    else:
        click.echo(f"chain {network.chain_id} in {folder}")
        for each in found:
            click.echo(_line(network, each))
    if any(each.height is None for each in found if each.role == VALIDATOR):
        sys.exit(4)


@main.command()
@click.argument("name")
@click.pass_obj
def add(folder: Path, name: str) -> None:
    """Make one more node here, let it catch up, and vote it in as a validator."""
    network = Network.at(folder)
    if all(each.name != name for each in network.members):
        network, _ = founding.add_local(network, name)
    network = voting.promote(network, network.member(name))
    running.wait_for_blocks(network, [network.member(name)])
    click.echo(f"{name}, {network.member(name).address}, is a validator")


@main.command()
@click.argument("name")
@click.pass_obj
def remove(folder: Path, name: str) -> None:
    """Vote a validator (name or address) out, and stop its node where it runs here."""
    network = Network.at(folder)
    member = network.member(name)
    voting.demote(network, member)
    click.echo(f"{member.name}, {member.address}, is no validator any more")


@main.group()
def handover() -> None:
    """Documents by which the validators say who comes after them: signed before a vote."""


@handover.command()
@click.argument("which", type=click.Choice(["add", "remove"]))
@click.argument("member")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def make(folder: Path, which: str, member: str, file: Path) -> None:
    """Write to FILE the hand-over by which MEMBER (name or address) comes or goes.

    It is signed by the keys of this host. The other operators sign it on their hosts; the last one
    sends it to all.
    """
    network = Network.at(folder)
    made = handing_over.draft(network, network.address(member), add=which == "add")
    _sign(network, made, file)


@handover.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.pass_obj
def sign(folder: Path, file: Path) -> None:
    """Add the signatures of this host's keys to FILE; a complete one is kept in DIR/handovers."""
    network = Network.at(folder)
    _sign(network, handing_over.read(file), file)


@main.command()
@click.argument("which", type=click.Choice(["add", "remove"]))
@click.argument("address")
@click.pass_obj
def vote(folder: Path, which: str, address: str) -> None:
    """Give the votes of this host's validators. More than half of all must vote within a day."""
    network = Network.at(folder)
    voters = [each for each in network.own() if each.role == VALIDATOR]
    given = voting.vote(network, voters, address.lower(), add=which == "add")
    click.echo(f"{given} votes given; each stands in the next block that its validator proposes")


@main.command()
@click.argument("name")
@click.pass_obj
def command(folder: Path, name: str) -> None:
    """Print environment and command of a node, for a service unit."""
    network = Network.at(folder)
    member = network.member(name)
    for variable, value in running.environment_of(member).items():
        click.echo(f"{variable}={value}")
    click.echo(" ".join(running.command_of(network, member, building.program())))


def _sign(network: Network, given: HandOver, file: Path) -> None:
    signed = handing_over.sign(network, given)
    file.write_bytes(signed.to_bytes())
    missing = handing_over.missing_in_words(network, signed)
    if missing:
        click.echo(f"{file}: signatures are missing of {missing}")
    else:
        click.echo(f"{file}: complete; kept as {handing_over.keep(network, signed)}")


def _chosen(network: Network, names: Sequence[str]) -> list[Member]:
    return [network.member(name) for name in names] if names else network.own()


def _say_urls(network: Network) -> None:
    for member in network.own():
        click.echo(f"  {member.name}  {member.role}  {member.address}  {member.url}")


def _line(network: Network, found: status.Standing) -> str:
    line = f"  {found.name}  {found.role:9}  {found.address}  {found.url}  "
    if found.pid is None:
        return line + "not running"
    if found.height is None:
        return line + f"process {found.pid} does not answer"
    names = {each.address: each.name for each in network.members}
    sealing = ", ".join(names.get(each, each) for each in found.validators or ())
    return line + f"block {found.height}, {found.peers} peers, validators: {sealing}"


if __name__ == "__main__":
    main()
