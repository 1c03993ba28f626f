# SPDX-License-Identifier: Apache-2.0
"""A vault in a table of HBase, by its Thrift server. `hbase_cells.py` says what lies where.

A large object's chunks are put first, under a name of the upload's own that nobody asks for; its
head, put by compare-and-put where there is none, makes all of them visible at once. What a writer
leaves behind that dies is removed by whoever opens the vault a day later.
"""

from __future__ import annotations

import contextlib
import heapq
import io
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from muniment.errors import InvalidInputError
from muniment.record.files import Readable
from muniment.record.identifiers import require_uint
from muniment.store.vault import hbase_cells
from muniment.store.vault.contract import (
    NoVaultError,
    ObjectExistsError,
    ObjectMissingError,
    Source,
    VaultError,
    require_name,
    require_prefix,
)
from muniment.store.vault.hbase_cells import (
    BUCKETS,
    CHUNK,
    FORMAT,
    INLINE,
    LIVING,
    Head,
    Rows,
    head_of,
)
from muniment.store.vault.hbase_table import CONNECTIONS, PAGE, HbaseTable
from muniment.store.vault.remote import Digesting, Pieces, is_address, pour

STALE_SECONDS: Final = 86_400
"""Age at which what an upload left behind is removed; one that takes half of that is given up."""
_DEFAULT_PORT: Final = 9090
_DEFAULT_VAULT: Final = "vault"
_TOGETHER: Final = 32
"""Chunks a call: 4 MiB."""
_FEW: Final = 4
_OPTIONS: Final = {"transport": ("buffered", "framed"), "protocol": ("binary", "compact")}
_is_table: Final = re.compile(r"[a-zA-Z0-9_.:-]{1,128}").fullmatch
_is_vault: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}").fullmatch


