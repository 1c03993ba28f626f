# SPDX-License-Identifier: Apache-2.0
"""Shares: asked for, decided, ended. What stands on chain, with the terms that only the two know.

The terms travel in an envelope; on chain is their salted commitment. So a share that is listed
without terms is one of which the message has not come, or was not for this agency.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.chain.bindings.share_registry import ShareRequested
from muniment.errors import InvalidInputError
from muniment.exchange.envelope import Outgoing
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.envelope_parts import Part, PartKind
from muniment.exchange.errors import EnvelopeError, NotSharedError, TermsError
from muniment.exchange.messages import GrantMessage, RequestMessage, SharedTerms
from muniment.exchange.terms import SALT_SIZE, Terms
from muniment.record.types import Sharing
from muniment.registry import acts, agency
from muniment.registry.exchange.catalogue import (
    PublishedType,
    published_type,
    type_of_record,
)
from muniment.registry.exchange.keeping import kept_parts, send
from muniment.registry.mirroring import sync
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store import envelopes, mirror
from muniment.store.envelopes import RECEIVED, SENT, EnvelopeRow
from muniment.store.folding import event_of
from muniment.store.tables import shares

DENIALS: Final = {
    "unspecified": 0,
    "no-legal-basis": 1,
    "purpose-not-sufficient": 2,
    "not-held-here": 3,
    "purpose-ended": 4,
    "terms-broken": 5,
    "closed-type": 6,
}
"""Why a share is denied or revoked (SPEC § 10)."""

REQUESTED, GRANTED, DENIED, REVOKED = "requested", "granted", "denied", "revoked"
EXPIRED, LAPSED = "expired", "lapsed"
CLOCKS: Final = 300
"""Seconds by which the clocks of two agencies and the chain may differ."""


@dataclass(frozen=True, slots=True)
class ShareView:
    """A share as it stands by the mirror's last block.

    `status` is requested, granted, denied, revoked; expired: a grant past its last second; lapsed:
    a request that nobody decided in time. `type_id` is 0 for a share of one record. `shared` and
    `record_id` are known where the message is here. Times are Unix seconds.
    """

    share_id: bytes
    requester: int
    granter: int
    type_id: int
    status: str
    respond_by: int
    expires_at: int
    scope: bytes
    commitment: bytes
    shared: SharedTerms | None
    record_id: bytes | None

    @property
    def terms(self) -> Terms | None:
        """The terms, where they are known here."""
        return None if self.shared is None else self.shared.terms

    def require_in_force(self) -> ShareView:
        """Return it, if it lets something go. Raises `NotSharedError`."""
        if self.status != GRANTED:
            raise NotSharedError(self.share_id, f"it is {self.status}, not in force")
        return self

    def require_terms(self) -> SharedTerms:
        """Return the terms. Raises `TermsError` where they are not known here."""
        if self.shared is None:
            raise TermsError(
                self.share_id,
                "its terms are not known here, and the chain has only their commitment",
                "the message that the other agency sent",
                remedy="take it in: `muniment receive FILE`",
            )
        return self.shared


@dataclass(frozen=True, slots=True)
class Asked:
    """A request on its way: the submission, and the envelope for the granter."""

    submission: Submission
    envelope: EnvelopeRow


def request(
    session: Session,
    granter: int,
    terms: Terms,
    *,
    record_type: PublishedType | None = None,
    record_id: bytes | None = None,
    respond_by: int,
    expires_at: int,
    target: Path | None = None,
) -> Asked:
    """Ask an agency for a share of one record, or of all records of one of its types.

    The message for it is kept, and written to `target`, before the chain is asked. A STEWARD does.
    Raises `NotSharedError` for a type that is closed, `InvalidInputError`, `AgencyKeyError`.
    """
    if (record_type is None) == (record_id is None):
        raise InvalidInputError("share", "one record, or one record type", "neither or both")
    found = record_type if record_id is None else type_of_record(session, record_id)
    if found is not None and found.sharing is Sharing.CLOSED:
        what = f"record type {found.name!r} of agency {granter} is closed to sharing"
        raise NotSharedError(None, what, remedy="ask its agency in another way")
    shared = SharedTerms(terms, secrets.token_bytes(SALT_SIZE))
    salt = None if record_id is None else secrets.token_bytes(SALT_SIZE)
    message = RequestMessage(shared, record_id, salt)
    contents = [Outgoing(PartKind.MESSAGE, message.to_bytes(), record_id or bytes(32))]
    kind, subject = EnvelopeKind.SHARE_REQUEST, shared.commitment
    # Before anything is written: whether the profile names a share registry at all.
    call = session.shares.request_share(
        session.profile.agency.id,
        granter,
        0 if record_type is None else record_type.type_id,
        message.scope,
        subject,
        respond_by,
        expires_at,
    )
    envelope = send(session, kind, granter, subject, contents, target)
    return Asked(acts.submit(session, "request share", call, record_id=record_id), envelope)


def grant(
    session: Session,
    share_id: bytes,
    *,
    terms: Terms | None = None,
    expires_at: int | None = None,
    target: Path | None = None,
) -> Asked | Submission:
    """Grant a request as it was made, or on narrower `terms` and until another moment.

    Other terms than asked for go to the requester in an envelope, kept and written to `target`. A
    STEWARD does. Raises `NotSharedError`, `TermsError`.
    """
    share = share_of(session, share_id)
    if share.status != REQUESTED:
        raise NotSharedError(share_id, f"it is {share.status}, and cannot be granted")
    asked = share.require_terms()
    # The chain refuses requests of a closed type, and not grants of one that was closed since.
    found = (
        published_type(session, share.granter, share.type_id)
        if share.record_id is None
        else type_of_record(session, share.record_id)
    )
    if found is not None and found.sharing is Sharing.CLOSED:
        raise NotSharedError(
            share_id,
            f"record type {found.name!r} is closed to sharing",
            remedy="deny it: `muniment share deny SHARE --reason closed-type`",
        )
    until = share.expires_at if expires_at is None else expires_at
    if terms is None or terms == asked.terms:
        call = session.shares.grant_share(share_id, share.commitment, until)
        return acts.submit(session, "grant share", call)
    if not terms.is_within(asked.terms):
        raise TermsError(share_id, "the terms allow more than was asked for", "the same, or less")
    shared = SharedTerms(terms, secrets.token_bytes(SALT_SIZE))
    message = GrantMessage(share_id, shared)
    contents = [Outgoing(PartKind.MESSAGE, message.to_bytes())]
    kind = EnvelopeKind.SHARE_GRANT
    envelope = send(session, kind, share.requester, share_id, contents, target)
    call = session.shares.grant_share(share_id, shared.commitment, until)
    return Asked(acts.submit(session, "grant share", call), envelope)


def deny(session: Session, share_id: bytes, reason: str | int) -> Submission:
    """Deny a request. A STEWARD does."""
    call = session.shares.deny_share(share_id, reason_code(reason))
    return acts.submit(session, "deny share", call)


def revoke(session: Session, share_id: bytes, reason: str | int) -> Submission:
    """End a grant. A STEWARD does."""
    call = session.shares.revoke_share(share_id, reason_code(reason))
    return acts.submit(session, "revoke share", call)


def reason_code(reason: str | int) -> int:
    """Return the code of a reason. Raises `InvalidInputError`."""
    return acts.reason_code(reason, DENIALS)


def share_of(session: Session, share_id: bytes) -> ShareView:
    """Return a share as it stands now. Raises `NotSharedError` where the chain has none."""
    sync(session)
    found = list_shares(session, share_ids=[share_id])
    if not found:
        raise NotSharedError(share_id, "the chain has no such share, or not yet")
    return found[0]


def list_shares(
    session: Session,
    *,
    share_ids: Sequence[bytes] | None = None,
    statuses: Iterable[str] = (),
    with_terms: bool = True,
) -> list[ShareView]:
    """Return the shares that this agency asked for or was asked for, by the mirror.

    In order of when they can be decided. `sync` first.
    """
    own = session.profile.agency.id
    chosen = sa.select(shares).where(sa.or_(shares.c.requester == own, shares.c.granter == own))
    if share_ids is not None:
        chosen = chosen.where(shares.c.share_id.in_(list(share_ids)))
    with session.database.read() as connection:
        rows = connection.execute(chosen.order_by(shares.c.respond_by)).mappings().all()
        now = _now(connection)
    wanted = set(statuses)
    found = []
    for row in rows:
        status = _status(row, now)
        if wanted and status not in wanted:
            continue
        shared, record_id = _known(session, row) if with_terms else (None, None)
        found.append(
            ShareView(
                share_id=bytes(row["share_id"]),
                requester=row["requester"],
                granter=row["granter"],
                type_id=row["type_id"],
                status=status,
                respond_by=row["respond_by"],
                expires_at=row["expires_at"],
                scope=bytes(row["scope"]),
                commitment=bytes(row["terms"]),
                shared=shared,
                record_id=record_id,
            )
        )
    return found


def require_request(session: Session, sender: int, message: RequestMessage) -> ShareView:
    """Return the share that a request's message is about, which must stand on chain just so.

    Raises `NotSharedError`, `EnvelopeError`.
    """
    sync(session)
    commitment = message.shared.commitment
    own = session.profile.agency.id
    chosen = sa.select(shares).where(shares.c.granter == own, shares.c.requester == sender)
    with session.database.read() as connection:
        rows = connection.execute(chosen).mappings().all()
        asked = [row for row in rows if _asked_terms(connection, row) == commitment]
    if not asked:
        what = f"agency {sender} has asked for nothing on these terms, or not yet"
        raise NotSharedError(None, what, remedy="take it in again when its request is in a block")
    # The same terms may have been asked for more than once: the chain does not keep them apart.
    just_so = [bytes(row["share_id"]) for row in asked if bytes(row["scope"]) == message.scope]
    if not just_so:
        raise EnvelopeError("it is about another record than the request on chain", "the same")
    found = list_shares(session, share_ids=just_so, with_terms=False)
    undecided = [each for each in found if each.status == REQUESTED]
    return (undecided or found)[0]


def decide_by_type(session: Session, share: ShareView) -> Submission | None:
    """Decide a request for one record as the record's type says: open is granted, closed denied.

    None where a steward has to decide, or where this officer is none. An agreement of an open type
    is granted by the chain itself.
    """
    if share.status != REQUESTED or share.record_id is None or not _is_steward(session):
        return None
    found = type_of_record(session, share.record_id)
    if found is None or found.sharing is Sharing.CONDITIONAL:
        return None
    if found.sharing is Sharing.CLOSED:
        return deny(session, share.share_id, "closed-type")
    granted = grant(session, share.share_id)
    return granted if isinstance(granted, Submission) else granted.submission


def _is_steward(session: Session) -> bool:
    if session.profile.keys.officer is None:
        return False
    own = session.profile.agency.id
    return any(
        (each.role, each.account) == ("steward", session.officer)
        for each in agency.officers(session, own)
    )


def _known(session: Session, row: sa.RowMapping) -> tuple[SharedTerms | None, bytes | None]:
    """The terms that stand on chain and the record, by the messages that are here.

    Terms and scopes on chain can be copied by anybody: a message counts for the share of the two
    agencies between which it went, and a request's for its own scope.
    """
    share_id, wanted = bytes(row["share_id"]), bytes(row["terms"])
    asked_of_us = row["granter"] == session.profile.agency.id
    other = row["requester"] if asked_of_us else row["granter"]
    coming, going = (RECEIVED, SENT) if asked_of_us else (SENT, RECEIVED)
    with session.database.read() as connection:
        asked = _asked_terms(connection, row)
        requests = envelopes.find(
            connection,
            kinds=[EnvelopeKind.SHARE_REQUEST],
            direction=coming,
            subject=asked or wanted,
        )
        grants = envelopes.find(
            connection, kinds=[EnvelopeKind.SHARE_GRANT], direction=going, subject=share_id
        )
    shared, record_id = None, None
    for each in requests:
        message = _request_in(session, each) if each.agency_id == other else None
        if message is not None and message.scope == bytes(row["scope"]):
            shared, record_id = message.shared, message.record_id
            break
    for each in grants:
        granted = GrantMessage.from_bytes(_message(session, each)).shared
        if granted.commitment == wanted:
            shared = granted
    if shared is not None and shared.commitment != wanted:
        shared = None
    return shared, record_id


def _request_in(session: Session, row: EnvelopeRow) -> RequestMessage:
    return RequestMessage.from_bytes(_message(session, row))


def _message(session: Session, row: EnvelopeRow) -> bytes:
    return message_in(kept_parts(session, row))


def message_in(parts: Iterable[Part]) -> bytes:
    """Return the message that an envelope begins with, put together. Raises `EnvelopeError`."""
    body = b""
    for part in parts:
        if part.label.kind is not PartKind.MESSAGE:
            break
        body += part.body
        if part.label.is_last:
            return body
    raise EnvelopeError("it does not begin with a message", "a message as its first part")


def _asked_terms(connection: DatabaseConnection, row: sa.RowMapping) -> bytes | None:
    """The commitment of the terms as they were asked for; a grant may have put others there."""
    for log in mirror.logs_of(connection, [bytes(row["share_id"])]):
        event = event_of(log)
        if isinstance(event, ShareRequested):
            return event.terms
    return None


def _status(row: sa.RowMapping, now: int) -> str:
    status = str(row["status"]).lower()
    if status == GRANTED and now > row["expires_at"]:
        return EXPIRED
    if status == REQUESTED and now > row["respond_by"]:
        return LAPSED
    return status


def _now(connection: DatabaseConnection) -> int:
    """The chain's time; by our own clock where no block was made for a while, less what clocks
    may differ by: what has expired is not in force because the chain stands still."""
    top = mirror.top_block(connection)
    return max(0 if top is None else top.timestamp, int(time.time()) - CLOCKS)
