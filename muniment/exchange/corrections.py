# SPDX-License-Identifier: Apache-2.0
"""Corrections: what a recipient says is wrong in a record, and what its custodian decides.

Both travel in envelopes, so each is signed; docs/spec/corrections.md is the format.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.evidence.members import EvidenceFormError, Members
from muniment.exchange.bodies import body_of
from muniment.record.canonical import JsonValue, canonicalize, parse_canonical
from muniment.record.commitment import MAX_DIGESTS

REQUEST: Final = "muniment/correction-request/v1"
ANSWER: Final = "muniment/correction-answer/v1"
LONGEST: Final = 4096
"""Most characters of a reason."""
_UINT16: Final = 0xFFFF


class Decision(enum.StrEnum):
    """What a custodian decides on a request."""

    ACCEPTED = "accepted"
    """The record was amended; the answer names the version."""
    REFUSED = "refused"
    """It stays as it is; the answer says why."""


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """What should be corrected: in `version` of a record, as the `delivery` (its digest) under a
    `share` has shown it (32 bytes each). `fields` are the values that are proposed, by name; none
    where the requester knows only that something is wrong. `proof` is the receipt proof of the
    delivery, for a custodian that did not make it or knows of it no more; None where the receipt is
    not on chain.

    Raises `InvalidInputError` for a reason that says nothing.
    """

    record_id: bytes
    version: int
    delivery: bytes
    share_id: bytes
    reason: str
    fields: Mapping[str, JsonValue] = field(default_factory=dict)
    proof: bytes | None = None

    def __post_init__(self) -> None:
        """Refuse what says nothing."""
        require_reason(self.reason)

    def to_bytes(self) -> bytes:
        """Return its canonical JSON. Raises `InvalidJsonError` for values outside the profile."""
        return canonicalize(
            {
                "delivery": self.delivery.hex(),
                "fields": dict(self.fields),
                "format": REQUEST,
                "proof": None if self.proof is None else parse_canonical(self.proof),
                "reason": self.reason,
                "record": self.record_id.hex(),
                "share": self.share_id.hex(),
                "version": self.version,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> CorrectionRequest:
        """Return the request of a message's bytes. Raises `EnvelopeError`."""

        def made(members: Members) -> CorrectionRequest:
            fields: Any = members.take("fields")
            if not isinstance(fields, dict) or len(fields) > MAX_DIGESTS or "" in fields:
                raise EvidenceFormError("body.fields", f"at most {MAX_DIGESTS} values by name")
            proof: Any = members.take("proof")
            return cls(
                members.hexadecimal("record", 32),
                members.integer("version", _UINT16, 1),
                members.hexadecimal("delivery", 32),
                members.hexadecimal("share", 32),
                members.text("reason"),
                fields,
                None if proof is None else canonicalize(proof),
            )

        return body_of(data, REQUEST, made)


@dataclass(frozen=True, slots=True)
class CorrectionAnswer:
    """The decision on a `request` (the digest of its envelope, 32 bytes) about a record. `version`
    is the one that corrects it, None where it was refused.

    Raises `InvalidInputError` for a refusal without a reason, or a version that does not fit.
    """

    request: bytes
    record_id: bytes
    decision: Decision
    reason: str
    version: int | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.decision is Decision.REFUSED or self.reason:
            require_reason(self.reason)
        if (self.version is None) is not (self.decision is Decision.REFUSED):
            raise InvalidInputError(
                "version of an answer", "one where it is accepted, and only there", "otherwise"
            )

    def to_bytes(self) -> bytes:
        """Return its canonical JSON."""
        return canonicalize(
            {
                "decision": str(self.decision),
                "format": ANSWER,
                "reason": self.reason,
                "record": self.record_id.hex(),
                "request": self.request.hex(),
                "version": self.version,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> CorrectionAnswer:
        """Return the answer of a message's bytes. Raises `EnvelopeError`."""

        def made(members: Members) -> CorrectionAnswer:
            decision = members.text("decision")
            if decision not in {*Decision}:
                raise EvidenceFormError("body.decision", "accepted or refused")
            version: Any = members.take("version")
            if version is not None:
                version = Members("body", {"version": version}).integer("version", _UINT16, 2)
            return cls(
                members.hexadecimal("request", 32),
                members.hexadecimal("record", 32),
                Decision(decision),
                members.text("reason"),
                version,
            )

        return body_of(data, ANSWER, made)


def require_reason(reason: str) -> None:
    """Require a reason in words. Raises `InvalidInputError`."""
    if not isinstance(reason, str) or not reason.strip() or len(reason) > LONGEST:
        raise InvalidInputError("reason", f"a text of 1 to {LONGEST} characters", "another")
