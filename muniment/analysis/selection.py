# SPDX-License-Identifier: Apache-2.0
"""Which records of a type this agency has registered, by its own tables."""

from __future__ import annotations

import sqlalchemy as sa

from muniment.journal.entry import Entry, EntryKind
from muniment.record.identifiers import AgencyId, RecordId, derive_record_id
from muniment.registry import Registry
from muniment.registry.bulk_evidence import Provable, provable_records
from muniment.store import journal_rows
from muniment.store.journal_tables import journal_batches
from muniment.store.tables import versions


def records_of_type(registry: Registry, name: str) -> Provable:
    """Return the agency's records of a type that can be proven now, and how many are not final yet.

    The mirror is brought up to date first. Raises `UnknownTypeError`, `UnreachableError`.
    """
    session = registry.session
    type_id = session.record_types.latest(name).type_id
    registry.sync()
    agency = AgencyId(session.profile.agency.id)
    with session.database.read() as connection:
        direct = sa.select(versions.c.record_id).where(
            versions.c.version == 1, versions.c.type_id == type_id
        )
        found = [RecordId(bytes(each)) for each in connection.execute(direct).scalars()]
        batches = sa.select(journal_batches).where(journal_batches.c.type_id == type_id)
        for batch in connection.execute(batches).mappings().all():
            first = batch["first_index"]
            entries = journal_rows.entries_between(
                connection, batch["journal"], first, first + batch["count"]
            )
            for each in entries:
                entry = Entry.from_bytes(bytes(each))
                if entry.kind is EntryKind.REGISTRATION:
                    found.append(derive_record_id(session.lineage, agency, entry.local_id))
    return provable_records(session, found)
