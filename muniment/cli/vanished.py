# SPDX-License-Identifier: Apache-2.0
"""`muniment sync vanished` and `decide`: records whose rows vanished from their source."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import (
    finish,
    json_option,
    opened,
    profile_option,
    record_of,
    show_json,
    show_table,
    writing,
)
from muniment.errors import InvalidInputError
from muniment.record.identifiers import RecordId
from muniment.record.instants import instant
from muniment.registry import RefusedError, Registry, Submission
from muniment.registry.disposition.stops import Stop
from muniment.registry.syncing import Decision


@click.command()
@click.option("--name", help="Of this sync alone.")
@click.option("--all", "decided", is_flag=True, help="Those that were decided of too.")
@profile_option
@json_option
def vanished(name: str | None, decided: bool, profile: Path, as_json: bool) -> None:
    """List the records whose rows vanished from their source, and wait for a decision.

    Example: muniment sync vanished --json
    """
    with opened(profile) as registry:
        found = registry.syncing.vanished(name, decided=decided)
    if as_json:
        show_json(
            [
                {
                    "sync": each.sync,
                    "record": f"0x{each.record_id.hex()}",
                    "source_id": each.source_id,
                    "vanished": instant(each.vanished_ms // 1000),
                    "version": each.version,
                    "status": each.status.name.lower(),
                    "decision": each.decision,
                }
                for each in found
            ]
        )
        return
    if found:
        rows = [
            (
                f"0x{each.record_id.hex()}",
                each.source_id or "",
                instant(each.vanished_ms // 1000),
                each.decision or "waits",
            )
            for each in found
        ]
        show_table(("record", "source id", "vanished", "decision"), rows)
    click.echo(f"{len(found):,} records whose rows vanished", err=True)


@click.command()
@click.argument("records", metavar="RECORD...", nargs=-1, required=True)
@click.option("--keep", is_flag=True, help="It stays as it is.")
@click.option("--revoke", "reason", metavar="REASON", help="Revoke it, for this reason.")
@click.option("--propose", "mandate", metavar="MANDATE", help="Propose its destruction under this.")
@click.option("--days", default=30, show_default=True, help="How long the proposal stands.")
@writing
def decide(
    records: tuple[str, ...],
    keep: bool,
    reason: str | None,
    mandate: str | None,
    days: int,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Decide of RECORDs whose rows vanished: keep, revoke, or propose their destruction.

    A row that is there again in a later pass takes mark and decision away; what was done on the
    chain stays. What retention or a hold stops is named and waits on: exit code 17.

    \b
    Example: muniment sync decide 12/345 12/346 --keep
             muniment sync decide 12/347 --revoke ended
             muniment sync decide 12/348 --propose "schedule 4, item 2"
    """
    if sum((keep, reason is not None, mandate is not None)) != 1:
        raise InvalidInputError("decision", "one of --keep, --revoke, --propose", "none or several")
    with opened(profile) as registry:
        ids = _listed(registry, records)
        submissions, stops = _decided(registry, ids, reason, mandate, days)
        for stop in stops:
            click.echo(f"0x{stop.record_id.hex()}: {stop.what}", err=True)
        if submissions:
            try:
                finish(registry, submissions, wait, timeout, as_json)
            except RefusedError:
                registry.syncing.reopen(submissions)
                raise
        elif as_json:
            show_json([])
    if stops:
        sys.exit(ExitCode.FINDINGS)


def _listed(registry: Registry, texts: Sequence[str]) -> list[RecordId]:
    """The records that arguments name: by id, or by a source id as `vanished` lists it, of whatever
    source system."""
    marked: dict[str, set[RecordId]] = {}
    for row in registry.syncing.vanished(decided=True):
        if row.source_id:
            marked.setdefault(row.source_id, set()).add(row.record_id)
    found = []
    for text in texts:
        [first, *others] = marked.get(text) or {record_of(registry, text)}
        if others:
            what = f"the source id {text!r} in several syncs"
            raise InvalidInputError("record", "an id, as `muniment sync vanished` lists it", what)
        found.append(first)
    return found


def _decided(
    registry: Registry, ids: list[RecordId], reason: str | None, mandate: str | None, days: int
) -> tuple[list[Submission], list[Stop]]:
    """What was submitted for a decision, and what stopped the rest. None of both: to keep."""
    stops: list[Stop] = []
    if reason is not None:
        submissions = registry.syncing.decide(
            ids, Decision.REVOKE, lambda record: registry.revoke(record, reason)
        )
    elif mandate is not None:

        def propose(record: RecordId) -> Submission | None:
            done = registry.disposition.propose([record], mandate, days=days)
            stops.extend(done.stops)
            return done.submissions[0] if done.submissions else None

        submissions = registry.syncing.decide(ids, Decision.DISPOSE, propose)
    else:
        registry.syncing.keep(ids)
        submissions = []
    return submissions, stops
