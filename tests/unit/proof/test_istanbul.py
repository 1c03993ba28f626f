# SPDX-License-Identifier: Apache-2.0
"""Signed headers and Kaia's accounts, on what real nodes said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError, ProofError
from muniment.proof.headers import HeaderError
from muniment.proof.istanbul import (
    IstanbulHeader,
    SealError,
    ValidatorSet,
    claimed_validators,
    kaia_account,
    quorum,
    without_round,
)
from muniment.proof.state import StateProof, StateProofError

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "headers"
GOOD = sorted(p.stem for p in FOLDER.glob("*.json") if p.stem[-5:] != "_fail")
GOOD.remove("account")
FAILING = sorted(path.stem for path in FOLDER.glob("*_fail.json"))


def vector(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def word(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def pinned(told: Any) -> ValidatorSet:
    return ValidatorSet(map(word, told["validators"]))


@pytest.mark.parametrize("name", GOOD)
def test_captured_header__is_what_the_node_said(name: str) -> None:
    told = vector(name)
    answer = told["answer"]
    header = IstanbulHeader.from_rlp(bytes.fromhex(told["header"]))
    assert header.hash == word(answer["hash"])
    assert header.number == int(answer["number"], 16)
    assert header.timestamp == int(answer["timestamp"], 16)
    assert header.state_root == word(answer["stateRoot"])
    assert header.parent_hash == word(answer["parentHash"])
    signed = pinned(told).check(header)
    assert signed.proposer == word(told["proposer"])
    assert signed.committers == tuple(map(word, told["committers"]))
    assert len(signed.committers) == 3
    claimed = claimed_validators(word(answer["extraData"]))
    assert set(claimed) == pinned(told).addresses


def test_vectors__have_what_they_are_to_show() -> None:
    assert {"first-block", "second-round", "with-transactions"} <= set(GOOD)
    assert word(vector("second-round")["answer"]["extraData"])[31] == 1
    assert len(FAILING) == 17


@pytest.mark.parametrize("name", FAILING)
def test_failing_header__is_refused_where_it_should_be(name: str) -> None:
    told = vector(name)
    data = bytes.fromhex(told["header"])
    if told["refused"] == "HeaderError":
        with pytest.raises(HeaderError):
            IstanbulHeader.from_rlp(data)
        return
    header = IstanbulHeader.from_rlp(data)
    with pytest.raises(SealError) as caught:
        pinned(told).check(header)
    assert caught.value.step == told["refused"]


@given(st.data())
def test_header__with_any_other_byte__is_refused(data: st.DataObject) -> None:
    told = vector("with-transactions")
    good = bytes.fromhex(told["header"])
    place = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda value: value != good[place]))
    changed = good[:place] + bytes([other]) + good[place + 1 :]
    with pytest.raises(ProofError):
        pinned(told).check(IstanbulHeader.from_rlp(changed))


@given(st.binary(max_size=900))
def test_any_bytes__are_refused_as_a_header(data: bytes) -> None:
    with pytest.raises(HeaderError):
        IstanbulHeader.from_rlp(data)


def test_header__of_another_form__is_refused() -> None:
    fields = rlp.decode(bytes.fromhex(vector("first-block")["header"]))
    extra = fields[11]
    list_of, seal, seals = rlp.decode(extra[32:])
    for changed in (
        fields[:14],
        [*fields, b""],
        [[], *fields[1:]],
        [b"", *fields[1:]],
        [*fields[:7], b"\0\1", *fields[8:]],
        [*fields[:9], bytes(range(1, 10)), *fields[10:]],
        [*fields[:11], b"", *fields[12:]],
        [*fields[:11], extra[:32], *fields[12:]],
        [*fields[:11], extra[:31], *fields[12:]],
        [*fields[:11], extra + b"\0", *fields[12:]],
        [*fields[:11], extra[:32] + rlp.encode([list_of, seal]), *fields[12:]],
        [*fields[:11], extra[:32] + rlp.encode([b"", seal, seals]), *fields[12:]],
        [*fields[:11], extra[:32] + rlp.encode([list_of, seal, b""]), *fields[12:]],
        [*fields[:11], extra[:32] + rlp.encode([list_of, [seal], seals]), *fields[12:]],
        [*fields[:11], extra[:32] + rlp.encode([[b"short"], seal, seals]), *fields[12:]],
        [*fields[:11], extra[:32] + rlp.encode([list_of, seal, [seal] * 101]), *fields[12:]],
    ):
        with pytest.raises(HeaderError):
            IstanbulHeader.from_rlp(rlp.encode(changed))
    with pytest.raises(HeaderError, match="too long"):
        IstanbulHeader.from_rlp(rlp.encode([*fields[:13], bytes(4096), fields[14]]))


def test_ethereum_header__is_no_istanbul_header() -> None:
    # Field 1 is the hash of the uncles, and no address.
    sizes = (32, 32, 20, 32, 32, 32, 256, 1, 1, 4, 1, 4, 10, 32, 8)
    with pytest.raises(HeaderError, match="field 1"):
        IstanbulHeader.from_rlp(rlp.encode([b"\1" * size for size in sizes]))


def test_quorum__is_two_thirds_and_shares_an_honest_one() -> None:
    assert [quorum(n) for n in range(1, 11)] == [1, 2, 3, 3, 4, 4, 5, 6, 6, 7]
    for count in range(4, 22):
        faulty = (count - 1) // 3
        assert 2 * quorum(count) - count > faulty
        assert quorum(count) <= count - faulty


def test_validator_set__of_another_form__is_refused() -> None:
    one = b"\1" * 20
    for given_set in ([], [one, one], [b"\1" * 19], [bytes([i]) * 20 for i in range(22)]):
        with pytest.raises(InvalidInputError, match="validators"):
            ValidatorSet(given_set)
    assert ValidatorSet([one]).quorum == 1


def test_more_seals_than_a_quorum__are_as_good() -> None:
    told = vector("with-transactions")
    header = IstanbulHeader.from_rlp(bytes.fromhex(told["header"]))
    smaller = ValidatorSet(header.committers())
    assert smaller.quorum == 3
    assert smaller.check(header).proposer in smaller.addresses


def test_round__is_taken_out() -> None:
    assert without_round(b"\1" * 33) == b"\1" * 31 + b"\0" + b"\1"


# ---------------------------------------------------------------- accounts


def test_account_and_slots__of_a_real_block__are_proven() -> None:
    told = vector("account")
    proof = StateProof(map(word, told["nodes"]))
    account = proof.account(word(told["stateRoot"]), word(told["address"]), kaia_account)
    assert account.code_hash == word(told["codeHash"])
    assert account.storage_root == word(told["storageHash"])
    found = {slot: proof.word(account.storage_root, int(slot, 16)) for slot in told["slots"]}
    assert found == {slot: int(said, 16) for slot, said in told["slots"].items()}
    # A registered record's trace head is not stored, and there is no successor.
    assert sorted(map(bool, found.values())) == [False, False, True, True]
    assert proof.unused == 0


def test_account__in_ethereums_encoding__is_refused() -> None:
    told = vector("account")
    proof = StateProof(map(word, told["nodes"]))
    with pytest.raises(StateProofError):
        proof.account(word(told["stateRoot"]), word(told["address"]))
    with pytest.raises(StateProofError):
        proof.account(word(told["stateRoot"]), b"\1" * 20, kaia_account)


def test_account__of_another_form__is_refused() -> None:
    common = [b"\1", b"", b"", b"\3", []]
    good = [common, b"\1" * 32, b"\2" * 32, b"\1"]
    assert kaia_account(b"\2" + rlp.encode(good)).storage_root == b"\1" * 32
    for first, fields in (
        (b"", good),
        (b"\1", good),
        (b"\2\2", good),
        (b"\2", good[:3]),
        (b"\2", [*good, b""]),
        (b"\2", [[*common[:3], b"\1", []], *good[1:]]),
        (b"\2", [[*common[:4], [b"\1"]], *good[1:]]),
        (b"\2", [common[:4], *good[1:]]),
        (b"\2", [b"", *good[1:]]),
        (b"\2", [common, b"\1" * 31, *good[2:]]),
        (b"\2", [common, *good[1:2], [b"\2" * 32], b"\1"]),
        (b"\2", b"no list"),
    ):
        with pytest.raises(StateProofError):
            kaia_account(first + rlp.encode(fields))
    with pytest.raises(StateProofError):
        kaia_account(b"\2" + rlp.encode(good) + b"\0")
