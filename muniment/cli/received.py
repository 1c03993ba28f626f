# SPDX-License-Identifier: Apache-2.0
"""`muniment received`: what other agencies gave this one, and what of it may be shown on."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.options import (
    json_option,
    opened,
    profile_option,
    purpose_option,
    record_of,
    show_json,
    show_table,
    show_values,
)
from muniment.errors import InvalidInputError
from muniment.record.instants import instant
from muniment.registry import Access
from muniment.store.durable_files import write_new

_record = click.argument("record")
_version = click.option("--version", type=int, help="This version; the newest by default.")
_output = click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Where to."
)


@click.group()
def received() -> None:
    """What other agencies gave this one by shares."""


@received.command(name="list")
@click.argument("record", required=False)
@click.option("--limit", default=100, show_default=True)
@profile_option
@json_option
def list_(record: str | None, limit: int, profile: Path, as_json: bool) -> None:
    """List what was received, of RECORD or of all, the latest delivery first.

    Example: muniment received list --limit 20
    """
    with opened(profile) as registry:
        record_id = None if record is None else record_of(registry, record)
        found = registry.received.list(record_id, limit=limit)
    if as_json:
        show_json([each.to_json() for each in found])
        return
    show_table(
        ["record", "version", "from", "taken in", "share"],
        [
            (
                f"0x{each.record_id.hex()}",
                each.version,
                f"agency {each.agency_id}",
                instant(each.taken_in_ms // 1000),
                f"0x{each.share_id.hex()[:12]}…",
            )
            for each in found
        ],
    )


@received.command()
@_record
@_version
@click.option("--extract", metavar="FIELD", help="Write this file to -o instead.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Of --extract: where to.")
@purpose_option
@profile_option
@json_option
def show(
    record: str,
    version: int | None,
    extract: str | None,
    output: Path | None,
    access: Access,
    profile: Path,
    as_json: bool,
) -> None:
    """Show what was received of RECORD: the values, from whom, under which share and terms.

    \b
    Example: muniment received show 0x9d2c…
             muniment received show 0x9d2c… --extract scan -o deed.pdf
    """
    if (extract is None) != (output is None):
        raise InvalidInputError("--output", "with --extract, and with it alone", "otherwise")
    with opened(profile) as registry:
        record_id = record_of(registry, record)
        if extract is not None and output is not None:
            value = registry.received.extract(
                record_id, extract, output, version=version, access=access
            )
            if as_json:
                show_json({"written": str(output), "bytes": value.length})
            click.echo(f"{value.length:,} bytes, {value.media_type}, as committed", err=True)
            return
        shown = registry.received.show(record_id, version, access=access).to_json()
    show_values(shown, as_json)


@received.command()
@_record
@_version
@_output
@purpose_option
@profile_option
@json_option
def prove(
    record: str,
    version: int | None,
    output: Path,
    access: Access,
    profile: Path,
    as_json: bool,
) -> None:
    """Write the proof that RECORD was received: from whom, when, under which share.

    It shows what was received of this record, and nothing else of the delivery. The terms must
    allow onward sharing. Whoever has a node checks it: `muniment received check`.

    Example: muniment received prove 0x9d2c… -o receipt.json
    """
    with opened(profile) as registry:
        data = registry.received.prove(record_of(registry, record), version, access=access)
    _write(output, data, as_json)


@received.command()
@_record
@click.option("--fields", required=True, metavar="NAME,…", help="What is shown of it.")
@_version
@_output
@purpose_option
@profile_option
@json_option
def disclose(
    record: str,
    fields: str,
    version: int | None,
    output: Path,
    access: Access,
    profile: Path,
    as_json: bool,
) -> None:
    """Write evidence of RECORD that shows some of the received fields to somebody else.

    The terms must allow onward sharing, and the share must run. `muniment verify` checks the file
    like any evidence.

    Example: muniment received disclose 0x9d2c… --fields airport,date -o strike.evidence.json
    """
    names = [each.strip() for each in fields.split(",") if each.strip()]
    with opened(profile) as registry:
        data = registry.received.disclose(
            record_of(registry, record), names, version=version, access=access
        )
    _write(output, data, as_json)


@received.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@profile_option
@json_option
def check(path: Path, profile: Path, as_json: bool) -> None:
    """Check FILE, a receipt proof, against the chain; exit code 0 when all of it holds.

    Example: muniment received check receipt.json
    """
    with opened(profile) as registry:
        checked = registry.received.check(path.read_bytes())
    show_values(checked.to_json(), as_json)


def _write(output: Path, data: bytes, as_json: bool) -> None:
    write_new(output, data)
    if as_json:
        show_json({"written": str(output), "bytes": len(data)})
    click.echo(f"{output}: {len(data):,} bytes", err=True)
