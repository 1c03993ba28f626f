# SPDX-License-Identifier: Apache-2.0
"""The one place that reads environment variables. Everything else receives values."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from muniment.errors import InvalidInputError, KeystoreError

PASSWORD: Final = "MUNIMENT_PASSWORD"  # noqa: S105  (a variable's name)
PASSWORD_FILE: Final = "MUNIMENT_PASSWORD_FILE"  # noqa: S105  (a variable's name)
PASSPHRASE: Final = "MUNIMENT_PASSPHRASE"  # noqa: S105  (a variable's name)
PASSPHRASE_FILE: Final = "MUNIMENT_PASSPHRASE_FILE"  # noqa: S105  (a variable's name)
RECOVERY: Final = "MUNIMENT_RECOVERY_PASSPHRASE"
APE_DATA: Final = "APE_DATA_FOLDER"


def password() -> str | None:
    """Return the keystore password in `MUNIMENT_PASSWORD`, or that of the file that
    `MUNIMENT_PASSWORD_FILE` names; None where neither is set.

    Raises `KeystoreError` when that file cannot be read.
    """
    return _secret(PASSWORD, PASSWORD_FILE)


def new_password(name: str, prompt: Callable[[str], str] = getpass.getpass) -> str:
    """Return the password for a keystore that is being made, asked twice where it is prompted."""
    found = password()
    return found if found is not None else _twice(f"Password for the new {name}: ", prompt)


def key_store_passphrase(
    name: str,
    given: str | None = None,
    *,
    confirm: bool = False,
    prompt: Callable[[str], str] = getpass.getpass,
) -> str:
    """Return the passphrase of key store `name`: `given`, else that in `MUNIMENT_PASSPHRASE` or in
    the file that `MUNIMENT_PASSPHRASE_FILE` names, else from a prompt, twice with `confirm`.
    """
    found = given if given is not None else _secret(PASSPHRASE, PASSPHRASE_FILE)
    if found is not None:
        return found
    asked = f"Passphrase of the key store {name}: "
    return _twice(asked, prompt) if confirm else prompt(asked)


def recovery_passphrase(
    *, confirm: bool = False, prompt: Callable[[str], str] = getpass.getpass
) -> str:
    """Return the passphrase of a recovery copy: `MUNIMENT_RECOVERY_PASSPHRASE`, else a prompt."""
    found = _secret(RECOVERY, f"{RECOVERY}_FILE")
    if found is not None:
        return found
    asked = "Passphrase of the recovery copy: "
    return _twice(asked, prompt) if confirm else prompt(asked)


def _twice(asked: str, prompt: Callable[[str], str]) -> str:
    first = prompt(asked)
    if not first or first != prompt("The same again: "):
        raise InvalidInputError("password", "the same text twice", "empty or two texts")
    return first


def _secret(variable: str, file_variable: str) -> str | None:
    if variable in os.environ:
        return os.environ[variable]
    if file_variable in os.environ:
        named = os.environ[file_variable]
        try:
            return Path(named).read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            what = f"the password file that {file_variable} names cannot be read"
            remedy = "check the path and who may read the file"
            raise KeystoreError(named, what, expected="a text file", remedy=remedy) from error
    return None


def ape_accounts() -> Path:
    """Return the folder where Ape keeps its keystores."""
    data = os.environ.get(APE_DATA)
    return (Path(data) if data else Path.home() / ".ape") / "accounts"
