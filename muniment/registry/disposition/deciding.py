# SPDX-License-Identifier: Apache-2.0
"""Deciding on many dispositions at once: a registrar proposes, a steward confirms.

Each record has a submission of its own; the sender puts some hundred into a transaction. What is
stopped is named and left out. Nothing is decided twice: what is on its way already is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.chain.contract import Call
from muniment.pipeline.batching import DISPOSE, PROPOSE
from muniment.record.identifiers import RecordId
from muniment.registry.disposition.candidates import DAY, Candidate, candidates_of, due
from muniment.registry.disposition.mandates import mandate_for
from muniment.registry.disposition.stops import (
    Stop,
    StopKind,
    chain_time,
    proposals_of,
    stops_of,
    unknown,
)
from muniment.registry.enrolling import Enrolling
from muniment.registry.mirroring import sync
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store import outbox
from muniment.store.outbox_rows import PENDING, Act
from muniment.store.tables import submissions

_MANY: Final = 500
_TRANSACTION: Final = 5_000


@dataclass(frozen=True, slots=True)
class DueRecord:
    """A record that may be destroyed, but for what `stops` it."""

    candidate: Candidate
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a decision on many: its submissions, what was stopped, and of how many it
    stood on chain already."""

    submissions: tuple[Submission, ...]
    stops: tuple[Stop, ...]
    already: int


def list_due(session: Session, type_name: str | None = None) -> list[DueRecord]:
    """Return the records in this agency's custody whose retention has ended, each with what stops
    its disposition. Raises `UnreachableError`."""
    sync(session)
    now = chain_time(session)
    found = list(due(session, now, type_name))
    stops: dict[RecordId, list[Stop]] = {}
    for stop in stops_of(session, found, now):
        stops.setdefault(stop.record_id, []).append(stop)
    return [DueRecord(each, tuple(stops.get(each.record_id, ()))) for each in found]


def propose(
    session: Session,
    record_ids: Sequence[RecordId] | None,
    words: str,
    *,
    days: int = 30,
    type_name: str | None = None,
) -> Decided:
    """Propose the disposition of some records, None for all that are due, under a mandate.

    The officer signs: a REGISTRAR. The proposals stand for `days`. What this officer has proposed
    already under the mandate is left as it is. Raises `UnreachableError`, `InvalidInputError`.
    """
    candidates, stops, now = _chosen(session, record_ids, type_name)
    mandate = mandate_for(session, words)
    standing = proposals_of(session, [each.record_id for each in candidates], now)
    officer = session.officer
    open_ = [
        each
        for each in candidates
        if (found := standing.get(each.record_id)) is None
        or (found.mandate, found.account) != (mandate.commitment, officer)
    ]
    expires_at = now + days * DAY

    def call(each: Candidate) -> Call:
        return session.records.propose_disposition(
            each.record_id, each.version, mandate.commitment, expires_at
        )

    made = _submitted(session, PROPOSE, open_, call)
    return Decided(tuple(made), tuple(stops), len(candidates) - len(open_))


def confirm(
    session: Session, record_ids: Sequence[RecordId] | None, *, type_name: str | None = None
) -> Decided:
    """Confirm the disposition of some records, None for all that are due and were proposed.

    The officer signs: a STEWARD, with another account than the proposer's. Raises
    `UnreachableError`.
    """
    candidates, stops, now = _chosen(session, record_ids, type_name)
    standing = proposals_of(session, [each.record_id for each in candidates], now)
    officer, open_ = session.officer, []
    for each in candidates:
        proposal = standing.get(each.record_id)
        if proposal is None:
            if record_ids is not None:
                what = "no proposal stands: none was made, it has expired, or an act came after it"
                stops.append(Stop(each.record_id, StopKind.NOT_PROPOSED, what))
        elif proposal.account == officer:
            what = f"account {officer} proposed it: another officer must confirm"
            stops.append(Stop(each.record_id, StopKind.SAME_OFFICER, what))
        else:
            open_.append(each)

    def call(each: Candidate) -> Call:
        return session.records.confirm_disposition(each.record_id, each.version)

    return Decided(tuple(_submitted(session, DISPOSE, open_, call)), tuple(stops), 0)


def _chosen(
    session: Session, record_ids: Sequence[RecordId] | None, type_name: str | None
) -> tuple[list[Candidate], list[Stop], int]:
    """The candidates that nothing stops, what stops the others, and the chain's time."""
    sync(session)
    now = chain_time(session)
    stops: list[Stop] = []
    if record_ids is None:
        found = list(due(session, now, type_name))
    else:
        known = candidates_of(session, list(dict.fromkeys(record_ids)))
        found = [each for each in known.values() if each is not None]
        stops += [unknown(each) for each, candidate in known.items() if candidate is None]
    stops += stops_of(session, found, now)
    stopped = {each.record_id for each in stops}
    return [each for each in found if each.record_id not in stopped], stops, now


def _submitted(
    session: Session,
    kind: str,
    candidates: Sequence[Candidate],
    call: Callable[[Candidate], Call],
) -> list[Submission]:
    """Acknowledge an act on each, some thousand in a transaction."""
    made: list[Submission] = []
    enrolling, officer = Enrolling(session), session.officer
    for start in range(0, len(candidates), _TRANSACTION):
        part = candidates[start : start + _TRANSACTION]
        ids = [each.record_id for each in part]
        with session.database.read() as connection:
            waiting = _waiting(connection, kind, ids)
            entries = [each.record_id for each in part if each.entry is not None]
            enrolled = {each for each in entries if outbox.is_enrolled_by(connection, each)}
        acts = [
            Act(
                kind,
                call(each)
                if each.record_id in enrolled
                else enrolling.first(each.entry, each.seal, call(each)),
                each.record_id,
                each.version,
                officer,
            )
            for each in part
            if each.record_id not in waiting
        ]
        with session.database.write() as connection:
            numbers = session.acknowledge(connection, acts)
        added = {act.record_id: number for act, number in zip(acts, numbers, strict=True)} | waiting
        made += [
            Submission(added[each.record_id], kind, each.record_id, each.version, session)
            for each in part
        ]
    return made


def _waiting(connection: Connection, kind: str, ids: Sequence[RecordId]) -> dict[RecordId, int]:
    """The submissions of a kind that are on their way, by record."""
    found: dict[RecordId, int] = {}
    for part in _parts(ids):
        chosen = sa.select(submissions.c.record_id, submissions.c.submission_id).where(
            submissions.c.record_id.in_(part),
            submissions.c.kind == kind,
            submissions.c.state.in_(PENDING),
        )
        for record_id, submission_id in connection.execute(chosen):
            found[RecordId(bytes(record_id))] = submission_id
    return found


def _parts(ids: Iterable[RecordId]) -> Iterator[list[RecordId]]:
    every = list(ids)
    for start in range(0, len(every), _MANY):
        yield every[start : start + _MANY]
