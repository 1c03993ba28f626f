# SPDX-License-Identifier: Apache-2.0
"""Envelopes: one encrypted, signed, self-contained file from one agency to exactly one other.

    "MUNIENV" || 0x01
    length (4) || header                 canonical JSON: who, to whom, about what, under which keys
    wrapped file key (80)                HPKE (RFC 9180): X25519, HKDF-SHA256, AES-256-GCM, base
    frames: length (4) || label || body  `envelope_parts.py`; the last is the END part
    0 (4)
    statement: count (8) || root (32) || digest (32) || Ed25519 signature (64)

It is streamed both ways in memory of a part. `digest` is SHA-256 of all before the statement,
`root` that of the RFC 9162 tree of the parts' plaintexts: so the one signature proves the file, and
a recipient can prove to others that a single part was in it. Whoever opens one checks the signature
first. docs/spec/exchange.md is the format.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from muniment.exchange.envelope_header import EnvelopeHeader
from muniment.exchange.envelope_parts import (
    FILE_KEY_SIZE,
    LABEL_SIZE,
    MAX_BODY,
    SALT_SIZE,
    TAG_SIZE,
    Label,
    Part,
    PartCipher,
    PartKind,
    PartOrder,
    leaf_hash,
)
from muniment.exchange.errors import EnvelopeError
from muniment.journal.merkle import RunningRoot
from muniment.record.files import Readable
from muniment.record.identifiers import require_bytes
from muniment.record.objects import Writable

MAGIC: Final = b"MUNIENV\x01"
MAX_HEADER: Final = 4096
WRAPPED_SIZE: Final = 32 + FILE_KEY_SIZE + TAG_SIZE
"""Bytes of a wrapped file key: the encapsulated key and the sealed one."""
MAX_PARTS: Final = 1 << 32

_KEY_TAG: Final = b"muniment/envelope/key/v1\0"
_STATEMENT_TAG: Final = b"muniment/envelope/v1\0"
_LENGTH: Final = Struct(">I")
_STATEMENT: Final = Struct(">Q32s32s64s")
_P: Final = (1 << 255) - 19
_WITHOUT_SIGN: Final = (1 << 255) - 1
_OF_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER: Final = {0, 1, _OF_ORDER_8, _P - _OF_ORDER_8, _P - 1, _P, _P + 1}
"""The y of all points of Ed25519 whose order divides 8, however they are spelled (RFC 8032)."""
_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is to go in an envelope: bytes, or a stream to its end, cut into parts as needed."""

    kind: PartKind
    data: bytes | Readable
    record_id: bytes = bytes(32)
    version: int = 0
    index: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """What the sender has signed: how many parts there are, the root of their tree, the digest of
    the file up to here (32 bytes each); and its `signature` (64 bytes) of them and the header."""

    header: EnvelopeHeader
    count: int
    root: bytes
    digest: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes under the signature."""
        header = hashlib.sha256(self.header.to_bytes()).digest()
        return _STATEMENT_TAG + header + self.count.to_bytes(8, "big") + self.root + self.digest

    @property
    def envelope_digest(self) -> bytes:
        """What the envelope is known by, and what a receipt acknowledges on chain: SHA-256 of the
        signed bytes and the signature (32 bytes)."""
        return hashlib.sha256(self.signed + self.signature).digest()

    def verify(self, sender_key: bytes) -> None:
        """Require that the sender has signed it; `sender_key` is its Ed25519 key on chain.

        Raises `EnvelopeError`, also for a key of small order: under one, a signature that anybody
        can make fits many texts, so that it binds nobody to any.
        """
        if int.from_bytes(sender_key, "little") & _WITHOUT_SIGN in _SMALL_ORDER:
            raise EnvelopeError(
                f"the key for messages of agency {self.header.sender}, epoch "
                f"{self.header.sender_epoch}, is of small order",
                "an Ed25519 key that signs",
                remedy="its admin rotates the key and publishes the new one",
            )
        try:
            Ed25519PublicKey.from_public_bytes(sender_key).verify(self.signature, self.signed)
        except (InvalidSignature, ValueError):
            raise EnvelopeError(
                f"agency {self.header.sender} has not signed it under epoch "
                f"{self.header.sender_epoch} of its key for messages",
                "the file as its sender made it",
            ) from None


@dataclass(frozen=True, slots=True)
class Sealed:
    """An envelope that was written: what was signed, and the file key, for the sender's own copy.

    `places` are the numbers and offsets of the parts that begin something.
    """

    statement: Statement
    file_key: bytes
    places: tuple[tuple[Label, int, int], ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """An envelope's beginning, of which nothing is proven yet."""

    header: EnvelopeHeader
    wrapped: bytes
    raw: bytes


