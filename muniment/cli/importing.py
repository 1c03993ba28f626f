# SPDX-License-Identifier: Apache-2.0
"""`muniment import`: the rows of a register."""

from __future__ import annotations

import dataclasses
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

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
from muniment.intake.draft import draft
from muniment.intake.mapping import FieldMapping
from muniment.intake.reports import Report, ReportWriter
from muniment.intake.sources import FORMATS, Source, open_source
from muniment.registry import RefusedError, Stage
from muniment.registry.bulk import OnChange, import_file
from muniment.registry.journal_import import import_by_journal
from muniment.registry.journals import wait_sealed
from muniment.registry.sealing_beside import sealing

_LARGE: Final = 50_000
"""From how many rows on a process of its own seals."""
_WOULD: Final = {"registered": "would register", "amended": "would amend"}


@click.command(name="import")
@click.argument("arguments", metavar="[TYPE] SOURCE", nargs=-1, required=True)
@click.option("--map", "mapping", type=click.Path(path_type=Path), help="A mapping file (TOML).")
@click.option("--source-id", help="Without a mapping: columns in braces, such as '{id}'.")
@click.option(
    "--format",
    "named",
    help=f"{', '.join(sorted(set(FORMATS.values())))}; else by the file's ending.",
)
@click.option("--query", help="What to read, where SOURCE is a database's URL.")
@click.option(
    "--on-change",
    type=click.Choice([str(each) for each in OnChange]),
    default=OnChange.REPORT,
    show_default=True,
    help="A row whose source id stands for other content.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Where findings go (NDJSON).")
