# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks NAME`: `--help` lists what can be measured, each with an example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import click

from benchmarks import (
    disposing,
    evidence,
    exchange,
    gas,
    gas_tables,
    gateway,
    import_costs,
    importing,
    index,
    journal_peers,
    network,
    peers,
    sender,
    tree,
    verify,
)

_DISPOSED: Final = 2_000


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
@click.option("--write", is_flag=True, help="Renew the snapshots of what was measured.")
@click.option(
    "--peers",
    "with_peers",
    is_flag=True,
    help="Measure the peers too, from their npm packages (fetched once, 3 MB). Without it the "
    "table shows benchmarks/peers-snapshot.json beside ours.",
)
def gas_command(as_json: bool, check: bool, write: bool, with_peers: bool) -> None:
    """Gas of whole transactions on a fresh Anvil, and what is left of the contracts' size.

    Example: python -m benchmarks gas --json
    """
    measured = gas.measure()
    measured_peers = gas.measure_peers() if with_peers else {}
    if write:
        gas.write(measured, gas.SNAPSHOT)
        if with_peers:
            gas.write(measured_peers, peers.SNAPSHOT)
    if as_json:
        click.echo(json.dumps(measured | measured_peers))
    elif with_peers:
        gas_tables.print_tables(measured, measured_peers, "measured now")
    else:
        gas_tables.print_tables(measured, peers.snapshot(), f"as kept in {peers.SNAPSHOT.name}")
    if check:
        faults = gas.faults(measured)
        if with_peers:
            faults += gas.differences(measured_peers, peers.SNAPSHOT)
        for fault in faults:
            click.echo(fault, err=True)
        if faults:
            raise SystemExit(1)
        count = len(measured | measured_peers)
        click.echo(f"{count} numbers: within the limits and as in the snapshots", err=True)


@main.command("index")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option("--count", default=20_000, show_default=True, help="Records on the chain.")
@click.option("--rounds", default=7, show_default=True, help="Runs; the median counts.")
def index_command(as_json: bool, count: int, rounds: int) -> None:
    """Backfill from an empty database against fetching the same logs without decoding.

    Example: python -m benchmarks index --json
    """
    _show(index.measure(count, rounds), as_json)


@main.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option("--count", default=5_000, show_default=True, help="Records in the registry.")
@click.option("--bundle", default=500, show_default=True, help="Records in the bundle.")
def verify_command(as_json: bool, count: int, bundle: int) -> None:
    """Verifying one evidence file and a bundle; what the bytes of a file are spent on. Then the
    same of evidence under validators' signatures, from vectors.

    Example: python -m benchmarks verify --json
    """
    _show(verify.measure(count, bundle) | verify.measure_consensus(), as_json)


@main.command("sender")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option("--count", default=5_000, show_default=True, help="Registrations a round.")
@click.option("--rounds", default=3, show_default=True, help="Rounds; the median counts.")
def sender_command(as_json: bool, count: int, rounds: int) -> None:
    """The outbox sender against pre-signed raw batches, and against the plain web3.py loop.

    Example: python -m benchmarks sender --json
    """
    _show(sender.measure(count, rounds), as_json)


@main.command("import")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option("--records", default=3_000_000, show_default=True, help="Flights to import.")
@click.option("--peers", is_flag=True, help="Tessera, OpenTimestamps, OpenAttestation, too.")
@click.option("--daemon", is_flag=True, help="`muniment run` seals, else the import itself.")
def import_command(as_json: bool, records: int, peers: bool, daemon: bool) -> None:
    """Import of real flights by a journal, sealed on an Anvil; and what each step costs.

    Example: python -m benchmarks import --records 300000 --peers --json
    """
    figures = importing.measure(records, daemon=daemon) | import_costs.cost_table()
    if peers:
        theirs = journal_peers.measure()
        figures |= theirs
        for name, value in theirs.items():
            figures[f"of_{name.partition('_')[0]}"] = round(
                figures["records_per_second"] / value, 2
            )
    _show(figures, as_json)


@main.command("evidence")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option("--records", default=100_000, show_default=True, help="Flights in the journal.")
def evidence_command(as_json: bool, records: int) -> None:
    """Evidence of journal records: sizes, making in bulk, verifying alone and in a bundle.

    Example: python -m benchmarks evidence --records 3000000 --json
    """
    _show(evidence.measure(records), as_json)


@main.command("exchange")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option("--records", default=100_000, show_default=True, help="Flights in the agreement.")
def exchange_command(as_json: bool, records: int) -> None:
    """Deliveries between two agencies, from grant to reading, and memory; dispositions in bulk.

    Example: python -m benchmarks exchange --records 20000 --json
    """
    figures = exchange.measure(records)
    _show(figures | disposing.measure(min(_DISPOSED, records)), as_json)


@main.command("gateway")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option("--seconds", default=30, show_default=True, help="How long the load lasts.")
def gateway_command(as_json: bool, seconds: int) -> None:
    """Single registrations over HTTP, acknowledged durable, by 64 connections of wrk.

    Example: python -m benchmarks gateway --json
    """
    _show(gateway.measure(seconds), as_json)


@main.command("tree")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option("--leaves", default=3_000_000, show_default=True, help="Entries of the journal.")
def tree_command(as_json: bool, leaves: int) -> None:
    """Growing a journal's tree, recomputing its root, and proofs from its tiles.

    Example: python -m benchmarks tree --json
    """
    _show(tree.measure(leaves), as_json)


@main.command("audit")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option("--records", default=1_000_000, show_default=True, help="Entries of the journal.")
def audit_command(as_json: bool, records: int) -> None:
    """Entries of a journal in a folder that Spark audits in a second, with two workers.

    Example: python -m benchmarks audit --records 300000 --json
    """
    # Spark is an extra of an extra: no other benchmark needs it.
    from benchmarks import audit  # noqa: PLC0415

    _show(audit.measure(records), as_json)


@main.command("engines")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option("--records", default=300_000, show_default=True, help="Flights for each engine.")
@click.option("--queried", default=3_000_000, show_default=True, help="Records that are asked for.")
@click.option("--leaves", default=1_000_000, show_default=True, help="Entries that are audited.")
@click.option(
    "--frames/--no-frames", "with_frames", default=True, help="Whether all of them are read, too."
)
def engines_command(
    as_json: bool, records: int, queried: int, leaves: int, with_frames: bool
) -> None:
    """Imports on PostgreSQL, HDFS and HBase; queries and frames of both databases; the audit.

    Each of the three numbers may be 0: what it is for is left out.

    Example: python -m benchmarks engines --records 50000 --queried 300000 --leaves 0 --json
    """
    # Servers and drivers that no other benchmark needs.
    from benchmarks import engines  # noqa: PLC0415

    _show(engines.measure(records, queried, leaves, with_frames=with_frames), as_json)


@main.command("network")
@click.option("--json", "as_json", is_flag=True, help="One flat object of numbers on stdout.")
@click.option("--records", default=5_000, show_default=True, help="Direct registrations.")
@click.option("--sealed", default=1_000_000, show_default=True, help="Rows of the import.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Of a running network; without it one of four validators is made for the run.",
)
def network_command(as_json: bool, records: int, sealed: int, folder: Path | None) -> None:
    """Records a second on four validators, direct, in batches, and by a journal; disk a node.

    Example: python -m benchmarks network --records 500 --sealed 100000 --json
    """
    _show(network.measure(records, sealed, folder), as_json)


def _show(figures: dict[str, float], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        click.echo(f"{name:46} {value:>14,}")


if __name__ == "__main__":
    main()
