# SPDX-License-Identifier: Apache-2.0
"""Parts of an envelope: what each is about, and how it is sealed under the envelope's file key.

A part is a label and a body, each sealed by AES-256-GCM. The label names record, version, object
and place, and is associated data of the body, so that a body counts nowhere else; labels are sealed
too, for which records travel is nobody's business. The nonce counts the parts and marks the last.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from struct import Struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muniment.errors import InvalidInputError
from muniment.exchange.errors import EnvelopeError
from muniment.journal.merkle import hash_leaf
from muniment.record.identifiers import require_bytes

MAX_BODY: Final = 1 << 20
"""Most bytes of a part's body; what is longer goes in several parts."""
TAG_SIZE: Final = 16
SALT_SIZE: Final = 16
FILE_KEY_SIZE: Final = 32
NO_RECORD: Final = bytes(32)

_LABEL: Final = Struct(">BB32sIII16s")
LABEL_SIZE: Final = _LABEL.size + TAG_SIZE
"""Bytes of a sealed label."""
MAX_TOGETHER: Final = 64
"""Most parts of one message, record, version or record type, which is put together in memory."""
MAX_OF_EVIDENCE: Final = 256
"""Most parts of an evidence file: as long as one may be."""
_LABEL_TAG: Final = b"muniment/envelope/label/v1\0"
_BODY_TAG: Final = b"muniment/envelope/body/v1\0"
_OF_LABEL, _OF_BODY, _OF_LAST = b"\0", b"\1", b"\2"


class PartKind(enum.IntEnum):
    """What a part's body is."""

    END = 0
    """Nothing: the last part of every envelope, and of no other place in it."""
    MESSAGE = 1
    """A message: canonical JSON (`messages.py`)."""
    RECORD = 2
    """What is delivered of a record's version: canonical JSON (`delivered.py`)."""
    FILE = 3
    """Bytes of the file that is the object `index` of a version."""
    EVIDENCE = 4
    """An evidence file, one record or a bundle."""
    VERSION = 5
    """A version handed over with its secret: canonical JSON."""
    RECORD_TYPE = 6
    """The public file of a record type's version."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a part is: its `kind`, the record's id (32 bytes, zeros for none), the `version` and the
    object's `index` in it (0 the content), and `place` among the parts of that one, `is_last` of
    them. The random `salt` (16 bytes) keeps the leaf of a guessable body from being guessed."""

    kind: PartKind
    record_id: bytes
    version: int
    index: int
    place: int
    is_last: bool
    salt: bytes

    def to_bytes(self) -> bytes:
        """Return its 62 bytes. Raises `InvalidInputError` for values that are out of range."""
        # The struct refuses numbers out of range, but would fill up or cut bytes.
        require_bytes("record id", self.record_id, 32)
        require_bytes("salt of a part", self.salt, SALT_SIZE)
        numbers = (self.version, self.index, self.place)
        try:
            return _LABEL.pack(self.kind, self.is_last, self.record_id, *numbers, self.salt)
        except struct.error:
            raise InvalidInputError("a part's numbers", "32 bits each", str(numbers)) from None

    @classmethod
    def from_bytes(cls, data: bytes) -> Label:
        """Return the label of its bytes. Raises `EnvelopeError`."""
        if len(data) != _LABEL.size:
            raise EnvelopeError("a part's label has another size", f"{_LABEL.size} bytes")
        kind, last, record_id, version, index, place, salt = _LABEL.unpack(data)
        if kind not in {*PartKind} or last > 1:
            raise EnvelopeError(
                f"a part is of kind {kind}",
                "a kind of docs/spec/exchange.md",
                remedy="open it with the Muniment that wrote it, or a newer one",
            )
        return cls(PartKind(kind), record_id, version, index, place, bool(last), salt)


@dataclass(frozen=True, slots=True)
class Part:
    """A part that was opened: its label, body, number in the envelope (from 0), and where its frame
    begins, in bytes from the envelope's beginning."""

    label: Label
    body: bytes
    number: int
    offset: int

    @property
    def leaf(self) -> bytes:
        """The part as a leaf of the envelope's tree."""
        return self.label.to_bytes() + self.body


class PartOrder:
    """Requires that parts follow one another as they are written: those of one thing together, in
    places from 0, each full but for the last; at the end END, which is nothing.
    """

    def __init__(self) -> None:
        """Begin before the first part."""
        self._open: Label | None = None
        self.is_ended = False

    def take(self, label: Label, size: int) -> None:
        """Take the next part's label and how many bytes its body has. Raises `EnvelopeError`."""
        if self.is_ended:
            raise EnvelopeError("parts follow its end", "the END part as the last")
        before, self._open = self._open, None if label.is_last else label
        if before is None:
            fits = label.place == 0
        else:
            fits = _thing(label) == _thing(before) and label.place == before.place + 1
        if label.kind is PartKind.END:
            self.is_ended = True
            fits = fits and label.is_last and _thing(label) == _NOTHING and not size
        if not fits or not (label.is_last or size == MAX_BODY):
            raise EnvelopeError("its parts do not follow one another", "those of each in a row")
        if label.place >= _MOST_PARTS[label.kind]:
            raise EnvelopeError(
                f"a {label.kind.name.lower()} in it is too long",
                f"{_MOST_PARTS[label.kind]} parts at most",
                remedy="send less in one; files alone may be longer",
            )


class PartCipher:
    """Seals and opens parts under a file key (32 bytes)."""

    def __init__(self, file_key: bytes) -> None:
        """Take the key."""
        self._cipher = AESGCM(require_bytes("file key", file_key, FILE_KEY_SIZE))

    def seal(self, number: int, label: Label, body: bytes) -> tuple[bytes, bytes]:
        """Return the sealed label and body of part `number`."""
        plain = label.to_bytes()
        return (
            self._cipher.encrypt(_nonce(number, _OF_LABEL), plain, _LABEL_TAG),
            self._cipher.encrypt(_nonce(number, _flag(label)), body, _BODY_TAG + plain),
        )

    def open(self, number: int, sealed_label: bytes, sealed_body: bytes) -> tuple[Label, bytes]:
        """Return label and body of part `number`. Raises `EnvelopeError`."""
        try:
            plain = self._cipher.decrypt(_nonce(number, _OF_LABEL), sealed_label, _LABEL_TAG)
            label = Label.from_bytes(plain)
            nonce = _nonce(number, _flag(label))
            return label, self._cipher.decrypt(nonce, sealed_body, _BODY_TAG + plain)
        except InvalidTag:
            raise EnvelopeError(
                f"part {number} does not authenticate",
                "the part that the sender sealed in this place",
                remedy="ask the sender for the file again",
            ) from None


def leaf_hash(label: Label, body: bytes) -> bytes:
    """Return the hash of a part's leaf in the envelope's tree (RFC 9162)."""
    return hash_leaf(label.to_bytes() + body)


_NOTHING: Final = (PartKind.END, NO_RECORD, 0, 0)
_MOST_PARTS: Final = dict.fromkeys(PartKind, MAX_TOGETHER) | {
    PartKind.EVIDENCE: MAX_OF_EVIDENCE,
    PartKind.FILE: 1 << 32,
}


def _thing(label: Label) -> tuple[PartKind, bytes, int, int]:
    """What a part is of, whatever its place."""
    return label.kind, label.record_id, label.version, label.index


def _flag(label: Label) -> bytes:
    return _OF_LAST if label.kind is PartKind.END else _OF_BODY


def _nonce(number: int, flag: bytes) -> bytes:
    return number.to_bytes(11, "big") + flag
