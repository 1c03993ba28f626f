# SPDX-License-Identifier: Apache-2.0
"""What kind of node answers, told by captured answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from muniment.chain.anchors import UnprovenHeaderError, header_of
from muniment.chain.connection import Block, Connection, RpcError
from muniment.chain.engines import Engine, Refusal, engine_of, header_rlp, refusal_of
from muniment.chain.finality import FinalityUnknownError, final_number
from muniment.chain.journals import next_block_time
from muniment.errors import UnreachableError
from muniment.proof.headers import HeaderError
from muniment.proof.istanbul import IstanbulHeader

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "headers"
TOLD: Any = json.loads((FOLDER / "second-round.json").read_text())
ANSWER: Any = TOLD["answer"]
HASH = bytes.fromhex(ANSWER["hash"][2:])
HEAD = Block(int(ANSWER["number"], 16), HASH, bytes(32), int(ANSWER["timestamp"], 16))

UNKNOWN_METHOD = (-32601, "the method does not exist/is not available")
# Of Kaia v1.0.3.
NO_TAG = (-32602, "invalid argument 0: hex string without 0x prefix")


class Captured(Connection):
    """Answers as a node did: a value, an error as (code, message); what was asked is counted."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.url, self.chain_id = "http://captured", 7001
        self.answers = answers
        self.asked: list[str] = []

    def request(self, method: str, parameters: Sequence[Any]) -> Any:
        self.asked.append(method)
        answer = self.answers.get(method, UNKNOWN_METHOD)
        if isinstance(answer, tuple):
            raise RpcError(method, *answer)
        return answer


def kaia(**more: Any) -> Captured:
    answers = {"kaia_getHeaderByNumber": ANSWER, "eth_getBlockByNumber": NO_TAG}
    return Captured({**answers, "kaia_getHeaderByHash": ANSWER, **more})


def test_node_of_signed_headers__runs_istanbul_and_is_asked_once() -> None:
    node = kaia()
    assert engine_of(node) is engine_of(node) is Engine.ISTANBUL
    assert node.asked == ["kaia_getHeaderByNumber"]


@pytest.mark.parametrize(
    "answer",
    [
        UNKNOWN_METHOD,
        (-32004, "Method kaia_getHeaderByNumber is not supported"),
        None,
        {},
        {**ANSWER, "extraData": "0x"},
        {**ANSWER, "hash": "0x" + "11" * 32},
        {**ANSWER, "number": "0x1"},
    ],
)
def test_any_other_node__is_taken_for_ethereums_and_asked_once(answer: Any) -> None:
    node = kaia(kaia_getHeaderByNumber=answer)
    assert engine_of(node) is engine_of(node) is Engine.ETHEREUM
    assert len(node.asked) == 1


def test_next_block_of_validators__is_a_second_later_and_nobody_waits_for_a_pending_one() -> None:
    node = kaia(eth_getBlockByNumber=ANSWER)
    assert next_block_time(node) == HEAD.timestamp + 1
    assert node.asked.count("eth_getBlockByNumber") == 1


def test_next_block_elsewhere__is_the_pending_one() -> None:
    node = Captured({"eth_getBlockByNumber": ANSWER})
    assert next_block_time(node) == HEAD.timestamp
    assert node.asked.count("eth_getBlockByNumber") == 2


def test_node_out_of_breath__is_asked_again() -> None:
    node = kaia(kaia_getHeaderByNumber=(-32000, "too many requests"))
    assert engine_of(node) is Engine.ETHEREUM
    node.answers["kaia_getHeaderByNumber"] = ANSWER
    assert engine_of(node) is Engine.ISTANBUL


def test_finality__of_signed_blocks__is_at_once() -> None:
    assert final_number(kaia(), HEAD, None) == HEAD.number
    assert final_number(kaia(), HEAD, 2) == HEAD.number - 2


def test_finality__of_a_node_that_signs_nothing_and_has_no_tag__is_unknown() -> None:
    node = kaia(kaia_getHeaderByNumber=UNKNOWN_METHOD)
    with pytest.raises(FinalityUnknownError):
        final_number(node, HEAD, None)
    node.answers["eth_getBlockByNumber"] = {"number": "0x5"}
    assert final_number(node, HEAD, None) == 5


def test_header__carries_its_seals_and_no_round() -> None:
    data = header_of(kaia(), HEAD)
    assert data.hex() == TOLD["header"]
    assert IstanbulHeader.from_rlp(data).hash == HASH


def test_header__that_is_another_blocks_or_lost__is_refused() -> None:
    with pytest.raises(UnprovenHeaderError):
        header_of(kaia(), Block(HEAD.number, b"\1" * 32, bytes(32), 0))
    with pytest.raises(UnprovenHeaderError):
        header_of(kaia(kaia_getHeaderByHash={**ANSWER, "extraData": "0x00"}), HEAD)
    with pytest.raises(UnreachableError, match="lost"):
        header_of(kaia(kaia_getHeaderByHash=None), HEAD)


def test_header_rlp__of_chains_with_and_without_some_fields() -> None:
    plain = {name: value for name, value in ANSWER.items() if name != "baseFeePerGas"}
    random = {**ANSWER, "randomReveal": "0x" + "22" * 96, "mixHash": "0x" + "33" * 32}
    assert header_rlp(plain) != header_rlp(ANSWER) != header_rlp(random)
    assert IstanbulHeader.from_rlp(header_rlp(random)).number == HEAD.number
    with pytest.raises(HeaderError):
        IstanbulHeader.from_rlp(header_rlp(plain))
    with pytest.raises(HeaderError):
        header_rlp({**ANSWER, "stateRoot": None})


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        # Kaia v1.0.3, all of code -32000.
        ("known transaction: 2375abe1a932d2129ab95db889d1105d702f755515c", Refusal.KNOWN),
        ("there is another tx which has the same nonce in the tx pool", Refusal.NONCE_WAITING),
        ("nonce too low", Refusal.NONCE_SPENT),
        ("insufficient funds of the sender for value ", Refusal.NO_FUNDS),
        ("txpool is full: 16384", Refusal.POOL_FULL),
        ("invalid unit price", Refusal.TOO_CHEAP),
        ("intrinsic gas too low", Refusal.OTHER),
        ("invalid chain id", Refusal.OTHER),
        ("undefined tx type", Refusal.OTHER),
        # Anvil, code -32003.
        ("transaction already imported", Refusal.KNOWN),
        ("replacement transaction underpriced", Refusal.NONCE_WAITING),
        ("Insufficient funds for gas * price + value", Refusal.NO_FUNDS),
        # Geth.
        ("already known", Refusal.KNOWN),
        ("transaction underpriced", Refusal.TOO_CHEAP),
    ],
)
def test_refusal__is_read(said: str, meaning: Refusal) -> None:
    assert refusal_of(RpcError("eth_sendRawTransaction", -32000, said)) is meaning