@click.option("--show-values", is_flag=True, help="The cells to blame go into the report too.")
@click.option(
    "--retry",
    type=click.Path(path_type=Path),
    help="A report: only its rows are imported, of the same file.",
)
@click.option("--direct", is_flag=True, help="A transaction for each, not by the journal.")
@click.option("--workers", type=int, help="Processes that prepare rows; else one a core.")
@click.option("--yes", is_flag=True, help="Do not ask before amending.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Map and check the rows, count what would become of them; keep nothing.",
)
@click.option(
    "--draft", "drafting", is_flag=True, help="Import nothing: draft a mapping and a schema."
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The folder that a draft goes into."
)
@profile_option
@wait_option
@timeout_option
@json_option
def import_(
    arguments: tuple[str, ...],
    mapping: Path | None,
    source_id: str | None,
    named: str | None,
    query: str | None,
    on_change: str,
    report: Path | None,
    show_values: bool,
    retry: Path | None,
    direct: bool,
    workers: int | None,
    yes: bool,
    dry_run: bool,
    drafting: bool,
    output: Path | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Register the rows of SOURCE as records of TYPE, which a mapping may name.

    SOURCE is a file (CSV, TSV, NDJSON, Parquet, Arrow) or, with --query, a database's URL.

    They go by the agency's journal, all of them under one root, where the profile names one; with
    --direct by a transaction for some hundred each. Good rows go through; of the others the report
    says line, column and reason, and values are withheld. Killed and started again it goes on where
    it was; the same file twice does nothing. Exit code 17 when anything was reported.

    Example: muniment import wildlife-strike strikes.csv --map strikes.toml --report bad.ndjson

    Example: muniment import --draft strikes.csv -o mappings
    """
    type_name, place = _arguments(arguments)
    source = open_source(place, named=named, query=query)
    if drafting:
        if mapping is not None or source_id is not None or retry is not None or dry_run:
            raise InvalidInputError("--draft", "no option of an import beside it", "beside one")
        _draft(source, type_name, output, as_json=as_json)
        return
    if output is not None:
        raise InvalidInputError("--output", "--draft beside it", "alone")
    if (mapping is None) == (source_id is None):
        raise InvalidInputError("mapping", "either --map FILE or --source-id", "both or neither")
    rules = FieldMapping.load(mapping) if mapping is not None else FieldMapping(source_id or "")
    type_name = type_name or rules.record_type
    if type_name is None:
        raise InvalidInputError("TYPE", "a record type before SOURCE or in the mapping", "missing")
    again = _to_retry(retry, report, source)
    total = source.count() if again is None else len(again)
    if on_change == OnChange.AMEND and not (yes or dry_run):
        # Before anything is begun, and the report that stands there is written over.
        click.confirm(
            "Each changed row is a transaction (--dry-run counts them). Go on?",
            abort=True,
            err=True,
        )
    with ExitStack() as closing:
        registry = closing.enter_context(opened(profile))
        record_type = registry.session.record_types.latest(type_name)
        writer = None
        if report is not None:
            # Before the report that stands there is written over.
            identity = source.identity()
            file = closing.enter_context(report.open("w", encoding="utf-8"))
            writer = ReportWriter(file, identity)
        elif not as_json:
            writer = ReportWriter(sys.stderr)
        journal = None if direct else registry.session.profile.journal
        if journal is None and not direct:
            click.echo("the profile names no journal: each record by itself", err=True)
        size, going_on = 0, None
        background = closing.enter_context(ExitStack())
        with progress_bar("rows", total) as tell:
            if journal is None or dry_run:
                tally, submissions = import_file(
                    registry.session,
                    record_type,
                    source,
                    rules,
                    on_change=OnChange(on_change),
                    dry_run=dry_run,
                    only=again,
                    report=writer,
                    show_values=show_values,
                    progress=lambda now: tell(now.rows),
                )
            else:
                if Stage(wait) is not Stage.ACKNOWLEDGED:
                    is_large = total is None or total >= _LARGE
                    going_on = background.enter_context(sealing(registry.session, process=is_large))
                done = import_by_journal(
                    registry.session,
                    record_type,
                    source,
                    rules,
                    journal.number,
                    on_change=OnChange(on_change),
                    only=again,
                    report=writer,
                    show_values=show_values,
                    workers=workers,
                    progress=lambda now: tell(now.rows),
                )
                tally, submissions, size = done.tally, done.submissions, done.size
        if journal is not None and size and not dry_run:
            with progress_bar(wait, size) as tell:
                wait_sealed(
                    registry.session,
                    journal.number,
                    size,
                    Stage(wait),
                    timeout=timeout,
                    progress=lambda now: tell(now.provable),
                    going_on=going_on,
                )
        # It would keep the officer's lane, which it does not sign for.
        background.close()
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
        would = _WOULD if dry_run else {}
        shown = ", ".join(f"{count:,} {would.get(name, name)}" for name, count in answer.items())
        click.echo(f"{shown}{' (dry run: nothing was kept)' if dry_run else ''}")
    if dry_run and on_change == OnChange.AMEND:
        click.echo(f"changed rows: {tally.amended:,}, each a transaction", err=True)
    if refused is not None:
        raise refused
    if tally.reported:
        sys.exit(ExitCode.FINDINGS)


def _arguments(arguments: tuple[str, ...]) -> tuple[str | None, str]:
    match arguments:
        case (place,):
            return None, place
        case (type_name, place):
            return type_name, place
    raise InvalidInputError("arguments", "SOURCE, or TYPE and SOURCE", f"{len(arguments)} of them")


def _to_retry(retry: Path | None, report: Path | None, source: Source) -> frozenset[int] | None:
    """The numbers of the rows in the report to retry; None without one."""
    if retry is None:
        return None
    if report is not None and report.resolve() == retry.resolve():
        raise InvalidInputError("--report", "another file than --retry", "the same")
    found = Report.read(retry)
    found.require(source)
    return found.numbers


def _draft(source: Source, name: str | None, output: Path | None, *, as_json: bool) -> None:
    stem = source.path.stem if source.path is not None else "register"
    name = name or _plain(stem)
    made = draft(source, name)
    if output is None:
        if as_json:
            show_json({"mapping": made.mapping, "schema": made.schema})
        else:
            click.echo(f"# --- {name}.map.toml\n{made.mapping}\n# --- {name}.schema.json")
            click.echo(made.schema, nl=False)
        return
    written = []
    try:
        output.mkdir(parents=True, exist_ok=True)
        for ending, text in (("map.toml", made.mapping), ("schema.json", made.schema)):
            path = output / f"{_plain(name)}.{ending}"
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
            written.append(str(path))
    except OSError as error:
        what = error.strerror or "not to be written"
        raise InvalidInputError(
            f"draft in {output}", "a folder without this draft", what
        ) from error
    if as_json:
        show_json({"mapping": written[0], "schema": written[1]})
    else:
        click.echo("\n".join(written))


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-") or "register"
