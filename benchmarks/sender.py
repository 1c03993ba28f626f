# SPDX-License-Identifier: Apache-2.0
"""The outbox sender against what the node takes at best, and against the loop that people write.

All three send the same registrations, 100 a transaction, to one Anvil in one run, in turn, each
round in another order, for an Anvil gets slower with each block that it keeps:

- *raw*: signed before the clock starts, sent in JSON-RPC batches as quickly as the node answers,
  until the last receipt is there. Nothing is stored, nothing is looked at.
- *ours*: acknowledged in the database before; signed, stored, sent, settled by `OutboxSender`.
- *loop*: web3.py: build, sign, send, wait for the receipt with `poll_latency=0.01`, one by one.
"""

from __future__ import annotations

import tempfile
import time
from statistics import median
from typing import Any, Final

from eth_account import Account
from web3 import HTTPProvider, Web3

from benchmarks.local_registry import LocalRegistry, local_registry
from muniment.chain import Connection, Signer
from muniment.chain.accounts import UnsignedTransaction
from muniment.chain.batches import registrations
from muniment.chain.nodes import Nodes
from muniment.pipeline.lanes import Lane
from muniment.pipeline.sender import OutboxSender
from muniment.store import outbox
from muniment.store.database import Database
from muniment.store.outbox_rows import Act
from toolchain.local_chain import CHAIN_ID

_BATCH: Final = 100
_GAS: Final = 6_500_000
_RPC_BATCH: Final = 64
_LOOP_SHARE: Final = 5


def measure(count: int, rounds: int) -> dict[str, float]:
    """Return flat figures of `count` registrations, `rounds` times."""
    raw, ours, loop = [], [], []
    with local_registry() as local:
        # Its first second is many times as quick as all that follow.
        _raw(local, "first", count)
        for turn in range(rounds):
            if turn % 2:
                raw.append(_raw(local, f"raw {turn}", count))
            ours.append(_ours(local, f"ours {turn}", count))
            if not turn % 2:
                raw.append(_raw(local, f"raw {turn}", count))
            loop.append(_loop(local, f"loop {turn}", count // _LOOP_SHARE))
    raw_seconds, our_seconds = median(raw), median(ours)
    loop_seconds = median(loop) * _LOOP_SHARE
    return {
        "records": count,
        "raw_records_per_second": round(count / raw_seconds),
        "our_records_per_second": round(count / our_seconds),
        "loop_records_per_second": round(count / loop_seconds),
        "of_raw": round(raw_seconds / our_seconds, 2),
        "ratio_to_loop": round(loop_seconds / our_seconds, 2),
    }


def _named(local: LocalRegistry, name: str, count: int) -> list[tuple[bytes, bytes]]:
    return [(local.word(f"{name} {i}"), local.word(f"content {name} {i}")) for i in range(count)]


def _nonce(connection: Connection, account: str) -> int:
    return int(connection.request("eth_getTransactionCount", [account, "latest"]), 16)


def _raw(local: LocalRegistry, name: str, count: int) -> float:
    signer = Signer.from_key(local.keys["operator"])
    nonce = _nonce(local.connection, signer.address)
    signed = []
    calls = registrations(local.registries.records, 1, 1, 1, 1, _named(local, name, count))
    for place, call in enumerate(calls):
        unsigned = UnsignedTransaction(CHAIN_ID, nonce + place, _GAS, 10**9, call.to, call.data)
        signed.append(signer.sign(unsigned))
    start = time.perf_counter()
    local.connection.request_many(
        "eth_sendRawTransaction", [[f"0x{data.hex()}"] for data, _ in signed], batch=_RPC_BATCH
    )
    waiting = [f"0x{found.hex()}" for _, found in signed]
    while waiting:
        asked = [[each] for each in waiting]
        receipts = local.connection.request_many("eth_getTransactionReceipt", asked)
        for receipt in receipts:
            assert receipt is None or receipt["status"] == "0x1", "a registration failed"
        waiting = [each for each, got in zip(waiting, receipts, strict=True) if got is None]
    return time.perf_counter() - start


def _ours(local: LocalRegistry, name: str, count: int) -> float:
    records, signer = local.registries.records, Signer.from_key(local.keys["operator"])
    acts = [
        Act("register", records.register(1, 1, 1, 1, local_id, commitment), local_id, 1)
        for local_id, commitment in _named(local, name, count)
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        Database.open(f"sqlite:///{folder}/outbox.db") as database,
    ):
        with database.write() as connection:
            outbox.acknowledge(connection, acts, 0)
        nodes = Nodes([local.connection.url], CHAIN_ID)
        lane = Lane(signer.address, signer, shared=True, in_flight=_RPC_BATCH)
        sender = OutboxSender(database, nodes, [lane], finality_depth=0, batch=_BATCH)
        start = time.perf_counter()
        while (step := sender.step()).moved or step.open:
            pass
        seconds = time.perf_counter() - start
        with database.read() as connection:
            states = outbox.count_by_state(connection)
    assert states == {"FINAL": count}, f"not all are there: {states}"
    return seconds


def _loop(local: LocalRegistry, name: str, count: int) -> float:
    web3 = Web3(HTTPProvider(local.connection.url))
    account = Account.from_key(local.keys["operator"])
    calls = list(registrations(local.registries.records, 1, 1, 1, 1, _named(local, name, count)))
    start = time.perf_counter()
    for call in calls:
        transaction: Any = {
            "to": call.to,
            "data": f"0x{call.data.hex()}",
            "nonce": web3.eth.get_transaction_count(account.address),
            "gasPrice": web3.eth.gas_price,
            "chainId": CHAIN_ID,
        }
        transaction["gas"] = web3.eth.estimate_gas(transaction | {"from": account.address})
        signed = account.sign_transaction(transaction)
        sent = web3.eth.send_raw_transaction(signed.raw_transaction)
        receipt = web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)
        assert receipt["status"] == 1, "a registration failed"
    return time.perf_counter() - start
