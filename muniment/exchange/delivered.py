# SPDX-License-Identifier: Apache-2.0
"""What is delivered of one version of a record, and what it proves.

The granted fields with their salts and the digest list; of a record that stands in a journal alone,
its entry with the path to a seal's root. That is all that the recipient cannot read from the chain:
it compares the commitment with its own mirror of the registry, and can make evidence of its own,
for whomever, at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from muniment.evidence.entries import EvidentEntry
from muniment.evidence.files import ShownContent
from muniment.evidence.members import Members
from muniment.exchange.bodies import body_of
from muniment.record.canonical import JsonValue, canonicalize
from muniment.record.commitment import Commitment, RecordHeader, commit_digests
from muniment.record.disclosure import verify
from muniment.record.identifiers import AgencyId, RecordId, TypeId

FORMAT: Final = "muniment/delivered/v1"
_UINT8, _UINT16, _UINT32 = 0xFF, 0xFFFF, 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class DeliveredVersion:
    """A version of a record as it is delivered: what its header needs, and what is shown of it."""

    record_id: RecordId
    issuer: int
    type_id: int
    type_version: int
    algorithm: int
    content: ShownContent
    entry: EvidentEntry | None = None

    @property
    def version(self) -> int:
        """Which version it is."""
        return self.content.version

    @property
    def header(self) -> RecordHeader:
        """The header under which its digests make the commitment."""
        return RecordHeader(
            self.record_id,
            AgencyId(self.issuer),
            TypeId(self.type_id),
            self.content.schema_digest,
            self.content.version,
            algorithm=self.algorithm,
        )

    @property
    def commitment(self) -> Commitment:
        """The commitment that its digests make: what the chain, or its entry, must have."""
        return commit_digests(self.header, self.content.disclosure.digests)

    def values(self, commitment: bytes) -> dict[str, JsonValue]:
        """Return the shown values by name, after checking them against a commitment.

        Raises as `muniment.record.disclosure.verify`.
        """
        return verify(self.header, self.content.disclosure, Commitment(commitment))

    def to_bytes(self) -> bytes:
        """Return its canonical JSON."""
        shown: dict[str, Any] = {
            "algorithm": self.algorithm,
            "content": self.content.to_json(),
            "format": FORMAT,
            "issuer": self.issuer,
            "record": self.record_id.hex(),
            "type_id": self.type_id,
            "type_version": self.type_version,
        }
        if self.entry is not None:
            shown["entry"] = self.entry.to_json()
        return canonicalize(shown)

    @classmethod
    def from_bytes(cls, data: bytes) -> DeliveredVersion:
        """Return what a part's body says. Raises `EnvelopeError` and no other error."""

        def made(members: Members) -> DeliveredVersion:
            entry = None
            if members.has("entry"):
                entry = EvidentEntry.from_json("body.entry", members.take("entry"))
            return cls(
                RecordId(members.hexadecimal("record", 32)),
                members.integer("issuer", _UINT32, 1),
                members.integer("type_id", _UINT16, 1),
                members.integer("type_version", _UINT16, 1),
                members.integer("algorithm", _UINT8, 1),
                ShownContent.from_json("body.content", members.take("content")),
                entry,
            )

        return body_of(data, FORMAT, made)
