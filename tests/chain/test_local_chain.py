# SPDX-License-Identifier: Apache-2.0
"""The Anvil of tests, demo and benchmarks mines what it is sent, whatever it forgets."""

from __future__ import annotations

import time

from muniment.chain import Connection
from toolchain.local_chain import CHAIN_ID, anvil

TRANSFER = 21_000


def test_transaction_that_anvil_forgot__is_mined() -> None:
    """Of two for which a block is too small, Anvil by itself leaves one in its pool for good."""
    with anvil() as url:
        connection = Connection(url, CHAIN_ID)
        connection.request("evm_setBlockGasLimit", [hex(TRANSFER * 3 // 2)])
        account = connection.request("eth_accounts", [])[0]
        connection.request("evm_setAutomine", [False])
        transfer = {"from": account, "to": account, "gas": hex(TRANSFER)}
        sent = [connection.request("eth_sendTransaction", [transfer]) for _ in range(2)]
        connection.request("evm_setAutomine", [True])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and any(
            connection.request("eth_getTransactionReceipt", [each]) is None for each in sent
        ):
            time.sleep(0.1)
        receipts = [connection.request("eth_getTransactionReceipt", [each]) for each in sent]
        assert all(receipt is not None for receipt in receipts)


def test_transaction_that_nobody_is_to_mine_yet__waits() -> None:
    with anvil() as url:
        connection = Connection(url, CHAIN_ID)
        account = connection.request("eth_accounts", [])[0]
        connection.request("evm_setAutomine", [False])
        transfer = {"from": account, "to": account}
        sent = connection.request("eth_sendTransaction", [transfer])
        time.sleep(5)
        assert connection.request("eth_getTransactionReceipt", [sent]) is None
