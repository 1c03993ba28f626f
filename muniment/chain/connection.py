# SPDX-License-Identifier: Apache-2.0
"""A connection to one node of the right chain: JSON-RPC over HTTP, with errors of our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NewType

import requests
from eth_utils.address import is_address, to_checksum_address
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.providers.rpc.utils import ExceptionRetryConfiguration
from web3.types import RPCEndpoint

from muniment.errors import ChainError, InvalidInputError, UnreachableError, WrongChainError

Address = NewType("Address", str)
"""An account or contract: 0x and 40 hex digits with the EIP-55 checksum."""

_LONGEST: Final = 1 << 20
"""Characters of a batch's parameters: servers refuse bodies of more than some megabytes."""

# Reading twice does no harm. Sending is not here: a retry would be answered "already known", and
# what became of a transaction is told by its receipt alone.
_RETRIED: Final = (
    "eth_blockNumber",
    "eth_call",
    "eth_chainId",
    "eth_estimateGas",
    "eth_gasPrice",
    "eth_getBalance",
    "eth_getBlockByHash",
    "eth_getBlockByNumber",
    "eth_getCode",
    "eth_getLogs",
    "eth_getStorageAt",
    "eth_getTransactionCount",
    "eth_getTransactionReceipt",
)


class RpcError(ChainError):
    """The node answered with an error: `code`, `reason`, and `data` where it sent any."""

    def __init__(self, method: str, code: int, reason: str, data: object = None) -> None:
        super().__init__(
            f"the node refused {method}: {reason} (code {code})",
            remedy="check the request and the node's log",
        )
        self.method = method
        self.code = code
        self.reason = reason
        self.data = data


class NoCodeError(ChainError):
    """There is no contract at `address`."""

    def __init__(self, address: str, block: int) -> None:
        super().__init__(
            f"there is no contract at {address} in block {block}",
            expected="the address of a deployed registry",
            remedy="check the address and the chain; deployments/<chain id>.json has both",
        )
        self.address = address
        self.block = block


class UnknownBlockError(ChainError):
    """The node does not have the block that was named."""

    def __init__(self, block: object) -> None:
        super().__init__(
            f"the node has no block {block}",
            remedy="wait until the node has caught up, or name an earlier block",
        )
        self.block = block


