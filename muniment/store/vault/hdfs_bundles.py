# SPDX-License-Identifier: Apache-2.0
"""The files of a vault on HDFS: bundles of objects, and the index at the end of each.

    "MUNIHDFS" || 0x01 || objects, one after the other || index || trailer
    an entry of the index:
        number (8) || kind (1) || offset (8) || length (8) || SHA-256 (32) ||
        length of the file's name (1) || file || length of the name (2) || name
    trailer: where the index begins (8) || random (16) || first 8 bytes of the index's SHA-256

HDFS is made for few and large files, and a register has tiles by the ten thousand: so what is put
together lies in one file, and small files are merged into larger ones (`hdfs.py`). Integers are
big-endian. `file` names the file that holds the bytes, empty for the one of this index; `number` is
that of the put, 0 where it is the file's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from struct import error as StructError  # noqa: N812  (an exception under a lower-case name)
from typing import Final

from muniment.store.vault.contract import VaultError

MAGIC: Final = b"MUNIHDFS\x01"
ID_SIZE: Final = 16
TRAILER_SIZE: Final = 32
FAN_OUT: Final = 32
"""So many bundles are merged into one, and so many of those again."""

_ENTRY: Final = Struct(">QBQQ32sB")
_NAME: Final = Struct(">H")
_TRAILER: Final = Struct(">Q16s8s")


class Kind(IntEnum):
    """What an entry says of its name."""

    PUT = 0
    REPLACED = 1
    DELETED = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """What was put under a name, or that it was deleted; the one of the highest `number` holds."""

    name: str
    kind: Kind
    number: int
    file: str
    offset: int
    length: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """A bundle's name: the puts `first` to `last` are in it."""

    first: int
    last: int

    @property
    def name(self) -> str:
        """The file's name, whose order is that of the puts."""
        return f"{self.first:012x}-{self.last:012x}"

    @classmethod
    def of(cls, name: str) -> Span | None:
        """Return what a file's name says, None where it is no bundle's."""
        first, hyphen, last = name.partition("-")
        if not hyphen or len(first) != _DIGITS or len(last) != _DIGITS:
            return None
        try:
            span = cls(int(first, 16), int(last, 16))
        except ValueError:
            return None
        return span if span.name == name and span.first <= span.last else None

    def covers(self, other: Span) -> bool:
        """Whether all of another bundle's puts are in this one, which is larger."""
        return self != other and self.first <= other.first and other.last <= self.last

    @classmethod
    def in_file(cls, file: str) -> Span | None:
        """Return the span of an entry's file."""
        return cls.of(file.partition(".")[0])

    def file(self, random: bytes) -> str:
        """Return what an entry calls a bundle: another of the same name is another file."""
        return f"{self.name}.{random.hex()}"

    @property
    def parent(self) -> Span:
        """The bundle that this one is merged into."""
        size = (self.last - self.first + 1) * FAN_OUT
        first = self.first // size * size
        return Span(first, first + size - 1)

    @property
    def children(self) -> list[Span]:
        """The bundles that are merged into this one."""
        size = (self.last - self.first + 1) // FAN_OUT
        return [Span(first, first + size - 1) for first in range(self.first, self.last + 1, size)]


_DIGITS: Final = 12


def uncovered(spans: Iterable[Span]) -> list[Span]:
    """Return the bundles that count, in order: those that no larger one covers."""
    kept: list[Span] = []
    # A larger one comes before those that it covers.
    for span in sorted(set(spans), key=lambda each: (each.first, -each.last)):
        if not kept or not kept[-1].covers(span):
            kept.append(span)
    return kept


def end_of(entries: Sequence[Entry], index_offset: int, upload: bytes) -> bytes:
    """Return what follows the objects of a bundle: index and trailer."""
    index = b"".join(map(_entry, entries))
    return index + _TRAILER.pack(index_offset, upload, hashlib.sha256(index).digest()[:8])


def trailer_of(file: str, data: bytes) -> tuple[int, bytes, bytes]:
    """Return where the index begins, whose upload it was, and the index's digest.

    Raises `VaultError`.
    """
    try:
        offset, upload, digest = _TRAILER.unpack(data)
    except StructError:
        raise _damaged(file) from None
    return offset, upload, digest


def entries_of(file: str, number: int, index: bytes, digest: bytes) -> list[Entry]:
    """Return the entries of the index of a file. Raises `VaultError`."""
    if hashlib.sha256(index).digest()[:8] != digest:
        raise _damaged(file)
    entries, at = [], 0
    try:
        while at < len(index):
            own, kind, offset, length, sha256, size = _ENTRY.unpack_from(index, at)
            at += _ENTRY.size
            where = index[at : at + size].decode("ascii")
            at += size
            (size,) = _NAME.unpack_from(index, at)
            at += _NAME.size
            name = index[at : at + size].decode("ascii")
            at += size
            entries.append(
                Entry(name, Kind(kind), own or number, where or file, offset, length, sha256)
            )
    except (StructError, ValueError) as error:
        raise _damaged(file) from error
    return entries


def _entry(entry: Entry) -> bytes:
    file, name = entry.file.encode("ascii"), entry.name.encode("ascii")
    fixed = _ENTRY.pack(
        entry.number, entry.kind, entry.offset, entry.length, entry.digest, len(file)
    )
    return fixed + file + _NAME.pack(len(name)) + name


def _damaged(file: str) -> VaultError:
    return VaultError(
        f"the vault's file {file} is damaged",
        expected="a bundle of this format with its index",
        remedy="restore the file from a copy of the vault; `muniment fsck` lists what is missing",
    )
