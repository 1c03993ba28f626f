# SPDX-License-Identifier: Apache-2.0
"""What the registry and the agency's own stores say of a record."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from muniment.chain.connection import Block, Connection
from muniment.chain.traces import Trace, read_trace, read_traces
from muniment.errors import CommitmentMismatchError, InvalidInputError
from muniment.record.canonical import JsonValue
from muniment.record.commitment import Commitment
from muniment.record.files import FileValue
from muniment.record.identifiers import (
    AgencyId,
    RecordId,
    TypeId,
    derive_local_id,
    derive_record_id,
)
from muniment.record.objects import CONTENT_OBJECT
from muniment.record.state import RecordState
from muniment.record.types import RecordType
from muniment.record.versions import Content, Version
from muniment.registry.journal_records import read_content, secret_of
from muniment.registry.session import Session
from muniment.registry.unkept import UnkeptVersionError
from muniment.store import packs
from muniment.store.journal_rows import entries_with_terms
from muniment.store.search_terms import search_term
from muniment.store.versions import (
    VersionRow,
    packed_objects,
    records_with_terms,
    versions_of,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the chain says of a record at `block`. `commitment` is that of the latest version,
    `trace_head` that of all acts, where the chain stores none for a lone registration too."""

    record_id: RecordId
    block: Block
    state: RecordState
    commitment: Commitment
    trace_head: bytes


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """A version whose content the agency keeps, opened and checked against its commitment."""

    row: VersionRow
    record_type: RecordType
    version: Version

    @property
    def fields(self) -> dict[str, JsonValue]:
        """The content's fields by name."""
        return self.version.content.fields()


def record_id_of(session: Session, source_id: str, source_system: str | None = None) -> RecordId:
    """Return the id that a source id of this agency gives, registered or not."""
    system = source_system or session.profile.agency.source_system
    local_id = derive_local_id(session.keys.local_id_key(), system, source_id)
    return derive_record_id(session.lineage, AgencyId(session.profile.agency.id), local_id)


def standing(session: Session, record_id: RecordId) -> Standing:
    """Return what the chain says of a record now; an empty state where it knows none."""

    def read(connection: Connection) -> Standing:
        block = connection.block()
        records = session.registries(connection, block).records
        found = records.record(record_id, block=block)
        head = records.trace_head_of(record_id, block=block)
        return Standing(record_id, block, found.state, Commitment(found.commitment), head)

    return session.nodes.read(read)


def trace(session: Session, record_id: RecordId) -> Trace:
    """Return the complete trace of a record, checked against its slots."""

    def read(connection: Connection) -> Trace:
        block = connection.block()
        return read_trace(session.registries(connection, block), record_id, block)

    return session.nodes.read(read)


def traces(session: Session, record_ids: Sequence[RecordId]) -> dict[RecordId, Trace]:
    """Return the complete traces of some records in one block, checked against their slots."""

    def read(connection: Connection) -> dict[RecordId, Trace]:
        block = connection.block()
        return read_traces(session.registries(connection, block), record_ids, block)

    return session.nodes.read(read)


def kept_version(session: Session, record_id: RecordId, number: int | None = None) -> KeptVersion:
    """Return a version that the agency keeps, the latest by default.

    Raises `UnkeptVersionError`, `ErasedError`, `DecryptionError`, `CommitmentMismatchError`.
    """
    with session.database.read() as connection:
        rows = {row.version: row for row in versions_of(connection, record_id)}
        row = rows.get(max(rows, default=0) if number is None else number)
        if row is None:
            raise UnkeptVersionError(record_id, number)
        packed = packed_objects(connection, record_id, row.version)
    secret = secret_of(session, record_id, row.version)
    if CONTENT_OBJECT in packed:
        content = Content(packs.read_object(session.vault, packed[CONTENT_OBJECT], secret))
    elif packs.ENTRY_OBJECT in packed:
        content = read_content(session, packed[packs.ENTRY_OBJECT], secret)
    else:
        raise UnkeptVersionError(record_id, row.version)
    # The types are the issuer's, whoever has the custody now.
    record_type = session.types_of(row.agency_id).by_number(row.type_id, row.type_version)
    header = record_type.header(
        record_id, AgencyId(row.agency_id), row.version, algorithm=row.algorithm
    )
    version = Version(header, content, secret)
    if version.commitment != row.commitment:
        raise CommitmentMismatchError(row.commitment, version.commitment)
    return KeptVersion(row, record_type, version)


def extract(
    session: Session,
    record_id: RecordId,
    name: str,
    target: Path | IO[bytes],
    number: int | None = None,
) -> FileValue:
    """Write a file of a version to `target`, checked whole, and return what it is.

    A path gets the file only when all of it was right; it is not overwritten. Raises
    `InvalidInputError` for a field that is no file, `DecryptionError` for one that was changed.
    """
    kept = kept_version(session, record_id, number)
    if name not in kept.record_type.file_fields or name not in kept.fields:
        known = ", ".join(each for each in kept.record_type.file_fields if each in kept.fields)
        raise InvalidInputError("file", f"one of {known}" if known else "none here", repr(name))
    value = FileValue.from_json(kept.fields[name])
    index = kept.record_type.file_fields.index(name) + 1
    with session.database.read() as connection:
        packed = packed_objects(connection, record_id, kept.row.version)
    if index not in packed:
        raise UnkeptVersionError(record_id, kept.row.version)
    secret = kept.version.secret
    if not isinstance(target, Path):
        packs.read_file(session.vault, packed[index], secret, target, value)
        return value
    if target.exists():
        raise InvalidInputError("target", "a file that is not there yet", "there already")
    descriptor, half = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(descriptor, "wb") as writer:
            packs.read_file(session.vault, packed[index], secret, writer, value)
            writer.flush()
            os.fsync(writer.fileno())
        # A link, not a rename: what somebody else put there meanwhile stays.
        os.link(half, target)
    finally:
        Path(half).unlink()
    return value


def find_by_fields(
    session: Session,
    record_type: RecordType,
    sought: Mapping[str, JsonValue],
    issuer: int | None = None,
) -> list[RecordId]:
    """Return the records of a type, kept here, whose searchable fields have these values.

    The type is the agency's own, or that of `issuer`, whose records it has in its custody.
    Raises `InvalidInputError` for a field that is not searchable.
    """
    for name in sought:
        if name not in record_type.searchable:
            known = ", ".join(record_type.searchable) or "none: the type has no searchable fields"
            raise InvalidInputError("field", f"one of {known}", repr(name))
    key = session.keys.search_key()
    terms = {
        name: search_term(key, TypeId(record_type.type_id), name, value)
        for name, value in sought.items()
    }
    with session.database.read() as connection:
        own = session.profile.agency.id
        agency_id = own if issuer is None else issuer
        found = records_with_terms(connection, agency_id, record_type.type_id, terms)
        entries = []
        if agency_id == own:
            entries = entries_with_terms(connection, session.lineage, record_type.type_id, terms)
        # A later version has terms of its own, in the other table.
        found += [each for each in entries if len(versions_of(connection, each)) == 1]
    return sorted(set(found))
