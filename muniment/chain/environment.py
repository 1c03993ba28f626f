# SPDX-License-Identifier: Apache-2.0
"""The one place that reads environment variables. Everything else receives values."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from muniment.errors import KeystoreError

PASSWORD: Final = "MUNIMENT_PASSWORD"  # noqa: S105  (a variable's name)
PASSWORD_FILE: Final = "MUNIMENT_PASSWORD_FILE"  # noqa: S105  (a variable's name)
PASSPHRASE: Final = "MUNIMENT_PASSPHRASE"  # noqa: S105  (a variable's name)
PASSPHRASE_FILE: Final = "MUNIMENT_PASSPHRASE_FILE"  # noqa: S105  (a variable's name)
APE_DATA: Final = "APE_DATA_FOLDER"


def password() -> str | None:
    """Return the keystore password in `MUNIMENT_PASSWORD`, or that of the file that
    `MUNIMENT_PASSWORD_FILE` names; None where neither is set.

    Raises `KeystoreError` when that file cannot be read.
    """
    return _secret(PASSWORD, PASSWORD_FILE)


def key_store_passphrase(
    name: str, given: str | None = None, prompt: Callable[[str], str] = getpass.getpass
) -> str:
    """Return the passphrase of key store `name`: `given`, else that in `MUNIMENT_PASSPHRASE` or in
    the file that `MUNIMENT_PASSPHRASE_FILE` names, else from a prompt.
    """
    found = given if given is not None else _secret(PASSPHRASE, PASSPHRASE_FILE)
    return found if found is not None else prompt(f"Passphrase of the key store {name}: ")


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
