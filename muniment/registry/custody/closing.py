# SPDX-License-Identifier: Apache-2.0
"""What becomes of the former custodian's copies: destroyed, or kept under a share; and its word.

From the transfer on the content at the former custodian is a copy. It says what it did with it in
a signed message to the new custodian; until then both histories say that a copy is outstanding.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from muniment.exchange.custody import DESTROYED, KEPT, ClosingMessage
from muniment.exchange.envelope import Outgoing
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.envelope_parts import PartKind
from muniment.exchange.errors import CustodyError, EnvelopeError, NotSharedError
from muniment.record.identifiers import RecordId
from muniment.registry.custody.proven import mirrored_block
from muniment.registry.erasing import destroy
from muniment.registry.exchange.carried import target_exists
from muniment.registry.exchange.keeping import Arrived, keep_arrived, send
from muniment.registry.exchange.shares import ShareView, share_of
from muniment.registry.exchange.taken_in import TakenIn
from muniment.registry.session import Session
from muniment.store import handovers
from muniment.store.envelopes import EnvelopedRecord, EnvelopeRow
from muniment.store.handovers import OUTSTANDING, WENT_OVER, Handover, HandoverRecord
from muniment.store.mirror_search import custodian_of
from muniment.store.versions import forget, versions_of

_MANY: Final = 200


@dataclass(frozen=True, slots=True)
class Closed:
    """What was said of copies: the envelope for the new custodian, and of how many records."""

    handover_id: bytes
    row: EnvelopeRow
    count: int


def close(
    session: Session,
    handover_id: bytes,
    target: Path | None,
    *,
    share_id: bytes | None = None,
    record_ids: Sequence[RecordId] | None = None,
) -> Closed:
    """Destroy this agency's copies of records that it handed over, or keep them under a share, and
    write the word of it for the new custodian to `target`, if there is one; it is kept in any case.

    All of the hand-over whose copies are outstanding, or some records. Without `share_id` the
    secrets of all versions are destroyed first. Done again it writes the same word again. Raises
    `CustodyError`, `NotSharedError`, what the key store raises.
    """
    if target is not None and target.exists():
        raise target_exists()
    mirrored_block(session)
    handover, rows = _given(session, handover_id, record_ids, _state_of(share_id))
    if share_id is None:
        _destroy(session, rows)
    else:
        share = share_of(session, share_id).require_in_force()
        for row in rows:
            _require_covered(session, share, handover, row.record_id)
        _set(session, rows, share_id)
    message = ClosingMessage(
        handover_id,
        DESTROYED if share_id is None else KEPT,
        share_id,
        int(time.time()),
        tuple(row.record_id for row in rows),
    )
    sent = send(
        session,
        EnvelopeKind.CUSTODY_CLOSING,
        handover.to_agency,
        handover_id,
        [Outgoing(PartKind.MESSAGE, message.to_bytes())],
        target,
    )
    with session.database.write() as connection:
        said = handovers.records_of(connection, handover_id, [_state_of(share_id)])
        named = set(message.record_ids)
        handovers.put_records(
            connection,
            [replace(each, statement=sent.digest) for each in said if each.record_id in named],
        )
    return Closed(handover_id, sent, len(rows))


def receive_closing(session: Session, envelope: Arrived) -> TakenIn:
    """Take in what a former custodian says of its copies.

    Raises `CustodyError` for a hand-over that did not come from it, and for records that did not
    come over by it.
    """
    first, body = envelope.message()
    message = ClosingMessage.from_bytes(body)
    header = envelope.header
    mirrored_block(session)
    with session.database.read() as connection:
        handover = handovers.of_id(connection, header.subject)
        rows = {each.record_id: each for each in handovers.records_of(connection, header.subject)}
    parties = (header.sender, session.profile.agency.id)
    if handover is None or (handover.from_agency, handover.to_agency) != parties:
        raise CustodyError(
            f"agency {header.sender} has handed nothing over as 0x{header.subject.hex()}",
            "a hand-over that came from it",
        )
    if message.handover_id != header.subject:
        raise EnvelopeError("its message is of another hand-over", "the one its header names")
    strange = [each for each in message.record_ids if each not in rows]
    waiting = [each for each in message.record_ids if each not in strange]
    waiting = [each for each in waiting if rows[each].state not in WENT_OVER]
    if strange or waiting:
        raise CustodyError(
            f"{len(strange) + len(waiting)} records of the statement did not come over",
            "records of the hand-over that this agency has taken in",
            remedy="bring the mirror up to date, and take it in again",
            faults=dict.fromkeys([*strange, *waiting], "it did not come over"),
        )
    places = [
        EnvelopedRecord(envelope.digest, each, 0, first.number, first.offset)
        for each in message.record_ids
    ]
    row = keep_arrived(session, envelope, places)
    state = handovers.DESTROYED if message.outcome == DESTROYED else handovers.KEPT
    with session.database.write() as connection:
        handovers.put_records(
            connection,
            [
                replace(
                    rows[each],
                    state=state,
                    share_id=message.share_id,
                    statement=row.digest,
                    changed_ms=0,
                )
                for each in message.record_ids
                if rows[each].statement != row.digest
            ],
        )
    return TakenIn(row, count=len(message.record_ids))


def _state_of(share_id: bytes | None) -> str:
    return handovers.DESTROYED if share_id is None else handovers.KEPT


def _given(
    session: Session, handover_id: bytes, record_ids: Sequence[RecordId] | None, state: str
) -> tuple[Handover, list[HandoverRecord]]:
    """The records of a hand-over whose copies are to be, or were, treated in this way."""
    with session.database.read() as connection:
        handover = handovers.of_id(connection, handover_id)
        rows = {each.record_id: each for each in handovers.records_of(connection, handover_id)}
    if handover is None or handover.from_agency != session.profile.agency.id:
        raise CustodyError(
            f"this agency has handed nothing over as 0x{handover_id.hex()}",
            "one of `muniment custody list`",
        )
    chosen = sorted(rows) if record_ids is None else list(dict.fromkeys(record_ids))
    fitting = (OUTSTANDING, state)
    if record_ids is None:
        chosen = [each for each in chosen if rows[each].state in fitting]
    faults = {
        each: "it is not in the hand-over" if each not in rows else f"it is {rows[each].state}"
        for each in chosen
        if each not in rows or rows[each].state not in fitting
    }
    if faults or not chosen:
        raise CustodyError(
            "no copy of it is outstanding" if not chosen else "not of all a copy is outstanding",
            "records whose custody went over",
            faults=faults,
        )
    return handover, [rows[each] for each in chosen]


def _destroy(session: Session, rows: Sequence[HandoverRecord]) -> None:
    """Destroy the secrets of copies, then what would find them: as what is disposed of."""
    for start in range(0, len(rows), _MANY):
        part = rows[start : start + _MANY]
        with session.database.read() as connection:
            own = session.profile.agency.id
            for row in part:
                if custodian_of(connection, row.record_id) == own:
                    raise CustodyError(
                        f"record 0x{row.record_id.hex()} is in this agency's custody",
                        "a record whose custody went over",
                    )
            numbers = {
                row.record_id: [each.version for each in versions_of(connection, row.record_id)]
                for row in part
            }
        destroy(session, [(each, number) for each, many in numbers.items() for number in many])
        with session.database.write() as connection:
            for record_id, many in numbers.items():
                forget(connection, record_id, many)
            handovers.put_records(
                connection,
                [
                    replace(row, state=handovers.DESTROYED, changed_ms=0)
                    for row in part
                    if row.state != handovers.DESTROYED
                ],
            )


def _set(session: Session, rows: Sequence[HandoverRecord], share_id: bytes) -> None:
    with session.database.write() as connection:
        handovers.put_records(
            connection,
            [replace(row, state=handovers.KEPT, share_id=share_id, changed_ms=0) for row in rows],
        )


def _require_covered(
    session: Session, share: ShareView, handover: Handover, record_id: RecordId
) -> None:
    """Require that a share of the new custodian's lets this agency have a record."""
    parties = (share.granter, share.requester)
    if parties != (handover.to_agency, session.profile.agency.id):
        what = f"it is of agency {share.granter} to agency {share.requester}"
        raise NotSharedError(share.share_id, what)
    if share.record_id == record_id:
        return
    with session.database.read() as connection:
        kept = versions_of(connection, record_id)
    of_type = kept and (kept[0].agency_id, kept[0].type_id) == (share.granter, share.type_id)
    if not of_type:
        what = f"record 0x{record_id.hex()} is not of it"
        raise NotSharedError(share.share_id, what)
