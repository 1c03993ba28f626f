# SPDX-License-Identifier: Apache-2.0
"""Bundles of the vault on HDFS: their names, which of them count, and their index."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.store.vault import VaultError
from muniment.store.vault.hdfs_bundles import (
    FAN_OUT,
    TRAILER_SIZE,
    Entry,
    Kind,
    Span,
    end_of,
    entries_of,
    trailer_of,
    uncovered,
)

names = st.from_regex(r"[a-z0-9][a-z0-9._-]{1,9}(/[a-z0-9]{1,5}){0,2}", fullmatch=True)
numbers = st.integers(0, 2**48 - 1)
lengths = st.integers(0, 2**63)
files = st.just("") | st.builds(
    lambda number, raw: Span(number, number).file(raw), numbers, st.binary(min_size=16, max_size=16)
)
entries = st.builds(
    Entry,
    names,
    st.sampled_from(Kind),
    numbers,
    files,
    lengths,
    lengths,
    st.binary(min_size=32, max_size=32),
)


@given(st.lists(entries, max_size=6), st.binary(min_size=16, max_size=16), numbers)
def test_index__is_read_as_it_was_written(written: list[Entry], upload: bytes, number: int) -> None:
    end = end_of(written, 77, upload)
    offset, whose, digest = trailer_of("f", end[-TRAILER_SIZE:])
    assert (offset, whose) == (77, upload)
    found = entries_of("own", number, end[:-TRAILER_SIZE], digest)
    for before, after in zip(written, found, strict=True):
        assert after.file == (before.file or "own")
        assert after.number == (before.number or number)
        assert (after.name, after.kind, after.offset, after.length, after.digest) == (
            *(before.name, before.kind, before.offset, before.length, before.digest),
        )


@given(st.lists(entries, min_size=1, max_size=3), st.data())
def test_index_with_a_changed_byte__is_refused(written: list[Entry], data: st.DataObject) -> None:
    index = bytearray(end_of(written, 9, bytes(16)))
    digest = trailer_of("f", bytes(index[-TRAILER_SIZE:]))[2]
    at = data.draw(st.integers(0, len(index) - TRAILER_SIZE - 1))
    index[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(VaultError, match="own is damaged"):
        entries_of("own", 0, bytes(index[:-TRAILER_SIZE]), digest)


def test_end_that_is_cut_short__is_refused() -> None:
    with pytest.raises(VaultError, match="f is damaged"):
        trailer_of("f", bytes(TRAILER_SIZE - 1))


@given(numbers)
def test_span__has_a_name_that_says_it(number: int) -> None:
    span = Span(number, min(number + 31, 2**48 - 1))
    assert Span.of(span.name) == span
    assert Span.in_file(span.file(b"r" * 16)) == span


@pytest.mark.parametrize(
    "name",
    [
        *("", "-", "000000000001", "000000000001-", "000000000002-000000000001"),
        *("00000000001-000000000001", "00000000000A-00000000000A", "0000000000_1-000000000001"),
        "000000000001-000000000001.tmp",
    ],
)
def test_name_of_no_bundle(name: str) -> None:
    assert Span.of(name) is None


@given(st.integers(0, 10**6), st.integers(0, 2))
def test_parent__covers_its_children_and_nothing_else(number: int, level: int) -> None:
    span = Span(number, number)
    for _ in range(level):
        span = span.parent
    parent = span.parent
    assert span in parent.children
    assert len(parent.children) == FAN_OUT
    assert all(parent.covers(child) and child.parent == parent for child in parent.children)
    assert not parent.covers(parent)
    assert not parent.covers(Span(parent.last + 1, parent.last + 1))


def test_uncovered__is_the_same_whatever_merging_left_behind() -> None:
    """Some groups are merged, some twice, and any of what they cover may still be there."""
    chance = random.Random(7)
    whole = Span(0, FAN_OUT**2 - 1)
    merged = [whole, Span(FAN_OUT**2, FAN_OUT**2 + FAN_OUT - 1)]
    single = [Span(n, n) for n in range(FAN_OUT**2 + FAN_OUT, FAN_OUT**2 + FAN_OUT + 9)]
    leftovers = [*whole.children, *merged[1].children, *whole.children[3].children]
    for _ in range(50):
        there = [*merged, *single, *chance.sample(leftovers, 40)]
        chance.shuffle(there)
        assert uncovered(there) == [*merged, *single]
