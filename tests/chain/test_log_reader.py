# SPDX-License-Identifier: Apache-2.0
"""Logs are read in order and whole, whatever ranges the node takes, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from muniment.chain import (
    Connection,
    LogReader,
    MissingEventError,
    ReorganisedError,
    RpcError,
    log_reader,
    read_trace,
)
from muniment.errors import UnreachableError
from muniment.record.state import Status
from muniment.record.trace import ActKind
from tests.chain.conftest import World, word

Asked = list[tuple[int, int]]


def limit_ranges(monkeypatch: pytest.MonkeyPatch, most: int) -> Asked:
    """Make the node refuse more than `most` blocks at a time, as public nodes do."""
    asked: Asked = []
    honest = Connection.request

    def request(self: Connection, method: str, parameters: Sequence[Any]) -> Any:
        if method == "eth_getLogs":
            first, last = (int(parameters[0][key], 16) for key in ("fromBlock", "toBlock"))
            if last - first + 1 > most:
                raise RpcError(method, -32005, f"more than {most} blocks")
            asked.append((first, last))
        return honest(self, method, parameters)

    monkeypatch.setattr(Connection, "request", request)
    return asked


@pytest.mark.parametrize("most", [1, 3, 7])
def test_read__from_a_node_that_takes_few_blocks__finds_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    world.register("r")
    last = world.connection.block()
    reader = LogReader(world.connection, [world.registries.records, world.registries.agencies])
    first = world.registries.first_block
    whole = reader.read_all(first, last)
    asked = limit_ranges(monkeypatch, most)
    done: list[int] = []
    assert list(reader.read(first, last, progress=done.append)) == whole
    assert [block for begin, end in asked for block in range(begin, end + 1)] == list(
        range(first, last.number + 1)
    )
    assert done == [end for _, end in asked]


def test_read__of_a_node_that_refuses_one_block__says_why(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_ranges(monkeypatch, 0)
    reader = LogReader(world.connection, [world.registries.records])
    with pytest.raises(RpcError, match="more than 0 blocks"):
        list(reader.read(1, world.connection.block()))


def test_read__of_a_node_that_went_away__gives_up_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = LogReader(world.connection, [world.registries.records])
    last = world.connection.block()
    tried: list[str] = []

    def request(self: Connection, method: str, parameters: Sequence[Any]) -> Any:
        tried.append(method)
        raise UnreachableError(self.url, "ConnectionError")

    monkeypatch.setattr(Connection, "request", request)
    with pytest.raises(UnreachableError):
        list(reader.read(1, last))
    assert tried == ["eth_getLogs"]


@pytest.mark.parametrize("place", [0, 2, -2])
def test_read_all__with_a_log_left_out__names_contract_and_number(
    world: World, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    for i in range(3):
        world.register(str(i))
    agencies, records = world.registries.agencies, world.registries.records
    reader = LogReader(world.connection, [agencies, records])
    last = world.connection.block()
    whole = reader.read_all(world.registries.first_block, last)
    numbered = [logged for logged in whole if hasattr(logged.event, "sequence")]
    hidden = numbered[place]
    number = hidden.event.sequence  # type: ignore[attr-defined]
    honest = log_reader.log_ranges

    def left_out(*given: Any, **named: Any) -> Iterator[tuple[int, list[Any]]]:
        for end, logs in honest(*given, **named):
            yield (
                end,
                [
                    log
                    for log in logs
                    if (int(log["blockNumber"], 16), int(log["logIndex"], 16))
                    != (hidden.block_number, hidden.log_index)
                ],
            )

    monkeypatch.setattr(log_reader, "log_ranges", left_out)
    with pytest.raises(MissingEventError) as caught:
        reader.read_all(world.registries.first_block, last)
    assert (caught.value.expected_number, caught.value.got) == (number, number + 1)
    owner = agencies if hidden.address == agencies.address else records
    assert caught.value.contract == owner.contract_name


def test_read__of_a_block_that_was_replaced__is_refused(world: World) -> None:
    records = world.registries.records
    reader = LogReader(world.connection, [records])
    snapshot = world.connection.request("evm_snapshot", [])
    world.register("on the branch that loses")
    lost = world.connection.block()
    world.connection.request("evm_revert", [snapshot])
    world.senders["registrar"]._nonce = None
    world.connection.request("evm_increaseTime", [60])
    world.register("on the branch that wins")
    assert world.connection.block().number == lost.number
    with pytest.raises(ReorganisedError) as caught:
        list(reader.read(world.registries.first_block, lost))
    assert caught.value.number == lost.number


def test_blocks__name_their_parents(world: World) -> None:
    world.register("r")
    last = world.connection.block()
    assert world.connection.block(last.number - 1).hash == last.parent_hash


def test_trace__to_the_end_of_a_record__leads_to_its_slots(world: World) -> None:
    records = world.registries.records
    old, new = world.register("old"), world.register("new")
    world.send("registrar", records.supersede(old, 1, new))
    # Retention is counted in whole days.
    world.connection.request("evm_increaseTime", [2 * 86_400])
    world.connection.request("evm_mine", [])
    until = world.connection.block().timestamp + 3600
    world.send("registrar", records.propose_disposition(old, 1, word("mandate"), until))
    world.send("steward", records.confirm_disposition(old, 1))
    trace = read_trace(world.registries, old, world.connection.block())
    assert [traced.act.kind for traced in trace.acts] == [
        ActKind.REGISTERED,
        ActKind.SUPERSEDED,
        ActKind.DISPOSED,
    ]
    assert trace.state.status is Status.DISPOSED
    assert trace.head == records.trace_head_of(old, block=trace.block)
