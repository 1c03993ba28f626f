# SPDX-License-Identifier: Apache-2.0
"""The vault: where encrypted content lies, put once and never changed."""

from __future__ import annotations

import importlib
from typing import Final
from urllib.parse import unquote, urlsplit

from muniment.errors import InvalidInputError
from muniment.store.vault.contract import (
    DigestKeeping,
    NoVaultError,
    ObjectExistsError,
    ObjectMissingError,
    Vault,
    VaultError,
)
from muniment.store.vault.folder import FolderVault

__all__ = [
    "DigestKeeping",
    "FolderVault",
    "NoVaultError",
    "ObjectExistsError",
    "ObjectMissingError",
    "Vault",
    "VaultError",
    "open_vault",
]

_REMOTE: Final = {
    "hdfs": ("hdfs", "HdfsVault", "hdfs"),
    "hbase": ("hbase", "HbaseVault", "hbase"),
    "s3": ("s3", "S3Vault", "s3"),
}
"""By scheme: module, class, and the extra that brings what they import."""


def open_vault(url: str, *, create: bool = True) -> Vault:
    """Open the vault at a URL, making it where there is none.

    A plain path or ``file:///path``; ``hdfs://host:port/path``; ``hbase://host:port/table``;
    ``s3://bucket/path``, which no test has seen. Raises `InvalidInputError` for another scheme, or
    where the extra for it is not installed; `VaultError` where it cannot be used, and with
    `create=False` `NoVaultError` where there is none.
    """
    if not isinstance(url, str) or not url:
        raise InvalidInputError("vault", "a path or a URL", "empty or no text")
    scheme, separator, _ = url.partition("://")
    if not separator:
        return FolderVault(url, create=create)
    if scheme == "file":
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise InvalidInputError("vault", "file:///path, of this machine", "another URL")
        return FolderVault(unquote(parts.path), create=create)
    if scheme not in _REMOTE:
        raise InvalidInputError(
            "vault",
            "a path, file:///path, hdfs://host:port/path, hbase://host:port/table or s3://bucket/path",
            f"a URL of scheme {scheme!r}",
            remedy="check the URL; docs/guides/engines.md says where a vault can lie",
        )
    name, kind, extra = _REMOTE[scheme]
    try:
        # Who keeps the vault in a folder needs no client of a cluster's.
        module = importlib.import_module(f"muniment.store.vault.{name}")
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] == "muniment":
            raise
        raise InvalidInputError(
            "vault",
            f"an installation with the extra {extra!r}",
            f"a URL of scheme {scheme!r}, and {error.name} is not installed",
            remedy=f"pip install 'muniment[{extra}]'",
        ) from error
    vault: Vault = getattr(module, kind)(url, create=create)
    return vault
