# SPDX-License-Identifier: Apache-2.0
"""Everything of the three interfaces can be called, read and decoded, and is tried by some test."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

from muniment.artifacts import CONTRACTS, artifact
from muniment.chain import AgencyRegistry, Connection, RecordRegistry, ShareRegistry
from muniment.chain.bindings import Signpost
from muniment.chain.contract import Call, Contract
from toolchain.bindings import method

TESTS = Path(__file__).resolve().parents[2]
BINDINGS: dict[str, type[Contract]] = {
    "RecordRegistry": RecordRegistry,
    "AgencyRegistry": AgencyRegistry,
    "ShareRegistry": ShareRegistry,
    "Signpost": Signpost,
}


def functions(*, writing: bool) -> list[tuple[str, str]]:
    return [
        (contract, method(entry["name"]))
        for contract in CONTRACTS
        for entry in artifact(contract)["abi"]
        if entry["type"] == "function"
        and (entry["stateMutability"] in {"nonpayable", "payable"}) is writing
    ]


def attributes_used_in_tests() -> set[str]:
    return {
        node.attr
        for folder in ("chain", "contracts")
        for path in (TESTS / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }


def signature_of(contract: str, name: str) -> inspect.Signature:
    return inspect.signature(getattr(BINDINGS[contract], name), eval_str=False)


@pytest.mark.parametrize(("contract", "name"), functions(writing=True))
def test_writing_function__makes_a_call(contract: str, name: str) -> None:
    assert signature_of(contract, name).return_annotation == "Call"


@pytest.mark.parametrize(("contract", "name"), functions(writing=False))
def test_read__demands_a_block(contract: str, name: str) -> None:
    block = signature_of(contract, name).parameters["block"]
    assert block.kind is inspect.Parameter.KEYWORD_ONLY
    assert block.default is inspect.Parameter.empty


def test_every_writing_function__is_called_by_a_test() -> None:
    used = attributes_used_in_tests()
    assert [name for _, name in functions(writing=True) if name not in used] == []
    assert len(functions(writing=True)) > 50


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_event__has_its_class(contract: str) -> None:
    declared = {entry["name"] for entry in artifact(contract)["abi"] if entry["type"] == "event"}
    events = BINDINGS[contract].events
    assert set(events) == declared
    for name, event in events.items():
        assert event.__name__ == name
        assert event.__doc__
        parameters: Any = event.__dataclass_params__  # type: ignore[attr-defined]
        assert parameters.frozen


def test_call__carries_selector_and_arguments() -> None:
    # Made without a node: building a call asks the chain for nothing.
    records = RecordRegistry(Connection.__new__(Connection), "0x" + "12" * 20)
    call = records.revoke(b"\x07" * 32, 2, 3)
    assert isinstance(call, Call)
    assert call.data[4:] == b"\x07" * 32 + (2).to_bytes(32, "big") + (3).to_bytes(32, "big")
    assert (call.to, call.function) == (records.address, "revoke(bytes32,uint16,uint16)")
