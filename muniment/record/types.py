# SPDX-License-Identifier: Apache-2.0
"""Record types: what a record of a kind holds, how long it is kept and how it may be shared."""

from __future__ import annotations

import enum
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from muniment.errors import InvalidContentError, InvalidInputError, InvalidSchemaError
from muniment.record.algorithms import SHA_256
from muniment.record.canonical import JsonValue, canonicalize, parse_canonical
from muniment.record.commitment import RecordHeader
from muniment.record.files import FILE_SCHEMA
from muniment.record.identifiers import AgencyId, RecordId, TypeId, require_uint
from muniment.record.schema import check_schema, property_schema, violations_of

_is_integer: Final = re.compile(r"-?(?:0|[1-9][0-9]*)").fullmatch

RETAIN_FOREVER: Final = (1 << 20) - 1
"""Retention days of what is never destroyed, as on chain."""
MAX_TYPE_VERSION: Final = (1 << 12) - 1
"""The contract keeps a type's version in 12 bits."""
MAX_NAME: Final = 64
"""Bytes of a record type's name in UTF-8, as on chain."""
FILE_REFERENCE: Final = "#/$defs/file"
"""A property whose ``$ref`` is this is a file, and the schema's ``$defs/file`` is `FILE_SCHEMA`."""


class Sharing(enum.IntEnum):
    """How records of a type may be shared, numbered as on chain."""

    OPEN = 0
    """At once, on request."""
    CONDITIONAL = 1
    """By a steward's decision."""
    CLOSED = 2
    """Not at all."""


@dataclass(frozen=True, slots=True)
class RecordType:
    """One version of a record type, which never changes once it is published.

    `name` (at most 64 bytes); `type_id` `uint16` from 1; `version` 1 to 4095; `schema` the
    canonical bytes of its JSON Schema; `retention_days`, `RETAIN_FOREVER` for ever; `sharing`;
    `searchable` top-level fields that an agency may index in the clear on its own machines.
    Raises `InvalidInputError`, `InvalidJsonError`, `InvalidSchemaError`.
    """

    name: str
    type_id: TypeId
    version: int
    schema: bytes
    retention_days: int
    sharing: Sharing
    searchable: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that are out of range."""
        canonicalize(self.name)
        if not isinstance(self.name, str) or not 1 <= len(self.name.encode()) <= MAX_NAME:
            raise InvalidInputError(
                "record type name", f"text of 1 to {MAX_NAME} bytes", "empty, longer or no text"
            )
        require_uint("type id", self.type_id, 16, least=1)
        require_uint("type version", self.version, 12, least=1, most=MAX_TYPE_VERSION)
        require_uint("retention days", self.retention_days, 20)
        if not isinstance(self.sharing, Sharing):
            raise InvalidInputError("sharing", "open, conditional or closed", "something else")
        schema = parse_canonical(self.schema)
        check_schema(self.name, schema)
        self._check_fields(schema)

    @classmethod
    def define(
        cls,
        name: str,
        type_id: TypeId,
        version: int,
        schema: Mapping[str, JsonValue],
        *,
        retention_days: int = RETAIN_FOREVER,
        sharing: Sharing = Sharing.CONDITIONAL,
        searchable: Iterable[str] = (),
    ) -> RecordType:
        """Return the record type of `schema` given as a value. Raises as the class does."""
        return cls(
            name,
            type_id,
            version,
            canonicalize(schema),
            retention_days,
            sharing,
            tuple(sorted(set(searchable))),
        )

    @property
    def schema_digest(self) -> bytes:
        """SHA-256 of the schema's canonical bytes, which stands on chain."""
        return hashlib.sha256(self.schema).digest()

    @property
    def file_fields(self) -> tuple[str, ...]:
        """The fields that are files, in byte order of their names; objects 1, 2 … in this order."""
        properties = json.loads(self.schema).get("properties", {})
        return tuple(
            sorted(
                field
                for field, part in properties.items()
                if isinstance(part, dict) and part.get("$ref") == FILE_REFERENCE
            )
        )

    def check(self, content: Mapping[str, JsonValue]) -> None:
        """Raise `InvalidContentError`, which names all fields and rules, unless `content` matches.

        `content` is of the strict profile: pass `Content.fields()`.
        """
        found = violations_of(self.name, self.schema, dict(content))
        if found:
            raise InvalidContentError(self.name, found)

    def value_of(self, field: str, text: str) -> JsonValue:
        """Return the value of `field` that `text` says, as a cell of a table or an option has it.

        By the field's `type` in the schema: integers and booleans become such, everything else
        stays text. Raises `InvalidInputError` for a text that is no value of the type.
        """
        schema = property_schema(json.loads(self.schema), field)
        kinds = schema.get("type", "string") if isinstance(schema, dict) else "string"
        wanted = set(map(str, kinds)) if isinstance(kinds, list) else {str(kinds)}
        if "integer" in wanted and _is_integer(text):
            return int(text)
        if "boolean" in wanted and text in ("true", "false"):
            return text == "true"
        if "null" in wanted and text == "null" and "string" not in wanted:
            return None
        if "string" in wanted:
            return text
        raise InvalidInputError(f"field {field!r}", " or ".join(sorted(wanted)), "another text")

    def header(
        self, record_id: RecordId, issuer: AgencyId, version: int, *, algorithm: int = SHA_256
    ) -> RecordHeader:
        """Return the header of content `version` of a record of this type."""
        return RecordHeader(record_id, issuer, self.type_id, self.schema_digest, version, algorithm)

    def _check_fields(self, schema: JsonValue) -> None:
        assert isinstance(schema, dict)
        for field in self.searchable:
            if property_schema(schema, field) == {"$ref": FILE_REFERENCE}:
                raise InvalidInputError(
                    f"searchable field {field!r}", "a field that is no file", "a file"
                )
        definitions = schema.get("$defs", {})
        if self.file_fields and (
            not isinstance(definitions, dict) or definitions.get("file") != FILE_SCHEMA
        ):
            raise InvalidSchemaError(
                self.name, "/$defs/file", "muniment.record.FILE_SCHEMA", "another schema"
            )
