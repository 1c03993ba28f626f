# SPDX-License-Identifier: Apache-2.0
"""The one place that reads environment variables. Everything else receives values."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from muniment.errors import KeystoreError

PASSWORD: Final = "MUNIMENT_PASSWORD"  # noqa: S105  (a variable's name)
PASSWORD_FILE: Final = "MUNIMENT_PASSWORD_FILE"  # noqa: S105  (a variable's name)
APE_DATA: Final = "APE_DATA_FOLDER"


def password() -> str | None:
    """Return the keystore password in `MUNIMENT_PASSWORD`, or that of the file that
    `MUNIMENT_PASSWORD_FILE` names; None where neither is set.

    Raises `KeystoreError` when that file cannot be read.
    """
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    if PASSWORD_FILE in os.environ:
        named = os.environ[PASSWORD_FILE]
        try:
            return Path(named).read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            what = f"the password file that {PASSWORD_FILE} names cannot be read"
            remedy = "check the path and who may read the file"
            raise KeystoreError(named, what, expected="a text file", remedy=remedy) from error
    return None


def ape_accounts() -> Path:
    """Return the folder where Ape keeps its keystores."""
    data = os.environ.get(APE_DATA)
    return (Path(data) if data else Path.home() / ".ape") / "accounts"
