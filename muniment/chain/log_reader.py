# SPDX-License-Identifier: Apache-2.0
"""Reading logs by ranges of blocks: in order, whole, and of one branch of the chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import requests

from muniment.chain.connection import Block, Connection, RpcError
from muniment.chain.contract import Contract, LoggedEvent
from muniment.errors import ChainError, UnreachableError

MAX_RANGE: Final = 10_000
"""Most blocks that are asked for at a time."""


class MissingEventError(ChainError):
    """A contract's event numbers have a gap: the node left a log out."""

    def __init__(self, contract: str, expected: int, got: int) -> None:
        super().__init__(
            f"event number {got} of {contract} follows where {expected} was due",
            expected="numbers without gaps",
            remedy="read again from another node: this one leaves logs out",
        )
        self.contract = contract
        self.expected_number = expected
        self.got = got


class ReorganisedError(ChainError):
    """Block `number` changed while its logs were read."""

    def __init__(self, number: int, before: bytes, now: bytes) -> None:
        super().__init__(
            f"block {number} was 0x{before.hex()} and is 0x{now.hex()} now",
            expected="one branch of the chain",
            remedy="read again from a block that both branches share",
        )
        self.number = number


class LogReader:
    """Reads the events of `contracts` from one node."""

    def __init__(self, connection: Connection, contracts: Sequence[Contract]) -> None:
        """Read from a connection; the contracts decode."""
        self.connection = connection
        self.contracts = tuple(contracts)
        self.addresses = [contract.address for contract in self.contracts]

    def read(
        self,
        first: int,
        last: Block,
        *,
        topics: Sequence[Any] = (),
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[LoggedEvent]:
        """Yield the events of blocks `first` to `last`, in order of the chain.

        `topics` as in JSON-RPC. `progress` is told the last block done. Ranges are halved where the
        node refuses them or takes too long, and grow again after. Raises `ReorganisedError` when
        `last` is no longer the block it was, and when logs of its height are another block's.
        """
        for end, logs in log_ranges(
            self.connection, self.addresses, first, last.number, topics=topics
        ):
            for log in logs:
                yield from self._decoded(log, last)
            if progress is not None:
                progress(end)
        now = self.connection.block(last.number)
        if now.hash != last.hash:
            raise ReorganisedError(last.number, last.hash, now.hash)

    def read_all(self, first: int, last: Block) -> list[LoggedEvent]:
        """Return all events from the contracts' deployment (`first` at the latest) to `last`.

        Raises `MissingEventError` when the numbers of a contract's events have a gap.
        """
        events = list(self.read(first, last))
        for contract in self.contracts:
            check_sequence(contract, events)
        return events

    def _decoded(self, log: Any, last: Block) -> Iterator[LoggedEvent]:
        if int(log["blockNumber"], 16) == last.number:
            block_hash = bytes.fromhex(log["blockHash"][2:])
            if block_hash != last.hash:
                raise ReorganisedError(last.number, last.hash, block_hash)
        for contract in self.contracts:
            event = contract.decode_log(log)
            if event is not None:
                yield event


def log_ranges(
    connection: Connection,
    addresses: Sequence[str],
    first: int,
    last: int,
    *,
    topics: Sequence[Any] = (),
    span: int = MAX_RANGE,
) -> Iterator[tuple[int, list[Any]]]:
    """Yield the logs of contracts in blocks `first` to `last` as the node gives them, by ranges.

    Each time the last block of the range, and its logs in order of the chain. The first range
    has `span` blocks, the next ones up to twice as many as the one before.
    """
    start = first
    while start <= last:
        end = min(start + span - 1, last)
        try:
            logs = _logs(connection, addresses, start, end, topics)
        except (RpcError, UnreachableError) as fault:
            asked = end - start + 1
            # A node that nobody hears does not answer smaller questions either.
            if asked == 1 or (isinstance(fault, UnreachableError) and not _is_slow(fault)):
                raise
            span = asked // 2
            continue
        yield end, sorted(logs, key=lambda log: (int(log["blockNumber"], 16), _index(log)))
        start, span = end + 1, min(span * 2, MAX_RANGE)


def _logs(
    connection: Connection, addresses: Sequence[str], start: int, end: int, topics: Sequence[Any]
) -> list[Any]:
    wanted = {
        "fromBlock": hex(start),
        "toBlock": hex(end),
        "address": list(addresses),
        "topics": list(topics),
    }
    logs: list[Any] = connection.request("eth_getLogs", [wanted])
    return logs


def check_sequence(contract: Contract, events: Sequence[LoggedEvent], after: int = 0) -> int:
    """Return the last number of a contract's events, of which `after` was the last one known.

    Raises `MissingEventError` at a gap, a repetition or a step back.
    """
    due = after + 1
    for logged in events:
        number = getattr(logged.event, "sequence", None)
        if logged.address != contract.address or number is None:
            continue
        if number != due:
            raise MissingEventError(contract.contract_name, due, number)
        due += 1
    return due - 1


def _is_slow(fault: UnreachableError) -> bool:
    """Whether a node was there and did not finish: a smaller range may be answered."""
    return isinstance(fault.__cause__, (requests.ReadTimeout, requests.HTTPError))


def _index(log: Any) -> int:
    return int(log["logIndex"], 16)
