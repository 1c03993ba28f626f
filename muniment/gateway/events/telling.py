# SPDX-License-Identifier: Apache-2.0
"""Telling webhooks: each in its own order, one event at a time, and nothing is dropped.

How far a receiver has come is in the database, and moves when it has answered 2xx. So what is not
told waits there for as long as it takes; a slow receiver holds up nobody else, and what is in
memory is one page of events. A receiver may get an event twice, when an answer was lost: its id is
the same then.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from muniment.errors import MunimentError
from muniment.gateway.events.cloud_events import (
    MEDIA_TYPE,
    event_bytes,
    place_of,
    source_of,
    type_of,
)
from muniment.gateway.events.signatures import AgencySigning, signed_headers
from muniment.gateway.outgoing import Outgoing, OutgoingError, checked_url
from muniment.registry.sending import holder_name
from muniment.registry.session import Session
from muniment.store import webhooks
from muniment.store.leases import Lease
from muniment.store.mirror import NewLog
from muniment.store.webhooks import ACTIVE, STOPPED, Webhook

ANSWER_SECONDS: Final = 15.0
_PAGE: Final = 100
_IDLE_SECONDS: Final = 0.5
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 300.0
_LOG: Final = logging.getLogger("muniment.gateway")


class Telling:
    """Tells all webhooks of an agency, a thread for each; `start` it, and `close` it."""

    def __init__(
        self, session: Session, outgoing: Outgoing, *, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        """Take whose events, and where calls may go."""
        self._session = session
        self._outgoing = outgoing
        self._answer_seconds = answer_seconds
        self._signing = AgencySigning(session)
        chain = session.profile.chain
        self._source = source_of(chain.id, chain.registry)
        self._stop = threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self._watching = threading.Thread(target=self._watch, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._watching.start()

    def close(self) -> None:
        """End, when the calls that are on their way have been answered or have timed out."""
        self._stop.set()
        if self._watching.is_alive():
            self._watching.join()
        for each in list(self._threads.values()):
            each.join(self._answer_seconds)

    def _watch(self) -> None:
        """Have a thread for each webhook that there is."""
        while not self._stop.is_set():
            try:
                with self._session.database.read() as connection:
                    known = webhooks.every(connection)
            except MunimentError as error:
                _LOG.warning("webhooks: %s", error.what)
                known = []
            for each in known:
                thread = self._threads.get(each.webhook_id)
                if each.state == ACTIVE and (thread is None or not thread.is_alive()):
                    thread = threading.Thread(
                        target=self._tell_one,
                        args=[each.webhook_id],
                        name=f"webhook {each.webhook_id}",
                        daemon=True,
                    )
                    self._threads[each.webhook_id] = thread
                    thread.start()
            self._stop.wait(_IDLE_SECONDS)

    def _tell_one(self, webhook_id: str) -> None:
        """Tell one webhook until it is removed or stopped, under a lease: one process does."""
        lease = Lease.acquire(self._session.database, f"webhook {webhook_id}", holder=holder_name())
        if lease is None:
            self._stop.wait(_IDLE_SECONDS)
            return
        try:
            with lease.kept():
                while not self._stop.is_set() and self._turn(webhook_id, lease):
                    pass
        except MunimentError as error:
            # The database is away, or another process has it now: the watcher begins anew.
            _LOG.warning("webhook %s: %s", webhook_id, error.what)
            self._stop.wait(_IDLE_SECONDS)

    def _turn(self, webhook_id: str, lease: Lease) -> bool:
        """Tell the next events; return False where there is nothing to tell any more."""
        with self._session.database.read() as connection:
            webhook = webhooks.of_id(connection, webhook_id)
            if webhook is None or webhook.state != ACTIVE:
                return False
            page = webhooks.events_after(connection, webhook.place, _PAGE)
        waiting = webhook.next_ms - time.time() * 1000
        if waiting > 0:
            self._stop.wait(min(waiting / 1000, _IDLE_SECONDS))
            return True
        if not page:
            self._stop.wait(_IDLE_SECONDS)
            return True
        stored = webhook
        for log in page:
            if self._stop.is_set():
                return True
            wanted = not webhook.types or type_of(log.contract, log.name) in webhook.types
            webhook = self._told(webhook, log) if wanted else replace(webhook, place=place_of(log))
            # Passing over costs no write but for the last one of the page.
            if wanted or log is page[-1]:
                if not self._keep(stored, webhook, lease):
                    return True
                stored = webhook
                if webhook.failures or webhook.state != ACTIVE:
                    return webhook.state == ACTIVE
        return True

    def _keep(self, stored: Webhook, after: Webhook, lease: Lease) -> bool:
        """Write down how far it is; return False where somebody changed it meanwhile: replayed it,
        or took it away. Raises `LeaseLostError`."""
        with self._session.database.write() as connection:
            lease.require(connection)
            if webhooks.of_id(connection, after.webhook_id) != stored:
                return False
            webhooks.update(connection, after)
        return True

    def _told(self, webhook: Webhook, log: NewLog) -> Webhook:
        """Tell one event, and return the webhook as it is after it."""
        body = event_bytes(self._source, log)
        now = int(time.time())
        try:
            headers = {
                "Content-Type": MEDIA_TYPE,
                "User-Agent": "muniment",
                **signed_headers(self._signing.key(), str(place_of(log)), now, body),
            }
            with self._outgoing.call(
                "POST", webhook.url, body, headers, timeout=self._answer_seconds
            ) as answer:
                status = answer.status
        except OutgoingError as error:
            return _failed(webhook, error.why)
        except MunimentError as error:
            return _failed(webhook, error.what)
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return replace(
                webhook,
                place=place_of(log),
                failures=0,
                next_ms=0,
                fault="",
                delivered=webhook.delivered + 1,
            )
        if status == HTTPStatus.GONE:
            host = checked_url(webhook.url).hostname
            _LOG.warning("webhook %s: %s wants no more events (410)", webhook.webhook_id, host)
            return replace(webhook, state=STOPPED, fault="it answered 410: it wants no more")
        return _failed(webhook, f"it answered {status}")


def _failed(webhook: Webhook, why: str) -> Webhook:
    """A webhook to be tried again later, ever later, and not all at the same moment."""
    wait = min(_FIRST_WAIT * 2.0 ** min(webhook.failures, 20), _LONGEST_WAIT)
    wait *= random.uniform(0.5, 1.0)  # noqa: S311  (no secret)
    return replace(
        webhook,
        failures=webhook.failures + 1,
        next_ms=int((time.time() + wait) * 1000),
        fault=why[:200],
    )
