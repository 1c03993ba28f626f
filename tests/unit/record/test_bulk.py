# SPDX-License-Identifier: Apache-2.0
"""Versions made in bulk have the bytes of versions made one by one."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError, InvalidJsonError
from muniment.record.algorithms import available_algorithms
from muniment.record.bulk import FieldTexts, FirstVersions, source_text
from muniment.record.commitment import RecordHeader, Secret, commit
from muniment.record.identifiers import (
    AgencyId,
    Lineage,
    LocalId,
    RecordId,
    TypeId,
    derive_local_id,
    derive_record_id,
)
from muniment.record.objects import ObjectPlace, decrypt, encrypt, encrypt_in_memory
from muniment.record.versions import Content

KEY, LINEAGE = b"k" * 32, Lineage(b"l" * 32)
SECRET = Secret(b"s" * 32)
nfc = st.text(st.characters(exclude_categories=("Cs",))).map(
    lambda text: __import__("unicodedata").normalize("NFC", text)
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | nfc,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(nfc, inner, max_size=3),
    max_leaves=6,
)
contents = st.dictionaries(nfc, values, min_size=1, max_size=20)


@given(contents, nfc.filter(bool))
def test_same_bytes_as_one_by_one(content: dict[str, object], source_id: str) -> None:
    plain = RecordHeader(RecordId(bytes(32)), AgencyId(7), TypeId(3), b"d" * 32, 1)
    bulk = FirstVersions(LINEAGE, AgencyId(7), plain, local_id_key=KEY, source_system="a \u00e9")
    local_id = bulk.local_id(source_text(source_id))
    assert local_id == derive_local_id(KEY, "a \u00e9", source_id)
    record_id = bulk.record_id(local_id)
    assert record_id == derive_record_id(LINEAGE, AgencyId(7), LocalId(local_id))
    texts = FieldTexts(content)  # type: ignore[arg-type]
    assert texts.canonical().encode() == Content.of(content).canonical  # type: ignore[arg-type]
    header = RecordHeader(RecordId(record_id), AgencyId(7), TypeId(3), b"d" * 32, 1)
    assert bulk.commitment(record_id, texts.fields(), SECRET) == commit(header, content, SECRET)  # type: ignore[arg-type]


@given(st.binary(max_size=300), st.integers(1, 65_535), st.integers(0, 2**32 - 1))
def test_encrypted_in_memory__is_what_the_stream_writes(
    plain: bytes, version: int, index: int
) -> None:
    place, nonce = ObjectPlace(RecordId(b"r" * 32), version, index), b"n" * 16
    streamed, back = io.BytesIO(), io.BytesIO()
    encrypt(io.BytesIO(plain), streamed, place, SECRET, random_bytes=lambda _: nonce)
    made = encrypt_in_memory(plain, place.record_id, version, index, SECRET, nonce)
    assert made == streamed.getvalue()
    decrypt(io.BytesIO(made), back, place, SECRET)
    assert back.getvalue() == plain


@pytest.mark.parametrize(
    "content", [{}, {"a": 1.5}, {"a": 2**53}, {"a": "e\u0301"}, {"a": "\ud800"}, {"a": b""}]
)
def test_what_one_by_one_refuses__is_refused(content: dict[str, object]) -> None:
    with pytest.raises((InvalidInputError, InvalidJsonError)):
        FieldTexts(content)  # type: ignore[arg-type]


def test_too_large_for_memory__is_refused() -> None:
    with pytest.raises(InvalidInputError, match="less than 1048576"):
        encrypt_in_memory(bytes(1 << 20), bytes(32), 1, 0, SECRET, bytes(16))


def test_empty_source_id__is_refused() -> None:
    with pytest.raises(InvalidInputError, match="source id"):
        source_text("")


@pytest.mark.parametrize("algorithm", available_algorithms())
@pytest.mark.parametrize("fields", [1, 8, 9, 1024])
def test_every_algorithm_and_number_of_fields__has_the_plain_commitment(
    algorithm: int, fields: int
) -> None:
    content: dict[str, object] = {f"f{at:04}": at for at in range(fields)}
    header = RecordHeader(RecordId(b"r" * 32), AgencyId(7), TypeId(3), b"d" * 32, 1, algorithm)
    bulk = FirstVersions(LINEAGE, AgencyId(7), header, local_id_key=KEY, source_system="a")
    texts = FieldTexts(content)  # type: ignore[arg-type]
    made = bulk.commitment(b"r" * 32, texts.fields(), SECRET)
    assert made == commit(header, content, SECRET)  # type: ignore[arg-type]