class HbaseVault:
    """A vault in a table of HBase; see `Vault` for what each method promises."""

    def __init__(self, url: str, *, create: bool = True) -> None:
        """Open the vault at ``hbase://host:port/table``, or one of several in ``…/table/name``.

        The table is there already (docs/guides/engines.md). ``?transport=framed&protocol=compact``
        where the Thrift server wants that. Raises `InvalidInputError` for another URL, `VaultError`
        where table or server cannot be used; with `create=False` `NoVaultError` where the table has
        no vault of this name.
        """
        host, port, table, vault, options = _parts_of(url)
        self._place = f"hbase://{host}:{port}/{table}/{vault}"
        self._rows = Rows(vault)
        self._table = HbaseTable(self._place, host, port, table, options)
        try:
            self._make(create=create)
            with contextlib.suppress(VaultError):
                self._clean()
        except BaseException:
            self._table.close()
            raise

    @property
    def durability(self) -> str:
        """What has happened when a put returns."""
        return (
            "in the write-ahead log of the RegionServer, which the DataNodes of that log's "
            "replication have in memory (hflush): it outlives any of those processes and machines, "
            "not the loss of power of all of those DataNodes at once"
        )

    def put_if_absent(self, name: str, data: Source) -> bool:
        """See `Vault.put_if_absent`."""
        require_name(name)
        upload = _Upload(self._table, self._rows, name)
        try:
            out = Digesting(upload.write)
            pour(data, out)
            head = upload.end(out)
            new = self._put_head(name, head)
        except BaseException:
            upload.discard()
            raise
        upload.forget() if new else upload.discard()
        return new

    def put_many(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """See `Vault.put_many`: several are put at a time."""

        def put(each: tuple[str, bytes]) -> bool:
            return self.put_if_absent(*each)

        if len(objects) < _FEW:
            for each in objects:
                put(each)
            return
        with ThreadPoolExecutor(CONNECTIONS) as putting:
            list(putting.map(put, objects))

    def replace(self, name: str, data: bytes) -> None:
        """See `Vault.replace`."""
        require_name(name)
        upload = _Upload(self._table, self._rows, name)
        try:
            out = Digesting(upload.write)
            pour(data, out)
            new, row = upload.end(out).to_bytes(), self._rows.head(name)
            there = self._table.cell(name, row)
            while not self._table.swap(name, row, there, new):
                there = self._table.cell(name, row)
        except BaseException:
            upload.discard()
            raise
        upload.forget()
        self._drop_chunks(name, head_of(name, there))

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        """See `Vault.open`."""
        head = self._head(name)
        if not head.chunks:
            yield io.BytesIO(head.inline)
        else:
            yield Pieces(lambda offset, length: self._stretch(name, head, offset, length))

    def get_range(self, name: str, offset: int, length: int) -> bytes:
        """See `Vault.get_range`."""
        require_uint("offset", offset, 63)
        require_uint("length", length, 63)
        return self._stretch(name, self._head(name), offset, length)

    def size(self, name: str) -> int:
        """See `Vault.size`."""
        return self._head(name).length

    def digest(self, name: str) -> bytes:
        """See `DigestKeeping.digest`."""
        return self._head(name).digest

    def list(self, prefix: str = "") -> Iterator[str]:
        """See `Vault.list`."""
        require_prefix(prefix)
        stretches = [self._rows.names(bucket, prefix) for bucket in range(len(BUCKETS))]
        with ThreadPoolExecutor(CONNECTIONS) as reading:
            pages = list(reading.map(self._page, stretches))
        yield from heapq.merge(*map(self._names, stretches, pages))

    def delete(self, name: str) -> bool:
        """See `Vault.delete`. HBase frees the room with its next major compaction."""
        require_name(name)
        row, upload = self._rows.head(name), hbase_cells.new_upload()
        while True:
            there = self._table.cell(name, row)
            head = head_of(name, there)
            if head is None:
                return False
            if self._table.swap(name, row, there, hbase_cells.deleted(upload)):
                break
        with contextlib.suppress(VaultError):
            self._table.put(name, {self._rows.under_way(upload): b"D" + name.encode("ascii")})
        self._drop_chunks(name, head)
        return True

    def close(self) -> None:
        """Give the connections back."""
        self._table.close()

    def __repr__(self) -> str:
        """Name the place."""
        return f"HbaseVault({self._place!r})"

    # --- heads and chunks -------------------------------------------------------------------------

    def _head(self, name: str) -> Head:
        """What is known of an object. Raises `ObjectMissingError`."""
        head = head_of(name, self._table.cell(require_name(name), self._rows.head(name)))
        if head is None:
            raise ObjectMissingError(name)
        return head

    def _put_head(self, name: str, head: Head) -> bool:
        """Put a head where no object is; False where the same bytes are there already."""
        row, new, expected = self._rows.head(name), head.to_bytes(), None
        while not self._table.swap(name, row, expected, new):
            cell = self._table.cell(name, row)
            there = head_of(name, cell)
            if there is None:
                # Deleted, or never there and our answer was late: this is what to put over.
                expected = cell
            elif (there.digest, there.length) == (head.digest, head.length):
                return False
            else:
                raise ObjectExistsError(name)
        return True

    def _stretch(self, name: str, head: Head, offset: int, length: int) -> bytes:
        """Return bytes of an object, fewer at its end."""
        end = min(offset + length, head.length)
        if offset >= end:
            return b""
        if not head.chunks:
            return head.inline[offset:end]
        first, last = offset // head.chunk, (end - 1) // head.chunk
        pieces: list[bytes] = []
        for start in range(first, last + 1, _TOGETHER):
            places = range(start, min(start + _TOGETHER, last + 1))
            rows = [self._rows.chunk(name, head.upload, place) for place in places]
            found = self._table.cells(name, rows)
            pieces += [self._chunk(name, head, found.get(row)) for row in rows]
        skipped = first * head.chunk
        return b"".join(pieces)[offset - skipped : end - skipped]

    def _chunk(self, name: str, head: Head, cell: bytes | None) -> bytes:
        if cell is not None:
            return cell
        if self._head(name).upload != head.upload:
            raise ObjectMissingError(name)
        raise VaultError(
            f"vault {self._place}, {name}: a chunk of it is missing",
            expected="all chunks of an object whose head is there",
            remedy="restore the table from a copy; `muniment fsck` lists what is missing",
        )

    def _drop_chunks(self, name: str, head: Head | None) -> None:
        """Delete the chunks of an object that is gone. What is left of them harms nobody."""
        if head is not None and head.chunks:
            rows = [self._rows.chunk(name, head.upload, place) for place in range(head.chunks)]
            with contextlib.suppress(VaultError):
                self._table.delete(name, rows)

    def _page(self, stretch: tuple[bytes, bytes]) -> Sequence[bytes]:
        return [row for row, _ in self._table.page("the table", *stretch, LIVING)]

    def _names(self, stretch: tuple[bytes, bytes], page: Sequence[bytes]) -> Iterator[str]:
        """Yield the names of a bucket, of which the first page is read."""
        yield from map(self._rows.name_in, page)
        while len(page) == PAGE:
            page = self._page((page[-1] + b"\0", stretch[1]))
            yield from map(self._rows.name_in, page)

    # --- the place --------------------------------------------------------------------------------

    def _make(self, *, create: bool) -> None:
        row = self._rows.marker()
        found = self._table.cell("the table", row)
        self._table.is_open()
        if found is None and not create:
            raise NoVaultError(self._place)
        if found is None:
            self._table.swap("the table", row, None, FORMAT)
            found = self._table.cell("the table", row)
        if found != FORMAT:
            raise VaultError(
                f"vault {self._place}: the table holds something else",
                expected="a vault of this format, or none of this name yet",
                remedy="name another vault or table, or use the release of Muniment that made it",
            )

    def _clean(self) -> None:
        """Remove what uploads and deletions left behind that began a day ago."""
        start, stop = self._rows.under_way_before(time.time() - STALE_SECONDS)
        for row, cell in self._table.page("the table", start, stop):
            upload, name = self._rows.upload_in(row), cell[1:].decode("ascii")
            where = self._rows.head(name)
            there = self._table.cell(name, where)
            if cell[:1] == b"D":
                if there == hbase_cells.deleted(upload):
                    timestamp = self._table.timestamp(name, where, there)
                    if timestamp is not None:
                        self._table.delete_until(name, where, timestamp)
            else:
                head = head_of(name, there)
                if head is None or head.upload != upload:
                    self._drop_upload(name, upload)
            self._table.delete(name, [row])

    def _drop_upload(self, name: str, upload: bytes) -> None:
        start = self._rows.chunks(name, upload)
        while page := self._table.page(name, start, start + b"\xff" * 5):
            self._table.delete(name, [row for row, _ in page])


class _Upload:
    """Takes an object's bytes: a small one is kept for its head, a large one goes by chunks."""

    def __init__(self, table: HbaseTable, rows: Rows, name: str) -> None:
        self._table = table
        self._rows = rows
        self._name = name
        self._buffer = bytearray()
        self._chunks = 0
        self._began = time.monotonic()
        self.id = hbase_cells.new_upload()

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._buffer += data
        while len(self._buffer) > _TOGETHER * CHUNK:
            self._send(_TOGETHER * CHUNK)

    def end(self, out: Digesting) -> Head:
        """Put the rest, and return the head."""
        inline = b""
        if not self._chunks and len(self._buffer) <= INLINE:
            inline = bytes(self._buffer)
        else:
            self._send(len(self._buffer))
        if time.monotonic() - self._began > STALE_SECONDS / 2:
            raise VaultError(
                f"the upload of {self._name} took more than half a day",
                expected="one that ends before its chunks are taken for a dead writer's",
                remedy="store smaller objects, or nearer to HBase; nothing was stored",
            )
        return Head(self.id, out.length, CHUNK, out.digest, inline)

    def forget(self) -> None:
        """The object is there: nothing is under way any more."""
        if self._chunks:
            with contextlib.suppress(VaultError):
                self._table.delete(self._name, [self._rows.under_way(self.id)])

    def discard(self) -> None:
        """Delete what was put, if anything was."""
        places = range(self._chunks)
        rows = [self._rows.chunk(self._name, self.id, place) for place in places]
        if rows:
            with contextlib.suppress(VaultError):
                self._table.delete(self._name, rows)
        self.forget()

    def _send(self, length: int) -> None:
        if not self._chunks:
            mark = {self._rows.under_way(self.id): b"P" + self._name.encode("ascii")}
            self._table.put(self._name, mark)
        cells = {}
        for start in range(0, length, CHUNK):
            row = self._rows.chunk(self._name, self.id, self._chunks)
            cells[row] = bytes(self._buffer[start : min(start + CHUNK, length)])
            self._chunks += 1
        self._table.put(self._name, cells)
        del self._buffer[:length]


def _parts_of(url: str) -> tuple[str, int, str, str, dict[str, str]]:
    parts = urlsplit(url)
    if not is_address(parts):
        raise _no_url()
    table, _, vault = parts.path.removeprefix("/").partition("/")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    good = parts.scheme == "hbase" and parts.hostname and _is_table(table) and not parts.fragment
    known = all(value in _OPTIONS.get(key, ()) for key, value in options.items())
    if not good or not known or (vault and not _is_vault(vault)):
        raise _no_url()
    return str(parts.hostname), parts.port or _DEFAULT_PORT, table, vault or _DEFAULT_VAULT, options


def _no_url() -> InvalidInputError:
    return InvalidInputError(
        "vault", "hbase://host:port/table or hbase://host:port/table/vault", "another URL"
    )
