# SPDX-License-Identifier: Apache-2.0
"""The root file: the few keys that open a key store, kept apart from the store and its backups.

It holds the wrapping key of each epoch and the ledger key, sealed under a passphrase or a key file
(`muniment.store.keys.locks`). A recovery copy is the same file under another passphrase.
docs/spec/keys.md, "The root file", is the format.
"""

from __future__ import annotations

import hashlib
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muniment.errors import (
    InvalidInputError,
    KeystoreError,
    MunimentError,
    WrongPasswordError,
)
from muniment.record.canonical import JsonValue, canonicalize, parse_canonical
from muniment.record.identifiers import AgencyId, Lineage, require_bytes, require_uint
from muniment.store import durable_files
from muniment.store.keys.locks import KEY_SIZE, Credential, KeyFile, Lock

FORMAT: Final = "muniment/keys/v1"
ROOT_TAG: Final = b"muniment/keys/root/v1\x00"
STORE_ID_SIZE: Final = 16
NONCE_SIZE: Final = 12
MAX_EPOCH: Final = (1 << 31) - 1
_MAX_FILE: Final = 1 << 22
_MEMBERS: Final = {"agency", "checksum", "format", "lineage", "lock", "sealed", "store"}


@dataclass(frozen=True, slots=True)
class RootKeys:
    """What a root file holds: of which store, agency and lineage it is, and the keys.

    `epochs` maps the number of each epoch to its 32-byte wrapping key; `ledger` (32 bytes) is the
    key of the store's ledger and tombstones, which outlive epochs.
    """

    store_id: bytes
    agency_id: AgencyId
    lineage: Lineage
    ledger: bytes = field(repr=False)
    epochs: Mapping[int, bytes] = field(repr=False)

    @classmethod
    def new(cls, agency_id: AgencyId, lineage: Lineage) -> RootKeys:
        """Return the keys of a new store, in epoch 1. Raises `InvalidInputError`."""
        require_uint("agency id", agency_id, 32, least=1)
        require_bytes("lineage", lineage, 32)
        ledger, first = secrets.token_bytes(KEY_SIZE), secrets.token_bytes(KEY_SIZE)
        return cls(secrets.token_bytes(STORE_ID_SIZE), agency_id, lineage, ledger, {1: first})

    def with_new_epoch(self) -> tuple[RootKeys, int]:
        """Return the keys with one epoch more, and its number."""
        number = max(self.epochs) + 1
        require_uint("epoch", number, 31, least=1)
        return replace(self, epochs={**self.epochs, number: secrets.token_bytes(KEY_SIZE)}), number

    def without_epoch(self, number: int) -> RootKeys:
        """Return the keys without those of epoch `number`."""
        return replace(self, epochs={n: key for n, key in self.epochs.items() if n != number})

    def sealed_content(self) -> bytes:
        """Return the canonical JSON of the keys, which is only ever written encrypted."""
        epochs: list[JsonValue] = [
            {"epoch": number, "key": self.epochs[number].hex()} for number in sorted(self.epochs)
        ]
        return canonicalize({"epochs": epochs, "ledger": self.ledger.hex()})


class RootFile:
    """A root file that is unlocked: its `path`, its `keys`, and the way to write it again."""

    def __init__(self, path: Path, lock: Lock, key: bytes, keys: RootKeys) -> None:
        """Take what `create` and `open` have made."""
        self.path = path
        self.keys = keys
        self._lock = lock
        self._key = key

    @classmethod
    def create(cls, path: Path, keys: RootKeys, credential: Credential) -> RootFile:
        """Write a new file, mode 600, and return it. Raises `KeystoreError` when it exists."""
        lock = Lock.new(credential)
        file = cls(path, lock, lock.key(credential), keys)
        with _as_keystore_errors(path):
            durable_files.write_new(path, file._encoded())
        return file

    @classmethod
    def open(cls, path: Path, credential: Credential) -> RootFile:
        """Return the unlocked file.

        Raises `WrongPasswordError`; `KeystoreError` for a missing, damaged or too open file and
        for a key file that is not the right one.
        """
        header, lock, sealed = _read(path)
        key = lock.key(credential)
        keys = _unseal(path, header, sealed, key)
        if keys is None:
            if isinstance(credential, KeyFile):
                raise KeystoreError(
                    str(path),
                    "the key file does not open it",
                    expected="the key file it was made with",
                    remedy="check the path of the key file",
                )
            raise WrongPasswordError(str(path))
        return cls(path, lock, key, keys)

    def reload(self) -> None:
        """Read the keys again: another process may have begun or dropped an epoch.

        Raises `KeystoreError` also when the file was locked anew since it was opened.
        """
        header, lock, sealed = _read(self.path)
        keys = _unseal(self.path, header, sealed, self._key) if lock == self._lock else None
        if keys is None:
            raise KeystoreError(
                str(self.path),
                "it was locked anew since it was opened",
                remedy="open the key store again with the new credential",
            )
        self.keys = keys

    def save(self, keys: RootKeys) -> None:
        """Replace the file by one with `keys`, durably. Raises `KeystoreError`.

        The caller holds the store's lock, so nobody else writes the file. What an interrupted
        writer left beside it goes: it may hold an epoch that is to be dropped.
        """
        with _as_keystore_errors(self.path):
            durable_files.remove_leftovers(self.path)
            durable_files.replace(self.path, self._encoded(keys))
        self.keys = keys

    def lock_anew(self, credential: Credential) -> None:
        """Replace the file by one that opens with `credential` alone. Raises `KeystoreError`."""
        lock = Lock.new(credential)
        fresh = RootFile(self.path, lock, lock.key(credential), self.keys)
        fresh.save(self.keys)
        self._lock, self._key = fresh._lock, fresh._key

    def copy_to(self, path: Path, credential: Credential) -> None:
        """Write a copy that opens with `credential`. Raises `KeystoreError` when it exists."""
        RootFile.create(path, self.keys, credential)

    def __repr__(self) -> str:
        """Name the file and its epochs, no key."""
        return f"RootFile({str(self.path)!r}, epochs {sorted(self.keys.epochs)})"

    def _encoded(self, keys: RootKeys | None = None) -> bytes:
        keys = self.keys if keys is None else keys
        header: dict[str, JsonValue] = {
            "agency": keys.agency_id,
            "format": FORMAT,
            "lineage": keys.lineage.hex(),
            "lock": self._lock.to_json(),
            "store": keys.store_id.hex(),
        }
        # Random nonces are safe for 2^32 encryptions under a key (NIST SP 800-38D, section 8.3);
        # this key encrypts once an epoch.
        nonce = secrets.token_bytes(NONCE_SIZE)
        associated = ROOT_TAG + canonicalize(header)
        sealed = nonce + AESGCM(self._key).encrypt(nonce, keys.sealed_content(), associated)
        whole: dict[str, JsonValue] = {**header, "sealed": sealed.hex()}
        checksum = hashlib.sha256(canonicalize(whole)).hexdigest()
        return canonicalize({**whole, "checksum": checksum})


