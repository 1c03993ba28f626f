# SPDX-License-Identifier: Apache-2.0
"""The other verifier, compiled."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

VERIFIER = Path(__file__).resolve().parents[2] / "web" / "verifier"


@pytest.fixture(scope="session")
def compiled() -> Path:
    """Its folder, with `.build` as its sources are."""
    if not (VERIFIER / "node_modules" / ".bin" / "tsc").exists():
        pytest.fail("the verifier's npm packages are missing; run `make verifier-env`")
    subprocess.run(["node_modules/.bin/tsc", "-p", "tsconfig.json"], cwd=VERIFIER, check=True)
    return VERIFIER


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("no chromium; install Debian's package of that name")
    return found
