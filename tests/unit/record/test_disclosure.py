# SPDX-License-Identifier: Apache-2.0
"""A disclosure proves what it shows and nothing else gets through."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import (
    AlgorithmUnavailableError,
    CommitmentMismatchError,
    DisclosureError,
    InvalidInputError,
    MunimentError,
)
from muniment.record import (
    SM3,
    AgencyId,
    Commitment,
    Digest,
    DisclosedField,
    Disclosure,
    JsonValue,
    RecordHeader,
    RecordId,
    Salt,
    Secret,
    TypeId,
    available_algorithms,
    canonicalize,
    commit,
    digest_list,
    disclose,
    rebuild,
    verify,
)
from muniment.record.commitment import commit_digests, digest_field

HEADER = RecordHeader(RecordId(b"\x01" * 32), AgencyId(7), TypeId(3), b"\x02" * 32, 1)
SECRET = Secret(b"\x03" * 32)
CONTENT: dict[str, JsonValue] = {
    "airport": "JFK",
    "birds": 2,
    "cost": None,
    "date": "1990-01-08",
    "parts": {"engine": ["1", 1, True]},
}
COMMITMENT = commit(HEADER, CONTENT, SECRET)
SHOWN = disclose(CONTENT, SECRET, ["date", "airport"])


def forged(fields: list[tuple[str, bytes]], count: int = 8) -> tuple[Disclosure, Commitment]:
    """A list made by a dishonest agency over texts of its choice, with its right commitment."""
    digests = [digest_field(1, Salt(salt), text) for text, salt in fields]
    digests += [Digest(bytes([255, place]) * 16) for place in range(count - len(digests))]
    digests.sort()
    made = tuple(DisclosedField(text, Salt(salt)) for text, salt in fields)
    return Disclosure(made, tuple(digests)), commit_digests(HEADER, digests)


def flip(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")


@given(st.sets(st.sampled_from(sorted(CONTENT))))
def test_verify__any_fields_disclosed__gives_exactly_these(fields: set[str]) -> None:
    disclosure = disclose(CONTENT, SECRET, fields)
    values = verify(HEADER, disclosure, COMMITMENT)
    assert canonicalize(values) == canonicalize({name: CONTENT[name] for name in fields})


def test_disclosure__shows_nothing_of_what_is_not_disclosed() -> None:
    source = SHOWN.to_json().decode()
    for hidden in ("birds", "cost", "parts", "engine"):
        assert hidden not in source
    assert SECRET.hex() not in source


@given(st.sets(st.sampled_from(sorted(CONTENT))))
def test_json__read_back__is_the_same_and_its_own_canonical_bytes(fields: set[str]) -> None:
    disclosure = disclose(CONTENT, SECRET, fields)
    source = disclosure.to_json()
    assert canonicalize(json.loads(source)) == source
    assert Disclosure.from_json(source) == disclosure


@pytest.mark.skipif(SM3 not in available_algorithms(), reason="this OpenSSL has no SM3")
def test_verify__sm3__holds_and_never_under_another_algorithm() -> None:
    header = replace(HEADER, algorithm=SM3)
    disclosure = disclose(CONTENT, SECRET, ["birds"], algorithm=SM3)
    commitment = commit(header, CONTENT, SECRET)
    assert verify(header, disclosure, commitment) == {"birds": 2}
    with pytest.raises(CommitmentMismatchError):
        verify(HEADER, disclosure, commitment)


def test_disclose__unknown_field__is_named() -> None:
    with pytest.raises(InvalidInputError, match="airprot"):
        disclose(CONTENT, SECRET, ["airprot"])


@pytest.mark.parametrize("fields", [[1], [None, "date"], [("date",)]])
def test_disclose__names_that_are_no_text__are_refused(fields: Any) -> None:
    with pytest.raises(InvalidInputError, match="fields"):
        disclose(CONTENT, SECRET, fields)


def test_disclose__one_text_instead_of_a_list__is_refused() -> None:
    with pytest.raises(InvalidInputError, match="one text"):
        disclose(CONTENT, SECRET, "date")


class TestRebuild:
    def test_rebuild__whole_content__gives_the_list_with_its_decoys(self) -> None:
        complete = rebuild(HEADER, CONTENT, SECRET, COMMITMENT)
        assert complete.digests == digest_list(1, CONTENT, SECRET) == SHOWN.digests
        assert verify(HEADER, complete, COMMITMENT) == CONTENT

    def test_rebuild__one_field_kept_back__does_not_make_the_commitment(self) -> None:
        partial = {name: CONTENT[name] for name in CONTENT if name != "cost"}
        with pytest.raises(CommitmentMismatchError):
            rebuild(HEADER, partial, SECRET, COMMITMENT)

    def test_rebuild__field_in_the_place_of_a_decoy__does_not_make_the_commitment(self) -> None:
        with pytest.raises(CommitmentMismatchError):
            rebuild(HEADER, CONTENT | {"note": "x"}, SECRET, COMMITMENT)


class TestOneBit:
    @given(st.integers(0, 1), st.integers(0, 255))
    def test_verify__bit_of_a_salt_flipped__fails_at_step_6(self, field: int, bit: int) -> None:
        fields = list(SHOWN.fields)
        fields[field] = replace(fields[field], salt=Salt(flip(fields[field].salt, bit)))
        self._fails(6, replace(SHOWN, fields=tuple(fields)))

    @given(st.integers(0, 7), st.integers(0, 255))
    def test_verify__bit_of_a_digest_flipped__fails(self, place: int, bit: int) -> None:
        digests = list(SHOWN.digests)
        digests[place] = Digest(flip(digests[place], bit))
        with pytest.raises((DisclosureError, CommitmentMismatchError)):
            verify(HEADER, replace(SHOWN, digests=tuple(digests)), COMMITMENT)
        with pytest.raises(CommitmentMismatchError):
            verify(HEADER, replace(SHOWN, digests=tuple(sorted(digests))), COMMITMENT)

    @given(st.integers(0, 255))
    def test_verify__bit_of_the_commitment_flipped__fails(self, bit: int) -> None:
        with pytest.raises(CommitmentMismatchError):
            verify(HEADER, SHOWN, Commitment(flip(COMMITMENT, bit)))

    @given(st.integers(0, 7 * len(SHOWN.fields[0].text) - 1))
    def test_verify__bit_of_a_text_flipped__fails(self, bit: int) -> None:
        text = SHOWN.fields[0].text
        place, shift = divmod(bit, 7)
        changed = text[:place] + chr(ord(text[place]) ^ 1 << shift) + text[place + 1 :]
        fields = (replace(SHOWN.fields[0], text=changed), SHOWN.fields[1])
        with pytest.raises(DisclosureError) as caught:
            verify(HEADER, replace(SHOWN, fields=fields), COMMITMENT)
        assert caught.value.step in (4, 5, 6)

    @given(st.data())
    def test_from_json__bit_flipped__is_refused_or_does_not_verify(self, data: Any) -> None:
        source = bytearray(SHOWN.to_json())
        place = data.draw(st.integers(0, len(source) - 1))
        source[place] ^= 1 << data.draw(st.integers(0, 7))
        with pytest.raises(MunimentError):
            verify(HEADER, Disclosure.from_json(bytes(source)), COMMITMENT)

    @staticmethod
    def _fails(step: int, disclosure: Disclosure) -> None:
        with pytest.raises(DisclosureError) as caught:
            verify(HEADER, disclosure, COMMITMENT)
        assert caught.value.step == step


class TestDishonestAgency:
    """What verifies must have one meaning even where whoever committed is the attacker."""

    @pytest.mark.parametrize(
        "text",
        [
            '["a",1.0]',
            '["a",1e0]',
            '["a", 1]',
            '["a","\\u0062"]',
            '["a",{"c":1,"b":2}]',
            '["a",{"b":1,"b":1}]',
            '["a","e\u0301"]',
            '["e\u0301",1]',
            '["a",NaN]',
            '["a",9007199254740992]',
            '["a"]',
            '["a",1,2]',
            '{"a":1}',
            '[1,"a"]',
            '"a"',
            "",
            '["a","\ud800"]',
            '["a","\\ud800"]',
        ],
    )
    def test_verify__text_that_is_no_canonical_pair__fails_at_step_4(self, text: str) -> None:
        disclosure, commitment = SHOWN, COMMITMENT
        if "\ud800" not in text:  # a lone surrogate has no bytes, so no digest either
            disclosure, commitment = forged([(text, b"\x05" * 32)])
        disclosure = replace(disclosure, fields=(DisclosedField(text, Salt(b"\x05" * 32)),))
        with pytest.raises(DisclosureError) as caught:
            verify(HEADER, disclosure, commitment)
        assert caught.value.step == 4

    def test_verify__one_name_with_two_values__fails_at_step_5(self) -> None:
        pair = [('["a",1]', b"\x05" * 32), ('["a",2]', b"\x06" * 32)]
        disclosure, commitment = forged(pair)
        for fields in (disclosure.fields, disclosure.fields[::-1]):
            with pytest.raises(DisclosureError, match="repeats the name") as caught:
                verify(HEADER, replace(disclosure, fields=fields), commitment)
            assert caught.value.step == 5

    def test_verify__names_out_of_order__fails_at_step_5(self) -> None:
        with pytest.raises(DisclosureError, match="stands before") as caught:
            verify(HEADER, replace(SHOWN, fields=SHOWN.fields[::-1]), COMMITMENT)
        assert caught.value.step == 5

    @pytest.mark.parametrize("count", [0, 1, 7, 9, 1032])
    def test_verify__impossible_count__fails_at_step_1(self, count: int) -> None:
        digests = tuple(Digest(place.to_bytes(32, "big")) for place in range(count))
        with pytest.raises(DisclosureError) as caught:
            verify(HEADER, Disclosure((), digests), commit_digests(HEADER, digests))
        assert caught.value.step == 1

    def test_verify__unsorted_or_equal_digests__fails_at_step_2(self) -> None:
        turned = SHOWN.digests[::-1]
        equal = (SHOWN.digests[0], *SHOWN.digests[:7])
        for digests in (turned, equal):
            with pytest.raises(DisclosureError) as caught:
                verify(HEADER, Disclosure((), digests), commit_digests(HEADER, digests))
            assert caught.value.step == 2

    @pytest.mark.parametrize("length", [0, 31, 33])
    def test_verify__salt_of_another_length__fails_at_step_1(self, length: int) -> None:
        disclosure, commitment = forged([('["a",1]', b"\x05" * length)])
        with pytest.raises(DisclosureError) as caught:
            verify(HEADER, disclosure, commitment)
        assert caught.value.step == 1

    def test_verify__salt_that_takes_bytes_of_the_text__fails(self) -> None:
        # Tag, salt and text are hashed end to end: only the salt's fixed width tells them apart.
        field = SHOWN.fields[0]
        moved = DisclosedField(field.text[1:], Salt(field.salt + field.text[:1].encode()))
        with pytest.raises(DisclosureError):
            verify(HEADER, replace(SHOWN, fields=(moved,)), COMMITMENT)

    def test_verify__more_fields_than_digests__fails_at_step_1(self) -> None:
        disclosure = replace(SHOWN, fields=SHOWN.fields * 5)
        with pytest.raises(DisclosureError) as caught:
            verify(HEADER, disclosure, COMMITMENT)
        assert caught.value.step == 1


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        SHOWN.to_json() + b"\n",
        SHOWN.to_json().replace(b"disclosure/v1", b"disclosure/v2"),
        SHOWN.to_json().replace(b'"digests":', b'"digests": '),
        SHOWN.to_json().upper(),
        b'{"digests":[],"extra":1,"fields":[],"format":"muniment/disclosure/v1"}',
        b'{"digests":["zz"],"fields":[],"format":"muniment/disclosure/v1"}',
        b'{"digests":[1],"fields":[],"format":"muniment/disclosure/v1"}',
        b'{"digests":["' + b"AB" * 32 + b'"],"fields":[],"format":"muniment/disclosure/v1"}',
        b'{"digests":["' + b"ab " * 32 + b'"],"fields":[],"format":"muniment/disclosure/v1"}',
        b'{"digests":[],"fields":[1],"format":"muniment/disclosure/v1"}',
        b'{"digests":[],"fields":[{"field":"x"}],"format":"muniment/disclosure/v1"}',
        b'{"digests":{},"fields":[],"format":"muniment/disclosure/v1"}',
    ],
    ids=range(16),
)
def test_from_json__another_form__is_refused(source: bytes) -> None:
    with pytest.raises(MunimentError):
        Disclosure.from_json(source)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=33),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner) | st.tuples(inner, inner),
    max_leaves=8,
)
almost_field = st.builds(
    DisclosedField,
    anything | st.sampled_from([field.text for field in SHOWN.fields]),
    anything | st.sampled_from([field.salt for field in SHOWN.fields]),
)
almost = st.builds(
    Disclosure,
    anything | st.lists(anything | almost_field, max_size=3).map(tuple),
    anything | st.just(SHOWN.digests) | st.lists(anything, min_size=8, max_size=8).map(tuple),
)


@given(almost | anything, anything | st.just(HEADER), anything | st.just(COMMITMENT))
def test_verify__anything__raises_its_own_errors_only(
    disclosure: Any, header: Any, commitment: Any
) -> None:
    try:
        values = verify(header, disclosure, commitment)
    except MunimentError:
        return
    assert values.items() <= CONTENT.items()


@given(st.binary(max_size=200) | st.builds(lambda value: json.dumps(value).encode(), st.text()))
def test_from_json__anything__raises_its_own_errors_only(source: bytes) -> None:
    with contextlib.suppress(MunimentError):
        Disclosure.from_json(source)


def test_verify__algorithm_that_is_not_there__says_so() -> None:
    with pytest.raises(AlgorithmUnavailableError):
        verify(replace(HEADER, algorithm=200), SHOWN, COMMITMENT)


def test_message__of_a_refused_field__withholds_the_value() -> None:
    disclosure, commitment = forged([('["name","Jane Doe",1]', b"\x05" * 32)])
    with pytest.raises(DisclosureError) as caught:
        verify(HEADER, disclosure, commitment)
    assert "Jane" not in caught.value.diagnostics()
