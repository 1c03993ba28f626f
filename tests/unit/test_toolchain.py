# SPDX-License-Identifier: Apache-2.0
"""The compiler and its settings are named in several files, which must say the same."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
APE = yaml.safe_load((ROOT / "ape-config.yaml").read_text())
FORGE = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
PACKAGES = json.loads((ROOT / "package.json").read_text())


def test_compiler__is_the_same_everywhere() -> None:
    version = APE["solidity"]["version"]
    assert FORGE["solc"] == f"toolchain/compiler/solc-v{version}"
    assert PACKAGES["dependencies"]["solc"] == version
    assert f'const VERSION = "{version}"' in (ROOT / "toolchain/compiler/solc.js").read_text()
    assert (ROOT / f"toolchain/compiler/solc-v{version}").exists()


def test_settings__are_the_same_for_ape_and_forge() -> None:
    assert APE["solidity"]["evm_version"] == FORGE["evm_version"] == "london"
    assert APE["solidity"]["optimize"] is FORGE["optimizer"] is True
    assert APE["solidity"]["optimization_runs"] == FORGE["optimizer_runs"]
    assert FORGE["via_ir"] is False


def test_plugins__are_pinned_alike() -> None:
    pinned = (ROOT / "requirements/contracts.in").read_text()
    for plugin in APE["plugins"]:
        assert f"ape-{plugin['name']}=={plugin['version']}" in pinned


@pytest.mark.parametrize(
    "path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda p: p.name
)
def test_requirements__are_all_pinned(path: Path) -> None:
    lines = re.sub(r" \\\n +--hash=sha256:[0-9a-f]{64}", "", path.read_text()).splitlines()
    for line in (each for each in lines if not each.startswith("# ")):
        assert re.fullmatch(
            r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+( ; .*)?", line, re.IGNORECASE
        ), line


def test_npm_packages__are_pinned() -> None:
    for group in ("dependencies", "devDependencies"):
        for name, version in PACKAGES[group].items():
            assert re.fullmatch(r"\d+\.\d+\.\d+(-[\w.]+)?", version), name


def test_no_file__names_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    hosts = [
        ".".join(parts)
        for parts in (("pypi", "org"), ("npmjs", "org"), ("npmjs", "com"), ("pythonhosted", "org"))
    ]
    for name in listed.stdout.decode().split("\0"):
        if not name or not (ROOT / name).exists():
            continue
        text = (ROOT / name).read_text(errors="ignore")
        for host in hosts:
            assert host not in text, f"{name} names {host}"


def test_large_modules__are_few() -> None:
    """A module past 400 lines splits by concept, or stands here with its reason."""
    reasons = {
        "facade.py": "one short method for each act, found in one place by whoever calls it",
        "errors.py": "the tree of errors, read as a whole by whoever catches them",
    }
    for path in (ROOT / "muniment").rglob("*.py"):
        if path.parent.name == "bindings":
            continue  # made from the interfaces, as long as they are
        lines = len(path.read_text().splitlines())
        assert lines <= 400 or path.name in reasons, f"{path}: {lines} lines"
