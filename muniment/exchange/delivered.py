# SPDX-License-Identifier: Apache-2.0
"""What is delivered of one version of a record, and what it proves.

The granted fields with their salts and the digest list; of a record that stands in a journal alone,
its entry with the path to a seal's root. That is all that the recipient cannot read from the chain:
it compares the commitment with its own mirror of the registry, and can make evidence of its own,
for whomever, at any time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Final

from muniment.errors import InvalidInputError
from muniment.evidence.entries import EvidentEntry
from muniment.evidence.files import ShownContent
from muniment.evidence.members import EvidenceFormError, Members
from muniment.exchange.errors import EnvelopeError
from muniment.record.canonical import JsonValue, canonical_text
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
        # Put together here, for there are many: half of the time of a delivery went into walking
        # through values that can only be hexadecimal digits. Tests compare it with RFC 8785's.
        content = self.content
        digests = ",".join([f'"{each.hex()}"' for each in content.disclosure.digests])
        fields = ",".join(
            [
                f'{{"field":{encode_basestring(each.text)},"salt":"{each.salt.hex()}"}}'
                for each in content.disclosure.fields
            ]
        )
        entry = "" if self.entry is None else f'"entry":{_entry_text(self.entry)},'
        return (
            f'{{"algorithm":{self.algorithm},"content":{{"digests":[{digests}],'
            f'"fields":[{fields}],"schema_digest":"{content.schema_digest.hex()}",'
            f'"version":{content.version}}},{entry}"format":"{FORMAT}","issuer":{self.issuer},'
            f'"record":"{self.record_id.hex()}","type_id":{self.type_id},'
            f'"type_version":{self.type_version}}}'
        ).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> DeliveredVersion:
        """Return what a part's body says. Raises `EnvelopeError` and no other error."""
        try:
            found = cls._of(Members("body", json.loads(data)))
            if found.to_bytes() != data:
                raise EnvelopeError("a delivered version is spelled in another way", "its own JSON")
        except (EvidenceFormError, InvalidInputError) as error:
            raise EnvelopeError(error.what, error.expected) from error
        except (ValueError, RecursionError) as error:
            # Among them what is no UTF-8, and lone surrogates, that have no bytes.
            raise EnvelopeError("a delivered version is no JSON", "canonical JSON") from error
        return found

    @classmethod
    def _of(cls, members: Members) -> DeliveredVersion:
        members.constant("format", FORMAT)
        entry = None
        if members.has("entry"):
            entry = EvidentEntry.from_json("body.entry", members.take("entry"))
        found = cls(
            RecordId(members.hexadecimal("record", 32)),
            members.integer("issuer", _UINT32, 1),
            members.integer("type_id", _UINT16, 1),
            members.integer("type_version", _UINT16, 1),
            members.integer("algorithm", _UINT8, 1),
            ShownContent.from_json("body.content", members.take("content")),
            entry,
        )
        members.end()
        return found


def _entry_text(entry: EvidentEntry) -> str:
    if entry.checkpoint is not None:
        return canonical_text(entry.to_json())
    path = ",".join([f'"{each.hex()}"' for each in entry.path])
    seal = entry.seal
    return (
        f'{{"agency":{entry.agency_id},"entry":"{entry.entry.to_bytes().hex()}",'
        f'"index":{entry.index},"journal":{entry.journal},"path":[{path}],'
        f'"seal":{{"previous_size":{seal.previous_size},"root":"{seal.root.hex()}",'
        f'"sealed_at":{seal.sealed_at},"size":{seal.size}}}}}'
    )
