# SPDX-License-Identifier: Apache-2.0
"""Schemas: JSON Schema draft 2020-12, checked hard when defined and compiled once.

A schema that a validator would quietly ignore in part (a misspelled keyword, an unknown format, a
reference to somewhere else) is refused: it would look like a check and be none. The formats
``date``, ``date-time`` and ``decimal`` are asserted as this project defines them
(docs/spec/records.md, "Record types"). docs/adr/0002 says why the validator is jsonschema-rs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs

from muniment.errors import InvalidInputError, InvalidSchemaError, Violation
from muniment.record.canonical import JsonValue, Path, canonicalize, pointer_of

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
FORMATS: Final = frozenset({"date", "date-time", "decimal", "uri", "uuid"})
MAX_VIOLATIONS: Final = 20
"""Greatest number of violations told at once."""

_SUBSCHEMA: Final = frozenset(
    (
        *("additionalProperties", "contains", "else", "if", "items", "not", "propertyNames"),
        *("then", "unevaluatedItems", "unevaluatedProperties"),
    )
)
_SUBSCHEMA_LISTS: Final = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_SUBSCHEMA_MAPS: Final = frozenset(("$defs", "dependentSchemas", "patternProperties", "properties"))
_ASSERTIONS: Final = frozenset(
    (
        *("$ref", "const", "dependentRequired", "enum", "exclusiveMaximum", "exclusiveMinimum"),
        *("format", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum"),
        *("minContains", "minItems", "minLength", "minProperties", "minimum", "multipleOf"),
        *("pattern", "required", "type", "uniqueItems"),
    )
)
_ANNOTATIONS: Final = frozenset(
    (
        *("$comment", "default", "deprecated", "description", "examples", "readOnly", "title"),
        "writeOnly",
    )
)
_EACH_FIELD: Final = _ANNOTATIONS | {
    *("$schema", "$defs", "type", "required", "properties"),
    *("patternProperties", "additionalProperties", "propertyNames"),
}
"""Keywords of an object that judge each of its members by itself, or say which must be there."""

_decimal: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?").fullmatch
_instant: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?Z"
).fullmatch
_dates: Final = jsonschema_rs.Draft202012Validator({"format": "date"}, validate_formats=True)


def is_decimal(text: str) -> bool:
    """Return whether `text` is a decimal: digits, perhaps a sign and a fraction.

    No exponent, no plus, no leading zeros, no negative zero. Zeros at the end are kept: they say
    how exact the number is.
    """
    return _decimal(text) is not None and not (text[0] == "-" and not text.strip("-0."))


def is_instant(text: str) -> bool:
    """Return whether `text` is an RFC 3339 instant in UTC, ``T`` and ``Z`` in capitals.

    Leap seconds are refused: neither block times nor Python have them.
    """
    found = _instant(text)
    return found is not None and _dates.is_valid(found[1])


def check_schema(name: str, schema: JsonValue) -> None:
    """Raise `InvalidSchemaError` unless `schema` can be that of record type `name`.

    It must name the draft, describe an object, and use known keywords and formats and references
    into itself only.
    """
    if not isinstance(schema, dict):
        raise InvalidSchemaError(name, "", "an object", f"of type {type(schema).__name__}")
    if schema.get("$schema") != DRAFT:
        raise InvalidSchemaError(name, "/$schema", DRAFT, "another draft or absent")
    if schema.get("type") != "object":
        raise InvalidSchemaError(name, "/type", "'object'", "another type or absent")
    _check_subschema(name, {key: part for key, part in schema.items() if key != "$schema"}, ())
    _compile(name, canonicalize(schema))


def violations_of(name: str, schema: bytes, content: Mapping[str, JsonValue]) -> list[Violation]:
    """Return what `content` breaks of the checked `schema` (JSON), at most `MAX_VIOLATIONS`."""
    validator = _compile(name, schema)
    if validator.is_valid(content):
        return []
    found: list[Violation] = []
    for error in validator.iter_errors(content):
        found += _describe(error, schema)
        if len(found) >= MAX_VIOLATIONS:
            break
    return sorted(set(found[:MAX_VIOLATIONS]), key=lambda one: (one.pointer, one.rule))


def field_check(name: str, schema: bytes) -> Callable[[str, JsonValue], bool] | None:
    """Return what tells of one field alone whether the checked `schema` (JSON) takes its value.

    Content is valid where each of its fields is, and all that the schema requires are there. None
    for a schema that judges fields by each other, or might.
    """
    whole = json.loads(schema)
    if not whole.keys() <= _EACH_FIELD or not _refers_to_definitions(whole):
        return None
    validator = _compile(
        name, canonicalize({key: part for key, part in whole.items() if key != "required"})
    )
    return lambda field, value: validator.is_valid({field: value})


def required_fields(schema: bytes) -> frozenset[str]:
    """Return the names that the checked `schema` (JSON) requires of all content."""
    return frozenset(json.loads(schema).get("required", ()))


def _refers_to_definitions(part: Any) -> bool:
    """Whether no reference leads to the whole schema, or into it but to `$defs`."""
    if isinstance(part, list):
        return all(map(_refers_to_definitions, part))
    if not isinstance(part, dict):
        return True
    reference = part.get("$ref", "#/$defs/")
    if not isinstance(reference, str) or not reference.startswith("#/$defs/"):
        return False
    return all(map(_refers_to_definitions, part.values()))


def _check_subschema(name: str, schema: JsonValue, path: Path) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        raise InvalidSchemaError(name, pointer_of(path), "a schema", "another value")
    for keyword, value in schema.items():
        place = (*path, keyword)
        if keyword in _SUBSCHEMA:
            _check_subschema(name, value, place)
        elif keyword in _SUBSCHEMA_LISTS or keyword in _SUBSCHEMA_MAPS:
            for step, part in _parts(value):
                _check_subschema(name, part, (*place, step))
        elif keyword == "format" and value not in FORMATS:
            expected = "one of " + ", ".join(sorted(FORMATS))
            raise InvalidSchemaError(name, pointer_of(place), expected, "another format")
        elif keyword == "$ref" and not (isinstance(value, str) and value.startswith("#")):
            raise InvalidSchemaError(
                name, pointer_of(place), "a reference into the schema itself", "one elsewhere"
            )
        elif keyword not in _ASSERTIONS and keyword not in _ANNOTATIONS:
            raise InvalidSchemaError(
                name, pointer_of(place), "a keyword of the profile", "an unknown keyword"
            )


def _parts(value: JsonValue) -> Iterator[tuple[str | int, JsonValue]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
    # Anything else is for the meta-schema to refuse.


@lru_cache(maxsize=256)
def _compile(name: str, schema: bytes) -> jsonschema_rs.Draft202012Validator:
    try:
        jsonschema_rs.meta.validate(json.loads(schema))
        return jsonschema_rs.Draft202012Validator(
            json.loads(schema),
            validate_formats=True,
            formats={"decimal": is_decimal, "date-time": is_instant},
            # Nothing is fetched, and patterns take linear time whatever the content.
            offline=True,
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except jsonschema_rs.ValidationError as error:
        raise InvalidSchemaError(
            name,
            pointer_of(tuple(error.instance_path)),
            "draft 2020-12, references that lead somewhere, patterns of linear time",
            f"refused by {error.kind.name}",
        ) from None
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        raise InvalidSchemaError(
            name, "", "references that lead somewhere", f"refused: {error}"
        ) from None


def _describe(error: Any, schema: bytes) -> Iterator[Violation]:
    pointer = pointer_of(tuple(error.instance_path))
    rule = error.kind.name
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.Required(property=missing):
            yield Violation(f"{pointer}{pointer_of((missing,))}", rule)
        case (
            jsonschema_rs.ValidationErrorKind.AdditionalProperties(unexpected=names)
            | jsonschema_rs.ValidationErrorKind.UnevaluatedProperties(unexpected=names)
        ):
            for unexpected in names:
                yield Violation(f"{pointer}{pointer_of((unexpected,))}", rule)
        case _:
            yield Violation(pointer, rule + _limit(schema, error.schema_path))


def _limit(schema: bytes, path: list[str | int]) -> str:
    """Return what the broken rule asks for, where that is one public scalar of the schema."""
    part = json.loads(schema)
    for step in path:
        try:
            part = part[step]
        except (KeyError, IndexError, TypeError):
            return ""  # the path leads through a reference
    return f" {part}" if isinstance(part, str | int) and not isinstance(part, bool) else ""


def property_schema(schema: Mapping[str, JsonValue], field: str) -> JsonValue:
    """Return the schema of top-level `field`; raise `InvalidInputError` if it is not declared."""
    properties = schema.get("properties")
    if not isinstance(properties, dict) or field not in properties:
        raise InvalidInputError(f"field {field!r}", "a property of the schema", "not one")
    return properties[field]
