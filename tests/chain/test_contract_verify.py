# SPDX-License-Identifier: Apache-2.0
"""`muniment contract verify` against a real deployment, as it is and with one byte changed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from muniment.chain import find
from muniment.operations.contract_code import CodeMismatchError, compare, recompile, verify_code
from tests.chain.conftest import World


def command(world: World, *options: str) -> subprocess.CompletedProcess[str]:
    base = [sys.executable, "-m", "muniment.cli", "contract", "verify"]
    base += ["--rpc", world.connection.url, "--chain-id", "31337"]
    return subprocess.run([*base, *options], capture_output=True, text=True, check=False)


def shares_of(world: World) -> str:
    assert world.registries.shares is not None
    return world.registries.shares.address


def test_deployment__is_the_published_one(world: World) -> None:
    answer = command(
        world,
        "--registry",
        world.registries.records.address,
        "--shares",
        shares_of(world),
        "--json",
    )
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert told["same"] is True
    names = {contract["contract"] for contract in told["contracts"]}
    assert names == {"RecordRegistry", "AgencyRegistry", "ShareRegistry"}
    (records,) = [each for each in told["contracts"] if each["contract"] == "RecordRegistry"]
    agencies = world.registries.agencies.address[2:].lower()
    assert records["immutables"]["_agencies"].endswith(agencies)
    assert int(records["immutables"]["_predecessor"], 16) == 0


def test_code__with_one_byte_changed__is_named(world: World) -> None:
    records = world.registries.records
    at = world.connection.block()
    code = bytearray(world.connection.code(records.address, at))
    code[1000] ^= 1
    world.connection.request("anvil_setCode", [records.address, f"0x{code.hex()}"])
    try:
        answer = command(world, "--registry", records.address)
        assert answer.returncode == 7
        assert "byte 1000" in answer.stderr
        assert "RecordRegistry" in answer.stderr
        assert answer.stdout == ""
    finally:
        code[1000] ^= 1
        world.connection.request("anvil_setCode", [records.address, f"0x{code.hex()}"])


def test_every_byte_counts__but_for_metadata(world: World) -> None:
    published = recompile()["ShareRegistry"]
    address = shares_of(world)
    code = world.connection.code(address, world.connection.block())
    match = compare("ShareRegistry", address, published, code)
    places = [at for offsets in published.immutables.values() for at in offsets]
    alone = {at for offsets in published.immutables.values() if len(offsets) == 1 for at in offsets}
    for offset in range(0, match.bytes_compared, 97):
        # What stands at one place only is judged by its value, in verify_code.
        if any(at <= offset < at + 32 for at in alone):
            continue
        changed = bytearray(code)
        changed[offset] ^= 0x80
        with pytest.raises(CodeMismatchError) as caught:
            compare("ShareRegistry", address, published, bytes(changed))
        if not any(at <= offset < at + 32 for at in places):
            assert caught.value.offset == offset
    for other in (code + b"\0", code[:-60], b"", b"\x60"):
        with pytest.raises(CodeMismatchError):
            compare("ShareRegistry", address, published, other)


@pytest.mark.parametrize("contract", ["RecordRegistry", "AgencyRegistry", "ShareRegistry"])
def test_immutable__changed_at_one_of_its_places__is_named(world: World, contract: str) -> None:
    """A hostile agency registry at one place, and the true one where it is shown."""
    published = recompile()[contract]
    registries = world.registries
    address = {
        "RecordRegistry": registries.records.address,
        "AgencyRegistry": registries.agencies.address,
        "ShareRegistry": shares_of(world),
    }[contract]
    code = world.connection.code(address, world.connection.block())
    tried = 0
    for name, places in published.immutables.items():
        for place in places[1:]:
            changed = bytearray(code)
            changed[place + 31] ^= 1
            with pytest.raises(CodeMismatchError, match=f"byte {place}:") as caught:
                compare(contract, address, published, bytes(changed))
            assert name in str(caught.value.diagnostics())
            tried += 1
    assert tried >= 4


@pytest.mark.parametrize(
    ("contract", "immutable"),
    [
        ("RecordRegistry", "_lineage"),
        ("RecordRegistry", "_finalStatesRoot"),
        ("RecordRegistry", "_finalStatesCount"),
        ("AgencyRegistry", "_records"),
        ("ShareRegistry", "_records"),
        ("ShareRegistry", "_agencies"),
        ("ShareRegistry", "_steward"),
    ],
)
def test_immutable__of_another_deployment__is_refused(
    world: World, contract: str, immutable: str
) -> None:
    registries, at = world.registries, world.connection.block()
    assert registries.shares is not None
    address = {
        "RecordRegistry": registries.records.address,
        "AgencyRegistry": registries.agencies.address,
        "ShareRegistry": registries.shares.address,
    }[contract]
    code = world.connection.code(address, at)
    changed = bytearray(code)
    for place in recompile()[contract].immutables[immutable]:
        changed[place + 31] ^= 1
    world.connection.request("anvil_setCode", [address, f"0x{changed.hex()}"])
    try:
        with pytest.raises(CodeMismatchError) as caught:
            verify_code(world.connection, registries, at)
        assert caught.value.contract == contract
        assert f"immutable {immutable} " in caught.value.diagnostics()
    finally:
        world.connection.request("anvil_setCode", [address, f"0x{code.hex()}"])


def test_metadata__of_another_comment_or_path__does_not_count(world: World) -> None:
    published = recompile()["ShareRegistry"]
    assert world.registries.shares is not None
    address = world.registries.shares.address
    code = bytearray(world.connection.code(address, world.connection.block()))
    code[-20] ^= 1
    compare("ShareRegistry", address, published, bytes(code))


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--registry", "0x12"), 2, "address"),
        (("--registry", "0x" + "12" * 20), 4, "no contract"),
        ((), 2, "--registry"),
    ],
)
def test_bad_input__has_an_exit_code_and_one_line(
    world: World, options: tuple[str, ...], code: int, words: str
) -> None:
    answer = command(world, *options)
    assert answer.returncode == code
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


def test_wrong_chain__and_unreachable_node__are_told(world: World) -> None:
    base = [
        sys.executable,
        "-m",
        "muniment.cli",
        "contract",
        "verify",
        "--registry",
        "0x" + "12" * 20,
    ]
    for options, words in (
        (["--rpc", world.connection.url, "--chain-id", "5"], "chain 31337"),
        (["--rpc", "http://127.0.0.1:9", "--chain-id", "5"], "no answer"),
    ):
        answer = subprocess.run([*base, *options], capture_output=True, text=True, check=False)
        assert answer.returncode == 4
        assert words in answer.stderr


def test_verify_code__in_python__gives_the_immutables(world: World) -> None:
    at = world.connection.block()
    registries = find(world.connection, world.registries.records.address, first_block=0, block=at)
    matches = verify_code(world.connection, registries, at)
    assert [match.contract for match in matches] == ["RecordRegistry", "AgencyRegistry"]
