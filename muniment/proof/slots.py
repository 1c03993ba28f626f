# SPDX-License-Identifier: Apache-2.0
"""Where the record registry keeps what evidence proves (docs/SPEC.md § 4).

Storage lies at ERC-7201 slots; a mapping's value at ``keccak256(key || slot of the mapping)``.
"""

from __future__ import annotations

from functools import cache

from muniment.record.identifiers import require_bytes, require_uint
from muniment.record.keccak import keccak


@cache
def namespace_slot(name: str) -> int:
    """Return the first slot of an ERC-7201 namespace."""
    inner = int.from_bytes(keccak(name.encode()), "big") - 1
    return int.from_bytes(keccak(inner.to_bytes(32, "big")), "big") & ~0xFF


def mapping_slot(key: int | bytes, slot: int) -> int:
    """Return the slot of a mapping's value; `key` is a word."""
    word = key.to_bytes(32, "big") if isinstance(key, int) else key
    return int.from_bytes(keccak(word + slot.to_bytes(32, "big")), "big")


def record_slots(record_id: bytes) -> tuple[int, int, int]:
    """Return the slots of a record's commitment, state and trace head."""
    require_bytes("record id", record_id, 32)
    first = mapping_slot(record_id, namespace_slot("muniment.storage.Records"))
    return first, first + 1, first + 2


def type_head_slot(agency_id: int, type_id: int) -> int:
    """Return the slot of a record type's latest version, retention and hold count."""
    require_uint("agency id", agency_id, 32, least=1)
    require_uint("type id", type_id, 16, least=1)
    return mapping_slot(agency_id << 16 | type_id, namespace_slot("muniment.storage.RecordTypes"))


def journal_head_slot(agency_id: int, journal: int) -> int:
    """Return the slot of a journal's size, and whether it was closed or repudiated."""
    require_uint("agency id", agency_id, 32, least=1)
    require_uint("journal", journal, 32, least=1)
    return mapping_slot(agency_id << 32 | journal, namespace_slot("muniment.storage.Journals"))


def seal_slot(agency_id: int, journal: int, size: int) -> int:
    """Return the slot of the hash of a journal's seal of `size` entries."""
    require_uint("agency id", agency_id, 32, least=1)
    require_uint("journal", journal, 32, least=1)
    require_uint("size", size, 64, least=1)
    key = agency_id << 96 | journal << 64 | size
    return mapping_slot(key, namespace_slot("muniment.storage.Journals") + 1)


def successor_slot() -> int:
    """Return the slot of the registry's successor."""
    return namespace_slot("muniment.storage.Succession")
