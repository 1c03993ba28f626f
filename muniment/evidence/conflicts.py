# SPDX-License-Identifier: Apache-2.0
"""Conflict files: proof that an agency registered one record twice (docs/spec/evidence.md, § 5).

Either two entries of its journals register the record, or an entry and a transaction do. No honest
agency makes such a pair: this software refuses the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from muniment.evidence.acts import EvidentAct
from muniment.evidence.entries import EvidentEntry
from muniment.evidence.files import (
    MAX_ACTS,
    Anchor,
    traced_from_json,
    traced_to_json,
)
from muniment.evidence.members import EvidenceFormError, Members
from muniment.record.canonical import canonicalize
from muniment.record.identifiers import RecordId

FORMAT: Final = "muniment/conflict/v1"
_BOTH: Final = 2


@dataclass(frozen=True, slots=True)
class ConflictFile:
    """Two registrations of a record: two `entries`, or one and the `trace` that begins otherwise.

    Entries ascend by journal and index. With two of them there is no trace.
    """

    anchor: Anchor
    record_id: RecordId
    entries: tuple[EvidentEntry, ...]
    trace: tuple[EvidentAct, ...] = ()

    @property
    def record_ids(self) -> tuple[RecordId, ...]:
        """The record that it is of."""
        return (self.record_id,)

    def to_bytes(self) -> bytes:
        """Return the file."""
        shown: dict[str, Any] = {
            "anchor": self.anchor.to_json(),
            "entries": [each.to_json() for each in self.entries],
            "format": FORMAT,
            "record_id": self.record_id.hex(),
        }
        if self.trace:
            shown["trace"] = traced_to_json(self.trace)
        return canonicalize(shown)

    @classmethod
    def from_json(cls, value: object) -> ConflictFile:
        """Return the file of its JSON. Raises `EvidenceFormError`."""
        members = Members("the file", value)
        if members.take("format") != FORMAT:
            raise EvidenceFormError("the file.format", FORMAT)
        anchor = Anchor.from_json(members.take("anchor"))
        record_id = RecordId(members.hexadecimal("record_id", 32))
        entries = tuple(
            EvidentEntry.from_json(f"entries[{place}]", each)
            for place, each in enumerate(members.array("entries", _BOTH, 1))
        )
        trace: tuple[EvidentAct, ...] = ()
        if len(entries) < _BOTH:
            trace = traced_from_json("trace", members.array("trace", MAX_ACTS, 1))
        members.end()
        places = [(each.journal, each.index) for each in entries]
        if places != sorted(set(places)) or len({each.agency_id for each in entries}) > 1:
            raise EvidenceFormError("entries", "two of one agency, ascending by journal and index")
        if any(each.checkpoint is not None for each in entries):
            raise EvidenceFormError("entries", "no checkpoints")
        return cls(anchor, record_id, entries, trace)
