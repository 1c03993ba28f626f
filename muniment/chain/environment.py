# SPDX-License-Identifier: Apache-2.0
"""The one place that reads environment variables. Everything else receives values."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

PASSWORD: Final = "MUNIMENT_PASSWORD"  # noqa: S105  (a variable's name)
PASSWORD_FILE: Final = "MUNIMENT_PASSWORD_FILE"  # noqa: S105  (a variable's name)
APE_DATA: Final = "APE_DATA_FOLDER"


def password() -> str | None:
    """Return the keystore password in `MUNIMENT_PASSWORD`, or that of the file that
    `MUNIMENT_PASSWORD_FILE` names; None where neither is set."""
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    if PASSWORD_FILE in os.environ:
        return Path(os.environ[PASSWORD_FILE]).read_text().rstrip("\r\n")
    return None


def ape_accounts() -> Path:
    """Return the folder where Ape keeps its keystores."""
    data = os.environ.get(APE_DATA)
    return (Path(data) if data else Path.home() / ".ape") / "accounts"
