# SPDX-License-Identifier: Apache-2.0
"""`muniment share`: who may read what, for which purpose, until when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

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
from muniment.errors import InvalidInputError, MunimentError
from muniment.exchange.terms import Terms
from muniment.record.instants import day_of, instant
from muniment.registry import Registry, Stage
from muniment.registry.exchange.shares import DENIALS, REQUESTED, Asked, ShareView

_REASONS = ", ".join(DENIALS)
_share = click.argument("share_id", metavar="SHARE")
_output = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Where the envelope for the other agency is written.",
)


@click.group()
def share() -> None:
    """Shares: who may read what, for which purpose, until when."""


@share.command()
@click.option("--of", "granter", type=int, required=True, help="The agency that is asked.")
@click.option("--type", "record_type", help="One of its record types: all records of it.")
@click.option("--record", help="One record, by its id, instead of a type.")
@click.option("--purpose", required=True, help="What the records are for.")
@click.option("--legal-basis", required=True, help="The law that lets this agency ask.")
@click.option("--field", "fields", multiple=True, help="May be repeated. Without it: all fields.")
@click.option("--onward", is_flag=True, help="Ask to be allowed to show them to others.")
@click.option("--days", default=365, show_default=True, help="How long.")
@click.option("--respond-days", default=14, show_default=True, help="The granter's deadline.")
@_output
@writing
def request(
    granter: int,
    record_type: str | None,
    record: str | None,
    purpose: str,
    legal_basis: str,
    fields: tuple[str, ...],
    onward: bool,
    days: int,
    respond_days: int,
    output: Path | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Ask another agency for a share. A STEWARD does. The terms go in the envelope: carry it there.

    \b
    Example: muniment share request --of 1 --type wildlife-strike --field airport --field date \\
                 --purpose "safety study 12" --legal-basis "Aviation Act § 9" -o request.envelope
    """
    terms = Terms.of(purpose, legal_basis, list(fields) or None, onward=onward)
    with opened(profile) as registry:
        asked = registry.exchange.request(
            granter,
            terms,
            record_type=record_type,
            record_id=None if record is None else record_of(registry, record),
            days=days,
            respond_days=respond_days,
            target=output,
        )
        _finish_asked(registry, asked, output, wait, timeout, as_json)


