# SPDX-License-Identifier: Apache-2.0
"""Validators that die, and the client under load: nothing acknowledged is lost or done twice."""

from __future__ import annotations

import time

import pytest

from network.members import Network
from network.running import height, start, stop, wait_for_blocks, wait_until_answering
from tests.network.conftest import Load, assert_one_chain, grows, stood_at, until

pytestmark = pytest.mark.slow


def test_one_of_four_killed__the_chain_and_the_client_go_on(network: Network, load: Load) -> None:
    # The first is the one that the client speaks to.
    dead, *others = network.validators()
    stop(network, [dead], kill=True)
    before = load.states()
    grows(network, others[0], 8)
    until(lambda: sum(load.states().values()) > sum(before.values()))
    load.drain()
    load.assert_each_once(others[0])
    start(network, [dead])
    wait_for_blocks(network, [dead], 2)
    assert_one_chain(network)
    load.assert_each_once(dead)


def test_two_of_four_killed__it_stands_still_until_one_is_back(
    network: Network, load: Load
) -> None:
    first, second, third, _ = network.validators()
    stop(network, [first, second], kill=True)
    [stood] = stood_at(network, [third])
    acknowledged = len(load.acts)
    time.sleep(8)
    assert height(network, third) == stood
    # The client goes on acknowledging, and waits with what it has.
    assert len(load.acts) > acknowledged
    assert load.faults == []
    start(network, [first])
    wait_until_answering(network, [first])
    grows(network, third, 3)
    load.drain()
    start(network, [second])
    wait_for_blocks(network, network.validators(), 2)
    load.assert_each_once(second)
    assert_one_chain(network)


def test_all_killed_and_started_again__the_outbox_sends_what_the_pools_lost(
    network: Network, load: Load
) -> None:
    all_four = network.validators()
    tops = {each.name: height(network, each) for each in all_four}
    stop(network, all_four, kill=True)
    until(lambda: load.unreachable > 0)
    start(network, all_four)
    wait_for_blocks(network, all_four, 2)
    assert min(height(network, each) for each in all_four) > max(tops.values())
    load.drain()
    assert load.sent_twice() > 0
    assert_one_chain(network)
    load.assert_each_once(all_four[3])
