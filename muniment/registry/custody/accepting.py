# SPDX-License-Identifier: Apache-2.0
"""Accepting custody with its content: checked, kept, and only then accepted on chain.

Rows say first what is about to be accepted, so that what an ended process leaves behind is found;
then the package is durable here; then the acceptances are acknowledged, each naming version,
commitment and trace head as they were checked. Taken in is the content when the transfer is final
(`settling.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy.engine import Connection

from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.errors import CustodyError, EnvelopeError
from muniment.pipeline.batching import ACCEPT, DECLINE
from muniment.record.identifiers import RecordId
from muniment.registry.custody.checking import Acceptable, CustodyCheck
from muniment.registry.custody.offering import close_offers
from muniment.registry.custody.outcomes import FinalBlock
from muniment.registry.custody.proven import mirrored_block
from muniment.registry.exchange.keeping import Arrived, arrived, keep_arrived, noting
from muniment.registry.exchange.taken_in import TakenIn
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store import envelopes, handovers, outbox
from muniment.store.envelopes import EnvelopedRecord
from muniment.store.handovers import ACCEPTING, ARRIVED, WENT_OVER, Handover, HandoverRecord
from muniment.store.outbox_rows import PENDING, Act, SubmissionState

_MANY: Final = 500


@dataclass(frozen=True, slots=True)
class Accepted:
    """A package whose records are being accepted: the acceptances on their way, and of the other
    records why not. `before` are those that were taken in already."""

    handover_id: bytes
    agency_id: int
    submissions: tuple[Submission, ...]
    faults: Mapping[RecordId, str]
    before: tuple[RecordId, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A package that was read whole: which of its records hold, and why the others do not.

    `on_way` are those whose acceptance was signed already; `offered` those that stand on offer to
    this agency by the mirror, whether they hold or not: what declining the package declines.
    """

    envelope: Arrived
    block: FinalBlock
    acceptable: tuple[Acceptable, ...]
    faults: Mapping[RecordId, str]
    on_way: frozenset[RecordId]
    offered: tuple[RecordId, ...]


def check(session: Session, path: Path, progress: Callable[[int], None] | None = None) -> Checked:
    """Check a custody package against the chain; nothing of it is kept.

    Raises `EnvelopeError`, `NotAddressedError`, `AgencyKeyError` for a file that is none, is for
    another agency, or was changed; what fails of single records is in `faults`.
    """
    envelope = _custody(session, path)
    checking = _checking(session, envelope, progress)
    acceptable, faults = checking.check.acceptable, checking.check.faults
    header = envelope.header
    named = sorted({each.record_id for each in acceptable} | faults.keys())
    with session.database.read() as connection:
        rows = handovers.records_of(connection, header.subject, [ACCEPTING])
        on_way = frozenset(_on_way(connection, rows))
        offered = handovers.offered(connection, header.sender, session.profile.agency.id, named)
    return Checked(envelope, checking.block, tuple(acceptable), faults, on_way, tuple(offered))


