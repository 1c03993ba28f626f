# SPDX-License-Identifier: Apache-2.0
"""The console, built and compiled, and one running gateway for all of its walks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.agency_world import Seeded, seeded

CONSOLE = Path(__file__).resolve().parents[2] / "web" / "console"


@pytest.fixture(scope="session")
def compiled() -> Path:
    """Its folder, with the walks in `.build` and the pages beside the package."""
    if not (CONSOLE / "node_modules" / ".bin" / "tsc").exists():
        pytest.fail("the console's npm packages are missing; run `make console-env`")
    subprocess.run(["node_modules/.bin/tsc", "-p", "tsconfig.json"], cwd=CONSOLE, check=True)
    subprocess.run(["node", "making/build.mjs"], cwd=CONSOLE, check=True)
    return CONSOLE


@pytest.fixture(scope="session")
def agency(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """The land registry and its gateway, which serves the pages that were built."""
    with seeded(tmp_path_factory.mktemp("console")) as running:
        facts = running.folder / "facts.json"
        facts.write_text(json.dumps(running.facts()))
        yield running
