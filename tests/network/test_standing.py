# SPDX-License-Identifier: Apache-2.0
"""What `muniment status` says of a network that is well, and of each of its outages.

One network is shared: every test leaves all four validators up and level.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from muniment.chain.connection import Connection, address_of
from muniment.chain.journals import next_block_time
from muniment.registry.profile import ChainProfile
from muniment.registry.session import make_stores
from muniment.registry.standing_of_chain import (
    LONGEST_SECONDS,
    ChainStanding,
    chain_standing,
)
from network.founding import create_local
from network.members import Network
from network.running import (
    height,
    initialise,
    pid_of,
    start,
    stop,
    wait_for_blocks,
    wait_until_answering,
)
from tests.network.conftest import (
    CHAIN,
    assert_one_chain,
    grows,
    healed,
    reaches,
    stood_at,
    until,
)
from tests.network.lines import Line, lines_between
from toolchain.local_chain import ROOT

pytestmark = pytest.mark.slow

NAMES = ("land", "aviation", "safety", "audit")
LATE_SECONDS = 5
NOBODY = address_of("registry", "0x" + "11" * 20)


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Network, list[Line]]]:
    made = create_local(tmp_path_factory.mktemp("net"), CHAIN, 4)
    with lines_between(made) as lines:
        try:
            start(made, made.own())
            wait_for_blocks(made, made.own())
            yield made, lines
        finally:
            stop(made, made.own(), kill=True)


@pytest.fixture
def network(laid: tuple[Network, list[Line]]) -> Network:
    for line in laid[1]:
        line.mend()
    return healed(laid[0])


@pytest.fixture
def lines(laid: tuple[Network, list[Line]]) -> list[Line]:
    return laid[1]


def profile_of(network: Network) -> ChainProfile:
    members = network.validators()
    return ChainProfile(
        CHAIN,
        tuple(each.url for each in members),
        NOBODY,
        validators={
            name: address_of("validator", each.address)
            for name, each in zip(NAMES, members, strict=True)
        },
    )


def standing(network: Network, last: int = 8) -> ChainStanding:
    begun = time.monotonic()
    found = chain_standing(profile_of(network), last)
    assert time.monotonic() - begun < LONGEST_SECONDS + LATE_SECONDS
    return found


def status(network: Network, folder: Path, *options: str) -> tuple[int, str]:
    """What the command says, to somebody who has a profile and nothing in its stores."""
    chain = profile_of(network)
    validators = "\n".join(f'{name} = "{address}"' for name, address in chain.validators.items())
    make_stores(f"sqlite:///{folder}/muniment.db", str(folder / "vault"))
    path = folder / "muniment.toml"
    path.write_text(
        f"""format = "muniment/profile/v1"
