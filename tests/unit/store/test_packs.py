# SPDX-License-Identifier: Apache-2.0
"""Packs: what comes out is what went in, or an error that names the pack."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.errors import DecryptionError, MunimentError
from muniment.record.commitment import Secret
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.objects import ObjectPlace
from muniment.store import packs
from muniment.store.packs import PackError
from muniment.store.vault import FolderVault


def place(number: int, index: int = 0, version: int = 1) -> ObjectPlace:
    return ObjectPlace(RecordId(number.to_bytes(32, "big")), version, index)


def secret(number: int) -> Secret:
    return Secret(bytes([number]) * 32)


@pytest.fixture
def vault(tmp_path: Path) -> FolderVault:
    return FolderVault(str(tmp_path / "vault"))


@settings(max_examples=30)
@given(contents=st.lists(st.binary(max_size=2000), min_size=1, max_size=8))
def test_small_objects__come_back(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]
) -> None:
    vault = FolderVault(str(tmp_path_factory.mktemp("vaults") / "vault"))
    entries = [(place(n), secret(n), content) for n, content in enumerate(contents)]
    packed = packs.write_pack(vault, entries)
    [name] = {each.pack for each in packed}
    assert list(packs.entries_of(vault, name)) == packed
    for (_, key, content), each in zip(entries, packed, strict=True):
        assert packs.read_object(vault, each, key) == content


def test_file__is_streamed_and_checked(vault: FolderVault) -> None:
    content = bytes(range(256)) * 20_000
    packed, value = packs.write_file(vault, place(1, 1), secret(1), io.BytesIO(content), "a/b")
    assert (value.length, value.media_type) == (len(content), "a/b")
    out = io.BytesIO()
    packs.read_file(vault, packed, secret(1), out, value)
    assert out.getvalue() == content
    assert list(packs.entries_of(vault, packed.pack)) == [packed]
    other = FileValue(bytes(32), value.length, value.media_type)
    with pytest.raises(DecryptionError):
        packs.read_file(vault, packed, secret(1), io.BytesIO(), other)


def test_swapped_objects__are_refused(vault: FolderVault) -> None:
    first, second = packs.write_pack(
        vault, [(place(1), secret(1), b"one"), (place(2), secret(1), b"two")]
    )
    swapped = packs.Packed(first.place, second.pack, second.offset, second.length)
    with pytest.raises(DecryptionError):
        packs.read_object(vault, swapped, secret(1))
    with pytest.raises(DecryptionError):
        packs.read_object(vault, first, secret(2))


def test_cut_short_at_any_byte__is_refused(vault: FolderVault, tmp_path: Path) -> None:
    [packed] = packs.write_pack(vault, [(place(1), secret(1), b"content")])
    [path] = list((tmp_path / "vault").rglob(packed.pack.rpartition("/")[2]))
    whole = path.read_bytes()
    path.chmod(0o600)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(MunimentError):
            packs.read_object(vault, packed, secret(1))
        if length != len(packs.MAGIC):
            # Cut right behind its head it is a pack of nothing, which rows tell to be wrong.
            with pytest.raises(PackError, match=packed.pack):
                list(packs.entries_of(vault, packed.pack))
