# SPDX-License-Identifier: Apache-2.0
"""Journal entries: 78 bytes that Solidity rebuilds cheaply (docs/spec/journals.md § 2)."""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from typing import Final

from muniment.errors import InvalidInputError
from muniment.journal.merkle import hash_leaf
from muniment.record.commitment import Commitment
from muniment.record.identifiers import LocalId, TypeId, require_bytes, require_uint

ENTRY_BYTES: Final = 78
"""Length of every entry."""

_FORM: Final = struct.Struct(">BBHHQ32s32s")


class EntryKind(enum.IntEnum):
    """What an entry says. Only a registration can be enrolled."""

    REGISTRATION = 1
    READ = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: kind, commitment algorithm, type and its version, time (Unix seconds), ids.

    `time` is the agency's word; the registry refuses an entry that claims a time after its seal.
    Raises `InvalidInputError` for values that do not fit.
    """

    kind: EntryKind
    algorithm: int
    type_id: TypeId
    type_version: int
    time: int
    local_id: LocalId
    commitment: Commitment

    def __post_init__(self) -> None:
        """Refuse values that the format cannot hold."""
        if not isinstance(self.kind, EntryKind):
            raise InvalidInputError("entry kind", "an EntryKind", f"{self.kind!r}")
        require_uint("algorithm", self.algorithm, 8, least=1)
        require_uint("type id", self.type_id, 16, least=1)
        require_uint("type version", self.type_version, 12, least=1)
        require_uint("time", self.time, 36)
        require_bytes("local id", self.local_id, 32)
        require_bytes("commitment", self.commitment, 32)

    def to_bytes(self) -> bytes:
        """Return the 78 bytes, big-endian, in the order of the fields."""
        return _FORM.pack(
            self.kind,
            self.algorithm,
            self.type_id,
            self.type_version,
            self.time,
            self.local_id,
            self.commitment,
        )

    def leaf_hash(self) -> bytes:
        """Return the entry's leaf hash, SHA-256(0x00 || entry)."""
        return hash_leaf(self.to_bytes())

    @classmethod
    def from_bytes(cls, source: bytes) -> Entry:
        """Return the entry of 78 bytes. Raises `InvalidInputError`."""
        require_bytes("entry", source, ENTRY_BYTES)
        kind, algorithm, type_id, type_version, time, local_id, commitment = _FORM.unpack(source)
        try:
            known = EntryKind(kind)
        except ValueError:
            expected = "1 (registration) or 2 (read)"
            raise InvalidInputError("entry kind", expected, str(kind)) from None
        return cls(
            known,
            algorithm,
            TypeId(type_id),
            type_version,
            time,
            LocalId(local_id),
            Commitment(commitment),
        )
