# SPDX-License-Identifier: Apache-2.0
"""`muniment dispose`: two officers decide."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import (
    finish,
    opened,
    progress_bar,
    record_of,
    show_json,
    show_table,
    writing,
)
from muniment.errors import InvalidInputError
from muniment.registry import Registry, Stage
from muniment.registry.disposition.deciding import Decided, DueRecord
from muniment.registry.disposition.stops import Stop, day_in_words


@click.command()
@click.argument("records", metavar="[RECORD]...", nargs=-1)
@click.option("--due", "list_due", is_flag=True, help="List what may be destroyed; do nothing.")
@click.option("--all-due", is_flag=True, help="All records that are due.")
@click.option("--type", "type_name", metavar="NAME", help="With --due, --all-due: of this type.")
@click.option("--propose", "mandate", metavar="MANDATE", help="Propose it, under this mandate.")
@click.option("--confirm", is_flag=True, help="Confirm what another officer proposed.")
@click.option("--days", default=30, show_default=True, help="How long the proposal stands.")
@click.option("--expect", type=int, help="Of one RECORD: refuse unless this version stands.")
@writing
def dispose(
    records: tuple[str, ...],
    list_due: bool,
    all_due: bool,
    type_name: str | None,
    mandate: str | None,
    confirm: bool,
    days: int,
    expect: int | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Destroy RECORDs after their retention: a REGISTRAR proposes, a STEWARD confirms.

    What is held, offered, retained or still shared is named and left out, and the rest goes
    through: exit code 17 when something was left out. The registry checks retention, holds and
    offers again at the confirmation. Once it is final the secrets are destroyed, by `muniment run`
    or the next command that looks at the chain: the content cannot be read any more. `muniment
    certificate` writes down what was done.

    \b
    Example: muniment dispose --due --type strike-report
             muniment dispose 12/345 12/346 --propose "schedule 4, item 2"
             muniment dispose --all-due --propose "schedule 4, item 2"
             muniment dispose --all-due --confirm
    """
    _require_one(records, list_due, all_due, mandate, confirm)
    if type_name is not None and records:
        raise InvalidInputError("--type", "with --due or --all-due", "with records")
    if expect is not None and len(records) != 1:
        raise InvalidInputError("--expect", "with one RECORD", "with many")
    with opened(profile) as registry:
        if list_due:
            _show_due(registry.disposition.due(type_name), as_json)
            return
        ids = [record_of(registry, each) for each in records] or None
        if ids is not None and expect is not None:
            standing = registry.standing(ids[0]).state
            if standing.version != expect:
                raise InvalidInputError(
                    "--expect", f"{standing.version}, as it stands", str(expect)
                )
        if mandate is not None:
            done = registry.disposition.propose(ids, mandate, days=days, type_name=type_name)
        else:
            done = registry.disposition.confirm(ids, type_name=type_name)
        for stop in done.stops:
            click.echo(f"0x{stop.record_id.hex()}: {stop.what}", err=True)
        if len(records) == 1 and done.submissions:
            finish(registry, done.submissions, wait, timeout, as_json)
        else:
            _finish_many(registry, done, wait, timeout, as_json)
    if done.stops:
        sys.exit(ExitCode.FINDINGS)


def _require_one(
    records: Sequence[str], list_due: bool, all_due: bool, mandate: str | None, confirm: bool
) -> None:
    if sum((bool(records), list_due, all_due)) != 1:
        raise InvalidInputError("records", "RECORD..., or --all-due, or --due", "none, or several")
    if list_due and (mandate is not None or confirm):
        raise InvalidInputError("--due", "alone: it decides nothing", "with a decision")
    if not list_due and (mandate is None) != confirm:
        raise InvalidInputError("disposition", "either --propose MANDATE or --confirm", "not so")


def _finish_many(
    registry: Registry, done: Decided, wait: str, timeout: float, as_json: bool
) -> None:
    stage = Stage(wait)
    if stage is not Stage.ACKNOWLEDGED and done.submissions:
        with progress_bar("decisions", len(done.submissions)) as tell:
            registry.wait(done.submissions, stage, timeout=timeout, progress=tell)
    count, stopped = len(done.submissions), len({each.record_id for each in done.stops})
    if as_json:
        show_json(
            {
                "records": count,
                "stage": str(stage),
                "already": done.already,
                "stopped": [_stop_json(each) for each in done.stops],
            }
        )
    told = f"{count:,} records: {stage}"
    if done.already:
        told += f"; {done.already:,} as before"
    if stopped:
        told += f"; {stopped:,} left out"
    click.echo(told, err=True)


def _show_due(found: Sequence[DueRecord], as_json: bool) -> None:
    free = sum(not each.stops for each in found)
    if as_json:
        show_json([_due_json(each) for each in found])
    elif found:
        rows = [
            (
                f"0x{each.candidate.record_id.hex()}",
                each.candidate.type_id,
                day_in_words(each.candidate.retained_until),
                "; ".join(stop.what for stop in each.stops) or "nothing",
            )
            for each in found
        ]
        show_table(("record", "type", "retained until", "stopped by"), rows)
    click.echo(f"{len(found):,} records are due, {free:,} of them stopped by nothing", err=True)


def _due_json(each: DueRecord) -> dict[str, Any]:
    candidate = each.candidate
    return {
        "record": f"0x{candidate.record_id.hex()}",
        "issuer": candidate.issuer,
        "type": candidate.type_id,
        "type_version": candidate.type_version,
        "version": candidate.version,
        "status": candidate.status.name.lower(),
        "retained_until": day_in_words(candidate.retained_until),
        "journal": None if candidate.entry is None else candidate.entry.journal,
        "stops": [{"kind": str(stop.kind), "what": stop.what} for stop in each.stops],
    }


def _stop_json(stop: Stop) -> dict[str, str]:
    return {
        "record": f"0x{stop.record_id.hex()}",
        "kind": str(stop.kind),
        "what": stop.what,
    }
