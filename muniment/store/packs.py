# SPDX-License-Identifier: Apache-2.0
"""Packs: encrypted objects of many versions in one object of the vault, found again by their place.

A pack is "MUNIPACK" || 0x01, then entry after entry:

    record id (32) || version (4) || object index (4) || length (8) || the encrypted object

A length of 2^64 - 1 is "to the end of the pack": a file of any size is streamed into a pack of its
own before its length is known. Packs are written once and never changed, under names that nobody
else takes. Which entries count is told by the database; a pack that a crash left behind is named by
no row and does no harm. Because each entry says what it is, the rows can be made anew from the
packs alone (`muniment rebuild`).
"""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from struct import Struct
from typing import Final

from muniment.errors import DecryptionError, InvalidInputError, StoreError
from muniment.record.commitment import Secret
from muniment.record.files import FileValue, Readable
from muniment.record.identifiers import RecordId
from muniment.record.objects import ObjectPlace, Writable, decrypt, encrypt
from muniment.store.vault.contract import Vault

MAGIC: Final = b"MUNIPACK\x01"
PREFIX: Final = "packs/"
SHEET_OBJECT: Final = 0xFFFFFFFF
"""The object that says what else is known of a version: source, type (`versions.sheet_of`)."""
ENTRY_OBJECT: Final = 0xFFFFFFFE
"""Source system, source id and content of a record that came by a journal, in one object."""
BATCH_OBJECT: Final = 0xFFFFFFFD
"""What the entries of a journal's pack share, in the clear (`store/batch_sheets.py`)."""

_HEADER: Final = Struct(">32sIIQ")
_TO_THE_END: Final = (1 << 64) - 1
_WINDOW: Final = 1 << 22


class PackError(StoreError):
    """A pack of the vault is not what it must be: `pack` is its name, `offset` the place in it."""

    def __init__(self, pack: str, offset: int, what: str) -> None:
        super().__init__(
            f"{pack} at {offset}: {what}",
            expected="the pack as it was written",
            remedy="restore the pack from a copy of the vault; `muniment fsck` names what it held",
        )
        self.pack = pack
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Packed:
    """Where an encrypted object lies: `length` bytes from `offset` of `pack`."""

    place: ObjectPlace
    pack: str
    offset: int
    length: int


def new_pack_name(clock_ms: int | None = None) -> str:
    """Return a name that no other pack has; later ones sort after earlier ones."""
    now = int(time.time() * 1000) if clock_ms is None else clock_ms
    return f"{PREFIX}{now:012x}-{secrets.token_hex(8)}"


def write_pack(vault: Vault, entries: Iterable[tuple[ObjectPlace, Secret, bytes]]) -> list[Packed]:
    """Encrypt small objects into one pack and return where each lies. Durable on return."""
    name, body, packed = new_pack_name(), io.BytesIO(), []
    body.write(MAGIC)
    for place, secret, plain in entries:
        sealed = io.BytesIO()
        summary = encrypt(io.BytesIO(plain), sealed, place, secret)
        body.write(_header(place, summary.ciphertext_length))
        packed.append(Packed(place, name, body.tell(), summary.ciphertext_length))
        body.write(sealed.getbuffer())
    if packed:
        vault.put_if_absent(name, body.getvalue())
    return packed


def write_file(
    vault: Vault, place: ObjectPlace, secret: Secret, reader: Readable, media_type: str
) -> tuple[Packed, FileValue]:
    """Encrypt a file of any size into a pack of its own, in memory of some chunks."""
    name = new_pack_name()
    values = []

    def produce(writer: Writable) -> None:
        _write_all(writer, MAGIC + _header(place, _TO_THE_END))
        values.append(encrypt(reader, writer, place, secret))

    vault.put_if_absent(name, produce)
    offset = len(MAGIC) + _HEADER.size
    packed = Packed(place, name, offset, values[0].ciphertext_length)
    return packed, values[0].file_value(media_type)


def read_object(vault: Vault, packed: Packed, secret: Secret) -> bytes:
    """Return a small object. Raises `DecryptionError`, `PackError`, the vault's errors."""
    plain = io.BytesIO()
    sealed = vault.get_range(packed.pack, packed.offset, packed.length)
    if len(sealed) != packed.length:
        raise PackError(packed.pack, packed.offset, f"cut short after {len(sealed)} bytes")
    decrypt(io.BytesIO(sealed), plain, packed.place, secret)
    return plain.getvalue()


