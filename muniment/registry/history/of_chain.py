# SPDX-License-Identifier: Apache-2.0
"""Lines of a history that the chain proves: acts, and what became of shares of the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.chain.bindings.share_registry import (
    DeliveryAcknowledged,
    ShareDenied,
    ShareGranted,
    ShareRequested,
    ShareRevoked,
)
from muniment.chain.connection import Connection
from muniment.chain.contract import Event
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.record.identifiers import RecordId
from muniment.registry import reading
from muniment.registry.exchange.shares import DENIALS, ShareView, list_shares
from muniment.registry.history.lines import HistoryLine, Kind, on_chain
from muniment.registry.session import Session
from muniment.store import envelopes, mirror
from muniment.store.envelopes import SENT
from muniment.store.folding import event_of
from muniment.store.tables import shares

_ADOPTED: Final = "adopted"
_REASONS: Final = {code: name for name, code in DENIALS.items()}


def acts(session: Session, record_id: RecordId) -> Iterator[HistoryLine]:
    """Tell the acts: all that there are, checked against the record's slots; before them how the
    record was taken over from a predecessor, if it was."""
    trace = reading.trace(session, record_id)
    if trace.adoption is not None:
        block, state = trace.adoption.block_number, trace.adoption.adopted.state
        time = _times(session, {block})[block]
        values = {"act": _ADOPTED, "time": time, "version": state.version, "block": block}
        note = "earlier acts are the predecessor's"
        yield HistoryLine(Kind.ACT, time, _ADOPTED, "", state.version, note, "on chain", values)
    for each in trace.acts:
        act, account = each.act, f"0x{each.act.account.hex()}"
        name, version = act.kind.name.lower(), act.state.version
        values = {
            "act": name,
            "time": each.time,
            "version": version,
            "agency": act.agency_id,
            "account": account,
            "block": each.block_number,
        }
        yield HistoryLine(Kind.ACT, each.time, name, account, version, "", "on chain", values)


def share_events(session: Session, record_id: RecordId) -> Iterator[HistoryLine]:
    """Tell what became of shares of the record alone, of the agreements under which it was
    delivered, and the receipts of those deliveries."""
    with session.database.read() as connection:
        share_ids = sorted(shares_about(session, connection, record_id))
        digests = {row.digest for row in _deliveries(connection, record_id)}
        logs = [(each, mirror.logs_of(connection, [each])) for each in share_ids]
    views = {each.share_id: each for each in list_shares(session, share_ids=share_ids)}
    told = [
        (share_id, event, log.block_number)
        for share_id, many in logs
        for log, event in ((log, event_of(log)) for log in many)
        if not isinstance(event, DeliveryAcknowledged) or event.delivery_digest in digests
    ]
    times = _times(session, {block for _, _, block in told})
    for share_id, event, block in told:
        line = _line(views[share_id], event, block, times[block])
        if line is not None:
            yield line


def shares_about(
    session: Session, connection: DatabaseConnection, record_id: RecordId
) -> set[bytes]:
    """Return the shares of this record alone, as the messages here tell, and those under which it
    was delivered."""
    found = {row.subject for row in _deliveries(connection, record_id)}
    own = session.profile.agency.id
    requests = envelopes.find(connection, kinds=[EnvelopeKind.SHARE_REQUEST], record_id=record_id)
    for row in requests:
        parties = (own, row.agency_id) if row.direction == SENT else (row.agency_id, own)
        chosen = sa.select(shares.c.share_id).where(
            shares.c.type_id == 0,
            shares.c.requester == parties[0],
            shares.c.granter == parties[1],
        )
        as_asked = chosen.where(shares.c.terms == row.subject)
        same = {bytes(each) for each in connection.execute(as_asked).scalars()}
        found |= same or {
            share_id
            for share_id in map(bytes, connection.execute(chosen).scalars())
            if _was_asked_on(connection, share_id, row.subject)
        }
    return found


def _was_asked_on(connection: DatabaseConnection, share_id: bytes, terms: bytes) -> bool:
    """Whether a share was asked for on these terms (their commitment); the grant changed them."""
    events = map(event_of, mirror.logs_of(connection, [share_id]))
    return any(isinstance(each, ShareRequested) and each.terms == terms for each in events)


def _deliveries(connection: DatabaseConnection, record_id: RecordId) -> list[envelopes.EnvelopeRow]:
    return envelopes.find(connection, kinds=[EnvelopeKind.DELIVERY], record_id=record_id)


def _line(view: ShareView, event: Event, block: int, time: int) -> HistoryLine | None:
    agency, note = view.granter, ""
    more: dict[str, Any] = {}
    if isinstance(event, ShareRequested):
        what, agency = "requested", view.requester
        note = "" if view.terms is None else view.terms.purpose
        more = {"purpose": note or None, "granter": view.granter}
    elif isinstance(event, ShareGranted):
        what = "granted"
        more = {"expires_at": event.expires_at}
    elif isinstance(event, ShareDenied | ShareRevoked):
        what = "denied" if isinstance(event, ShareDenied) else "revoked"
        note = _REASONS.get(event.reason, str(event.reason))
        more = {"reason": note}
    elif isinstance(event, DeliveryAcknowledged):
        what, agency = "acknowledged", view.requester
        more = {"delivery": f"0x{event.delivery_digest.hex()}"}
    else:
        return None
    values = {
        "event": what,
        "time": time,
        "share": f"0x{view.share_id.hex()}",
        "agency": agency,
        "account": event.account,
        "block": block,
        **more,
    }
    told = f"{what} share 0x{view.share_id.hex()[:8]}…"
    if isinstance(event, DeliveryAcknowledged):
        told = f"acknowledged delivery 0x{event.delivery_digest.hex()[:8]}…"
    return HistoryLine(
        Kind.SHARE, time, told, f"agency {agency}", None, note, on_chain(block), values
    )


def _times(session: Session, numbers: Iterable[int]) -> dict[int, int]:
    """The times of blocks, each read once. Nothing is asked where there is none."""
    wanted = sorted(numbers)
    if not wanted:
        return {}

    def read(node: Connection) -> dict[int, int]:
        return {number: node.block(number).timestamp for number in wanted}

    return session.nodes.read(read)
