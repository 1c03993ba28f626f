# SPDX-License-Identifier: Apache-2.0
"""Journal entries in evidence: the entry, its way to a seal's root, and the seal.

What makes it count is on chain: the seal's hash, and the head of the journal, which says from which
index on the agency has disowned its entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from muniment.errors import InvalidInputError, ProofError
from muniment.evidence.members import EvidenceFormError, Members, unhex
from muniment.journal.checkpoints import (
    MAX_NOTE,
    Checkpoint,
    NoteKey,
    checkpoint_in,
    cosigned_at,
)
from muniment.journal.entry import ENTRY_BYTES, Entry, EntryKind
from muniment.journal.merkle import hash_leaf, verify_inclusion
from muniment.journal.origins import origin_of
from muniment.record.identifiers import AgencyId, Lineage, RecordId, derive_record_id
from muniment.record.keccak import keccak

_UINT32: Final = (1 << 32) - 1
_INTEGER: Final = (1 << 53) - 1
_UINT48: Final = (1 << 48) - 1
_UINT64: Final = (1 << 64) - 1
_HASH: Final = 32
_MOST_HASHES: Final = 63
_REPUDIATED_AT: Final = 64


@dataclass(frozen=True, slots=True)
class EvidentSeal:
    """A seal as its hash has it: `root` (32 bytes) of `size` entries, at a block time."""

    root: bytes
    size: int
    previous_size: int
    sealed_at: int

    @property
    def hash(self) -> bytes:
        """What the registry stores: H(abi.encode(root, size, previous size, time))."""
        numbers = (self.size, self.previous_size, self.sealed_at)
        return keccak(self.root + b"".join(each.to_bytes(_HASH, "big") for each in numbers))


@dataclass(frozen=True, slots=True)
class EvidentEntry:
    """An entry at `index` of a journal, with its `path` to the root of `seal`.

    `checkpoint` is a signed note of the seal's size and root, where witnesses have co-signed one.
    """

    agency_id: int
    journal: int
    index: int
    entry: Entry
    path: tuple[bytes, ...]
    seal: EvidentSeal
    checkpoint: bytes | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        shown: dict[str, Any] = {
            "agency": self.agency_id,
            "entry": self.entry.to_bytes().hex(),
            "index": self.index,
            "journal": self.journal,
            "path": [each.hex() for each in self.path],
            "seal": {
                "previous_size": self.seal.previous_size,
                "root": self.seal.root.hex(),
                "sealed_at": self.seal.sealed_at,
                "size": self.seal.size,
            },
        }
        if self.checkpoint is not None:
            shown["checkpoint"] = self.checkpoint.decode()
        return shown

    @classmethod
    def from_json(cls, place: str, value: object) -> EvidentEntry:
        """Return the entry of its JSON form. Raises `EvidenceFormError`."""
        members = Members(place, value)
        agency_id = members.integer("agency", _UINT32, 1)
        try:
            entry = Entry.from_bytes(members.hexadecimal("entry", ENTRY_BYTES))
        except InvalidInputError as error:
            raise EvidenceFormError(f"{place}.entry", error.expected) from error
        index = members.integer("index", _INTEGER)
        journal = members.integer("journal", _UINT32, 1)
        path = tuple(
            unhex(f"{place}.path[{at}]", each, _HASH)
            for at, each in enumerate(members.array("path", _MOST_HASHES))
        )
        of_seal = Members(f"{place}.seal", members.take("seal"))
        seal = EvidentSeal(
            previous_size=of_seal.integer("previous_size", _INTEGER),
            root=of_seal.hexadecimal("root", _HASH),
            sealed_at=of_seal.integer("sealed_at", _UINT48),
            size=of_seal.integer("size", _INTEGER, 1),
        )
        of_seal.end()
        checkpoint = None
        if members.has("checkpoint"):
            checkpoint = members.text("checkpoint").encode()
            if len(checkpoint) > MAX_NOTE:
                raise EvidenceFormError(f"{place}.checkpoint", f"{MAX_NOTE} bytes at most")
        members.end()
        return cls(agency_id, journal, index, entry, path, seal, checkpoint)

    def record_id(self, lineage: Lineage) -> RecordId:
        """Return the record that the entry registers: the *sealing* agency's of this local id."""
        return derive_record_id(lineage, AgencyId(self.agency_id), self.entry.local_id)

    def require(self, record_id: RecordId, lineage: Lineage, sealed: int, head: int) -> None:
        """Require that the entry registers the record, under a seal that counts.

        `sealed` is the word of the seal's slot, `head` that of the journal's. Raises `ProofError`.
        """
        if self.entry.kind is not EntryKind.REGISTRATION:
            raise ProofError("the entry registers nothing", expected="a registration")
        if self.record_id(lineage) != record_id:
            raise ProofError(
                f"the entry registers record 0x{self.record_id(lineage).hex()}",
                expected=f"record 0x{record_id.hex()}",
            )
        if self.seal.hash != sealed.to_bytes(_HASH, "big"):
            raise ProofError(
                f"the registry has no such seal of journal {self.journal} of agency "
                f"{self.agency_id}",
                expected="the hash of root, size, previous size and time in the seal's slot",
            )
        verify_inclusion(
            hash_leaf(self.entry.to_bytes()), self.index, self.seal.size, self.seal.root, self.path
        )
        if self.entry.time > self.seal.sealed_at:
            raise ProofError(
                f"the entry claims the time {self.entry.time}, after its seal",
                expected=f"{self.seal.sealed_at} at most",
            )
        disowned = head >> _REPUDIATED_AT & _UINT64
        if self.index >= disowned:
            raise ProofError(
                f"agency {self.agency_id} has disowned the entries of journal {self.journal} from "
                f"{disowned} on",
                expected="an entry that its agency stands by",
            )

    def witnessed(self, lineage: Lineage, witnesses: Iterable[NoteKey]) -> tuple[str, ...]:
        """Return the names of the witnesses who vouch that the journal registers no id twice.

        Raises `ProofError` for a checkpoint that is not the seal's, or that nobody known signed.
        """
        if self.checkpoint is None:
            return ()
        wanted = Checkpoint(
            origin_of(lineage, self.agency_id, self.journal), self.seal.size, self.seal.root
        )
        if checkpoint_in(self.checkpoint) != wanted:
            raise ProofError(
                "the checkpoint is of another journal, size or root", expected="those of the seal"
            )
        return tuple(sorted(cosigned_at(self.checkpoint, witnesses)))
