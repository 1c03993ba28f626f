# SPDX-License-Identifier: Apache-2.0
"""Taking in what another agency sent: one way for every kind of envelope.

First it is checked for whom it is and who signed it, then what it says against the chain, then it
is kept; only then does anything follow from it, a receipt on chain for instance. Taken in again it
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from muniment.chain.bindings.share_registry import DeliveryAcknowledged, ShareRevoked
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.envelope_parts import NO_RECORD
from muniment.exchange.errors import EnvelopeError, NotSharedError, TermsError
from muniment.exchange.messages import DELIVERY, GrantMessage, RequestMessage
from muniment.registry import acts
from muniment.registry.custody.accepting import receive_package
from muniment.registry.custody.closing import receive_closing
from muniment.registry.exchange import correcting
from muniment.registry.exchange.delivery_checking import DeliveryCheck
from muniment.registry.exchange.keeping import Arrived, arrived, keep_arrived, noting
from muniment.registry.exchange.shares import (
    CLOCKS,
    DENIED,
    LAPSED,
    REQUESTED,
    REVOKED,
    ShareView,
    decide_by_type,
    message_in,
    require_request,
    share_of,
)
from muniment.registry.exchange.taken_in import TakenIn
from muniment.registry.session import Session
from muniment.store import envelopes, mirror
from muniment.store.envelopes import EnvelopedRecord
from muniment.store.folding import event_of
from muniment.store.mirror import NewLog

__all__ = ["Handler", "TakenIn", "acknowledged_under", "is_acknowledged", "receive"]

Handler = Callable[[Session, Arrived], TakenIn]
"""Checks and keeps an envelope of one kind, and does what follows."""


def receive(
    session: Session,
    path: Path,
    *,
    acknowledge: bool = True,
    progress: Callable[[int], None] | None = None,
) -> TakenIn:
    """Take in an envelope that came as a file.

    A delivery is acknowledged on chain, which a STEWARD does, unless `acknowledge` is False. What
    does not hold is refused whole, nothing of it is kept, and the history has the attempt. Raises
    `EnvelopeError`, `NotAddressedError`, `AgencyKeyError`, `NotSharedError`, `TermsError`.
    """
    with noting(session, "receive"):
        envelope = arrived(session, path)
    header = envelope.header
    about: dict[str, Any] = {"agency_id": header.sender}
    if header.kind in _OF_SHARES:
        about["share_id"] = header.subject
    elif header.kind in _OF_RECORDS:
        about["record_id"] = header.subject
    with noting(session, f"receive {header.kind}", **about):
        if header.kind is EnvelopeKind.DELIVERY:
            return _delivery(session, envelope, acknowledge=acknowledge, progress=progress)
        return _HANDLERS[header.kind](session, envelope)


_OF_SHARES: Final = (EnvelopeKind.SHARE_GRANT, EnvelopeKind.DELIVERY)
_OF_RECORDS: Final = (EnvelopeKind.CORRECTION_REQUEST, EnvelopeKind.CORRECTION_ANSWER)


def _request(session: Session, envelope: Arrived) -> TakenIn:
    first, body = envelope.message()
    message = RequestMessage.from_bytes(body)
    if message.shared.commitment != envelope.header.subject:
        raise EnvelopeError("its terms are not those that its header names", "the same terms")
    if first.label.record_id != (message.record_id or NO_RECORD):
        raise EnvelopeError("its message is labelled as of another record", "its own")
    share = require_request(session, envelope.header.sender, message)
    about = []
    if message.record_id is not None:
        about = [EnvelopedRecord(envelope.digest, message.record_id, 0, first.number, first.offset)]
    row = keep_arrived(session, envelope, about)
    share = share_of(session, share.share_id)
    return TakenIn(row, decide_by_type(session, share), share=share)


def _grant(session: Session, envelope: Arrived) -> TakenIn:
    message = GrantMessage.from_bytes(envelope.message()[1])
    share = _granted_to_us(session, envelope)
    if (message.share_id, message.shared.commitment) != (share.share_id, share.commitment):
        raise TermsError(
            share.share_id,
            "the message has other terms than the chain",
            "the terms whose commitment stands on chain",
        )
    return TakenIn(keep_arrived(session, envelope), share=share)


def _delivery(
    session: Session,
    envelope: Arrived,
    *,
    acknowledge: bool,
    progress: Callable[[int], None] | None,
) -> TakenIn:
    share = _granted_to_us(session, envelope)
    _require_made_in_time(session, share, envelope.header.made_at)
    with session.database.read() as connection:
        known = envelopes.of_digest(connection, envelope.digest)
        before = [] if known is None else envelopes.records_in(connection, envelope.digest)
    if known is None:
        with envelope.parts() as parts:
            first = next(parts, None)
            message = GrantMessage.from_bytes(
                message_in([] if first is None else [first]), DELIVERY
            )
            if (message.share_id, message.shared.commitment) != (
                share.share_id,
                share.commitment,
            ):
                raise TermsError(
                    share.share_id,
                    "it was delivered on other terms than stand on chain",
                    "the terms whose commitment stands on chain",
                )
            check = DeliveryCheck(session, share, message.shared.terms, envelope.digest)
            for part in parts:
                check.take(part)
                if progress is not None:
                    progress(len(check.records))
            check.end()
        check.types.keep()
        row, count, evidence = (
            keep_arrived(session, envelope, check.records),
            len(check.records),
            check.evidence,
        )
    else:
        row, count, evidence = known, len(before), 0
    submission = None
    if acknowledge and not is_acknowledged(session, share.share_id, envelope.digest):
        call = session.shares.acknowledge_delivery(share.share_id, envelope.digest)
        submission = acts.submit(session, "acknowledge delivery", call)
    return TakenIn(row, submission, count, evidence, share)


def is_acknowledged(session: Session, share_id: bytes, digest: bytes) -> bool:
    """Whether a delivery's receipt stands on chain, by the mirror."""
    return digest in acknowledged_under(session, [share_id])


