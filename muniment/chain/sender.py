# SPDX-License-Identifier: Apache-2.0
"""Sending calls: signed here, several in flight, each decided by the receipt of its own hash."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from muniment.chain.accounts import Signer, UnsignedTransaction
from muniment.chain.connection import Address, Connection, RpcError, address_of
from muniment.chain.contract import Call, Contract, LoggedEvent, call_result
from muniment.chain.engines import Refusal, refusal_of
from muniment.chain.reverts import contract_error, revert_data
from muniment.errors import ChainError, UnreachableError

_POLL_SECONDS: Final = 0.02
_GAS_MARGIN: Final = 1.25


class UnknownOutcomeError(ChainError):
    """Transaction `transaction_hash` went out and nobody said what became of it: it may be mined.

    No receipt came in time, or the line broke while it was sent.
    """

    def __init__(self, transaction_hash: bytes, function: str, what: str) -> None:
        super().__init__(
            f"{function}, transaction 0x{transaction_hash.hex()}: {what}",
            expected="a receipt",
            remedy="look for the receipt before sending again: the transaction may still be mined",
        )
        self.transaction_hash = transaction_hash


class FailedTransactionError(ChainError):
    """Transaction `transaction_hash` was mined in `block_number` and did nothing.

    Raised where a replay on the block before does not fail: what came earlier in the same block
    made it fail, or its gas ran out.
    """

    def __init__(self, transaction_hash: bytes, function: str, block_number: int) -> None:
        super().__init__(
            f"{function}, transaction 0x{transaction_hash.hex()}, failed in block {block_number}",
            expected="status 1",
            remedy="nothing was written; read what changed in that block, then send it anew",
        )
        self.transaction_hash = transaction_hash
        self.block_number = block_number


class NonceTakenError(RpcError):
    """Another transaction of `account` has `nonce`: somebody else sends for it at the same time."""

    def __init__(self, account: Address, nonce: int, fault: RpcError) -> None:
        super().__init__(fault.method, fault.code, fault.reason, fault.data)
        self.account = account
        self.nonce = nonce
        self.expected = f"nonce {nonce} of {account} to be free"
        self.remedy = "nothing was sent; let one process at a time send for an account, then retry"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a call: block, gas used, its logs as the node gave them, what it deployed."""

    function: str
    transaction_hash: bytes
    block_number: int
    block_hash: bytes
    gas_used: int
    logs: tuple[Mapping[str, Any], ...]
    created: Address | None = None

    def events(self, *contracts: Contract) -> list[LoggedEvent]:
        """Return the logged events of `contracts`, in order."""
        found = []
        for log in self.logs:
            for contract in contracts:
                event = contract.decode_log(log)
                if event is not None:
                    found.append(event)
        return found