@share.command()
@_share
@click.option("--field", "fields", multiple=True, help="Grant these fields alone.")
@click.option("--no-onward", is_flag=True, help="Whatever was asked: not to be shown to others.")
@click.option("--days", type=int, help="For so many days, instead of what was asked.")
@_output
@writing
def grant(
    share_id: str,
    fields: tuple[str, ...],
    no_onward: bool,
    days: int | None,
    output: Path | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Grant SHARE as it was asked for, or less. A STEWARD does.

    Other terms go to the requester in an envelope, and with each delivery.

    Example: muniment share grant 0x5e1f… --field airport --days 90
    """
    with opened(profile) as registry:
        done = registry.exchange.grant(
            share_of(share_id),
            fields=list(fields) or None,
            onward=False if no_onward else None,
            days=days,
            target=output,
        )
        if isinstance(done, Asked):
            if output is not None:
                click.echo(f"for the requester: {output}", err=True)
            done = done.submission
        finish(registry, [done], wait, timeout, as_json)


@share.command()
@_share
@click.option("--reason", required=True, help=f"{_REASONS}, or a number of your own.")
@writing
def deny(
    share_id: str, reason: str, profile: Path, wait: str, timeout: float, as_json: bool
) -> None:
    """Deny SHARE. A STEWARD does.

    Example: muniment share deny 0x5e1f… --reason no-legal-basis
    """
    with opened(profile) as registry:
        submission = registry.exchange.deny(share_of(share_id), reason)
        finish(registry, [submission], wait, timeout, as_json)


@share.command()
@_share
@click.option("--reason", required=True, help=f"{_REASONS}, or a number of your own.")
@writing
def revoke(
    share_id: str, reason: str, profile: Path, wait: str, timeout: float, as_json: bool
) -> None:
    """End the grant of SHARE. What was delivered stays with the recipient. A STEWARD does.

    Example: muniment share revoke 0x5e1f… --reason purpose-ended
    """
    with opened(profile) as registry:
        submission = registry.exchange.revoke(share_of(share_id), reason)
        finish(registry, [submission], wait, timeout, as_json)


@share.command("list")
@click.option("--status", "statuses", multiple=True, help="requested, granted, expired …")
@click.option("--to-decide", is_flag=True, help="Those that wait for this agency, by deadline.")
@profile_option
@json_option
def list_(statuses: tuple[str, ...], to_decide: bool, profile: Path, as_json: bool) -> None:
    """List the shares of this agency, asked for and granted.

    Example: muniment share list --to-decide
    """
    with opened(profile) as registry:
        own = registry.session.profile.agency.id
        found = registry.exchange.shares(statuses=[REQUESTED] if to_decide else statuses)
        if to_decide:
            found = [each for each in found if each.granter == own]
    if as_json:
        show_json([share_json(each) for each in found])
        return
    show_table(
        ["share", "from", "to", "of", "status", "decide by", "until", "purpose"],
        [
            (
                f"0x{each.share_id.hex()}",
                each.granter,
                each.requester,
                _scope(each),
                each.status,
                day_of(each.respond_by),
                day_of(each.expires_at),
                "(not known here)" if each.terms is None else each.terms.purpose,
            )
            for each in found
        ],
    )


@share.command()
@_share
@profile_option
@json_option
def show(share_id: str, profile: Path, as_json: bool) -> None:
    """Show SHARE with its terms.

    Example: muniment share show 0x5e1f…
    """
    with opened(profile) as registry:
        found = registry.exchange.share(share_of(share_id))
    shown = share_json(found)
    if as_json:
        show_json(shown)
        return
    for name, value in shown.items():
        if isinstance(value, dict):
            for inner, each in value.items():
                text = ", ".join(each) if isinstance(each, list) else each
                click.echo(f"{inner.replace('_', ' ')}: {'all' if text is None else text}")
        else:
            click.echo(f"{name.replace('_', ' ')}: {value}")


def share_of(text: str) -> bytes:
    """Return the share that an argument names. Raises `InvalidInputError`."""
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise InvalidInputError("share", "0x and 64 hex digits, as `share list` shows", repr(text))
    return found


def share_json(share_: ShareView) -> dict[str, Any]:
    """Return a share as JSON has it."""
    record = share_.record_id
    return {
        "share": f"0x{share_.share_id.hex()}",
        "granter": share_.granter,
        "requester": share_.requester,
        "type": share_.type_id or None,
        "record": None if record is None else f"0x{record.hex()}",
        "status": share_.status,
        "respond_by": instant(share_.respond_by),
        "expires_at": instant(share_.expires_at),
        "terms": None if share_.terms is None else share_.terms.to_json(),
    }


def _finish_asked(
    registry: Registry,
    asked: Asked,
    output: Path | None,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Wait for a request, and show the share that it became."""
    if output is not None:
        click.echo(f"for the granter: {output}", err=True)
    if Stage(wait) is Stage.ACKNOWLEDGED:
        finish(registry, [asked.submission], wait, timeout, as_json)
        return
    try:
        registry.wait([asked.submission], wait, timeout=timeout)
        became = registry.exchange.share_of_request(asked)
    except MunimentError:
        finish(registry, [asked.submission], Stage.ACKNOWLEDGED, timeout, as_json)
        raise
    if as_json:
        show_json(share_json(became))
    else:
        click.echo(f"0x{became.share_id.hex()}")
        click.echo(f"share: {became.status}", err=True)


def _scope(share_: ShareView) -> str:
    if share_.type_id:
        return f"type {share_.type_id}"
    return "one record" if share_.record_id is None else f"0x{share_.record_id.hex()[:12]}…"
