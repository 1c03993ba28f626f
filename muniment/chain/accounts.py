# SPDX-License-Identifier: Apache-2.0
"""Accounts that sign: keystores in eth-account's JSON form, which Ape writes too."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import coincurve
import rlp
from eth_account import Account
from eth_account.signers.local import LocalAccount

from muniment.chain import environment
from muniment.chain.connection import Address
from muniment.errors import KeystoreError, WrongPasswordError
from muniment.record.keccak import keccak


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    """A transaction to sign: `gas_price` in wei, `to` None where it deploys."""

    chain_id: int
    nonce: int
    gas: int
    gas_price: int
    to: Address | None
    data: bytes


class Signer:
    """An account whose key is in this process's memory. It signs and never shows the key."""

    def __init__(self, account: LocalAccount) -> None:
        """Take an unlocked account; see `from_keystore` and `from_key`."""
        self._key = coincurve.PrivateKey(bytes(account.key))
        self.address = Address(account.address)

    @classmethod
    def from_key(cls, key: bytes) -> Signer:
        """Return the signer of a 32-byte key. For development; keep real keys in keystores."""
        try:
            return cls(Account.from_key(key))
        except (ValueError, TypeError) as error:
            raise KeystoreError("key", "not a private key", expected="32 bytes") from error

    @classmethod
    def from_keystore(cls, path: Path | str, password: str | None = None) -> Signer:
        """Return the signer of a keystore file, or of an alias in Ape's folder of accounts.

        Without `password` it comes from the environment or its file (`environment.password`), else
        from a prompt. Raises `KeystoreError` for a missing or malformed file, `WrongPasswordError`.
        """
        file = _file_of(path)
        try:
            stored = json.loads(file.read_text())
        except OSError as error:
            what = error.strerror or "cannot be read"
            remedy = f"check the name; Ape's accounts lie in {environment.ape_accounts()}"
            raise KeystoreError(str(path), what, remedy=remedy) from error
        except ValueError as error:
            raise _malformed(path) from error
        if not isinstance(stored, dict) or "crypto" not in {key.lower() for key in stored}:
            raise _malformed(path)
        given = _password_of(file.name, password)
        try:
            key = Account.decrypt(stored, given)
        except ValueError as error:
            if "MAC" in str(error):
                raise WrongPasswordError(str(path)) from None
            raise _malformed(path) from error
        except (KeyError, TypeError, NotImplementedError) as error:
            raise _malformed(path) from error
        return cls(Account.from_key(key))

    def sign(self, transaction: UnsignedTransaction) -> tuple[bytes, bytes]:
        """Return the raw transaction (legacy form, EIP-155) and its hash (32 bytes)."""
        # eth-account's own signing takes five times as long, which is half of what sending costs.
        body = (
            transaction.nonce,
            transaction.gas_price,
            transaction.gas,
            b"" if transaction.to is None else bytes.fromhex(transaction.to[2:]),
            0,
            transaction.data,
        )
        digest = keccak(rlp.encode((*body, transaction.chain_id, 0, 0)))
        signature = self._key.sign_recoverable(digest, hasher=None)
        v = transaction.chain_id * 2 + 35 + signature[64]
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        raw = rlp.encode((*body, v, r, s))
        return raw, keccak(raw)

    def __repr__(self) -> str:
        """Name the address alone."""
        return f"Signer({self.address})"


def new_keystore(path: Path, password: str, key: bytes | None = None) -> Address:
    """Write a keystore for a fresh key (or for `key`), mode 600, and return its address.

    Raises `KeystoreError` when the file exists: keys are never overwritten.
    """
    account = Account.create() if key is None else Account.from_key(key)
    stored = Account.encrypt(account.key, password)
    try:
        # Made with its mode, so that nobody can read it in between.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        remedy = "choose another name, or move the old file away"
        raise KeystoreError(str(path), "exists already", remedy=remedy) from error
    with os.fdopen(descriptor, "w") as file:
        json.dump(stored, file)
    return Address(account.address)


def _file_of(path: Path | str) -> Path:
    named = Path(path)
    if isinstance(path, str) and named.suffix != ".json" and not named.exists():
        return environment.ape_accounts() / f"{path}.json"
    return named


def _password_of(
    name: str, password: str | None, prompt: Callable[[str], str] = getpass.getpass
) -> str:
    if password is not None:
        return password
    found = environment.password()
    return found if found is not None else prompt(f"Password of {name}: ")


def _malformed(path: Path | str) -> KeystoreError:
    return KeystoreError(
        str(path),
        "is no keystore",
        expected="the JSON file that eth-account or `ape accounts generate` writes",
        remedy="check that the file is the right one and complete",
    )
