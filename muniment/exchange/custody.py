# SPDX-License-Identifier: Apache-2.0
"""What a custody package says: who hands how much over, and each version with its secret.

    MESSAGE                  the hand-over, and how many records
    RECORD_TYPE …            public files of the record types, before what is of them
    for each record, for each of its versions from the first:
      VERSION                header and secret
      FILE, index 0          the content's canonical bytes
      FILE, index 1 …        the files of its file fields

The commitment is in none of it: the recipient recomputes it, and compares it with the chain's.
docs/spec/custody.md is the format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from muniment.evidence.members import EvidenceFormError, Members, unhex
from muniment.exchange.bodies import body_of
from muniment.record.canonical import canonicalize
from muniment.record.commitment import RecordHeader, Secret
from muniment.record.identifiers import AgencyId, RecordId, TypeId

HANDOVER: Final = "muniment/custody/v1"
VERSION: Final = "muniment/custody-version/v1"
CLOSING: Final = "muniment/custody-closing/v1"

DESTROYED: Final = "destroyed"
KEPT: Final = "kept"

MAX_RECORDS: Final = 1 << 20
"""Most records of a hand-over."""
MAX_CONTENT: Final = 1 << 26
"""Most bytes of a version's content; files are as long as they are."""

_UINT8, _UINT12, _UINT16, _UINT32 = 0xFF, 0xFFF, 0xFFFF, 0xFFFFFFFF
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class HandoverMessage:
    """The beginning of a custody package: its random id (32 bytes), and how many records it has."""

    handover_id: bytes
    count: int

    def to_bytes(self) -> bytes:
        """Return its canonical JSON."""
        return canonicalize(
            {"count": self.count, "format": HANDOVER, "handover": self.handover_id.hex()}
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> HandoverMessage:
        """Return the message of a part's body. Raises `EnvelopeError`."""

        def made(members: Members) -> HandoverMessage:
            return cls(
                members.hexadecimal("handover", 32), members.integer("count", MAX_RECORDS, 1)
            )

        return body_of(data, HANDOVER, made)


@dataclass(frozen=True, slots=True)
class HandedVersion:
    """A version that is handed over: what its header needs, and its secret.

    `source` are the issuing agency's source system and source id, None where they are not known.
    """

    record_id: RecordId
    version: int
    issuer: int
    type_id: int
    type_version: int
    schema_digest: bytes
    algorithm: int
    secret: Secret = field(repr=False)
    source: tuple[str, str] | None = field(repr=False)

    @property
    def header(self) -> RecordHeader:
        """The header under which content and secret make the commitment."""
        return RecordHeader(
            self.record_id,
            AgencyId(self.issuer),
            TypeId(self.type_id),
            self.schema_digest,
            self.version,
            algorithm=self.algorithm,
        )

    @property
    def record_type(self) -> tuple[int, int, int]:
        """Issuer, number and version of its record type."""
        return self.issuer, self.type_id, self.type_version

    def to_bytes(self) -> bytes:
        """Return its canonical JSON."""
        return canonicalize(
            {
                "algorithm": self.algorithm,
                "format": VERSION,
                "issuer": self.issuer,
                "record": self.record_id.hex(),
                "schema_digest": self.schema_digest.hex(),
                "secret": self.secret.hex(),
                "source": None if self.source is None else list(self.source),
                "type_id": self.type_id,
                "type_version": self.type_version,
                "version": self.version,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> HandedVersion:
        """Return the version of a part's body. Raises `EnvelopeError` and no other error."""

        def made(members: Members) -> HandedVersion:
            return cls(
                RecordId(members.hexadecimal("record", 32)),
                members.integer("version", _UINT16, 1),
                members.integer("issuer", _UINT32, 1),
                members.integer("type_id", _UINT16, 1),
                members.integer("type_version", _UINT12, 1),
                members.hexadecimal("schema_digest", 32),
                members.integer("algorithm", _UINT8, 1),
                Secret(members.hexadecimal("secret", 32)),
                _source(members.take("source")),
            )

        return body_of(data, VERSION, made)


@dataclass(frozen=True, slots=True)
class ClosingMessage:
    """What the former custodian did with its copies: destroyed them, or keeps them under a share.

    `share_id` (32 bytes) where they are kept; `at` Unix seconds, its own word.
    """

    handover_id: bytes
    outcome: str
    share_id: bytes | None
    at: int
    record_ids: tuple[RecordId, ...]

    def to_bytes(self) -> bytes:
        """Return its canonical JSON."""
        return canonicalize(
            {
                "at": self.at,
                "format": CLOSING,
                "handover": self.handover_id.hex(),
                "outcome": self.outcome,
                "records": [each.hex() for each in self.record_ids],
                "share": None if self.share_id is None else self.share_id.hex(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> ClosingMessage:
        """Return the message of its bytes. Raises `EnvelopeError`."""

        def made(members: Members) -> ClosingMessage:
            outcome, named = members.text("outcome"), members.take("share")
            share = None if named is None else unhex("body.share", named, 32)
            if (outcome, share is None) not in ((DESTROYED, True), (KEPT, False)):
                raise EvidenceFormError("body.outcome", "destroyed, or kept with a share")
            records = members.array("records", MAX_RECORDS, 1)
            ids = tuple(RecordId(unhex("body.records", each, 32)) for each in records)
            if len(set(ids)) != len(ids):
                raise EvidenceFormError("body.records", "each record once")
            return cls(
                members.hexadecimal("handover", 32),
                outcome,
                share,
                members.integer("at", (1 << 53) - 1),
                ids,
            )

        return body_of(data, CLOSING, made)


def _source(value: Any) -> tuple[str, str] | None:
    if value is None:
        return None
    pair = isinstance(value, list) and len(value) == 2
    if not pair or not all(isinstance(each, str) and len(each) <= _LONGEST for each in value):
        raise EvidenceFormError("body.source", "a source system and a source id, or null")
    return value[0], value[1]
