# SPDX-License-Identifier: Apache-2.0
"""What one row of the key store is in bytes: how it is wrapped, bound and counted.

Every column of a row is in the associated data of its AES-256-GCM ciphertext (NIST SP 800-38D) or
in its tag, together with the store's id, so that no value can be changed or moved to another row,
table or store unnoticed. docs/spec/keys.md, "Rows" and "The ledger", is the format.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muniment.errors import KeystoreError
from muniment.store.keys.root import NONCE_SIZE, RootKeys

SECRET_TAG: Final = b"muniment/keys/secret/v1\x00"
JOURNAL_TAG: Final = b"muniment/keys/journal/v1\x00"
NAMED_TAG: Final = b"muniment/keys/named/v1\x00"
TOMBSTONE_TAG: Final = b"muniment/keys/tombstone/v1\x00"
LEDGER_TAG: Final = b"muniment/keys/ledger/v1\x00"
TALLY_TAG: Final = b"muniment/keys/tally/v1\x00"
LEDGER_KEY_TAG: Final = b"muniment/keys/ledger-key/v1\x00"

TABLES: Final = ("version_secrets", "tombstones", "named_keys", "journal_secrets")
"""The tables that the ledger counts, in its order."""
MAX_SEALS: Final = 1 << 32
"""Random 96-bit nonces allow this many encryptions under a key (NIST SP 800-38D, section 8.3)."""

_PLACE: Final = struct.Struct(">32sI")
_EPOCH: Final = struct.Struct(">I")
_TIME: Final = struct.Struct(">Q")
_STRETCH: Final = struct.Struct(">IQII")
_LEDGER: Final = struct.Struct(">QQ" + "Q32s" * len(TABLES))
_SUM_MODULUS: Final = 1 << 256


class NotAuthenticError(Exception):
    """A stored value is not what was written. Never leaves the key store's own code."""


@dataclass(slots=True)
class Tally:
    """How many rows a table holds, and the sum of their marks modulo 2^256."""

    rows: int = 0
    total: int = 0

    def add(self, mark: int) -> None:
        """Count one row more."""
        self.rows += 1
        self.total = (self.total + mark) % _SUM_MODULUS

    def remove(self, mark: int) -> None:
        """Count one row less. Raises `KeystoreError` where none was counted."""
        if not self.rows:
            raise KeystoreError(
                "key store",
                "it holds a row that was never written",
                expected="rows that the ledger counts",
                remedy="run `muniment fsck`, which names the table",
            )
        self.rows -= 1
        self.total = (self.total - mark) % _SUM_MODULUS


@dataclass(slots=True)
class Ledger:
    """What the store must hold: `changes` made in all, `seals` under the epoch that is written
    under, and a tally of each table."""

    changes: int
    seals: int
    tallies: dict[str, Tally]

    @classmethod
    def empty(cls) -> Ledger:
        """Return the ledger of a store without rows."""
        return cls(0, 0, {table: Tally() for table in TABLES})

    def to_bytes(self) -> bytes:
        """Return changes, seals, and rows and sum of each table, big-endian."""
        fields: list[int | bytes] = [self.changes, self.seals]
        for table in TABLES:
            tally = self.tallies[table]
            fields += (tally.rows, tally.total.to_bytes(32, "big"))
        return _LEDGER.pack(*fields)

    @classmethod
    def from_bytes(cls, data: bytes) -> Ledger:
        """Return the ledger of `to_bytes`."""
        changes, seals, *fields = _LEDGER.unpack(data)
        tallies = {
            table: Tally(fields[2 * place], int.from_bytes(fields[2 * place + 1], "big"))
            for place, table in enumerate(TABLES)
        }
        return cls(changes, seals, tallies)


