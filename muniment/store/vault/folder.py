# SPDX-License-Identifier: Apache-2.0
"""A vault in a folder of one machine, or of a file server that keeps link(2) and fsync(2).

    <folder>/MUNIMENT-VAULT         names the format
    <folder>/objects/7c/<name>      7c: the name's first two characters
    <folder>/incoming/<host>-<process>-<random>   what is being written

An object is written in `incoming`, synced, and linked to its name: link(2) gives a whole object or
none and never replaces one. The folders that changed are synced before `put_if_absent` returns.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO, Final

from muniment.record.files import Readable, read_piece
from muniment.record.identifiers import require_uint
from muniment.store import durable_files
from muniment.store.durable_files import PRIVATE_FILE, PRIVATE_FOLDER, sync_folder
from muniment.store.vault.contract import (
    NoVaultError,
    ObjectExistsError,
    ObjectMissingError,
    Source,
    VaultError,
    require_name,
    require_prefix,
)
from muniment.store.vault.owners import has_living_owner, new_owner

MARKER: Final = "MUNIMENT-VAULT"
FORMAT: Final = b"muniment/folder-vault/v1\n"
STALE_SECONDS: Final = 3600
"""Age at which a file in `incoming` is removed, if no process of this machine owns it."""
_PIECE: Final = 1 << 20
_ATTEMPTS: Final = 100
_FEW: Final = 8
_SYNCING: Final = 16


class FolderVault:
    """A vault in `folder`; see `Vault` for what each method promises."""

    def __init__(self, folder: Path | str, *, create: bool = True) -> None:
        """Open the vault in `folder`, making it where there is none.

        Files have mode 600 and folders 700. Leftovers of writers that died are removed. Raises
        `VaultError` where the folder cannot be used, or holds something else; with `create=False`
        `NoVaultError` where there is none.
        """
        self.folder = Path(folder).absolute()
        self._objects = self.folder / "objects"
        self._incoming = self.folder / "incoming"
        with self._translated("the folder"):
            self._make(create=create)
        with contextlib.suppress(OSError):
            self._clean()

    @property
    def durability(self) -> str:
        """What has happened when a put returns."""
        return (
            "synced to the disk of this folder (fsync of the object and of its folders); one copy"
        )

    def put_if_absent(self, name: str, data: Source) -> bool:
        """See `Vault.put_if_absent`."""
        target = self._path(name)
        temporary = self._write(name, data)
        try:
            with self._translated(name):
                new = self._link(temporary, target)
                # Also what was there before: whoever made it may have died before syncing it.
                for made in (target.parent, *self._folders_above(target.parent)):
                    sync_folder(made)
                if not new and not _same_bytes(temporary, target):
                    raise ObjectExistsError(name)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        return new

    def put_many(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """See `Vault.put_many`: files are synced beside each other, each folder once."""

        def put(each: tuple[str, bytes]) -> Path:
            name, data = each
            target = self._path(name)
            temporary = self._write(name, data)
            try:
                with self._translated(name):
                    new = self._link(temporary, target)
                    if not new and not _same_bytes(temporary, target):
                        raise ObjectExistsError(name)
            finally:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)
            return target.parent

        if len(objects) < _FEW:
            parents = [put(each) for each in objects]
        else:
            # A disk that syncs many files at a time takes hardly longer than for one.
            with ThreadPoolExecutor(_SYNCING) as syncing:
                parents = list(syncing.map(put, objects))
        above = [folder for each in set(parents) for folder in self._folders_above(each)]
        for folder in dict.fromkeys((*parents, *above)):
            with self._translated("a folder"):
                sync_folder(folder)

    def replace(self, name: str, data: bytes) -> None:
        """See `Vault.replace`."""
        target = self._path(name)
        temporary = self._write(name, data)
        with self._translated(name):
            self._make_folders(target.parent)
            temporary.replace(target)
            for made in (target.parent, *self._folders_above(target.parent)):
                sync_folder(made)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        """See `Vault.open`."""
        with self._translated(name):
            file = self._open(name)
        with file:
            yield _Input(file, lambda: self._translated(name))

    def get_range(self, name: str, offset: int, length: int) -> bytes:
        """See `Vault.get_range`."""
        require_uint("offset", offset, 63)
        require_uint("length", length, 63)
        with self._translated(name), self._open(name) as file:
            left = os.fstat(file.fileno()).st_size - offset
            if left <= 0:
                return b""
            file.seek(offset)
            # Python makes room for all that it is asked for.
            return file.read(min(length, left))

    def size(self, name: str) -> int:
        """See `Vault.size`."""
        with self._translated(name), self._open(name) as file:
            return os.fstat(file.fileno()).st_size

    def list(self, prefix: str = "") -> Iterator[str]:
        """See `Vault.list`."""
        require_prefix(prefix)
        base, slash, _ = prefix.rpartition("/")
        with self._translated("the folder"):
            if slash:
                yield from _walk(self._path(base), base, prefix)
                return
            for shelf in sorted(self._objects.iterdir()):
                if shelf.name.startswith(prefix[:2]):
                    yield from _walk(shelf, "", prefix)

    def delete(self, name: str) -> bool:
        """See `Vault.delete`."""
        target = self._path(name)
        with self._translated(name):
            try:
                target.unlink()
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                return False
            # Another process may just have removed the folder, which our object left empty.
            with contextlib.suppress(FileNotFoundError):
                sync_folder(target.parent)
            self._remove_empty(target.parent)
        return True

    def close(self) -> None:
        """Nothing is held."""

    def __repr__(self) -> str:
        """Name the folder."""
        return f"FolderVault({str(self.folder)!r})"

    def _path(self, name: str) -> Path:
        parts = require_name(name).split("/")
        # A million folders in one make file systems and people slow.
        return self._objects.joinpath(parts[0][:2], *parts)

    def _open(self, name: str) -> BinaryIO:
        try:
            # A folder opens as a file nowhere but in a listing.
            return self._path(name).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise ObjectMissingError(name) from None

    def _make(self, *, create: bool) -> None:
        marker = self.folder / MARKER
        try:
            if marker.read_bytes() == FORMAT:
                return
        except FileNotFoundError:
            if self.folder.is_dir() and any(
                entry.name not in ("objects", "incoming") and not entry.name.startswith(".")
                for entry in self.folder.iterdir()
            ):
                raise _no_vault(self.folder) from None
            if not create:
                raise NoVaultError(str(self.folder)) from None
        else:
            raise _no_vault(self.folder)
        self._make_folders(self._objects)
        self._make_folders(self._incoming)
        sync_folder(self.folder.parent)
        # Last, so that a folder with the marker is whole.
        with contextlib.suppress(FileExistsError):
            durable_files.write_new(marker, FORMAT)

    def _folders_above(self, path: Path) -> Iterator[Path]:
        """Yield the folders that name a folder and those above it, up to `objects`."""
        while path != self._objects:
            path = path.parent
            yield path

    def _make_folders(self, path: Path) -> None:
        """Make a folder and those above it."""
        if path.is_dir():
            return
        self._make_folders(path.parent)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=PRIVATE_FOLDER)

    def _link(self, temporary: Path, target: Path) -> bool:
        """Give a written file its name; return whether the name was free."""
        for attempt in range(_ATTEMPTS):
            try:
                self._make_folders(target.parent)
                try:
                    os.link(temporary, target)
                except FileExistsError:
                    return False
            except FileNotFoundError:
                # Another process deleted the last object of a folder and the folder with it.
                if attempt + 1 == _ATTEMPTS:
                    raise
            else:
                return True
        raise AssertionError("unreachable")

    def _remove_empty(self, path: Path) -> None:
        """Remove folders that an object's deletion left empty, up to its shelf."""
        while path.parent != self._objects and path != self._objects:
            try:
                path.rmdir()
            except OSError:
                return
            path = path.parent

    def _write(self, name: str, data: Source) -> Path:
        """Return a synced file in `incoming` that holds all of `data`."""
        owner = new_owner()
        temporary = self._incoming / owner
        with self._translated(name):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            file = os.fdopen(os.open(temporary, flags, PRIVATE_FILE), "wb", buffering=0)
        try:
            with file:
                # What the caller's source raises is the caller's, and is not translated.
                out = _Output(file, lambda: self._translated(name))
                if isinstance(data, bytes):
                    out.write(data)
                elif callable(data):
                    data(out)
                else:
                    while piece := read_piece(data, _PIECE):
                        out.write(piece)
                with self._translated(name):
                    os.fsync(file.fileno())
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        return temporary

    def _clean(self) -> None:
        """Remove what writers left behind that died: older than an hour and owned by nobody."""
        before = time.time() - STALE_SECONDS
        for path in self._incoming.iterdir():
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before and not has_living_owner(path.name):
                    path.unlink()

    @contextlib.contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        """Raise what the file system says as `VaultError`."""
        try:
            yield
        except OSError as error:
            raise VaultError(
                f"vault {self.folder}, {name}: {error.strerror or 'cannot be used'}",
                expected="room and permission to read and write there",
                remedy=_REMEDIES.get(error.errno or 0, "check the disk, its mount and the folder"),
            ) from error


