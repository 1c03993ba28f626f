# SPDX-License-Identifier: Apache-2.0
"""What the typed binding stands on: calls as values, reads of a named block, events of logs."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_abi.exceptions import EncodingError as AbiEncodingError
from eth_utils.crypto import keccak

from muniment.artifacts import artifact
from muniment.chain.connection import (
    Address,
    Block,
    BlockId,
    Connection,
    RpcError,
    address_of,
    block_parameter,
)
from muniment.chain.decoding import event_plans, kind_of, signature_of
from muniment.chain.reverts import contract_error, revert_data
from muniment.errors import ChainError, InvalidInputError
from muniment.record.state import RecordState

__all__ = ["Address", "Block", "BlockId", "Call", "Contract", "Event", "LoggedEvent"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a writing function, not sent yet: `to` (None deploys), `data`, and the function."""

    to: Address | None
    data: bytes
    function: str


class Event:
    """An event of the contracts. Numbered ones have `sequence`."""

    __slots__ = ()

    @classmethod
    def of(cls, values: Sequence[Any]) -> Event:
        """Return the event of decoded ABI values."""
        raise NotImplementedError(cls.__name__)  # every event of the binding has its own


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event where it was logged: contract, block, transaction (32-byte hashes), place."""

    address: Address
    event: Event
    block_number: int
    block_hash: bytes
    transaction_hash: bytes
    log_index: int


class UndecodableError(ChainError):
    """An answer or a log does not have the form of the contract's ABI."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} does not have the form of the contract's ABI",
            expected="a registry of this version",
            remedy="check the address, and `muniment contract verify`",
        )


class Contract:
    """A contract at one address of one chain."""

    contract_name: ClassVar[str]
    events: ClassVar[Mapping[str, type[Event]]]

    def __init__(self, connection: Connection, address: str) -> None:
        """Bind the contract. Raises `InvalidInputError` for what is no address; call `require_code`
        to know that a contract is there."""
        self.connection = connection
        self.address = address_of(f"{self.contract_name} address", address)

    def require_code(self, block: BlockId) -> None:
        """Raise `NoCodeError` when there is no contract at the address."""
        self.connection.code(self.address, block)

    def multicall(self, calls: Sequence[Call]) -> Call:
        """Return one call that does `calls` of this contract in order, all or none."""
        for call in calls:
            if call.to != self.address:
                raise InvalidInputError("calls", f"calls of {self.address}", f"one of {call.to}")
        return self._call("multicall(bytes[])", ([call.data for call in calls],))

    def decode_log(self, log: Mapping[str, Any]) -> LoggedEvent | None:
        """Return the event of a JSON-RPC log, None for another contract's or an unknown one."""
        if log["address"].lower() != self.address.lower():
            return None
        topics = bytes.fromhex("".join(topic[2:] for topic in log["topics"]))
        if topics[:32] not in event_plans(self.contract_name):
            return None
        event = self.decode_event(topics, bytes.fromhex(log["data"][2:]))
        return LoggedEvent(
            address=self.address,
            event=event,
            block_number=int(log["blockNumber"], 16),
            block_hash=bytes.fromhex(log["blockHash"][2:]),
            transaction_hash=bytes.fromhex(log["transactionHash"][2:]),
            log_index=int(log["logIndex"], 16),
        )

    @classmethod
    def decode_event(cls, topics: bytes, data: bytes) -> Event:
        """Return the event of a log of this contract: its topics in one piece, and its data.

        Raises `UndecodableError`.
        """
        plan = event_plans(cls.contract_name).get(topics[:32])
        if plan is None:
            raise UndecodableError("a log of an unknown event")
        try:
            values: Sequence[Any] = plan.values(topics, data)
            if not plan.readers:
                values = _checksummed(values, plan.inputs)
            return cls.events[plan.name].of(values)
        except (ValueError, InvalidInputError) as error:
            raise UndecodableError(f"a log of {plan.name}") from error

    def _call(self, signature: str, arguments: Sequence[Any]) -> Call:
        return Call(self.address, _encoded(self.contract_name, signature, arguments), signature)

    def _read(self, signature: str, arguments: Sequence[Any], block: BlockId) -> Sequence[Any]:
        data = _encoded(self.contract_name, signature, arguments)
        outputs = functions_of(self.contract_name)[signature]["outputs"]
        answer = call_result(self.connection, self.address, data, block)
        if outputs and not answer:
            self.require_code(block)
        try:
            values = decode([kind_of(item) for item in outputs], answer)
        except (DecodingError, OverflowError) as error:
            raise UndecodableError(f"the answer of {signature}") from error
        return _checksummed(values, outputs)


def call_result(
    connection: Connection,
    to: Address | None,
    data: bytes,
    block: BlockId,
    sender: Address | None = None,
) -> bytes:
    """Return what a call gives at a block, without a transaction. Raises a revert's typed error."""
    transaction = {"data": f"0x{data.hex()}"}
    if to is not None:
        transaction["to"] = to
    if sender is not None:
        transaction["from"] = sender
    try:
        answer = connection.request("eth_call", [transaction, block_parameter(block)])
    except RpcError as fault:
        revert = revert_data(fault)
        if revert is None:
            raise
        raise contract_error(revert) from fault
    return bytes.fromhex(answer[2:])


def topic_of(contract_name: str, event_name: str) -> str:
    """Return the first topic of an event, as JSON-RPC wants it."""
    for topic, plan in event_plans(contract_name).items():
        if plan.name == event_name:
            return f"0x{topic.hex()}"
    raise InvalidInputError("event", f"an event of {contract_name}", event_name)


def _encoded(contract_name: str, signature: str, arguments: Sequence[Any]) -> bytes:
    inputs = functions_of(contract_name)[signature]["inputs"]
    kinds = [kind_of(item) for item in inputs]
    try:
        body = encode(kinds, [_plain(value) for value in arguments])
    except (AbiEncodingError, TypeError, ValueError, OverflowError) as error:
        names = ", ".join(f"{item['name'] or 'value'}: {kind_of(item)}" for item in inputs)
        raise InvalidInputError(f"arguments of {signature}", names, str(error)) from error
    return keccak(text=signature)[:4] + body


def _plain(value: Any) -> Any:
    """The ABI's form of a typed value."""
    if isinstance(value, RecordState):
        return value.to_word()
    if isinstance(value, enum.IntEnum):
        return int(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return tuple(_plain(getattr(value, field.name)) for field in fields)
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


def _checksummed(values: Sequence[Any], items: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """Decoded addresses with their checksum, structs included."""
    return tuple(_checked(value, item) for value, item in zip(values, items, strict=True))


def _checked(value: Any, item: Mapping[str, Any]) -> Any:
    kind = str(item["type"])
    if kind.endswith("[]"):
        inner = {**item, "type": kind[:-2]}
        return tuple(_checked(each, inner) for each in value)
    if kind == "tuple":
        return _checksummed(value, item["components"])
    return address_of(str(item["name"]), value) if kind == "address" else value


@cache
def functions_of(contract_name: str) -> dict[str, Mapping[str, Any]]:
    """Return the functions of a contract's ABI by their signatures."""
    abi = artifact(contract_name)["abi"]
    return {signature_of(entry): entry for entry in abi if entry["type"] == "function"}
