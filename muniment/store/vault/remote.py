# SPDX-License-Identifier: Apache-2.0
"""What vaults on servers share: patience with a server that is gone for a while.

A server that is restarted or taken over by another is back within a minute. Until then a call is
made again, and only then the caller is told.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import SplitResult

from muniment.record.files import read_piece
from muniment.record.objects import Writable
from muniment.store.vault.contract import Source, VaultError

PATIENCE_SECONDS: Final = 90.0
"""For how long a call is made again: a RegionServer's regions are taken over within that."""
OPENING_SECONDS: Final = 10.0
"""The same when a vault is opened: a wrong address should be told soon."""
PIECE: Final = 1 << 20
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 2.0

Result = TypeVar("Result")


def is_address(parts: SplitResult) -> bool:
    """Whether a URL names host and port and nobody: credentials would end up in messages."""
    try:
        return parts.username is None and parts.port != 0
    except ValueError:
        return False


class Unavailable(Exception):  # noqa: N818  (never leaves the vault)
    """The server did not answer, or not yet; `why` in its own words, without its stack."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def patiently(
    place: str,
    name: str,
    action: Callable[[], Result],
    *,
    seconds: float = PATIENCE_SECONDS,
) -> Result:
    """Do `action` until it raises no `Unavailable`. Raises `VaultError` after so many seconds."""
    deadline, pause = time.monotonic() + seconds, _FIRST_PAUSE
    while True:
        try:
            return action()
        except Unavailable as error:
            if time.monotonic() + pause > deadline:
                raise VaultError(
                    f"vault {place}, {name}: {error.why}",
                    expected=f"servers that answer within {seconds:g} s",
                    remedy="check that they run and that the URL is theirs; what was acknowledged "
                    "is kept, and the same command goes on where it was",
                ) from error
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


class Digesting:
    """Hands on what is written, and knows length and SHA-256 of all of it."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        """Take what gets the bytes."""
        self._take = take
        self._digest = hashlib.sha256()
        self.length = 0

    def write(self, data: bytes, /) -> int:
        """Hand on all of `data`."""
        self._digest.update(data)
        self.length += len(data)
        self._take(data)
        return len(data)

    @property
    def digest(self) -> bytes:
        """SHA-256 of what was written so far."""
        return self._digest.digest()


def pour(data: Source, writer: Writable) -> None:
    """Write all of an object's bytes, wherever they come from."""
    if isinstance(data, bytes):
        writer.write(data)
    elif callable(data):
        data(writer)
    else:
        while piece := read_piece(data, PIECE):
            writer.write(piece)


class Pieces:
    """Reads an object from its start, by a function that gives any stretch of it."""

    def __init__(self, stretch: Callable[[int, int], bytes]) -> None:
        """Take the function: offset and length to bytes, fewer at the object's end."""
        self._stretch = stretch
        self._at = 0
        self._ahead = b""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        if not self._ahead and size > 0:
            self._ahead = self._stretch(self._at, max(size, PIECE))
            self._at += len(self._ahead)
        piece, self._ahead = self._ahead[:size], self._ahead[size:]
        return piece
