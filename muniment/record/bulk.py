# SPDX-License-Identifier: Apache-2.0
"""Many first versions at once: the same bytes as `Content` and `commit` make, quicker.

Each field's canonical text is made once and serves both the content's canonical JSON and the
field's digest; what all records of a type share (names, openings, tags) is made once a type. The
tests compare every byte with what the plain functions make.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from json.encoder import encode_basestring
from struct import Struct

from muniment.errors import InvalidInputError
from muniment.record.algorithms import SHA_256, digest_function
from muniment.record.canonical import JsonValue, canonical_text
from muniment.record.commitment import (
    COMMITMENT_TAG,
    DIGEST_GROUP,
    DIGEST_SIZE,
    FIELD_TAG,
    MAX_DIGESTS,
    SALTS_TAG,
    RecordHeader,
    canonical_field,
)
from muniment.record.identifiers import (
    LOCAL_ID_TAG,
    AgencyId,
    Lineage,
    require_bytes,
    require_uint,
)
from muniment.record.keccak import keccak_begun


class FieldTexts:
    """The canonical text of each field of one content, and what is made of them.

    Raises `InvalidInputError` for content without fields or with too many, `InvalidJsonError` for
    values outside the strict profile.
    """

    __slots__ = ("names", "texts")

    def __init__(self, content: Mapping[str, JsonValue]) -> None:
        """Canonicalise every field."""
        if not 1 <= len(content) <= MAX_DIGESTS:
            raise InvalidInputError(
                "content", f"1 to {MAX_DIGESTS} fields", f"of {len(content)} fields"
            )
        # Code point order is the byte order of UTF-8.
        self.names = names = tuple(sorted(content))
        texts = []
        for name in names:
            value = content[name]
            # The two kinds that nearly all values are; `canonical_text` does the same.
            if type(value) is str and value.isascii():
                texts.append(encode_basestring(value))
            else:
                texts.append(canonical_text(value, (name,)))
        self.texts = texts

    def canonical(self) -> str:
        """The content's RFC 8785 text."""
        openings = _openings(self.names)
        if openings is None:
            # Names beyond the BMP: RFC 8785 orders them by UTF-16 units.
            pairs = sorted(
                zip(self.names, self.texts, strict=True),
                key=lambda each: each[0].encode("utf-16-be"),
            )
            return "{" + ",".join(f"{canonical_text(n)}:{text}" for n, text in pairs) + "}"
        return "{" + ",".join(map(str.__add__, openings, self.texts)) + "}"

    def fields(self) -> list[bytes]:
        """The RFC 8785 bytes of each ``[name, value]``, which the digests are of."""
        openings = _field_openings(self.names)
        return [
            f"{opening}{text}]".encode() for opening, text in zip(openings, self.texts, strict=True)
        ]


class FirstVersions:
    """What the first versions of one type of one agency have in common."""

    def __init__(
        self,
        lineage: Lineage,
        agency_id: AgencyId,
        header: RecordHeader,
        *,
        local_id_key: bytes,
        source_system: str,
    ) -> None:
        """Take a header of any first version of the type, for all but its record id."""
        require_bytes("local-id key", local_id_key, 32)
        require_bytes("lineage", lineage, 32)
        require_uint("agency id", agency_id, 32, least=1)
        whole = header.to_bytes()
        # algorithm (1) || record id (32) || the rest
        self._before, self._after = COMMITMENT_TAG + whole[:1], whole[33:]
        self._digest = digest_function(header.algorithm)
        self._plain = header.algorithm == SHA_256
        # What all have in common is hashed once: HMAC (RFC 2104) up to the source id among it.
        inner = bytes(each ^ 0x36 for each in local_id_key.ljust(64, b"\0"))
        outer = bytes(each ^ 0x5C for each in local_id_key.ljust(64, b"\0"))
        opening = LOCAL_ID_TAG + f"[{canonical_text(source_system)},".encode()
        self._local_ids = hashlib.sha256(inner + opening)
        self._local_ids_outer = hashlib.sha256(outer)
        self._record_ids = keccak_begun(lineage + agency_id.to_bytes(32, "big"))
        self._salts = hashlib.shake_256(SALTS_TAG)
        self._fields = hashlib.sha256(FIELD_TAG)

    def local_id(self, source_id: bytes) -> bytes:
        """As `derive_local_id`, of the source id's RFC 8785 bytes (`source_text`)."""
        state, outer = self._local_ids.copy(), self._local_ids_outer.copy()
        state.update(source_id + b"]")
        outer.update(state.digest())
        return outer.digest()

    def record_id(self, local_id: bytes) -> bytes:
        """As `derive_record_id`."""
        state = self._record_ids.copy()
        state.update(local_id)
        found: bytes = state.digest()
        return found

    def commitment(self, record_id: bytes, fields: Sequence[bytes], secret: bytes) -> bytes:
        """As `commit`, of the bytes of each ``[name, value]`` in the order of their names."""
        count = -(-len(fields) // DIGEST_GROUP) * DIGEST_GROUP
        stream = self._salts.copy()
        stream.update(secret)
        salts = _salts_of(count)(stream.digest(DIGEST_SIZE * count))
        if self._plain:
            digests, begun = [], self._fields.copy
            for salt, field in zip(salts, fields):  # noqa: B905  (the other salts are decoys)
                state = begun()
                state.update(salt + field)
                digests.append(state.digest())
        else:
            digests = [
                self._digest(FIELD_TAG + salt + field)
                for salt, field in zip(salts, fields)  # noqa: B905
            ]
        digests += salts[len(fields) :]
        digests.sort()
        head = self._before + record_id + self._after + count.to_bytes(4, "big")
        return self._digest(head + b"".join(digests))


def source_text(source_id: str) -> bytes:
    """Return the RFC 8785 bytes of a source id. Raises `InvalidInputError`."""
    if not source_id:
        raise InvalidInputError("source id", "text that names the source", "empty")
    return canonical_text(source_id).encode()


@cache
def _salts_of(count: int) -> Callable[[bytes], tuple[bytes, ...]]:
    """What splits so many salts; counts are multiples of `DIGEST_GROUP` up to `MAX_DIGESTS`."""
    return Struct(f"{DIGEST_SIZE}s" * count).unpack


@lru_cache(maxsize=1024)
def _openings(names: tuple[str, ...]) -> tuple[str, ...] | None:
    """What stands before each value in an object; None where names lie beyond the BMP."""
    if any(not name.isascii() and max(name) > "\uffff" for name in names):
        return None
    return tuple(f"{canonical_text(name)}:" for name in names)


@lru_cache(maxsize=1024)
def _field_openings(names: tuple[str, ...]) -> tuple[str, ...]:
    """What stands before each value in the text that its digest is of."""
    return tuple(canonical_field(name, None).removesuffix("null]") for name in names)