def accept(
    session: Session,
    path: Path,
    only: Iterable[RecordId] | None = None,
    *,
    all_or_nothing: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Accepted:
    """Check a custody package, keep it, and accept the custody of its records, of `only` some.

    What does not hold is named in `faults`, and nothing of that record is accepted; with
    `all_or_nothing` nothing at all. Done again it goes on where it was. A STEWARD does. Raises
    `CustodyError` where nothing can be accepted, and as `check`; the history has what was refused.
    """
    officer = session.officer
    with noting(session, "accept"):
        envelope = _custody(session, path)
        checking = _checking(session, envelope, progress)
    header = envelope.header
    with session.database.read() as connection:
        rows = {row.record_id: row for row in handovers.records_of(connection, header.subject)}
        known = handovers.of_id(connection, header.subject)
    before = tuple(each for each, row in rows.items() if row.state in WENT_OVER)
    faults = {each: why for each, why in checking.check.faults.items() if each not in before}
    wanted = None if only is None else set(only)
    chosen = [
        each for each in checking.check.acceptable if wanted is None or each.record_id in wanted
    ]
    if wanted is not None:
        found = {each.record_id for each in checking.check.acceptable} | set(before)
        missing = wanted - found - faults.keys()
        faults = {each: why for each, why in faults.items() if each in wanted}
        faults |= dict.fromkeys(missing, "it is not in the package")
    with noting(session, "accept", agency_id=header.sender, record_id=_first(faults)):
        _require_its_own(known, envelope)
        if faults and (all_or_nothing or not (chosen or before)):
            raise _none_holds(faults)
    if not chosen:
        return Accepted(header.subject, header.sender, (), faults, before)
    handover = _begun(session, envelope, checking, known, chosen, ACCEPTING)
    made = _accept_all(session, handover, chosen, officer)
    return Accepted(header.subject, header.sender, tuple(made), faults, before)


def receive_package(session: Session, envelope: Arrived) -> TakenIn:
    """Keep a custody package that came, for a steward to accept or decline.

    It is checked as `check` does, and once more when it is accepted. Where its offers come to an
    end it goes again (`settling.py`). Raises `CustodyError` where no record of it can be accepted:
    then nothing is kept.
    """
    checking = _checking(session, envelope, None)
    subject, acceptable = envelope.header.subject, checking.check.acceptable
    with session.database.read() as connection:
        row = envelopes.of_digest(connection, envelope.digest)
        before = {each.record_id for each in handovers.records_of(connection, subject)}
        known = handovers.of_id(connection, subject)
    _require_its_own(known, envelope)
    if row is not None and all(each.record_id in before for each in acceptable):
        return TakenIn(row, count=len(before))
    if not acceptable:
        raise _none_holds(checking.check.faults)
    _begun(session, envelope, checking, known, acceptable, ARRIVED)
    with session.database.read() as connection:
        row = envelopes.of_digest(connection, envelope.digest)
    assert row is not None, "it was kept"
    return TakenIn(row, count=len(acceptable))


def decline(session: Session, record_ids: Sequence[RecordId]) -> list[Submission]:
    """Decline custody of records that is on offer to this agency. A STEWARD does."""
    return close_offers(session, DECLINE, record_ids)


def decline_package(session: Session, path: Path) -> list[Submission]:
    """Decline all that is on offer of a package; it need not hold. A STEWARD does.

    Raises `EnvelopeError`, `NotAddressedError`, and `CustodyError` where nothing is on offer.
    """
    envelope = _custody(session, path)
    own, sender = session.profile.agency.id, envelope.header.sender
    with envelope.parts() as parts:
        named = {RecordId(part.label.record_id) for part in parts if any(part.label.record_id)}
    mirrored_block(session)
    with session.database.read() as connection:
        offered = handovers.offered(connection, sender, own, sorted(named))
    if not offered:
        raise CustodyError("nothing of the package is on offer to this agency", "offers that stand")
    return decline(session, offered)


@dataclass(frozen=True, slots=True)
class _Checking:
    check: CustodyCheck
    block: FinalBlock


def _custody(session: Session, path: Path) -> Arrived:
    envelope = arrived(session, path)
    if envelope.header.kind is not EnvelopeKind.CUSTODY:
        raise EnvelopeError(
            f"it is a {envelope.header.kind}, no custody package",
            "a file that `muniment offer` made",
            remedy="take it in: `muniment receive FILE`",
        )
    return envelope


def _checking(
    session: Session, envelope: Arrived, progress: Callable[[int], None] | None
) -> _Checking:
    block = mirrored_block(session)
    checking = CustodyCheck(session, envelope.header, envelope.digest, block, progress)
    with envelope.parts() as parts:
        for part in parts:
            checking.take(part)
    checking.end()
    return _Checking(checking, block)


def _require_its_own(known: Handover | None, envelope: Arrived) -> None:
    if known is not None and known.digest != envelope.digest:
        raise EnvelopeError("its hand-over's id is that of another package", "one of its own")


def _none_holds(faults: Mapping[RecordId, str]) -> CustodyError:
    return CustodyError(
        f"{len(faults)} records of the package cannot be accepted",
        "records whose content is what stands on chain, on offer to this agency",
        remedy="nothing was accepted; ask the sender for a package that holds",
        faults=faults,
    )


def _first(faults: Mapping[RecordId, str]) -> RecordId | None:
    return min(faults, default=None)


def _begun(
    session: Session,
    envelope: Arrived,
    checking: _Checking,
    known: Handover | None,
    chosen: Sequence[Acceptable],
    state: str,
) -> Handover:
    """Put down what has arrived, or is about to be accepted, before the package is here; then keep
    the package."""
    for (issuer, _, _), record_type in checking.check.types.items():
        session.types_of(issuer).keep(record_type)
    header = envelope.header
    handover = Handover(
        handover_id=header.subject,
        digest=envelope.digest,
        from_agency=header.sender,
        to_agency=session.profile.agency.id,
        block_number=checking.block.top,
        expires_at=max(each.expires_at for each in chosen),
        made_ms=int(time.time() * 1000) if known is None else known.made_ms,
    )
    with session.database.write() as connection:
        handovers.add(connection, handover)
        before = {row.record_id: row for row in handovers.records_of(connection, header.subject)}
        fresh = [
            HandoverRecord(header.subject, each.record_id, each.version, state)
            for each in chosen
            if each.record_id not in before or before[each.record_id].state == ARRIVED
        ]
        handovers.put_records(connection, fresh)
    _keep(session, envelope, chosen)
    return handover


def _keep(session: Session, envelope: Arrived, chosen: Sequence[Acceptable]) -> None:
    """Have the package in the vault, and where in it the chosen records are."""
    places = [place for each in chosen for place in each.places]
    with session.database.write() as connection:
        row = envelopes.of_digest(connection, envelope.digest)
        if row is not None and not row.is_kept:
            # All that was accepted before is taken in, and the file went: it comes again.
            places = _merged(envelopes.records_in(connection, envelope.digest), places)
            envelopes.remove(connection, envelope.digest)
            row = None
    if row is None:
        keep_arrived(session, envelope, places)
        return
    with session.database.write() as connection:
        every = _merged(envelopes.records_in(connection, envelope.digest), places)
        envelopes.remove(connection, envelope.digest)
        envelopes.add(connection, row, every)


def _merged(
    before: Sequence[EnvelopedRecord], fresh: Sequence[EnvelopedRecord]
) -> list[EnvelopedRecord]:
    found = {(each.record_id, each.version): each for each in (*before, *fresh)}
    return list(found.values())


def _on_way(connection: Connection, rows: Iterable[HandoverRecord]) -> dict[RecordId, int]:
    """The submissions of acceptances that were signed, by record: they are not made again."""
    numbers = {row.record_id: row.submission_id for row in rows if row.submission_id is not None}
    sent = outbox.submissions_of(connection, list(numbers.values()))
    return {
        each: number
        for each, number in numbers.items()
        if sent[number].state in (*PENDING, SubmissionState.MINED)
    }


def _accept_all(
    session: Session, handover: Handover, chosen: Sequence[Acceptable], officer: str
) -> list[Submission]:
    """Acknowledge acceptances; what is on its way already is left to it."""
    made: list[Submission] = []
    for start in range(0, len(chosen), _MANY):
        part = chosen[start : start + _MANY]
        with session.database.write() as connection:
            if handovers.of_id(connection, handover.handover_id) is None:
                # All its offers came to an end meanwhile; what was kept of it goes with this row.
                handovers.add(connection, handover)
            rows = {
                row.record_id: row
                for row in handovers.records_of(connection, handover.handover_id, [ACCEPTING])
            }
            on_way = _on_way(connection, rows.values())
            # Whatever came to an end meanwhile has no row any more, and those that went over
            # already wait for their content alone.
            open_ = [
                each
                for each in part
                if each.record_id in rows and each.record_id not in on_way and not each.is_over
            ]
            acts = [
                Act(
                    ACCEPT,
                    session.records.accept_custody(
                        each.record_id, each.version, each.commitment, each.trace_head
                    ),
                    each.record_id,
                    each.version,
                    officer,
                )
                for each in open_
            ]
            fresh = session.acknowledge(connection, acts)
            changed = []
            for each, number in zip(open_, fresh, strict=True):
                changed.append(replace(rows[each.record_id], submission_id=number, changed_ms=0))
                on_way[each.record_id] = number
            handovers.put_records(connection, changed)
        made += [
            Submission(on_way[each.record_id], ACCEPT, each.record_id, each.version, session)
            for each in part
            if each.record_id in on_way
        ]
    return made
