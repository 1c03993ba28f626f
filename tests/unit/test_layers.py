# SPDX-License-Identifier: Apache-2.0
"""Layers point one way: a room imports only from those above it, and nothing imports Ape."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "muniment"
ROOMS = (
    "errors",
    "record",
    "journal",
    "proof",
    "evidence",
    "artifacts",
    "chain",
    "store",
    "pipeline",
    "exchange",
    "intake",
    "operations",
    "registry",
    "analysis",
    "gateway",
    "cli",
)


def imported(source: str) -> set[str]:
    """The full names of all modules that a source imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add(node.module or "")
            if node.module == "muniment":
                names.update(f"muniment.{alias.name}" for alias in node.names)
    return names


def faults(path: Path, source: str) -> list[str]:
    """What a module imports from a room below its own, or from Ape."""
    parts = path.relative_to(PACKAGE).parts
    room = parts[0].removesuffix(".py")
    found = []
    for name in imported(source):
        head, *rest = name.split(".")
        if head in {"ape", "ape_foundry", "ape_hardhat", "ape_solidity"}:
            found.append(f"{path}: imports {name}; the package never imports Ape")
        if head == "muniment" and rest and rest[0] in ROOMS:
            if room == "__init__":
                continue
            if ROOMS.index(rest[0]) > ROOMS.index(room):
                found.append(f"{path}: {room} imports {name} from a room below it")
    return found


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_module__imports_only_from_rooms_above(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert room in {*ROOMS, "__init__", "__main__"}, f"{room} is no room of docs/architecture.md"
    assert faults(path, path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from muniment.cli import main",
        "import muniment.chain",
        "from muniment import chain",
        "import ape",
    ],
)
def test_planted_violation__is_found(source: str) -> None:
    assert faults(PACKAGE / "record" / "planted.py", source)


def test_import__is_light() -> None:
    """`import muniment` loads neither web3 nor anything else heavy."""
    heavy = {"web3", "eth_account", "sqlalchemy", "pandas", "rich", "click"}
    code = f"import sys, muniment; print(sorted({heavy!r} & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
