# SPDX-License-Identifier: Apache-2.0
"""`muniment evidence`: the file that proves a record."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.options import (
    json_option,
    opened,
    profile_option,
    progress_bar,
    record_of,
    show_json,
)
from muniment.errors import InvalidInputError
from muniment.store.durable_files import write_new


@click.command()
@click.argument("records", metavar="RECORD...", nargs=-1, required=True)
@click.option("--field", "fields", multiple=True, help="Show this field's value; may be repeated.")
@click.option("--all-fields", is_flag=True, help="Show all values.")
@click.option("--version", type=int, help="An earlier version.")
@click.option(
    "--bundle",
    is_flag=True,
    help="One file for many records. RECORD may be - for ids on standard input, one a line.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to; else stdout.")
@profile_option
@json_option
def evidence(
    records: tuple[str, ...],
    fields: tuple[str, ...],
    all_fields: bool,
    version: int | None,
    bundle: bool,
    output: Path | None,
    profile: Path,
    as_json: bool,
) -> None:
    """Write evidence of RECORD: its complete trace and, of its content, the fields that are named.

    Nothing else of the content is in the file. It is as of the latest final block; whoever has a
    trust file verifies it offline (`muniment verify`). Evidence is JSON itself: --json is
    for what is said of a file written by -o.

    \b
    Example: muniment evidence 12/345 --field holder -o deed.evidence.json
             muniment find land-deed --json | jq -r '.[].record' |
               muniment evidence --bundle - -o all.json
    """
    if all_fields and fields:
        raise InvalidInputError("--field", "either --field or --all-fields", "both")
    if version is not None and bundle:
        raise InvalidInputError("--version", "one record", "a bundle")
    if records == ("-",):
        records = tuple(line.strip() for line in click.get_text_stream("stdin") if line.strip())
    chosen = None if all_fields else fields
    with opened(profile) as registry:
        ids = [record_of(registry, each) for each in records]
        if bundle:
            with progress_bar("reading", len(ids)) as tell:
                data = registry.evidence_bundle(ids, fields=chosen, progress=tell)
        elif len(ids) > 1:
            raise InvalidInputError("records", "one record, or --bundle", str(len(ids)))
        else:
            data = registry.evidence(ids[0], fields=chosen, version=version)
    if output is None:
        click.get_binary_stream("stdout").write(data)
        return
    write_new(output, data)
    if as_json:
        show_json({"written": str(output), "bytes": len(data), "records": len(ids)})
    click.echo(f"{output}: {len(data):,} bytes, {len(ids):,} records", err=True)
