# SPDX-License-Identifier: Apache-2.0
"""Receipt proofs: one record of a delivery is shown without the rest, and nothing else passes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from muniment.errors import MunimentError, RecordError
from muniment.evidence.files import ShownContent
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.envelope import Outgoing, Statement, seal_envelope
from muniment.exchange.envelope_header import EnvelopeHeader, EnvelopeKind
from muniment.exchange.envelope_parts import MAX_BODY, PartKind
from muniment.exchange.errors import EnvelopeError
from muniment.exchange.messages import DELIVERY, GrantMessage, SharedTerms
from muniment.exchange.receipt_proof import ProvenPart, ReceiptProof, prove_part
from muniment.exchange.terms import Terms
from muniment.record.canonical import JsonValue, canonicalize
from muniment.record.commitment import Secret
from muniment.record.disclosure import disclose
from muniment.record.identifiers import RecordId

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SENDER = SIGNER.public_key().public_bytes_raw()
RECIPIENT = X25519PrivateKey.from_private_bytes(bytes(range(1, 33))).public_key().public_bytes_raw()
SHARE = b"s" * 32
SHARED = SharedTerms(Terms.of("a study", "a law", ["holder", "text"], onward=True), b"t" * 32)


def version(number: int, **content: JsonValue) -> DeliveredVersion:
    record_id = RecordId(bytes([number]) * 32)
    disclosure = disclose(content, Secret(bytes([number, 1]) * 16), ["holder", "text"])
    return DeliveredVersion(record_id, 1, 2, 1, 1, ShownContent(1, b"d" * 32, disclosure))


SMALL = version(1, holder="Ada", text="short", price=5)
LONG = version(2, holder="Eve", text="é" * MAX_BODY, price=6)


def delivered(kind: EnvelopeKind = EnvelopeKind.DELIVERY) -> tuple[bytes, bytes, Statement]:
    """A delivery of both with a file after each; its bytes, its key and what was signed."""
    header = EnvelopeHeader(kind, 31337, bytes(20), 1, 1, 2, 1, SHARE, 1_795_478_400)
    contents = [Outgoing(PartKind.MESSAGE, GrantMessage(SHARE, SHARED, DELIVERY).to_bytes())]
    for each in (SMALL, LONG):
        contents.append(Outgoing(PartKind.RECORD, each.to_bytes(), each.record_id, 1))
        contents.append(Outgoing(PartKind.FILE, b"a scan", each.record_id, 1, 1))
    writer = io.BytesIO()
    sealed = seal_envelope(writer, header, contents, RECIPIENT, SIGNER)
    return writer.getvalue(), sealed.file_key, sealed.statement


FILE, KEY, STATEMENT = delivered()


def proof(shown: DeliveredVersion = SMALL, number: int = 1) -> ReceiptProof:
    tree, parts = prove_part(io.BytesIO(FILE), KEY, number)
    assert (tree.size, tree.root()) == (STATEMENT.count, STATEMENT.root)
    return ReceiptProof(STATEMENT, shown, number, tuple(parts), SHARED, 1_795_478_500)


def test_record__is_proven_without_the_others() -> None:
    made = proof()
    assert made.verify(SENDER) == {"holder": "Ada", "text": "short"}
    data = made.to_bytes()
    assert ReceiptProof.from_bytes(data) == made
    assert b"Eve" not in data
    assert b"price" not in data


def test_record_of_several_parts__is_proven() -> None:
    made = proof(LONG, 3)
    assert len(made.parts) == 3
    again = ReceiptProof.from_bytes(made.to_bytes())
    assert again.verify(SENDER)["holder"] == "Eve"


def test_every_member__counts() -> None:
    members = json.loads(proof().to_bytes())
    for name, value in members.items():
        # When the receipt stands and which terms there are is for the chain to say.
        if name in ("acknowledged_at", "salt", "terms"):
            continue
        for other in changed(value):
            data = canonicalize({**members, name: other})
            with pytest.raises(MunimentError):
                ReceiptProof.from_bytes(data).verify(SENDER)


def changed(value: Any) -> list[Any]:
    """A value in all ways in which one place of it is changed."""
    if isinstance(value, dict):
        return [{**value, name: other} for name, inner in value.items() for other in changed(inner)]
    if isinstance(value, list):
        longer = [*value, value[-1]] if value else [1]
        within = [
            [*value[:place], other, *value[place + 1 :]]
            for place, inner in enumerate(value)
            for other in changed(inner)
        ]
        return [value[:-1], longer, *within] if value else [longer]
    if isinstance(value, int):
        return [value + 1]
    assert isinstance(value, str)
    return [("1" if value[:1] == "0" else "0") + value[1:], value[:-1]]


@pytest.mark.parametrize(
    "other",
    [
        lambda made: replace(made, delivered=LONG),
        lambda made: replace(made, number=made.number + 1),
        lambda made: replace(made, parts=made.parts * 2),
        lambda made: replace(
            made,
            parts=(ProvenPart(replace(made.parts[0].label, kind=PartKind.MESSAGE), ()),),
        ),
        # Another part of the delivery, which is there and proven: but it is no record.
        lambda made: replace(made, number=2, parts=tuple(prove_part(io.BytesIO(FILE), KEY, 2)[1])),
    ],
)
def test_what_was_put_together_otherwise__is_refused(
    other: Callable[[ReceiptProof], ReceiptProof],
) -> None:
    with pytest.raises(EnvelopeError):
        other(proof()).verify(SENDER)


def test_another_key__is_not_the_senders() -> None:
    stranger = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(EnvelopeError, match="has not signed"):
        proof().verify(stranger)


def test_signed_envelope_of_another_kind__is_no_delivery() -> None:
    file, key, statement = delivered(EnvelopeKind.CUSTODY)
    _, parts = prove_part(io.BytesIO(file), key, 1)
    made = ReceiptProof(statement, SMALL, 1, tuple(parts), SHARED, 1)
    with pytest.raises(EnvelopeError, match="of a custody"):
        made.verify(SENDER)


def test_value_that_was_not_committed_to__is_refused_even_if_it_was_delivered() -> None:
    """A sender that signs a false value convicts itself: the digests say otherwise."""
    [first, *others] = SMALL.content.disclosure.fields
    lie = replace(first, text=first.text.replace("Ada", "Bob"))
    disclosure = replace(SMALL.content.disclosure, fields=(lie, *others))
    false = replace(SMALL, content=replace(SMALL.content, disclosure=disclosure))
    header = STATEMENT.header
    writer = io.BytesIO()
    contents = [Outgoing(PartKind.RECORD, false.to_bytes(), false.record_id, 1)]
    sealed = seal_envelope(writer, header, contents, RECIPIENT, SIGNER)
    _, parts = prove_part(io.BytesIO(writer.getvalue()), sealed.file_key, 0)
    made = ReceiptProof(sealed.statement, false, 0, tuple(parts), SHARED, 1)
    with pytest.raises(RecordError):
        made.verify(SENDER)


def test_cut_envelope__proves_nothing() -> None:
    for length in (len(FILE) - 200, 300):
        with pytest.raises(EnvelopeError):
            prove_part(io.BytesIO(FILE[:length]), KEY, 1)


def test_bytes_that_are_none__are_refused() -> None:
    data = proof().to_bytes()
    for other in (b"", b"{}", data[:-1], b" " + data, data.replace(b"/v1", b"/v2")):
        with pytest.raises(EnvelopeError):
            ReceiptProof.from_bytes(other)


def test_proof_of_the_vectors__is_still_one() -> None:
    vectors = Path(__file__).resolve().parents[2] / "vectors" / "exchange"
    kept = json.loads((vectors / "receipt-proof.json").read_text())
    made = ReceiptProof.from_bytes(canonicalize(kept["proof"]))
    assert made.verify(bytes.fromhex(kept["sender_key"])) == kept["values"]
    assert made.statement.envelope_digest.hex() == kept["envelope_digest"]
    assert made.shared.commitment.hex() == kept["terms_commitment"]
