# SPDX-License-Identifier: Apache-2.0
"""Which records this agency can hand over now, and why it cannot others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.registry.disposition.candidates import Candidate, candidates_of
from muniment.registry.session import Session
from muniment.store import journal_rows
from muniment.store.tables import records, type_holds, versions

_MANY: Final = 500


@dataclass(frozen=True, slots=True)
class Selected:
    """Records that can be handed over, in order, and of the others why not."""

    fit: tuple[Candidate, ...]
    unfit: Mapping[RecordId, str]


def records_of_type(session: Session, issuer: int, type_id: int) -> list[RecordId]:
    """Return the records of a type in this agency's custody, those of journals in their order.

    By the mirror: `sync` first. Disposed ones are not among them.
    """
    own = session.profile.agency.id
    chosen = sa.select(records.c.record_id).where(
        records.c.issuer == issuer,
        records.c.type_id == type_id,
        records.c.custodian == own,
        records.c.status != int(Status.DISPOSED),
    )
    with session.database.read() as connection:
        ordered = connection.execute(chosen.order_by(records.c.record_id)).scalars()
        found = [RecordId(bytes(each)) for each in ordered]
        if issuer == own:
            found += _of_journals(session, connection, type_id)
    return found


def select(session: Session, record_ids: Sequence[RecordId], now: int) -> Selected:
    """Return which of these can be handed over at a block time (Unix seconds), by the mirror."""
    found = candidates_of(session, record_ids)
    fit: list[Candidate] = []
    unfit: dict[RecordId, str] = {}
    with session.database.read() as connection:
        held = {
            (row.agency_id, row.type_id)
            for row in connection.execute(sa.select(type_holds.c.agency_id, type_holds.c.type_id))
        }
        kept = _kept(connection, record_ids)
    for record_id in record_ids:
        candidate = found[record_id]
        if candidate is None:
            unfit[record_id] = "neither the chain nor a journal here has it"
            continue
        why = _refusal(session.profile.agency.id, candidate, now)
        if why is None and (candidate.issuer, candidate.type_id) in held:
            why = "its whole type is held: it could not be accepted"
        if why is None and kept.get(record_id, set()) != set(range(1, candidate.version + 1)):
            why = "not all its versions are kept here, or one is not on chain yet"
        if why is None:
            fit.append(candidate)
        else:
            unfit[record_id] = why
    return Selected(tuple(fit), unfit)


def _refusal(own: int, each: Candidate, now: int) -> str | None:
    if each.custodian != own:
        return f"it is in the custody of agency {each.custodian}"
    if each.status is Status.DISPOSED:
        return "it is disposed of"
    if each.offered_to and now <= each.offer_expires_at:
        return f"it is on offer to agency {each.offered_to} already"
    if each.hold_count:
        return "it is held: it could not be accepted"
    if each.is_disowned:
        return "its entry is disowned: the journal was repudiated"
    if each.entry is not None and each.seal is None:
        return "no seal covers its entry yet"
    return None


def _kept(connection: Connection, record_ids: Sequence[RecordId]) -> dict[RecordId, set[int]]:
    """The numbers of the versions of which content is kept here, by record."""
    found: dict[RecordId, set[int]] = {}
    for start in range(0, len(record_ids), _MANY):
        part = list(record_ids[start : start + _MANY])
        chosen = sa.select(versions.c.record_id, versions.c.version).where(
            versions.c.record_id.in_(part), versions.c.source_id.is_not(None)
        )
        for record_id, version in connection.execute(chosen):
            found.setdefault(RecordId(bytes(record_id)), set()).add(version)
    for record_id, row in journal_rows.entries_of(connection, record_ids).items():
        if row.packed is not None:
            found.setdefault(record_id, set()).add(1)
    return found


def _of_journals(session: Session, connection: Connection, type_id: int) -> list[RecordId]:
    """The records of a type that stand in journals alone."""
    found: list[RecordId] = []
    for journal in journal_rows.journals_kept(connection):
        size = journal_rows.size_of(connection, journal)
        rows = journal_rows.rows_between(connection, session.lineage, journal, 0, size)
        found += [row.record_id for row in rows if row.entry.type_id == type_id]
    on_chain: set[bytes] = set()
    for start in range(0, len(found), _MANY):
        chosen = sa.select(records.c.record_id).where(
            records.c.record_id.in_(found[start : start + _MANY]),
            records.c.status != int(Status.NONE),
        )
        on_chain |= {bytes(each) for each in connection.execute(chosen).scalars()}
    return [each for each in found if each not in on_chain]
