# SPDX-License-Identifier: Apache-2.0
"""Where an audited journal's files lie: a vault, or a copy of its files as `muniment mirror` keeps.

A place is some text that goes to every executor, and each opens it by its own means, once a
process. Nothing is written there, and a place that an executor cannot see is an error: it must not
pass for a journal without files.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from muniment.errors import InvalidInputError
from muniment.journal.tiles import CHECKPOINT_PATH
from muniment.store.journal_files import PREFIX
from muniment.store.vault import (
    NoVaultError,
    ObjectMissingError,
    Vault,
    VaultError,
    open_vault,
)
from muniment.store.vault.folder import MARKER
from muniment.store.vault.remote import is_address

LARGEST_FILE: Final = 32 << 20
"""Longest file of a journal that is read, in bytes. A bundle has 256 entries of 64 KiB."""
READERS: Final = 64
_IN_VAULTS: Final = ("hbase",)
_VAULT, _COPY = "vault", "copy"

Read = Callable[[str], bytes | None]
"""Returns the file of a path, None where there is none; raises `VaultError`."""


@dataclass(frozen=True, slots=True)
class JournalPlace:
    """A journal's files at `url`: in a vault below `prefix`, or, with no prefix, a copy of them."""

    url: str
    prefix: str = ""

    @property
    def is_vault(self) -> bool:
        """Whether packs lie there too."""
        return bool(self.prefix)

    def reader(self) -> Read:
        """Return what reads a file, opened at most once in each process.

        Raises `InvalidInputError`, `VaultError` where this process cannot use the place.
        """
        if not self.is_vault:
            return _copy(self.url)
        vault, prefix = vault_at(self.url), self.prefix

        def read(path: str) -> bytes | None:
            try:
                return vault.get_range(prefix + path, 0, LARGEST_FILE)
            except ObjectMissingError:
                return None

        return read

    def name_of(self, path: str) -> str:
        """Return how a file is called in findings: as in the vault, or as in the copy."""
        return f"{self.prefix}{path}"


def place_of(url: str, journal: int) -> JournalPlace:
    """Return the place of a journal at a URL or in a folder, whether a vault or a copy is there.

    Raises `InvalidInputError` where neither is, and `VaultError`.
    """
    scheme = urlsplit(url).scheme if "://" in url else ""
    if scheme in _IN_VAULTS or (scheme in ("", "file", "hdfs") and _has(url, MARKER)):
        return JournalPlace(url, f"{PREFIX}{journal}/")
    place = JournalPlace(url)
    if place.reader()(CHECKPOINT_PATH) is None:
        raise InvalidInputError(
            "journal", "a vault, or a copy of a journal with its checkpoint", f"{shown(url)}"
        )
    return place


@lru_cache(READERS)
def vault_at(url: str) -> Vault:
    """Return the vault at a URL, which must be there. Raises `InvalidInputError`, `VaultError`."""
    try:
        return open_vault(url, create=False)
    except NoVaultError as error:
        raise _unseen(url) from error


def shown(url: str) -> str:
    """Return a URL without the credentials that may stand in it."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def absolute(url: str) -> str:
    """Return a URL, or a folder by its whole path: executors work elsewhere."""
    return url if "://" in url else os.path.abspath(url)  # noqa: PTH100  (a link stays its name)


def _has(url: str, name: str) -> bool:
    return _reading(url)(name) is not None


def _copy(url: str) -> Read:
    read = _reading(url)
    if read(CHECKPOINT_PATH) is None and read("tile/entries/000") is None:
        # A copy that has neither may be a folder that this machine does not have.
        for path in ("tile/0/000", "tile/entries/000.p/1", "verifier-key"):
            if read(path) is not None:
                return read
        raise _unseen(url)
    return read


@lru_cache(READERS)
def _reading(url: str) -> Read:
    """Return what reads plain files below a URL."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme == "file":
        return _reading_folder(Path(unquote(urlsplit(url).path) if separator else url))
    if scheme == "hdfs":
        return _reading_hdfs(url)
    return _reading_by_fsspec(url)


def _reading_folder(folder: Path) -> Read:
    def read(path: str) -> bytes | None:
        try:
            return (folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise VaultError(
                f"{folder / path}: {error.strerror or 'cannot be read'}",
                expected="files that every executor may read",
                remedy="check the disk, its mount and who may read there",
            ) from error

    return read


def _reading_hdfs(url: str) -> Read:
    parts = urlsplit(url)
    if not parts.hostname or not parts.path.strip("/") or not is_address(parts):
        raise InvalidInputError("journal", "hdfs://host:port/path", "another URL")
    try:
        from muniment.store.vault.hdfs_files import HdfsFiles  # noqa: PLC0415  (an extra)
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            "journal",
            "an installation with the extra 'hdfs'",
            f"a URL of scheme 'hdfs', and {error.name} is not installed",
            remedy="pip install 'muniment[hdfs]'",
        ) from error
    root = f"hdfs://{parts.netloc}"
    folder = unquote(parts.path).rstrip("/")
    files = HdfsFiles(root, f"{root}{folder}", None)

    def read(path: str) -> bytes | None:
        try:
            return files.first_bytes(f"{folder}/{path}", LARGEST_FILE)
        except FileNotFoundError:
            return None

    return read


def _reading_by_fsspec(url: str) -> Read:
    try:
        import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415  (an extra)

        system: Any
        system, folder = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        scheme = urlsplit(url).scheme
        raise InvalidInputError(
            "journal",
            "a folder, hdfs://, hbase://, or what fsspec reads here",
            f"a URL of scheme {scheme!r}, which it does not",
            remedy="install fsspec and its part for that scheme, for s3:// `pip install s3fs`",
        ) from error

    def read(path: str) -> bytes | None:
        try:
            return bytes(system.cat_file(f"{folder.rstrip('/')}/{path}"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise VaultError(
                f"{shown(url)}, {path}: {type(error).__name__}",
                expected="files that every executor may read",
                remedy="check the address, and the executors' right to read there",
            ) from error

    return read


def _unseen(url: str) -> VaultError:
    return VaultError(
        f"{shown(url)} is not seen from here",
        expected="a place that the driver and every executor can read",
        remedy="name a URL that all of them reach, or mount the folder on each",
    )
