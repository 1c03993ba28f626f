# SPDX-License-Identifier: Apache-2.0
"""Envelopes that come in pieces, named by the SHA-256 of the file; whole, they are taken in.

A piece goes to the end of what is there and nowhere else, so a sender that lost the line asks how
far it is and goes on. A file that is whole is compared with its name before anything reads it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from muniment.errors import ChainError, StoreError
from muniment.exchange.envelope import read_opening
from muniment.exchange.errors import CustodyError, NotSharedError
from muniment.gateway.refusals import (
    BodyTooLargeError,
    BusyError,
    CallRefusedError,
    ForbiddenCallError,
    UnfitCallError,
)
from muniment.registry import Registry
from muniment.registry.exchange.taken_in import TakenIn

PIECE: Final = 1 << 20
"""Most bytes of a piece."""
_MOST: Final = 16
_KEPT_SECONDS: Final = 7 * 86_400
_READ: Final = 1 << 20
_PASSING: Final = (ChainError, StoreError, NotSharedError, CustodyError)
"""What stands against taking in now and may be over later: a part that is away, or a share or an
offer that the mirror has not yet."""


class PlaceError(CallRefusedError):
    """A piece for another place than the end of what is there; `received` says where that is."""

    status = 409

    def __init__(self, received: int) -> None:
        super().__init__(
            "the piece is for another place",
            f"offset {received}",
            remedy="go on at that offset",
            field="offset",
            received=received,
        )
        self.received = received


class Inbox:
    """What other agencies push to this one, in a folder of this machine until it is whole."""

    def __init__(self, registry: Registry, largest: int) -> None:
        """Take the agency's registry, and how many bytes an envelope may have."""
        self._registry = registry
        self._folder = registry.session.profile.path.resolve().parent / "inbox"
        self._largest = largest

    def received(self, agency_id: int, digest: bytes) -> int:
        """Return how many bytes of a file are here; 0 where nothing is."""
        path = self._path(agency_id, digest)
        return path.stat().st_size if path.exists() else 0

    def put(
        self, agency_id: int, digest: bytes, size: int, offset: int, piece: bytes
    ) -> TakenIn | int:
        """Put a piece at the end of a file of `size` bytes, durably; take it in once it is whole.

        Returns how many bytes are here, or what was taken in. Raises `PlaceError`, and what taking
        in raises: what does not hold is deleted, and what could not be checked now stays.
        """
        if not 0 < size <= self._largest:
            raise BodyTooLargeError(self._largest)
        if offset + len(piece) > size:
            raise UnfitCallError("the piece is longer than the file", f"{size} bytes", field="size")
        with self._locked(agency_id, digest) as path:
            here = path.stat().st_size if path.exists() else 0
            if offset != here:
                raise PlaceError(here)
            with path.open("ab") as writer:
                writer.write(piece)
                writer.flush()
                os.fsync(writer.fileno())
            if here + len(piece) < size:
                return here + len(piece)
            return self._whole(agency_id, digest, path)

    def _whole(self, agency_id: int, digest: bytes, path: Path) -> TakenIn:
        hashed = hashlib.sha256()
        with path.open("rb") as reader:
            while part := reader.read(_READ):
                hashed.update(part)
        if hashed.digest() != digest:
            path.unlink()
            what = "the file is not that whose digest names it"
            raise UnfitCallError(what, "its SHA-256", field="digest")
        try:
            _require_sender(path, agency_id)
            taken = self._registry.exchange.receive(path, acknowledge=False)
        except Exception as error:
            if not isinstance(error, _PASSING):
                path.unlink()
            raise
        path.unlink()
        return taken

    @contextmanager
    def _locked(self, agency_id: int, digest: bytes) -> Iterator[Path]:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._path(agency_id, digest)
        with (self._folder / f"{path.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BusyError("another call brings this file", "one at a time") from None
            if not path.exists():
                self._make_room(agency_id)
            yield path
        if not path.exists():
            Path(lock.name).unlink(missing_ok=True)

    def _make_room(self, agency_id: int) -> None:
        """Few unfinished files for an agency at a time; those of last week go."""
        found = sorted(
            self._folder.glob(f"{agency_id}-*.part"), key=lambda each: each.stat().st_mtime
        )
        for each in found:
            if each.stat().st_mtime < time.time() - _KEPT_SECONDS:
                each.unlink(missing_ok=True)
        if len([each for each in found if each.exists()]) >= _MOST:
            raise BusyError("too many files of this agency are unfinished", f"{_MOST} at most")

    def _path(self, agency_id: int, digest: bytes) -> Path:
        return self._folder / f"{agency_id}-{digest.hex()}.part"


def _require_sender(path: Path, agency_id: int) -> None:
    with path.open("rb") as reader:
        sender = read_opening(reader).header.sender
    if sender != agency_id:
        raise ForbiddenCallError(
            "the envelope is of another agency than the call",
            "an envelope of one's own",
            field="digest",
        )