@contextmanager
def _as_keystore_errors(path: Path) -> Iterator[None]:
    """Raise what the system says about a root file as `KeystoreError`."""
    try:
        yield
    except FileExistsError as error:
        remedy = "choose another name, or move the old file away; keys are never overwritten"
        raise KeystoreError(str(path), "exists already", remedy=remedy) from error
    except OSError as error:
        what = error.strerror or "cannot be used"
        remedy = "check the path, the room on the disk and who may use the file"
        raise KeystoreError(str(path), what, remedy=remedy) from error


def _read(path: Path) -> tuple[dict[str, JsonValue], Lock, bytes]:
    """Return header, lock and sealed keys of a root file that is whole."""
    with _as_keystore_errors(path):
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeystoreError(
                str(path),
                f"its mode is {stat.S_IMODE(mode):03o}: others may use it",
                expected="mode 600",
                remedy="chmod 600 the file",
            )
        with path.open("rb") as file:
            data = file.read(_MAX_FILE)
    try:
        whole = parse_canonical(data)
        if not isinstance(whole, dict) or set(whole) != _MEMBERS:
            raise _damaged(path)
        checksum = whole.pop("checksum")
        if hashlib.sha256(canonicalize(whole)).hexdigest() != checksum:
            raise _damaged(path)
        if whole["format"] != FORMAT:
            raise _of_another_format(path)
        sealed = bytes.fromhex(str(whole.pop("sealed")))
        return whole, Lock.from_json(whole["lock"]), sealed
    except (InvalidInputError, ValueError) as error:
        raise _damaged(path) from error


def _unseal(path: Path, header: dict[str, JsonValue], sealed: bytes, key: bytes) -> RootKeys | None:
    """Return the keys, or None where `key` does not open them."""
    associated = ROOT_TAG + canonicalize(header)
    try:
        opened = AESGCM(key).decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], associated)
    except (InvalidTag, ValueError):
        return None
    try:
        match parse_canonical(opened), header:
            case (
                {"epochs": [*entries], "ledger": str(ledger)},
                {"agency": int(agency), "lineage": str(lineage), "store": str(store)},
            ):
                return RootKeys(
                    require_bytes("store id", bytes.fromhex(store), STORE_ID_SIZE),
                    AgencyId(require_uint("agency id", agency, 32, least=1)),
                    Lineage(require_bytes("lineage", bytes.fromhex(lineage), 32)),
                    require_bytes("ledger key", bytes.fromhex(ledger), KEY_SIZE),
                    dict(map(_epoch_of, entries)),
                )
    except (MunimentError, ValueError):
        # What was authentic and yet has another form was written by another program. The cause
        # stays out: it could show a part of the keys.
        raise _of_another_format(path) from None
    raise _of_another_format(path)


def _epoch_of(entry: JsonValue) -> tuple[int, bytes]:
    match entry:
        case {"epoch": int(number), "key": str(key)}:
            require_uint("epoch", number, 31, least=1)
            return number, require_bytes("wrapping key", bytes.fromhex(key), KEY_SIZE)
    raise ValueError


def _damaged(path: Path) -> KeystoreError:
    return KeystoreError(
        str(path),
        "it is damaged, half-written or no root file",
        expected=f"a whole file of format {FORMAT}",
        remedy="restore it from the recovery copy",
    )


def _of_another_format(path: Path) -> KeystoreError:
    return KeystoreError(
        str(path),
        "it has another format",
        expected=FORMAT,
        remedy="use the release of Muniment that wrote it, or a newer one",
    )