@dataclass(frozen=True, slots=True)
class Block:
    """One block: `number`, `hash` and `parent_hash` (32 bytes), `timestamp` (Unix seconds)."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int


BlockId = int | Block
"""A block by number, or by the hash that it had when it was read (EIP-1898)."""


def address_of(field: str, value: str) -> Address:
    """Return a checksummed address; raise `InvalidInputError` that names `field`."""
    if not isinstance(value, str) or not is_address(value):
        raise InvalidInputError(field, "an address, 0x and 40 hex digits", f"{value!r}")
    return Address(to_checksum_address(value))


class Connection:
    """One node at `url`, which must be of chain `chain_id`.

    `timeout` in seconds for each request. Raises `WrongChainError` and `UnreachableError` when it
    is made: a connection that exists is one to the right chain.
    """

    def __init__(self, url: str, chain_id: int, *, timeout: float = 30.0) -> None:
        """Connect and compare the chain's id."""
        self.open(url, chain_id, timeout)
        actual = int(self.request("eth_chainId", []), 16)
        if actual != chain_id:
            raise WrongChainError(chain_id, actual)

    def open(self, url: str, chain_id: int, timeout: float) -> None:
        """Name the node; nothing is sent."""
        self.url = url
        self.chain_id = chain_id
        self._provider = HTTPProvider(
            url,
            request_kwargs={"timeout": timeout},
            exception_retry_configuration=ExceptionRetryConfiguration(
                errors=(requests.ConnectionError, requests.Timeout),
                retries=3,
                backoff_factor=0.1,
                method_allowlist=_RETRIED,
            ),
        )

    @classmethod
    def to_any_chain(cls, url: str) -> Connection:
        """Connect to the node's chain, whichever it is, to learn its id. For set-up alone."""
        asking = Unconnected()
        asking.open(url, 0, 30.0)
        return cls(url, int(Connection.request(asking, "eth_chainId", []), 16))

    def request(self, method: str, parameters: Sequence[Any]) -> Any:
        """Return the node's result. Raises `UnreachableError` and `RpcError`."""
        try:
            answer = self._provider.make_request(RPCEndpoint(method), list(parameters))
        except (requests.RequestException, Web3Exception, ValueError) as error:
            raise UnreachableError(self.url, type(error).__name__) from error
        return self._result(method, answer)

    def request_many(
        self, method: str, parameters: Sequence[Sequence[Any]], *, batch: int = 100
    ) -> list[Any]:
        """Return the node's results of many requests in order, a `RpcError` where it refused one.

        They go in JSON-RPC batches, each no longer than nodes take. Raises `UnreachableError` when
        any of them has no answer.
        """
        results: list[Any] = []
        for part in _portions(parameters, batch):
            calls = [(RPCEndpoint(method), list(each)) for each in part]
            try:
                answers = self._provider.make_batch_request(calls)
            except (requests.RequestException, Web3Exception, ValueError, TypeError) as error:
                raise UnreachableError(self.url, type(error).__name__) from error
            if not isinstance(answers, list) or len(answers) != len(part):
                raise UnreachableError(self.url, f"no JSON-RPC answer to a batch of {method}")
            for answer in answers:
                try:
                    results.append(self._result(method, answer))
                except RpcError as refused:
                    results.append(refused)
        return results

    def _result(self, method: str, answer: Any) -> Any:
        if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
            raise UnreachableError(self.url, f"no JSON-RPC answer to {method}")
        fault = answer.get("error")
        if fault:
            if not isinstance(fault, dict):
                raise RpcError(method, 0, str(fault))
            code, reason = int(fault.get("code", 0)), str(fault.get("message", ""))
            raise RpcError(method, code, reason, fault.get("data"))
        return answer["result"]

    def block(self, number: int | None = None) -> Block:
        """Return a block by number, the latest by default. Raises `UnknownBlockError`."""
        named = "latest" if number is None else hex(number)
        found = self.request("eth_getBlockByNumber", [named, False])
        if found is None:
            raise UnknownBlockError(named if number is None else number)
        return block_of(found)

    def code(self, address: Address, block: BlockId) -> bytes:
        """Return the code at an address. Raises `NoCodeError` where there is none."""
        found = bytes.fromhex(self.request("eth_getCode", [address, block_parameter(block)])[2:])
        if not found:
            raise NoCodeError(address, block.number if isinstance(block, Block) else block)
        return found

    def storage(self, address: Address, slot: int, block: BlockId) -> int:
        """Return the word in a storage slot."""
        word = self.request("eth_getStorageAt", [address, hex(slot), block_parameter(block)])
        return int(word, 16)


def block_of(answer: Mapping[str, Any]) -> Block:
    """Return a block of its JSON-RPC form."""
    return Block(
        number=int(answer["number"], 16),
        hash=bytes.fromhex(answer["hash"][2:]),
        parent_hash=bytes.fromhex(answer["parentHash"][2:]),
        timestamp=int(answer["timestamp"], 16),
    )


class Unconnected(Connection):
    """No node: for contracts whose calls are made here and sent elsewhere. Reading is refused."""

    def __init__(self) -> None:
        """Connect to nothing."""
        self.url = ""
        self.chain_id = 0

    def request(self, method: str, parameters: Sequence[Any]) -> Any:
        """Raise `UnreachableError`."""
        del parameters
        raise UnreachableError(self.url, f"{method} was asked of no node")


def _portions(parameters: Sequence[Sequence[Any]], batch: int) -> Iterator[Sequence[Sequence[Any]]]:
    """Requests in parts of `batch` at most, and of a length that servers take."""
    start = size = 0
    for place, each in enumerate(parameters):
        length = sum(len(value) for value in each if isinstance(value, str))
        if place > start and (place - start == batch or size + length > _LONGEST):
            yield parameters[start:place]
            start, size = place, 0
        size += length
    if parameters:
        yield parameters[start:]


def block_parameter(block: BlockId) -> Any:
    """Return a block as JSON-RPC names it: by hash where it is known, so that a reorganised chain
    cannot answer for another block."""
    if isinstance(block, Block):
        return {"blockHash": f"0x{block.hash.hex()}"}
    return hex(block)
