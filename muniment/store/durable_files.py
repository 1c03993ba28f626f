# SPDX-License-Identifier: Apache-2.0
"""Files that are whole or not there: written beside their name, synced, then given it.

A name points to all of the bytes or to what it pointed to before, whenever the machine stops. A
file is on disk only when its own bytes and the folder that names it are synced (fsync(2) says so
of both), so both are.
"""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def write_new(path: Path, data: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Write `data` to a file that must not exist yet. Raises `FileExistsError`, `OSError`."""
    temporary = _write_beside(path, data, mode)
    try:
        # A hard link never replaces what is there, where a rename would.
        os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def replace(path: Path, data: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Write `data` to `path` in the place of what is there. Raises `OSError`."""
    temporary = _write_beside(path, data, mode)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_leftovers(path: Path) -> None:
    """Remove what writers of `path` left beside it that were killed. Nobody may write it now.

    Raises `OSError`.
    """
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        leftover.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Return when the names in the folder are on disk. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_beside(path: Path, data: bytes, mode: int) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return temporary
