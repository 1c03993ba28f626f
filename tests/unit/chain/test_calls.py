# SPDX-License-Identifier: Apache-2.0
"""Calls read back from their data: each function, in words, and nothing hidden beside."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from muniment.chain.bindings import RecordRegistry
from muniment.chain.calls import CONTRACTS, CallDataError, decode_call
from muniment.chain.connection import Unconnected
from muniment.chain.contract import functions_of
from muniment.chain.decoding import kind_of
from muniment.registry.prepared.words import SENTENCES, agency_registry_of, describe

REGISTRY = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
WRITING = [
    (contract, signature)
    for contract in CONTRACTS
    for signature, entry in functions_of(contract).items()
    if entry["stateMutability"] not in ("view", "pure") and entry["name"] != "multicall"
]


def sample(kind: str, salt: int) -> Any:
    """A value of an ABI type, another one for each salt."""
    if kind.endswith("[]"):
        return [sample(kind[:-2], salt), sample(kind[:-2], salt + 1)]
    if kind.startswith("("):
        return tuple(sample(each, salt + place) for place, each in enumerate(_parts(kind)))
    if kind == "string":
        return f"text {salt}"
    if kind == "address":
        return f"0x{salt + 1:040x}"
    if kind == "bool":
        return bool(salt % 2)
    return bytes([salt % 251 + 1]) * 32 if kind == "bytes32" else salt % 100 + 1


def _parts(kind: str) -> list[str]:
    return kind[1:-1].split(",")


def data_of(contract: str, signature: str, salt: int) -> tuple[bytes, list[Any]]:
    kinds = [kind_of(item) for item in functions_of(contract)[signature]["inputs"]]
    values = [sample(kind, salt + 7 * place) for place, kind in enumerate(kinds)]
    return keccak(text=signature)[:4] + encode(kinds, values), values


@pytest.mark.parametrize(("contract", "signature"), WRITING, ids=lambda value: str(value))
def test_every_function__has_a_sentence_in_which_every_argument_shows(
    contract: str, signature: str
) -> None:
    data, _ = data_of(contract, signature, 3)
    call = decode_call(contract, data)
    assert call.signature == signature
    [sentence] = describe(call)
    for place in range(len(call.arguments)):
        kinds = [kind_of(item) for item in functions_of(contract)[signature]["inputs"]]
        _, values = data_of(contract, signature, 3)
        values[place] = sample(kinds[place], 40 + place)
        other = keccak(text=signature)[:4] + encode(kinds, values)
        assert describe(decode_call(contract, other)) != [sentence], list(call.arguments)[place]


def test_sentences__are_of_functions_that_there_are() -> None:
    assert {(contract, signature.partition("(")[0]) for contract, signature in WRITING} == SENTENCES


def test_several_calls__are_told_in_order() -> None:
    records = RecordRegistry(Unconnected(), REGISTRY)
    one, two = records.decline_custody(b"\1" * 32), records.withdraw_custody(b"\2" * 32)
    call = decode_call("RecordRegistry", records.multicall([one, records.multicall([two])]).data)
    assert [each.function for each in call.leaves()] == ["declineCustody", "withdrawCustody"]
    first, second = describe(call)
    assert "01" * 32 in first
    assert "02" * 32 in second


def test_data__with_more_in_it_than_is_shown_is_refused() -> None:
    records = RecordRegistry(Unconnected(), REGISTRY)
    honest = records.revoke(b"\1" * 32, 1, 2).data
    deep = records.multicall([])
    for _ in range(4):
        deep = records.multicall([deep])
    for data in (
        b"",
        honest[:3],
        honest[:-1],
        honest + b"\0",
        b"\0\0\0\0" + honest[4:],
        # A number wider than its type.
        honest[:36] + b"\1" + honest[37:],
        records.multicall([]).data + bytes(32),
        deep.data,
    ):
        with pytest.raises(CallDataError):
            decode_call("RecordRegistry", data)
    with pytest.raises(CallDataError):
        decode_call("ShareRegistry", honest)


def test_agency_registry__follows_from_the_record_registry() -> None:
    # As `deploy` makes them on a fresh development chain.
    assert agency_registry_of(REGISTRY) == "0xa16E02E87b7454126E5E10d957A927A7F5B5d2be"
