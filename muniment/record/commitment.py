# SPDX-License-Identifier: Apache-2.0
"""Commitments: 32 bytes that bind a version's content to its record and reveal nothing of it.

Every field has a digest of its own, salted, so that fields can be disclosed one by one; decoys hide
how many there are; the sorted list hides which is which. It is the flat list of SD-JWT (RFC 9901
section 4.2) and ISO/IEC 18013-5, with every width fixed and every use of a hash behind a tag.
docs/spec/records.md, "Commitments", is the format.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_256
from struct import Struct
from typing import Final, NewType

from muniment.errors import CommitmentMismatchError, InvalidInputError
from muniment.record.algorithms import SHA_256, digest_function
from muniment.record.canonical import JsonValue, canonical_text
from muniment.record.identifiers import AgencyId, RecordId, TypeId, require_bytes, require_uint

Commitment = NewType("Commitment", bytes)
"""What stands on chain for a version's content: 32 bytes."""
Secret = NewType("Secret", bytes)
"""32 random bytes from which all salts and decoys of one version, and its keys, derive."""
Salt = NewType("Salt", bytes)
"""32 bytes that make one field's digest unguessable."""
Digest = NewType("Digest", bytes)
"""The 32-byte salted digest of one field, or a decoy."""

RandomBytes = Callable[[int], bytes]
"""Returns as many random bytes as asked for."""

DIGEST_SIZE: Final = 32
DIGEST_GROUP: Final = 8
"""The digest list is filled with decoys to a multiple of this."""
MAX_DIGESTS: Final = 1024
"""Longest digest list, and so the greatest number of fields."""

SALTS_TAG: Final = b"muniment/salts/v1\x00"
FIELD_TAG: Final = b"muniment/field/v1\x00"
COMMITMENT_TAG: Final = b"muniment/commitment/v1\x00"

_HEADER: Final = Struct(">B32sIH32sI")
_COUNT: Final = Struct(">I")


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """What a commitment binds the content to.

    `record_id` 32 bytes; `issuer` the agency that registered the record, `uint32` from 1;
    `type_id` `uint16` from 1, a record type of the issuer; `schema_digest` 32 bytes, of the schema
    that the content was checked against; `version` of the content, `uint16` from 1; `algorithm`
    the digest algorithm's byte. Raises `InvalidInputError` when one is out of range.
    """

    record_id: RecordId
    issuer: AgencyId
    type_id: TypeId
    schema_digest: bytes
    version: int
    algorithm: int = SHA_256

    def __post_init__(self) -> None:
        """Refuse values that are out of range."""
        require_bytes("record id", self.record_id, 32)
        require_uint("issuer", self.issuer, 32, least=1)
        require_uint("type id", self.type_id, 16, least=1)
        require_bytes("schema digest", self.schema_digest, 32)
        require_uint("version", self.version, 16, least=1)
        require_uint("algorithm", self.algorithm, 8, least=1)

    def to_bytes(self) -> bytes:
        """Return the 75 bytes in the commitment: algorithm, record id, issuer, type id,
        schema digest, version; big-endian, the version in four bytes."""
        return _HEADER.pack(
            self.algorithm,
            self.record_id,
            self.issuer,
            self.type_id,
            self.schema_digest,
            self.version,
        )


def new_secret(random_bytes: RandomBytes = secrets.token_bytes) -> Secret:
    """Return a fresh secret. Store it before using it, and use it for one version only."""
    return Secret(require_bytes("secret", random_bytes(32), 32))


def commit(header: RecordHeader, content: Mapping[str, JsonValue], secret: Secret) -> Commitment:
    """Return the commitment of `content` under `header`.

    Raises `InvalidInputError` for empty or too large content or a bad secret, `InvalidJsonError`
    for values outside the strict profile, `AlgorithmUnavailableError`.
    """
    return commit_digests(header, digest_list(header.algorithm, content, secret))


def check_content(
    header: RecordHeader,
    content: Mapping[str, JsonValue],
    secret: Secret,
    commitment: Commitment,
) -> None:
    """Raise `CommitmentMismatchError` unless `content` and `secret` make `commitment`.

    Raises as `commit` does too. Whoever holds the secret checks all of a version by this.
    """
    require_bytes("commitment", commitment, DIGEST_SIZE)
    computed = commit(header, content, secret)
    if computed != commitment:
        raise CommitmentMismatchError(commitment, computed)


def commit_digests(header: RecordHeader, digests: Sequence[Digest]) -> Commitment:
    """Return the commitment of a digest list, which the caller has made or checked."""
    parts = [COMMITMENT_TAG, header.to_bytes(), _COUNT.pack(len(digests)), *digests]
    return Commitment(digest_function(header.algorithm)(b"".join(parts)))


def digest_list(
    algorithm: int, content: Mapping[str, JsonValue], secret: Secret
) -> tuple[Digest, ...]:
    """Return the digests of all fields and the decoys, ascending. Raises as `commit` does."""
    digest = digest_function(algorithm)
    names, count = _names_of(content)
    require_bytes("secret", secret, 32)
    stream = shake_256(SALTS_TAG + secret).digest(DIGEST_SIZE * count)
    digests = []
    start = 0
    for name in names:
        salt = stream[start : start + DIGEST_SIZE]
        start += DIGEST_SIZE
        digests.append(digest(FIELD_TAG + salt + canonical_field(name, content[name]).encode()))
    while start < len(stream):
        digests.append(stream[start : start + DIGEST_SIZE])
        start += DIGEST_SIZE
    digests.sort()
    return tuple(digests)  # type: ignore[arg-type]


def derive_salts(content: Mapping[str, JsonValue], secret: Secret) -> dict[str, Salt]:
    """Return the salt of every field of `content`, names in byte order of their UTF-8."""
    names, count = _names_of(content)
    require_bytes("secret", secret, 32)
    stream = shake_256(SALTS_TAG + secret).digest(DIGEST_SIZE * count)
    return {
        name: Salt(stream[DIGEST_SIZE * place : DIGEST_SIZE * (place + 1)])
        for place, name in enumerate(names)
    }


def digest_field(algorithm: int, salt: Salt, field: str) -> Digest:
    """Return the digest of one field, given as the canonical text of ``[name, value]``."""
    return Digest(digest_function(algorithm)(FIELD_TAG + salt + field.encode("utf-8")))


def canonical_field(name: str, value: JsonValue) -> str:
    """Return the RFC 8785 text of ``[name, value]``. Raises `InvalidJsonError`."""
    return f"{_opening(name)}{canonical_text(value, (name,))}]"


@lru_cache(maxsize=4096)
def _opening(name: str) -> str:
    """Field names recur with every record of a type, so their check and escaping are kept."""
    if type(name) is not str:
        raise InvalidInputError("content", "names that are str", f"one of {type(name).__name__}")
    return f"[{canonical_text(name)},"


def _names_of(content: Mapping[str, JsonValue]) -> tuple[list[str], int]:
    """Return the names in order and the length of the digest list."""
    if not isinstance(content, Mapping):
        raise InvalidInputError("content", "a JSON object", f"of type {type(content).__name__}")
    fields = len(content)
    if not 1 <= fields <= MAX_DIGESTS:
        raise InvalidInputError("content", f"1 to {MAX_DIGESTS} fields", f"of {fields} fields")
    try:
        # Code point order is the byte order of UTF-8.
        names = sorted(content)
    except TypeError:
        raise InvalidInputError("content", "names that are str", "others") from None
    return names, -(-fields // DIGEST_GROUP) * DIGEST_GROUP
