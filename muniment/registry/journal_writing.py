# SPDX-License-Identifier: Apache-2.0
"""Appending to a journal: one process at a time makes prepared batches durable, in order.

The order is what makes it safe. Secrets are in the key store before anything made with them lies
anywhere; the encrypted objects are in the vault before a row names them; the batch's rows are one
transaction, and that is the acknowledgement of all its entries. A process that dies before leaves
secrets past the journal's end, which the next batch replaces, and a pack that no row names.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import InvalidInputError
from muniment.journal.entry import EntryKind
from muniment.pipeline.sequencer import JournalEndedError
from muniment.record.commitment import Secret
from muniment.record.files import FileValue
from muniment.record.identifiers import AgencyId, RecordId
from muniment.record.objects import ObjectPlace
from muniment.record.types import RecordType
from muniment.registry.new_content import Attachment
from muniment.registry.preparing import Preparation, Prepared
from muniment.registry.sending import holder_name
from muniment.registry.session import Session
from muniment.store import journal_rows, packs
from muniment.store.batch_sheets import BatchSheet
from muniment.store.journal_tables import journal_ids
from muniment.store.leases import Lease, held
from muniment.store.seen_ids import SeenIds
from muniment.store.tables import journals, submissions, versions
from muniment.store.versions import add_objects, order_registrations

Attachments = Mapping[int, Mapping[str, tuple[Attachment, FileValue]]]
_PAGE = 4096


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a batch: its entries have the indexes from `first_index` on, `count` of them.

    `known` are the places, in what was given, of records that are registered already.
    """

    first_index: int
    count: int
    known: list[int]


def preparation(
    session: Session,
    record_type: RecordType,
    source_system: str,
    kind: EntryKind = EntryKind.REGISTRATION,
) -> Preparation:
    """Return what batches of a type and a source system need to be made ready."""
    return Preparation(
        record_type,
        session.lineage,
        AgencyId(session.profile.agency.id),
        source_system,
        session.keys.local_id_key(),
        session.keys.search_key(),
        kind,
    )


def lease_of(journal: int) -> str:
    """Return the name of the lease that one must hold to append to a journal."""
    return f"journal {journal}"


@contextmanager
def journal_writer(
    session: Session, journal: int, *, wait_seconds: float = 0.0, fresh_ids: bool = False
) -> Iterator[JournalWriter]:
    """Hold a journal's lease and append. Raises `LeaseHeldError` while another process does.

    With `fresh_ids` what is appended has random ids, and is not looked for among all others.
    """
    with held(
        session.database, lease_of(journal), holder=holder_name(), wait_seconds=wait_seconds
    ) as lease:
        yield JournalWriter(session, journal, lease, fresh_ids=fresh_ids)


