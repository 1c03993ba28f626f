# SPDX-License-Identifier: Apache-2.0
"""Who validates changes while the chain runs; and what a network made here lets others reach."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from muniment.chain import Connection
from muniment.chain.anchors import header_of
from muniment.chain.connection import RpcError
from muniment.chain.engines import Engine, engine_of
from muniment.proof.istanbul import IstanbulHeader, SealError, ValidatorSet
from network.errors import NetworkError
from network.founding import add_local
from network.members import Network
from network.running import height, pid_of, wait_for_blocks
from network.status import standing, validators
from network.voting import demote, promote
from tests.network.conftest import CHAIN, Load, assert_one_chain, grows, reaches, until

pytestmark = pytest.mark.slow


def pinned(network: Network) -> ValidatorSet:
    first = network.validators()[0]
    return ValidatorSet(bytes.fromhex(each[2:]) for each in validators(network, first))


def header(network: Network, number: int) -> IstanbulHeader:
    """By another node than the first, which may be a block behind it."""
    asked = network.validators()[1]
    reaches(network, asked, number)
    connection = Connection(asked.url, CHAIN)
    return IstanbulHeader.from_rlp(header_of(connection, connection.block(number)))


def test_validators__come_and_go_under_load(network: Network, load: Load) -> None:
    first = network.validators()[0]
    four, before = pinned(network), height(network, first)
    grown, member = add_local(network, "v5")
    grown = promote(grown, member)
    wait_for_blocks(grown, grown.validators(), 3)
    five = pinned(grown)
    assert len(five.addresses) == 5
    assert five.quorum == 4
    assert [standing(grown, each).height for each in grown.own()] != [None] * 5
    assert_one_chain(grown)
    # It does its part, sooner or later: four of five are enough for a block.
    own = bytes.fromhex(member.address[2:])

    def takes_part() -> bool:
        signed = five.check(header(grown, height(grown, first)))
        return own in (signed.proposer, *signed.committers)

    until(takes_part)
    shrunk = demote(grown, grown.member("v5"))
    grows(shrunk, first, 3)
    assert pinned(shrunk).addresses == four.addresses
    assert pid_of(shrunk, shrunk.member("v5")) is None
    load.drain()
    load.assert_each_once(shrunk.validators()[3])
    assert_one_chain(shrunk)
    # Each block is signed by the set of its time.
    four.check(header(shrunk, before))
    with pytest.raises(SealError, match="seals"):
        five.check(header(shrunk, before))
    four.check(header(shrunk, height(shrunk, first)))


def test_fourth_validator__is_not_voted_out(network: Network) -> None:
    with pytest.raises(NetworkError, match="3 validators would stay"):
        demote(network, network.validators()[3])


def listening(pid: int) -> set[str]:
    """The addresses that a process listens at, by TCP, and those that UDP reaches it at."""
    inodes = {
        Path(f"/proc/{pid}/fd/{each.name}").readlink().name
        for each in Path(f"/proc/{pid}/fd").iterdir()
        if str(each.readlink()).startswith("socket:")
    }
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            # UDP knows no listening: whoever has a port there is reached by it.
            is_open = fields[3] == "0A" or table.startswith("udp")
            if is_open and f"socket:[{fields[9]}]" in inodes:
                found.add(fields[1])
    return found


def test_node__is_reached_by_loopback_alone_and_votes_by_no_port(network: Network) -> None:
    loopback = socket.inet_aton("127.0.0.1")[::-1].hex().upper()
    for member in network.validators():
        pid = pid_of(network, member)
        assert pid is not None
        wanted = {f"{loopback}:{port:04X}" for port in (member.p2p, member.rpc)}
        assert listening(pid) == wanted
        home = network.home(member)
        assert stat.S_IMODE((home / "nodekey").stat().st_mode) == 0o600
        assert stat.S_IMODE((home / "node.ipc").stat().st_mode) == 0o600
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        connection = Connection(member.url, CHAIN)
        assert engine_of(connection) is Engine.ISTANBUL
        for method in (
            "governance_vote",
            "governance_showTally",
            "admin_addPeer",
            "admin_nodeInfo",
            "personal_listAccounts",
            "istanbul_propose",
            "debug_setHead",
            "debug_traceTransaction",
        ):
            with pytest.raises(RpcError) as caught:
                connection.request(method, [])
            assert caught.value.code == -32601, method
        assert connection.request("eth_accounts", []) == []
