# SPDX-License-Identifier: Apache-2.0
"""Rows and cells of a vault on HBase.

    bucket || vault || 0x00 || "f"                      the format
    bucket || vault || 0x00 || "n" || name              an object's head
    bucket || vault || 0x00 || "c" || upload || place   a chunk of a large object
    "0"    || vault || 0x00 || "u" || upload            an upload or deletion that is under way

The bucket is one hexadecimal digit of the SHA-256 of the object's name: names are read by prefix
and made in order, which would let one region do all the work, and this way 16 share it; a list of
names is 16 scans, merged. All cells are in the column `o:v`. A head is

    "O" || upload (16) || length (8) || chunk size (4) || SHA-256 (32) || the bytes, if few
    "D" || upload (16)                                  the object was deleted

An upload's id is its time in Unix milliseconds (6) and random bytes (10), so no two heads are ever
the same, and a compare-and-put whose answer was lost can be told from another's. A deletion puts a
head too: HBase's own deletions hide what is put within the same millisecond.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from struct import Struct
from typing import Final

from muniment.store.vault.contract import VaultError

FAMILY: Final = "o"
COLUMN: Final = b"o:v"
FORMAT: Final = b"muniment/hbase-vault/v1\n"
BUCKETS: Final = b"0123456789abcdef"
CHUNK: Final = 1 << 17
"""HBase is made for cells of this size, and refuses those of more than 10 MiB."""
INLINE: Final = 1 << 16
"""What is no larger lies in its head: one call puts it and one gets it."""

_OBJECT: Final = b"O"
_DELETED: Final = b"D"
_HEAD: Final = Struct(">16sQI32s")
_UPLOAD: Final = 16
_TIME: Final = 6
LIVING: Final = b"ValueFilter(=, 'binaryprefix:O') AND KeyOnlyFilter()"
"""The filter of HBase's by which a scan gives objects that stand, and none of their bytes."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of an object. `inline` are its bytes where they are few, else empty."""

    upload: bytes
    length: int
    chunk: int
    digest: bytes
    inline: bytes

    @property
    def chunks(self) -> int:
        """How many chunks the object has in rows of their own."""
        return 0 if self.length == len(self.inline) else -(-self.length // self.chunk)

    def to_bytes(self) -> bytes:
        """Return the cell."""
        fixed = _HEAD.pack(self.upload, self.length, self.chunk, self.digest)
        return _OBJECT + fixed + self.inline


def head_of(name: str, cell: bytes | None) -> Head | None:
    """Return what a head's cell says, None where there is none or the object was deleted.

    Raises `VaultError`.
    """
    if cell is None or cell[:1] == _DELETED:
        return None
    if cell[:1] != _OBJECT or len(cell) <= _HEAD.size:
        raise VaultError(
            f"the head of {name} in the vault's table is damaged",
            expected="a cell of this format",
            remedy="restore the table from a copy; `muniment fsck` lists what is missing",
        )
    upload, length, chunk, digest = _HEAD.unpack_from(cell, 1)
    return Head(upload, length, chunk, digest, cell[1 + _HEAD.size :])


def deleted(upload: bytes) -> bytes:
    """Return the cell that says that an object was deleted."""
    return _DELETED + upload


def new_upload() -> bytes:
    """Return an id that nothing else has."""
    now = int(time.time() * 1000)
    return now.to_bytes(_TIME, "big") + secrets.token_bytes(_UPLOAD - _TIME)


class Rows:
    """The keys of one vault's rows."""

    def __init__(self, vault: str) -> None:
        """Take the vault's name in its table."""
        self._vault = vault.encode("ascii") + b"\0"

    def marker(self) -> bytes:
        """The row that names the format."""
        return BUCKETS[:1] + self._vault + b"f"

    def head(self, name: str) -> bytes:
        """The row of an object's head."""
        return _bucket(name) + self._vault + b"n" + name.encode("ascii")

    def chunk(self, name: str, upload: bytes, place: int) -> bytes:
        """The row of the chunk at a place of an object."""
        return self.chunks(name, upload) + place.to_bytes(4, "big")

    def chunks(self, name: str, upload: bytes) -> bytes:
        """What the rows of an upload's chunks begin with."""
        return _bucket(name) + self._vault + b"c" + upload

    def names(self, bucket: int, prefix: str) -> tuple[bytes, bytes]:
        """Where the heads of a bucket begin and end whose names begin with `prefix`."""
        start = BUCKETS[bucket : bucket + 1] + self._vault + b"n" + prefix.encode("ascii")
        # No name has a byte above "z".
        return start, start + b"\x7f" if prefix else start[:-1] + b"o"

    def name_in(self, row: bytes) -> str:
        """The name of the object that a head's row is of."""
        return row[len(self._vault) + 2 :].decode("ascii")

    def under_way(self, upload: bytes) -> bytes:
        """The row that remembers an upload or a deletion."""
        return BUCKETS[:1] + self._vault + b"u" + upload

    def under_way_before(self, seconds: float) -> tuple[bytes, bytes]:
        """Where those begin and end that began before a time, in Unix seconds."""
        start = BUCKETS[:1] + self._vault + b"u"
        return start, start + int(seconds * 1000).to_bytes(_TIME, "big")

    def upload_in(self, row: bytes) -> bytes:
        """The id of the upload that such a row is of."""
        return row[len(self._vault) + 2 :]


def _bucket(name: str) -> bytes:
    place = hashlib.sha256(name.encode("ascii")).digest()[0] >> 4
    return BUCKETS[place : place + 1]
