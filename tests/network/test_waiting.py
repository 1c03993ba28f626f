# SPDX-License-Identifier: Apache-2.0
"""How long a network's blocks are waited for: as long as they come, and longer after an outage."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from network import running
from network.errors import NodeEndedError
from network.founding import create_local
from network.members import Network
from network.running import START_SECONDS, patience, wait_for_blocks, wait_until_answering

pytestmark = pytest.mark.slow

# Answers at a node's socket: the block is as old as it says, and grows as quickly as it is told.
_NODE = """
import json, socket, sys, time
path, seconds, last, age = sys.argv[2], *map(float, sys.argv[3:])
begun = time.time()
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(path)
    listener.listen()
    while True:
        line, _ = listener.accept()
        asked = json.loads(line.recv(65536))
        top = hex(int(min((time.time() - begun) / seconds, last)))
        block = {"number": top, "timestamp": hex(int(begun - age))}
        result = top if asked["method"] == "eth_blockNumber" else block
        line.sendall(json.dumps({"id": 1, "result": result}).encode())
        line.close()
"""
Start = Callable[..., Network]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Start]:
    """Starts what stands for the first validator of a network, the others are away."""
    network = create_local(tmp_path / "net", 7001, 4)
    processes = []

    def start(*, seconds: float = 1.0, last: int = 1000, age: float = 0.0) -> Network:
        home = network.home(network.own()[0])
        command = [sys.executable, "-c", _NODE, str(home.absolute()), str(home / "node.ipc")]
        numbers = [str(each) for each in (seconds, last, age)]
        processes.append(subprocess.Popen([*command, *numbers]))
        (home / "node.pid").write_text(str(processes[-1].pid))
        wait_until_answering(network, network.own()[:1])
        return network

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_blocks_that_come_slowly__are_waited_for(
    started: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "START_SECONDS", 1.5)
    network = started(seconds=0.6)
    begun = time.monotonic()
    wait_for_blocks(network, network.own()[:1], 4)
    assert time.monotonic() - begun > 1.5


def test_blocks_that_end__are_not(started: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "START_SECONDS", 0.5)
    network = started(seconds=0.1, last=2)
    with pytest.raises(NodeEndedError, match="none came"):
        wait_for_blocks(network, network.own()[:1], 4)


def test_chain_that_stood_still__is_given_longer(started: Start) -> None:
    network = started(age=100)
    # Just started: its first round is short, however old its block.
    assert patience(network) < START_SECONDS + 40
    pid = network.home(network.own()[0]) / "node.pid"
    os.utime(pid, (time.time() - 1000,) * 2)
    assert START_SECONDS + 400 <= patience(network) < START_SECONDS + 480


def test_nobody_who_answers__is_given_the_time_of_a_start(tmp_path: Path) -> None:
    network = create_local(tmp_path / "net", 7001, 4)
    assert patience(network) == START_SECONDS
