# SPDX-License-Identifier: Apache-2.0
"""Erasure: once a record's disposition is final, its secrets go, and what would find it.

What they were wrapped under is written down first, then they go, then the rows that would find
them. A process that dies between leaves rows of what nobody can read any more, and the next one
goes on: the daemon at its start, and every command that brings the mirror up to date.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy.engine import Connection

from muniment.record.identifiers import RecordId
from muniment.registry.journal_records import entries_by_journal
from muniment.registry.session import Session
from muniment.store import dispositions, handovers
from muniment.store.versions import forget_many, versions_of

_MANY: Final = 500
_STRIDE: Final = 64

Place = tuple[RecordId, int]


def erase_disposed(session: Session) -> list[RecordId]:
    """Erase what this agency keeps of all records whose disposition is final in the mirror, but for
    copies that it keeps under a share.

    Returns the records that something was erased of; raises what the key store raises.
    """
    erased: list[RecordId] = []
    while True:
        found, is_last = erase_some(session)
        erased += found
        if is_last:
            return erased


def erase_some(session: Session) -> tuple[list[RecordId], bool]:
    """Erase the next of them, some hundreds; return which, and whether they were the last."""
    with session.database.read() as connection:
        upcoming = dispositions.next_disposed(connection, _MANY)
        kept = _kept_under_shares(session, connection, upcoming.record_ids)
        rows = {
            each: versions_of(connection, each) for each in upcoming.record_ids if each not in kept
        }
    numbers = {each: [row.version for row in found] for each, found in rows.items() if found}
    left = _with_secrets(session, numbers)
    left |= {each for each in numbers if any(row.source_id is not None for row in rows[each])}
    destroy(session, [(each, number) for each in left for number in numbers[each]])
    # Nothing is written for a few blocks without dispositions: they are looked at again.
    if upcoming.record_ids or upcoming.block_number - upcoming.since >= _STRIDE:
        with session.database.write() as connection:
            forget_many(connection, [row for each in left for row in rows[each]])
            dispositions.set_destroyed(connection, upcoming)
    return sorted(left), upcoming.is_last


def destroy(session: Session, places: Collection[Place]) -> None:
    """Destroy the secrets of versions, by whichever way the records came, for good.

    What they were wrapped under is kept, for certificates. Raises what the key store raises.
    """
    if not places:
        return
    entries = entries_by_journal(
        session, {record_id for record_id, version in places if version == 1}
    )
    epochs = _epochs(session, places, entries)
    if epochs:
        with session.database.write() as connection:
            dispositions.keep_epochs(connection, epochs)
    destruction = session.keys.destruction
    destruction.destroy(places)
    for journal, by_index in entries.items():
        destruction.destroy_entries(journal, by_index)


def _kept_under_shares(
    session: Session, connection: Connection, record_ids: Sequence[RecordId]
) -> set[RecordId]:
    """Those of which this agency keeps a copy by a share of the custodian that it handed them to.

    Such a copy is what it was given, as any recipient's: it goes when the share says so.
    """
    own = session.profile.agency.id
    found = handovers.of_records(connection, record_ids)
    latest = {record_id: pairs[-1] for record_id, pairs in found.items()}
    return {
        record_id
        for record_id, (handover, row) in latest.items()
        if handover.from_agency == own and row.state == handovers.KEPT
    }


def _with_secrets(session: Session, numbers: Mapping[RecordId, Sequence[int]]) -> set[RecordId]:
    """Those of records whose secrets the key store still has, of any version."""
    if not numbers:
        return set()
    places = [(each, number) for each, many in numbers.items() for number in many]
    found = _epochs(session, places, entries_by_journal(session, numbers))
    return {record_id for record_id, _ in found}


def _epochs(
    session: Session, places: Collection[Place], entries: Mapping[int, Mapping[int, RecordId]]
) -> dict[Place, int]:
    """The wrapping epochs of the secrets that are there, of versions and of journal entries."""
    destruction = session.keys.destruction
    found = destruction.epochs(places)
    for journal, by_index in entries.items():
        for index, epoch in destruction.entry_epochs(journal, by_index).items():
            found[by_index[index], 1] = epoch
    return found
