# SPDX-License-Identifier: Apache-2.0
"""What became of offers, by the final events of their records."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.engine import Connection

from muniment.chain.bindings import record_registry as events
from muniment.chain.traces import ACTS
from muniment.record.identifiers import RecordId
from muniment.store import mirror
from muniment.store.folding import event_of
from muniment.store.handovers import Handover
from muniment.store.mirror import NewLog

_MANY: Final = 500


class Outcome(enum.StrEnum):
    """What became of an offer of custody."""

    WAITING = "waiting"
    """Nothing yet that is final: it is not on chain, or stands open."""
    TRANSFERRED = "transferred"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    OVERTAKEN = "overtaken"
    """Another act closed it."""


@dataclass(frozen=True, slots=True)
class FinalBlock:
    """The highest final block that is mirrored, and its time in Unix seconds; the top's number."""

    number: int
    timestamp: int
    top: int


def final_block(connection: Connection) -> FinalBlock | None:
    """Return how far the mirror is final, None before the first final block."""
    final, _ = mirror.heights(connection)
    kept = mirror.kept_blocks(connection)
    times = [each.timestamp for each in kept if each.number <= final]
    return FinalBlock(final, max(times), kept[-1].number) if times else None


def outcomes(
    connection: Connection, handover: Handover, given: bool, record_ids: Sequence[RecordId]
) -> dict[RecordId, Outcome]:
    """Return what became of the offers of a hand-over's records, as far as it is final.

    `given`: this agency offered them. Then the offer is the first one after the hand-over was made;
    of a hand-over that came it is the last one before it was checked.
    """
    final = final_block(connection)
    if final is None:
        return dict.fromkeys(record_ids, Outcome.WAITING)
    found: dict[RecordId, Outcome] = {}
    for start in range(0, len(record_ids), _MANY):
        part = record_ids[start : start + _MANY]
        logs: dict[RecordId, list[NewLog]] = {each: [] for each in part}
        for log in mirror.logs_of(connection, part):
            logs[RecordId(log.subject)].append(log)
        for record_id, of_record in logs.items():
            found[record_id] = _outcome(handover, given, of_record, final)
    return found


def _outcome(handover: Handover, given: bool, logs: Sequence[NewLog], final: FinalBlock) -> Outcome:
    offers = [
        (place, event)
        for place, log in enumerate(logs)
        if isinstance(event := event_of(log), events.CustodyOffered)
        and (event.from_agency, event.to_agency) == (handover.from_agency, handover.to_agency)
        and (log.block_number > handover.block_number) is given
    ]
    if not offers:
        return Outcome.WAITING
    place, offer = offers[0] if given else offers[-1]
    for log in logs[place + 1 :]:
        outcome = _ended_by(handover, log)
        if outcome is not None:
            return outcome if log.block_number <= final.number else Outcome.WAITING
    is_final = logs[place].block_number <= final.number
    expired = is_final and final.timestamp > offer.expires_at
    return Outcome.EXPIRED if expired else Outcome.WAITING


def _ended_by(handover: Handover, log: NewLog) -> Outcome | None:
    """What an event after an offer says of it, None for one that leaves it open."""
    event = event_of(log)
    if isinstance(event, events.Transferred):
        parties = (event.from_agency, event.agency_id)
        ours = parties == (handover.from_agency, handover.to_agency)
        return Outcome.TRANSFERRED if ours else Outcome.OVERTAKEN
    if isinstance(event, events.CustodyOfferClosed):
        declined = event.agency_id == handover.to_agency
        return Outcome.DECLINED if declined else Outcome.WITHDRAWN
    if isinstance(event, events.CustodyOffered):
        # The registry takes no other offer while one stands.
        return Outcome.EXPIRED
    return Outcome.OVERTAKEN if log.name in ACTS else None
