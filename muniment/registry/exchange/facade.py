# SPDX-License-Identifier: Apache-2.0
"""`Registry.exchange`: what an agency asks of others, grants, delivers and receives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from muniment.errors import InvalidInputError
from muniment.exchange.errors import NotSharedError
from muniment.exchange.terms import Terms
from muniment.record.canonical import JsonValue
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.registry.exchange import catalogue, delivering, receiving, shares
from muniment.registry.exchange.catalogue import PublishedType
from muniment.registry.exchange.delivering import Delivered
from muniment.registry.exchange.received import ReceivedVersion, extract_received, received_versions
from muniment.registry.exchange.receiving import TakenIn
from muniment.registry.exchange.shares import Asked, ShareView
from muniment.registry.mirroring import sync
from muniment.registry.session import Session
from muniment.registry.submission import Submission

_DAY: Final = 86_400


class Exchange:
    """What goes between this agency and others. Shares are named by their ids (32 bytes).

    Acts are submissions that the officer's own key signs; files are envelopes, to be carried in any
    way. Errors are those of `muniment.exchange.errors`.
    """

    def __init__(self, session: Session) -> None:
        """Take a session; `Registry.exchange` makes one."""
        self._session = session

    # --- shares -----------------------------------------------------------------------------------

    def catalogue(self, agency_id: int | None = None) -> list[PublishedType]:
        """Return what types of records agencies keep, and who may ask: of one or of all."""
        sync(self._session)
        return catalogue.catalogue(self._session, agency_id)

    def add_schema(self, agency_id: int, schema: JsonValue) -> list[PublishedType]:
        """Keep a schema that another agency has handed out, if the chain has its digest."""
        sync(self._session)
        return catalogue.add_schema(self._session, agency_id, schema)

    def request(
        self,
        granter: int,
        terms: Terms,
        *,
        record_type: str | int | None = None,
        record_id: bytes | None = None,
        days: int = 365,
        respond_days: int = 14,
        target: Path | None = None,
    ) -> Asked:
        """Ask an agency for one record, or for all of one of its types, for so many `days`.

        `respond_days` is the granter's deadline. The message for it is written to `target`. See
        `shares.request`.
        """
        sync(self._session)
        published = None
        if record_type is not None:
            published = catalogue.published_type(self._session, granter, record_type)
        now = self._now()
        return shares.request(
            self._session,
            granter,
            terms,
            record_type=published,
            record_id=record_id,
            respond_by=now + _seconds("respond days", respond_days),
            expires_at=now + _seconds("days", days),
            target=target,
        )

    def grant(
        self,
        share_id: bytes,
        *,
        fields: Iterable[str] | None = None,
        onward: bool | None = None,
        days: int | None = None,
        target: Path | None = None,
    ) -> Asked | Submission:
        """Grant a request as it was made, or less: these `fields` alone, no `onward`, for fewer
        `days`. Changed terms are written to `target`, for the requester."""
        asked = shares.share_of(self._session, share_id)
        terms = None
        if fields is not None or onward is not None:
            before = asked.require_terms().terms
            terms = Terms.of(
                before.purpose,
                before.legal_basis,
                (None if before.fields is None else list(before.fields))
                if fields is None
                else list(fields),
                onward=before.onward if onward is None else onward,
            )
        until = None if days is None else self._now() + _seconds("days", days)
        return shares.grant(self._session, share_id, terms=terms, expires_at=until, target=target)

    def deny(self, share_id: bytes, reason: str | int) -> Submission:
        """Deny a request for a reason: one of `shares.DENIALS`, or a code of one's own."""
        return shares.deny(self._session, share_id, reason)

    def revoke(self, share_id: bytes, reason: str | int) -> Submission:
        """End a grant for a reason, likewise."""
        return shares.revoke(self._session, share_id, reason)

    def share(self, share_id: bytes) -> ShareView:
        """Return a share as it stands. Raises `NotSharedError`."""
        return shares.share_of(self._session, share_id)

    def shares(self, *, statuses: Iterable[str] = ()) -> list[ShareView]:
        """Return the shares that this agency asked for, or was asked for."""
        sync(self._session)
        return shares.list_shares(self._session, statuses=statuses)

    def share_of_request(self, asked: Asked) -> ShareView:
        """Return the share that a request became, once it is in a block. Raises
        `NotSharedError`."""
        sync(self._session)
        own, granter = self._session.profile.agency.id, asked.envelope.agency_id
        for share in shares.list_shares(self._session):
            # Anybody can put the same terms on chain: it is the one between these two.
            between = (share.requester, share.granter) == (own, granter)
            if between and share.commitment == asked.envelope.subject:
                return share
        raise NotSharedError(None, "the request is in no block yet")

    # --- envelopes --------------------------------------------------------------------------------

    def deliverable(self, share_id: bytes) -> list[RecordId]:
        """Return all records that a share covers now."""
        share = shares.share_of(self._session, share_id)
        return delivering.deliverable(self._session, share)

    def deliver(
        self,
        share_id: bytes,
        target: Path | None,
        record_ids: Sequence[RecordId] | None = None,
        *,
        with_evidence: bool | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Delivered:
        """Write a delivery under a share, or leave it to be fetched; see `delivering.deliver`."""
        return delivering.deliver(
            self._session,
            share_id,
            target,
            record_ids,
            with_evidence=with_evidence,
            progress=progress,
        )

    def receive(
        self,
        path: Path,
        *,
        acknowledge: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> TakenIn:
        """Take in what another agency sent; see `receiving.receive`."""
        return receiving.receive(self._session, path, acknowledge=acknowledge, progress=progress)

    def received(self, record_id: RecordId) -> list[ReceivedVersion]:
        """Return all that was received of a record, the latest delivery last."""
        return received_versions(self._session, record_id)

    def extract(self, received: ReceivedVersion, name: str, target: Path) -> FileValue:
        """Write the file of a received version's field; see `received.extract_received`."""
        return extract_received(self._session, received, name, target)

    def _now(self) -> int:
        return self._session.nodes.read(lambda node: node.block()).timestamp


def _seconds(name: str, days: int) -> int:
    if days < 1:
        raise InvalidInputError(name, "1 or more", str(days))
    return days * _DAY
