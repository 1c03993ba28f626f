# SPDX-License-Identifier: Apache-2.0
"""Proof that a record was received: one record of a delivery, shown without the rest of it.

It holds what the sender signed of the delivery, the record's part with its way to the root that is
under the signature, the terms that open the commitment on chain, and when the receipt stands there.
docs/spec/corrections.md is the format, with the same numbers for the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from muniment.errors import InvalidInputError, ProofError
from muniment.evidence.members import Members, unhex
from muniment.exchange.bodies import body_of
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.envelope import (
    MAX_PARTS,
    Statement,
    frame_size,
    read_opening,
)
from muniment.exchange.envelope_header import EnvelopeHeader, EnvelopeKind
from muniment.exchange.envelope_parts import (
    LABEL_SIZE,
    MAX_BODY,
    TAG_SIZE,
    Label,
    PartCipher,
    PartKind,
    leaf_hash,
)
from muniment.exchange.errors import EnvelopeError
from muniment.exchange.messages import SharedTerms
from muniment.exchange.terms import SALT_SIZE, Terms
from muniment.journal.merkle import Tree, verify_inclusion
from muniment.record.canonical import JsonValue, canonicalize, parse_canonical
from muniment.record.files import Readable

FORMAT: Final = "muniment/receipt-proof/v1"
MAX_SIZE: Final = 256 * 1024 * 1024
"""Longest file that is read, in bytes."""
_MAX_PATH: Final = 64
_MOST_PARTS: Final = 64
_INTEGER: Final = (1 << 53) - 1


@dataclass(frozen=True, slots=True)
class ProvenPart:
    """A part of the envelope: its label, and its inclusion path in the envelope's tree."""

    label: Label
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ReceiptProof:
    """One version as it was delivered, and what proves that it was.

    `number` is that of its first part in the envelope, and `parts` are one for each MiB of its
    body. `acknowledged_at` is when the receipt stands on chain (Unix seconds). Building one checks
    nothing: `verify` does, and the chain has the rest.
    """

    statement: Statement
    delivered: DeliveredVersion
    number: int
    parts: tuple[ProvenPart, ...]
    shared: SharedTerms
    acknowledged_at: int

    @property
    def header(self) -> EnvelopeHeader:
        """Who sent it to whom, under which share."""
        return self.statement.header

    def verify(self, sender_key: bytes) -> dict[str, JsonValue]:
        """Return the values that were delivered, by name; `sender_key` is on chain (32 bytes).

        Raises `EnvelopeError`, and of the disclosure what `muniment.record.disclosure.verify`
        raises. What the chain says of share, receipt and commitment is not looked at.
        """
        # (1) The sender has signed a delivery with this root.
        if self.header.kind is not EnvelopeKind.DELIVERY:
            raise EnvelopeError(f"it is of a {self.header.kind}", "of a delivery", remedy=_REMEDY)
        self.statement.verify(sender_key)

        # (2) The parts are labelled as this version, in a row, and their bodies are what is shown.
        bodies = _cut(self.delivered.to_bytes())
        if len(bodies) != len(self.parts):
            raise _fault("it has another number of parts than its body", str(len(bodies)))
        named = (PartKind.RECORD, self.delivered.record_id, self.delivered.version, 0)
        for place, each in enumerate(self.parts):
            label = each.label
            found = (label.kind, label.record_id, label.version, label.index)
            order = (label.place, label.is_last)
            if found != named or order != (place, place + 1 == len(bodies)):
                raise _fault("a part is labelled as something else", "the record and version shown")

        # (3) Each is in the tree whose root is signed.
        for place, (each, body) in enumerate(zip(self.parts, bodies, strict=True)):
            try:
                verify_inclusion(
                    leaf_hash(each.label, body),
                    self.number + place,
                    self.statement.count,
                    self.statement.root,
                    each.path,
                )
            except (ProofError, InvalidInputError):
                raise _fault(
                    f"part {self.number + place} is not in the delivery that was signed",
                    "a part under the signed root",
                ) from None

        # (4) The shown fields are among the digests of the version.
        return self.delivered.values(self.delivered.commitment)

    def to_bytes(self) -> bytes:
        """Return the file, its own canonical JSON."""
        statement = self.statement
        shown: dict[str, Any] = {
            "acknowledged_at": self.acknowledged_at,
            "body": parse_canonical(self.delivered.to_bytes()),
            "count": statement.count,
            "digest": statement.digest.hex(),
            "format": FORMAT,
            "header": parse_canonical(statement.header.to_bytes()),
            "number": self.number,
            "parts": [
                {
                    "label": each.label.to_bytes().hex(),
                    "path": [step.hex() for step in each.path],
                }
                for each in self.parts
            ],
            "root": statement.root.hex(),
            "salt": self.shared.salt.hex(),
            "signature": statement.signature.hex(),
            "terms": self.shared.terms.to_json(),
        }
        return canonicalize(shown)

    @classmethod
    def from_bytes(cls, data: bytes) -> ReceiptProof:
        """Return the proof of a file's bytes. Raises `EnvelopeError` and no other error."""
        if len(data) > MAX_SIZE:
            raise _fault("it is too long", f"{MAX_SIZE} bytes at most")

        def made(members: Members) -> ReceiptProof:
            header = EnvelopeHeader.from_bytes(canonicalize(members.take("header")))
            statement = Statement(
                header,
                members.integer("count", MAX_PARTS, 1),
                members.hexadecimal("root", 32),
                members.hexadecimal("digest", 32),
                members.hexadecimal("signature", 64),
            )
            salt = members.hexadecimal("salt", SALT_SIZE)
            return cls(
                statement,
                DeliveredVersion.from_bytes(canonicalize(members.take("body"))),
                members.integer("number", MAX_PARTS),
                tuple(map(_part, members.array("parts", _MOST_PARTS, 1))),
                SharedTerms(Terms.from_json("body.terms", members.take("terms")), salt),
                members.integer("acknowledged_at", _INTEGER, 1),
            )

        return body_of(data, FORMAT, made)


