# SPDX-License-Identifier: Apache-2.0
"""Networks by commands: one that is founded on several hosts, each with its own key alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from network.handing_over import kept
from network.members import Network
from network.ports import HIGHEST, LOWEST, free_ports
from tests.network.conftest import PATIENCE, until
from toolchain.local_chain import ROOT

pytestmark = pytest.mark.slow

NAMES = ("land", "aviation", "safety", "audit")


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    answer = subprocess.run(
        [sys.executable, "-m", "network", "--dir", str(folder), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert answer.returncode == code, answer.stderr
    return answer.stdout + answer.stderr


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """A folder a host, with the key of its own validator and the network's first block."""
    ports = free_ports(2 * len(NAMES))
    folders = {name: tmp_path / name for name in NAMES}
    for place, (name, folder) in enumerate(folders.items()):
        p2p, rpc = ports[2 * place : 2 * place + 2]
        told = run(
            folder, "key", name, "--host", "127.0.0.1", "--port", str(p2p), "--rpc-port", str(rpc)
        )
        (tmp_path / f"{name}.json").write_text(told)
        assert (folder / name / "nodekey").read_text() not in told
    try:
        for folder in folders.values():
            members = [str(tmp_path / f"{name}.json") for name in NAMES]
            run(folder, "found", *members, "--chain-id", "7002", "--timestamp", "1795400000")
        yield folders
    finally:
        for folder in folders.values():
            run(folder, "stop", "--kill")


def test_network_of_four_hosts__has_one_first_block_and_runs(hosts: dict[str, Path]) -> None:
    for name in ("genesis.json", "network.json"):
        assert len({(folder / name).read_text() for folder in hosts.values()}) == 1
    for name, folder in hosts.items():
        assert [each.name for each in Network.at(folder).own()] == [name]
    land = hosts["land"]
    away = run(land, "status", code=4)
    assert "not running" in away
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "network", "--dir", str(folder), "start"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for folder in hosts.values()
    ]
    assert [process.wait(PATIENCE) for process in running] == [0, 0, 0, 0]

    def told() -> dict[str, Any]:
        return json.loads(run(land, "status", "--json"))

    # Blocks come when three have met.
    until(lambda: told()["nodes"][0]["peers"] == 3)
    assert told()["chain_id"] == 7002
    [own] = told()["nodes"]
    assert own["height"] >= 1
    assert sorted(own["validators"]) == sorted(each.address for each in Network.at(land).members)
    # Three of four sign on their hosts who comes after them, before they vote.
    paper, leaving = hosts["land"].parent / "paper.json", Network.at(land).member("audit").address
    told_of = run(land, "handover", "make", "remove", "audit", str(paper))
    assert "signatures are missing of 2 of" in told_of
    assert "safety" in told_of
    assert "missing of 1 of" in run(hosts["aviation"], "handover", "sign", str(paper))
    assert "complete" in run(hosts["safety"], "handover", "sign", str(paper))
    [kept_there] = kept(Network.at(hosts["safety"]))
    kept_there.require_signed()
    assert kept(Network.at(land)) == []
    assert "complete" in run(land, "handover", "sign", str(paper))
    assert [each.new for each in kept(Network.at(land))] == [kept_there.new]
    # No host signs what its own node does not say too.
    for changes in (
        {"block_hash": bytes(32)},
        {"chain_id": 7003},
        {"old": (bytes(20), *kept_there.old[1:])},
    ):
        false = replace(kept_there, **changes, signatures=())
        paper.write_bytes(false.to_bytes())
        assert "is not of what the node here has" in run(
            hosts["audit"], "handover", "sign", str(paper), code=4
        )
    assert "is a validator already" in run(
        land, "handover", "make", "add", leaving, str(paper), code=4
    )
    # One of four is no majority: each votes on its own host.
    refused = run(land, "remove", "audit", code=4)
    assert "3 validators would stay" in refused or "more than half" in refused
    address = Network.at(land).member("audit").address
    assert "1 votes given" in run(land, "vote", "remove", address)
    command = run(land, "command", "land")
    assert "VALIDATOR_NODE_TYPE=cn" in command
    assert "governance" not in command
    assert "--nodiscover" in command


def test_network__is_not_created_over_another(hosts: dict[str, Path]) -> None:
    assert "holds a network already" in run(hosts["land"], "create", code=4)
    assert "exists" in run(hosts["land"], "key", "land", "--host", "127.0.0.1", code=4)


def test_ports__are_free_and_below_the_outgoing_ones() -> None:
    ports = free_ports(50)
    assert len(set(ports)) == 50
    assert min(ports) >= LOWEST
    assert max(ports) <= HIGHEST
