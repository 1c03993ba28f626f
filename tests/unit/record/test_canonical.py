# SPDX-License-Identifier: Apache-2.0
"""One value, one spelling: RFC 8785 over the strict profile."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import unicodedata
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidJsonError, MunimentError
from muniment.record.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    JsonValue,
    canonical_text,
    canonicalize,
    parse,
    parse_canonical,
    pointer_of,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "rfc8785.json").read_text(encoding="utf-8")
)

# Code points of the profile; the second part is where UTF-16 order and code point order differ.
_texts = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from('\ue000\uffff\U00010000\U0010ffff\x00\x1f"\\\u2028é'),
    ),
    max_size=12,
).map(lambda text: unicodedata.normalize("NFC", text))
values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_rfc_layer__published_case__gives_published_bytes(case: dict[str, str]) -> None:
    assert rfc8785.dumps(json.loads(case["input"])).hex() == case["output_hex"]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_parse__published_case__is_canonical_or_refused_for_its_reason(
    case: dict[str, str],
) -> None:
    # U+FB33 in "weird" has no composed form in NFC.
    refused = {
        "structures": ("/1/\n", "fraction"),
        "unicode": ("/Unnormalized Unicode", "not normalized"),
        "values": ("/numbers/0", "fraction"),
        "weird": ("", "not normalized"),
    }
    if case["name"] not in refused:
        assert canonicalize(parse(case["input"])).hex() == case["output_hex"]
        return
    pointer, got = refused[case["name"]]
    with pytest.raises(InvalidJsonError) as caught:
        parse(case["input"])
    assert caught.value.pointer == pointer
    assert got in caught.value.got


@given(values)
def test_canonicalize__any_value__is_what_the_rfc_library_writes(value: JsonValue) -> None:
    assert canonicalize(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(values)
def test_parse__canonical_bytes__gives_the_value_back(value: JsonValue) -> None:
    assert parse(canonicalize(value)) == value
    assert canonicalize(parse_canonical(canonicalize(value))) == canonicalize(value)


@given(values)
def test_canonicalize__scalar_inside_a_list__has_the_bytes_it_has_alone(value: JsonValue) -> None:
    assert canonicalize([value]) == b"[" + canonicalize(value) + b"]"


@given(values, values)
def test_canonicalize__different_values__have_different_bytes(
    one: JsonValue, other: JsonValue
) -> None:
    # repr tells True from 1, which == does not; dicts are compared in one order.
    def shown(value: JsonValue) -> str:
        return repr(json.loads(json.dumps(value, sort_keys=True)))

    assert (canonicalize(one) == canonicalize(other)) == (shown(one) == shown(other))


def test_canonicalize__lookalikes__all_differ() -> None:
    lookalikes: list[JsonValue] = [1, "1", True, None, "null", "true", 0, False, "", [], {}, [1]]
    assert len({canonicalize(value) for value in lookalikes}) == len(lookalikes)
    assert canonicalize({"a": None}) != canonicalize({})


REFUSED_TEXT = [
    ('{"a":1,"a":1}', "/a", "more than once"),
    ('{"a":[{"b":1,"\\u0062":2}]}', "/a/0/b", "more than once"),
    ('{"a":1.0}', "/a", "fraction or exponent"),
    ('{"a":1e3}', "/a", "fraction or exponent"),
    ('{"a":[0,1E0]}', "/a/1", "fraction or exponent"),
    ('{"a":-0.0}', "/a", "fraction or exponent"),
    ('{"a":-0}', "/a", "negative zero"),
    ('{"a":NaN}', "/a", "NaN or Infinity"),
    ("[-Infinity]", "/0", "NaN or Infinity"),
    ('{"a":9007199254740992}', "/a", "greater integer"),
    ('{"a":-9007199254740992}', "/a", "greater integer"),
    ('{"a":' + "9" * 100_000 + "}", "/a", "greater integer"),
    ('{"a":"\\ud800"}', "/a", "lone surrogate"),
    ('{"a":"\\ude00\\ud83d"}', "/a", "lone surrogate"),
    ('{"x":{"\\udfff":1}}', "/x", "lone surrogate"),
    ('{"a":"e\\u0301"}', "/a", "not normalized"),
    ('{"x":{"e\\u0301":1}}', "/x", "not normalized"),
    ('{"a/b":{"c~d":1.5}}', "/a~1b/c~0d", "fraction"),
    ("\ufeff{}", "", "begins with it"),
    ("", "", "not JSON at line 1, column 1"),
    ("{} {}", "", "not JSON"),
    ('{"a":01}', "", "not JSON"),
    ("{'a':1}", "", "not JSON"),
    ('{"a":"\t"}', "", "not JSON"),
    ('{"a":1,}', "", "not JSON"),
    ("[" * 65 + "]" * 65, "/0" * 64, "nested too deeply"),
    ("[" * 100_000, "", "nested too deeply"),
    ('{"a":' * 100_000, "", "nested too deeply"),
]


@pytest.mark.parametrize(("source", "pointer", "got"), REFUSED_TEXT, ids=range(len(REFUSED_TEXT)))
def test_parse__outside_the_profile__names_the_place(source: str, pointer: str, got: str) -> None:
    with pytest.raises(InvalidJsonError) as caught:
        parse(source)
    assert caught.value.pointer == pointer
    assert got in caught.value.got
    caught.value.diagnostics().encode("utf-8")  # printable even where names hold surrogates


@pytest.mark.parametrize("source", [b"\xff", b'"\xc3"', b'"\xed\xa0\x80"', '"é"'.encode("utf-16")])
def test_parse__bytes_that_are_not_utf_8__are_refused(source: bytes) -> None:
    with pytest.raises(InvalidJsonError, match="UTF-8"):
        parse(source)


def test_parse__utf_8_with_byte_order_mark__is_refused() -> None:
    with pytest.raises(InvalidJsonError, match="byte order mark"):
        parse(b'\xef\xbb\xbf{"a":1}')


def test_parse__spaces_and_escapes__are_taken_but_not_canonical() -> None:
    source = b' { "a" : "\\u0062" } '
    assert parse(source) == {"a": "b"}
    with pytest.raises(InvalidJsonError, match="canonical bytes"):
        parse_canonical(source)


@given(st.binary(max_size=40) | st.text(max_size=40))
def test_parse__anything__returns_or_raises_its_own_error(source: bytes | str) -> None:
    try:
        value = parse(source)
    except MunimentError:
        return
    canonicalize(value)


class _Text(str):
    __slots__ = ()


REFUSED_VALUES = [
    ({"a": 1.0}, "/a", "float"),
    ({"a": float("nan")}, "/a", "float"),
    ({"a": decimal.Decimal("1.5")}, "/a", "Decimal"),
    ({"a": dt.datetime(2026, 1, 1)}, "/a", "datetime"),  # noqa: DTZ001
    ({"a": dt.date(2026, 1, 1)}, "/a", "date"),
    ({"a": b"x"}, "/a", "bytes"),
    ({"a": (1,)}, "/a", "tuple"),
    ({"a": {1}}, "/a", "set"),
    ({"a": [0, object()]}, "/a/1", "object"),
    ({1: "a"}, "", "int"),
    ({"a": {None: 1}}, "/a", "NoneType"),
    ({"a": _Text("x")}, "/a", "_Text"),
    (2**53, "", "greater integer"),
    ([-(2**53)], "/0", "greater integer"),
    ("\ud800", "", "lone surrogate"),
    (["e\u0301"], "/0", "not normalized"),
    ({"e\u0301": 1}, "", "not normalized"),
]


@pytest.mark.parametrize(
    ("value", "pointer", "got"), REFUSED_VALUES, ids=range(len(REFUSED_VALUES))
)
def test_canonicalize__outside_the_profile__names_the_place(
    value: object, pointer: str, got: str
) -> None:
    with pytest.raises(InvalidJsonError) as caught:
        canonicalize(value)
    assert caught.value.pointer == pointer
    assert got in caught.value.got


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1.5, "decimals as strings"),
        (decimal.Decimal("1.5"), "str(value)"),
        (dt.date(2026, 1, 1), "isoformat"),
        (b"x", "hex"),
    ],
)
def test_canonicalize__value_of_python__is_told_what_to_use(value: object, hint: str) -> None:
    with pytest.raises(InvalidJsonError) as caught:
        canonicalize([value])
    assert hint in caught.value.remedy


def test_canonicalize__deepest_value_allowed__passes_and_one_more_does_not() -> None:
    value: JsonValue = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    assert parse(canonicalize(value)) == value
    with pytest.raises(InvalidJsonError, match="nested too deeply"):
        canonicalize([value])


def test_canonicalize__endless_value__is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(InvalidJsonError, match="nested too deeply"):
        canonicalize(value)


def test_canonicalize__names_beyond_the_bmp__sort_by_utf_16() -> None:
    assert canonicalize({"\uffff": 1, "\U00010000": 2}) == '{"\U00010000":2,"\uffff":1}'.encode()
    inner = {"a": {"b": [{"\uffff": 1, "\U00010000": 2}], "c": 0}, "d": 0}
    assert canonicalize(inner) == rfc8785.dumps(inner)
    assert canonicalize(inner) == '{"a":{"b":[{"\U00010000":2,"\uffff":1}],"c":0},"d":0}'.encode()


def test_canonical_text__within_a_greater_value__names_the_place_from_there() -> None:
    with pytest.raises(InvalidJsonError) as caught:
        canonical_text([1.5], ("weight",))
    assert caught.value.pointer == "/weight/0"


def test_message__of_refused_text__withholds_the_value() -> None:
    with pytest.raises(InvalidJsonError) as caught:
        parse('{"name":"Jane Doe e\\u0301"}')
    assert "Jane" not in caught.value.diagnostics()


def test_pointer_of__escapes_as_rfc_6901_says() -> None:
    assert pointer_of(("a/b", 0, "c~d")) == "/a~1b/0/c~0d"
