# SPDX-License-Identifier: Apache-2.0
"""Offering custody with its content: first the package, then the offers on chain.

The package is whole, and what is in it put down, before any offer is acknowledged; each offer is
acknowledged in one transaction with the row that says so. Whatever ends the process between, the
same command goes on from the package that is there.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from muniment.chain.connection import Block, Connection
from muniment.errors import InvalidInputError
from muniment.exchange.envelope import read_opening, verify_envelope
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.errors import CustodyError
from muniment.pipeline.batching import OFFER, WITHDRAW
from muniment.record.identifiers import RecordId
from muniment.registry.custody.packing import package_of, version_of_part
from muniment.registry.custody.proven import mirrored_block
from muniment.registry.custody.selecting import select
from muniment.registry.disposition.candidates import Candidate, candidates_of
from muniment.registry.enrolling import Enrolling
from muniment.registry.exchange.carried import reading
from muniment.registry.exchange.keeping import send
from muniment.registry.exchange.parties import published_key
from muniment.registry.exchange.tray import written_into
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store import envelopes, handovers, outbox
from muniment.store.envelopes import SENT, EnvelopeRow
from muniment.store.handovers import OFFERED, Handover, HandoverRecord
from muniment.store.keys import KeyPurpose
from muniment.store.outbox_rows import Act

DAY: Final = 86_400
_LONGEST: Final = 36_500
_MANY: Final = 500


@dataclass(frozen=True, slots=True)
class Offered:
    """A hand-over that was offered: its id, its package's digest, the offers on their way, and
    which records were left out and why."""

    handover_id: bytes
    digest: bytes
    submissions: tuple[Submission, ...]
    left_out: Mapping[RecordId, str]
    is_resumed: bool = False


def offer(
    session: Session,
    record_ids: Sequence[RecordId],
    to_agency: int,
    target: Path | None,
    *,
    days: int = 30,
    lenient: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Offered:
    """Write a package of records to `target`, and offer their custody to an agency for some days.

    Without a target it is left for that agency to fetch, once all its offers stand on chain (see
    `exchange/tray.py`). Where `target` is a package of this agency's for that agency, what was
    begun with it goes on.
    What cannot be handed over is refused, and nothing else offered either, unless `lenient`: then
    it is left out. A STEWARD does. Raises `CustodyError` with `faults`, `AgencyKeyError`,
    `InvalidInputError`, and what reading the content raises.
    """
    if not 1 <= days <= _LONGEST:
        raise InvalidInputError("days", f"1 to {_LONGEST}", str(days))
    if to_agency == session.profile.agency.id:
        raise InvalidInputError("agency", "another than this one", "this one")
    mirrored_block(session)
    now = session.nodes.read(_head)
    if target is not None and target.exists():
        return _go_on(session, to_agency, target, now.timestamp + days * DAY)
    ids = list(dict.fromkeys(record_ids))
    selected = select(session, ids, now.timestamp)
    if selected.unfit and not lenient:
        raise CustodyError(
            f"{len(selected.unfit)} of {len(ids)} records cannot be handed over",
            "records in this agency's custody that nothing stops",
            faults=selected.unfit,
        )
    if not selected.fit:
        raise CustodyError(
            "there is no record to hand over",
            "records in this agency's custody that nothing stops",
            faults=selected.unfit,
        )
    handover_id = secrets.token_bytes(32)

    def write(path: Path) -> EnvelopeRow:
        return send(
            session,
            EnvelopeKind.CUSTODY,
            to_agency,
            handover_id,
            package_of(session, handover_id, selected.fit, progress),
            path,
            keep=False,
            versions=version_of_part,
        )

    row = written_into(session, write) if target is None else write(target)
    handover = _handover(session, row, now, now.timestamp + days * DAY)
    made = _offer_all(session, handover, selected.fit)
    return Offered(handover_id, row.digest, tuple(made), selected.unfit)


def withdraw(session: Session, record_ids: Sequence[RecordId]) -> list[Submission]:
    """Withdraw this agency's offers of records. A STEWARD does."""
    return close_offers(session, WITHDRAW, record_ids)


def close_offers(session: Session, kind: str, record_ids: Sequence[RecordId]) -> list[Submission]:
    """Acknowledge that offers of records are withdrawn, or declined."""
    calls = session.records
    make = calls.withdraw_custody if kind == WITHDRAW else calls.decline_custody
    officer = session.officer
    made: list[Submission] = []
    for start in range(0, len(record_ids), _MANY):
        acts = [
            Act(kind, make(each), each, None, officer) for each in record_ids[start : start + _MANY]
        ]
        with session.database.write() as connection:
            numbers = session.acknowledge(connection, acts)
        made += [
            Submission(number, kind, act.record_id, None, session)
            for number, act in zip(numbers, acts, strict=True)
        ]
    return made


