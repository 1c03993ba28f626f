# SPDX-License-Identifier: Apache-2.0
"""Each person of DESIGN § 1 goes through the console, in Chromium, of a real gateway and chain.

Pictures of all that they saw lie in `web/console/.build/screenshots`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.console.agency_world import ACCOUNTS, Seeded

SECONDS = 600


def walk(compiled: Path, agency: Seeded, *arguments: str) -> None:
    if shutil.which("chromium") is None:
        pytest.fail("no chromium; install Debian's package of that name")
    done = subprocess.run(
        ["node", ".build/tests/walks/walk.js", str(agency.folder / "facts.json"), *arguments],
        cwd=compiled,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:] + agency.gateway.said[-2000:]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("person", ACCOUNTS)
def test_pages__stand_axe_a_narrow_screen_and_a_strict_policy(
    compiled: Path, agency: Seeded, person: str, language: str
) -> None:
    scheme = "dark" if (language == "zh") == (person in ("steward", "auditor")) else "light"
    walk(compiled, agency, "tour", person, language, scheme)


def test_gateway_that_lies__gets_no_signature(compiled: Path, agency: Seeded) -> None:
    walk(compiled, agency, "lies", "registrar", "en")


def test_keyboard__does_all_that_a_mouse_does(compiled: Path, agency: Seeded) -> None:
    walk(compiled, agency, "keyboard", "registrar", "en")


@pytest.mark.parametrize("person", ACCOUNTS)
def test_acts__are_signed_in_the_browser_and_stand_on_chain(
    compiled: Path, agency: Seeded, person: str
) -> None:
    walk(compiled, agency, "acts", person, "en")
