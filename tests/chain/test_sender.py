# SPDX-License-Identifier: Apache-2.0
"""What becomes of a transaction is told by its own receipt, also when the line breaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from muniment.chain import (
    Connection,
    FailedTransactionError,
    RpcError,
    Sender,
    UnknownOutcomeError,
    registrations,
)
from muniment.chain.bindings import errors
from muniment.errors import UnreachableError
from tests.chain.conftest import World, word


def break_line_after_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    """The node takes the transaction; its answer does not arrive."""
    honest = Connection.request

    def request(self: Connection, method: str, parameters: Sequence[Any]) -> Any:
        answer = honest(self, method, parameters)
        if method == "eth_sendRawTransaction":
            raise UnreachableError(self.url, "ReadTimeout")
        return answer

    monkeypatch.setattr(Connection, "request", request)


def fix_gas(monkeypatch: pytest.MonkeyPatch, gas: int = 400_000) -> None:
    """Send without the estimate that would refuse first."""
    monkeypatch.setattr("muniment.chain.sender.estimate_gas", lambda *_: gas)


def test_line_that_breaks_while_sending__leaves_the_hash_to_ask_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, operator = world.registries.records, world.senders["operator"]
    call = records.register(1, 1, 1, 1, word("a"), word("c"))
    with monkeypatch.context() as broken:
        break_line_after_sending(broken)
        with pytest.raises(UnknownOutcomeError) as caught:
            operator.send(call)
    named = [f"0x{caught.value.transaction_hash.hex()}"]
    receipt = None
    while receipt is None:
        # The node was not asked to wait until it has mined it.
        receipt = world.connection.request("eth_getTransactionReceipt", named)
    assert int(receipt["status"], 16) == 1
    # Neither sent twice by itself nor stuck on the nonce that it does not know.
    with pytest.raises(errors.RecordRegistryAlreadyRegisteredError):
        operator.send(call)
    operator.send(records.register(1, 1, 1, 1, word("b"), word("c")))


def test_transaction_that_fails_when_mined__gives_the_typed_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_id = world.register("r")
    fix_gas(monkeypatch)
    with pytest.raises(errors.RecordRegistryStaleVersionError) as caught:
        world.send("registrar", world.registries.records.revoke(record_id, 9, 1))
    assert caught.value.current_version == 1


def test_transaction_that_fails_by_what_came_before_it__names_its_block(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, registrar = world.registries.records, world.senders["registrar"]
    record_id = world.register("r")
    fix_gas(monkeypatch)
    twice = [records.revoke(record_id, 1, 1), records.revoke(record_id, 1, 2)]
    world.connection.request("evm_setAutomine", [False])
    sent = 0
    honest = Connection.request

    def mine_both_in_one_block(self: Connection, method: str, parameters: Sequence[Any]) -> Any:
        nonlocal sent
        answer = honest(self, method, parameters)
        if method == "eth_sendRawTransaction":
            sent += 1
            if sent == 2:
                honest(self, "evm_mine", [])
        return answer

    monkeypatch.setattr(Connection, "request", mine_both_in_one_block)
    try:
        with pytest.raises(FailedTransactionError) as caught:
            registrar.send_many(twice)
    finally:
        honest(world.connection, "evm_setAutomine", [True])
    assert caught.value.block_number == world.connection.block().number


def test_receipt_that_does_not_come__is_an_unknown_outcome(world: World) -> None:
    impatient = Sender(world.connection, world.senders["operator"].signer, timeout=0.1)
    call = world.registries.records.register(1, 1, 1, 1, word("a"), word("c"))
    world.connection.request("evm_setAutomine", [False])
    try:
        with pytest.raises(UnknownOutcomeError, match=r"no receipt in 0\.1 s"):
            impatient.send(call)
    finally:
        world.connection.request("evm_setAutomine", [True])
        world.connection.request("evm_mine", [])


def test_sender_whose_nonce_another_used__finds_the_next_one(world: World) -> None:
    signer = world.senders["operator"].signer
    first, second = Sender(world.connection, signer), Sender(world.connection, signer)
    records = world.registries.records
    first.send(records.register(1, 1, 1, 1, word("1"), word("c")))
    second.send(records.register(1, 1, 1, 1, word("2"), word("c")))
    late = records.register(1, 1, 1, 1, word("3"), word("c"))
    with pytest.raises(RpcError, match="nonce"):
        first.send(late)
    first.send(late)


def test_registrations__arrive_whole_and_in_order(world: World) -> None:
    records = world.registries.records
    named = [(word(f"local {i}"), word(f"content {i}")) for i in range(300)]
    done: list[int] = []
    receipts = world.senders["operator"].send_many(
        registrations(records, 1, 1, 1, 1, named, batch=256),
        progress=lambda receipt: done.append(len(receipt.events(records))),
    )
    assert done == [256, 44]
    logged = [logged.event for receipt in receipts for logged in receipt.events(records)]
    assert [event.commitment for event in logged] == [  # type: ignore[attr-defined]
        commitment for _, commitment in named
    ]
