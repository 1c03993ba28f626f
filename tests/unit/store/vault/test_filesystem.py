# SPDX-License-Identifier: Apache-2.0
"""The vault on object stores, on fsspec's own store in memory. No S3 was seen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from muniment.store.vault import NoVaultError, Vault, VaultError
from muniment.store.vault.filesystem import _WHOLE, FORMAT, FilesystemVault
from tests.unit.store.vault.contract import Reopen, VaultContract, content


class Store(MemoryFileSystem):  # type: ignore[misc]
    """As fsspec has it, but that it looks and creates in one step, as S3 does."""

    cachable = False
    creating = threading.Lock()

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **more: Any) -> None:
        with self.creating:
            super().pipe_file(path, value, mode=mode, **more)


@pytest.fixture
def store() -> Iterator[Store]:
    Store.store.clear()
    Store.pseudo_dirs[:] = [""]
    yield Store()
    Store.store.clear()


@pytest.fixture
def vault(store: Store) -> FilesystemVault:
    return FilesystemVault(store, "/bucket/vault", "memory://bucket/vault")


@pytest.fixture
def reopen() -> Reopen:
    return lambda: FilesystemVault(Store(), "/bucket/vault", "memory://bucket/vault")


class TestFilesystemVault(VaultContract):
    """The contract."""


def test_object_longer_than_is_kept_in_memory(vault: Vault) -> None:
    data = bytes(range(256)) * (_WHOLE // 256 + 9)
    assert vault.put_if_absent("ab/big", data)
    assert not vault.put_if_absent("ab/big", data)
    assert content(vault, "ab/big") == data


def test_place_without_a_vault__is_refused_and_left(store: Store) -> None:
    with pytest.raises(NoVaultError, match="no vault lies there"):
        FilesystemVault(store, "/bucket/vault", "memory://bucket/vault", create=False)
    assert store.find("/") == []


def test_something_else_lies_there__is_refused_and_left(store: Store) -> None:
    store.pipe_file("/bucket/letters/mine.txt", b"mine")
    with pytest.raises(VaultError, match="something else"):
        FilesystemVault(store, "/bucket/letters", "memory://bucket/letters")
    assert store.find("/bucket/letters") == ["/bucket/letters/mine.txt"]


def test_vault_of_another_format__is_refused(vault: Vault, store: Store, reopen: Reopen) -> None:
    assert store.cat_file("/bucket/vault/MUNIMENT-VAULT") == FORMAT
    store.pipe_file("/bucket/vault/MUNIMENT-VAULT", b"muniment/filesystem-vault/v9\n")
    with pytest.raises(VaultError, match="something else"):
        reopen()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (PermissionError("Access Denied"), "check the credentials"),
        (OSError(16, "SlowDown"), "SlowDown"),
        (TimeoutError("no answer"), "no answer"),
    ],
)
def test_store_that_refuses__is_said(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, fault: Exception, said: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", refuse)
    with pytest.raises(VaultError) as error:
        vault.put_if_absent("ab/1", b"x")
    assert said in error.value.diagnostics()
    assert list(vault.list()) == []