def seal_envelope(
    writer: Writable,
    header: EnvelopeHeader,
    contents: Iterable[Outgoing],
    recipient_key: bytes,
    signer: Ed25519PrivateKey,
) -> Sealed:
    """Write an envelope and return what it is known by.

    `recipient_key` is the recipient's X25519 key on chain (32 bytes). What `contents` and the
    writer raise passes through: the caller discards what was written. Raises `EnvelopeError` for a
    key of small order.
    """
    file_key = secrets.token_bytes(FILE_KEY_SIZE)
    out = _Hashing(writer)
    plain = header.to_bytes()
    out.write(MAGIC + _LENGTH.pack(len(plain)) + plain + wrap_key(recipient_key, header, file_key))
    cipher, tree, order = PartCipher(file_key), RunningRoot(), PartOrder()
    places = []
    for label, body in _parts(contents):
        order.take(label, len(body))
        if label.place == 0:
            places.append((label, tree.size, out.count))
        sealed_label, sealed_body = cipher.seal(tree.size, label, body)
        tree.append(leaf_hash(label, body))
        out.write(_LENGTH.pack(len(sealed_body)) + sealed_label + sealed_body)
    out.write(_LENGTH.pack(0))
    unsigned = Statement(header, tree.size, tree.root(), out.digest(), bytes(64))
    signature = signer.sign(unsigned.signed)
    statement = Statement(header, unsigned.count, unsigned.root, unsigned.digest, signature)
    out.write(_STATEMENT.pack(statement.count, statement.root, statement.digest, signature))
    return Sealed(statement, file_key, tuple(places))


def read_opening(reader: Readable) -> Opening:
    """Return an envelope's beginning, to learn from whom and to whom it claims to be.

    Raises `EnvelopeError` for what is none.
    """
    raw = _exactly(reader, len(MAGIC) + _LENGTH.size)
    if not raw.startswith(MAGIC):
        raise EnvelopeError("it does not begin as one", "a file that `muniment` made for an agency")
    (size,) = _LENGTH.unpack(raw[len(MAGIC) :])
    if size > MAX_HEADER:
        raise EnvelopeError("its header is too long", f"{MAX_HEADER} bytes at most")
    plain = _exactly(reader, size)
    wrapped = _exactly(reader, WRAPPED_SIZE)
    return Opening(EnvelopeHeader.from_bytes(plain), wrapped, raw + plain + wrapped)


def verify_envelope(
    reader: Readable, sender_key: bytes, beginning: Opening | None = None
) -> Statement:
    """Read a whole envelope, require its sender's signature, and return what was signed.

    A `beginning` that was read before must be its own. Raises `EnvelopeError`; nothing needs to be
    decrypted.
    """
    opening = read_opening(reader)
    if beginning is not None and beginning.raw != opening.raw:
        raise EnvelopeError("it is not the envelope that was checked", "a file that holds still")
    hashed = hashlib.sha256(opening.raw)
    count = 0
    for frame in _frames(reader):
        for piece in frame:
            hashed.update(piece)
        count += 1
    hashed.update(_LENGTH.pack(0))
    statement = _statement(reader, opening.header)
    if (statement.count, statement.digest) != (count, hashed.digest()):
        raise EnvelopeError("its statement is of another file", "the file as its sender made it")
    statement.verify(sender_key)
    return statement


def open_parts(reader: Readable, file_key: bytes, digest: bytes) -> Iterator[Part]:
    """Yield the parts of an envelope that `verify_envelope` has passed, without the END part.

    `digest` is its envelope digest: a file that was put in its place since is refused. Raises
    `EnvelopeError` for a part that is not the sender's; what was yielded before it was sealed by
    who knows the file key, but that it is all of what was signed shows at the end only.
    """
    opening = read_opening(reader)
    cipher, tree, order = PartCipher(file_key), RunningRoot(), PartOrder()
    offset = len(opening.raw)
    for length, sealed_label, sealed_body in _frames(reader):
        label, body = cipher.open(tree.size, sealed_label, sealed_body)
        order.take(label, len(body))
        number = tree.append(leaf_hash(label, body))
        if not order.is_ended:
            yield Part(label, body, number, offset)
        offset += len(length) + len(sealed_label) + len(sealed_body)
    statement = _statement(reader, opening.header)
    if not order.is_ended or (statement.count, statement.root) != (tree.size, tree.root()):
        raise EnvelopeError("its parts are not those that were signed", "all parts, in their order")
    if statement.envelope_digest != digest:
        raise EnvelopeError("it is not the envelope that was checked", "a file that holds still")


