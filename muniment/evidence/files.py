# SPDX-License-Identifier: Apache-2.0
"""Evidence files: their form, which is exactly its own canonical JSON (docs/spec/evidence.md).

A file has one anchor and one record, or, as a bundle, many records under one anchor. It holds
nothing that no step of the verifier uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from muniment.errors import InvalidInputError, InvalidJsonError
from muniment.evidence.acts import EvidentAct
from muniment.evidence.entries import EvidentEntry
from muniment.evidence.handovers import MOST as MOST_HANDOVERS
from muniment.evidence.handovers import HandOver
from muniment.evidence.members import EvidenceFormError, Members, unhex
from muniment.journal.checkpoints import MAX_NOTE
from muniment.proof.headers import MAX_SIZE as MAX_HEADER_SIZE
from muniment.proof.istanbul import KIND as ISTANBUL
from muniment.proof.state import MAX_NODE_SIZE
from muniment.record.canonical import JsonValue, canonicalize, parse_canonical
from muniment.record.commitment import MAX_DIGESTS, Digest, Salt
from muniment.record.disclosure import DisclosedField, Disclosure
from muniment.record.identifiers import RecordId

__all__ = ["Anchor", "Evidence", "EvidenceFile", "EvidenceFormError", "ShownContent"]

FORMAT: Final = "muniment/evidence/v1"
BUNDLE_FORMAT: Final = "muniment/evidence-bundle/v1"
MAX_FILE_SIZE: Final = 256 * 1024 * 1024
"""Longest file that is read, in bytes."""
MAX_RECORDS: Final = 100_000
MAX_ACTS: Final = 10_000
_MAX_NODES: Final = 4_000_000
_UINT16: Final = (1 << 16) - 1
_INTEGER: Final = (1 << 53) - 1


@dataclass(frozen=True, slots=True)
class Anchor:
    """The block that all is proven against: its header's RLP, and trie nodes from there down.

    `registry` 20 bytes; `nodes` ascend as bytes, none twice. `engine` is "istanbul" where the
    header is one that validators sign, else empty. Only there are `handovers`, which lead to the
    validators of this block, and `witnessed`, the note of witnesses who saw the block.
    """

    chain_id: int
    registry: bytes
    header: bytes
    nodes: tuple[bytes, ...]
    engine: str = ""
    handovers: tuple[HandOver, ...] = ()
    witnessed: bytes | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        shown: dict[str, Any] = {
            "chain_id": self.chain_id,
            "header": self.header.hex(),
            "nodes": [node.hex() for node in self.nodes],
            "registry": self.registry.hex(),
        }
        if self.engine:
            shown["engine"] = self.engine
        if self.handovers:
            shown["handovers"] = [each.to_json() for each in self.handovers]
        if self.witnessed is not None:
            shown["witnessed"] = self.witnessed.decode()
        return shown

    @classmethod
    def from_json(cls, value: object) -> Anchor:
        """Return the anchor of its JSON form. Raises `EvidenceFormError`."""
        members = Members("anchor", value)
        chain_id = members.integer("chain_id", _INTEGER, 1)
        registry = members.hexadecimal("registry", 20)
        header = members.hexadecimal("header")
        nodes = tuple(
            unhex(f"anchor.nodes[{place}]", node)
            for place, node in enumerate(members.array("nodes", _MAX_NODES, 1))
        )
        engine, handovers, witnessed = _of_signed_block(members)
        members.end()
        if len(header) > MAX_HEADER_SIZE:
            raise EvidenceFormError("anchor.header", f"{MAX_HEADER_SIZE} bytes at most")
        for place, node in enumerate(nodes):
            if len(node) > MAX_NODE_SIZE:
                raise EvidenceFormError(f"anchor.nodes[{place}]", f"{MAX_NODE_SIZE} bytes at most")
            if place and nodes[place - 1] >= node:
                raise EvidenceFormError(f"anchor.nodes[{place}]", "ascending nodes")
        return cls(chain_id, registry, header, nodes, engine, handovers, witnessed)


@dataclass(frozen=True, slots=True)
class ShownContent:
    """What of a version's content is shown. Its type and issuer stand in the trace."""

    version: int
    schema_digest: bytes
    disclosure: Disclosure

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "digests": [digest.hex() for digest in self.disclosure.digests],
            "fields": [
                {"field": field.text, "salt": field.salt.hex()} for field in self.disclosure.fields
            ],
            "schema_digest": self.schema_digest.hex(),
            "version": self.version,
        }

    @classmethod
    def from_json(cls, place: str, value: object) -> ShownContent:
        """Return the content of its JSON form. Raises `EvidenceFormError`."""
        members = Members(place, value)
        version = members.integer("version", _UINT16, 1)
        schema_digest = members.hexadecimal("schema_digest", 32)
        digests = tuple(
            Digest(unhex(f"{place}.digests[{index}]", each, 32))
            for index, each in enumerate(members.array("digests", MAX_DIGESTS))
        )
        fields = tuple(
            _field(f"{place}.fields[{index}]", each)
            for index, each in enumerate(members.array("fields", MAX_DIGESTS))
        )
        members.end()
        return cls(version, schema_digest, Disclosure(fields, digests))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One record: its complete trace (none where it is not registered), and shown content.

    `entry` is there where the record stands in a journal and was not registered on chain.
    """

    record_id: RecordId
    trace: tuple[EvidentAct, ...]
    content: ShownContent | None
    entry: EvidentEntry | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        shown: dict[str, Any] = {
            "content": None if self.content is None else self.content.to_json(),
            "record_id": self.record_id.hex(),
            "trace": traced_to_json(self.trace),
        }
        if self.entry is not None:
            shown["entry"] = self.entry.to_json()
        return shown

    @classmethod
    def from_json(cls, place: str, value: object) -> Evidence:
        """Return the record of its JSON form. Raises `EvidenceFormError`."""
        members = Members(place, value)
        record_id = RecordId(members.hexadecimal("record_id", 32))
        content = members.take("content")
        trace = traced_from_json(f"{place}.trace", members.array("trace", MAX_ACTS))
        entry = None
        if members.has("entry"):
            entry = EvidentEntry.from_json(f"{place}.entry", members.take("entry"))
        members.end()
        shown = None if content is None else ShownContent.from_json(f"{place}.content", content)
        return cls(record_id, trace, shown, entry)


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """An evidence file. In a bundle records ascend by their ids, none twice."""

    anchor: Anchor
    records: tuple[Evidence, ...]
    is_bundle: bool = False

    @property
    def record_ids(self) -> tuple[RecordId, ...]:
        """The records that it is of."""
        return tuple(each.record_id for each in self.records)

    def to_bytes(self) -> bytes:
        """Return the file."""
        anchor = self.anchor.to_json()
        if not self.is_bundle:
            [record] = self.records
            return canonicalize({"anchor": anchor, "format": FORMAT, "record": record.to_json()})
        records = [record.to_json() for record in self.records]
        return canonicalize({"anchor": anchor, "format": BUNDLE_FORMAT, "records": records})

    @classmethod
    def from_bytes(cls, data: bytes) -> EvidenceFile:
        """Return the file of its bytes. Raises `EvidenceFormError` and no other error."""
        return cls.from_json(parsed_file(data))

    @classmethod
    def from_json(cls, value: object) -> EvidenceFile:
        """Return the file of its JSON. Raises `EvidenceFormError`."""
        members = Members("the file", value)
        form = members.take("format")
        if form not in (FORMAT, BUNDLE_FORMAT):
            raise EvidenceFormError("the file.format", f"{FORMAT} or {BUNDLE_FORMAT}")
        anchor = Anchor.from_json(members.take("anchor"))
        if form == FORMAT:
            records: tuple[Evidence, ...] = (Evidence.from_json("record", members.take("record")),)
        else:
            records = tuple(
                Evidence.from_json(f"records[{place}]", each)
                for place, each in enumerate(members.array("records", MAX_RECORDS, 1))
            )
            for place in range(1, len(records)):
                if records[place - 1].record_id >= records[place].record_id:
                    raise EvidenceFormError(f"records[{place}]", "ascending record ids")
        members.end()
        return cls(anchor, records, form == BUNDLE_FORMAT)


def parsed_file(data: bytes) -> JsonValue:
    """Return the JSON of a file's bytes. Raises `EvidenceFormError` and no other error."""
    if len(data) > MAX_FILE_SIZE:
        raise EvidenceFormError("the file", f"{MAX_FILE_SIZE} bytes at most")
    try:
        return parse_canonical(data)
    except (InvalidJsonError, InvalidInputError) as error:
        raise EvidenceFormError(f"the file ({error.what})", "canonical JSON") from error


