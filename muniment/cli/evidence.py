# SPDX-License-Identifier: Apache-2.0
"""`muniment evidence`: the file that proves a record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from muniment.cli.options import (
    json_option,
    opened,
    pairs,
    profile_option,
    progress_bar,
    purpose_option,
    record_of,
    show_json,
    tell_left_out,
)
from muniment.errors import InvalidInputError
from muniment.record.identifiers import RecordId
from muniment.registry import Access, Registry
from muniment.registry.bulk_evidence import provable_records
from muniment.store.durable_files import write_new


@click.command()
@click.argument("records", metavar="[RECORD]...", nargs=-1)
@click.option("--field", "fields", multiple=True, help="Show this field's value; may be repeated.")
@click.option("--all-fields", is_flag=True, help="Show all values.")
@click.option("--version", type=int, help="An earlier version.")
@click.option(
    "--bundle",
    is_flag=True,
    help="One file for many records. RECORD may be - for ids on standard input, one a line.",
)
@click.option(
    "--all",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Bundles of all records of this agency, into a folder.",
)
@click.option("--type", "record_type", metavar="TYPE", help="Of --query: the type.")
@click.option(
    "--query", multiple=True, metavar="NAME=VALUE", help="The records that `find` would find."
)
@click.option("--proof-text", is_flag=True, help="C2SP tlog-proof of a journal record's entry.")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A checkpoint that witnesses have co-signed, to go with a journal record.",
)
@click.option(
    "--witnessed",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="NOTE",
    help="As of the block of this note, by which witnesses say that they saw it.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to; else stdout.")
@purpose_option
@profile_option
@json_option
def evidence(
    records: tuple[str, ...],
    fields: tuple[str, ...],
    all_fields: bool,
    version: int | None,
    bundle: bool,
    folder: Path | None,
    record_type: str | None,
    query: tuple[str, ...],
    proof_text: bool,
    checkpoint: Path | None,
    witnessed: Path | None,
    output: Path | None,
    access: Access,
    profile: Path,
    as_json: bool,
) -> None:
    """Write evidence of RECORD: its complete trace and, of its content, the fields that are named.

    Nothing else of the content is in the file. It is as of the latest final block; whoever has a
    trust file verifies it offline (`muniment verify`). A record that stands in a journal is proven
    by its entry and seal, any other by its trace; you need not know which. Evidence is JSON itself:
    --json is for what is said of files written by -o or --all.

    \b
    Example: muniment evidence 12/345 --field holder -o deed.evidence.json
             muniment find land-deed --json | jq -r '.[].record' |
               muniment evidence --bundle - -o all.json
             muniment evidence --all evidence/ --all-fields
             muniment evidence --type land-deed --query holder="Ada Lovelace" -o ada.json
    """
    if all_fields and fields:
        raise InvalidInputError("--field", "either --field or --all-fields", "both")
    many = bundle or bool(query) or folder is not None
    if many and (version is not None or checkpoint is not None or proof_text):
        raise InvalidInputError("--version, --checkpoint, --proof-text", "one record", "many")
    if witnessed is not None and (folder is not None or proof_text):
        raise InvalidInputError("--witnessed", "neither --all nor --proof-text", "one of them")
    if bool(records) == (bool(query) or folder is not None):
        raise InvalidInputError("records", "RECORD..., or --query, or --all", "none, or both")
    if bool(query) != (record_type is not None):
        raise InvalidInputError("--type", "with --query, and with it alone", "otherwise")
    if records == ("-",):
        records = tuple(line.strip() for line in click.get_text_stream("stdin") if line.strip())
    chosen = None if all_fields else fields
    seen = None if witnessed is None else witnessed.read_bytes()
    with opened(profile) as registry:
        ids = [record_of(registry, each) for each in records]
        if record_type is not None:
            named = registry.session.record_types.latest(record_type)
            sought = pairs("--query", query)
            values = {name: named.value_of(name, text) for name, text in sought.items()}
            ids = registry.find(record_type, values)
        if folder is not None:
            _write_all(registry, folder, ids if query else None, chosen, access, as_json)
            return
        if many:
            if not ids:
                raise InvalidInputError("--query", "values that some record has", "of none")
            with progress_bar("reading", len(ids)) as tell:
                data = registry.evidence_bundle(
                    ids, fields=chosen, witnessed=seen, progress=tell, access=access
                )
        elif len(ids) > 1:
            raise InvalidInputError("records", "one record, or --bundle", str(len(ids)))
        elif proof_text:
            data = registry.proof_text(ids[0])
        else:
            note = None if checkpoint is None else checkpoint.read_bytes()
            data = registry.evidence(
                ids[0],
                fields=chosen,
                version=version,
                checkpoint=note,
                witnessed=seen,
                access=access,
            )
    if output is None:
        click.get_binary_stream("stdout").write(data)
        return
    write_new(output, data)
    if as_json:
        show_json({"written": str(output), "bytes": len(data), "records": len(ids)})
    click.echo(f"{output}: {len(data):,} bytes, {len(ids):,} records", err=True)


def _write_all(
    registry: Registry,
    folder: Path,
    ids: list[RecordId] | None,
    fields: Sequence[str] | None,
    access: Access,
    as_json: bool,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InvalidInputError("--all", "a new or empty folder", f"{folder}, which is not empty")
    registry.sync()
    provable = provable_records(registry.session, ids)
    written = size = 0
    with progress_bar("evidence", len(provable.record_ids)) as tell:
        bundles = registry.evidence_bundles(
            provable.record_ids, fields=fields, progress=tell, access=access
        )
        for written, data in enumerate(bundles, start=1):
            write_new(folder / f"evidence-{written:06}.json", data)
            size += len(data)
    count = len(provable.record_ids)
    if as_json:
        show_json(
            {
                "files": written,
                "bytes": size,
                "records": count,
                "left_out": provable.left_out,
                "adopted": provable.adopted,
            }
        )
    click.echo(f"{folder}: {count:,} records in {written:,} bundles, {size:,} bytes", err=True)
    tell_left_out(provable)
