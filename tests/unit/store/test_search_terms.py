# SPDX-License-Identifier: Apache-2.0
"""Search terms find what a person means by "the same", and nothing across fields or agencies."""

from __future__ import annotations

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.record.identifiers import TypeId
from muniment.store.search_terms import normalize, search_term

KEY = b"k" * 32
TYPE = TypeId(3)
text = st.text(st.characters(exclude_categories=["Cs"]))


def test_term__is_what_the_documents_say() -> None:
    message = b'muniment/search-term/v1\x00\x00\x03["airport","jfk new york"]'
    wanted = hmac.digest(KEY, message, "sha256")
    assert search_term(KEY, TYPE, "airport", " JFK\tNew  York\n") == wanted


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("José", "Jose\u0301"),
        ("ﬁle", "FILE"),
        ("２０２６", "2026"),
        ("a\u00a0b", " a  b "),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("İstanbul", "i\u0307stanbul"),
    ],
)
def test_spellings__that_are_the_same(one: str, other: str) -> None:
    assert search_term(KEY, TYPE, "f", one) == search_term(KEY, TYPE, "f", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José", "Jose"),
        ("1", 1),
        ("true", True),
        (1, True),
        ("", None),
        ("ab", "a b"),
        ([1, 2], [2, 1]),
    ],
)
def test_values__that_differ(one: Any, other: Any) -> None:
    assert search_term(KEY, TYPE, "f", one) != search_term(KEY, TYPE, "f", other)


def test_equal_values__of_other_keys_types_and_fields_have_nothing_in_common() -> None:
    terms = {
        search_term(KEY, TYPE, "f", "x"),
        search_term(b"l" * 32, TYPE, "f", "x"),
        search_term(KEY, TypeId(4), "f", "x"),
        search_term(KEY, TYPE, "g", "x"),
    }
    assert len(terms) == 4


def test_objects__are_the_same_in_any_order() -> None:
    assert search_term(KEY, TYPE, "f", {"a": 1, "b": [2]}) == search_term(
        KEY, TYPE, "f", {"b": [2], "a": 1}
    )


@given(text)
def test_normalize__twice_is_once(value: str) -> None:
    once = normalize(value)
    assert normalize(once) == once


@given(text)
def test_normalize__capitals_make_no_difference(value: str) -> None:
    assert normalize(value.casefold()) == normalize(value)


@given(text)
def test_every_text__has_a_term(value: str) -> None:
    assert len(search_term(KEY, TYPE, "field", value)) == 32


@pytest.mark.parametrize(
    ("key", "type_id", "field", "value"),
    [
        (b"short", TYPE, "f", "x"),
        (KEY, 0, "f", "x"),
        (KEY, TYPE, "", "x"),
        (KEY, TYPE, 3, "x"),
        (KEY, TYPE, "f", 1.5),
        (KEY, TYPE, "f", "\ud800"),
        (KEY, TYPE, "f", 1 << 60),
    ],
)
def test_what_has_no_term(key: bytes, type_id: Any, field: Any, value: Any) -> None:
    with pytest.raises(InvalidInputError):
        search_term(key, type_id, field, value)
