# SPDX-License-Identifier: Apache-2.0
"""`muniment sync`: tables of other databases, followed as they change."""

from __future__ import annotations

import dataclasses
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import (
    json_option,
    opened,
    profile_option,
    progress_bar,
    show_json,
    show_table,
    timeout_option,
    wait_option,
)
from muniment.cli.until_stopped import stopped_by_signals
from muniment.cli.vanished import decide, vanished
from muniment.errors import ChainError, InvalidInputError, StoreError
from muniment.intake.batches import SourceUnreachableError
from muniment.intake.mapping import FieldMapping
from muniment.intake.reports import ReportWriter
from muniment.intake.sources import Source
from muniment.intake.sync_rules import SyncRules
from muniment.record.instants import instant
from muniment.registry import RefusedError, Registry, Stage
from muniment.registry.journals import wait_sealed
from muniment.registry.sealing_beside import sealing
from muniment.registry.syncing import SyncOptions, SyncPass
from muniment.store.syncs import SyncState

_WOULD = {"new": "would be new", "changed": "would be amended", "vanished": "would be marked"}


class _SourceFirst(click.Group):
    """A group whose first argument may be a source: `muniment sync postgresql://…`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_SourceFirst)
def sync() -> None:
    """Follow a table or query of another database: new rows are registered, changed ones amended,
    and vanished ones marked for a decision.

    `muniment sync SOURCE --map FILE` is short for `muniment sync run`.

    Example: muniment sync postgresql://reader@register/deeds --map deeds.toml --every 60
    """


@sync.command()
@click.argument("arguments", metavar="[TYPE] SOURCE", nargs=-1, required=True)
@click.option(
    "--map",
    "mapping",
    type=click.Path(path_type=Path),
    required=True,
    help="A mapping file (TOML) with a table [sync].",
)
@click.option("--once", is_flag=True, help="One pass, then end: the default.")
@click.option(
    "--every", type=click.FloatRange(min=0.1), metavar="SECONDS", help="A pass each so often."
)
@click.option("--compare", is_flag=True, help="Compare all rows in the first pass.")
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Another table, mapping or type of a column than before is meant.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Where findings go (NDJSON).")
@click.option("--show-values", is_flag=True, help="The cells to blame go into the report too.")
@click.option("--direct", is_flag=True, help="A transaction for each, not by the journal.")
@click.option("--workers", type=int, help="Processes that prepare rows; else one a core.")
@click.option("--dry-run", is_flag=True, help="Count what would be done; keep nothing.")
@profile_option
@wait_option
@timeout_option
@json_option
def run(
    arguments: tuple[str, ...],
    mapping: Path,
    once: bool,
    every: float | None,
    compare: bool,
    accept_changes: bool,
    report: Path | None,
    show_values: bool,
    direct: bool,
    workers: int | None,
    dry_run: bool,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Bring the records of TYPE up to what SOURCE, a database's URL, has now.

    The mapping is that of `muniment import`, with a table [sync] that names table or query, and a
    watermark column where there is one: then a pass reads what changed since the last, and all rows
    are compared now and then. New rows go by the journal, changed ones by a transaction each.
    Whatever a kill or a lost server breaks off, the next pass goes on; nothing comes twice. The
    records of rows that vanished are marked, and nothing else: `muniment sync vanished`.

    With --every it goes on until it is interrupted, and waits out a source or a chain that is away;
    with --json each pass is a line. Exit code 17 when rows were reported.

    \b
    Example: muniment sync postgresql://reader@register/deeds --map deeds.toml --every 60
             muniment sync sqlite:///register.db --map deeds.toml --dry-run
    """
    if every is not None and (once or dry_run):
        raise InvalidInputError("--every", "without --once and --dry-run", "beside one")
    if not 1 <= len(arguments) <= 2:
        raise InvalidInputError("arguments", "SOURCE, or TYPE and SOURCE", "more")
    stop = threading.Event() if every is None else stopped_by_signals()
    with ExitStack() as closing:
        registry = closing.enter_context(opened(profile))
        writer = _writer(closing, report, arguments[-1], mapping, as_json=as_json)
        journal = None if direct else registry.session.profile.journal
        if journal is None and not direct:
            click.echo("the profile names no journal: each record by itself", err=True)
        options = SyncOptions(
            journal=None if journal is None else journal.number,
            dry_run=dry_run,
            compare=compare,
            accept_changes=accept_changes,
            report=writer,
            show_values=show_values,
            workers=workers,
            stop=stop,
        )
        following = _Following(
            registry, arguments, mapping, options, Stage(wait), timeout, as_json=as_json
        )
        if every is None:
            done = following.once()
            if done.tally.reported:
                sys.exit(ExitCode.FINDINGS)
            return
        following.every(every, stop)


