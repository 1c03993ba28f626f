# SPDX-License-Identifier: Apache-2.0
"""Rows and cells of the vault on HBase."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.store.vault import VaultError
from muniment.store.vault.hbase_cells import BUCKETS, Head, Rows, deleted, head_of, new_upload

names = st.from_regex(r"[a-z0-9][a-z0-9._-]{1,9}(/[a-z0-9]{1,5}){0,2}", fullmatch=True)
vaults = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,9}", fullmatch=True)


@given(st.binary(max_size=50), st.integers(1, 2**40))
def test_head__is_read_as_it_was_written(inline: bytes, length: int) -> None:
    for head in (
        Head(new_upload(), len(inline), 1 << 17, b"d" * 32, inline),
        Head(new_upload(), length, 1 << 17, b"d" * 32, b""),
    ):
        assert head_of("ab", head.to_bytes()) == head
    assert head.chunks == -(-length // (1 << 17))


def test_deleted_and_missing__are_no_object_and_damage_is_said() -> None:
    assert head_of("ab", None) is None
    assert head_of("ab", deleted(new_upload())) is None
    for cell in (b"", b"O", b"O" + bytes(59), b"X" * 90):
        with pytest.raises(VaultError, match="the head of ab"):
            head_of("ab", cell)


@given(vaults, names, st.data())
def test_head_rows__lie_where_names_are_looked_for(
    vault: str, name: str, data: st.DataObject
) -> None:
    rows, prefix = Rows(vault), name[: data.draw(st.integers(0, len(name)))]
    row = rows.head(name)
    assert rows.name_in(row) == name
    bucket = BUCKETS.index(row[:1])
    start, stop = rows.names(bucket, prefix)
    assert start <= row < stop
    for other in (rows.marker(), rows.under_way(new_upload()), rows.chunk(name, new_upload(), 5)):
        assert not start <= other < stop


@given(vaults, vaults, names)
def test_rows_of_two_vaults__are_apart(one: str, other: str, name: str) -> None:
    if one != other:
        start, stop = Rows(one).names(BUCKETS.index(Rows(one).head(name)[:1]), "")
        assert not start <= Rows(other).head(name) < stop


def test_under_way__is_found_by_its_age() -> None:
    rows, upload = Rows("v"), new_upload()
    seconds = int.from_bytes(upload[:6], "big") / 1000
    row = rows.under_way(upload)
    assert rows.upload_in(row) == upload
    start, stop = rows.under_way_before(seconds + 1)
    assert start <= row < stop
    start, stop = rows.under_way_before(seconds - 1)
    assert not start <= row < stop
