# SPDX-License-Identifier: Apache-2.0
"""Why the record of a row cannot take its content over now, by the mirror."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.record.types import RecordType
from muniment.registry.session import Session
from muniment.store.mirror_search import Filters, MirroredRecord, among
from muniment.store.tables import type_holds

_FINAL = (Status.SUPERSEDED, Status.REVOKED, Status.DISPOSED)


def stops_of(
    session: Session, record_type: RecordType, record_ids: Sequence[bytes]
) -> dict[RecordId, str]:
    """Return the records that the registry would refuse to amend, each with why."""
    agency_id = session.profile.agency.id
    with session.database.read() as connection:
        held = sa.select(sa.func.count()).where(
            type_holds.c.agency_id == agency_id, type_holds.c.type_id == record_type.type_id
        )
        whole = bool(connection.execute(held).scalar_one())
        found = among(connection, record_ids, Filters())
    stops = dict.fromkeys(map(RecordId, record_ids), "its record type is held") if whole else {}
    for each in found:
        why = _why(each, agency_id)
        if why is not None:
            stops[each.record_id] = why
    return stops


def _why(record: MirroredRecord, agency_id: int) -> str | None:
    state = record.state
    if state.status in _FINAL:
        return f"its record is {state.status.name.lower()}"
    if state.hold_count:
        return "its record is held"
    if state.status is not Status.NONE and state.custodian != agency_id:
        return f"agency {state.custodian} has custody of its record"
    return None
