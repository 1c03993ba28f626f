# SPDX-License-Identifier: Apache-2.0
"""Files on HDFS by hdfs-native, with patience and under the vault's own errors.

`FileExistsError` and `FileNotFoundError` pass through: they say what is there. Everything else is
either a server that is away for a while, which is waited for, or a refusal.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from hdfs_native import Client, FileReader, FileWriter, WriteOptions

from muniment.store.vault import hdfs_bundles
from muniment.store.vault.contract import VaultError
from muniment.store.vault.hdfs_bundles import ID_SIZE, TRAILER_SIZE, Entry
from muniment.store.vault.remote import (
    OPENING_SECONDS,
    PATIENCE_SECONDS,
    PIECE,
    Result,
    Unavailable,
    patiently,
)

_SETTINGS: Final = {
    # We are patient ourselves: the client's own patience ends after three minutes, unasked.
    "dfs.client.failover.max.attempts": "3",
    "dfs.client.failover.sleep.base.millis": "100",
    "dfs.client.failover.sleep.max.millis": "1000",
}
_BUFFERED: Final = 8 << 20
"""What is shorter is written from memory, and so again where a DataNode fails meanwhile."""
_STUCK_SECONDS: Final = 30.0
"""For how long a call may take. A DataNode that dies at the wrong moment lets the client wait for
its answer for ever."""
_READERS: Final = 16
_TAIL: Final = 1 << 16
"""So much of a bundle's end is read at once, in which most indexes are whole."""
_REFUSALS: Final = {
    "AccessControlException": (
        "this user may not do that",
        "give the folder to the user of this process (HADOOP_USER_NAME); nothing was written",
    ),
    "QuotaExceededException": (
        "the folder's quota is used up",
        "raise the quota or make room; nothing half was left",
    ),
}


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a bundle: its `size`, the random number of its upload, its index."""

    size: int
    random: bytes
    index: bytes
    digest: bytes


class HdfsFiles:
    """The files of one file system. Calls are made by several threads at once."""

    def __init__(self, root: str, place: str, replication: int | None) -> None:
        """Take the URL of the file system, and that of the vault, for messages.

        Raises `VaultError` where nobody answers there.
        """
        self.place = place
        self.replication = replication
        self._root = root
        self._client: Client | None = None
        self._process = 0
        self._readers: OrderedDict[tuple[str, bytes], FileReader] = OrderedDict()
        self._lock = threading.Lock()
        self._seconds = OPENING_SECONDS
        patiently(place, "the NameNode", self._reach, seconds=OPENING_SECONDS)
        self._call("the vault", lambda client: list(client.list_status("/")))
        self._seconds = PATIENCE_SECONDS

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, none where there is no such folder."""
        return [name for name, _ in self.ages(folder)]

    def ages(self, folder: str) -> list[tuple[str, float]]:
        """Return the names in a folder and when each was last changed, in Unix seconds."""
        try:
            found = self._call(folder, lambda client: list(client.list_status(folder)))
        except FileNotFoundError:
            return []
        return [(each.path.rpartition("/")[2], each.modification_time / 1000) for each in found]

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it, where they are not there."""
        self._call(path, lambda client: client.mkdirs(path, 0o700, create_parent=True))

    def create(self, path: str, data: bytes) -> None:
        """Write a small file, durably; it may be there, written by another at the same time."""
        with contextlib.suppress(FileExistsError):
            self._call(path, lambda client: self._write(client, path, data))

    def first_bytes(self, path: str, length: int) -> bytes:
        """Return the beginning of a file. Raises `FileNotFoundError`."""
        return self._call(path, lambda client: bytes(_opened(client, path).read(length)))

    def tail(self, path: str) -> Tail:
        """Return the end of a bundle. Raises `FileNotFoundError`, and `VaultError`."""

        def read(client: Client) -> Tail:
            reader = _opened(client, path)
            size = len(reader)
            start = max(size - _TAIL, 0)
            end = bytes(reader.read_range(start, size - start))
            index, random, digest = hdfs_bundles.trailer_of(path, end[-TRAILER_SIZE:])
            if index < start:
                end = bytes(reader.read_range(index, start - index)) + end
                start = index
            return Tail(size, random, end[index - start : -TRAILER_SIZE], digest)

        return self._call(path, read)

    def stretch(self, path: str, random: bytes, offset: int, length: int) -> bytes:
        """Return bytes of a bundle, fewer at its end.

        Raises `FileNotFoundError`, also where another one lies there.
        """

        def read(client: Client) -> bytes:
            reader = self._reader(client, path, random)
            # The client does not survive being asked for more than there is.
            wanted = min(length, len(reader) - offset)
            return bytes(reader.read_range(offset, wanted)) if wanted > 0 else b""

        return self._call(path, read)

    def rename(self, source: str, target: str) -> bool:
        """Rename a file; False where the target is there, or the source is not."""
        try:
            self._call(target, lambda client: client.rename(source, target, overwrite=False))
        except (FileExistsError, FileNotFoundError):
            return False
        return True

    def delete(self, path: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self._call(path, lambda client: client.delete(path))

    def upload(self, folder: str) -> Upload:
        """Return a new file to be written in a folder, under a name that nobody looks at."""
        return Upload(self, folder)

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            self._client = None
            self._readers.clear()

    # --- calls ------------------------------------------------------------------------------------

    def write_whole(self, folder: str, data: bytes) -> str:
        """Write a file from memory, durably, and again where a DataNode fails meanwhile.

        Returns its path. Each attempt has a name of its own: one that is stuck may go on later.
        """

        def write(client: Client) -> str:
            path = f"{folder}/{new_name()}"
            self._write(client, path, data)
            return path

        return self._call(folder, write)

    def begin(self, path: str) -> FileWriter:
        """Open a new file for writing."""
        return self._call(path, lambda client: client.create(path, self._options()))

    def once(self, name: str, action: Callable[[], Result]) -> Result:
        """Do what cannot be done again. Raises `VaultError`."""
        return patiently(self.place, name, lambda: self._translated(name, action), seconds=0)

    def _write(self, client: Client, path: str, data: bytes) -> None:
        writer = client.create(path, self._options())
        try:
            writer.write(data)
            writer.hsync()
        finally:
            # A file that is left open keeps its lease for an hour.
            writer.close()

    def _options(self) -> WriteOptions | None:
        if self.replication is None:
            return None
        return WriteOptions(replication=self.replication)

    def _call(self, name: str, action: Callable[[Client], Result]) -> Result:
        def act() -> Result:
            return self._translated(name, lambda: action(self._connected()))

        return patiently(self.place, name.rpartition("/")[2], act, seconds=self._seconds)

    def _translated(self, name: str, action: Callable[[], Result]) -> Result:
        try:
            return _within(_STUCK_SECONDS, action)
        except (FileExistsError, FileNotFoundError):
            raise
        except (OSError, RuntimeError) as error:
            self.close()
            # A Java program's stack follows its words.
            said = str(error).replace("\\n", "\n").partition("\n")[0]
            for exception, (what, remedy) in _REFUSALS.items():
                if exception in said:
                    raise VaultError(
                        f"vault {self.place}, {name.rpartition('/')[2]}: {what}",
                        expected="room and permission to read and write there",
                        remedy=remedy,
                    ) from error
            raise Unavailable(said) from error

    def _connected(self) -> Client:
        with self._lock:
            # A process that was forked has no threads of the client's.
            if self._client is None or self._process != os.getpid():
                self._client = Client(self._root, dict(_SETTINGS))
                self._process = os.getpid()
                self._readers.clear()
            return self._client

    def _reader(self, client: Client, path: str, random: bytes) -> FileReader:
        with self._lock:
            reader = self._readers.get((path, random))
            if reader is not None:
                self._readers.move_to_end((path, random))
                return reader
        reader = _opened(client, path)
        start = max(len(reader) - TRAILER_SIZE, 0)
        end = bytes(reader.read_range(start, len(reader) - start))
        if hdfs_bundles.trailer_of(path, end)[1] != random:
            raise FileNotFoundError(path)
        with self._lock:
            self._readers[path, random] = reader
            while len(self._readers) > _READERS:
                self._readers.popitem(last=False)
        return reader

    def _reach(self) -> None:
        """See that somebody listens, where the URL names one host rather than a nameservice."""
        parts = urlsplit(self._root)
        if parts.port is None:
            return
        try:
            socket.create_connection((parts.hostname or "", parts.port), OPENING_SECONDS).close()
        except OSError as error:
            raise Unavailable(error.strerror or "no answer") from error


def _opened(client: Client, path: str) -> FileReader:
    """Open a file for reading, all of it. Raises `Unavailable` for some moments after its writing.

    Where files close before the DataNodes have reported their last block, the client is told of no
    such block at first, and takes the file for shorter.
    """
    reader = client.read(path)
    if len(reader) < client.get_file_info(path).length:
        raise Unavailable("the file's last block is not reported yet")
    return reader


def new_name() -> str:
    """Return a file's name that nothing else has."""
    return secrets.token_hex(16)


