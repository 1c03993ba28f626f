# SPDX-License-Identifier: Apache-2.0
"""`muniment archive`: hand records over to an archive, as a BagIt bag."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from muniment.analysis.archive import archive as write_archive
from muniment.analysis.selection import records_of_type
from muniment.cli.options import (
    json_option,
    opened,
    profile_option,
    progress_bar,
    purpose_option,
    record_of,
    show_json,
    tell_left_out,
)
from muniment.errors import InvalidInputError
from muniment.record.identifiers import RecordId
from muniment.registry import Access
from muniment.registry.bulk_evidence import Provable


@click.command()
@click.argument("records", metavar="[RECORD]...", nargs=-1)
@click.option("--type", "record_type", metavar="TYPE", help="All records of a type instead.")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The bag's folder, which must not be there yet.",
)
@purpose_option
@profile_option
@json_option
def archive(
    records: tuple[str, ...],
    record_type: str | None,
    output: Path,
    access: Access,
    profile: Path,
    as_json: bool,
) -> None:
    """Write RECORDs with files, evidence and provenance into a folder that explains itself.

    It is a BagIt bag: open data/index.html first. Contents are in it in the clear, all versions of
    them; where the profile has a reads journal, each leaves an access entry.

    \b
    Example: muniment archive 12/345 12/346 -o handover-2026
             muniment archive --type land-deed --purpose "transfer list 2026/7" -o deeds
    """
    if bool(records) == (record_type is not None):
        raise InvalidInputError("records", "RECORD..., or --type", "none, or both")
    provable = Provable((), 0)
    with opened(profile) as registry:
        ids: Sequence[RecordId] = [record_of(registry, each) for each in records]
        if record_type is not None:
            provable = records_of_type(registry, record_type)
            ids = provable.record_ids
            if not ids:
                raise InvalidInputError(
                    "--type", "a type of which some record is final", f"{record_type!r}, of none"
                )
        with progress_bar("archiving", len(ids)) as tell:
            done = write_archive(registry, ids, output, access=access, progress=tell)
    absent = sum(each.absent is not None for record in done.records for each in record.versions)
    if as_json:
        show_json(
            {
                "folder": str(done.folder),
                "records": len(done.records),
                "files": done.files,
                "bytes": done.size,
                "absent_versions": absent,
                "left_out": provable.left_out,
                "adopted": provable.adopted,
            }
        )
    click.echo(
        f"{done.folder}: {len(done.records):,} records, {done.files:,} files, {done.size:,} bytes",
        err=True,
    )
    if absent:
        click.echo(f"{absent:,} versions are not kept here any more; the page names them", err=True)
    tell_left_out(provable)