def prove_part(reader: Readable, file_key: bytes, number: int) -> tuple[Tree, list[ProvenPart]]:
    """Return an envelope's tree, and the parts with their paths from part `number` on, of one
    thing.

    It reads the whole file in memory of a part, and of some 100 bytes for each. That the tree is
    the one that was signed is for the caller to compare. Raises `EnvelopeError`.
    """
    read_opening(reader)
    cipher, tree, labels = PartCipher(file_key), Tree(), list[Label]()
    while any(length := _exactly(reader, 4)):
        sealed_label = _exactly(reader, LABEL_SIZE)
        sealed_body = _exactly(reader, frame_size(length) - len(length) - LABEL_SIZE)
        label, body = cipher.open(tree.size, sealed_label, sealed_body)
        place = tree.append(leaf_hash(label, body))
        if place == number or (labels and not labels[-1].is_last):
            labels.append(label)
    return tree, [
        ProvenPart(label, tuple(tree.inclusion_proof(place)))
        for place, label in enumerate(labels, start=number)
    ]


_REMEDY: Final = "ask who showed it to you for the proof as `muniment received prove` made it"


def _fault(what: str, expected: str) -> EnvelopeError:
    return EnvelopeError(f"receipt proof: {what}", expected, remedy=_REMEDY)


def _cut(body: bytes) -> list[bytes]:
    return [body[start : start + MAX_BODY] for start in range(0, len(body), MAX_BODY)]


def _part(value: object) -> ProvenPart:
    members = Members("body.parts", value)
    label = Label.from_bytes(members.hexadecimal("label", LABEL_SIZE - TAG_SIZE))
    path = _path(members.array("path", _MAX_PATH))
    members.end()
    return ProvenPart(label, path)


def _path(steps: Sequence[object]) -> tuple[bytes, ...]:
    return tuple(unhex("body.parts.path", each, 32) for each in steps)


def _exactly(reader: Readable, size: int) -> bytes:
    pieces, missing = [], size
    while missing and (piece := reader.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    if missing:
        raise EnvelopeError("it is cut short", "the whole file")
    return b"".join(pieces)