def _head(node: Connection) -> Block:
    return node.block()


def _handover(session: Session, row: EnvelopeRow, now: Block, expires_at: int) -> Handover:
    return Handover(
        handover_id=row.subject,
        digest=row.digest,
        from_agency=session.profile.agency.id,
        to_agency=row.agency_id,
        block_number=now.number,
        expires_at=expires_at,
        made_ms=int(time.time() * 1000),
    )


def _go_on(session: Session, to_agency: int, target: Path, expires_at: int) -> Offered:
    """Offer what is in a package that is there already, but was not offered yet."""
    row = _own_package(session, to_agency, target)
    with session.database.read() as connection:
        known = handovers.of_id(connection, row.subject)
        packed: dict[RecordId, int] = {}
        for each in envelopes.records_in(connection, row.digest):
            record_id = RecordId(each.record_id)
            packed[record_id] = max(packed.get(record_id, 0), each.version)
        before = {each.record_id: each for each in handovers.records_of(connection, row.subject)}
    if any(each.state != OFFERED for each in before.values()):
        states = sorted({each.state for each in before.values()} - {OFFERED})
        raise CustodyError(
            f"0x{row.subject.hex()} was offered, and records of it are {', '.join(states)}",
            "a package whose offers stand",
            remedy="hand over what is left by a package of its own",
        )
    handover = known or _handover(session, row, session.nodes.read(_head), expires_at)
    found = candidates_of(session, [each for each in packed if each not in before])
    missing: list[Candidate] = []
    for record_id, candidate in found.items():
        if candidate is None or candidate.version != packed[record_id]:
            raise CustodyError(
                f"record 0x{record_id.hex()} was changed since the package was written",
                "a package of the latest versions",
                remedy="write another package, and destroy this one",
            )
        missing.append(candidate)
    made = [
        Submission(each.submission_id, OFFER, each.record_id, each.version, session)
        for each in before.values()
    ]
    made += _offer_all(session, handover, missing)
    return Offered(row.subject, row.digest, tuple(made), {}, is_resumed=True)


def _own_package(session: Session, to_agency: int, target: Path) -> EnvelopeRow:
    """The envelope that a file is, which this agency has made for another and put down."""
    with reading(target) as reader:
        header = read_opening(reader).header
    own = session.profile.agency.id
    if (header.kind, header.sender, header.recipient) != (EnvelopeKind.CUSTODY, own, to_agency):
        raise InvalidInputError(
            "target", f"no file yet, or a package of this agency's for {to_agency}", "another file"
        )
    key = published_key(session, own, KeyPurpose.MESSAGES, header.sender_epoch)
    with reading(target) as reader:
        digest = verify_envelope(reader, key.public).envelope_digest
    with session.database.read() as connection:
        row = envelopes.of_digest(connection, digest)
    if row is None or row.direction != SENT:
        raise CustodyError(
            "this database has not put down what is in the package",
            "the package as it was written here",
            remedy="destroy the file, and write another package",
        )
    return row


def _offer_all(
    session: Session, handover: Handover, candidates: Sequence[Candidate]
) -> list[Submission]:
    """Acknowledge offers, each with the row that says so, some hundred in a transaction."""
    made: list[Submission] = []
    enrolling, officer = Enrolling(session), session.officer
    for start in range(0, len(candidates), _MANY):
        part = candidates[start : start + _MANY]
        with session.database.read() as connection:
            on_way = {
                each.record_id
                for each in part
                if each.entry is not None and outbox.is_enrolled_by(connection, each.record_id)
            }
        acts = []
        for each in part:
            call = session.records.offer_custody(
                each.record_id, each.version, handover.to_agency, handover.expires_at
            )
            if each.record_id not in on_way:
                call = enrolling.first(each.entry, each.seal, call)
            acts.append(Act(OFFER, call, each.record_id, each.version, officer))
        with session.database.write() as connection:
            if handovers.of_id(connection, handover.handover_id) is None:
                handovers.add(connection, handover)
            numbers = session.acknowledge(connection, acts)
            rows = [
                HandoverRecord(handover.handover_id, each.record_id, each.version, OFFERED, number)
                for each, number in zip(part, numbers, strict=True)
            ]
            handovers.put_records(connection, rows)
        made += [
            Submission(number, OFFER, each.record_id, each.version, session)
            for each, number in zip(part, numbers, strict=True)
        ]
    return made
