# SPDX-License-Identifier: Apache-2.0
"""What follows from the chain for hand-overs: taken in, given, or as if they had never come.

Done by whoever brings the mirror up to date, the daemon and every command that does so. Only what
is final counts. Where nothing waits it costs one look into the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from muniment.errors import ExchangeError, RecordError
from muniment.record.identifiers import RecordId
from muniment.registry.custody.outcomes import Outcome, final_block, outcomes
from muniment.registry.custody.taking import take_in
from muniment.registry.exchange.keeping import file_name
from muniment.registry.session import Session
from muniment.store import envelopes, handovers
from muniment.store.handovers import (
    ARRIVED,
    ENDED,
    OUTSTANDING,
    WENT_OVER,
    Handover,
    HandoverRecord,
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What followed: the records that were taken in, those whose custody went to another agency,
    those whose offers came to nothing; and of which hand-overs something could not be taken in,
    with the reason."""

    taken: tuple[RecordId, ...] = ()
    given: tuple[RecordId, ...] = ()
    ended: tuple[RecordId, ...] = ()
    faults: tuple[tuple[bytes, str], ...] = ()


def settle(session: Session) -> Settled:
    """Do what follows from the chain now, by the mirror; done again it does nothing more.

    One process does it at a time, under the indexer's lease. Raises what the stores raise.
    """
    own = session.profile.agency.id
    taken: list[RecordId] = []
    given: list[RecordId] = []
    ended: list[RecordId] = []
    faults: list[tuple[bytes, str]] = []
    with session.database.read() as connection:
        final = final_block(connection)
        if final is None:
            return Settled()
        waiting = handovers.undecided(connection, final.timestamp)
        found = {each: handovers.of_id(connection, each) for each in waiting}
    for handover_id, rows in waiting.items():
        handover = found[handover_id]
        if handover is None or (handover.to_agency == own and final.top < handover.block_number):
            continue
        with session.database.read() as connection:
            ids = [row.record_id for row in rows]
            became = outcomes(connection, handover, handover.from_agency == own, ids)
        # What only has arrived was not checked by whoever accepted it without its content.
        over = [
            row
            for row in rows
            if became[row.record_id] is Outcome.TRANSFERRED and row.state != ARRIVED
        ]
        closed = [
            row
            for row in rows
            if became[row.record_id] not in (Outcome.TRANSFERRED, Outcome.WAITING)
        ]
        if handover.from_agency == own:
            _give(session, handover, over, closed, became)
            given += [row.record_id for row in over]
        else:
            try:
                take_in(session, handover, over)
                taken += [row.record_id for row in over]
            except (ExchangeError, RecordError) as error:
                # It waits for its package: what stands on chain stands all the same.
                faults.append((handover_id, error.what))
            with session.database.write() as connection:
                handovers.forget_records(connection, handover, [row.record_id for row in closed])
        ended += [row.record_id for row in closed]
    _clear(session, own)
    return Settled(tuple(taken), tuple(given), tuple(ended), tuple(faults))


def _give(
    session: Session,
    handover: Handover,
    over: Sequence[HandoverRecord],
    closed: Sequence[HandoverRecord],
    became: dict[RecordId, Outcome],
) -> None:
    with session.database.write() as connection:
        handovers.put_records(
            connection,
            [replace(row, state=OUTSTANDING, changed_ms=0) for row in over]
            + [
                replace(row, state=ENDED, reason=str(became[row.record_id]), changed_ms=0)
                for row in closed
            ],
        )
        # To whom it had these records from they went back.
        ids = [row.record_id for row in over]
        handovers.give_back(connection, ids, handover.to_agency, handover.from_agency)


def _clear(session: Session, own: int) -> None:
    """Take away packages of which nothing waits any more, and hand-overs of which nothing is left.

    A package holds secrets: once taken in, or come to nothing, it is a copy that nobody needs.
    """
    with session.database.read() as connection:
        done = [
            (handover, _went_over(connection, handover))
            for handover in handovers.taken_by(connection, own)
        ]
        kept = {
            handover.digest: envelopes.of_digest(connection, handover.digest)
            for handover, _ in done
        }
    for handover, went_over in done:
        row = kept[handover.digest]
        if went_over and (row is None or not row.is_kept):
            continue
        session.vault.delete(file_name(handover.digest))
        with session.database.write() as connection:
            if went_over:
                envelopes.drop_file(connection, handover.digest)
            else:
                handovers.remove(connection, handover.handover_id)
                envelopes.remove(connection, handover.digest)


def _went_over(connection: Connection, handover: Handover) -> bool:
    return bool(handovers.records_of(connection, handover.handover_id, WENT_OVER))
