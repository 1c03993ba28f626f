# SPDX-License-Identifier: Apache-2.0
"""Encryption of objects: the content of a version and each of its files, streamed.

AES-256-GCM (NIST SP 800-38D) in chunks of 1 MiB under a key of the object's own, after the STREAM
construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce counts the chunks and marks the
last, so that cutting, reordering, repeating and appending show. The associated data binds every
chunk to its place, so that nothing can be swapped between objects, versions or records.
docs/spec/records.md, "Encrypted objects", is the format.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from struct import Struct
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muniment.errors import DecryptionError, InvalidInputError
from muniment.record.commitment import RandomBytes, Secret
from muniment.record.files import FileValue, Readable, read_piece
from muniment.record.identifiers import RecordId, require_bytes, require_uint

CHUNK_SIZE: Final = 1 << 20
"""Bytes of plaintext in every chunk but the last, which has 1 to as many (0 in an empty object)."""
TAG_SIZE: Final = 16
MAGIC: Final = b"MUNIOBJ\x01"
NONCE_SIZE: Final = 16
"""Random bytes in the header, so that the same object encrypted twice has another key."""
HEADER_SIZE: Final = len(MAGIC) + NONCE_SIZE
MAX_CHUNKS: Final = 1 << 32

KEY_TAG: Final = b"muniment/object-key/v1\x00"
OBJECT_TAG: Final = b"muniment/object/v1\x00"
CONTENT_OBJECT: Final = 0
"""The object that holds the content's canonical JSON; files follow from 1."""

_PLACE: Final = Struct(">32sII")
_INDEX: Final = Struct(">I")


class Writable(Protocol):
    """What bytes are written to; returns how many it took, at least one."""

    def write(self, data: bytes, /) -> int | None:
        """Take some of `data` and return how many bytes; None or 0 is refused."""
        ...


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """Where an object belongs: `record_id` (32 bytes), content `version` (`uint16` from 1) and
    `index` (`uint32`, 0 for the content itself). Raises `InvalidInputError`."""

    record_id: RecordId
    version: int
    index: int

    def __post_init__(self) -> None:
        """Refuse values that are out of range."""
        require_bytes("record id", self.record_id, 32)
        require_uint("version", self.version, 16, least=1)
        require_uint("object index", self.index, 32)

    def to_bytes(self) -> bytes:
        """Return the associated data of every chunk: tag, record id, version, index."""
        return OBJECT_TAG + _PLACE.pack(self.record_id, self.version, self.index)


@dataclass(frozen=True, slots=True)
class ObjectSummary:
    """What passed while streaming: SHA-256 and bytes of the plaintext and of the ciphertext."""

    digest: bytes
    length: int
    ciphertext_digest: bytes
    ciphertext_length: int

    def file_value(self, media_type: str) -> FileValue:
        """Return the value for the content's field, where the object is a file."""
        return FileValue(self.digest, self.length, media_type)


