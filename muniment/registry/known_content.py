# SPDX-License-Identifier: Apache-2.0
"""Content that comes again: which record it stands for, and whether it is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from muniment.errors import ConflictError, ErasedError
from muniment.record.canonical import JsonValue
from muniment.record.identifiers import AgencyId
from muniment.record.versions import Content, Version
from muniment.registry.journal_records import entries_of_sources, secret_of
from muniment.registry.journals import submission_of_entry
from muniment.registry.new_content import NewContent
from muniment.registry.reading import record_id_of
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.registry.unkept import UnkeptVersionError
from muniment.store import journal_rows, outbox
from muniment.store.versions import VersionRow, by_sources, versions_of


def is_same(session: Session, row: VersionRow, fields: Mapping[str, JsonValue]) -> bool:
    """Whether `fields` are the content that a kept version commits to."""
    secret = secret_of(session, row.record_id, row.version)
    record_type = session.types_of(row.agency_id).by_number(row.type_id, row.type_version)
    header = record_type.header(
        row.record_id, AgencyId(row.agency_id), row.version, algorithm=row.algorithm
    )
    return Version(header, Content.of(fields), secret).commitment == row.commitment


def compare(
    session: Session, system: str, content: NewContent
) -> ConflictError | ErasedError | None:
    """Compare content with the record that its source id stands for, if there is one; None where
    it is the same, `ErasedError` where what was registered is destroyed.

    Same as the latest version's, or the first one's: a register that is imported again.
    """
    record_id = record_id_of(session, content.source_id, system)
    with session.database.read() as connection:
        rows = versions_of(connection, record_id)
    if not rows:
        return None
    try:
        if any(is_same(session, row, content.fields) for row in (rows[-1], rows[0])):
            return None
    except ErasedError as error:
        return error
    return ConflictError(system, content.source_id, record_id, rows[-1].version)


def registered_among(session: Session, system: str, source_ids: Sequence[str]) -> set[str]:
    """Return those source ids that stand for a record, however it was registered, or stood for one
    that is destroyed."""
    with session.database.read() as connection:
        known = set(by_sources(connection, system, source_ids))
        known |= set(
            entries_of_sources(
                session, connection, system, [each for each in source_ids if each not in known]
            )
        )
    left = [each for each in source_ids if each not in known]
    return known | erased_among(session, system, left).keys()


def erased_among(
    session: Session, system: str, source_ids: Sequence[str]
) -> dict[str, ErasedError]:
    """Return those source ids whose record was registered directly and is destroyed.

    Its rows have no source id any more: the key store alone knows.
    """
    ids = {each: record_id_of(session, each, system) for each in source_ids}
    gone = session.keys.erased([(each, 1) for each in ids.values()])
    return {each: ErasedError(found, 1) for each, found in ids.items() if (found, 1) in gone}


def submission_of(session: Session, record_id: bytes, version: int) -> Submission:
    """Return the submission that brought a version. Raises `UnkeptVersionError`."""
    kinds = ("register", "amend")
    with session.database.read() as connection:
        row = outbox.submission_about(connection, record_id, version, kinds)
        entry = journal_rows.entry_of(connection, record_id) if version == 1 else None
    if row is None and entry is not None:
        return submission_of_entry(session, entry)
    if row is None:
        raise UnkeptVersionError(record_id, version)
    return Submission(row.submission_id, row.kind, record_id, version, session)