class Sender:
    """One account that sends. It counts its own nonces: use one sender an account at a time.

    `timeout` in seconds is how long a receipt is waited for.
    """

    def __init__(self, connection: Connection, signer: Signer, *, timeout: float = 120.0) -> None:
        """Make a sender; the first nonce is read when it first sends."""
        self.connection = connection
        self.signer = signer
        self.timeout = timeout
        self._nonce: int | None = None

    def dry_run(self, call: Call) -> bytes:
        """Return what the call would return now. Raises the contract's typed error."""
        latest = self.connection.block()
        return call_result(self.connection, call.to, call.data, latest, self.signer.address)

    def send(self, call: Call) -> Receipt:
        """Send a call and wait for its receipt.

        Raises the contract's typed error or `FailedTransactionError` where the registry refuses
        (nothing was written then); `UnreachableError` when no node answered before anything was
        sent; `UnknownOutcomeError` when it was sent and no receipt comes in time.
        """
        return next(iter(self.send_many([call])))

    def send_many(
        self,
        calls: Iterable[Call],
        *,
        in_flight: int = 16,
        progress: Callable[[Receipt], None] | None = None,
    ) -> list[Receipt]:
        """Send calls in order, up to `in_flight` at a time, and return their receipts in order.

        `progress` is told of each receipt. Raises as `send` does, at the first call that fails; the
        calls sent before it stand.
        """
        waiting: deque[tuple[Call, bytes]] = deque()
        receipts: list[Receipt] = []

        def settle() -> None:
            receipt = self._receipt(*waiting.popleft())
            receipts.append(receipt)
            if progress is not None:
                progress(receipt)

        for call in calls:
            while len(waiting) >= in_flight:
                settle()
            waiting.append((call, self._submit(call)))
        while waiting:
            settle()
        return receipts

    def _submit(self, call: Call) -> bytes:
        gas = estimate_gas(self.connection, self.signer.address, call)
        if self._nonce is None:
            counted = self.connection.request(
                "eth_getTransactionCount", [self.signer.address, "pending"]
            )
            self._nonce = int(counted, 16)
        raw, transaction_hash = self.signer.sign(
            UnsignedTransaction(
                chain_id=self.connection.chain_id,
                nonce=self._nonce,
                gas=gas,
                gas_price=gas_price(self.connection, self.signer.address),
                to=call.to,
                data=call.data,
            )
        )
        try:
            self.connection.request("eth_sendRawTransaction", [f"0x{raw.hex()}"])
        except RpcError as fault:
            refusal = refusal_of(fault)
            if refusal is not Refusal.KNOWN:
                nonce, self._nonce = self._nonce, None
                revert = revert_data(fault)
                if revert is not None:
                    raise contract_error(revert) from fault
                if refusal in (Refusal.NONCE_SPENT, Refusal.NONCE_WAITING):
                    raise NonceTakenError(self.signer.address, nonce, fault) from fault
                raise
        except UnreachableError as fault:
            # The node may have it: only the hash can tell, so the caller must get the hash.
            self._nonce = None
            raise UnknownOutcomeError(transaction_hash, call.function, fault.what) from fault
        self._nonce += 1
        return transaction_hash

    def _receipt(self, call: Call, transaction_hash: bytes) -> Receipt:
        deadline = time.monotonic() + self.timeout
        parameters = [f"0x{transaction_hash.hex()}"]
        while True:
            found = self.connection.request("eth_getTransactionReceipt", parameters)
            if found is not None:
                break
            if time.monotonic() > deadline:
                what = f"no receipt in {self.timeout:g} s"
                raise UnknownOutcomeError(transaction_hash, call.function, what)
            time.sleep(_POLL_SECONDS)
        number = int(found["blockNumber"], 16)
        if int(found["status"], 16) != 1:
            self._nonce = None
            # Replayed on the block before, it tells why it failed.
            call_result(self.connection, call.to, call.data, number - 1, self.signer.address)
            raise FailedTransactionError(transaction_hash, call.function, number)
        return Receipt(
            function=call.function,
            transaction_hash=transaction_hash,
            block_number=number,
            block_hash=bytes.fromhex(found["blockHash"][2:]),
            gas_used=int(found["gasUsed"], 16),
            logs=tuple(found["logs"]),
            created=None
            if call.to is not None
            else address_of("created", found["contractAddress"]),
        )


def gas_price(connection: Connection, account: Address) -> int:
    """Return what to pay for gas, in wei: what the node says, and once more the block's base fee,
    for that may rise before the transaction is in a block.

    No more than that: on a chain where nobody else pays, a node says what was paid last, and
    doubling it each time would have no end. An account that owns nothing pays nothing, which is
    how chains without fees are run.
    """
    balance = int(connection.request("eth_getBalance", [account, "latest"]), 16)
    if balance == 0:
        return 0
    said = int(connection.request("eth_gasPrice", []), 16)
    latest = connection.request("eth_getBlockByNumber", ["latest", False])
    return said + int(latest.get("baseFeePerGas") or "0x0", 16)


def estimate_gas(connection: Connection, account: Address, call: Call) -> int:
    """Return the gas to give a call, with a margin. Raises the contract's typed error."""
    transaction = {"from": account, "data": f"0x{call.data.hex()}"}
    if call.to is not None:
        transaction["to"] = call.to
    try:
        estimated = int(connection.request("eth_estimateGas", [transaction]), 16)
    except RpcError as fault:
        revert = revert_data(fault)
        if revert is None:
            # Some nodes estimate without the revert's data: the call itself has it.
            call_result(connection, call.to, call.data, connection.block(), account)
            raise
        raise contract_error(revert) from fault
    return int(estimated * _GAS_MARGIN)
