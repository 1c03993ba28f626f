# SPDX-License-Identifier: Apache-2.0
"""Ids derive as the contract derives them, and nobody outside can guess a local id."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError, InvalidJsonError
from muniment.record import (
    AgencyId,
    Lineage,
    LocalId,
    derive_lineage,
    derive_local_id,
    derive_record_id,
)

KEY = bytes(range(32))
LINEAGE = Lineage(b"\x11" * 32)
LOCAL_ID = LocalId(b"\x22" * 32)


def test_derive_lineage__is_keccak_of_the_abi_encoding() -> None:
    encoded = (
        keccak(b"muniment.lineage.v1") + (31337).to_bytes(32, "big") + bytes(12) + b"\xaa" * 20
    )
    assert derive_lineage(31337, b"\xaa" * 20) == keccak(encoded)


def test_derive_lineage__other_chain_or_registry__differs() -> None:
    here = derive_lineage(1, b"\xaa" * 20)
    assert here != derive_lineage(2, b"\xaa" * 20)
    assert here != derive_lineage(1, b"\xab" * 20)


def test_derive_record_id__is_keccak_of_96_bytes() -> None:
    expected = keccak(LINEAGE + (7).to_bytes(32, "big") + LOCAL_ID)
    assert derive_record_id(LINEAGE, AgencyId(7), LOCAL_ID) == expected


@given(st.integers(1, 2**32 - 1), st.binary(min_size=32, max_size=32), st.integers(0, 255))
def test_derive_record_id__one_bit_of_the_local_id__changes_it(
    agency: int, local: bytes, bit: int
) -> None:
    flipped = (int.from_bytes(local, "big") ^ 1 << bit).to_bytes(32, "big")
    one = derive_record_id(LINEAGE, AgencyId(agency), LocalId(local))
    assert one != derive_record_id(LINEAGE, AgencyId(agency), LocalId(flipped))


def test_derive_local_id__is_hmac_over_tag_and_canonical_pair() -> None:
    message = b"muniment/local-id/v1\x00" + '["faa","1990-é"]'.encode()
    expected = hmac.new(KEY, message, hashlib.sha256).digest()
    assert derive_local_id(KEY, "faa", "1990-é") == expected


def test_derive_local_id__text_moved_between_system_and_id__differs() -> None:
    pairs = [("a", "bc"), ("ab", "c"), ('a","b', "c"), ("a", 'b","c')]
    assert len({derive_local_id(KEY, *pair) for pair in pairs}) == len(pairs)


def test_derive_local_id__other_key__differs() -> None:
    assert derive_local_id(KEY, "faa", "1") != derive_local_id(KEY[::-1], "faa", "1")


def test_derive_local_id__source_id_not_normalized__is_refused() -> None:
    with pytest.raises(InvalidJsonError, match="Normalization Form C"):
        derive_local_id(KEY, "faa", "e\u0301")


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: derive_lineage(-1, b"\xaa" * 20), "chain id"),
        (lambda: derive_lineage(2**256, b"\xaa" * 20), "chain id"),
        (lambda: derive_lineage(True, b"\xaa" * 20), "chain id"),
        (lambda: derive_lineage(1, b"\xaa" * 19), "first registry"),
        (lambda: derive_lineage(1, "0xaa"), "first registry"),
        (lambda: derive_record_id(b"x", 1, LOCAL_ID), "lineage"),
        (lambda: derive_record_id(LINEAGE, 0, LOCAL_ID), "agency id"),
        (lambda: derive_record_id(LINEAGE, 2**32, LOCAL_ID), "agency id"),
        (lambda: derive_record_id(LINEAGE, 1, bytearray(32)), "local id"),
        (lambda: derive_local_id(KEY[1:], "faa", "1"), "local-id key"),
        (lambda: derive_local_id(KEY, "", "1"), "source system"),
        (lambda: derive_local_id(KEY, "faa", ""), "source id"),
        (lambda: derive_local_id(KEY, "faa", 1), "source id"),
    ],
    ids=range(13),
)
def test_derive__value_out_of_range__is_named(call, field: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInputError) as caught:
        call()
    assert caught.value.field == field


def test_derive_local_id__wrong_key__is_not_shown() -> None:
    with pytest.raises(InvalidInputError) as caught:
        derive_local_id(b"secret-key", "faa", "1")
    assert "secret-key" not in caught.value.diagnostics()
