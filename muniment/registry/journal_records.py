# SPDX-License-Identifier: Apache-2.0
"""Records that came by a journal: their secrets, their content, and their way onto the chain.

Nobody who calls the façade has to know which way a record came. As long as nothing was done to one
it stands in its journal alone; its first act enrols it, with its proof, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.chain.bindings import RecordRegistry
from muniment.chain.bindings.record_registry import Entry as EntryArgument
from muniment.chain.bindings.record_registry import EntryPlace, Seal
from muniment.chain.connection import Connection
from muniment.chain.contract import Call
from muniment.chain.journals import SealedJournal, read_journal
from muniment.errors import ErasedError, StoreError
from muniment.record.canonical import parse_canonical
from muniment.record.commitment import Secret
from muniment.record.identifiers import AgencyId, RecordId, derive_local_id, derive_record_id
from muniment.record.state import Status
from muniment.record.versions import Content
from muniment.registry.session import Session
from muniment.store import journal_rows, outbox, packs
from muniment.store.journal_files import JournalFiles
from muniment.store.journal_rows import EntryRow


class NotSealedError(StoreError):
    """The record stands in a journal whose seal does not cover it yet."""

    def __init__(self, row: EntryRow, sealed: int) -> None:
        super().__init__(
            f"record 0x{row.record_id.hex()} is entry {row.index} of journal {row.journal}, of "
            f"which {sealed} entries are sealed",
            expected="a seal that covers it, not older than the entry",
            remedy="wait for the next seal: `muniment journal seal`, or `muniment run`",
        )


def entry_of(session: Session, record_id: RecordId) -> EntryRow | None:
    """Return the journal entry that registered a record, None where none of this agency did."""
    with session.database.read() as connection:
        return journal_rows.entry_of(connection, record_id)


def entries_of_sources(
    session: Session, connection: DatabaseConnection, system: str, source_ids: Sequence[str]
) -> dict[str, EntryRow]:
    """Return the entries that registered records of these source ids, by source id."""
    if not source_ids or not journal_rows.journals_kept(connection):
        return {}
    key, agency_id = session.keys.local_id_key(), AgencyId(session.profile.agency.id)
    by_record = {
        derive_record_id(session.lineage, agency_id, derive_local_id(key, system, each)): each
        for each in source_ids
    }
    found = journal_rows.entries_of(connection, list(by_record))
    return {by_record[record_id]: row for record_id, row in found.items()}


def entries_by_journal(
    session: Session, record_ids: Iterable[RecordId]
) -> dict[int, dict[int, RecordId]]:
    """Return the records that journal entries registered, by journal and index."""
    with session.database.read() as connection:
        rows = journal_rows.entries_of(connection, sorted(record_ids))
    found: dict[int, dict[int, RecordId]] = {}
    for record_id, row in rows.items():
        found.setdefault(row.journal, {})[row.index] = record_id
    return found


def secrets_of(
    session: Session, places: Collection[tuple[RecordId, int]]
) -> dict[tuple[RecordId, int], Secret]:
    """Return the secrets of versions, by whichever way the records came.

    What has none is left out: `secret_of` says why.
    """
    found = session.keys.secrets(places)
    left = {each for each, version in places if version == 1 and (each, 1) not in found}
    for journal, by_index in entries_by_journal(session, left).items():
        for index, secret in session.keys.journal_secrets_at(journal, by_index).items():
            found[by_index[index], 1] = secret
    return found


def secret_of(session: Session, record_id: RecordId, version: int) -> Secret:
    """Return a version's secret, by whichever way the record came.

    Raises `ErasedError`, and `KeystoreError` where there is none.
    """
    found = session.keys.secrets([(record_id, version)])
    if found:
        return found[record_id, version]
    row = entry_of(session, record_id) if version == 1 else None
    if row is None:
        return session.keys.secret(record_id, version)
    secret = session.keys.journal_secret(row.journal, row.index)
    if secret is None:
        raise ErasedError(record_id, version)
    return secret


def content_in(sealed: bytes) -> tuple[str, str, Content]:
    """Return source system, source id and content of an entry's decrypted object.

    Raises `StoreError` for what is none.
    """
    value = parse_canonical(sealed)
    if isinstance(value, list) and len(value) == 3:
        system, source_id, fields = value
        if isinstance(system, str) and isinstance(source_id, str) and isinstance(fields, dict):
            return system, source_id, Content.of(fields)
    raise StoreError(
        "an entry's object in the vault has another form",
        expected="source system, source id and content",
        remedy="use the Muniment that wrote it, or a newer one",
    )


def read_content(session: Session, packed: packs.Packed, secret: Secret) -> Content:
    """Return the content that an entry's object has. Raises as `packs.read_object`."""
    return content_in(packs.read_object(session.vault, packed, secret))[2]


def sealed_journal(session: Session, node: Connection, journal: int) -> SealedJournal:
    """Return what the chain says of one of the agency's journals now."""
    chain = session.profile.chain
    return read_journal(
        node,
        RecordRegistry(node, chain.registry),
        session.profile.agency.id,
        journal,
        first_block=chain.first_block,
        block=node.block(),
        predecessor=session.predecessor,
    )


def enrolment(session: Session, row: EntryRow) -> Call:
    """Return the call that enrols a journal's record. Raises `NotSealedError`."""
    sealed = session.nodes.read(lambda node: sealed_journal(session, node, row.journal))
    seal = sealed.seal
    if seal is None or seal.size <= row.index or seal.sealed_at < row.entry.time:
        raise NotSealedError(row, 0 if seal is None else seal.size)
    tree = JournalFiles(session.vault, row.journal).tree(seal.size)
    return enrol_call(session, row, seal, tree.inclusion_proof(row.index))


def enrol_call(session: Session, row: EntryRow, seal: Seal, proof: Sequence[bytes]) -> Call:
    """Return the call that enrols an entry's record under a seal, by its inclusion proof."""
    entry = row.entry
    argument = EntryArgument(
        kind=entry.kind,
        algorithm=entry.algorithm,
        type_id=entry.type_id,
        type_version=entry.type_version,
        time=entry.time,
        local_id=entry.local_id,
        commitment=entry.commitment,
    )
    place = EntryPlace(row.agency_id, row.journal, row.index)
    return session.records.enrol(place, argument, seal, proof)


def with_enrolment(session: Session, record_ids: Sequence[RecordId], call: Call) -> Call:
    """Return a call that first enrols those of `record_ids` that stand in a journal alone.

    Those that an act on its way enrols already are left to it. Raises `NotSealedError`.
    """
    with session.database.read() as connection:
        entries = journal_rows.entries_of(connection, record_ids)
        for record_id in list(entries):
            if outbox.is_enrolled_by(connection, record_id):
                del entries[record_id]
    if not entries:
        return call

    def known(node: Connection) -> set[RecordId]:
        records, block = RecordRegistry(node, session.profile.chain.registry), node.block()
        return {
            each
            for each in entries
            if records.record(each, block=block).state.status is not Status.NONE
        }

    standing = session.nodes.read(known)
    enrolments = [enrolment(session, entries[each]) for each in entries if each not in standing]
    return session.records.multicall([*enrolments, call]) if enrolments else call
