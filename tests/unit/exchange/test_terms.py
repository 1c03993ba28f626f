# SPDX-License-Identifier: Apache-2.0
"""Terms of shares: strict, private, and never wider than what was asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.exchange.messages import GrantMessage, RequestMessage, SharedTerms
from muniment.exchange.terms import Terms

NAMES = ("airport", "birds", "cost", "date")
TEXTS = st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1).filter(str.strip)
SUBSETS = st.sets(st.sampled_from(NAMES), min_size=1)
TERMS = st.builds(
    lambda purpose, basis, fields, onward: Terms.of(
        purpose, basis, None if fields is None else sorted(fields), onward=onward
    ),
    TEXTS,
    TEXTS,
    st.none() | SUBSETS,
    st.booleans(),
)
SALTS = st.binary(min_size=32, max_size=32)


@given(TERMS, SALTS, st.none() | st.tuples(SALTS, SALTS))
def test_messages__come_out_as_they_went_in(
    terms: Terms, salt: bytes, record: tuple[bytes, bytes] | None
) -> None:
    shared = SharedTerms(terms, salt)
    request = RequestMessage(shared, *(record or (None, None)))
    assert RequestMessage.from_bytes(request.to_bytes()) == request
    grant = GrantMessage(bytes(32), shared)
    assert GrantMessage.from_bytes(grant.to_bytes()) == grant
    assert (request.scope == bytes(32)) == (record is None)


@given(TERMS, TERMS, SALTS, SALTS)
def test_commitment__binds_terms_and_salt(
    one: Terms, other: Terms, salt: bytes, another: bytes
) -> None:
    same = (one, salt) == (other, another)
    assert (one.commitment(salt) == other.commitment(another)) == same


@given(TERMS, TERMS)
def test_narrower_terms__let_nothing_more_go(narrow: Terms, wide: Terms) -> None:
    names = list(NAMES)
    if narrow.is_within(wide):
        assert set(narrow.granted(names)) <= set(wide.granted(names))
        assert wide.onward or not narrow.onward
    else:
        more = set(narrow.granted([*names, "unheard-of"])) - set(
            wide.granted([*names, "unheard-of"])
        )
        assert more or (narrow.onward and not wide.onward)


@pytest.mark.parametrize("fields", [(), ("b", "a"), ("a", "a"), ("",)])
def test_fields__that_are_no_set_in_order__are_refused(fields: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError, match="fields"):
        Terms("purpose", "basis", fields, onward=False)


@pytest.mark.parametrize("text", ["", "  ", "x" * 4097])
def test_purpose_and_basis__must_say_something(text: str) -> None:
    with pytest.raises(InvalidInputError, match="purpose"):
        Terms.of(text, "basis", None)
    with pytest.raises(InvalidInputError, match="legal basis"):
        Terms.of("purpose", text, None)
