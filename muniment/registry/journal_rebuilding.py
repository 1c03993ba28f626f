# SPDX-License-Identifier: Apache-2.0
"""`rebuild` of journals: their rows made anew from packs, key store and tiles.

A pack's sheet says which entries it holds. Each is decrypted, and its entry made again; of erased
ones the journal's own bundles have the entry, and nothing else is left of them. Where the vault
lacks a pack, or it is damaged, the rows that are there stay as they are.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import MunimentError
from muniment.journal.entry import Entry
from muniment.journal.tiles import TileTree
from muniment.record.commitment import Secret
from muniment.record.files import FileValue
from muniment.record.identifiers import (
    AgencyId,
    LocalId,
    RecordId,
    derive_local_id,
    derive_record_id,
)
from muniment.record.objects import decrypt
from muniment.record.versions import Version
from muniment.registry.discarding import Nowhere
from muniment.registry.findings import Tell
from muniment.registry.journal_records import content_in
from muniment.registry.sealing import log_keys
from muniment.registry.session import Session
from muniment.store import journal_rows, packs
from muniment.store.batch_sheets import BATCH_PLACE, BatchSheet
from muniment.store.journal_files import JournalFiles, journals_in
from muniment.store.journal_rows import TERM_SIZE, NewBatch
from muniment.store.journal_tables import (
    imports,
    journal_batches,
    journal_entries,
    journal_ids,
    journal_terms,
)
from muniment.store.packs import Packed
from muniment.store.rows import is_intact
from muniment.store.search_terms import search_term
from muniment.store.tables import objects
from muniment.store.versions import add_objects

FileParts = Mapping[tuple[RecordId, int], Mapping[int, Sequence[Packed]]]
"""The places of files, by record and version and by their object index, the newest last."""
_TABLES: Final = (journal_terms, journal_ids, journal_entries, journal_batches)


@dataclass(slots=True)
class RebuiltJournals:
    """How many `entries` were made, how many of them are `erased`, and how many were
    `unreadable`: their rows stayed as they were, or have no content."""

    entries: int = 0
    erased: int = 0
    unreadable: int = 0


@dataclass(slots=True)
class _Made:
    """What one batch becomes."""

    entries: list[bytes] = field(default_factory=list)
    record_ids: list[bytes] = field(default_factory=list)
    source_ids: list[str | None] = field(default_factory=list)
    places: list[tuple[int | None, int | None]] = field(default_factory=list)
    terms: list[tuple[bytes, int]] = field(default_factory=list)
    files: list[Packed] = field(default_factory=list)


def rebuild_journals(
    session: Session, names: Sequence[str], files: FileParts, tell: Tell
) -> RebuiltJournals:
    """Make the rows of all journals anew from the packs of these names, the oldest first.

    What cannot be read is counted, not raised. Raises the stores' errors.
    """
    done = RebuiltJournals()
    packed: dict[int, dict[int, list[tuple[str, BatchSheet]]]] = {}
    for name in names:
        sheet = _sheet_of(session, name)
        if sheet is not None:
            packed.setdefault(sheet.journal, {}).setdefault(sheet.first_index, []).append(
                (name, sheet)
            )
    with session.database.write() as connection:
        # They say how far imports came among entries that may be gone.
        connection.execute(sa.delete(imports))
        kept: set[int] = set()
        for table in _TABLES:
            kept.update(connection.execute(sa.select(table.c.journal).distinct()).scalars())
    for number in sorted(kept | packed.keys() | journals_in(session.vault)):
        _Journal(session, number, packed.get(number, {}), files, done, tell).rebuild()
    return done


def _sheet_of(session: Session, name: str) -> BatchSheet | None:
    """The sheet of a journal's pack; None of another's, and of a damaged one."""
    try:
        for each, data in packs.contents_of(session.vault, name):
            return BatchSheet.from_bytes(data) if each.place == BATCH_PLACE else None
    except MunimentError:
        pass
    return None


class _Journal:
    """The rebuilding of one journal."""

    def __init__(
        self,
        session: Session,
        number: int,
        packed: Mapping[int, Sequence[tuple[str, BatchSheet]]],
        files: FileParts,
        done: RebuiltJournals,
        tell: Tell,
    ) -> None:
        self._session = session
        self._number = number
        self._packed = packed
        self._files = files
        self._done = done
        self._tell = tell
        self._published = self._tree()

    def rebuild(self) -> None:
        """Go from the first entry on, as far as anything tells of entries."""
        at = 0
        while True:
            count = self._from_packs(at) or self._from_rows(at) or self._from_bundles(at)
            if not count:
                break
            at += count
            self._tell(f"entries of journal {self._number}", at)
        with self._session.database.write() as connection:
            self._clear(connection, at, None)
        self._done.unreadable += sum(
            batches[-1][1].count for first, batches in self._packed.items() if first >= at
        )

    def _tree(self) -> TileTree | None:
        """The published journal, as far as its checkpoint says; None where nothing does."""
        files = JournalFiles(self._session.vault, self._number)
        try:
            size = files.size(log_keys(self._session, self._number))
        except MunimentError:
            return None
        return files.tree(size)

    def _published_entry(self, index: int) -> bytes | None:
        if self._published is None or index >= self._published.size:
            return None
        try:
            return self._published.entry(index)
        except (MunimentError, LookupError):
            return None

    # --- from packs -------------------------------------------------------------------------------

    def _from_packs(self, at: int) -> int:
        """Make the batch that begins at `at` anew from the newest pack that can be read."""
        for name, sheet in reversed(self._packed.get(at, ())):
            made = self._read(name, sheet)
            if made is not None and len(made.entries) == sheet.count:
                batch = NewBatch(
                    sheet=sheet,
                    pack=name,
                    entries=made.entries,
                    record_ids=made.record_ids,
                    source_ids=made.source_ids,
                    places=made.places,
                    terms=made.terms,
                )
                with self._session.database.write() as connection:
                    self._clear(connection, at, at + sheet.count)
                    journal_rows.add_batch(connection, batch)
                    for each in made.files:
                        connection.execute(
                            sa.delete(objects).where(
                                objects.c.record_id == each.place.record_id,
                                objects.c.version == each.place.version,
                            )
                        )
                    add_objects(connection, made.files)
                self._done.entries += sheet.count
                return sheet.count
        return 0

    def _read(self, name: str, sheet: BatchSheet) -> _Made | None:
        """The batch of a pack; None for one that an import left behind, which no secret opens."""
        session, made, opened = self._session, _Made(), 0
        end = sheet.first_index + sheet.count
        try:
            secrets = list(session.keys.journal_secrets(self._number, sheet.first_index, end))
            found = list(packs.contents_of(session.vault, name))[1:]
        except MunimentError:
            return None
        if not len(secrets) == len(found) == sheet.count:
            return None
        unreadable = 0
        for place, (secret, (packed, sealed)) in enumerate(zip(secrets, found, strict=True)):
            if secret is not None:
                try:
                    self._take(made, sheet, packed, sealed, secret)
                    opened += 1
                    continue
                except MunimentError:
                    unreadable += 1
            if not self._keep(made, sheet.first_index + place, packed, secret):
                return None
        if not opened and any(each is not None for each in secrets):
            return None
        self._done.erased += sum(each is None for each in secrets)
        self._done.unreadable += unreadable
        return made

    def _take(
        self, made: _Made, sheet: BatchSheet, packed: Packed, sealed: bytes, secret: Secret
    ) -> None:
        """Make an entry again from its decrypted object. Raises what is wrong with it."""
        session = self._session
        plain = io.BytesIO()
        decrypt(io.BytesIO(sealed), plain, packed.place, secret)
        system, source_id, content = content_in(plain.getvalue())
        local_id = derive_local_id(session.keys.local_id_key(), system, source_id)
        record_id = packed.place.record_id
        record_type = session.record_types.by_number(sheet.type_id, sheet.type_version)
        header = record_type.header(
            record_id, AgencyId(sheet.agency_id), 1, algorithm=sheet.algorithm
        )
        entry = sheet.entry(local_id, Version(header, content, secret).commitment)
        fields, key = content.fields(), session.keys.search_key()
        files = list(self._file_parts(record_id, record_type.file_fields, fields, secret))
        for name in record_type.searchable:
            if name in fields:
                term = search_term(key, record_type.type_id, name, fields[name])[:TERM_SIZE]
                made.terms.append((term, len(made.entries)))
        made.files += files
        made.entries.append(entry.to_bytes())
        made.record_ids.append(record_id)
        made.source_ids.append(source_id)
        made.places.append((packed.offset, packed.length))

    def _file_parts(
        self, record_id: RecordId, names: Sequence[str], fields: Mapping[str, Any], secret: Secret
    ) -> Iterator[Packed]:
        parts = self._files.get((record_id, 1), {})
        for index, name in enumerate(names, start=1):
            if name not in fields:
                continue
            value = FileValue.from_json(fields[name])
            for packed in reversed(parts.get(index, ())):
                try:
                    packs.read_file(self._session.vault, packed, secret, Nowhere(), value)
                except MunimentError:
                    continue
                yield packed
                break
            else:
                self._done.unreadable += 1

    def _keep(self, made: _Made, index: int, packed: Packed, secret: Secret | None) -> bool:
        """Take an entry that cannot be decrypted from the bundles, or from its row."""
        entry, source_id = self._published_entry(index), None
        with self._session.database.read() as connection:
            rows = journal_rows.rows_between(
                connection, self._session.lineage, self._number, index, index + 1
            )
            try:
                row = next(rows, None)
            except MunimentError:
                row = None
        if row is not None and row.record_id == packed.place.record_id:
            entry = entry or row.entry.to_bytes()
            if secret is not None and self._fits(row.entry.local_id, row):
                source_id = row.source_id
        if entry is None:
            return False
        made.entries.append(entry)
        made.record_ids.append(packed.place.record_id)
        made.source_ids.append(source_id)
        there = (packed.offset, packed.length) if secret is not None else (None, None)
        made.places.append(there)
        return True

    def _fits(self, local_id: LocalId, row: journal_rows.EntryRow) -> bool:
        if not row.source_id:
            return False
        key = self._session.keys.local_id_key()
        return derive_local_id(key, row.source_system, row.source_id) == local_id

    # --- from what else there is ------------------------------------------------------------------

    def _from_rows(self, at: int) -> int:
        """Leave the rows of a batch whose pack is gone or damaged as they are."""
        row = self._batch_row(at)
        if row is None:
            return 0
        count = int(row["count"])
        with self._session.database.read() as connection:
            entries = journal_rows.entries_between(connection, self._number, at, at + count)
        if len(entries) != count:
            return 0
        self._done.unreadable += count
        return count

    def _batch_row(self, at: int) -> Mapping[str, Any] | None:
        chosen = sa.select(journal_batches).where(
            journal_batches.c.journal == self._number, journal_batches.c.first_index == at
        )
        with self._session.database.read() as connection:
            row = connection.execute(chosen).mappings().one_or_none()
        return dict(row) if row is not None and is_intact(journal_batches, row) else None

    def _from_bundles(self, at: int) -> int:
        """Make rows without content of entries of which only the journal itself is left."""
        following = min((first for first in self._packed if first > at), default=1 << 62)
        taken: list[bytes] = []
        while at + len(taken) < following:
            entry = self._published_entry(at + len(taken))
            if entry is None or (taken and entry[:14] != taken[0][:14]):
                break
            taken.append(entry)
        if not taken:
            return 0
        first = Entry.from_bytes(taken[0])
        agency = AgencyId(self._session.profile.agency.id)
        record_type = self._session.record_types.by_number(first.type_id, first.type_version)
        sheet = BatchSheet(
            journal=self._number,
            first_index=at,
            count=len(taken),
            agency_id=agency,
            type_id=first.type_id,
            type_version=first.type_version,
            algorithm=first.algorithm,
            schema_digest=record_type.schema_digest,
            source_system="",
            time=first.time,
            created_ms=first.time * 1000,
            kind=int(first.kind),
        )
        batch = NewBatch(
            sheet=sheet,
            pack="",
            entries=taken,
            record_ids=[
                derive_record_id(self._session.lineage, agency, Entry.from_bytes(each).local_id)
                for each in taken
            ],
            source_ids=[None] * len(taken),
            places=[(None, None)] * len(taken),
            terms=[],
        )
        with self._session.database.write() as connection:
            self._clear(connection, at, at + len(taken))
            journal_rows.add_batch(connection, batch)
        self._done.entries += len(taken)
        self._done.unreadable += len(taken)
        return len(taken)

    def _clear(self, connection: Connection, start: int, end: int | None) -> None:
        """Take the rows of the entries from `start` to `end` away, and all that overlap."""
        for table in _TABLES:
            column = table.c.entry_index if "entry_index" in table.c else table.c.first_index
            gone = sa.delete(table).where(table.c.journal == self._number, column >= start)
            connection.execute(gone if end is None else gone.where(column < end))
