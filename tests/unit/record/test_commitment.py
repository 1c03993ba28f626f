# SPDX-License-Identifier: Apache-2.0
"""A commitment binds every value, its type, its record and its place, and hides all of them."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import (
    AlgorithmUnavailableError,
    CommitmentMismatchError,
    InvalidInputError,
    InvalidJsonError,
)
from muniment.record import (
    SHA_256,
    SM3,
    AgencyId,
    Commitment,
    JsonValue,
    RecordHeader,
    RecordId,
    Secret,
    TypeId,
    algorithms,
    available_algorithms,
    check_content,
    commit,
    digest_list,
    new_secret,
)
from muniment.record.algorithms import digest_function
from muniment.record.commitment import MAX_DIGESTS, canonical_field

HEADER = RecordHeader(RecordId(b"\x01" * 32), AgencyId(7), TypeId(3), b"\x02" * 32, 1)
SECRET = Secret(b"\x03" * 32)
CONTENT: dict[str, JsonValue] = {"airport": "JFK", "birds": 2, "date": "1990-01-08", "é": [True]}

names = st.text("abcdefé\U00010000\uffff", max_size=4)
contents = st.dictionaries(
    names,
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab1é", max_size=3),
    min_size=1,
    max_size=20,
)


def naive_commitment(header: RecordHeader, content: Mapping[str, Any], secret: bytes) -> bytes:
    """docs/spec/records.md once more, word by word, without the package's code."""

    def digest(data: bytes) -> bytes:
        # The wheel of cryptography has SM3 even where the system's OpenSSL has not.
        state = hashes.Hash({1: hashes.SHA256, 2: hashes.SM3}[header.algorithm]())
        state.update(data)
        return state.finalize()

    count = (len(content) + 7) // 8 * 8
    stream = hashlib.shake_256(b"muniment/salts/v1\0" + secret).digest(32 * count)
    pieces = [stream[32 * place : 32 * place + 32] for place in range(count)]
    ordered = sorted(content, key=lambda name: name.encode("utf-8"))
    digests = [
        digest(b"muniment/field/v1\0" + pieces[place] + rfc8785.dumps([name, content[name]]))
        for place, name in enumerate(ordered)
    ]
    digests = sorted(digests + pieces[len(ordered) :])
    return digest(
        b"muniment/commitment/v1\0"
        + bytes([header.algorithm])
        + header.record_id
        + header.issuer.to_bytes(4, "big")
        + header.type_id.to_bytes(2, "big")
        + header.schema_digest
        + header.version.to_bytes(4, "big")
        + count.to_bytes(4, "big")
        + b"".join(digests)
    )


@given(contents, st.binary(min_size=32, max_size=32))
def test_commit__any_content__is_what_the_specification_says(
    content: dict[str, JsonValue], secret: bytes
) -> None:
    assert commit(HEADER, content, Secret(secret)) == naive_commitment(HEADER, content, secret)


@pytest.mark.skipif(SM3 not in available_algorithms(), reason="this OpenSSL has no SM3")
def test_commit__sm3__is_what_the_specification_says_and_another() -> None:
    header = replace(HEADER, algorithm=SM3)
    assert commit(header, CONTENT, SECRET) == naive_commitment(header, CONTENT, SECRET)
    assert commit(header, CONTENT, SECRET) != commit(HEADER, CONTENT, SECRET)
    assert not set(digest_list(SM3, {"a": 1}, SECRET)) <= set(
        digest_list(SHA_256, {"a": 1}, SECRET)
    )


def test_sm3__published_example__gives_published_digest() -> None:
    # GB/T 32905-2016, appendix A.1, "abc".
    if SM3 not in available_algorithms():
        with pytest.raises(AlgorithmUnavailableError):
            digest_function(SM3)
        return
    assert digest_function(SM3)(b"abc").hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )


@pytest.mark.parametrize("algorithm", [0, 3, 255, True, "1", None])
def test_digest_function__unknown_algorithm__names_what_there_is(algorithm: Any) -> None:
    with pytest.raises(AlgorithmUnavailableError) as caught:
        digest_function(algorithm)
    assert caught.value.available == available_algorithms()
    assert SHA_256 in caught.value.available


def test_commit__lookalikes_and_absent__never_commit_to_the_same_bytes() -> None:
    values: list[JsonValue] = [1, "1", True, None, "null", "true", 0, False, "", [], {}, [1], ["1"]]
    contents: list[dict[str, JsonValue]] = [{"other": 0}]
    contents += [{"other": 0, "field": value} for value in values]
    assert len({commit(HEADER, content, SECRET) for content in contents}) == len(contents)
    fields = {canonical_field("field", value) for value in values}
    assert len(fields) == len(values)


@pytest.mark.parametrize(
    ("content", "pointer"),
    [({"weight": 1.0}, "/weight"), ({"a": {"b": [1e3]}}, "/a/b/0"), ({"a/b": 2**53}, "/a~1b")],
)
def test_commit__value_outside_the_profile__names_the_field(content: Any, pointer: str) -> None:
    with pytest.raises(InvalidJsonError) as caught:
        commit(HEADER, content, SECRET)
    assert caught.value.pointer == pointer


def test_commit__members_in_another_order__commit_to_the_same() -> None:
    turned = dict(reversed(CONTENT.items()))
    assert commit(HEADER, turned, SECRET) == commit(HEADER, CONTENT, SECRET)


