# SPDX-License-Identifier: Apache-2.0
"""Which versions have no submission of this agency's: others brought them, or a journal did.

They are kept here since their record's custody came, with all its content.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.record.identifiers import RecordId
from muniment.store import journal_rows, mirror
from muniment.store.folding import event_of
from muniment.store.tables import events, versions

_MANY: Final = 500


def brought_by_others(connection: Connection, own: int) -> set[tuple[RecordId, int]]:
    """Return the versions kept here that another agency than `own` registered, enrolled or amended,
    by the mirror, and the first ones that entries of its own journals registered. Only records
    whose custody changed can have such."""
    moved = sa.select(events.c.subject).where(events.c.name == "Transferred").distinct()
    chosen = sa.select(versions.c.record_id).where(versions.c.record_id.in_(moved)).distinct()
    ids = [bytes(each) for each in connection.execute(chosen).scalars()]
    found = {(record_id, 1) for record_id in journal_rows.entries_of(connection, ids)}
    for start in range(0, len(ids), _MANY):
        for log in mirror.logs_of(connection, ids[start : start + _MANY]):
            event = event_of(log)
            state = getattr(event, "state", None)
            if state is None or getattr(event, "commitment", None) is None:
                continue
            # A registration names its agency in the state alone: the issuer.
            agency_id = getattr(event, "agency_id", state.issuer)
            if agency_id != own:
                found.add((RecordId(log.subject), state.version))
    return found
