# SPDX-License-Identifier: Apache-2.0
"""A vault on HDFS.

    <path>/MUNIMENT-VAULT             names the format
    <path>/incoming/<random>          what is being written
    <path>/log/<first>-<last>         bundles of objects, by the numbers of their puts
    <path>/kept/<first>-<last>        large ones that a merged bundle refers to

A put writes one file, has the DataNodes sync it, and renames it to the next number: a rename gives
the whole file or none and never replaces one, so of two writers one gets the number, and the other
looks at what the first has put and takes the next. The numbers are the order of all puts and
deletions; what an object is follows from the last that names it. Every 32 bundles are merged into
one, so that there are few files: the merged one appears by a rename too and then counts in their
place, whether they are gone already or not. A writer who was asleep may still take a number that
was merged away; he finds his file covered by a larger one, and takes another number.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from muniment.errors import InvalidInputError
from muniment.record.files import Readable
from muniment.record.identifiers import require_uint
from muniment.store.vault.contract import (
    NoVaultError,
    ObjectExistsError,
    ObjectMissingError,
    Source,
    VaultError,
    require_name,
    require_prefix,
)
from muniment.store.vault.hdfs_bundles import MAGIC, Entry, Kind
from muniment.store.vault.hdfs_files import HdfsFiles, Upload
from muniment.store.vault.hdfs_log import HdfsLog
from muniment.store.vault.hdfs_merging import LARGE, merge_older, new_upload
from muniment.store.vault.remote import Digesting, Pieces, is_address, pour

MARKER: Final = "MUNIMENT-VAULT"
FORMAT: Final = b"muniment/hdfs-vault/v1\n"
_MOVES: Final = 4
"""An object moves once for each level of merging, and seldom while it is read."""


class HdfsVault:
    """A vault on HDFS; see `Vault` for what each method promises.

    It keeps an index of all names in memory, a quarter of a kilobyte each, read from the ends of
    the bundles when it is first needed.
    """

    def __init__(self, url: str, *, create: bool = True) -> None:
        """Open the vault at ``hdfs://host:port/path``, making it where there is none.

        ``?replication=3`` says how often each block is kept, where that is not the site's default.
        Raises `InvalidInputError` for another URL or without the extra, and `VaultError`; with
        `create=False` `NoVaultError` where there is none.
        """
        root, path, replication = _parts_of(url)
        self._path = path
        self._files = HdfsFiles(root, f"{root}{path}", replication)
        self._log = HdfsLog(self._files, path)
        self._make(create=create)

    @property
    def durability(self) -> str:
        """What has happened when a put returns."""
        return (
            "synced to disk (hsync) by every DataNode that HDFS wrote a copy to, and named in the "
            "NameNode's synced log; as many copies as the replication of the site or the URL says, "
            "fewer for as long as DataNodes are missing"
        )

    def put_if_absent(self, name: str, data: Source) -> bool:
        """See `Vault.put_if_absent`."""
        require_name(name)
        return self._put([(name, data)], Kind.PUT)

    def put_many(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """See `Vault.put_many`: all of them are one file."""
        unique: dict[str, bytes] = {}
        for name, data in objects:
            if unique.setdefault(require_name(name), data) != data:
                raise ObjectExistsError(name)
        if unique:
            self._put(list(unique.items()), Kind.PUT)

    def replace(self, name: str, data: bytes) -> None:
        """See `Vault.replace`."""
        require_name(name)
        self._put([(name, data)], Kind.REPLACED)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        """See `Vault.open`."""
        entry = self._entry(name)
        if entry.length <= LARGE:
            yield io.BytesIO(self._read(entry, 0, entry.length))
        else:
            yield Pieces(lambda offset, length: self._read(entry, offset, length))

    def get_range(self, name: str, offset: int, length: int) -> bytes:
        """See `Vault.get_range`."""
        require_uint("offset", offset, 63)
        require_uint("length", length, 63)
        return self._read(self._entry(name), offset, length)

    def size(self, name: str) -> int:
        """See `Vault.size`."""
        return self._entry(name).length

    def digest(self, name: str) -> bytes:
        """See `DigestKeeping.digest`."""
        return self._entry(name).digest

    def list(self, prefix: str = "") -> Iterator[str]:
        """See `Vault.list`."""
        require_prefix(prefix)
        yield from self._log.names(prefix)

    def delete(self, name: str) -> bool:
        """See `Vault.delete`. The bytes go with the next merging."""
        require_name(name)
        with self._log.lock:
            self._log.refresh()
            if self._log.live(name) is None:
                return False
        return self._put([(name, b"")], Kind.DELETED)

    def close(self) -> None:
        """Give the connections back."""
        self._files.close()

    def __repr__(self) -> str:
        """Name the place."""
        return f"HdfsVault({self._files.place!r})"

    # --- bundles ----------------------------------------------------------------------------------

    def _put(self, objects: Sequence[tuple[str, Source]], kind: Kind) -> bool:
        """Write a bundle, and give it a number; return whether it was needed."""
        upload = new_upload(self._log)
        try:
            entries = _write(upload, objects, kind)
            upload.finish()
            span = self._log.commit(upload, entries)
        except BaseException:
            upload.discard()
            raise
        if span is None:
            upload.discard()
            return False
        merge_older(self._log, span.first)
        return True

    def _entry(self, name: str) -> Entry:
        """What stands under a name. Raises `ObjectMissingError`."""
        entry = self._log.current(require_name(name))
        if entry is None:
            raise ObjectMissingError(name)
        return entry

    def _read(self, entry: Entry, offset: int, length: int) -> bytes:
        """Return a stretch of an object, wherever merging has moved it to."""
        length = min(length, entry.length - offset)
        if length <= 0:
            return b""
        for _ in range(_MOVES):
            with contextlib.suppress(FileNotFoundError):
                return self._log.stretch(entry, offset, length)
            with self._log.lock:
                self._log.refresh()
                now = self._log.live(entry.name)
            if now is None or now.number != entry.number:
                break
            entry = now
        raise ObjectMissingError(entry.name)

    # --- the place --------------------------------------------------------------------------------

    def _make(self, *, create: bool) -> None:
        marker = f"{self._path}/{MARKER}"
        try:
            found = self._files.first_bytes(marker, len(FORMAT) + 1)
        except FileNotFoundError:
            if any(name not in (*_FOLDERS, MARKER) for name in self._files.names(self._path)):
                raise self._no_vault() from None
            if not create:
                raise NoVaultError(self._files.place) from None
            for folder in _FOLDERS:
                self._files.make_folder(f"{self._path}/{folder}")
            # Whole or not there, for whoever opens the vault at the same time.
            written = self._files.write_whole(f"{self._path}/incoming", FORMAT)
            if not self._files.rename(written, marker):
                self._files.delete(written)
            found = self._files.first_bytes(marker, len(FORMAT) + 1)
        if found != FORMAT:
            raise self._no_vault()

    def _no_vault(self) -> VaultError:
        return VaultError(
            f"vault {self._files.place}: the folder holds something else",
            expected="an empty folder, or a vault of this format",
            remedy="name another folder, or use the release of Muniment that made it",
        )


_FOLDERS: Final = ("incoming", "log", "kept")


def _write(upload: Upload, objects: Sequence[tuple[str, Source]], kind: Kind) -> Sequence[Entry]:
    """Write a bundle of objects and return its entries, without file and number."""
    upload.write(MAGIC)
    entries = []
    for name, data in objects:
        offset = upload.length
        out = Digesting(upload.write)
        pour(data, out)
        entries.append(Entry(name, kind, 0, "", offset, out.length, out.digest))
    upload.end(entries)
    return entries


def _parts_of(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    path = unquote(parts.path).rstrip("/")
    key, _, value = parts.query.partition("=")
    good = parts.scheme == "hdfs" and parts.hostname and path and not parts.fragment
    known = not parts.query or (key == "replication" and value.isdecimal())
    if not (good and known and is_address(parts)):
        raise InvalidInputError(
            "vault",
            "hdfs://host:port/path or hdfs://nameservice/path",
            "another URL",
            remedy="a user is named by HADOOP_USER_NAME, and never in the URL",
        )
    return f"hdfs://{parts.netloc}", path, int(value) if value else None
