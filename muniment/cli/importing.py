# SPDX-License-Identifier: Apache-2.0
"""`muniment import`: the rows of a file."""

from __future__ import annotations

import dataclasses
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import (
    json_option,
    opened,
    profile_option,
    progress_bar,
    show_json,
    timeout_option,
    wait_option,
)
from muniment.errors import InvalidInputError
from muniment.intake.mapping import FieldMapping
from muniment.intake.rows import count_rows, format_of
from muniment.registry import RefusedError, Stage
from muniment.registry.bulk import OnChange, import_file


@click.command(name="import")
@click.argument("record_type", metavar="TYPE")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--map", "mapping", type=click.Path(path_type=Path), help="A mapping file (TOML).")
@click.option("--source-id", help="Without a mapping: columns in braces, such as '{id}'.")
@click.option("--format", "named", help="csv or ndjson; else by the file's ending.")
@click.option(
    "--on-change",
    type=click.Choice([str(each) for each in OnChange]),
    default=OnChange.REPORT,
    show_default=True,
    help="A row whose source id stands for other content.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Where findings go (NDJSON).")
@click.option("--dry-run", is_flag=True, help="Map and check the rows; keep nothing.")
@profile_option
@wait_option
@timeout_option
@json_option
def import_(
    record_type: str,
    file: Path,
    mapping: Path | None,
    source_id: str | None,
    named: str | None,
    on_change: str,
    report: Path | None,
    dry_run: bool,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Register the rows of FILE (CSV with a header, or NDJSON) as records of TYPE.

    Good rows go through; of the others the report says line, column and reason, and values are
    withheld. Killed and started again it goes on where it was; the same file twice does nothing.
    Exit code 17 when anything was reported.

    Example: muniment import wildlife-strike strikes.csv --map strikes.toml --report bad.ndjson
    """
    if (mapping is None) == (source_id is None):
        raise InvalidInputError("mapping", "either --map FILE or --source-id", "both or neither")
    kind = format_of(file, named)
    rules = FieldMapping.load(mapping) if mapping is not None else FieldMapping(source_id or "")
    total = count_rows(file, kind)
    with ExitStack() as closing:
        registry = closing.enter_context(opened(profile))
        written = (
            None if report is None else closing.enter_context(report.open("w", encoding="utf-8"))
        )
        with progress_bar("rows", total) as tell:
            tally, submissions = import_file(
                registry.session,
                registry.session.record_types.latest(record_type),
                file,
                kind,
                rules,
                on_change=OnChange(on_change),
                dry_run=dry_run,
                report=written or (None if as_json else sys.stderr),
                progress=lambda now: tell(now.rows),
            )
        refused = None
        if Stage(wait) is not Stage.ACKNOWLEDGED and submissions:
            with progress_bar(wait, len(submissions)) as tell:
                try:
                    registry.wait(submissions, wait, timeout=timeout, progress=tell)
                except RefusedError as error:
                    refused = error
    answer = dataclasses.asdict(tally)
    if as_json:
        show_json(answer)
    else:
        shown = ", ".join(f"{count:,} {name}" for name, count in answer.items())
        click.echo(f"{shown}{' (dry run: nothing was kept)' if dry_run else ''}")
    if refused is not None:
        raise refused
    if tally.reported:
        sys.exit(ExitCode.FINDINGS)
