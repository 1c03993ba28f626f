# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: a journal's size and root in a note signed with the agency's log key.

C2SP tlog-checkpoint in a signed-note with Ed25519 (https://c2sp.org/tlog-checkpoint,
https://c2sp.org/signed-note), and the timestamped co-signatures of witnesses
(https://c2sp.org/tlog-cosignature).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from muniment.errors import InvalidInputError, ProofError

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04
MAX_NOTE: Final = 1 << 20
"""Longest note that is looked at, in bytes."""
MAX_SIGNATURES: Final = 100
"""Most signatures of a note that is looked at: what Go's sumdb/note takes."""
_MAX_SIZE: Final = (1 << 63) - 1
_MAX_TIME: Final = (1 << 63) - 1
_HASH_SIZE: Final = 32
_ID_SIZE: Final = 4
_TIME_SIZE: Final = 8
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}").fullmatch
_LINE: Final = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})").fullmatch


class NoteError(ProofError):
    """A note is malformed, or not signed by a key that was asked for."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """That the journal `origin` has `size` entries with this `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the note's text: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def of(cls, body: str) -> Checkpoint:
        """Return the checkpoint of a note's text. Raises `NoteError`."""
        lines = body.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise NoteError("the checkpoint has another form", expected="origin, size, root")
        if not _NUMBER(lines[1]) or int(lines[1]) > _MAX_SIZE:
            raise NoteError("the checkpoint's size is no number", expected="a decimal number")
        root = _decoded(lines[2])
        if len(root) != _HASH_SIZE:
            raise NoteError("the checkpoint's root is no hash", expected="32 bytes in base64")
        return cls(lines[0], int(lines[1]), root)


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key that notes are signed with: its `name`, `public` part (32 bytes) and algorithm."""

    name: str
    public: bytes
    algorithm: int = ED25519

    def __post_init__(self) -> None:
        """Refuse names that a note cannot have."""
        if not self.name or re.search(r"[\s+]", self.name):
            raise InvalidInputError("key name", "text without space and plus", repr(self.name))
        if len(self.public) != _HASH_SIZE:
            raise InvalidInputError("key", "32 bytes", f"{len(self.public)} bytes")

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || algorithm || public), its first four bytes."""
        whole = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return hashlib.sha256(whole).digest()[:_ID_SIZE]

    def to_text(self) -> str:
        """Return the verifier key as tools take it: name+id+base64."""
        encoded = base64.b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def from_text(cls, text: str) -> NoteKey:
        """Return the key of a verifier key's text. Raises `InvalidInputError`."""
        name, _, rest = text.strip().partition("+")
        named, _, encoded = rest.partition("+")
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            data = b""
        if len(data) != 1 + _HASH_SIZE or data[0] not in (ED25519, COSIGNATURE):
            raise InvalidInputError("verifier key", "name+id+base64 of an Ed25519 key", "another")
        key = cls(name, data[1:], data[0])
        if key.key_id.hex() != named:
            raise InvalidInputError("verifier key", f"the id {key.key_id.hex()}", named)
        return key


def sign(checkpoint: Checkpoint, name: str, private: Ed25519PrivateKey) -> bytes:
    """Return the signed note of a checkpoint.

    Raises `NoteError` for one that no reader would take, and `InvalidInputError` for such a name.
    """
    key = NoteKey(name, private.public_key().public_bytes_raw())
    body = checkpoint.body()
    note = f"{body}\n{_line(key, private.sign(body.encode()))}".encode()
    verify(note, key)
    return note


def cosign(note: bytes, name: str, private: Ed25519PrivateKey, time: int) -> bytes:
    """Return the note with a witness's co-signature of `time` (Unix seconds) added.

    Raises `NoteError`, and `InvalidInputError` for a time or a name that a note cannot have.
    """
    body, _ = _parts(note)
    return note + _cosignature(body, name, private, time)


def cosign_body(body: str, name: str, private: Ed25519PrivateKey, time: int) -> bytes:
    """Return a note of a text that bears one co-signature and nobody else's, as `cosign`."""
    return f"{body}\n".encode() + _cosignature(body, name, private, time)


def verify(note: bytes, key: NoteKey) -> Checkpoint:
    """Return the checkpoint of a note that `key` has signed; others' signatures are not looked at.

    Of two lines of that key only the first counts. Raises `NoteError`.
    """
    return verify_any(note, [key])


def verify_any(note: bytes, keys: Sequence[NoteKey]) -> Checkpoint:
    """Return the checkpoint of a note that one of a log's keys has signed, as `verify`.

    A log has several once its key was rotated. Raises `NoteError`.
    """
    body, signatures = _parts(note)
    for key in keys:
        for name, data in signatures:
            if name == key.name and data[:_ID_SIZE] == key.key_id:
                _require(key, data[_ID_SIZE:], body.encode())
                return Checkpoint.of(body)
    named = " or ".join(sorted({key.name for key in keys}))
    raise NoteError(f"the note is not signed by {named}", expected="a signature of that key")


def signed_by(note: bytes, key: NoteKey) -> bytes:
    """Return the note with the signature of `key` and nobody else's, which is checked.

    Raises `NoteError`.
    """
    verify(note, key)
    body, signatures = _parts(note)
    for name, data in signatures:
        if name == key.name and data[:_ID_SIZE] == key.key_id:
            return f"{body}\n{_line(key, data[_ID_SIZE:])}".encode()
    raise AssertionError("it has just been verified")


def checkpoint_in(note: bytes) -> Checkpoint:
    """Return the checkpoint of a note, whoever has signed it. Raises `NoteError`."""
    body, _ = _parts(note)
    return Checkpoint.of(body)


def cosigned_at(note: bytes, witnesses: Iterable[NoteKey]) -> dict[str, int]:
    """Return which witnesses have co-signed a note, and when (Unix seconds).

    Of two lines of one witness only the first counts. Raises `NoteError` for a co-signature of
    theirs that is wrong.
    """
    body, signatures = _parts(note)
    known = {(key.name, key.key_id): key for key in witnesses}
    found: dict[str, int] = {}
    for name, data in signatures:
        key = known.get((name, data[:_ID_SIZE]))
        if key is None or name in found:
            continue
        time = int.from_bytes(data[_ID_SIZE : _ID_SIZE + _TIME_SIZE], "big")
        if time > _MAX_TIME:
            raise NoteError(f"the time of {name} is none", expected="2^63 - 1 seconds at most")
        _require(key, data[_ID_SIZE + _TIME_SIZE :], _cosigned(body, time))
        found[name] = time
    return found


def _parts(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a note and its signatures: name, and key id with signature."""
    try:
        text = note.decode("utf-8") if len(note) <= MAX_NOTE else ""
    except UnicodeDecodeError:
        text = ""
    body, separator, lines = text.rpartition("\n\n")
    if not separator or not lines.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", text):
        raise NoteError("the note has another form", expected="text, an empty line, signatures")
    signatures = []
    if lines.count("\n") > MAX_SIGNATURES:
        raise NoteError("the note has another form", expected=f"{MAX_SIGNATURES} signatures")
    for line in lines[:-1].split("\n"):
        found = _LINE(line)
        data = b"" if found is None else _decoded(found[2])
        if found is None or len(data) <= _ID_SIZE:
            raise NoteError("a signature line has another form", expected="— name base64")
        signatures.append((found[1], data))
    return body + "\n", signatures


def _require(key: NoteKey, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise NoteError(
            f"the signature of {key.name} is wrong", expected="one of this text"
        ) from None


def _cosignature(body: str, name: str, private: Ed25519PrivateKey, time: int) -> bytes:
    if not 0 <= time <= _MAX_TIME:
        raise InvalidInputError("time", "Unix seconds from 0 to 2^63 - 1", str(time))
    key = NoteKey(name, private.public_key().public_bytes_raw(), COSIGNATURE)
    signature = private.sign(_cosigned(body, time))
    return _line(key, time.to_bytes(_TIME_SIZE, "big") + signature).encode()


def _line(key: NoteKey, signature: bytes) -> str:
    return f"— {key.name} {base64.b64encode(key.key_id + signature).decode()}\n"


def _cosigned(body: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{body}".encode()


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    # One text, one value: no bits that stand for nothing.
    return data if base64.b64encode(data).decode() == text else b""
