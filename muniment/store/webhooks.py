# SPDX-License-Identifier: Apache-2.0
"""Webhooks, and the events of the mirror that they are told of, in order of the chain.

A cursor is the place of an event, its block and log; what comes after it was not taken yet. Only
what is final is told: it is never taken back, and a mirror that is made anew has the same places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import InvalidInputError
from muniment.store.mirror import NewLog, heights, log_of
from muniment.store.rows import with_digest
from muniment.store.tables import events
from muniment.store.webhook_tables import webhooks

ACTIVE: Final = "active"
STOPPED: Final = "stopped"
_cursor: Final = re.compile(r"(\d{1,18})-(\d{1,9}|end)").fullmatch
_END: Final = (1 << 53) - 1


@dataclass(frozen=True, slots=True, order=True)
class EventPlace:
    """Where an event stands: its block and its log there."""

    block: int
    log: int

    def __str__(self) -> str:
        """Return it as text, for headers and addresses."""
        return f"{self.block}-{'end' if self.log == _END else self.log}"

    @classmethod
    def parse(cls, text: str) -> EventPlace:
        """Return the place of a text. Raises `InvalidInputError`."""
        found = _cursor(text)
        if found is None:
            raise InvalidInputError("event id", "block-log, as in events' ids", "another text")
        return cls(int(found[1]), _END if found[2] == "end" else int(found[2]))


START: Final = EventPlace(0, -1)
"""Before the first event of all."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A row of `webhooks`. `types` are the events that it is told of, empty for all; `place` is
    the last event that its receiver has taken; times in Unix milliseconds."""

    webhook_id: str
    url: str
    types: tuple[str, ...]
    state: str
    place: EventPlace
    failures: int
    next_ms: int
    fault: str
    delivered: int
    created_ms: int


def final_place(connection: Connection) -> EventPlace:
    """Return the place after all events that are final now."""
    return EventPlace(max(heights(connection)[0], 0), _END)


def events_after(connection: Connection, place: EventPlace, limit: int) -> list[NewLog]:
    """Return the next final events after a place, in order, at most `limit`."""
    final = heights(connection)[0]
    chosen = (
        sa.select(events)
        .where(
            sa.or_(
                events.c.block_number > place.block,
                sa.and_(events.c.block_number == place.block, events.c.log_index > place.log),
            ),
            events.c.block_number <= final,
        )
        .order_by(events.c.block_number, events.c.log_index)
        .limit(limit)
    )
    return [log_of(row) for row in connection.execute(chosen).mappings()]


def add(connection: Connection, webhook: Webhook) -> None:
    """Add a webhook."""
    connection.execute(sa.insert(webhooks), [with_digest(webhooks, _plain(webhook))])


def update(connection: Connection, webhook: Webhook) -> None:
    """Write a changed webhook back; one that was removed meanwhile stays removed."""
    values = with_digest(webhooks, _plain(webhook))
    connection.execute(
        sa.update(webhooks).where(webhooks.c.webhook_id == webhook.webhook_id).values(values)
    )


def remove(connection: Connection, webhook_id: str) -> bool:
    """Take a webhook away; return whether there was one."""
    gone = sa.delete(webhooks).where(webhooks.c.webhook_id == webhook_id)
    return bool(connection.execute(gone).rowcount)


def of_id(connection: Connection, webhook_id: str) -> Webhook | None:
    """Return a webhook, None where there is none."""
    chosen = sa.select(webhooks).where(webhooks.c.webhook_id == webhook_id)
    row = connection.execute(chosen).mappings().one_or_none()
    return None if row is None else _webhook(row)


def every(connection: Connection) -> list[Webhook]:
    """Return all webhooks, the earliest made first."""
    chosen = sa.select(webhooks).order_by(webhooks.c.created_ms, webhooks.c.webhook_id)
    return [_webhook(row) for row in connection.execute(chosen).mappings()]


def types_of(types: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return names of events in order. Raises `InvalidInputError` for one that there is not."""
    for each in types:
        if each not in known:
            raise InvalidInputError("event type", "one that docs/spec/events.md lists", repr(each))
    return tuple(sorted(set(types)))


def _plain(webhook: Webhook) -> dict[str, Any]:
    return {
        "webhook_id": webhook.webhook_id,
        "url": webhook.url,
        "types": " ".join(webhook.types),
        "state": webhook.state,
        "block_number": webhook.place.block,
        "log_index": webhook.place.log,
        "failures": webhook.failures,
        "next_ms": webhook.next_ms,
        "fault": webhook.fault,
        "delivered": webhook.delivered,
        "created_ms": webhook.created_ms,
    }


def _webhook(row: sa.RowMapping) -> Webhook:
    return Webhook(
        row["webhook_id"],
        row["url"],
        tuple(row["types"].split()),
        row["state"],
        EventPlace(row["block_number"], row["log_index"]),
        row["failures"],
        row["next_ms"],
        row["fault"],
        row["delivered"],
        row["created_ms"],
    )
