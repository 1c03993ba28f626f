# SPDX-License-Identifier: Apache-2.0
"""Options that many commands share, and how a submission is shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from muniment.cli.foreign_text import foreign_text
from muniment.errors import InvalidInputError, MunimentError
from muniment.record.identifiers import RecordId
from muniment.registry import Access, Registry, Stage, Submission, record_id_of
from muniment.registry.bulk_evidence import Provable

Command = TypeVar("Command", bound=Callable[..., Any])


def profile_option(command: Command) -> Command:
    """Add `--profile`."""
    return click.option(
        "--profile",
        envvar="MUNIMENT_PROFILE",
        default="muniment.toml",
        show_default=True,
        type=click.Path(path_type=Path),
        help="The agency's profile (or MUNIMENT_PROFILE).",
    )(command)


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")(command)


def purpose_option(command: Command) -> Command:
    """Add --purpose, as `access`."""
    return click.option(
        "--purpose",
        "access",
        envvar="MUNIMENT_PURPOSE",
        default="",
        callback=lambda _, __, value: Access(value),
        metavar="TEXT",
        help="What it is read for; goes into the reads journal, where the profile has one.",
    )(command)


def wait_option(command: Command) -> Command:
    """Add `--wait`."""
    return click.option(
        "--wait",
        type=click.Choice([Stage.ACKNOWLEDGED, Stage.PROVABLE, Stage.FINAL]),
        default=Stage.PROVABLE,
        show_default=True,
        help="How far to wait for it: acknowledged is on disk here, provable in a block.",
    )(command)


def timeout_option(command: Command) -> Command:
    """Add `--timeout`."""
    return click.option(
        "--timeout", default=120.0, show_default=True, help="Seconds to wait at most."
    )(command)


def writing(command: Command) -> Command:
    """Add what every writing command has."""
    return profile_option(wait_option(timeout_option(json_option(command))))


@contextmanager
def opened(profile: Path) -> Iterator[Registry]:
    """Open the registry of a profile, and close it."""
    with Registry.open(profile) as registry:
        yield registry


def record_of(registry: Registry, text: str) -> RecordId:
    """Return the record that an argument names: an id with 0x, else a source id of the agency."""
    if text.startswith("0x"):
        return record_id_of(text)
    if not text:
        raise InvalidInputError("record", "an id, or a source id of the agency", "empty")
    return registry.record_id(text)


def finish(
    registry: Registry, submissions: Sequence[Submission], wait: str, timeout: float, as_json: bool
) -> None:
    """Wait for submissions, then show them; they are shown too when the wait fails."""
    fault: MunimentError | None = None
    try:
        if Stage(wait) is not Stage.ACKNOWLEDGED:
            registry.wait(submissions, wait, timeout=timeout)
    except MunimentError as error:
        fault = error
    shown = [submission_json(each) for each in submissions]
    if as_json:
        click.echo(json.dumps(shown[0] if len(shown) == 1 else shown))
    else:
        for each in shown:
            click.echo(each["record"] or each["submission"])
            version = f" version {each['version']}" if each["version"] else ""
            click.echo(f"{each['kind']}{version}: {each['stage']}", err=True)
    if fault is not None:
        raise fault


def nothing_to_do(why: str, as_json: bool) -> None:
    """Tell that a writing command had nothing to write: no submission."""
    if as_json:
        show_json([])
    click.echo(why, err=True)


def submission_json(submission: Submission) -> dict[str, Any]:
    """Return a submission as JSON has it."""
    record = submission.record_id
    return {
        "submission": submission.submission_id,
        "kind": submission.kind,
        "record": None if record is None else f"0x{record.hex()}",
        "version": submission.version,
        "stage": str(submission.stage),
    }


def pairs(option: str, values: Sequence[str]) -> dict[str, str]:
    """Return `name=value` options as a mapping. Raises `InvalidInputError`."""
    found: dict[str, str] = {}
    for each in values:
        name, separator, value = each.partition("=")
        if not separator or not name:
            raise InvalidInputError(option, "NAME=VALUE", repr(each))
        if name in found:
            raise InvalidInputError(option, "each name once", repr(name))
        found[name] = value
    return found


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in columns, on stdout."""
    texts = [[str(value) for value in row] for row in rows]
    widths = [
        max([len(column), *(len(row[place]) for row in texts)])
        for place, column in enumerate(columns)
    ]
    for row in [list(columns), *texts]:
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def show_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print a value as one line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False))


def show_values(values: Mapping[str, Any], as_json: bool) -> None:
    """Print what is known of one thing: a line for each value, inner ones behind their name."""
    if as_json:
        show_json(values)
        return
    for name, value in values.items():
        if isinstance(value, dict):
            click.echo(f"{name.replace('_', ' ')}:")
            for inner, each in value.items():
                click.echo(f"  {foreign_text(inner)}: {foreign_text(each)}")
        else:
            shown = "" if value is None else foreign_text(value)
            click.echo(f"{name.replace('_', ' ')}: {shown}")


def tell_left_out(provable: Provable) -> None:
    """Tell on stderr of which records there is no evidence now, and why."""
    if provable.adopted:
        click.echo(
            f"{provable.adopted:,} records were adopted from the registry before, and left out: it "
            "has the beginning of their traces",
            err=True,
        )
    if provable.left_out:
        click.echo(
            f"{provable.left_out:,} records are not final yet, and left out: try again later",
            err=True,
        )


@contextmanager
def progress_bar(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar with rate and time left on stderr; yields what to tell how many are done."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(label, total=total, rate="")

        def tell(done: int) -> None:
            speed = bar.tasks[0].speed
            rate = "" if speed is None else f"{speed:,.0f}/s"
            bar.update(task, completed=done, rate=rate)

        yield tell
