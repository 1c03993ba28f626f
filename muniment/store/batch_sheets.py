# SPDX-License-Identifier: Apache-2.0
"""Batch sheets: what the entries of a journal's pack share, in the pack itself.

With the key store's secrets a pack's entries can be made again from it, though neither a tile nor a
row of them is left (`muniment rebuild`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from muniment.errors import InvalidInputError, MunimentError, StoreError
from muniment.journal.entry import Entry, EntryKind
from muniment.record.canonical import canonicalize, parse_canonical
from muniment.record.commitment import Commitment
from muniment.record.identifiers import LocalId, RecordId, TypeId, require_bytes, require_uint
from muniment.record.objects import ObjectPlace
from muniment.store.packs import BATCH_OBJECT

BATCH_PLACE = ObjectPlace(RecordId(bytes(32)), 1, BATCH_OBJECT)
"""Where a sheet stands: first in its pack. It belongs to no record."""


@dataclass(frozen=True, slots=True)
class BatchSheet:
    """A batch: entries `first_index` to `first_index` + `count` - 1 of a journal, of one `kind`.

    `time` is what all its entries claim, in Unix seconds, `created_ms` when it was made, in Unix
    milliseconds. Raises `InvalidInputError`.
    """

    journal: int
    first_index: int
    count: int
    agency_id: int
    type_id: int
    type_version: int
    algorithm: int
    schema_digest: bytes
    source_system: str
    time: int
    created_ms: int
    kind: int = EntryKind.REGISTRATION

    def __post_init__(self) -> None:
        """Refuse values that no batch has."""
        for name in ("journal", "count", "agency_id", "type_id", "type_version", "algorithm"):
            require_uint(name, getattr(self, name), 32, least=1)
        for name in ("first_index", "time", "created_ms"):
            require_uint(name, getattr(self, name), 53)
        require_bytes("schema digest", self.schema_digest, 32)
        if self.kind not in tuple(EntryKind):
            raise InvalidInputError("kind", "a kind of entries", str(self.kind))
        if not isinstance(self.source_system, str):
            raise InvalidInputError("source system", "text", f"{self.source_system!r}")

    def to_bytes(self) -> bytes:
        """Return its canonical JSON."""
        values = asdict(self)
        return canonicalize(
            {**values, "kind": int(self.kind), "schema_digest": self.schema_digest.hex()}
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> BatchSheet:
        """Return the sheet of its bytes. Raises `StoreError` for what is none."""
        try:
            value: Any = parse_canonical(data)
            digest = bytes.fromhex(value.pop("schema_digest"))
            sheet = cls(**value, schema_digest=digest)
        except (MunimentError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise StoreError(
                "a pack's batch sheet has another form",
                expected=", ".join(each.name for each in fields(cls)),
                remedy="restore the pack from a copy of the vault",
            ) from error
        return sheet

    def entry(self, local_id: LocalId, commitment: Commitment) -> Entry:
        """Return an entry of the batch."""
        return Entry(
            EntryKind(self.kind),
            self.algorithm,
            TypeId(self.type_id),
            self.type_version,
            self.time,
            local_id,
            commitment,
        )
