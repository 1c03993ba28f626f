# SPDX-License-Identifier: Apache-2.0
"""How a root file is locked: by a passphrase or by a key file, each giving a 32-byte key.

A passphrase goes through Argon2id with the second choice of RFC 9106 section 4 (64 MiB, three
passes, four lanes), or through scrypt (RFC 7914; n = 2^17, r = 8) where the OpenSSL that
`cryptography` uses has no Argon2. The parameters stand in the file; a floor refuses a file whose
parameters somebody weakened, a ceiling one that would exhaust the machine. A key file holds 32
random bytes, so one HMAC suffices.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from muniment.errors import InvalidInputError, KeystoreError
from muniment.record.canonical import JsonValue
from muniment.store import durable_files

KEY_SIZE: Final = 32
SALT_SIZE: Final = 16
KEY_FILE_TAG: Final = b"muniment/keys/key-file/v1\x00"

_LIMITS: Final[Mapping[str, Mapping[str, tuple[int, int]]]] = {
    "argon2id": {"iterations": (3, 64), "lanes": (1, 64), "memory": (64 << 10, 4 << 20)},
    "scrypt": {"n": (1 << 17, 1 << 22), "r": (8, 32), "p": (1, 16)},
    "key-file": {},
}
"""Least and most of each parameter; `memory` in KiB."""


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A person's passphrase. Raises `InvalidInputError` when it is empty."""

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what protects nothing."""
        if not isinstance(self.text, str) or not self.text:
            raise InvalidInputError("passphrase", "a text", "empty or no text")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file of 32 random bytes that only its owner may read; `new_key_file` makes one."""

    path: Path

    def read(self) -> bytes:
        """Return the 32 bytes. Raises `KeystoreError`."""
        name = f"key file {self.path}"
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if mode & (stat.S_IRWXG | stat.S_IRWXO):
                    raise KeystoreError(
                        name,
                        f"its mode is {stat.S_IMODE(mode):03o}: others may read it",
                        expected="mode 600",
                        remedy="chmod 600 the file, and make new keys if others could read it",
                    )
                data = file.read(KEY_SIZE + 1)
        except OSError as error:
            what = error.strerror or "cannot be read"
            remedy = "check the path and who may read the file"
            raise KeystoreError(name, what, remedy=remedy) from error
        if len(data) != KEY_SIZE:
            raise KeystoreError(name, "is no key file", expected=f"exactly {KEY_SIZE} bytes")
        return data


Credential = Passphrase | KeyFile


def credential_of(passphrase: str | None, key_file: Path | str | None) -> Credential:
    """Return the one credential that was given. Raises `InvalidInputError` for none or both."""
    if (passphrase is None) == (key_file is None):
        raise InvalidInputError(
            "the key store's credential",
            "a passphrase or a key file",
            "missing" if passphrase is None else "given twice",
        )
    return Passphrase(passphrase) if passphrase is not None else KeyFile(Path(key_file or ""))


def new_key_file(path: Path) -> None:
    """Write a fresh key file, mode 600. Raises `KeystoreError` when it exists or cannot be."""
    try:
        durable_files.write_new(path, secrets.token_bytes(KEY_SIZE))
    except OSError as error:
        what = error.strerror or "cannot be written"
        remedy = "choose another name; keys are never overwritten"
        raise KeystoreError(f"key file {path}", what, remedy=remedy) from error


@dataclass(frozen=True, slots=True)
class Lock:
    """A way from a credential to a 32-byte key: `kind`, `salt` (16 bytes) and `parameters`."""

    kind: str
    salt: bytes
    parameters: Mapping[str, int]

    @classmethod
    def new(cls, credential: Credential) -> Lock:
        """Return a lock for `credential` with a fresh salt and this release's parameters."""
        salt = secrets.token_bytes(SALT_SIZE)
        if isinstance(credential, KeyFile):
            return cls("key-file", salt, {})
        if _has_argon2():
            return cls("argon2id", salt, {"iterations": 3, "lanes": 4, "memory": 64 << 10})
        return cls("scrypt", salt, {"n": 1 << 17, "r": 8, "p": 1})

    def to_json(self) -> dict[str, JsonValue]:
        """Return the lock as it stands in a root file."""
        return {"kind": self.kind, "salt": self.salt.hex(), **self.parameters}

    @classmethod
    def from_json(cls, value: JsonValue) -> Lock:
        """Return the lock that stands in a root file.

        Raises `InvalidInputError` for another form and for parameters below the floor.
        """
        match value:
            case {"kind": str(kind), "salt": str(salt), **rest} if kind in _LIMITS:
                limits = _LIMITS[kind]
                if set(rest) == set(limits) and len(salt) == 2 * SALT_SIZE:
                    parameters = {
                        name: _within(f"{kind} {name}", rest[name], *limits[name])
                        for name in limits
                    }
                    return cls(kind, bytes.fromhex(salt), parameters)
        raise InvalidInputError("lock", "argon2id, scrypt or key-file", "another form")

    def opens_with(self, credential: Credential) -> bool:
        """Whether this kind of lock takes this kind of credential."""
        return (self.kind == "key-file") == isinstance(credential, KeyFile)

    def key(self, credential: Credential) -> bytes:
        """Return the 32-byte key, which costs time and memory on purpose.

        Raises `KeystoreError` for a key file that cannot be used, or the other kind of credential.
        """
        if not self.opens_with(credential):
            wanted = "a key file" if self.kind == "key-file" else "a passphrase"
            raise KeystoreError("root file", "is locked in another way", expected=wanted)
        if isinstance(credential, KeyFile):
            return hmac.digest(credential.read(), KEY_FILE_TAG + self.salt, "sha256")
        # One passphrase has one spelling, whatever the keyboard composes (RFC 8265, section 4.2).
        given = unicodedata.normalize("NFC", credential.text).encode("utf-8", "surrogatepass")
        if self.kind == "argon2id":
            return Argon2id(
                salt=self.salt,
                length=KEY_SIZE,
                iterations=self.parameters["iterations"],
                lanes=self.parameters["lanes"],
                memory_cost=self.parameters["memory"],
            ).derive(given)
        n, r, p = (self.parameters[name] for name in ("n", "r", "p"))
        return Scrypt(salt=self.salt, length=KEY_SIZE, n=n, r=r, p=p).derive(given)


def _within(name: str, value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise InvalidInputError(name, f"an integer from {least} to {most}", "outside")
    return value


def _has_argon2() -> bool:
    try:
        Argon2id(salt=bytes(SALT_SIZE), length=4, iterations=1, lanes=1, memory_cost=8).derive(b"x")
    except UnsupportedAlgorithm:
        return False
    return True