def open_part(frame: bytes, number: int, file_key: bytes) -> Part:
    """Return one part of its frame, the bytes from its offset on (`frame_size` of them)."""
    _, sealed_label, sealed_body = next(_frames(_Bytes(frame)))
    label, body = PartCipher(file_key).open(number, sealed_label, sealed_body)
    return Part(label, body, number, 0)


def frame_size(beginning: bytes) -> int:
    """Return how many bytes a frame has, of its first four. Raises `EnvelopeError`."""
    return _LENGTH.size + LABEL_SIZE + _body_length(beginning[: _LENGTH.size])


def wrap_key(recipient_key: bytes, header: EnvelopeHeader, file_key: bytes) -> bytes:
    """Return a file key wrapped for an X25519 key: encapsulated key (32) and sealed key (48).

    The header is the HPKE `info`: under another one it does not open. Raises `EnvelopeError`.
    """
    try:
        public = X25519PublicKey.from_public_bytes(recipient_key)
        return bytes(_SUITE.encrypt(file_key, public, info=_KEY_TAG + header.to_bytes()))
    except (ValueError, InvalidTag):
        raise EnvelopeError(
            f"the encryption key of agency {header.recipient} is none that can be used",
            "an X25519 key that is not of small order",
            remedy="its admin rotates the key and publishes the new one",
        ) from None


def unwrap_key(private: X25519PrivateKey, header: EnvelopeHeader, wrapped: bytes) -> bytes:
    """Return the file key that was wrapped for a key of ours. Raises `EnvelopeError`."""
    require_bytes("wrapped key", wrapped, WRAPPED_SIZE)
    try:
        key = bytes(_SUITE.decrypt(wrapped, private, info=_KEY_TAG + header.to_bytes()))
    except (InvalidTag, ValueError):
        key = b""
    if len(key) != FILE_KEY_SIZE:
        raise EnvelopeError(
            f"epoch {header.recipient_epoch} of the key for encryption does not open it",
            "a file key that was wrapped for this agency",
        )
    return key


def _parts(contents: Iterable[Outgoing]) -> Iterator[tuple[Label, bytes]]:
    for each in contents:
        reader = _Bytes(each.data) if isinstance(each.data, bytes) else each.data
        body, place = _up_to(reader, MAX_BODY), 0
        while True:
            following = _up_to(reader, MAX_BODY) if len(body) == MAX_BODY else b""
            salt = secrets.token_bytes(SALT_SIZE)
            named = (each.kind, each.record_id, each.version, each.index)
            yield Label(*named, place, not following, salt), body
            if not following:
                break
            body, place = following, place + 1
    yield Label(PartKind.END, bytes(32), 0, 0, 0, True, secrets.token_bytes(SALT_SIZE)), b""


def _frames(reader: Readable) -> Iterator[tuple[bytes, bytes, bytes]]:
    """The length, sealed label and sealed body of each frame."""
    for _ in range(MAX_PARTS):
        length = _exactly(reader, _LENGTH.size)
        if length == _LENGTH.pack(0):
            return
        yield length, _exactly(reader, LABEL_SIZE), _exactly(reader, _body_length(length))
    raise EnvelopeError("it has too many parts", f"{MAX_PARTS} at most")


def _body_length(length: bytes) -> int:
    size: int = _LENGTH.unpack(length)[0] if len(length) == _LENGTH.size else 0
    if not TAG_SIZE <= size <= MAX_BODY + TAG_SIZE:
        raise EnvelopeError("a part has a length that none has", f"{MAX_BODY} bytes at most")
    return size


def _statement(reader: Readable, header: EnvelopeHeader) -> Statement:
    statement = Statement(header, *_STATEMENT.unpack(_exactly(reader, _STATEMENT.size)))
    if reader.read(1):
        raise EnvelopeError("bytes follow its statement", "the statement as the last")
    return statement


def _exactly(reader: Readable, size: int) -> bytes:
    found = _up_to(reader, size)
    if len(found) != size:
        raise EnvelopeError("it is cut short", "the whole file")
    return found


def _up_to(reader: Readable, size: int) -> bytes:
    pieces, missing = [], size
    while missing and (piece := reader.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


class _Bytes:
    """A reader of bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        return piece


class _Hashing:
    """A writer that hashes and counts what passes."""

    def __init__(self, writer: Writable) -> None:
        self._writer = writer
        self._hashed = hashlib.sha256()
        self.count = 0

    def write(self, data: bytes) -> None:
        """Write all of it."""
        self._hashed.update(data)
        self.count += len(data)
        while data:
            data = data[self._writer.write(data) or 0 :]

    def digest(self) -> bytes:
        """SHA-256 of all so far."""
        return self._hashed.digest()
