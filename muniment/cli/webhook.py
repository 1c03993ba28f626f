# SPDX-License-Identifier: Apache-2.0
"""`muniment webhook`: which systems are told of events."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.options import json_option, opened, profile_option, show_json, show_table
from muniment.gateway.events.webhooks import (
    add_webhook,
    list_webhooks,
    outgoing_of,
    remove_webhook,
    replay_webhook,
    webhook_json,
)
from muniment.gateway.settings import GatewaySettings
from muniment.store.webhooks import START, EventPlace, Webhook


@click.group()
def webhook() -> None:
    """Systems that the gateway tells of events, by signed CloudEvents (docs/spec/events.md)."""


@webhook.command()
@click.argument("url")
@click.option("--type", "types", multiple=True, help="An event to be told of; repeat it. Else all.")
@click.option("--after", help="An event's id, or start; else from now on.")
@profile_option
@json_option
def add(url: str, types: tuple[str, ...], after: str | None, profile: Path, as_json: bool) -> None:
    """Have the gateway post events to URL.

    Private addresses are called only where the profile's table gateway.outgoing allows them.

    Example: muniment webhook add https://cases.example.gov/muniment --type muniment.records.revoked
    """
    start = None if after is None else _place(after)
    with opened(profile) as registry:
        session = registry.session
        outgoing = outgoing_of(GatewaySettings.of(session.profile))
        _show(add_webhook(session.database, outgoing, url, types, start), as_json)


@webhook.command("list")
@profile_option
@json_option
def list_(profile: Path, as_json: bool) -> None:
    """List webhooks, how far each has been told, and what goes wrong.

    Example: muniment webhook list
    """
    with opened(profile) as registry:
        found = [webhook_json(each) for each in list_webhooks(registry.session.database)]
    if as_json:
        show_json(found)
        return
    columns = ["webhook", "url", "state", "after", "delivered", "fault"]
    show_table(columns, [[each[name] or "" for name in columns] for each in found])


@webhook.command()
@click.argument("name", metavar="WEBHOOK")
@profile_option
@json_option
def remove(name: str, profile: Path, as_json: bool) -> None:
    """Tell WEBHOOK no more.

    Example: muniment webhook remove wh_8c1f…
    """
    with opened(profile) as registry:
        remove_webhook(registry.session.database, name)
    if as_json:
        show_json({"webhook": name, "removed": True})


@webhook.command()
@click.argument("name", metavar="WEBHOOK")
@click.option("--after", required=True, help="An event's id, or start.")
@profile_option
@json_option
def replay(name: str, after: str, profile: Path, as_json: bool) -> None:
    """Tell WEBHOOK again of everything after an event; one that had been stopped goes on.

    Example: muniment webhook replay wh_8c1f… --after 1204-3
    """
    with opened(profile) as registry:
        _show(replay_webhook(registry.session.database, name, _place(after)), as_json)


def _place(text: str) -> EventPlace:
    return START if text == "start" else EventPlace.parse(text)


def _show(found: Webhook, as_json: bool) -> None:
    if as_json:
        show_json(webhook_json(found))
        return
    click.echo(found.webhook_id)
    click.echo(f"{found.url}: told of what comes after {found.place}", err=True)
