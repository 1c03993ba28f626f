# SPDX-License-Identifier: Apache-2.0
"""Content on its way in: checked, committed, encrypted, kept, and acknowledged in one transaction.

The order is what makes it safe. The secret is in the key store before it is used; the encrypted
objects are in the vault before a row names them; the row and the submission are one transaction,
and that is the acknowledgement. A process that dies before leaves a secret and a pack that no row
names; whoever registers the same source id next uses that secret, and a new pack.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from muniment.chain.contract import Call
from muniment.errors import ConflictError, ErasedError, InvalidInputError, KeystoreError
from muniment.exchange.errors import NotCustodianError
from muniment.record.commitment import Secret, new_secret
from muniment.record.files import FileValue
from muniment.record.identifiers import (
    AgencyId,
    RecordId,
    derive_local_id,
    derive_record_id,
)
from muniment.record.objects import CONTENT_OBJECT, ObjectPlace
from muniment.record.types import RecordType
from muniment.record.versions import Content, Version
from muniment.registry.journal_records import entries_of_sources, with_enrolment
from muniment.registry.journals import submission_of_entry
from muniment.registry.known_content import compared, erased_among, is_same, submission_of
from muniment.registry.new_content import NewContent, prepared_content, with_files
from muniment.registry.prepared.versions import make_way
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.registry.unkept import UnkeptVersionError
from muniment.store import journal_rows, packs
from muniment.store.journal_rows import EntryRow
from muniment.store.mirror_search import custodian_of
from muniment.store.outbox_rows import Act
from muniment.store.search_terms import search_term
from muniment.store.versions import (
    NewVersion,
    VersionRow,
    by_sources,
    order_registrations,
    sheet_of,
    versions_of,
)

_TRIES = 3


Outcome = Submission | ConflictError | ErasedError | InvalidInputError
"""What became of one of many: its submission, or why there is none."""


def register(
    session: Session,
    record_type: RecordType,
    contents: Sequence[NewContent],
    *,
    source_system: str | None = None,
) -> list[Submission]:
    """Acknowledge new records, all or none, and return their submissions in order.

    What is registered already with the same content gives the submission that it has. Raises
    `ConflictError` for a source id that stands for other content, `ErasedError` for one whose
    record was disposed of, `InvalidContentError`, and `InvalidInputError` for a source id that
    comes twice.
    """
    outcomes = register_each(session, record_type, contents, source_system, all_or_none=True)
    return [each for each in outcomes if isinstance(each, Submission)]


class EnteredMeanwhileError(Exception):
    """An import brought one of the records into the journal at this moment."""


def register_each(
    session: Session,
    record_type: RecordType,
    contents: Sequence[NewContent],
    source_system: str | None = None,
    *,
    all_or_none: bool = False,
) -> list[Outcome]:
    """Acknowledge those new records that can be, in one transaction; return an outcome for each.

    With `all_or_none` the first that cannot be is raised instead, and nothing is acknowledged.
    """
    system = source_system or session.profile.agency.source_system
    outcomes: dict[int, Outcome] = {}
    prepared: dict[int, NewContent] = {}
    seen: set[str] = set()
    for place, each in enumerate(contents):
        try:
            prepared[place] = prepared_content(record_type, each, seen)
        except InvalidInputError as error:
            if all_or_none:
                raise
            outcomes[place] = error
    races = 0
    while True:
        ids = [each.source_id for each in prepared.values()]
        with session.database.read() as connection:
            known = by_sources(connection, system, ids)
            entries = entries_of_sources(
                session, connection, system, [each for each in ids if each not in known]
            )
        there = [
            place
            for place, each in prepared.items()
            if each.source_id in known or each.source_id in entries
        ]
        found = compared(session, system, [prepared[place] for place in there])
        for place, outcome in zip(there, found, strict=True):
            if isinstance(outcome, VersionRow):
                entry = entries.get(prepared[place].source_id)
                outcomes[place] = _submitted(session, outcome, entry)
            elif outcome is not None:
                outcomes[place] = outcome
        fresh = {place: each for place, each in prepared.items() if place not in outcomes}
        unmade = (ConflictError, ErasedError)
        faults = [each for each in outcomes.values() if isinstance(each, unmade)]
        if faults and all_or_none:
            raise faults[0]
        try:
            made = _register_new(session, record_type, system, list(fresh.values()))
        except ErasedError:
            # Their rows have no source id any more, and nothing can take their places.
            if all_or_none:
                raise
            gone = erased_among(session, system, [each.source_id for each in fresh.values()])
            if not gone:
                raise
            for place, each in fresh.items():
                if each.source_id in gone:
                    outcomes[place] = gone[each.source_id]
                    del prepared[place]
            continue
        except (sa.exc.IntegrityError, EnteredMeanwhileError):
            # Another process registered one of them at this moment: look again.
            races += 1
            if races == _TRIES:
                raise
            continue
        outcomes.update(zip(fresh, made, strict=True))
        return [outcomes[place] for place in range(len(contents))]


def amend(
    session: Session,
    record_type: RecordType,
    record_id: RecordId,
    content: NewContent,
    *,
    expected_version: int | None = None,
) -> Submission:
    """Acknowledge the next version of a record's content. The officer signs it.

    Content equal to the latest version's gives that version's submission. `expected_version`
    refuses to amend another one. Raises `UnkeptVersionError`, `InvalidContentError`, and
    `NotCustodianError` where the mirror has another agency as the custodian.
    """
    with session.database.read() as connection:
        kept = versions_of(connection, record_id)
        custodian = custodian_of(connection, record_id)
    if custodian is not None and custodian != session.profile.agency.id:
        raise NotCustodianError(record_id, custodian)
    if not kept:
        raise UnkeptVersionError(record_id, None)
    latest = kept[-1]
    if expected_version not in (None, latest.version):
        raise InvalidInputError(
            "expected version", f"the latest one, {latest.version}", str(expected_version)
        )
    prepared = with_files(record_type, content)
    if is_same(session, latest, prepared.fields):
        return submission_of(session, record_id, latest.version)
    number = latest.version + 1
    make_way(session, [(record_id, number)], lambda _, row: is_same(session, row, prepared.fields))
    row = _row(session, record_type, record_id, number, (latest.source_system, latest.source_id))
    row = replace(row, agency_id=latest.agency_id)
    [new] = _keep(session, record_type, [(prepared, row)], _secrets(session, [(record_id, number)]))
    call = session.records.amend(
        record_id, latest.version, record_type.version, row.algorithm, new.row.commitment
    )
    call = with_enrolment(session, [record_id], call)
    act = Act("amend", call, record_id, number, session.officer)
    return _write(session, [new], [act])[0]


def _register_new(
    session: Session, record_type: RecordType, system: str, contents: Sequence[NewContent]
) -> list[Submission]:
    if not contents:
        return []
    agency_id = AgencyId(session.profile.agency.id)
    key = session.keys.local_id_key()
    local_ids = [derive_local_id(key, system, each.source_id) for each in contents]
    record_ids = [derive_record_id(session.lineage, agency_id, each) for each in local_ids]
    make_way(
        session,
        [(record_id, 1) for record_id in record_ids],
        lambda place, row: is_same(session, row, contents[place].fields),
    )
    secrets = _secrets(session, [(record_id, 1) for record_id in record_ids])
    new = _keep(
        session,
        record_type,
        [
            (each, _row(session, record_type, record_id, 1, (system, each.source_id)))
            for each, record_id in zip(contents, record_ids, strict=True)
        ],
        secrets,
    )
    account = None if session.profile.keys.operators else session.officer
    acts = [
        Act(
            "register",
            registration(session, each.row, local_id),
            each.row.record_id,
            each.row.version,
            account,
        )
        for each, local_id in zip(new, local_ids, strict=True)
    ]
    return _write(session, new, acts)


def registration(session: Session, row: VersionRow, local_id: bytes) -> Call:
    """Return the call that registers a version; `local_id` 32 bytes."""
    return session.records.register(
        row.agency_id, row.type_id, row.type_version, row.algorithm, local_id, row.commitment
    )


def _write(session: Session, new: Sequence[NewVersion], acts: Sequence[Act]) -> list[Submission]:
    first = [each.row.record_id for each in new if each.row.version == 1]
    with session.database.write() as connection:
        if first:
            order_registrations(connection)
        if first and journal_rows.entries_of(connection, first):
            raise EnteredMeanwhileError
        ids = session.acknowledge(connection, acts, new)
    return [
        Submission(submission_id, act.kind, act.record_id, act.version, session)
        for submission_id, act in zip(ids, acts, strict=True)
    ]


def _keep(
    session: Session,
    record_type: RecordType,
    contents: Sequence[tuple[NewContent, VersionRow]],
    secrets: Mapping[tuple[RecordId, int], Secret],
) -> list[NewVersion]:
    """Commit to contents and put their encrypted objects into the vault: one pack for all, and one
    for each file."""
    rows: list[VersionRow] = []
    entries: list[tuple[ObjectPlace, Secret, bytes]] = []
    for content, row in contents:
        secret = secrets[row.record_id, row.version]
        canonical = Content.of(content.fields)
        header = record_type.header(
            row.record_id, AgencyId(row.agency_id), row.version, algorithm=row.algorithm
        )
        done = replace(row, commitment=Version(header, canonical, secret).commitment)
        rows.append(done)
        for index, plain in (
            (CONTENT_OBJECT, canonical.canonical),
            (packs.SHEET_OBJECT, sheet_of(done)),
        ):
            entries.append((ObjectPlace(row.record_id, row.version, index), secret, plain))
    packed = packs.write_pack(session.vault, entries)
    key = session.keys.search_key()
    new = []
    for place, ((content, _), row) in enumerate(zip(contents, rows, strict=True)):
        secret = secrets[row.record_id, row.version]
        files = _keep_files(session, record_type, content, row, secret)
        terms = {
            name: search_term(key, record_type.type_id, name, content.fields[name])
            for name in record_type.searchable
            if name in content.fields
        }
        new.append(NewVersion(row, (*packed[2 * place : 2 * place + 2], *files), terms))
    return new


def _keep_files(
    session: Session, record_type: RecordType, content: NewContent, row: VersionRow, secret: Secret
) -> list[packs.Packed]:
    kept = []
    for index, name in enumerate(record_type.file_fields, 1):
        path = content.attachments.get(name)
        if path is None:
            continue
        place = ObjectPlace(row.record_id, row.version, index)
        expected = FileValue.from_json(content.fields[name])
        with path.open("rb") as reader:
            part, value = packs.write_file(
                session.vault, place, secret, reader, expected.media_type
            )
        if value != expected:
            raise InvalidInputError(f"attachment {name!r}", "a file that holds still", "changing")
        kept.append(part)
    return kept


def _submitted(session: Session, row: VersionRow, entry: EntryRow | None) -> Submission:
    """The submission that brought a version."""
    if entry is not None:
        return submission_of_entry(session, entry)
    return submission_of(session, row.record_id, row.version)


def _row(
    session: Session,
    record_type: RecordType,
    record_id: RecordId,
    version: int,
    source: tuple[str | None, str | None],
) -> VersionRow:
    agency = AgencyId(session.profile.agency.id)
    header = record_type.header(record_id, agency, version)
    return VersionRow(
        record_id=record_id,
        version=version,
        agency_id=agency,
        type_id=record_type.type_id,
        type_version=record_type.version,
        algorithm=header.algorithm,
        schema_digest=record_type.schema_digest,
        commitment=b"",
        source_system=source[0],
        source_id=source[1],
        created_ms=_now_ms(),
    )


def _secrets(
    session: Session, places: Sequence[tuple[RecordId, int]]
) -> dict[tuple[RecordId, int], Secret]:
    """The secrets of versions, durable; those that an attempt before left behind are used."""
    for turn in range(_TRIES):
        found = session.keys.secrets(places)
        missing = {place: new_secret() for place in places if place not in found}
        try:
            if missing:
                session.keys.put_secrets(missing)
        except ErasedError:
            raise
        except KeystoreError:
            # Another process stored one of them at this moment; an error of another kind stays.
            if turn + 1 == _TRIES:
                raise
            continue
        return {**found, **missing}
    raise AssertionError("the loop returns or raises")


def _now_ms() -> int:
    return int(time.time() * 1000)
