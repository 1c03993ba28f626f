# SPDX-License-Identifier: Apache-2.0
"""The kept content of many records: rows and secrets are read together, and packs in one go."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from muniment.errors import CommitmentMismatchError
from muniment.record.identifiers import AgencyId, RecordId
from muniment.record.objects import CONTENT_OBJECT, decrypt
from muniment.record.versions import Content, Version
from muniment.registry.reading import KeptVersion, kept_version
from muniment.registry.session import Session
from muniment.store import packs
from muniment.store.packs import Packed
from muniment.store.versions import packed_objects_of, versions_of_records

_MANY: Final = 32
"""Contents of one pack from which on it is read whole."""


def kept_versions(
    session: Session, record_ids: Sequence[RecordId]
) -> dict[RecordId, list[KeptVersion]]:
    """Return all versions of some records that are kept here, in order, some hundred records.

    What came by a journal is read as `kept_version` does. Raises as that.
    """
    with session.database.read() as connection:
        rows = versions_of_records(connection, record_ids)
        packed = packed_objects_of(connection, record_ids)
    places = [(row.record_id, row.version) for each in rows.values() for row in each]
    secrets = session.keys.secrets(places)
    sealed = _sealed(
        session, [each[CONTENT_OBJECT] for each in packed.values() if CONTENT_OBJECT in each]
    )
    found: dict[RecordId, list[KeptVersion]] = {}
    for record_id, many in rows.items():
        found[record_id] = []
        for row in many:
            place = (record_id, row.version)
            where = packed.get(place, {}).get(CONTENT_OBJECT)
            if where is None or place not in secrets:
                found[record_id].append(kept_version(session, record_id, row.version))
                continue
            secret, plain = secrets[place], io.BytesIO()
            if where in sealed:
                decrypt(io.BytesIO(sealed[where]), plain, where.place, secret)
                content = Content(plain.getvalue())
            else:
                content = Content(packs.read_object(session.vault, where, secret))
            types = session.types_of(row.agency_id)
            record_type = types.by_number(row.type_id, row.type_version)
            header = record_type.header(
                record_id, AgencyId(row.agency_id), row.version, algorithm=row.algorithm
            )
            version = Version(header, content, secret)
            if version.commitment != row.commitment:
                raise CommitmentMismatchError(row.commitment, version.commitment)
            found[record_id].append(KeptVersion(row, record_type, version))
    return found


def _sealed(session: Session, wanted: Sequence[Packed]) -> dict[Packed, bytes]:
    """The encrypted contents of packs of which many are wanted."""
    by_pack: dict[str, set[Packed]] = {}
    for each in wanted:
        by_pack.setdefault(each.pack, set()).add(each)
    found: dict[Packed, bytes] = {}
    for pack, those in by_pack.items():
        if len(those) >= _MANY:
            walked = packs.contents_of(session.vault, pack)
            found |= {packed: sealed for packed, sealed in walked if packed in those}
    return found
