# SPDX-License-Identifier: Apache-2.0
"""The vault: where encrypted content lies, put once and never changed."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from muniment.errors import InvalidInputError
from muniment.store.vault.contract import (
    ObjectExistsError,
    ObjectMissingError,
    Vault,
    VaultError,
)
from muniment.store.vault.folder import FolderVault

__all__ = [
    "FolderVault",
    "ObjectExistsError",
    "ObjectMissingError",
    "Vault",
    "VaultError",
    "open_vault",
]

_EXTRAS = {"hdfs": "hdfs", "hbase": "hbase", "s3": "s3"}


def open_vault(url: str) -> Vault:
    """Open the vault at ``file:///path`` or a plain path, making it where there is none.

    Raises `InvalidInputError` for another scheme, `VaultError` where it cannot be used.
    """
    if not isinstance(url, str) or not url:
        raise InvalidInputError("vault", "a path or a URL", "empty or no text")
    scheme, separator, _ = url.partition("://")
    if not separator:
        return FolderVault(url)
    if scheme == "file":
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise InvalidInputError("vault", "file:///path, of this machine", "another URL")
        return FolderVault(unquote(parts.path))
    extra = _EXTRAS.get(scheme)
    raise InvalidInputError(
        "vault",
        "a path or file:///path",
        f"a URL of scheme {scheme!r}",
        remedy=f"this kind of vault comes with the extra {extra!r} of a later release"
        if extra
        else "check the URL",
    )
