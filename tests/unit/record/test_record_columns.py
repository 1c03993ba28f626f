# SPDX-License-Identifier: Apache-2.0
"""Content in columns becomes what the same content does row by row, and the same is refused."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.record.bulk import FieldTexts
from muniment.record.canonical import JsonValue, canonicalize
from muniment.record.columns import ABSENT, RecordColumns, RowText
from muniment.record.identifiers import TypeId
from muniment.record.schema import DRAFT, field_check
from muniment.record.types import RecordType

_LOOSE: dict[str, JsonValue] = {"$schema": DRAFT, "type": "object"}
_STRICT: dict[str, JsonValue] = {
    **_LOOSE,
    "required": ["day", "kind"],
    "properties": {
        "day": {"type": "string", "format": "date"},
        "kind": {"enum": ["a", "b", 1, True, None]},
        "count": {"type": "integer", "minimum": 0},
        "parts": {"$ref": "#/$defs/parts"},
        "note": {"type": ["string", "null"], "maxLength": 3},
    },
    "$defs": {"parts": {"type": "array", "items": {"type": "integer"}}},
    "additionalProperties": False,
}
_nfc = st.text(st.characters(exclude_categories=["Cs"]), max_size=5).map(
    lambda text: unicodedata.normalize("NFC", text)
)
_cells = st.one_of(
    st.just(ABSENT),
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.just(2**53),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from(
        ["a", "b", "2026-11-28", "2026-02-30", "\ud800", "e\u0301", "\u00e9", '"\\\x1f']
    ),
    st.lists(st.integers(0, 1), max_size=2),
    st.dictionaries(_nfc, st.integers(0, 1), max_size=2),
)
_names = st.one_of(
    st.sampled_from(sorted(["day", "kind", "count", "parts", "note"])),
    _nfc,
    st.sampled_from(["\U00010000", "\ufb00", "e\u0301"]),
)


def _type(schema: dict[str, JsonValue]) -> RecordType:
    return RecordType.define("t", TypeId(1), 1, schema)


def _plain(record_type: RecordType, content: dict[str, Any]) -> RowText | None:
    try:
        texts = FieldTexts(content)
        record_type.check(content)
        return texts.fields(), texts.canonical().encode()
    except InvalidInputError:
        return None


@st.composite
def _batches(draw: st.DrawFn) -> list[tuple[dict[str, list[Any]], int]]:
    """Batches of some rows over columns that mostly come again."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        rows = draw(st.integers(1, 4))
        of = st.lists(_cells, min_size=rows, max_size=rows)
        found.append((draw(st.dictionaries(_names, of, max_size=6)), rows))
    return found


@given(_batches(), st.sampled_from([_LOOSE, _STRICT]))
@example(
    [({"day": ["2026-11-28"], "kind": [True]}, 1), ({"day": ["2026-11-28"], "kind": [1]}, 1)],
    _STRICT,
)
@example([({"day": ["2026-11-28"] * 2, "kind": ["a", 0], "count": [1, True]}, 2)], _STRICT)
@example([({"day": ["2026-11-28"] * 2, "kind": ["a", "b"], "count": [1, ABSENT]}, 2)], _STRICT)
def test_rows__as_one_by_one(
    batches: list[tuple[dict[str, list[Any]], int]], schema: dict[str, JsonValue]
) -> None:
    record_type = _type(schema)
    columns = RecordColumns(record_type)
    for batch, count in batches:
        rows = list(columns.rows(batch, count))
        assert len(rows) == count
        for place, row in enumerate(rows):
            content = {name: cells[place] for name, cells in batch.items()}
            plain = _plain(record_type, {n: c for n, c in content.items() if c is not ABSENT})
            if row is not None:
                assert plain is not None
                assert (list(row[0]), row[1]) == (list(plain[0]), plain[1])
            elif batch and max(map(max, filter(None, batch)), default="") <= "\uffff":
                # What is plain and told nothing of is refused.
                assert plain is None


def test_values_that_come_again__are_those_of_their_type() -> None:
    columns = RecordColumns(_type(_LOOSE))
    for cells, texts in (
        ([1, 0], ["1", "0"]),
        ([True, False], ["true", "false"]),
        ([True, 1], ["true", "1"]),
        (["1", "x" * 300], ['"1"', f'"{"x" * 300}"']),
        ([1, "1"], ["1", '"1"']),
    ):
        rows = list(columns.rows({"f": cells}, len(cells)))
        assert [row[1].decode() for row in rows if row] == [f'{{"f":{text}}}' for text in texts]


def test_more_values_than_are_kept() -> None:
    columns = RecordColumns(_type(_LOOSE))
    for _ in range(2):
        numbers = list(range(10_000))
        rows = columns.rows({"f": numbers}, len(numbers))
        assert [row and row[1] for row in rows] == [b'{"f":%d}' % each for each in numbers]


@pytest.mark.parametrize(
    "extra",
    [
        {"minProperties": 2},
        {"maxProperties": 1},
        {"dependentRequired": {"a": ["b"]}},
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {"not": {"required": ["a", "b"]}},
        {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {"enum": [{"a": 1}]},
        {"properties": {"a": {"$ref": "#"}}, "required": ["b"]},
        {"properties": {"a": {"$ref": "#/properties/b"}, "b": {"type": "integer"}}},
    ],
)
def test_fields_that_are_judged_by_each_other__are_not_told_alone(extra: dict[str, Any]) -> None:
    record_type = _type({**_LOOSE, **extra})
    assert field_check(record_type.name, record_type.schema) is None
    assert list(RecordColumns(record_type).rows({"a": [1, 2]}, 2)) == [None, None]


@given(
    st.dictionaries(
        st.sampled_from(["a", "ab", "b", "day", "count"]),
        _cells.filter(lambda c: c is not ABSENT),
        max_size=4,
    )
)
def test_field_check__together_is_the_whole_schema(content: dict[str, Any]) -> None:
    schema: dict[str, JsonValue] = {
        **_LOOSE,
        "properties": _STRICT["properties"],
        "$defs": _STRICT["$defs"],
        "patternProperties": {"^a": {"type": "integer"}},
        "additionalProperties": {"type": "string"},
        "propertyNames": {"maxLength": 5},
    }
    record_type = _type(schema)
    check = field_check("t", record_type.schema)
    assert check is not None
    try:
        canonicalize(content)
    except InvalidInputError:
        return
    each = all(check(name, value) for name, value in content.items())
    try:
        record_type.check(json.loads(json.dumps(content)))
    except InvalidInputError:
        assert not each
    else:
        assert each
