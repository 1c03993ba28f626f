# SPDX-License-Identifier: Apache-2.0
"""Content that comes again: which record it stands for, and whether it is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from muniment.errors import ConflictError, ErasedError
from muniment.record.canonical import JsonValue
from muniment.record.commitment import Secret
from muniment.record.identifiers import AgencyId
from muniment.record.versions import Content, Version
from muniment.registry.journal_records import entries_of_sources, secret_of, secrets_of
from muniment.registry.journals import submission_of_entry
from muniment.registry.new_content import NewContent
from muniment.registry.reading import record_id_of
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.registry.unkept import UnkeptVersionError
from muniment.store import journal_rows, outbox
from muniment.store.versions import VersionRow, by_sources, versions_of_records


def is_same(session: Session, row: VersionRow, fields: Mapping[str, JsonValue]) -> bool:
    """Whether `fields` are the content that a kept version commits to."""
    return _is_of(session, row, fields, secret_of(session, row.record_id, row.version))


def compared(
    session: Session, system: str, contents: Sequence[NewContent]
) -> list[VersionRow | ConflictError | ErasedError | None]:
    """Compare contents with the records that their source ids stand for, some hundreds at once.

    Returns for each the version that has it: the latest, or the first one of a register that is
    imported again; else the conflict with the latest; `ErasedError` where what was registered is
    destroyed; None where nothing was.
    """
    if not contents:
        return []
    ids = [record_id_of(session, each.source_id, system) for each in contents]
    with session.database.read() as connection:
        kept = versions_of_records(connection, list(dict.fromkeys(ids)))
    ends = {each: (rows[-1], rows[0]) for each, rows in kept.items() if rows}
    places = {(row.record_id, row.version) for rows in ends.values() for row in rows}
    secrets = secrets_of(session, places)

    def compare(content: NewContent, rows: Sequence[VersionRow]) -> VersionRow | ConflictError:
        latest = rows[0]
        for row in rows:
            place = (row.record_id, row.version)
            secret = secrets.get(place) or secret_of(session, *place)
            if _is_of(session, row, content.fields, secret):
                return row
        return ConflictError(system, content.source_id, latest.record_id, latest.version)

    found: list[VersionRow | ConflictError | ErasedError | None] = []
    for content, record_id in zip(contents, ids, strict=True):
        try:
            found.append(compare(content, ends[record_id]) if record_id in ends else None)
        except ErasedError as error:
            found.append(error)
    return found


def _is_of(
    session: Session, row: VersionRow, fields: Mapping[str, JsonValue], secret: Secret
) -> bool:
    record_type = session.types_of(row.agency_id).by_number(row.type_id, row.type_version)
    header = record_type.header(
        row.record_id, AgencyId(row.agency_id), row.version, algorithm=row.algorithm
    )
    return Version(header, Content.of(fields), secret).commitment == row.commitment


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
