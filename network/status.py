# SPDX-License-Identifier: Apache-2.0
"""How the nodes run from here stand, and who validates as they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from muniment.chain.connection import RpcError
from network.errors import NetworkError
from network.members import Member, Network
from network.running import pid_of, socket_of
from network.socket_rpc import ask

_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Standing:
    """One node: `pid` None where it does not run, the rest None where it does not answer.

    `validators` are the addresses that may seal its highest block, as this node says.
    """

    name: str
    role: str
    address: str
    url: str
    pid: int | None
    height: int | None = None
    hash: str | None = None
    time: int | None = None
    peers: int | None = None
    validators: list[str] | None = None


def standing(network: Network, member: Member) -> Standing:
    """Return how a node run from here stands. Never raises for a node that is away."""
    pid = pid_of(network, member)
    here = (member.name, member.role, member.address, member.url, pid)
    path = socket_of(network, member)
    try:
        head = ask(path, "eth_getBlockByNumber", ["latest", False], timeout=_SECONDS)
        return Standing(
            *here,
            height=int(head["number"], 16),
            hash=head["hash"],
            time=int(head["timestamp"], 16),
            peers=int(ask(path, "net_peerCount", timeout=_SECONDS), 16),
            validators=validators(network, member),
        )
    except (NetworkError, RpcError):
        return Standing(*here)


def validators(network: Network, member: Member) -> list[str]:
    """Who may seal its highest block: addresses, sorted. Raises `NetworkError`, `RpcError`."""
    found = ask(socket_of(network, member), "istanbul_getValidators", ["latest"], timeout=_SECONDS)
    return sorted(each.lower() for each in found)