_REMEDIES: Final = {
    errno.ENOSPC: "make room on the disk, then try again; nothing half was left",
    errno.EDQUOT: "make room within the quota, then try again; nothing half was left",
    errno.EROFS: "mount the disk for writing; nothing was written",
    errno.EACCES: "check owner and mode of the folder; nothing was written",
}


def _same_bytes(one: Path, other: Path) -> bool:
    with one.open("rb") as left, other.open("rb") as right:
        if os.fstat(left.fileno()).st_size != os.fstat(right.fileno()).st_size:
            return False
        while piece := left.read(_PIECE):
            if piece != right.read(_PIECE):
                return False
    return True


class _Input:
    """Gives what is read from a file, under the vault's own errors."""

    def __init__(
        self, file: BinaryIO, translated: Callable[[], contextlib.AbstractContextManager[None]]
    ) -> None:
        self._file = file
        self._translated = translated

    def read(self, size: int, /) -> bytes:
        with self._translated():
            return self._file.read(size)


class _Output:
    """Takes all that is written into a file, under the vault's own errors."""

    def __init__(
        self, file: RawIOBase, translated: Callable[[], contextlib.AbstractContextManager[None]]
    ) -> None:
        self._file = file
        self._translated = translated

    def write(self, data: bytes, /) -> int:
        with self._translated():
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) or 0 :]
        return len(data)


def _walk(path: Path, name: str, prefix: str) -> Iterator[str]:
    """Yield the objects below folder `path`, whose name is `name`, that begin with `prefix`.

    In byte order of their names.
    """
    try:
        entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in os.scandir(path)]
    except (FileNotFoundError, NotADirectoryError):
        return
    # "ab/c" comes after "ab-c" in byte order but before "ab0": a folder sorts with its slash.
    for entry, is_folder in sorted(entries, key=lambda item: item[0] + "/" * item[1]):
        whole = f"{name}/{entry}" if name else entry
        if not (whole.startswith(prefix) or prefix.startswith(f"{whole}/")):
            continue
        if is_folder:
            yield from _walk(path / entry, whole, prefix)
        elif whole.startswith(prefix):
            yield whole


def _no_vault(folder: Path) -> VaultError:
    return VaultError(
        f"vault {folder}: the folder holds something else",
        expected="an empty folder, or a vault of this format",
        remedy="name another folder, or use the release of Muniment that made it",
    )
