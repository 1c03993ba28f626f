# SPDX-License-Identifier: Apache-2.0
"""Which shares of single records still run, and who is known to have been sent what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from muniment.chain.bindings.share_registry import DeliveryAcknowledged
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.record.identifiers import RecordId
from muniment.registry.exchange.shares import GRANTED, list_shares
from muniment.registry.session import Session
from muniment.store import envelopes, mirror
from muniment.store.envelopes import SENT
from muniment.store.folding import event_of

_MANY = 500


@dataclass(frozen=True, slots=True)
class Recipient:
    """An agency that was sent a record: by which envelope, of which kind, when (Unix seconds, by
    this agency's clock), under which share (None for custody), in which versions (0: all), and
    whether its receipt stands on chain."""

    agency_id: int
    kind: str
    digest: bytes
    made_at: int
    share_id: bytes | None
    versions: tuple[int, ...]
    is_acknowledged: bool


def running_shares(session: Session, record_ids: Sequence[RecordId]) -> dict[RecordId, list[bytes]]:
    """Return the shares of single records that this agency granted and that are in force now.

    By the records that their requests' messages name, and the mirror: `sync` first.
    """
    own = session.profile.agency.id
    wanted = set(record_ids)
    found: dict[RecordId, list[bytes]] = {}
    for share in list_shares(session, statuses=[GRANTED]):
        if share.granter == own and share.record_id is not None and share.record_id in wanted:
            found.setdefault(RecordId(share.record_id), []).append(share.share_id)
    return found


def recipients(session: Session, record_id: RecordId) -> list[Recipient]:
    """Return who was sent content of a record by this agency, the earliest first."""
    kinds = (EnvelopeKind.DELIVERY, EnvelopeKind.CUSTODY)
    with session.database.read() as connection:
        rows = envelopes.find(connection, kinds=kinds, direction=SENT, record_id=record_id)
        found = []
        for row in rows:
            places = envelopes.places_of(connection, record_id, [row.digest])
            share = row.subject if row.kind == EnvelopeKind.DELIVERY else None
            acknowledged = share is not None and any(
                isinstance(event, DeliveryAcknowledged) and event.delivery_digest == row.digest
                for event in map(event_of, mirror.logs_of(connection, [share]))
            )
            versions = tuple(sorted(each.version for each in places))
            found.append(
                Recipient(
                    row.agency_id,
                    row.kind,
                    row.digest,
                    row.made_at,
                    share,
                    versions,
                    acknowledged,
                )
            )
    return found
