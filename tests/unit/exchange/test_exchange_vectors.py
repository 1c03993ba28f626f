# SPDX-License-Identifier: Apache-2.0
"""The vectors of envelopes and bodies: made without the package, and the package agrees."""

from __future__ import annotations

import io
import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from muniment.errors import MunimentError, RecordError
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.envelope import (
    open_parts,
    read_opening,
    seal_envelope,
    unwrap_key,
    verify_envelope,
    wrap_key,
)
from muniment.exchange.errors import EnvelopeError
from muniment.exchange.messages import DELIVERY, GrantMessage, RequestMessage
from muniment.exchange.terms import Terms

FOLDER = Path(__file__).parents[2] / "vectors"
ENVELOPES = json.loads((FOLDER / "exchange" / "envelopes.json").read_text(encoding="utf-8"))
BODIES = json.loads((FOLDER / "exchange" / "bodies.json").read_text(encoding="utf-8"))
SENDER = bytes.fromhex(ENVELOPES["senderKey"])
PRIVATE = X25519PrivateKey.from_private_bytes(bytes.fromhex(ENVELOPES["recipientPrivate"]))


def named(cases: list[dict[str, Any]], *, good: bool) -> list[Any]:
    """The cases that must pass, or those that must not."""
    chosen = [each for each in cases if each["name"].endswith("_fail") != good]
    assert chosen
    return [pytest.param(each, id=each["name"]) for each in chosen]


def opened(case: dict[str, Any], taken: list[Any]) -> dict[str, Any]:
    """Take an envelope in as a recipient does; `taken` gets the parts as they come."""
    data = bytes.fromhex(case["envelope"])
    step = "opening"
    try:
        opening = read_opening(io.BytesIO(data))
        step = "signature"
        sender = bytes.fromhex(case["senderKey"]) if "senderKey" in case else SENDER
        statement = verify_envelope(io.BytesIO(data), sender, opening)
        step = "key"
        key = unwrap_key(PRIVATE, opening.header, opening.wrapped)
        assert key.hex() == ENVELOPES["fileKey"]
        step = "parts"
        taken.extend(open_parts(io.BytesIO(data), key, statement.envelope_digest))
    except EnvelopeError:
        return {"refused": step}
    return {
        "digest": statement.envelope_digest.hex(),
        "kind": str(statement.header.kind),
        "count": statement.count,
    }


def test_vectors__are_what_the_specification_gives() -> None:
    made = runpy.run_path(str(FOLDER / "generate_exchange.py"))["rendered"]()
    assert len(made) == 2
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, path.name


@pytest.mark.parametrize("case", named(ENVELOPES["cases"], good=True))
def test_envelope__of_each_kind__opens(case: dict[str, Any]) -> None:
    parts: list[Any] = []
    found = opened(case, parts)
    assert found["digest"] == case["digest"]
    assert found["count"] == len(parts) + 1
    assert [
        {
            "body": part.body.hex(),
            "kind": part.label.kind,
            "record": part.label.record_id.hex(),
            "version": part.label.version,
        }
        for part in parts
    ] == case["parts"]


@pytest.mark.parametrize("case", named(ENVELOPES["cases"], good=False))
def test_envelope__that_was_tampered_with__is_refused_at_its_step(case: dict[str, Any]) -> None:
    parts: list[Any] = []
    assert opened(case, parts) == {"refused": case["refused"]}
    assert case["refused"] == "parts" or not parts


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(each, id=each["name"])
        for each in ENVELOPES["cases"]
        if each["name"].startswith("encapsulated-key-") and "of-order" not in each["name"]
    ],
)
def test_wrap_key__for_a_point_of_small_order__is_refused(case: dict[str, Any]) -> None:
    opening = read_opening(io.BytesIO(bytes.fromhex(case["envelope"])))
    point = opening.wrapped[:32]
    with pytest.raises(EnvelopeError, match="none that can be used"):
        wrap_key(point, opening.header, bytes(32))
    with pytest.raises(EnvelopeError, match="none that can be used"):
        seal_envelope(io.BytesIO(), opening.header, [], point, None)  # type: ignore[arg-type]


def body_of(case: dict[str, Any]) -> Any:
    data = case["body"].encode()
    return {
        "request": lambda: RequestMessage.from_bytes(data),
        "grant": lambda: GrantMessage.from_bytes(data),
        "delivery": lambda: GrantMessage.from_bytes(data, DELIVERY),
        "delivered": lambda: DeliveredVersion.from_bytes(data),
    }[case["form"]]()


@pytest.mark.parametrize("case", named(BODIES["messages"], good=True))
def test_message__is_read_and_written_to_the_same_bytes(case: dict[str, Any]) -> None:
    message = body_of(case)
    assert message.to_bytes().decode() == case["body"]
    assert message.shared.commitment.hex() == case["commitment"]
    if "scope" in case:
        assert message.scope.hex() == case["scope"]


@pytest.mark.parametrize("case", named(BODIES["messages"], good=False))
def test_message__of_another_form__is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(EnvelopeError):
        body_of(case)


def test_terms__under_another_salt__have_another_commitment() -> None:
    terms = Terms.from_json("terms", BODIES["terms"])
    made = terms.commitment(bytes.fromhex(BODIES["salt"])).hex()
    assert made == BODIES["messages"][0]["commitment"]
    assert made != BODIES["termsUnderAnotherSalt_fail"]


@pytest.mark.parametrize("case", named(BODIES["delivered"], good=True))
def test_delivered__proves_its_values(case: dict[str, Any]) -> None:
    delivered = body_of(case)
    assert delivered.to_bytes().decode() == case["body"]
    assert delivered.commitment.hex() == case["commitment"]
    assert delivered.values(bytes.fromhex(case["commitment"])) == case["values"]


@pytest.mark.parametrize("case", named(BODIES["delivered"], good=False))
def test_delivered__that_proves_something_else__is_refused(case: dict[str, Any]) -> None:
    with pytest.raises((EnvelopeError, RecordError)) as caught:
        body_of(case).values(bytes.fromhex(case["commitment"]))
    assert isinstance(caught.value, MunimentError)
    for content in ("JFK", "LGA", '"x"'):
        assert content not in str(caught.value) + caught.value.diagnostics()
