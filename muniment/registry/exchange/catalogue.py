# SPDX-License-Identifier: Apache-2.0
"""The catalogue: which agencies there are, what types of records they keep, and who may ask.

All of it is on chain but the schemas, which are public files: one is here where it came with a
delivery, or is this agency's own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from muniment.errors import InvalidInputError
from muniment.record.canonical import JsonValue, canonicalize
from muniment.record.identifiers import RecordId, TypeId
from muniment.record.types import RecordType, Sharing
from muniment.registry.journal_records import entry_of
from muniment.registry.record_types import UnknownTypeError
from muniment.registry.session import Session
from muniment.store.tables import agencies, record_types, records


@dataclass(frozen=True, slots=True)
class PublishedType:
    """A version of an agency's record type, as it stands on chain; `schema` where it is here."""

    agency_id: int
    agency_name: str
    type_id: int
    version: int
    name: str
    schema_digest: bytes
    retention_days: int
    sharing: Sharing
    schema: RecordType | None


def catalogue(session: Session, agency_id: int | None = None) -> list[PublishedType]:
    """Return the latest version of all record types, of one agency or of all, by the mirror.

    `sync` first.
    """
    joined = sa.select(record_types, agencies.c.name.label("agency_name")).join(
        agencies, agencies.c.agency_id == record_types.c.agency_id
    )
    if agency_id is not None:
        joined = joined.where(record_types.c.agency_id == agency_id)
    ordered = joined.order_by(
        record_types.c.agency_id, record_types.c.type_id, record_types.c.version
    )
    with session.database.read() as connection:
        rows = connection.execute(ordered).mappings().all()
    latest = {(row["agency_id"], row["type_id"]): row for row in rows}
    return [_published(session, row) for row in latest.values()]


def published_type(session: Session, agency_id: int, name: str | int) -> PublishedType:
    """Return the latest version of an agency's type, by its name or number.

    Raises `InvalidInputError` for one that the agency has not.
    """
    known = catalogue(session, agency_id)
    wanted = int(name) if isinstance(name, int) or name.isdecimal() else name
    found = [each for each in known if wanted in (each.type_id, each.name)]
    if not found:
        names = ", ".join(each.name for each in known) or "none: it has no record types"
        raise InvalidInputError(
            f"record type of agency {agency_id}", f"one of {names}", repr(str(name))
        )
    return found[-1]


def add_schema(session: Session, agency_id: int, schema: JsonValue) -> list[PublishedType]:
    """Keep a schema that an agency has handed out, for each of its types' versions whose digest it
    has on chain; return those. Raises `InvalidInputError` where there is none. `sync` first.
    """
    if not isinstance(schema, dict):
        raise InvalidInputError("schema", "a JSON object", "another value")
    digest = hashlib.sha256(canonicalize(schema)).digest()
    chosen = sa.select(record_types).where(
        record_types.c.agency_id == agency_id, record_types.c.schema_digest == digest
    )
    with session.database.read() as connection:
        rows = connection.execute(chosen).mappings().all()
    if not rows:
        raise InvalidInputError(
            "schema", f"one that agency {agency_id} has published", f"another, 0x{digest.hex()}"
        )
    types = session.types_of(agency_id)
    for row in rows:
        types.keep(
            RecordType.define(
                row["name"],
                TypeId(row["type_id"]),
                row["version"],
                schema,
                retention_days=row["retention_days"],
                sharing=Sharing[row["sharing"]],
            )
        )
    return [each for each in catalogue(session, agency_id) if each.schema_digest == digest]


def type_of_record(session: Session, record_id: bytes) -> PublishedType | None:
    """Return the type of a record, None where neither the chain nor a journal here knows it."""
    chosen = sa.select(records.c.issuer, records.c.type_id).where(
        records.c.record_id == record_id, records.c.issuer != 0
    )
    with session.database.read() as connection:
        row = connection.execute(chosen).one_or_none()
    if row is not None:
        return published_type(session, row.issuer, row.type_id)
    entry = entry_of(session, RecordId(record_id))
    if entry is None:
        return None
    return published_type(session, entry.agency_id, entry.entry.type_id)


def _published(session: Session, row: sa.RowMapping) -> PublishedType:
    try:
        known = session.types_of(row["agency_id"]).by_number(row["type_id"], row["version"])
    except UnknownTypeError:
        known = None
    digest = bytes(row["schema_digest"])
    return PublishedType(
        agency_id=row["agency_id"],
        agency_name=row["agency_name"],
        type_id=row["type_id"],
        version=row["version"],
        name=row["name"],
        schema_digest=digest,
        retention_days=row["retention_days"],
        sharing=Sharing[row["sharing"]],
        schema=known if known is not None and known.schema_digest == digest else None,
    )