def traced_to_json(trace: Sequence[EvidentAct]) -> list[dict[str, Any]]:
    """Return the JSON form of acts in order."""
    return [act.to_json(first=not place) for place, act in enumerate(trace)]


def traced_from_json(place: str, values: Sequence[object]) -> tuple[EvidentAct, ...]:
    """Return the acts of their JSON form. Raises `EvidenceFormError`."""
    return tuple(
        EvidentAct.from_json(f"{place}[{index}]", act, first=not index)
        for index, act in enumerate(values)
    )


def _of_signed_block(members: Members) -> tuple[str, tuple[HandOver, ...], bytes | None]:
    """The members that an anchor has where validators sign blocks, and there alone."""
    if not members.has("engine"):
        return "", (), None
    if members.take("engine") != ISTANBUL:
        raise EvidenceFormError("anchor.engine", ISTANBUL)
    handovers: tuple[HandOver, ...] = ()
    if members.has("handovers"):
        handovers = tuple(
            HandOver.from_json(f"anchor.handovers[{place}]", each)
            for place, each in enumerate(members.array("handovers", MOST_HANDOVERS, 1))
        )
    witnessed = None
    if members.has("witnessed"):
        witnessed = members.text("witnessed").encode()
        if len(witnessed) > MAX_NOTE:
            raise EvidenceFormError("anchor.witnessed", f"{MAX_NOTE} bytes at most")
    return ISTANBUL, handovers, witnessed


def _field(place: str, value: object) -> DisclosedField:
    members = Members(place, value)
    field = DisclosedField(members.text("field"), Salt(members.hexadecimal("salt", 32)))
    members.end()
    return field
