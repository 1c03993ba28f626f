# SPDX-License-Identifier: Apache-2.0
"""Source systems and ids of records that are in an agency's custody and another's by issue.

The issuer's own reference goes along with custody: the new custodian keeps it below a system that
names the issuer, so that it meets no reference of its own; to the issuer it comes back as it was.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.exchange.custody import HandedVersion
from muniment.record.identifiers import AgencyId, derive_local_id, derive_record_id
from muniment.registry.session import Session
from muniment.store.tables import versions
from muniment.store.versions import VersionRow

PREFIX: Final = "agency/"


def source_to_hand_over(session: Session, row: VersionRow) -> tuple[str, str] | None:
    """Return the issuer's own source system and id of a version, None where they are unknown."""
    if row.source_system is None or row.source_id is None:
        return None
    if row.agency_id == session.profile.agency.id:
        own = _system_of(row.agency_id)
        return None if row.source_system == own else (row.source_system, row.source_id)
    below = f"{_system_of(row.agency_id)}/"
    if not row.source_system.startswith(below):
        return None
    return row.source_system.removeprefix(below), row.source_id


def source_to_keep(
    session: Session, connection: Connection, handed: HandedVersion
) -> tuple[str, str]:
    """Return the source system and id under which a version that came is kept here.

    What another record has already is not given to this one: a package says what it likes.
    """
    plain = (_system_of(handed.issuer), handed.record_id.hex())
    if handed.source is None:
        return plain
    system, source_id = handed.source
    if handed.issuer == session.profile.agency.id:
        if not _is_own(session, handed, system, source_id):
            return plain
        found = (system, source_id)
    else:
        found = (f"{_system_of(handed.issuer)}/{system}", source_id)
    chosen = sa.select(versions.c.record_id).where(
        versions.c.source_system == found[0],
        versions.c.source_id == found[1],
        versions.c.record_id != handed.record_id,
    )
    return plain if connection.execute(chosen.limit(1)).first() else found


def _is_own(session: Session, handed: HandedVersion, system: str, source_id: str) -> bool:
    """Whether a record of this agency's came of this source: its id derives from it."""
    if not system or not source_id:
        return False
    local_id = derive_local_id(session.keys.local_id_key(), system, source_id)
    own = AgencyId(session.profile.agency.id)
    return derive_record_id(session.lineage, own, local_id) == handed.record_id


def _system_of(agency_id: int) -> str:
    return f"{PREFIX}{agency_id}"
