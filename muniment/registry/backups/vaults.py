# SPDX-License-Identifier: Apache-2.0
"""Copies of a vault: new objects alone are copied, each compared by its digest.

Objects never change, but for the checkpoint of a journal; so what the last backup has is passed by
on its size. A copy that was interrupted goes on: an object is in the target whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from muniment.journal.tiles import CHECKPOINT_PATH
from muniment.record.files import Readable
from muniment.record.objects import Writable
from muniment.registry.backups.manifest import BackedUp, BackupError
from muniment.store.journal_files import PREFIX as JOURNALS
from muniment.store.vault import FolderVault, ObjectMissingError, Vault

OBJECTS: Final = "vault"
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Copied:
    """How many objects were copied, of how many bytes, and how many were there already."""

    objects: int
    size: int
    there: int


def copy_out(
    source: Vault,
    folder: Path,
    known: dict[str, BackedUp],
    tell: Callable[[int], None] = lambda _: None,
) -> tuple[Copied, dict[str, BackedUp]]:
    """Bring the vault in a backup's folder up to date; return what was copied, and all it has.

    `known` is what the last backup had. Of an object that is gone from the source the copy stays.
    Raises `BackupError` for one that differs from its copy, `VaultError`.
    """
    target = FolderVault(folder / OBJECTS)
    found, copied, size, there = dict(known), 0, 0, 0
    for count, name in enumerate(source.list(), start=1):
        before = known.get(name)
        if before is not None and not _changes(name):
            if source.size(name) != before.size:
                raise _differs(name)
            there += 1
        else:
            found[name] = _copied(source, target, name)
            copied += 1
            size += found[name].size
        tell(count)
    return Copied(copied, size, there), found


def forget(folder: Path, files: dict[str, BackedUp], names: Collection[str]) -> None:
    """Take objects out of a backup that were deleted on purpose. Raises `VaultError`."""
    target = FolderVault(folder / OBJECTS)
    for name in names:
        target.delete(name)
        files.pop(name, None)


def bring_back(
    folder: Path,
    files: dict[str, BackedUp],
    target: Vault,
    tell: Callable[[int], None] = lambda _: None,
) -> Copied:
    """Bring the objects of a backup into a vault; those that are there and equal stay.

    Each is compared with the manifest before it gets its name. Raises `BackupError`, `VaultError`;
    what was brought in before stays, and the same call goes on.
    """
    source = FolderVault(folder / OBJECTS)
    copied = size = there = 0
    for count, (name, wanted) in enumerate(sorted(files.items()), start=1):
        if _has(target, name, wanted):
            there += 1
        else:
            _bring(source, target, name, wanted)
            copied += 1
            size += wanted.size
        tell(count)
    return Copied(copied, size, there)


def _copied(source: Vault, target: Vault, name: str) -> BackedUp:
    """Copy one object, read the copy again, and return what it is."""
    if _changes(name):
        data = source.get_range(name, 0, source.size(name))
        target.replace(name, data)
        made = BackedUp(len(data), hashlib.sha256(data).digest())
    else:
        with source.open(name) as reader:
            digesting = _Digesting(reader)
            target.put_if_absent(name, digesting)
            made = digesting.found
    if _digest(target, name) != made:
        raise BackupError(
            f"the copy of {name} is not what was written",
            expected=f"SHA-256 {made.digest.hex()}",
            remedy="check the disk that the backup is on",
        )
    return made


def _bring(source: Vault, target: Vault, name: str, wanted: BackedUp) -> None:
    try:
        if _changes(name):
            data = source.get_range(name, 0, source.size(name))
            if BackedUp(len(data), hashlib.sha256(data).digest()) != wanted:
                raise _damaged(name)
            target.replace(name, data)
            return

        def produce(out: Writable) -> None:
            with source.open(name) as reader:
                digesting = _Digesting(reader)
                while piece := digesting.read(_PIECE):
                    out.write(piece)
            # Raised before the object gets its name.
            if digesting.found != wanted:
                raise _damaged(name)

        target.put_if_absent(name, produce)
    except ObjectMissingError as error:
        raise BackupError(
            f"the backup lacks {name}",
            expected="every object that its manifest names",
            remedy="use another backup",
        ) from error


def _has(target: Vault, name: str, wanted: BackedUp) -> bool:
    """Whether the vault has an object as wanted. Raises `BackupError` for other bytes."""
    try:
        same = target.size(name) == wanted.size and _digest(target, name) == wanted
    except ObjectMissingError:
        return False
    if not same and not _changes(name):
        raise _differs(name)
    return same


def _digest(vault: Vault, name: str) -> BackedUp:
    with vault.open(name) as reader:
        digesting = _Digesting(reader)
        while digesting.read(_PIECE):
            pass
        return digesting.found


def _changes(name: str) -> bool:
    """Whether an object may be replaced by another: a journal's checkpoint alone."""
    return name.startswith(JOURNALS) and name.endswith(f"/{CHECKPOINT_PATH}")


class _Digesting:
    """Hands on what is read, and tells its size and digest at the end."""

    def __init__(self, reader: Readable) -> None:
        self._reader = reader
        self._digest = hashlib.sha256()
        self._size = 0

    def read(self, size: int, /) -> bytes:
        piece = self._reader.read(size)
        self._digest.update(piece)
        self._size += len(piece)
        return piece

    @property
    def found(self) -> BackedUp:
        return BackedUp(self._size, self._digest.digest())


def _differs(name: str) -> BackupError:
    return BackupError(
        f"the vault and the backup hold different bytes as {name}",
        expected="the same: objects are never changed",
        remedy="one of them is damaged: `muniment fsck` tells whether the vault is; nothing was "
        "overwritten",
    )


def _damaged(name: str) -> BackupError:
    return BackupError(
        f"the backup's {name} is damaged",
        expected="the bytes that its manifest names",
        remedy="use another backup",
    )