database = "sqlite:///muniment.db"
vault = "vault"
[chain]
id = {CHAIN}
urls = {json.dumps(chain.urls)}
registry = "{NOBODY}"
[chain.validators]
{validators}
[agency]
id = 1
[keys]
store = "sqlite:///keys.db"
root = "root.json"
"""
    )
    command = [sys.executable, "-m", "muniment.cli", "status", "--profile", str(path), *options]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert answer.stderr == ""
    return answer.returncode, answer.stdout


def peers(network: Network) -> list[int | None]:
    return [each.peers for each in chain_standing(profile_of(network), 1).nodes]


def labels(found: ChainStanding, which: str) -> list[str]:
    return sorted(each.label for each in getattr(found, which))


def test_next_block__is_never_before_the_time_that_a_validator_says(network: Network) -> None:
    node = Connection(network.validators()[0].url, CHAIN)
    for _ in range(4):
        latest = node.block()
        said = next_block_time(node)
        until(lambda seen=latest.number: node.block().number > seen + 1, 60)
        assert latest.timestamp < said
        # It may have been asked when that one was already there.
        assert node.block(latest.number + 2).timestamp >= said


def test_network_that_is_well__is_shown_with_names(network: Network, tmp_path: Path) -> None:
    first = network.validators()[0]
    grows(network, first, 12)
    found = standing(network, 12)

    def is_well() -> bool:
        """Whether nobody was late, and all have met: on a busy machine a proposer may miss its
        turn, and two that dialled each other at once begin again."""
        nonlocal found
        found = standing(network, 12)
        in_turn = min(each.proposed for each in found.validators) >= 2
        return in_turn and all(each.peers == 3 for each in found.nodes)

    until(is_well)
    assert found.head is not None
    assert found.head.number >= 12
    assert found.looked_at == 12
    assert 0.5 < (found.block_seconds or 0) < 3
    assert found.proposer in profile_of(network).validators.values()
    assert labels(found, "validators") == labels(found, "up") == sorted(NAMES)
    assert (found.needed, found.silent, found.unheard, found.fault) == (3, [], [], "")
    assert found.passed_over == []
    # Each block has one proposer, and bears three seals.
    assert sum(each.proposed for each in found.validators) == 12
    assert sum(each.sealed for each in found.validators) == 3 * 12
    for node in found.nodes:
        assert (node.peers, node.fault, node.elsewhere) == (3, "", False)
        assert node.behind <= 2
    code, said = status(network, tmp_path)
    assert code == 0
    assert "3 must agree" in said
    for word in ("STANDS", "silent", "passed by", "\ndo "):
        assert word not in said
    code, said = status(network, tmp_path, "--json")
    told = json.loads(said)["chain"]
    assert code == 0
    assert told["block"] >= found.head.number
    assert told["stands_still_since"] is told["advice"] is None
    assert [each["url"] for each in told["nodes"]] == [each.url for each in network.validators()]


def test_hanging_validator__is_silent_by_name_and_its_node_away(network: Network) -> None:
    *others, hanging = network.validators()
    pid = pid_of(network, hanging)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        grows(network, others[0], 9)
        until(lambda: labels(standing(network), "silent") == ["audit"])
        found = standing(network)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert not found.stands_still
    assert found.nodes[3].head is None
    assert found.nodes[3].fault
    # The others have dropped it, and take it back after a minute; started anew it is back at once.
    stop(network, [hanging], kill=True)
    start(network, [hanging])
    wait_for_blocks(network, [hanging], 2)
    until(lambda: not standing(network).silent)


def test_two_killed__it_says_since_when_and_who(network: Network, tmp_path: Path) -> None:
    killed = network.validators()[:2]
    stop(network, killed, kill=True)
    until(lambda: standing(network).stands_still)
    found = standing(network)
    assert labels(found, "unheard") == ["aviation", "land"]
    assert labels(found, "up") == ["audit", "safety"]
    assert found.head is not None
    code, said = status(network, tmp_path)
    assert code == 4
    assert "STANDS" in said
    assert "have land, aviation started" in said or "have aviation, land started" in said
    code, said = status(network, tmp_path, "--json")
    told = json.loads(said)["chain"]
    assert code == 4
    assert told["stands_still_since"] == found.head.timestamp
    assert sorted(told["unheard"]) == ["aviation", "land"]
    start(network, killed)
    wait_for_blocks(network, network.validators(), 2)
    assert not standing(network).stands_still


def test_wiped_disk__is_filled_by_the_others(network: Network) -> None:
    _, wiped, third, _ = network.validators()
    stop(network, [wiped], kill=True)
    shutil.rmtree(network.home(wiped) / "klay")
    initialise(network, wiped)
    start(network, [wiped])
    wait_until_answering(network, [wiped])
    reaches(network, wiped, height(network, third))
    wait_for_blocks(network, [wiped], 2)
    assert_one_chain(network)


def test_two_and_two__no_block_on_either_side(network: Network, lines: list[Line]) -> None:
    until(lambda: peers(network) == [3, 3, 3, 3])
    for line in lines:
        line.cut()
    before = stood_at(network, network.validators())
    until(lambda: standing(network).stands_still)
    found = standing(network)
    assert [height(network, each) for each in network.validators()] == before
    assert peers(network) == [1, 1, 1, 1]
    # Four nodes answer, so no validator is missing: what is cut is between them.
    assert labels(found, "up") == sorted(NAMES)
    for line in lines:
        line.mend()
    for member in network.validators():
        reaches(network, member, max(before) + 3)
    assert_one_chain(network)
    assert not any(each.elsewhere for each in standing(network).nodes)
