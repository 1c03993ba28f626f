# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks gas [--json] [--check] [--write]`."""

from __future__ import annotations

import json

import click

from benchmarks import gas


@click.group()
def main() -> None:
    """Measure Muniment. Every benchmark prints a table, or one flat object with --json."""


@main.command("gas")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option(
    "--check",
    is_flag=True,
    help="Fail when a number passes its limit or differs from the snapshot.",
)
@click.option("--write", is_flag=True, help="Renew benchmarks/gas-snapshot.json.")
def gas_command(as_json: bool, check: bool, write: bool) -> None:
    """Gas of whole transactions on a fresh Anvil, and what is left of the contracts' size.

    Example: python -m benchmarks gas --json
    """
    measured = gas.measure()
    if as_json:
        click.echo(json.dumps(measured))
    else:
        gas.print_table(measured)
    if write:
        gas.SNAPSHOT.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")
    if check:
        faults = gas.faults(measured)
        for fault in faults:
            click.echo(fault, err=True)
        if faults:
            raise SystemExit(1)
        click.echo(f"{len(measured)} numbers: within the limits and as in the snapshot", err=True)


if __name__ == "__main__":
    main()