class JournalWriter:
    """Appends to one journal; `size` is how many entries it has."""

    def __init__(
        self, session: Session, journal: int, lease: Lease, *, fresh_ids: bool = False
    ) -> None:
        """Read what is there. Use `journal_writer`."""
        self._session = session
        self._lease = lease
        self.journal = journal
        self._seen = SeenIds()
        self._last_submission = -1
        with session.database.read() as connection:
            self.size = journal_rows.size_of(connection, journal)
        if not fresh_ids:
            self._read_ids()

    def append(
        self,
        batch: Prepared,
        attachments: Attachments | None = None,
        also: Callable[[Connection], None] | None = None,
    ) -> Appended:
        """Append those of a batch that are not registered yet. Durable on return.

        `attachments` are files, with the values that were committed to, by place and field; what
        `also` writes is written with the batch, or not at all. Raises `LeaseLostError` and
        `JournalEndedError` with nothing appended, and the stores' errors.
        """
        known = self._known(batch.record_ids)
        places = [batch.places[at] for at in sorted(known)]
        if known:
            batch = batch.without(known)
        if not batch.entries:
            return Appended(self.size, 0, places)
        session, first = self._session, self.size
        session.keys.put_journal_secrets(self.journal, first, batch.secrets)
        files = self._keep_files(batch, attachments or {})
        sheet = _sheet(self.journal, first, batch)
        pack, offsets = packs.write_entries(session.vault, sheet.to_bytes(), batch.objects)
        new = journal_rows.NewBatch(
            sheet=sheet,
            pack=pack,
            entries=batch.entries,
            record_ids=batch.record_ids,
            source_ids=batch.source_ids,
            places=list(zip(offsets, batch.lengths, strict=True)),
            terms=batch.terms,
        )
        with session.database.write() as connection:
            self._lease.require(connection)
            self._require_open(connection)
            order_registrations(connection)
            # Records that another process registered directly since we looked.
            raced = self._registered_since(connection, set(batch.record_ids))
            if not raced:
                journal_rows.add_batch(connection, new)
                add_objects(connection, files)
                if also is not None:
                    also(connection)
        if raced:
            self._seen.add(raced)
            again = self.append(batch, attachments, also)
            return Appended(again.first_index, again.count, sorted([*places, *again.known]))
        self.size += len(batch.entries)
        self._seen.add(batch.record_ids)
        if self._seen.is_full:
            self._seen = SeenIds(bits=self._seen.bits + 2)
            self._read_ids()
        return Appended(first, len(batch.entries), places)

    def write(self, what: Callable[[Connection], None]) -> None:
        """Write what belongs to the journal, as its only writer. Raises `LeaseLostError`."""
        with self._session.database.write() as connection:
            self._lease.require(connection)
            what(connection)

    def _require_open(self, connection: Connection) -> None:
        """Raise `JournalEndedError` where the journal is closed, by the mirror: no seal would ever
        make provable what was acknowledged."""
        closed = sa.select(journals.c.closed).where(
            journals.c.agency_id == self._session.profile.agency.id,
            journals.c.journal == self.journal,
        )
        if connection.execute(closed).scalar():
            raise JournalEndedError(self.journal)

    def _keep_files(self, batch: Prepared, attachments: Attachments) -> list[packs.Packed]:
        """Encrypt the files of a batch into packs of their own. Their values are committed to."""
        kept: list[packs.Packed] = []
        if not attachments:
            return kept
        fields = batch.preparation.record_type.file_fields
        for at, place in enumerate(batch.places):
            for name, (path, expected) in attachments.get(place, {}).items():
                index = fields.index(name) + 1
                where = ObjectPlace(RecordId(batch.record_ids[at]), 1, index)
                with path.open("rb") as reader:
                    part, value = packs.write_file(
                        self._session.vault,
                        where,
                        Secret(batch.secrets[at]),
                        reader,
                        expected.media_type,
                    )
                if value != expected:
                    raise InvalidInputError(
                        f"attachment {name!r}", "a file that holds still", "changing"
                    )
                kept.append(part)
        return kept

    def _known(self, record_ids: Sequence[bytes]) -> set[int]:
        """The positions of records that are registered already, by a journal or directly."""
        perhaps = self._seen.perhaps(record_ids)
        if not perhaps:
            return set()
        with self._session.database.read() as connection:
            found: set[bytes] = set(journal_rows.entries_of(connection, perhaps))
            for start in range(0, len(perhaps), _PAGE):
                direct = sa.select(versions.c.record_id).where(
                    versions.c.record_id.in_(perhaps[start : start + _PAGE])
                )
                found |= {bytes(each) for each in connection.execute(direct).scalars()}
        return {at for at, each in enumerate(record_ids) if each in found}

    def _registered_since(self, connection: Connection, ids: set[bytes]) -> list[bytes]:
        chosen = sa.select(submissions.c.submission_id, submissions.c.record_id).where(
            submissions.c.submission_id > self._last_submission,
            submissions.c.kind == "register",
        )
        rows = connection.execute(chosen).all()
        if rows:
            self._last_submission = max(row.submission_id for row in rows)
        return [bytes(row.record_id) for row in rows if bytes(row.record_id) in ids]

    def _read_ids(self) -> None:
        with self._session.database.read() as connection:
            last = sa.select(sa.func.max(submissions.c.submission_id))
            self._last_submission = connection.execute(last).scalar() or 0
            for table in (journal_ids, versions):
                chosen = connection.execution_options(yield_per=_PAGE).execute(
                    sa.select(table.c.record_id)
                )
                found = (bytes(row.record_id) for row in chosen)
                while page := list(islice(found, _PAGE)):
                    self._seen.add(page)


def _sheet(journal: int, first_index: int, batch: Prepared) -> BatchSheet:
    shared = batch.preparation
    header = shared.record_type.header(RecordId(bytes(32)), shared.agency_id, 1)
    return BatchSheet(
        journal=journal,
        first_index=first_index,
        count=len(batch.entries),
        agency_id=shared.agency_id,
        type_id=header.type_id,
        type_version=shared.record_type.version,
        algorithm=header.algorithm,
        schema_digest=header.schema_digest,
        source_system=shared.source_system,
        time=batch.time,
        created_ms=int(time.time() * 1000),
        kind=int(shared.kind),
    )


def require_journal(session: Session, journal: int | None) -> int:
    """Return the journal that is meant, the profile's by default. Raises `InvalidInputError`."""
    if journal is not None:
        return journal
    if session.profile.journal is None:
        raise InvalidInputError(
            "profile journal.number",
            "the number of the agency's journal",
            "missing",
            remedy="open one with `muniment journal open`, which writes it into the profile",
        )
    return session.profile.journal.number
