# SPDX-License-Identifier: Apache-2.0
"""A record type's schema is refused where it would only look like a check, and checks hard."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import (
    InvalidContentError,
    InvalidInputError,
    InvalidJsonError,
    InvalidSchemaError,
    Violation,
)
from muniment.record import (
    FILE_SCHEMA,
    RETAIN_FOREVER,
    AgencyId,
    FileValue,
    RecordId,
    RecordType,
    Sharing,
    TypeId,
    canonicalize,
    schema,
)
from muniment.record.schema import DRAFT, MAX_VIOLATIONS, is_decimal, is_instant

SCHEMA: dict[str, Any] = {
    "$schema": DRAFT,
    "type": "object",
    "properties": {
        "airport": {"type": "string", "maxLength": 4},
        "date": {"type": "string", "format": "date"},
        "reported": {"type": "string", "format": "date-time"},
        "cost": {"type": "string", "format": "decimal"},
        "birds": {"$ref": "#/$defs/count"},
        "photo": {"$ref": "#/$defs/file"},
        "attachment": {"$ref": "#/$defs/file"},
    },
    "required": ["airport"],
    "additionalProperties": False,
    "$defs": {"count": {"type": "integer", "minimum": 0}, "file": dict(FILE_SCHEMA)},
}
STRIKE = RecordType.define(
    "wildlife-strike",
    TypeId(1),
    1,
    SCHEMA,
    retention_days=3650,
    sharing=Sharing.OPEN,
    searchable=["date", "airport"],
)
PHOTO = FileValue(b"\x05" * 32, 4, "image/png").to_json()


def with_property(schema: Any) -> RecordType:
    whole = {"$schema": DRAFT, "type": "object", "properties": {"x": schema}}
    return RecordType.define("t", TypeId(1), 1, whole)


def test_define__type__keeps_canonical_schema_and_its_plain_digest() -> None:
    assert STRIKE.schema == canonicalize(SCHEMA)
    assert STRIKE.schema_digest == hashlib.sha256(canonicalize(SCHEMA)).digest()
    assert STRIKE.searchable == ("airport", "date")
    assert STRIKE.file_fields == ("attachment", "photo")
    header = STRIKE.header(RecordId(b"\x01" * 32), AgencyId(7), 2)
    assert (header.type_id, header.schema_digest, header.version) == (1, STRIKE.schema_digest, 2)


def test_sharing__is_numbered_as_in_the_contract() -> None:
    assert [(sharing.name, sharing.value) for sharing in Sharing] == [
        ("OPEN", 0),
        ("CONDITIONAL", 1),
        ("CLOSED", 2),
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"airport": "JFK"},
        {"airport": "JFK", "date": "1990-01-08", "reported": "1990-01-08T23:59:59.5Z"},
        {"airport": "", "cost": "-12.50", "birds": 0, "photo": PHOTO},
    ],
    ids=range(3),
)
def test_check__content_that_matches__passes(content: dict[str, Any]) -> None:
    STRIKE.check(content)


@pytest.mark.parametrize(
    ("content", "violation"),
    [
        ({}, Violation("/airport", "required")),
        ({"airport": 1}, Violation("/airport", "type string")),
        ({"airport": None}, Violation("/airport", "type string")),
        ({"airport": "KJFKX"}, Violation("/airport", "maxLength 4")),
        ({"airport": "J", "date": "1990-02-30"}, Violation("/date", "format date")),
        (
            {"airport": "J", "reported": "1990-01-08T00:00:00+08:00"},
            Violation("/reported", "format date-time"),
        ),
        ({"airport": "J", "cost": "1e3"}, Violation("/cost", "format decimal")),
        ({"airport": "J", "birds": -1}, Violation("/birds", "minimum 0")),
        ({"airport": "J", "birds": True}, Violation("/birds", "type integer")),
        ({"airport": "J", "birds": "1"}, Violation("/birds", "type integer")),
        ({"airport": "J", "a/b": 1}, Violation("/a~1b", "additionalProperties")),
        (
            {"airport": "J", "photo": PHOTO | {"x": 1}},
            Violation("/photo/x", "additionalProperties"),
        ),
        (
            {"airport": "J", "photo": PHOTO | {"length": -1}},
            Violation("/photo/length", "minimum 0"),
        ),
    ],
    ids=range(13),
)
def test_check__content_that_breaks_a_rule__names_field_and_rule(
    content: dict[str, Any], violation: Violation
) -> None:
    with pytest.raises(InvalidContentError) as caught:
        STRIKE.check(content)
    assert len(caught.value.violations) == 1
    found = caught.value.violations[0]
    assert found.pointer == violation.pointer
    assert violation.rule.startswith(found.rule)
    if "birds" not in content and "photo" not in content:
        # Behind a reference the limit is left out.
        assert found == violation


def test_check__several_rules_broken__names_them_all_and_withholds_values() -> None:
    with pytest.raises(InvalidContentError) as caught:
        STRIKE.check({"airport": "Jane Doe", "cost": "Jane Doe", "date": "Jane Doe"})
    assert [one.pointer for one in caught.value.violations] == ["/airport", "/cost", "/date"]
    assert "Jane" not in caught.value.diagnostics() + repr(vars(caught.value))
    assert "wildlife-strike" in caught.value.expected


def test_check__hundreds_of_violations__tells_the_first_twenty() -> None:
    with pytest.raises(InvalidContentError) as caught:
        STRIKE.check({f"unknown{place}": 0 for place in range(300)})
    assert len(caught.value.violations) == MAX_VIOLATIONS


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"enum": [1]}, 1, True),
        ({"const": 0}, 0, False),
        ({"const": "1"}, "1", 1),
        ({"const": [False]}, [False], [0]),
        ({"type": "integer"}, 1, True),
        ({"type": "boolean"}, True, 1),
        ({"uniqueItems": True}, [1, True, "1", None], [1, 1]),
        ({"uniqueItems": True}, [{"a": 1}, {"a": True}], [{"a": 1}, {"a": 1}]),
        ({"prefixItems": [{"type": "string"}], "items": False}, ["a"], ["a", 1]),
        ({"unevaluatedProperties": False}, {}, {"a": 1}),
        ({"type": "string", "pattern": "^[0-9]+$"}, "12", "12\n"),
        ({"type": "string", "maxLength": 1}, "\U0001f600", "ab"),
        ({"format": "uuid"}, "2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2eb8aa08"),
        ({"format": "uri"}, "https://example.org/a", "example"),
    ],
    ids=range(14),
)
def test_check__values_that_look_alike__are_told_apart(schema: Any, good: Any, bad: Any) -> None:
    record_type = with_property(schema)
    record_type.check({"x": good})
    with pytest.raises(InvalidContentError):
        record_type.check({"x": bad})


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema"),
        ({"$schema": None}, "/$schema"),
        ({"type": "array"}, "/type"),
        ({"requried": ["x"]}, "/requried"),
        ({"$id": "https://example.org/x"}, "/$id"),
        ({"properties": {"x": {"format": "ipv4"}}}, "/properties/x/format"),
        ({"properties": {"x": {"format": "datetime"}}}, "/properties/x/format"),
        ({"properties": {"x": {"$ref": "https://example.org/x"}}}, "/properties/x/$ref"),
        ({"properties": {"x": {"$ref": "other.json"}}}, "/properties/x/$ref"),
        ({"properties": {"x": {"$dynamicRef": "#x"}}}, "/properties/x/$dynamicRef"),
        ({"properties": {"x": {"type": "strin"}}}, "/properties/x/type"),
        ({"properties": {"x": {"minimum": "1"}}}, "/properties/x/minimum"),
        ({"properties": {"x": {"pattern": "(a"}}}, "/properties/x/pattern"),
        ({"properties": {"x": {"pattern": "(?=a)"}}}, "/properties/x/pattern"),
        ({"properties": {"x": 1}}, "/properties/x"),
        ({"properties": [1]}, "/properties/0"),
        ({"properties": 1}, "/properties"),
        ({"allOf": [{"items": {"formt": "date"}}]}, "/allOf/0/items/formt"),
        ({"properties": {"x": {"$ref": "#/$defs/none"}}}, ""),
    ],
    ids=str,
)
def test_define__schema_that_would_not_check__names_the_place(
    change: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidSchemaError) as caught:
        RecordType.define("deed", TypeId(1), 1, {"$schema": DRAFT, "type": "object"} | change)
    assert caught.value.pointer == pointer
    assert caught.value.record_type == "deed"


def test_decision_record__lists_every_keyword_that_is_taken() -> None:
    page = Path(__file__).parents[3] / "docs" / "adr" / "0002-json-schema-validator.md"
    sentence = page.read_text(encoding="utf-8").split("other than these are refused: `")[1]
    listed = sentence.split("`")[0].split()
    taken = schema._SUBSCHEMA | schema._SUBSCHEMA_LISTS | schema._SUBSCHEMA_MAPS
    taken |= schema._ASSERTIONS | schema._ANNOTATIONS
    assert len(listed) == len(set(listed))
    assert set(listed) == taken


def test_define__properties_named_like_keywords__are_properties() -> None:
    names = ["format", "$ref", "requried", "properties", "$id"]
    whole = {
        "$schema": DRAFT,
        "type": "object",
        "properties": {name: {"type": "integer"} for name in names},
    }
    record_type = RecordType.define("t", TypeId(1), 1, whole)
    record_type.check(dict.fromkeys(names, 1))
    with pytest.raises(InvalidContentError):
        record_type.check(dict.fromkeys(names, "1"))


def test_define__schema_with_a_fraction__is_outside_the_profile() -> None:
    with pytest.raises(InvalidJsonError) as caught:
        with_property({"minimum": 0.5})
    assert caught.value.pointer == "/properties/x/minimum"


def test_check__hostile_pattern_and_content__takes_linear_time() -> None:
    # A backtracking engine would take 2**40 steps here.
    record_type = with_property({"pattern": "^(a+)+$"})
    with pytest.raises(InvalidContentError):
        record_type.check({"x": "a" * 40_000 + "b"})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "record type name"),
        ({"name": "é" * 33}, "record type name"),
        ({"name": 7}, "record type name"),
        ({"type_id": 0}, "type id"),
        ({"type_id": 2**16}, "type id"),
        ({"version": 0}, "type version"),
        ({"version": 4096}, "type version"),
        ({"retention_days": -1}, "retention days"),
        ({"retention_days": RETAIN_FOREVER + 1}, "retention days"),
        ({"sharing": 1}, "sharing"),
        ({"searchable": ("nme",)}, "field 'nme'"),
        ({"searchable": ("photo",)}, "searchable field 'photo'"),
    ],
    ids=str,
)
def test_record_type__value_out_of_range__is_named(change: dict[str, Any], field: str) -> None:
    values: dict[str, Any] = {
        "name": "strike",
        "type_id": 1,
        "version": 1,
        "schema": STRIKE.schema,
        "retention_days": 1,
        "sharing": Sharing.OPEN,
    }
    with pytest.raises(InvalidInputError) as caught:
        RecordType(**values | change)
    assert caught.value.field == field


def test_record_type__schema_bytes_that_are_not_canonical__are_refused() -> None:
    with pytest.raises(InvalidJsonError, match="canonical bytes"):
        RecordType("t", TypeId(1), 1, STRIKE.schema + b"\n", 1, Sharing.OPEN)


def test_define__file_reference_to_another_schema__is_refused() -> None:
    schema = SCHEMA | {"$defs": SCHEMA["$defs"] | {"file": {"type": "object"}}}
    with pytest.raises(InvalidSchemaError, match="/\\$defs/file"):
        RecordType.define("t", TypeId(1), 1, schema)


def test_file_schema__takes_what_file_values_write() -> None:
    validator = jsonschema_rs.Draft202012Validator(dict(FILE_SCHEMA))
    assert validator.is_valid(PHOTO)
    assert not validator.is_valid(PHOTO | {"mediaType": "Image/PNG"})
    assert not validator.is_valid(PHOTO | {"digest": "ab" * 32})


@pytest.mark.parametrize("text", ["0", "-1", "12.50", "0.00", "-0.01", "9" * 50])
def test_is_decimal__decimals__are_taken(text: str) -> None:
    assert is_decimal(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "+1", "01", "1.", ".5", "1e3", "-0", "-0.00", "1,5", " 1", "1\n", "١", "NaN", "0x1"],
)
def test_is_decimal__other_texts__are_refused(text: str) -> None:
    assert not is_decimal(text)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_is_decimal__what_python_writes_in_plain_notation__is_taken(value: Any) -> None:
    text = format(value, "f")
    assert is_decimal(text) or not value


@pytest.mark.parametrize(
    "text", ["2026-11-22T22:40:07Z", "2024-02-29T00:00:00Z", "1990-01-08T23:59:59.123456789Z"]
)
def test_is_instant__instants_in_utc__are_taken(text: str) -> None:
    assert is_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T22:40:07+00:00",
        "2026-11-22T22:40:07",
        "2026-11-22t22:40:07z",
        "2026-11-22 22:40:07Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T22:60:00Z",
        "2016-12-31T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-22T22:40Z",
        "2026-11-22T22:40:07.Z",
        "2026-11-22T22:40:07Z\n",
        "٢٠٢٦-11-22T22:40:07Z",
        "",
    ],
)
def test_is_instant__other_texts__are_refused(text: str) -> None:
    assert not is_instant(text)