@pytest.mark.parametrize(
    "change",
    [
        {"record_id": b"\x01" * 31 + b"\x00"},
        {"issuer": 8},
        {"type_id": 4},
        {"schema_digest": b"\x02" * 31 + b"\x03"},
        {"version": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_commit__other_header__differs(change: dict[str, Any]) -> None:
    assert commit(replace(HEADER, **change), CONTENT, SECRET) != commit(HEADER, CONTENT, SECRET)


@given(st.integers(0, 255))
def test_commit__one_bit_of_the_secret__changes_all_digests(bit: int) -> None:
    flipped = Secret((int.from_bytes(SECRET, "big") ^ 1 << bit).to_bytes(32, "big"))
    one, other = digest_list(SHA_256, CONTENT, SECRET), digest_list(SHA_256, CONTENT, flipped)
    assert not set(one) & set(other)


@given(st.integers(0, 75 * 8 - 1))
def test_header__one_bit_flipped__is_another_header_or_none(bit: int) -> None:
    packed = HEADER.to_bytes()
    assert len(packed) == 75
    raw = (int.from_bytes(packed, "big") ^ 1 << bit).to_bytes(75, "big")
    try:
        flipped = RecordHeader(
            RecordId(raw[1:33]),
            AgencyId(int.from_bytes(raw[33:37], "big")),
            TypeId(int.from_bytes(raw[37:39], "big")),
            raw[39:71],
            int.from_bytes(raw[71:75], "big"),
            raw[0],
        )
    except InvalidInputError:
        return
    assert flipped.to_bytes() == raw != packed
    assert flipped != HEADER


@pytest.mark.parametrize(
    ("fields", "count"), [(1, 8), (7, 8), (8, 8), (9, 16), (16, 16), (MAX_DIGESTS, MAX_DIGESTS)]
)
def test_digest_list__is_filled_to_a_multiple_of_eight(fields: int, count: int) -> None:
    digests = digest_list(SHA_256, {f"f{place}": place for place in range(fields)}, SECRET)
    assert len(digests) == count
    assert list(digests) == sorted(set(digests))


def test_digest_list__equal_values_in_two_fields__have_unequal_digests() -> None:
    with_equal = digest_list(SHA_256, {"a": "x", "b": "x"}, SECRET)
    assert len(set(with_equal)) == 8


@pytest.mark.parametrize("content", [{}, {f"f{place}": 0 for place in range(MAX_DIGESTS + 1)}])
def test_commit__empty_or_too_large_content__is_refused(content: Any) -> None:
    with pytest.raises(InvalidInputError, match="1 to 1024 fields"):
        commit(HEADER, content, SECRET)


@pytest.mark.parametrize("content", [None, [1], "text", {1: 2}, {1: 2, "a": 3}, {None: 1}])
def test_commit__content_that_is_no_object_of_names__is_refused(content: Any) -> None:
    with pytest.raises(InvalidInputError, match="content"):
        commit(HEADER, content, SECRET)


@pytest.mark.parametrize("secret", [b"", b"\x03" * 31, b"\x03" * 33, "3" * 32, None])
def test_commit__secret_of_another_form__is_refused_and_not_shown(secret: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        commit(HEADER, CONTENT, secret)
    assert caught.value.field == "secret"
    assert "333" not in caught.value.diagnostics()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"record_id": b"\x01" * 31}, "record id"),
        ({"issuer": 0}, "issuer"),
        ({"issuer": 2**32}, "issuer"),
        ({"type_id": 0}, "type id"),
        ({"type_id": 2**16}, "type id"),
        ({"schema_digest": "ab" * 16}, "schema digest"),
        ({"version": 0}, "version"),
        ({"version": 2**16}, "version"),
        ({"version": True}, "version"),
        ({"algorithm": 0}, "algorithm"),
        ({"algorithm": 256}, "algorithm"),
    ],
    ids=str,
)
def test_header__value_out_of_range__is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        replace(HEADER, **change)
    assert caught.value.field == field


def test_check_content__right_content__passes_and_changed_content_shows_both() -> None:
    commitment = commit(HEADER, CONTENT, SECRET)
    check_content(HEADER, CONTENT, SECRET, commitment)
    with pytest.raises(CommitmentMismatchError) as caught:
        check_content(HEADER, CONTENT | {"birds": 3}, SECRET, commitment)
    assert caught.value.committed == commitment
    assert caught.value.computed == commit(HEADER, CONTENT | {"birds": 3}, SECRET)


@given(st.integers(0, 255))
def test_check_content__one_bit_of_the_commitment__is_refused(bit: int) -> None:
    raw = int.from_bytes(commit(HEADER, CONTENT, SECRET), "big") ^ 1 << bit
    with pytest.raises(CommitmentMismatchError):
        check_content(HEADER, CONTENT, SECRET, Commitment(raw.to_bytes(32, "big")))


def test_new_secret__takes_the_random_bytes_it_is_given() -> None:
    assert new_secret(lambda size: b"\x07" * size) == b"\x07" * 32
    assert new_secret() != new_secret()


def test_new_secret__source_that_gives_too_little__is_refused() -> None:
    with pytest.raises(InvalidInputError, match="secret"):
        new_secret(lambda size: b"\x07" * (size - 1))


def test_sm3__of_both_libraries__agrees() -> None:
    candidates = (algorithms._sm3_of_hashlib, algorithms._sm3_of_cryptography)
    found = set()
    for candidate in candidates:
        with contextlib.suppress(ValueError, UnsupportedAlgorithm):
            found.add(candidate(b"abc"))
    assert len(found) == (SM3 in available_algorithms())
