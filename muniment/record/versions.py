# SPDX-License-Identifier: Apache-2.0
"""Versions: content under a header with the secret that commits it, as one frozen value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from muniment.errors import CommitmentMismatchError, InvalidInputError, InvalidJsonError
from muniment.record.canonical import JsonValue, canonicalize, parse_canonical
from muniment.record.canonical import parse as parse_json
from muniment.record.commitment import (
    Commitment,
    Digest,
    RecordHeader,
    Secret,
    commit_digests,
    digest_list,
)
from muniment.record.disclosure import Disclosure, disclose
from muniment.record.identifiers import require_bytes


@dataclass(frozen=True, slots=True, repr=False)
class Content:
    """Structured content: a JSON object of the strict profile, kept as its `canonical` bytes.

    Bytes, because a dict inside a frozen value would still change under everybody's hands. Build it
    with `parse` (JSON text) or `of` (a mapping). Raises `InvalidJsonError` where `canonical` is
    not its own canonical form, `InvalidInputError` where it is no object.
    """

    canonical: bytes

    def __post_init__(self) -> None:
        """Refuse bytes that are no content in canonical form."""
        _require_object(parse_canonical(self.canonical))

    @classmethod
    def parse(cls, source: bytes | str) -> Content:
        """Return the content of JSON text, which need not be canonical."""
        return cls.of(_require_object(parse_json(source)))

    @classmethod
    def of(cls, fields: Mapping[str, JsonValue]) -> Content:
        """Return the content with these `fields`."""
        if not isinstance(fields, Mapping):
            raise InvalidInputError("content", "a JSON object", f"of type {type(fields).__name__}")
        content = object.__new__(cls)
        # canonicalize has just checked everything that __post_init__ would check again.
        object.__setattr__(content, "canonical", canonicalize(dict(fields)))
        return content

    def fields(self) -> dict[str, JsonValue]:
        """Return the fields by name, a copy that is the caller's own."""
        return cast(dict[str, JsonValue], json.loads(self.canonical))

    def __repr__(self) -> str:
        """Tell the size alone: content does not belong into logs."""
        return f"Content({len(self.canonical)} bytes)"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record's content with its `commitment`, which is always the right one.

    `secret` must be stored durably before this is built, and belongs to this version alone.
    Raises as `commit` does.
    """

    header: RecordHeader
    content: Content
    secret: Secret = field(repr=False)
    commitment: Commitment = field(init=False)
    _digests: tuple[Digest, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derive the commitment."""
        digests = digest_list(self.header.algorithm, self.content.fields(), self.secret)
        object.__setattr__(self, "_digests", digests)
        object.__setattr__(self, "commitment", commit_digests(self.header, digests))

    def require(self, commitment: Commitment) -> None:
        """Raise `CommitmentMismatchError` unless this version makes `commitment` (32 bytes)."""
        require_bytes("commitment", commitment, 32)
        if self.commitment != commitment:
            raise CommitmentMismatchError(commitment, self.commitment)

    def disclose(self, fields: Iterable[str]) -> Disclosure:
        """Return a disclosure of the named `fields`; raise `InvalidInputError` for unknown ones."""
        return disclose(
            self.content.fields(),
            self.secret,
            fields,
            algorithm=self.header.algorithm,
            digests=self._digests,
        )


def _require_object(value: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        raise InvalidJsonError("", "a JSON object", f"a value of type {type(value).__name__}")
    return value
