# SPDX-License-Identifier: Apache-2.0
"""Founding a network: keys, first block, peers; and members that come later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from muniment.errors import InvalidInputError
from network.errors import NetworkError
from network.genesis import genesis
from network.members import OBSERVER, VALIDATOR, Member, Network, new_member, write_whole
from network.ports import free_ports
from network.running import initialise

FEWEST: Final = 4
"""With fewer validators the loss of one stops the chain."""
LOOPBACK: Final = "127.0.0.1"


def create_local(folder: Path, chain_id: int, count: int) -> Network:
    """Found a network of `count` validators, all of them run from here on free ports of loopback.

    Raises `NetworkError`, `InvalidInputError`.
    """
    if count < FEWEST:
        raise InvalidInputError("validators", f"{FEWEST} at least", f"{count}")
    require_none(folder)
    ports = free_ports(2 * count)
    members = [
        new_member(folder, f"v{number}", VALIDATOR, LOOPBACK, p2p, LOOPBACK, rpc)
        for number, (p2p, rpc) in enumerate(zip(ports[::2], ports[1::2], strict=True), 1)
    ]
    return found(folder, chain_id, members)


def found(
    folder: Path, chain_id: int, members: Sequence[Member], timestamp: int | None = None
) -> Network:
    """Found the network of these members: the same genesis on every host that is given the same.

    `timestamp` of the first block, in Unix seconds; hosts must name the same one. Raises
    `NetworkError`, `InvalidInputError`.
    """
    require_none(folder)
    for field in ("name", "address"):
        values = [getattr(each, field) for each in members]
        if len(set(values)) != len(values):
            raise InvalidInputError(f"members' {field}", "each once", "there twice")
    network = Network(folder, chain_id, tuple(members))
    first = genesis(chain_id, [each.address for each in network.validators()], timestamp)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "genesis.json", json.dumps(first, indent=1) + "\n")
    for member in network.own():
        initialise(network, member)
    network.save()
    return network


def add_local(network: Network, name: str) -> tuple[Network, Member]:
    """Make one more node here, an observer at first, and return the network with it."""
    if any(each.name == name for each in network.members):
        raise InvalidInputError("name", "a name that no member has", repr(name))
    p2p, rpc = free_ports(2)
    member = new_member(network.folder, name, OBSERVER, LOOPBACK, p2p, LOOPBACK, rpc)
    grown = network.with_members([*network.members, member])
    initialise(grown, member)
    grown.save()
    return grown, member


def require_none(folder: Path) -> None:
    """Raise `NetworkError` where the folder holds a network already."""
    if (folder / "network.json").exists():
        raise NetworkError(
            f"{folder} holds a network already",
            expected="a folder without one",
            remedy="python -m network start takes it up; or name another folder",
        )
