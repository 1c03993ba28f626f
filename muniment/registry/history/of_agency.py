# SPDX-License-Identifier: Apache-2.0
"""Lines of a history that the agency keeps: reads, deliveries, corrections, refused attempts.

Each says what stands behind it: a journal, the other agency's signature, a receipt on chain, or
nothing but this agency's word. That there is no other is nobody's proof.
"""

from __future__ import annotations

from collections.abc import Iterator

from muniment.chain.bindings.share_registry import DeliveryAcknowledged
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.record.identifiers import RecordId
from muniment.registry import access_entries
from muniment.registry.corrections.listing import CorrectionView, corrections
from muniment.registry.history.lines import OUR_WORD, HistoryLine, Kind
from muniment.registry.history.of_chain import shares_about
from muniment.registry.journal_records import entry_of
from muniment.registry.session import Session
from muniment.store import envelopes, mirror
from muniment.store.envelopes import SENT, Attempt, EnvelopeRow
from muniment.store.folding import event_of


def entry(session: Session, record_id: RecordId) -> Iterator[HistoryLine]:
    """Tell the journal's entry that registered the record."""
    row = entry_of(session, record_id)
    if row is not None:
        place = f"entry {row.index} of journal {row.journal}"
        who = f"agency {row.agency_id}"
        values = {"journal": row.journal, "index": row.index}
        yield HistoryLine(Kind.ENTRY, row.entry.time, "registered", who, 1, "", place, values)


def reads(session: Session, record_id: RecordId) -> Iterator[HistoryLine]:
    """Tell who was shown the content: what was written down was not changed since."""
    for each in access_entries.history(session, record_id):
        proof = "acknowledged"
        if each.journal is not None:
            proof = f"entry {each.index} of journal {each.journal}, {each.stage}"
        time = each.read_ms / 1000
        values = {
            "read": each.act,
            "time": time,
            "version": each.version,
            "reader": each.reader,
            "purpose": each.purpose,
            "share": None if each.share is None else f"0x{each.share.hex()}",
            "journal": each.journal,
            "index": each.index,
            "stage": str(each.stage),
        }
        yield HistoryLine(
            Kind.READ, time, each.act, each.reader, each.version, each.purpose, proof, values
        )


def deliveries(session: Session, record_id: RecordId) -> Iterator[HistoryLine]:
    """Tell what was sent and received of the record, and whether its receipt stands on chain."""
    with session.database.read() as connection:
        rows = envelopes.find(connection, kinds=[EnvelopeKind.DELIVERY], record_id=record_id)
        found = [
            (
                row,
                [each.version for each in envelopes.places_of(connection, record_id, [row.digest])],
                next(
                    (
                        log.block_number
                        for log in mirror.logs_of(connection, [row.subject])
                        for event in (event_of(log),)
                        if isinstance(event, DeliveryAcknowledged)
                        and event.delivery_digest == row.digest
                    ),
                    None,
                ),
            )
            for row in rows
        ]
    for row, versions, block in found:
        for version in versions:
            yield _delivery(row, version, block)


def corrected(session: Session, record_id: RecordId) -> Iterator[HistoryLine]:
    """Tell which corrections were asked for, and what was decided; each signed by who says it."""
    own = session.profile.agency.id
    for view in corrections(session, record_id):
        sent = view.row.direction == SENT
        requester, custodian = (own, view.row.agency_id) if sent else (view.row.agency_id, own)
        yield _correction_request(view, requester)
        answer, row = view.answer, view.answered_by
        if answer is None or row is None:
            continue
        values = {
            "event": str(answer.decision),
            "time": row.kept_ms / 1000,
            "request": f"0x{view.digest.hex()}",
            "answer": f"0x{row.digest.hex()}",
            "agency": custodian,
            "version": answer.version,
            "reason": answer.reason or None,
        }
        yield HistoryLine(
            Kind.CORRECTION,
            row.kept_ms / 1000,
            f"{answer.decision} correction 0x{view.digest.hex()[:8]}…",
            f"agency {custodian}",
            answer.version,
            answer.reason,
            f"signed by agency {custodian}",
            values,
        )


def attempts(session: Session, record_id: RecordId) -> Iterator[HistoryLine]:
    """Tell what was refused here about the record, or about a share of it."""
    with session.database.read() as connection:
        found = set(envelopes.attempts_at(connection, record_id=record_id))
        for share_id in shares_about(session, connection, record_id):
            found |= {
                each
                for each in envelopes.attempts_at(connection, share_id=share_id)
                if each.record_id in (None, record_id)
            }
    for each in sorted(found, key=lambda each: each.at_ms):
        yield _attempt(session, each)


def _delivery(row: EnvelopeRow, version: int, block: int | None) -> HistoryLine:
    sent = row.direction == SENT
    receipt = "no receipt on chain" if block is None else f"receipt on chain, block {block}"
    time = row.kept_ms / 1000
    values = {
        "delivery": f"0x{row.digest.hex()}",
        "direction": row.direction,
        "time": time,
        "agency": row.agency_id,
        "version": version,
        "share": f"0x{row.subject.hex()}",
        "made_at": row.made_at,
        "receipt_block": block,
    }
    return HistoryLine(
        Kind.DELIVERY,
        time,
        "delivered" if sent else "received",
        f"{'to' if sent else 'from'} agency {row.agency_id}",
        version,
        f"share 0x{row.subject.hex()[:8]}…",
        receipt if sent else f"signed by agency {row.agency_id}; {receipt}",
        values,
    )


def _correction_request(view: CorrectionView, requester: int) -> HistoryLine:
    asked, time = view.request, view.row.kept_ms / 1000
    version, reason = (None, "") if asked is None else (asked.version, asked.reason)
    values = {
        "event": "requested",
        "time": time,
        "request": f"0x{view.digest.hex()}",
        "agency": requester,
        "version": version,
        "reason": reason or None,
    }
    return HistoryLine(
        Kind.CORRECTION,
        time,
        f"requested correction 0x{view.digest.hex()[:8]}…",
        f"agency {requester}",
        version,
        reason,
        f"signed by agency {requester}",
        values,
    )


def _attempt(session: Session, each: Attempt) -> HistoryLine:
    who = session.profile.agency.id if each.agency_id is None else each.agency_id
    values = {
        "attempt": each.what,
        "time": each.at_ms / 1000,
        "agency": each.agency_id,
        "share": None if each.share_id is None else f"0x{each.share_id.hex()}",
        "reason": each.reason,
    }
    return HistoryLine(
        Kind.ATTEMPT,
        each.at_ms / 1000,
        f"refused: {each.what}",
        f"agency {who}",
        None,
        each.reason,
        OUR_WORD,
        values,
    )
