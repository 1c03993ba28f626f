# SPDX-License-Identifier: Apache-2.0
"""A validator whose clock is an hour off: the others go on without believing it."""

from __future__ import annotations

import time

import pytest

from network import running
from network.members import Network
from network.running import start, stop, wait_for_blocks, wait_until_answering
from tests.network import shifted_clock
from tests.network.conftest import assert_one_chain, block, grows, until
from tests.network.test_standing import labels, standing

pytestmark = pytest.mark.slow

MINUTE = 60
HOUR = 60 * MINUTE


@pytest.mark.parametrize(("seconds", "told_by"), [(HOUR, "passed_over"), (-HOUR, "silent")])
def test_clock_an_hour_off__no_block_is_of_another_time(
    network: Network, monkeypatch: pytest.MonkeyPatch, seconds: int, told_by: str
) -> None:
    """Ahead, its proposals are refused, and it seals those of the others. Behind, it refuses theirs
    in turn, and has no part."""
    first, _, _, wrong = network.validators()
    begun = time.time()
    stop(network, [wrong])
    with monkeypatch.context() as patched:
        patched.setattr(running, "program", shifted_clock.program)
        patched.setenv(shifted_clock.VARIABLE, str(seconds))
        start(network, [wrong])
    wait_until_answering(network, [wrong])
    try:
        grows(network, first, 12)
        found = standing(network, 8)
        assert found.head is not None
        for number in range(found.head.number - 8, found.head.number + 1):
            told = int(block(network, first, number)["timestamp"], 16)
            # Of no other time: each proposer's clock is this machine's.
            assert begun - MINUTE < told < time.time() + MINUTE
        assert not found.stands_still
        assert not found.clock_differs
        until(lambda: labels(standing(network, 8), told_by) == ["audit"])
    finally:
        stop(network, [wrong], kill=True)
        start(network, [wrong])
        wait_for_blocks(network, [wrong], 2)
    until(lambda: not (found := standing(network, 8)).silent + found.passed_over)
    assert_one_chain(network)