def read_file(
    vault: Vault, packed: Packed, secret: Secret, writer: Writable, expected: FileValue
) -> None:
    """Write a file's plaintext to `writer`, and compare it with what is committed.

    Raises `DecryptionError` when it differs: the caller discards what was written.
    """
    with vault.open(packed.pack) as reader:
        _skip(reader, packed)
        summary = decrypt(_Limited(reader, packed.length), writer, packed.place, secret)
    if (summary.digest, summary.length) != (expected.digest, expected.length):
        raise DecryptionError(packed.place.index, None, "another file than the committed one")


def entries_of(vault: Vault, name: str) -> Iterator[Packed]:
    """Yield all entries of a pack, in order. Raises `PackError` for what is no whole pack."""
    for packed, _ in _walk(vault, name):
        yield packed


def contents_of(vault: Vault, name: str) -> Iterator[tuple[Packed, bytes]]:
    """Yield the entries of a pack of small objects with their encrypted objects, read in one go.

    Raises `PackError`, and the vault's errors.
    """
    for packed, window in _walk(vault, name):
        whole = len(window) == packed.length
        yield packed, window if whole else vault.get_range(name, packed.offset, packed.length)


def has_sheet(vault: Vault, name: str) -> bool:
    """Return whether a pack begins with a batch's sheet, and so is one of a journal's entries.

    Only its beginning is read. Raises `PackError` for what is no pack, and the vault's errors.
    """
    head = vault.get_range(name, 0, len(MAGIC) + _HEADER.size)
    if not head.startswith(MAGIC):
        raise PackError(name, 0, "no pack of this format")
    if len(head) < len(MAGIC) + _HEADER.size:
        raise PackError(name, len(MAGIC), "cut short in an entry's header")
    index: int = _HEADER.unpack_from(head, len(MAGIC))[2]
    return index == BATCH_OBJECT


def _walk(vault: Vault, name: str) -> Iterator[tuple[Packed, bytes]]:
    """The entries of a pack, each with its object as far as a window of the pack has it."""
    size = vault.size(name)
    start, window = 0, vault.get_range(name, 0, _WINDOW)
    if not window.startswith(MAGIC):
        raise PackError(name, 0, "no pack of this format")
    offset = len(MAGIC)
    while offset < size:
        at = offset - start
        if at + _HEADER.size > len(window):
            start, at = offset, 0
            window = vault.get_range(name, offset, _WINDOW)
        if at + _HEADER.size > len(window):
            raise PackError(name, offset, "cut short in an entry's header")
        record_id, version, index, length = _HEADER.unpack_from(window, at)
        offset += _HEADER.size
        at += _HEADER.size
        if length == _TO_THE_END:
            length = size - offset
        if offset + length > size:
            raise PackError(name, offset, "cut short in an entry")
        try:
            place = ObjectPlace(RecordId(record_id), version, index)
        except InvalidInputError as error:
            raise PackError(name, offset, error.what) from error
        yield Packed(place, name, offset, length), window[at : at + length]
        offset += length


def write_entries(vault: Vault, sheet: bytes, entries: Sequence[bytes]) -> tuple[str, list[int]]:
    """Write a pack of a batch's sheet and entries, each with its header.

    Returns its name and where each entry's object begins. Durable on return.
    """
    name = new_pack_name()
    first = MAGIC + entry_header(bytes(32), 1, BATCH_OBJECT, len(sheet)) + sheet
    begin = len(first) + _HEADER.size
    offsets = list(accumulate(map(len, entries[:-1]), initial=begin)) if entries else []
    vault.put_if_absent(name, b"".join((first, *entries)))
    return name, offsets


def entry_header(record_id: bytes, version: int, index: int, length: int) -> bytes:
    """Return the header of an entry: what it is, and how many bytes follow."""
    return _HEADER.pack(record_id, version, index, length)


def _header(place: ObjectPlace, length: int) -> bytes:
    return entry_header(place.record_id, place.version, place.index, length)


def _write_all(writer: Writable, data: bytes) -> None:
    while data:
        data = data[writer.write(data) or 0 :]


def _skip(reader: Readable, packed: Packed) -> None:
    missing = packed.offset
    while missing:
        piece = reader.read(min(missing, 1 << 20))
        if not piece:
            raise PackError(packed.pack, packed.offset - missing, "cut short")
        missing -= len(piece)


class _Limited:
    """A reader that ends after so many bytes."""

    def __init__(self, reader: Readable, length: int) -> None:
        self._reader = reader
        self._left = length

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the limit."""
        piece = self._reader.read(min(size, self._left)) if self._left else b""
        self._left -= len(piece)
        return piece