def acknowledged_under(session: Session, share_ids: Sequence[bytes]) -> frozenset[bytes]:
    """Return the digests of all deliveries under shares whose receipts stand on chain, by the
    mirror."""
    return frozenset(
        event.delivery_digest
        for event in map(event_of, _events(session, share_ids))
        if isinstance(event, DeliveryAcknowledged)
    )


def _granted_to_us(session: Session, envelope: Arrived) -> ShareView:
    share = share_of(session, envelope.header.subject)
    parties = (envelope.header.sender, session.profile.agency.id)
    if (share.granter, share.requester) != parties:
        raise NotSharedError(
            share.share_id,
            f"it is of agency {share.granter} to agency {share.requester}, not of {parties[0]} to "
            f"{parties[1]}",
        )
    if share.status in (REQUESTED, DENIED, LAPSED):
        raise NotSharedError(share.share_id, f"it is {share.status}, and was never granted")
    return share


def _require_made_in_time(session: Session, share: ShareView, made_at: int) -> None:
    """A delivery may have been on its way when the grant ended; one made later is none."""
    ended = share.expires_at
    if share.status == REVOKED:
        for log in _events(session, [share.share_id]):
            if isinstance(event_of(log), ShareRevoked):
                ended = min(ended, _time_of(session, log.block_number))
    if made_at > ended + CLOCKS:
        raise NotSharedError(share.share_id, "the delivery was made after the grant had ended")


def _time_of(session: Session, number: int) -> int:
    return session.nodes.read(lambda node: node.block(number)).timestamp


def _events(session: Session, share_ids: Sequence[bytes]) -> list[NewLog]:
    with session.database.read() as connection:
        return mirror.logs_of(connection, share_ids)


_HANDLERS: Final[dict[EnvelopeKind, Handler]] = {
    EnvelopeKind.SHARE_REQUEST: _request,
    EnvelopeKind.SHARE_GRANT: _grant,
    EnvelopeKind.CORRECTION_REQUEST: correcting.take_in_request,
    EnvelopeKind.CORRECTION_ANSWER: correcting.take_in_answer,
    EnvelopeKind.CUSTODY: receive_package,
    EnvelopeKind.CUSTODY_CLOSING: receive_closing,
}
