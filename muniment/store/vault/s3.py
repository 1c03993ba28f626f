# SPDX-License-Identifier: Apache-2.0
"""A vault in a bucket of S3: `FilesystemVault` with s3fs beneath.

No test has seen S3 (docs/guides/engines.md): what is tested is the class above on another store.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

import s3fs  # type: ignore[import-not-found,import-untyped,unused-ignore]
from botocore.exceptions import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
    BotoCoreError,
    ClientError,
)

from muniment.errors import InvalidInputError
from muniment.store.vault.filesystem import FilesystemVault

_is_bucket: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]").fullmatch
_is_path: Final = re.compile(r"(?:/[A-Za-z0-9][A-Za-z0-9._-]*)+").fullmatch


class S3Vault(FilesystemVault):
    """A vault in a bucket; see `Vault` for what each method promises."""

    def __init__(self, url: str, *, create: bool = True) -> None:
        """Open the vault at ``s3://bucket/path``, making it where there is none.

        The bucket is there already. Region, endpoint and credentials come from where every client
        of S3 takes them (AWS_… in the environment, ~/.aws, the machine's role). Raises
        `InvalidInputError` for another URL, `VaultError`; `create` as for `FilesystemVault`.
        """
        root = root_of(url)
        # Others write there too: what was listed a moment ago is not to be believed.
        filesystem = s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)
        super().__init__(
            filesystem, root, url, (OSError, BotoCoreError, ClientError), create=create
        )

    @property
    def durability(self) -> str:
        """What has happened when a put returns."""
        return "acknowledged by S3, which keeps it in several facilities of the bucket's region"


def root_of(url: str) -> str:
    """Return bucket and path of a URL. Raises `InvalidInputError`."""
    parts = urlsplit(url)
    path = unquote(parts.path).rstrip("/")
    plain = not (parts.query or parts.fragment or parts.port or parts.username)
    if parts.scheme != "s3" or not plain or not _is_bucket(parts.netloc) or not _is_path(path):
        raise InvalidInputError("vault", "s3://bucket/path", "another URL of S3")
    return parts.netloc + path