@dataclass(slots=True)
class _Following:
    """The passes of one command."""

    registry: Registry
    arguments: tuple[str, ...]
    mapping: Path
    options: SyncOptions
    wait: Stage
    timeout: float
    as_json: bool

    def once(self) -> SyncPass:
        """Make a pass, wait for it, and tell it."""
        session, options = self.registry.session, self.options
        type_name = self.arguments[0] if len(self.arguments) == 2 else None
        waits = self.wait is not Stage.ACKNOWLEDGED and not options.dry_run
        with progress_bar("rows", None) as tell, ExitStack() as background:
            if waits and options.journal is not None:
                background.enter_context(sealing(session))
            done = self.registry.syncing.run(
                self.arguments[-1],
                self.mapping,
                type_name=type_name,
                options=replace(options, progress=lambda now: tell(now.rows)),
            )
        try:
            if waits and options.journal is not None and done.size:
                wait_sealed(session, options.journal, done.size, self.wait, timeout=self.timeout)
            if waits and done.submissions:
                self.registry.wait(done.submissions, self.wait, timeout=self.timeout)
        finally:
            _show_pass(done, dry_run=options.dry_run, as_json=self.as_json)
        return done

    def every(self, seconds: float, stop: threading.Event) -> None:
        """Make passes until it is told to stop. What is away is told, and waited out; what the
        registry refused is told too, and `muniment outbox` has it."""
        last = ""
        while not stop.is_set():
            try:
                self.once()
                last = ""
                self.options = replace(self.options, compare=False, accept_changes=False)
            except (SourceUnreachableError, ChainError, StoreError, RefusedError) as error:
                if error.what != last:
                    click.echo(f"{error.diagnostics()}\ntrying again", err=True)
                last = error.what
            if self.options.report is not None:
                self.options.report.flush()
            stop.wait(seconds)
        click.echo("stopped", err=True)


sync.add_command(vanished)
sync.add_command(decide)


@sync.command()
@profile_option
@json_option
def status(profile: Path, as_json: bool) -> None:
    """Show what is followed, and how far.

    Example: muniment sync status
    """
    with opened(profile) as registry:
        found = [_status_of(registry, each) for each in registry.syncing.states()]
    if as_json:
        show_json(found)
    elif found:
        names = ("sync", "records", "vanished", "passed", "compared")
        rows = [["never" if each[name] is None else each[name] for name in names] for each in found]
        show_table(names, rows)
    else:
        click.echo("nothing is followed", err=True)


def _status_of(registry: Registry, state: SyncState) -> dict[str, Any]:
    return {
        "sync": state.name,
        "records": registry.syncing.count(state),
        "vanished": len(registry.syncing.vanished(state.name)),
        "passed": None if state.passed_ms is None else instant(state.passed_ms // 1000),
        "compared": None if state.compared_ms is None else instant(state.compared_ms // 1000),
        "watermark": state.watermark,
    }


def _writer(
    closing: ExitStack, report: Path | None, url: str, mapping: Path, *, as_json: bool
) -> ReportWriter | None:
    """Where findings go: a file, or stderr unless JSON is asked for."""
    if report is None:
        return None if as_json else ReportWriter(sys.stderr)
    rules = SyncRules.load(mapping, FieldMapping.load(mapping))
    identity = Source("sql", url=url, query=rules.followed).identity()
    return ReportWriter(closing.enter_context(report.open("w", encoding="utf-8")), identity)


def _show_pass(done: SyncPass, *, dry_run: bool, as_json: bool) -> None:
    answer = dataclasses.asdict(done.tally)
    for each in done.notices:
        click.echo(f"note: {each}", err=True)
    if as_json:
        show_json(
            {
                "sync": done.name,
                "kind": done.kind,
                **answer,
                "complete": done.complete,
                "notices": done.notices,
            }
        )
        return
    would = _WOULD if dry_run else {}
    shown = ", ".join(f"{count:,} {would.get(name, name)}" for name, count in answer.items())
    click.echo(f"{done.kind}: {shown}{' (dry run: nothing was kept)' if dry_run else ''}")
    if done.tally.vanished and not dry_run:
        click.echo("decide of what vanished: `muniment sync vanished`", err=True)
