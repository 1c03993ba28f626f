# SPDX-License-Identifier: Apache-2.0
"""Entries: 78 bytes, the same in Python and in Solidity (`tests/vectors/chain.json`)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.journal import ENTRY_BYTES, Entry, EntryKind
from muniment.record import Commitment, LocalId, TypeId

VECTOR = json.loads((Path(__file__).resolve().parents[2] / "vectors" / "chain.json").read_text())[
    "enrolment"
]

entries = st.builds(
    Entry,
    kind=st.sampled_from(EntryKind),
    algorithm=st.integers(1, 255),
    type_id=st.integers(1, 65535).map(TypeId),
    type_version=st.integers(1, 4095),
    time=st.integers(0, (1 << 36) - 1),
    local_id=st.binary(min_size=32, max_size=32).map(LocalId),
    commitment=st.binary(min_size=32, max_size=32).map(Commitment),
)


def example() -> Entry:
    return Entry.from_bytes(bytes.fromhex(VECTOR["entry"][2:]))


def test_entry__of_the_vectors__has_their_bytes_and_leaf_hash() -> None:
    entry = example()
    assert entry.kind is EntryKind.REGISTRATION
    assert entry.time == VECTOR["entryTime"]
    assert entry.to_bytes().hex() == VECTOR["entry"][2:]
    assert entry.leaf_hash().hex() == VECTOR["leafHash"][2:]


@given(entries)
def test_entry__comes_back_as_it_was(entry: Entry) -> None:
    assert len(entry.to_bytes()) == ENTRY_BYTES
    assert Entry.from_bytes(entry.to_bytes()) == entry


@given(entries, st.integers(0, ENTRY_BYTES * 8 - 1))
def test_entry__with_one_bit_flipped__is_another_or_refused(entry: Entry, bit: int) -> None:
    number = int.from_bytes(entry.to_bytes(), "big") ^ (1 << bit)
    try:
        other = Entry.from_bytes(number.to_bytes(ENTRY_BYTES, "big"))
    except InvalidInputError:
        return
    assert other != entry
    assert other.leaf_hash() != entry.leaf_hash()


@pytest.mark.parametrize("length", [0, 64, 77, 79])
def test_entry__of_another_length__is_refused(length: int) -> None:
    with pytest.raises(InvalidInputError, match="78 bytes"):
        Entry.from_bytes(b"\1" * length)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": 3},
        {"algorithm": 0},
        {"algorithm": 256},
        {"type_id": 0},
        {"type_version": 0},
        {"type_version": 4096},
        {"time": -1},
        {"time": 1 << 36},
        {"local_id": b"short"},
        {"commitment": b"\0" * 33},
    ],
    ids=str,
)
def test_entry__with_a_value_that_does_not_fit__names_it(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        replace(example(), **change)


def test_entry__of_unknown_kind__is_refused() -> None:
    with pytest.raises(InvalidInputError, match="kind"):
        Entry.from_bytes(b"\x07" + example().to_bytes()[1:])
