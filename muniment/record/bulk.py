# SPDX-License-Identifier: Apache-2.0
"""Many first versions at once: the same bytes as `Content` and `commit` make, quicker.

Each field's canonical text is made once and serves both the content's canonical JSON and the
field's digest; what all records of a type share (names, openings, tags) is made once a type. The
tests compare every byte with what the plain functions make.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring

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
from muniment.record.keccak import keccak


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

    def commit(self, header: bytes, algorithm: int, secret: bytes) -> bytes:
        """The commitment under a header (`RecordHeader.to_bytes`) with a secret of 32 bytes."""
        if algorithm == SHA_256:
            return self._commit_sha_256(header, secret)
        digest: Callable[[bytes], bytes] = digest_function(algorithm)
        fields = len(self.names)
        count = -(-fields // DIGEST_GROUP) * DIGEST_GROUP
        stream = hashlib.shake_256(SALTS_TAG + secret).digest(DIGEST_SIZE * count)
        starts = range(0, DIGEST_SIZE * fields, DIGEST_SIZE)
        digests = [
            digest(
                FIELD_TAG + stream[start : start + DIGEST_SIZE] + (opening + text + "]").encode()
            )
            for start, opening, text in zip(
                starts, _field_openings(self.names), self.texts, strict=True
            )
        ]
        digests += [
            stream[start : start + DIGEST_SIZE]
            for start in range(DIGEST_SIZE * fields, len(stream), DIGEST_SIZE)
        ]
        digests.sort()
        return digest(COMMITMENT_TAG + header + count.to_bytes(4, "big") + b"".join(digests))

    def _commit_sha_256(self, header: bytes, secret: bytes) -> bytes:
        # The same as above for the one algorithm that nearly all have, without a call a field.
        sha256, names = hashlib.sha256, self.names
        count = -(-len(names) // DIGEST_GROUP) * DIGEST_GROUP
        stream = hashlib.shake_256(SALTS_TAG + secret).digest(DIGEST_SIZE * count)
        salts = [stream[at : at + DIGEST_SIZE] for at in range(0, len(stream), DIGEST_SIZE)]
        openings = _field_openings(names)
        digests = [
            sha256(FIELD_TAG + salt + (opening + text + "]").encode()).digest()
            for salt, opening, text in zip(salts, openings, self.texts, strict=False)
        ]
        digests += salts[len(names) :]
        digests.sort()
        whole = COMMITMENT_TAG + header + count.to_bytes(4, "big") + b"".join(digests)
        return sha256(whole).digest()


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
        self._before, self._after = whole[:1], whole[33:]
        self.algorithm = header.algorithm
        self._local_id_key = local_id_key
        self._local_id_opening = LOCAL_ID_TAG + f"[{canonical_text(source_system)},".encode()
        self._id_opening = lineage + agency_id.to_bytes(32, "big")

    def local_id(self, source_id: str) -> bytes:
        """As `derive_local_id`. Raises `InvalidInputError`."""
        if not source_id:
            raise InvalidInputError("source id", "text that names the source", "empty")
        message = self._local_id_opening + canonical_text(source_id).encode() + b"]"
        return hmac.digest(self._local_id_key, message, "sha256")

    def record_id(self, local_id: bytes) -> bytes:
        """As `derive_record_id`."""
        return keccak(self._id_opening + local_id)

    def commitment(self, record_id: bytes, texts: FieldTexts, secret: bytes) -> bytes:
        """As `commit`."""
        return texts.commit(self._before + record_id + self._after, self.algorithm, secret)


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
