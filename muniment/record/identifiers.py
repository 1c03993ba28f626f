# SPDX-License-Identifier: Apache-2.0
"""Ids: how a record is named so that nobody can take its name, and its lineage outlives a registry.

All hashes here are Keccak-256 over the Solidity ABI encoding, as the contract makes them; the
local id alone is HMAC-SHA-256 (RFC 2104), because it needs a key and never meets the contract's
hashing. Ids are `bytes` of 32 under names of their own, so that a type checker keeps them apart.
"""

from __future__ import annotations

import hmac
from typing import Final, NewType, TypeVar

from muniment.errors import InvalidInputError
from muniment.record.canonical import canonicalize
from muniment.record.keccak import keccak

AgencyId = NewType("AgencyId", int)
"""An agency, `uint32`, from 1."""
Lineage = NewType("Lineage", bytes)
"""A registry and all its successors: 32 bytes."""
LocalId = NewType("LocalId", bytes)
"""A record within its agency: 32 bytes that reveal nothing of the agency's own reference."""
RecordId = NewType("RecordId", bytes)
"""A record: 32 bytes."""
TypeId = NewType("TypeId", int)
"""A record type of an agency, `uint16`, from 1."""

LINEAGE_TAG: Final = keccak(b"muniment.lineage.v1")
LOCAL_ID_TAG: Final = b"muniment/local-id/v1\x00"

_Bytes = TypeVar("_Bytes", bound=bytes)
_Int = TypeVar("_Int", bound=int)


def derive_lineage(chain_id: int, first_registry: bytes) -> Lineage:
    """Return the lineage of the registry first deployed at `first_registry` (20 bytes).

    keccak256(abi.encode(keccak256("muniment.lineage.v1"), uint256 chain id, address)).
    Raises `InvalidInputError`.
    """
    require_uint("chain id", chain_id, 256)
    require_bytes("first registry", first_registry, 20)
    return Lineage(keccak(LINEAGE_TAG + chain_id.to_bytes(32, "big") + bytes(12) + first_registry))


def derive_record_id(lineage: Lineage, agency_id: AgencyId, local_id: LocalId) -> RecordId:
    """Return the id of agency `agency_id`'s record `local_id`.

    keccak256(abi.encode(lineage, uint256 agency id, local id)), of 96 bytes.
    Raises `InvalidInputError`.
    """
    require_bytes("lineage", lineage, 32)
    require_uint("agency id", agency_id, 32, least=1)
    require_bytes("local id", local_id, 32)
    return RecordId(keccak(lineage + agency_id.to_bytes(32, "big") + local_id))


def derive_local_id(key: bytes, source_system: str, source_id: str) -> LocalId:
    """Return the local id of the agency's own reference `source_id` in `source_system`.

    HMAC-SHA-256(`key`, tag || JCS([source system, source id])). `key` is the agency's local-id key,
    32 random bytes that never leave it and never change: a case number is guessable, a keyed hash
    of it is not. Raises `InvalidInputError`.
    """
    require_bytes("local-id key", key, 32)
    for field, value in (("source system", source_system), ("source id", source_id)):
        if not isinstance(value, str):
            raise InvalidInputError(field, "text", f"of type {type(value).__name__}")
        if not value:
            raise InvalidInputError(field, "text that names the source", "empty")
    message = LOCAL_ID_TAG + canonicalize([source_system, source_id])
    return LocalId(hmac.digest(key, message, "sha256"))


def require_bytes(field: str, value: _Bytes, length: int) -> _Bytes:
    """Return `value` if it is `bytes` of `length`; raise `InvalidInputError` that names `field`."""
    if type(value) is not bytes:
        raise InvalidInputError(field, f"{length} bytes", f"of type {type(value).__name__}")
    if len(value) != length:
        raise InvalidInputError(field, f"{length} bytes", f"{len(value)} bytes long")
    return value


def require_uint(
    field: str, value: _Int, bits: int, *, least: int = 0, most: int | None = None
) -> _Int:
    """Return `value` if it is an `int` from `least` to `most` (all that `bits` hold).

    Raises `InvalidInputError` that names `field` and the value.
    """
    most = (1 << bits) - 1 if most is None else most
    if type(value) is not int:
        raise InvalidInputError(
            field, f"an integer from {least} to {most}", f"of type {type(value).__name__}"
        )
    if not least <= value <= most:
        raise InvalidInputError(field, f"an integer from {least} to {most}", str(value))
    return value