@dataclass(frozen=True, slots=True)
class NamedRow:
    """The columns of a named key but its ciphertext; `retired_at` is 0 until it is retired."""

    purpose: str
    key_epoch: int
    public: bytes
    made_at: int
    retired_at: int
    epoch: int

    def to_bytes(self) -> bytes:
        """Return every column, each with its length or in a fixed width."""
        purpose = self.purpose.encode()
        return b"".join(
            (
                len(purpose).to_bytes(1, "big"),
                purpose,
                _EPOCH.pack(self.key_epoch),
                len(self.public).to_bytes(1, "big"),
                self.public,
                _TIME.pack(self.made_at),
                _TIME.pack(self.retired_at),
                _EPOCH.pack(self.epoch),
            )
        )


@dataclass(frozen=True, slots=True)
class Stretch:
    """The secrets of `count` entries of a journal from `first_index` on, as one row has them.

    `revision` counts how often one of them was destroyed, so that no earlier state of the row can
    be put back.
    """

    journal: int
    first_index: int
    count: int
    revision: int

    def to_bytes(self) -> bytes:
        """Return all four, big-endian. Raises `NotAuthenticError` for what is out of range."""
        try:
            return _STRETCH.pack(self.journal, self.first_index, self.count, self.revision)
        except struct.error:
            raise NotAuthenticError from None