def encrypt(
    reader: Readable,
    writer: Writable,
    place: ObjectPlace,
    secret: Secret,
    *,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> ObjectSummary:
    """Write the encrypted form of all that `reader` gives to `writer`; return its summary.

    Memory stays at a few chunks whatever the length. Raises `InvalidInputError`; what reader and
    writer raise passes through.
    """
    nonce = require_bytes("object nonce", random_bytes(NONCE_SIZE), NONCE_SIZE)
    cipher = AESGCM(_derive_key(secret, place.index, nonce))
    associated = place.to_bytes()
    plain, sealed = _Meter(), _Meter()

    sealed.write(writer, MAGIC + nonce)
    chunk = _read_exactly(reader, CHUNK_SIZE)
    for counter in range(MAX_CHUNKS):
        following = _read_exactly(reader, CHUNK_SIZE) if len(chunk) == CHUNK_SIZE else b""
        plain.count(chunk)
        sealed.write(
            writer, cipher.encrypt(_chunk_nonce(counter, final=not following), chunk, associated)
        )
        if not following:
            return _summary(plain, sealed)
        chunk = following
    raise InvalidInputError(
        "object", f"at most {MAX_CHUNKS} chunks of {CHUNK_SIZE} bytes", "longer"
    )


def encrypt_in_memory(
    plain: bytes, record_id: bytes, version: int, index: int, secret: bytes, nonce: bytes
) -> bytes:
    """Return an object of less than a chunk as `encrypt` writes it, for the many small ones.

    `nonce` is 16 random bytes; the other arguments are taken as they are. Raises
    `InvalidInputError` for a longer one.
    """
    if len(plain) >= CHUNK_SIZE:
        raise InvalidInputError("object", f"less than {CHUNK_SIZE} bytes", f"of {len(plain)} bytes")
    named = _INDEX.pack(index)
    key = hashlib.shake_256(KEY_TAG + secret + named + nonce).digest(32)
    associated = OBJECT_TAG + _PLACE.pack(record_id, version, index)
    return MAGIC + nonce + AESGCM(key).encrypt(_ONLY_CHUNK, plain, associated)


def decrypt(
    reader: Readable, writer: Writable, place: ObjectPlace, secret: Secret
) -> ObjectSummary:
    """Write the plaintext of the encrypted object that `reader` gives to `writer`.

    Only bytes that passed authentication are written, but that an object was cut short shows at
    its end only: the caller discards what was written when this raises. Compare the summary with
    the committed `FileValue` before relying on a file. Raises `DecryptionError` for an object
    that is changed, cut, extended or of another place or secret; `InvalidInputError`.
    """
    require_bytes("secret", secret, 32)
    plain, sealed = _Meter(), _Meter()
    header = _read_exactly(reader, HEADER_SIZE)
    sealed.count(header)
    if len(header) != HEADER_SIZE:
        raise DecryptionError(place.index, None, f"cut short after {len(header)} bytes")
    if not header.startswith(MAGIC):
        raise DecryptionError(place.index, None, "not an encrypted object of this format")
    cipher = AESGCM(_derive_key(secret, place.index, header[len(MAGIC) :]))
    associated = place.to_bytes()

    sealed_size = CHUNK_SIZE + TAG_SIZE
    chunk = _read_exactly(reader, sealed_size)
    for counter in range(MAX_CHUNKS):
        following = _read_exactly(reader, sealed_size) if len(chunk) == sealed_size else b""
        sealed.count(chunk)
        # An empty chunk has its place in an empty object only: one length, one form.
        if len(chunk) < TAG_SIZE + (counter > 0):
            raise DecryptionError(place.index, counter, f"cut short after {len(chunk)} bytes")
        try:
            opened = cipher.decrypt(_chunk_nonce(counter, final=not following), chunk, associated)
        except InvalidTag:
            raise DecryptionError(
                place.index,
                counter,
                "not authentic: changed, cut short, extended, or of another record, version, "
                "object or secret",
            ) from None
        plain.write(writer, opened)
        if not following:
            return _summary(plain, sealed)
        chunk = following
    raise DecryptionError(place.index, MAX_CHUNKS, "longer than an object can be")


def _derive_key(secret: Secret, index: int, nonce: bytes) -> bytes:
    require_bytes("secret", secret, 32)
    return hashlib.shake_256(KEY_TAG + secret + _INDEX.pack(index) + nonce).digest(32)


def _chunk_nonce(counter: int, *, final: bool) -> bytes:
    return counter.to_bytes(11, "big") + (b"\x01" if final else b"\x00")


def _read_exactly(reader: Readable, size: int) -> bytes:
    """Return `size` bytes, fewer only at the end: pipes and sockets give what they have."""
    piece = read_piece(reader, size)
    if len(piece) == size or not piece:
        return piece
    pieces, missing = [piece], size - len(piece)
    while missing and (piece := read_piece(reader, missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


_ONLY_CHUNK: Final = _chunk_nonce(0, final=True)


class _Meter:
    """Digest and length of what passes."""

    __slots__ = ("length", "state")

    def __init__(self) -> None:
        self.state = hashlib.sha256()
        self.length = 0

    def count(self, data: bytes) -> None:
        self.state.update(data)
        self.length += len(data)

    def write(self, writer: Writable, data: bytes) -> None:
        self.count(data)
        while data:
            taken = writer.write(data)
            # None is how a writer that would block says that nothing was written.
            if not taken:
                raise InvalidInputError("writer", "a blocking writer", "one that took no bytes")
            data = data[taken:]


def _summary(plain: _Meter, sealed: _Meter) -> ObjectSummary:
    return ObjectSummary(plain.state.digest(), plain.length, sealed.state.digest(), sealed.length)
