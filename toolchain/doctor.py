# SPDX-License-Identifier: Apache-2.0
"""Names each missing tool and its cure (`make doctor`). Needs nothing but Python's own library."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that the project needs: its version's command, the least one, Debian's packages."""

    name: str
    command: Sequence[str]
    least: tuple[int, ...]
    packages: str


TOOLS = (
    Tool("python3", (sys.executable, "--version"), (3, 11), "python3.11 python3.11-venv"),
    Tool("node", ("node", "--version"), (20,), "nodejs"),
    Tool("npm", ("npm", "--version"), (9,), "npm"),
    Tool("make", ("make", "--version"), (4,), "make"),
    Tool("git", ("git", "--version"), (2,), "git"),
)

NETWORK, SERVERS = "make network", "make devservers"
PART_TOOLS = (
    (Tool("gcc", ("gcc", "--version"), (8,), "gcc libc6-dev"), NETWORK),
    (Tool("go", ("go", "version"), (1, 22), "golang-go where it is new enough"), NETWORK),
    (Tool("java", ("java", "--version"), (17,), "openjdk-17-jre-headless"), SERVERS),
    (Tool("mvn", ("mvn", "--version"), (3, 6), "maven"), SERVERS),
)
"""Needed by one part alone (network/README.md, devservers/README.md)."""

MADE = (
    (ROOT / ".venv/bin/python", "make env"),
    (ROOT / "node_modules/solc/package.json", "make env"),
    (ROOT / "node_modules/.bin/anvil", "make env"),
    (ROOT / "node_modules/@openzeppelin/contracts/package.json", "make env"),
    (ROOT / "node_modules/vega-datasets/data/birdstrikes.csv", "make env"),
    (ROOT / "node_modules/.bin/forge", "make env (only the tests need it)"),
    (ROOT / "node_modules/.bin/hardhat", "make env (only the tests need it)"),
)


def version_of(tool: Tool) -> tuple[int, ...] | None:
    """The installed version, or None when the program is missing or gives none."""
    if shutil.which(tool.command[0]) is None:
        return None
    answer = subprocess.run(tool.command, capture_output=True, text=True, check=False)
    found = re.search(r"(\d+(?:\.\d+)+)", answer.stdout + answer.stderr)
    return tuple(int(part) for part in found.group(1).split(".")) if found else None


def main() -> int:
    """Prints a line a tool; 1 when a program is missing or too old, else 0."""
    missing = 0
    for tool in TOOLS:
        version = version_of(tool)
        wanted = ".".join(map(str, tool.least))
        cure = f"install {wanted} or newer (Debian: apt-get install {tool.packages})"
        if version is None:
            print(f"missing  {tool.name}: {cure}")
            missing += 1
        elif version < tool.least:
            print(f"too old  {tool.name} {'.'.join(map(str, version))}: {cure}")
            missing += 1
        else:
            print(f"ok       {tool.name} {'.'.join(map(str, version))}")
    for tool, part in PART_TOOLS:
        version = version_of(tool)
        wanted = ".".join(map(str, tool.least))
        if version is not None and version >= tool.least:
            print(f"ok       {tool.name} {'.'.join(map(str, version))} (for {part})")
        elif tool.name == "go":
            print(f"not yet  go {wanted}: make network fetches one")
        else:
            print(f"not yet  {tool.name} {wanted} (for {part}): {tool.packages}")
    for path, cure in MADE:
        if path.exists():
            print(f"ok       {path.relative_to(ROOT)}")
        else:
            print(f"not yet  {path.relative_to(ROOT)}: {cure}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