def _within(seconds: float, action: Callable[[], Result]) -> Result:
    """Do `action` in a thread that is left alone when it is stuck. Raises what it raises.

    Raises `TimeoutError` where it takes longer.
    """
    outcome: list[Result] = []
    fault: list[BaseException] = []

    def act() -> None:
        try:
            outcome.append(action())
        except BaseException as error:  # noqa: BLE001  (raised below)
            fault.append(error)

    thread = threading.Thread(target=act, name="hdfs", daemon=True)
    thread.start()
    thread.join(seconds)
    if fault:
        raise fault[0]
    if not outcome:
        message = f"no answer in {seconds:g} s"
        raise TimeoutError(message)
    return outcome[0]


class Upload:
    """A file that is being written under a name that nobody looks at, and then renamed."""

    def __init__(self, files: HdfsFiles, folder: str) -> None:
        """Use `HdfsFiles.upload`."""
        self._files = files
        self._folder = folder
        self._path = f"{folder}/{new_name()}"
        self._buffer = bytearray()
        self._writer: FileWriter | None = None
        self._there = False
        self.length = 0
        self.random = secrets.token_bytes(ID_SIZE)

    def write(self, data: bytes, /) -> None:
        """Take the next bytes."""
        self._buffer += data
        self.length += len(data)
        if len(self._buffer) > _BUFFERED:
            self._flush()

    def end(self, entries: Sequence[Entry]) -> None:
        """Write index and trailer."""
        self.write(hdfs_bundles.end_of(entries, self.length, self.random))

    def finish(self) -> None:
        """Have all of it synced by the DataNodes, and close the file."""
        if self._writer is None:
            self._path = self._files.write_whole(self._folder, bytes(self._buffer))
            self._there = True
            return
        self._flush()
        writer = self._writer
        self._files.once(self._path, writer.hsync)
        self._writer = None
        self._files.once(self._path, writer.close)

    def rename_to(self, target: str) -> bool:
        """Rename the file; False where the target is there, or where an answer got lost."""
        renamed = self._files.rename(self._path, target)
        self._there = self._there and not renamed
        return renamed

    def rename_back(self, target: str) -> None:
        """Take the file back from a name under which it does not count."""
        self._there = self._files.rename(target, self._path)

    def discard(self) -> None:
        """Remove the file, if it is there still. Raises nothing: it is rubbish, and goes later."""
        with contextlib.suppress(OSError, RuntimeError, VaultError):
            if self._writer is not None:
                self._files.once(self._path, self._writer.close)
        self._writer = None
        if self._there:
            with contextlib.suppress(VaultError):
                self._files.delete(self._path)
            self._there = False

    def _flush(self) -> None:
        if self._writer is None:
            self._there = True
            self._writer = self._files.begin(self._path)
        writer, whole = self._writer, memoryview(bytes(self._buffer))
        self._buffer.clear()
        for start in range(0, len(whole), PIECE):
            write = partial(writer.write, bytes(whole[start : start + PIECE]))
            self._files.once(self._path, write)
