# SPDX-License-Identifier: Apache-2.0
"""Every error of the three interfaces is provoked by some test of this folder."""

from __future__ import annotations

import ast
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
INTERFACES = FOLDER.parents[1] / "contracts" / "interfaces"

# Provoked by no test, with the reason.
UNREACHABLE: dict[str, str] = {}


def declared() -> set[str]:
    text = "".join(path.read_text() for path in INTERFACES.glob("*.sol"))
    return set(re.findall(r"^\s*error (\w+)\(", text, re.MULTILINE))


def provoked() -> set[str]:
    """The errors that tests expect in `refused(...)`, by reading the tests."""
    found = set()
    for path in FOLDER.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if named and node.func.attr == "refused" and isinstance(node.args[0], ast.Attribute):
                found.add(node.args[0].attr.removesuffix("Error"))
    return found


def test_every_error__is_provoked() -> None:
    assert declared() - provoked() - set(UNREACHABLE) == set()
    assert len(declared()) > 70


def test_unreachable_errors__are_still_declared_and_unprovoked() -> None:
    assert set(UNREACHABLE) <= declared() - provoked()
