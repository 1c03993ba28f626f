# SPDX-License-Identifier: Apache-2.0
"""Webhooks as administrators handle them: added, listed, removed, told again from a place on."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.gateway.events.cloud_events import event_types
from muniment.gateway.outgoing import Outgoing, checked_url
from muniment.gateway.settings import GatewaySettings
from muniment.record.instants import instant, instant_or_none
from muniment.store import webhooks
from muniment.store.database import Database
from muniment.store.webhooks import ACTIVE, START, EventPlace, Webhook, final_place, types_of

OUTGOING: Final = "outgoing"
"""The table of the profile's `gateway` that says where calls may go: `private`, a list."""


def outgoing_of(settings: GatewaySettings) -> Outgoing:
    """Return where the gateway may call to. Raises `InvalidInputError`."""
    named: Any = settings.others.get(OUTGOING, {})
    private = named.get("private", [])
    if set(named) - {"private"} or not isinstance(private, list):
        raise InvalidInputError("profile gateway.outgoing", "a list `private` of networks", "other")
    return Outgoing.of([str(each) for each in private])


def add_webhook(
    database: Database,
    outgoing: Outgoing,
    url: str,
    types: Sequence[str] = (),
    start: EventPlace | None = None,
) -> Webhook:
    """Add a webhook that is told of all events from now on, or after `start`; of `types` alone
    where some are named.

    Raises `InvalidInputError`, `AddressRefusedError` for an address that is not called.
    """
    outgoing.address_of(checked_url(url))
    known = types_of(types, event_types())
    with database.write() as connection:
        made = Webhook(
            webhook_id=f"wh_{secrets.token_hex(8)}",
            url=url,
            types=known,
            state=ACTIVE,
            place=final_place(connection) if start is None else start,
            failures=0,
            next_ms=0,
            fault="",
            delivered=0,
            created_ms=int(time.time() * 1000),
        )
        webhooks.add(connection, made)
    return made


def replay_webhook(database: Database, webhook_id: str, start: EventPlace) -> Webhook:
    """Have a webhook told again of everything after a place, at once; one that was stopped goes on.

    Raises `InvalidInputError` where there is none.
    """
    with database.write() as connection:
        found = webhooks.of_id(connection, webhook_id)
        if found is None:
            raise _unknown()
        again = replace(found, state=ACTIVE, place=start, failures=0, next_ms=0, fault="")
        webhooks.update(connection, again)
    return again


def remove_webhook(database: Database, webhook_id: str) -> None:
    """Take a webhook away. Raises `InvalidInputError` where there is none."""
    with database.write() as connection:
        if not webhooks.remove(connection, webhook_id):
            raise _unknown()


def list_webhooks(database: Database) -> list[Webhook]:
    """Return all webhooks, the earliest made first."""
    with database.read() as connection:
        return webhooks.every(connection)


def webhook_json(webhook: Webhook) -> dict[str, Any]:
    """Return a webhook as answers and commands show it; `next_at` is when a failed event is tried
    again."""
    return {
        "webhook": webhook.webhook_id,
        "url": webhook.url,
        "types": list(webhook.types),
        "state": webhook.state,
        "after": "start" if webhook.place == START else str(webhook.place),
        "delivered": webhook.delivered,
        "failures": webhook.failures,
        "fault": webhook.fault or None,
        "next_at": instant_or_none(webhook.next_ms / 1000),
        "created_at": instant(webhook.created_ms / 1000),
    }


def _unknown() -> InvalidInputError:
    return InvalidInputError("webhook", "one that `muniment webhook list` shows", "unknown")
