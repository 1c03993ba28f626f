# SPDX-License-Identifier: Apache-2.0
"""Where a follower reads a journal: a folder, or a web server that publishes one.

Both have the files of C2SP tlog-tiles under one place (docs/spec/journals.md, § 8). What they say
is believed of neither: `journal_mirror` checks it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import requests

from muniment.errors import InvalidInputError

LARGEST_FILE: Final = 32 << 20
"""Longest file that is taken from a web server, in bytes. A bundle has 256 entries of 64 KiB."""
_TIMEOUT: Final = 30.0
_CHUNK: Final = 1 << 16
_OK: Final = 200
_MISSING: Final = (404, 410)


class JournalSource(Protocol):
    """A journal's files, by their paths. Its `str` names it, without credentials."""

    def read(self, path: str) -> bytes:
        """Return a file. Raises `FileNotFoundError` where there is none, `OSError`."""
        ...


class FolderSource:
    """A journal in a folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self.folder = folder

    def __str__(self) -> str:
        """Return the folder's path."""
        return str(self.folder)

    def read(self, path: str) -> bytes:
        """Return a file. Raises `FileNotFoundError`, `OSError`."""
        return (self.folder / path).read_bytes()


class WebSource:
    """A journal below an http(s) URL; name and password in the URL are sent (basic auth)."""

    def __init__(self, url: str) -> None:
        """Take the URL. Raises `InvalidInputError`."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
            raise InvalidInputError("source", "an http(s) URL without query", "something else")
        host = f"[{host}]" if ":" in host else host
        self._shown = f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path}"
        self._url = url.rstrip("/")
        self._session = requests.Session()

    def __str__(self) -> str:
        """Return the URL without credentials."""
        return self._shown

    def read(self, path: str) -> bytes:
        """Return a file. Raises `FileNotFoundError`, `OSError`."""
        try:
            # Where a server points elsewhere, credentials must not follow.
            with self._session.get(
                f"{self._url}/{path}", timeout=_TIMEOUT, stream=True, allow_redirects=False
            ) as answer:
                if answer.status_code in _MISSING:
                    raise FileNotFoundError(answer.status_code, "no such file", path)
                if answer.status_code != _OK:
                    raise OSError(answer.status_code, f"HTTP status {answer.status_code}", path)
                data = bytearray()
                for chunk in answer.iter_content(_CHUNK):
                    data += chunk
                    if len(data) > LARGEST_FILE:
                        raise OSError(0, f"more than {LARGEST_FILE} bytes", path)
                return bytes(data)
        except requests.RequestException as error:
            # Its text has the URL, and so the credentials.
            raise OSError(0, type(error).__name__, path) from None


def source_at(text: str, base: Path) -> JournalSource:
    """Return the source that a text names: an http(s) URL, or a folder, relative to `base`.

    Raises `InvalidInputError`.
    """
    if "://" in text:
        return WebSource(text)
    return FolderSource(base / text)
