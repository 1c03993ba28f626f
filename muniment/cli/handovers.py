# SPDX-License-Identifier: Apache-2.0
"""`muniment custody`: hand-overs of custody with its content, and what became of copies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from muniment.cli.custody import package_of, tell_faults
from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import (
    finish,
    json_option,
    opened,
    profile_option,
    progress_bar,
    record_of,
    show_json,
    show_table,
    writing,
)
from muniment.cli.share import share_of
from muniment.errors import InvalidInputError, UnreachableError
from muniment.record.identifiers import RecordId
from muniment.record.instants import in_words
from muniment.registry import Registry
from muniment.registry.custody.facade import HandoverView, handover_id_of


@click.group()
def custody() -> None:
    """Hand-overs of custody with its content: what was given and taken, and the copies of it."""


@custody.command("list")
@profile_option
@json_option
def list_(profile: Path, as_json: bool) -> None:
    """List the hand-overs that this agency gave or took, and how far their records are.

    Example: muniment custody list
    """
    with opened(profile) as registry:
        _refresh(registry)
        found = [_json(each) for each in registry.handovers.handovers()]
    if as_json:
        show_json(found)
        return
    show_table(
        ["hand-over", "", "agency", "made (UTC)", "records"],
        [
            [
                each["handover"],
                each["direction"],
                each["agency"],
                in_words(each["made_at"]),
                _counts(each),
            ]
            for each in found
        ],
    )


@custody.command()
@click.argument("handover", metavar="HANDOVER")
@profile_option
@json_option
def show(handover: str, profile: Path, as_json: bool) -> None:
    """Show a hand-over: the state of each of its records, and what became of copies.

    Example: muniment custody show 0x51c2…
    """
    with opened(profile) as registry:
        _refresh(registry)
        handover_id = handover_id_of(handover)
        shown = _json(registry.handovers.handover(handover_id))
        rows = [
            {
                "record": f"0x{row.record_id.hex()}",
                "version": row.version,
                "state": row.state,
                "reason": row.reason or None,
                "share": None if row.share_id is None else f"0x{row.share_id.hex()}",
                "statement": None if row.statement is None else f"0x{row.statement.hex()}",
            }
            for row in registry.handovers.records(handover_id)
        ]
    if as_json:
        show_json({**shown, "each": rows})
        return
    click.echo(shown["handover"])
    click.echo(f"  {shown['direction']:12} agency {shown['agency']}")
    click.echo(f"  {'made (UTC)':12} {in_words(shown['made_at'])}")
    show_table(
        ["record", "version", "state", ""],
        [
            [row["record"], row["version"], row["state"], row["reason"] or row["share"] or ""]
            for row in rows
        ],
    )


@custody.command()
@click.argument("target", metavar="FILE|HANDOVER")
@profile_option
@json_option
def check(target: str, profile: Path, as_json: bool) -> None:
    """Check the package FILE, or that of HANDOVER, against the chain, and accept nothing of it.

    Example: muniment custody check deeds.custody
    """
    with opened(profile) as registry, progress_bar("checked", None) as tell:
        package = package_of(registry, target, "ask the agency that offers it for the package")
        found = registry.handovers.check(package, tell)
    header = found.envelope.header
    if as_json:
        show_json(
            {
                "handover": f"0x{header.subject.hex()}",
                "agency": header.sender,
                "holds": [f"0x{each.record_id.hex()}" for each in found.acceptable],
                "refused": {f"0x{each.hex()}": why for each, why in found.faults.items()},
            }
        )
    else:
        click.echo(f"0x{header.subject.hex()}")
        click.echo(f"{len(found.acceptable)} records of agency {header.sender} hold", err=True)
        tell_faults("does not hold", found.faults)
    if found.faults:
        sys.exit(ExitCode.FINDINGS)


@custody.command()
@click.argument("handover", metavar="HANDOVER")
@writing
def withdraw(handover: str, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Withdraw all offers of HANDOVER that are open. Destroy its package then.

    Example: muniment custody withdraw 0x51c2…
    """
    with opened(profile) as registry:
        registry.sync()
        made = registry.handovers.withdraw(handover_id_of(handover))
        finish(registry, made, wait, timeout, as_json)


@custody.command()
@click.argument("named", nargs=-1, required=True, metavar="HANDOVER|RECORD...")
@click.option("--destroyed", is_flag=True, help="Destroy this agency's copies now.")
@click.option("--kept-under", metavar="SHARE", help="Keep them, under this share of its.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The signed word of it, for the new custodian.",
)
@profile_option
@json_option
def close(
    named: tuple[str, ...],
    destroyed: bool,
    kept_under: str | None,
    output: Path,
    profile: Path,
    as_json: bool,
) -> None:
    """Say what becomes of this agency's copies of what it handed over: of HANDOVER, or of RECORDs.

    Until then both histories say that a copy is outstanding. Destroying cannot be undone, but by
    custody that comes back.

    \b
    Example: muniment custody close 0x51c2… --destroyed -o closing.envelope
             muniment custody close 12/345 --kept-under 0x5e1f… -o closing.envelope
    """
    if destroyed is (kept_under is not None):
        raise InvalidInputError(
            "what becomes of the copies", "--destroyed, or --kept-under SHARE", "neither, or both"
        )
    with opened(profile) as registry:
        registry.sync()
        handover_id, records = _named(registry, named)
        made = registry.handovers.close(
            handover_id,
            output,
            share_id=None if kept_under is None else share_of(kept_under),
            record_ids=records,
        )
    said = "destroyed" if destroyed else "kept"
    if as_json:
        show_json(
            {
                "handover": f"0x{handover_id.hex()}",
                "statement": f"0x{made.row.digest.hex()}",
                "records": made.count,
                "copies": said,
                "written": str(output),
            }
        )
        return
    click.echo(f"0x{made.row.digest.hex()}")
    click.echo(f"copies of {made.count} records {said}: {output}", err=True)


def _named(registry: Registry, named: tuple[str, ...]) -> tuple[bytes, list[RecordId] | None]:
    """The hand-over that arguments name: itself, or by records that are all of it."""
    known = {each.handover.handover_id for each in registry.handovers.handovers()}
    if len(named) == 1 and named[0].startswith("0x") and handover_id_of(named[0]) in known:
        return handover_id_of(named[0]), None
    records = [record_of(registry, each) for each in named]
    found = {registry.handovers.latest_of(each).handover.handover_id for each in records}
    if len(found) > 1:
        raise InvalidInputError("records", "records of one hand-over", f"of {len(found)}")
    return found.pop(), records


def _json(view: HandoverView) -> dict[str, Any]:
    handover = view.handover
    return {
        "handover": f"0x{handover.handover_id.hex()}",
        "direction": "given to" if view.given else "taken from",
        "agency": view.counterpart,
        "package": f"0x{handover.digest.hex()}",
        "made_at": handover.made_ms // 1000,
        "expires_at": handover.expires_at,
        "records": dict(sorted(view.counts.items())),
    }


def _counts(shown: dict[str, Any]) -> str:
    return ", ".join(f"{count} {state}" for state, count in shown["records"].items())


def _refresh(registry: Registry) -> None:
    try:
        registry.sync()
    except UnreachableError as error:
        click.echo(f"{error.what}: the mirror is as it was", err=True)
