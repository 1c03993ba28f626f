# SPDX-License-Identifier: Apache-2.0
"""`ape run export`: ABI, code, compiler input and typed binding into the package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from toolchain import bindings, published_source  # noqa: E402

ARTIFACTS = ROOT / "muniment" / "artifacts"
BINDINGS = ROOT / "muniment" / "chain" / "bindings"


def formatted(name: str, source: str) -> str:
    """The source as ruff formats it, so that a regenerated file never differs in form."""
    command = ["ruff", "format", "--quiet", "--stdin-filename", name, "-"]
    answer = subprocess.run(
        command, input=source, capture_output=True, text=True, check=True, cwd=ROOT
    )
    return answer.stdout


def as_json(value: Any) -> str:
    """Sorted, one space of indent: small differences give small diffs."""
    return json.dumps(value, indent=1, sort_keys=True) + "\n"


def made() -> dict[Path, str]:
    """Every file that the package keeps of the contracts, with its text."""
    source = published_source.standard_input()
    contracts = published_source.compiled(source)
    names = published_source.CONTRACTS
    files = {
        ARTIFACTS / f"{name}.json": as_json(published_source.artifact(name, contracts, source))
        for name in names
    }
    files[ARTIFACTS / "standard-input.json"] = as_json(source)
    by_name = {name: contracts[f"contracts/{name}.sol"][name] for name in names}
    for name, text in bindings.modules(by_name).items():
        files[BINDINGS / name] = formatted(str(BINDINGS / name), text)
    return files


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail when a file differs.")
def cli(check: bool) -> None:
    """Export the contracts into the package: ABI, code, compiler input, typed binding.

    Run it after every change of a contract; CI runs it with --check.
    """
    differing = []
    for path, text in made().items():
        if path.exists() and path.read_text() == text:
            continue
        differing.append(path.relative_to(ROOT))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if not differing:
        click.echo("The package's artifacts are those of the contracts.")
    elif check:
        for path in differing:
            click.echo(f"differs: {path}", err=True)
        raise click.ClickException("run `ape run export` and commit what it writes")
    else:
        for path in differing:
            click.echo(f"wrote {path}")
