# SPDX-License-Identifier: Apache-2.0
"""From events to rows: what the contracts' storage says, told by their events alone.

Events of records are folded in memory and written together, for there are many of them; the others
change their tables one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.chain.bindings import AgencyRegistry, RecordRegistry, ShareRegistry
from muniment.chain.contract import Event
from muniment.store import agency_folding, record_folding
from muniment.store.tables import (
    agencies,
    agency_keys,
    holds,
    journals,
    officers,
    record_types,
    records,
    replacements,
    seals,
    shares,
    type_holds,
)

if TYPE_CHECKING:
    from muniment.store.mirror import NewLog

_BINDINGS: Final = {
    "records": RecordRegistry,
    "agencies": AgencyRegistry,
    "shares": ShareRegistry,
}
_OF_RECORD: Final = ((records, "record_id"), (holds, "record_id"), (shares, "share_id"))
_OF_AGENCY: Final = (agencies, officers, replacements, agency_keys, record_types, type_holds)
_OF_JOURNAL: Final = (journals, seals)


def event_of(log: NewLog) -> Event:
    """Return the event of a stored log. Raises `UndecodableError`."""
    return _BINDINGS[log.contract].decode_event(log.topics, log.data)


def fold(connection: Connection, logs: Sequence[NewLog]) -> None:
    """Bring the rows of what logs are about forward, in order."""
    of_records = []
    for log in logs:
        if log.contract == "records" and len(log.subject) == record_folding.ID_SIZE:
            of_records.append(log)
        else:
            agency_folding.apply(connection, event_of(log), log.block_number)
    if of_records:
        record_folding.fold(connection, of_records)


def unfold(connection: Connection, subjects: Iterable[bytes]) -> None:
    """Take away all rows of some subjects, to be folded anew from what is left of their events."""
    for subject in subjects:
        if len(subject) == record_folding.ID_SIZE:
            for table, column in _OF_RECORD:
                connection.execute(sa.delete(table).where(table.c[column] == subject))
            continue
        agency_id = int.from_bytes(subject[:4], "big")
        if len(subject) == 4:
            for table in _OF_AGENCY:
                connection.execute(sa.delete(table).where(table.c.agency_id == agency_id))
            continue
        journal = int.from_bytes(subject[4:], "big")
        for table in _OF_JOURNAL:
            connection.execute(
                sa.delete(table).where(table.c.agency_id == agency_id, table.c.journal == journal)
            )