class Keyring:
    """The ciphers and marks of a store, made from its root keys. It never shows a key."""

    def __init__(self, keys: RootKeys) -> None:
        """Take the keys of an unlocked root file."""
        self.keys = keys
        self._ciphers = {number: AESGCM(key) for number, key in keys.epochs.items()}
        # The ledger key has two uses; encryption gets a key of its own.
        self._ledger_cipher = AESGCM(
            hmac.digest(keys.ledger, LEDGER_KEY_TAG + keys.store_id, "sha256")
        )
        self._secret_tag = SECRET_TAG + keys.store_id
        self._stretch_tag = JOURNAL_TAG + keys.store_id

    def has_epoch(self, number: int) -> bool:
        """Whether the wrapping key of this epoch is at hand."""
        return number in self._ciphers

    def wrap_secret(self, epoch: int, record_id: bytes, version: int, secret: bytes) -> bytes:
        """Return nonce, ciphertext and tag of a version's secret: 60 bytes."""
        nonce = secrets.token_bytes(NONCE_SIZE)
        associated = self._secret_tag + _PLACE.pack(record_id, version) + _EPOCH.pack(epoch)
        return nonce + self._ciphers[epoch].encrypt(nonce, secret, associated)

    def unwrap_secret(self, epoch: int, record_id: bytes, version: int, wrapped: bytes) -> bytes:
        """Return a version's secret. Raises `NotAuthenticError`."""
        place = _packed_place(record_id, version) + _packed_epoch(epoch)
        return self._open(self._ciphers.get(epoch), wrapped, self._secret_tag + place)

    def wrap_stretch(self, epoch: int, stretch: Stretch, secrets_: bytes) -> bytes:
        """Return nonce, ciphertext and tag of the secrets of a journal's stretch."""
        nonce = secrets.token_bytes(NONCE_SIZE)
        associated = self._stretch_tag + stretch.to_bytes() + _EPOCH.pack(epoch)
        return nonce + self._ciphers[epoch].encrypt(nonce, secrets_, associated)

    def unwrap_stretch(self, epoch: int, stretch: Stretch, wrapped: bytes) -> bytes:
        """Return the secrets of a journal's stretch, 32 bytes each. Raises `NotAuthenticError`."""
        associated = self._stretch_tag + stretch.to_bytes() + _packed_epoch(epoch)
        return self._open(self._ciphers.get(epoch), wrapped, associated)

    def wrap_named(self, row: NamedRow, key: bytes) -> bytes:
        """Return nonce, ciphertext and tag of a named key; a retired one has an empty key."""
        nonce = secrets.token_bytes(NONCE_SIZE)
        associated = NAMED_TAG + self.keys.store_id + row.to_bytes()
        return nonce + self._ciphers[row.epoch].encrypt(nonce, key, associated)

    def unwrap_named(self, row: NamedRow, wrapped: bytes) -> bytes:
        """Return a named key. Raises `NotAuthenticError`."""
        try:
            associated = NAMED_TAG + self.keys.store_id + row.to_bytes()
        except (struct.error, AttributeError, TypeError, ValueError):
            raise NotAuthenticError from None
        return self._open(self._ciphers.get(row.epoch), wrapped, associated)

    def tombstone_tag(self, record_id: bytes, version: int, erased_at: int) -> bytes:
        """Return the tag of a tombstone: 32 bytes. Raises `NotAuthenticError` out of range."""
        try:
            time = _TIME.pack(erased_at)
        except struct.error:
            raise NotAuthenticError from None
        place = _packed_place(record_id, version)
        return self._mac(TOMBSTONE_TAG, place + time)

    def require_tombstone(self, record_id: bytes, version: int, erased_at: int, tag: bytes) -> None:
        """Raise `NotAuthenticError` unless `tag` is the tombstone's."""
        if not hmac.compare_digest(self.tombstone_tag(record_id, version, erased_at), tag):
            raise NotAuthenticError

    def place_mark(self, table: str, record_id: bytes, version: int) -> int:
        """Return what a secret or a tombstone adds to its table's sum."""
        mark = self._mac(TALLY_TAG, table.encode() + b"\x00" + _packed_place(record_id, version))
        return int.from_bytes(mark, "big")

    def stretch_mark(self, stretch: Stretch) -> int:
        """Return what a stretch adds to its table's sum: its revision is part of it."""
        mark = self._mac(TALLY_TAG, b"journal_secrets\x00" + stretch.to_bytes())
        return int.from_bytes(mark, "big")

    def named_mark(self, row: NamedRow) -> int:
        """Return what a named key adds to its table's sum: whether it is retired is part of it."""
        purpose, retired = row.purpose.encode(), b"\x01" if row.retired_at else b"\x00"
        place = purpose + b"\x00" + _packed_epoch(row.key_epoch) + retired + row.public
        return int.from_bytes(self._mac(TALLY_TAG, b"named_keys\x00" + place), "big")

    def seal_ledger(self, ledger: Ledger, identity: bytes) -> bytes:
        """Return the sealed ledger, bound to `identity`: all other columns of its row."""
        nonce = secrets.token_bytes(NONCE_SIZE)
        return nonce + self._ledger_cipher.encrypt(nonce, ledger.to_bytes(), LEDGER_TAG + identity)

    def open_ledger(self, sealed: bytes, identity: bytes) -> Ledger:
        """Return the ledger. Raises `NotAuthenticError`."""
        return Ledger.from_bytes(self._open(self._ledger_cipher, sealed, LEDGER_TAG + identity))

    def __repr__(self) -> str:
        """Name the epochs alone."""
        return f"Keyring(epochs {sorted(self._ciphers)})"

    def _mac(self, tag: bytes, data: bytes) -> bytes:
        return hmac.digest(self.keys.ledger, tag + self.keys.store_id + data, "sha256")

    def _open(self, cipher: AESGCM | None, wrapped: bytes, associated: bytes) -> bytes:
        if cipher is None:
            raise NotAuthenticError
        try:
            return cipher.decrypt(wrapped[:NONCE_SIZE], wrapped[NONCE_SIZE:], associated)
        except (InvalidTag, ValueError, TypeError):
            raise NotAuthenticError from None


def _packed_place(record_id: bytes, version: int) -> bytes:
    """Pack what a row says of itself, which somebody may have changed to nonsense."""
    try:
        if len(record_id) != 32:  # Struct would pad or cut it in silence
            raise NotAuthenticError
        return _PLACE.pack(record_id, version)
    except (struct.error, TypeError):
        raise NotAuthenticError from None


def _packed_epoch(epoch: int) -> bytes:
    try:
        return _EPOCH.pack(epoch)
    except struct.error:
        raise NotAuthenticError from None
