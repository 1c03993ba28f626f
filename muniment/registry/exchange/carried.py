# SPDX-License-Identifier: Apache-2.0
"""Files that are carried between agencies: read as they come, written where nothing is yet."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from muniment.errors import InvalidInputError
from muniment.record.files import Readable
from muniment.record.objects import Writable
from muniment.store.durable_files import PRIVATE_FILE, sync_folder


def target_exists() -> InvalidInputError:
    """Return the error of a target that is there: nothing is replaced."""
    return InvalidInputError("target", "a file that is not there yet", "there already")


def half_of(target: Path) -> Path:
    """Return where a target is written until it is whole: beside it, for `put_at`.

    Raises `InvalidInputError` for a target that is there, or cannot be written.
    """
    if target.exists():
        raise target_exists()
    folder = target.resolve().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InvalidInputError("target", "a file in a folder that can be written to", "elsewhere")
    return folder / f".muniment-{secrets.token_hex(8)}.half"


def open_new(path: Path) -> BinaryIO:
    """Open a file that is not there yet, which nobody else may read from its first moment on."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    return os.fdopen(os.open(path, flags, PRIVATE_FILE), "wb")


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file that came. Raises `InvalidInputError`."""
    try:
        # What is no file, a pipe for instance, cannot be read twice.
        if not path.is_file():
            raise InvalidInputError("file", "an envelope that can be read", "no file")
        reader = path.open("rb")
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError("file", "an envelope that can be read", what) from error
    with reader:
        yield reader


def put_at(half: Path, target: Path) -> None:
    """Give what was written its name. What somebody else put there meanwhile stays.

    Raises `InvalidInputError`.
    """
    try:
        try:
            os.link(half, target)
        except FileExistsError:
            raise
        except OSError:
            # A stick's file system may have no links.
            _copy(half, target)
        sync_folder(target.resolve().parent)
    except FileExistsError as error:
        raise target_exists() from error
    except OSError as error:
        what = error.strerror or "none that can be written"
        raise InvalidInputError("target", "a file that can be written", what) from error


def _copy(half: Path, target: Path) -> None:
    with half.open("rb") as reader, open_new(target) as writer:
        try:
            shutil.copyfileobj(reader, writer)
            writer.flush()
            os.fsync(writer.fileno())
        except OSError:
            target.unlink(missing_ok=True)
            raise


class Copying:
    """A reader that writes on what it reads."""

    def __init__(self, reader: Readable, writer: Writable) -> None:
        """Take both."""
        self._reader = reader
        self._writer = writer

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, and write them on."""
        piece = self._reader.read(size)
        left = piece
        while left:
            left = left[self._writer.write(left) or 0 :]
        return piece
