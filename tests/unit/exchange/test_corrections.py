# SPDX-License-Identifier: Apache-2.0
"""Requests and answers of corrections: exactly of their form, or refused by one typed error."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from muniment.errors import InvalidInputError
from muniment.exchange.corrections import CorrectionAnswer, CorrectionRequest, Decision
from muniment.exchange.errors import EnvelopeError
from muniment.record.canonical import canonicalize

REQUEST = CorrectionRequest(
    b"r" * 32, 2, b"d" * 32, b"s" * 32, "the parcel is 7", {"parcel": "7", "owners": [1, None]}
)
ANSWER = CorrectionAnswer(b"q" * 32, b"r" * 32, Decision.ACCEPTED, "", 3)


def changed(message: CorrectionRequest | CorrectionAnswer, **members: Any) -> bytes:
    return canonicalize({**json.loads(message.to_bytes()), **members})


def test_request__comes_back_as_it_went() -> None:
    assert CorrectionRequest.from_bytes(REQUEST.to_bytes()) == REQUEST
    proven = replace(REQUEST, proof=b'{"count":5}')
    assert CorrectionRequest.from_bytes(proven.to_bytes()) == proven
    bare = CorrectionRequest(b"r" * 32, 1, b"d" * 32, b"s" * 32, "something is wrong")
    assert CorrectionRequest.from_bytes(bare.to_bytes()) == bare


def test_answer__comes_back_as_it_went() -> None:
    assert CorrectionAnswer.from_bytes(ANSWER.to_bytes()) == ANSWER
    refused = CorrectionAnswer(b"q" * 32, b"r" * 32, Decision.REFUSED, "the log says 34R")
    assert CorrectionAnswer.from_bytes(refused.to_bytes()) == refused


@pytest.mark.parametrize(
    "members",
    [
        {"format": "muniment/correction-answer/v1"},
        {"record": "72" * 31},
        {"record": "7" * 64 + "A"},
        {"version": 0},
        {"version": 1 << 16},
        {"version": "2"},
        {"delivery": None},
        {"share": 5},
        {"reason": ""},
        {"reason": "  "},
        {"reason": "x" * 4097},
        {"fields": []},
        {"fields": {"": 1}},
        {"fields": {str(number): 1 for number in range(2000)}},
        {"more": 1},
    ],
    ids=str,
)
def test_request__of_another_form_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(EnvelopeError):
        CorrectionRequest.from_bytes(changed(REQUEST, **members))


@pytest.mark.parametrize(
    "members",
    [
        {"format": "muniment/correction-request/v1"},
        {"decision": "perhaps"},
        {"decision": "refused"},
        {"decision": None},
        {"version": None},
        {"version": 1},
        {"reason": None},
        {"request": "00"},
        {"more": 1},
    ],
    ids=str,
)
def test_answer__of_another_form_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(EnvelopeError):
        CorrectionAnswer.from_bytes(changed(ANSWER, **members))


def test_answer__that_refuses_says_why_and_names_no_version() -> None:
    with pytest.raises(InvalidInputError, match="reason"):
        CorrectionAnswer(b"q" * 32, b"r" * 32, Decision.REFUSED, " ")
    with pytest.raises(InvalidInputError, match="version"):
        CorrectionAnswer(b"q" * 32, b"r" * 32, Decision.REFUSED, "no", 2)
    with pytest.raises(InvalidInputError, match="version"):
        CorrectionAnswer(b"q" * 32, b"r" * 32, Decision.ACCEPTED, "yes")


def test_bytes_that_are_no_canonical_json__are_refused() -> None:
    plain = REQUEST.to_bytes()
    for data in (b"", b"{}", b" " + plain, plain[:-1], plain.replace(b":2", b":2.0")):
        with pytest.raises(EnvelopeError):
            CorrectionRequest.from_bytes(data)


def test_examples_of_the_specification__are_read_and_written() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "spec" / "corrections.md"
    request, answer = re.findall(r"```json\n(.*?)\n```", page.read_text(), re.DOTALL)
    asked = CorrectionRequest.from_bytes(request.encode())
    assert (asked.fields, asked.to_bytes().decode()) == ({"parcel": "12/345a"}, request)
    decided = CorrectionAnswer.from_bytes(answer.encode())
    assert (decided.version, decided.to_bytes().decode()) == (2, answer)
