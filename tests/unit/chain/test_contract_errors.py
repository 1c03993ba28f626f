# SPDX-License-Identifier: Apache-2.0
"""Every custom error of the contracts comes out of its revert data as a typed error."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from muniment.artifacts import CONTRACTS, artifact
from muniment.chain.bindings.errors import ERROR_FIELDS, ERRORS
from muniment.chain.connection import RpcError
from muniment.chain.reverts import REMEDIES, UnknownRevertError, contract_error, revert_data
from muniment.errors import ContractError

EXAMPLES: dict[str, Any] = {
    "address": "0x" + "ab" * 20,
    "bytes32": b"\x01" * 32,
    "bytes4": b"\x01" * 4,
    "string": "what",
    "bool": True,
}


def abi_errors() -> dict[str, dict[str, Any]]:
    found = {}
    for name in CONTRACTS:
        for entry in artifact(name)["abi"]:
            if entry["type"] == "error":
                kinds = ",".join(item["type"] for item in entry["inputs"])
                found[f"{entry['name']}({kinds})"] = entry
    return found


def test_every_error_of_the_abi__is_mapped_and_nothing_else() -> None:
    assert set(ERRORS) == set(ERROR_FIELDS) == set(abi_errors())
    assert len(ERRORS) > 70


@pytest.mark.parametrize("signature", sorted(ERRORS))
def test_revert_data__becomes_the_typed_error_with_its_values(signature: str) -> None:
    entry = abi_errors()[signature]
    kinds = [item["type"] for item in entry["inputs"]]
    values = [EXAMPLES.get(kind, 1) for kind in kinds]
    error = contract_error(keccak(text=signature)[:4] + encode(kinds, values))
    assert type(error) is ERRORS[signature]
    assert error.error_name == entry["name"]
    assert len(error.arguments) == len(values)
    for (name, value), given in zip(error.arguments.items(), values, strict=True):
        assert getattr(error, name) == value
        assert str(value).lower() == str(given).lower()
    assert entry["name"] in str(error)
    assert error.__doc__
    assert isinstance(error.expected, str)


def test_remedies__are_of_errors_that_exist() -> None:
    assert set(REMEDIES) <= {entry["name"] for entry in abi_errors().values()}


def test_unknown_revert__keeps_its_data() -> None:
    error = contract_error(b"\xde\xad\xbe\xef" + bytes(32))
    assert isinstance(error, UnknownRevertError)
    assert error.data == b"\xde\xad\xbe\xef" + bytes(32)


def test_truncated_revert_data__is_unknown_not_a_crash() -> None:
    data = keccak(text="RecordRegistryUnknownRecord(bytes32)")[:4] + b"\x01" * 5
    assert isinstance(contract_error(data), UnknownRevertError)


@pytest.mark.parametrize("text", ["nothing", ""])
def test_reason_string__is_shown(text: str) -> None:
    data = keccak(text="Error(string)")[:4] + encode(["string"], [text])
    assert type(contract_error(data)) is ContractError
    assert contract_error(data).arguments == {"reason": text}


PAUSED = "0x" + (keccak(text="RecordRegistryPaused(uint48)")[:4] + encode(["uint48"], [7])).hex()


@pytest.mark.parametrize(
    "data",
    [
        PAUSED,
        {"data": PAUSED, "message": "Error: VM Exception", "txHash": "0x" + "11" * 32},
        {"originalError": {"data": PAUSED}},
        {"txHash": "0x" + "11" * 32, "data": {"result": PAUSED}},
    ],
    ids=["anvil", "hardhat", "original", "nested"],
)
def test_revert_data__is_found_wherever_the_node_puts_it(data: object) -> None:
    found = revert_data(RpcError("eth_call", 3, "execution reverted", data))
    assert found is not None
    assert contract_error(found).arguments == {"since": 7}


@pytest.mark.parametrize("data", [None, "", "0x", "no hex", 7, {"txHash": "0x" + "11" * 32}])
def test_revert_data__that_is_none__is_not_invented(data: object) -> None:
    assert revert_data(RpcError("eth_call", -32000, "nonce too low", data)) is None


@pytest.mark.parametrize(
    "reason",
    [
        f"execution reverted: {PAUSED}",
        f"Reverted {PAUSED} in 0x{'11' * 32}",
        f"0x{'11' * 32}: {PAUSED}",
    ],
)
def test_revert_data__is_found_in_a_message_too(reason: str) -> None:
    found = revert_data(RpcError("eth_call", -32000, reason))
    assert found is not None
    assert contract_error(found).arguments == {"since": 7}


@pytest.mark.parametrize("reason", ["", "0x", f"unknown transaction 0x{'11' * 32}", "0x12345"])
def test_message__without_a_known_error__gives_none(reason: str) -> None:
    assert revert_data(RpcError("eth_call", -32000, reason)) is None
