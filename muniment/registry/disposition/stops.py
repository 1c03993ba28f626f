# SPDX-License-Identifier: Apache-2.0
"""What stops a disposition, named: the registry would refuse it, or a share still runs.

The registry knows nothing of shares of single records; this agency does, and keeps them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.chain.bindings import record_registry as events
from muniment.chain.contract import Event
from muniment.chain.journals import next_block_time
from muniment.chain.traces import ACTS
from muniment.exchange.errors import NotSharedError
from muniment.record.identifiers import RecordId
from muniment.record.instants import day_of, in_words
from muniment.record.state import RETAIN_FOREVER_DAY, Status
from muniment.registry.disposition.candidates import DAY, Candidate
from muniment.registry.exchange.running import running_shares
from muniment.registry.session import Session
from muniment.store import mirror
from muniment.store.folding import event_of
from muniment.store.tables import holds, type_holds

_MANY: Final = 500


class StopKind(enum.StrEnum):
    """Why a record cannot be disposed of now."""

    UNKNOWN = "unknown"
    NOT_IN_CUSTODY = "not-in-custody"
    DISPOSED = "disposed"
    RETAINED = "retained"
    HELD = "held"
    TYPE_HELD = "type-held"
    OFFERED = "offered"
    SHARED = "shared"
    NOT_SEALED = "not-sealed"
    DISOWNED = "disowned"
    NOT_PROPOSED = "not-proposed"
    SAME_OFFICER = "same-officer"


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing that stops a record's disposition: of which `kind`, and in words."""

    record_id: RecordId
    kind: StopKind
    what: str


class ShareRunsError(NotSharedError):
    """A record cannot be disposed of: shares of it that this agency granted are still in force."""

    def __init__(self, record_id: bytes, share_ids: Sequence[bytes]) -> None:
        named = ", ".join(f"0x{each.hex()}" for each in share_ids)
        super().__init__(
            share_ids[0],
            f"record 0x{record_id.hex()} is still shared, by {named}",
            remedy="wait until they expire, or revoke them: `muniment share revoke`",
        )
        self.record_id = record_id
        self.share_ids = tuple(share_ids)


def chain_time(session: Session) -> int:
    """Return the least time that the next block can have, in Unix seconds."""
    return session.nodes.read(next_block_time)


def stops_of(session: Session, candidates: Sequence[Candidate], now: int) -> list[Stop]:
    """Return what stops the disposition of some records at a block time, in their order."""
    found: list[Stop] = []
    own = session.profile.agency.id
    shared = running_shares(session, [each.record_id for each in candidates])
    with session.database.read() as connection:
        held = _holds(connection, [each.record_id for each in candidates if each.hold_count])
        types_held = _type_holds(connection)
        for each in candidates:
            found += _of_state(each, own, now)
            if each.hold_count:
                # Of holds that a predecessor's registry told, the mirror has the count alone.
                told = held.get(each.record_id) or [f"held, for {each.hold_count} cases"]
                found += [Stop(each.record_id, StopKind.HELD, words) for words in told]
            for words in types_held.get((each.issuer, each.type_id), ()):
                found.append(Stop(each.record_id, StopKind.TYPE_HELD, words))
            for share_id in shared.get(each.record_id, ()):
                words = f"share 0x{share_id.hex()} is in force"
                found.append(Stop(each.record_id, StopKind.SHARED, words))
    return found


def unknown(record_id: RecordId) -> Stop:
    """Return the stop of a record that neither chain nor journals have."""
    return Stop(record_id, StopKind.UNKNOWN, "neither the chain nor a journal here has it")


def proposals_of(
    session: Session, record_ids: Sequence[RecordId], now: int
) -> dict[RecordId, events.DispositionProposed]:
    """Return the proposals that stand at a block time: not expired, and no act since."""
    found: dict[RecordId, events.DispositionProposed] = {}
    with session.database.read() as connection:
        for start in range(0, len(record_ids), _MANY):
            part = record_ids[start : start + _MANY]
            for log in mirror.logs_of(connection, part):
                record_id = RecordId(log.subject)
                if log.name in ACTS:
                    found.pop(record_id, None)
                elif log.name == events.DispositionProposed.__name__:
                    event: Event = event_of(log)
                    if isinstance(event, events.DispositionProposed):
                        found[record_id] = event
    return {each: event for each, event in found.items() if event.expires_at >= now}


def require_unshared(session: Session, record_id: RecordId) -> None:
    """Raise `ShareRunsError` while a share of the record that this agency granted is in force."""
    shares = running_shares(session, [record_id]).get(record_id)
    if shares:
        raise ShareRunsError(record_id, shares)


def day_in_words(day: int) -> str:
    """Return a day of retention as a date, `for ever` for the last one."""
    if day == RETAIN_FOREVER_DAY:
        return "for ever"
    return day_of(day * DAY)


def _of_state(each: Candidate, own: int, now: int) -> list[Stop]:
    """What the record's own state, or its entry's, says."""
    found: list[tuple[StopKind, str]] = []
    if each.custodian != own:
        where = f"it is in the custody of agency {each.custodian}"
        found.append((StopKind.NOT_IN_CUSTODY, where))
    if each.status is Status.DISPOSED:
        found.append((StopKind.DISPOSED, "it is disposed of already"))
    elif each.is_disowned:
        found.append((StopKind.DISOWNED, "its entry is disowned: the journal was repudiated"))
    elif each.entry is not None and each.seal is None:
        found.append((StopKind.NOT_SEALED, "no seal covers its entry: its retention has not begun"))
    elif not each.is_due(now):
        until = day_in_words(each.retained_until)
        found.append((StopKind.RETAINED, f"it is retained until {until}"))
    if each.offered_to and now <= each.offer_expires_at:
        until = f"{in_words(each.offer_expires_at)} UTC"
        what = f"custody is offered to agency {each.offered_to} until {until}"
        found.append((StopKind.OFFERED, what))
    return [Stop(each.record_id, kind, words) for kind, words in found]


def _holds(connection: Connection, record_ids: Sequence[RecordId]) -> Mapping[RecordId, list[str]]:
    found: dict[RecordId, list[str]] = {}
    for start in range(0, len(record_ids), _MANY):
        part = record_ids[start : start + _MANY]
        chosen = sa.select(holds).where(holds.c.record_id.in_(part)).order_by(holds.c.block_number)
        for row in connection.execute(chosen).mappings():
            words = f"held by {row['authority']}, case 0x{bytes(row['case_commitment']).hex()}"
            record_id = RecordId(bytes(row["record_id"]))
            found.setdefault(record_id, []).append(words)
    return found


def _type_holds(connection: Connection) -> Mapping[tuple[int, int], list[str]]:
    found: dict[tuple[int, int], list[str]] = {}
    for row in connection.execute(sa.select(type_holds)).mappings():
        case = f"case 0x{bytes(row['case_commitment']).hex()}"
        words = f"its type {row['type_id']} is held by {row['authority']}, {case}"
        found.setdefault((row["agency_id"], row["type_id"]), []).append(words)
    return found
