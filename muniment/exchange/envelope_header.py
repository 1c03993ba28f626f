# SPDX-License-Identifier: Apache-2.0
"""An envelope's header: in the clear, signed, and bound to the key that opens the envelope."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from muniment.errors import InvalidJsonError
from muniment.evidence.members import EvidenceFormError, Members
from muniment.exchange.errors import EnvelopeError
from muniment.record.canonical import canonicalize, parse_canonical

FORMAT: Final = "muniment/envelope/v1"
_UINT32: Final = (1 << 32) - 1
_INTEGER: Final = (1 << 53) - 1


class EnvelopeKind(enum.StrEnum):
    """What an envelope brings, and so what its subject is."""

    SHARE_REQUEST = "share-request"
    """The terms of a request; the subject is their commitment."""
    SHARE_GRANT = "share-grant"
    """The terms as granted, where they differ; the subject is the share."""
    DELIVERY = "delivery"
    """Records under a share; the subject is the share."""
    CUSTODY = "custody"
    """Records with their secrets, offered; the subject is the hand-over's random id."""
    CUSTODY_CLOSING = "custody-closing"
    """What the former custodian did with its copies; the subject is the hand-over's id."""
    CORRECTION_REQUEST = "correction-request"
    """What should be corrected; the subject is the record."""
    CORRECTION_ANSWER = "correction-answer"
    """The custodian's decision; the subject is the record."""


@dataclass(frozen=True, slots=True)
class EnvelopeHeader:
    """Who sends what to whom. `registry` 20 bytes, `subject` 32, `made_at` Unix seconds (the
    sender's word). The epochs are those of the sender's key for messages and the recipient's for
    encryption."""

    kind: EnvelopeKind
    chain_id: int
    registry: bytes
    sender: int
    sender_epoch: int
    recipient: int
    recipient_epoch: int
    subject: bytes
    made_at: int

    def to_bytes(self) -> bytes:
        """Return its canonical JSON."""
        return canonicalize(
            {
                "chain_id": self.chain_id,
                "format": FORMAT,
                "kind": str(self.kind),
                "made_at": self.made_at,
                "recipient": self.recipient,
                "recipient_epoch": self.recipient_epoch,
                "registry": self.registry.hex(),
                "sender": self.sender,
                "sender_epoch": self.sender_epoch,
                "subject": self.subject.hex(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> EnvelopeHeader:
        """Return the header of its JSON. Raises `EnvelopeError` and no other error."""
        try:
            members = Members("header", parse_canonical(data))
            form, kind = members.take("format"), members.take("kind")
            if form != FORMAT or not isinstance(kind, str) or kind not in {*EnvelopeKind}:
                raise EnvelopeFormatError(form, kind)
            header = cls(
                EnvelopeKind(kind),
                members.integer("chain_id", _INTEGER, 1),
                members.hexadecimal("registry", 20),
                members.integer("sender", _UINT32, 1),
                members.integer("sender_epoch", _UINT32, 1),
                members.integer("recipient", _UINT32, 1),
                members.integer("recipient_epoch", _UINT32, 1),
                members.hexadecimal("subject", 32),
                members.integer("made_at", _INTEGER),
            )
            members.end()
        except (InvalidJsonError, EvidenceFormError) as error:
            raise EnvelopeError(error.what, error.expected) from error
        return header


class EnvelopeFormatError(EnvelopeError):
    """The envelope is of a format or kind that this release does not know."""

    def __init__(self, form: object, kind: object) -> None:
        super().__init__(
            f"format {str(form)[:40]!r}, kind {str(kind)[:40]!r}",
            f"{FORMAT} and a kind of docs/spec/exchange.md",
            remedy="open it with the Muniment that wrote it, or a newer one",
        )
