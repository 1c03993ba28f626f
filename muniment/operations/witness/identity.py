# SPDX-License-Identifier: Apache-2.0
"""A witness's key: Ed25519 as PEM (PKCS #8), in a file that nobody else may read."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from muniment.errors import KeystoreError
from muniment.journal.checkpoints import COSIGNATURE, NoteKey
from muniment.store.durable_files import PRIVATE_FILE, write_new

FILE: Final = "witness.key"
_OF_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Identity:
    """The `name` and the key that a witness signs with."""

    name: str
    private: Ed25519PrivateKey

    @property
    def key(self) -> NoteKey:
        """The verifier key, of type 0x04: what trust files name."""
        return NoteKey(self.name, self.private.public_key().public_bytes_raw(), COSIGNATURE)


def new_identity(folder: Path, name: str) -> Identity:
    """Make a key in a witness's folder. Raises `FileExistsError`, `OSError`."""
    private = Ed25519PrivateKey.generate()
    data = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_new(folder / FILE, data, mode=PRIVATE_FILE)
    return Identity(name, private)


def load_identity(folder: Path, name: str) -> Identity:
    """Return the key in a witness's folder. Raises `KeystoreError`: it is missing, damaged, or
    others may read it."""
    path = folder / FILE
    try:
        data = path.read_bytes()
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        what = error.strerror or "unreadable"
        raise KeystoreError(name, f"{path}: {what}", expected="the witness's key") from error
    if mode & _OF_OTHERS:
        raise KeystoreError(
            name, f"{path} has mode {mode:o}", expected="mode 600", remedy=f"chmod 600 {path}"
        )
    try:
        private = load_pem_private_key(data, None)
    except (ValueError, TypeError) as error:
        raise KeystoreError(name, f"{path} is no PEM", expected="a private key") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeystoreError(name, f"{path} is a key of another kind", expected="Ed25519")
    return Identity(name, private)
