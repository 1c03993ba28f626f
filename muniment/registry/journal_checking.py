# SPDX-License-Identifier: Apache-2.0
"""`fsck` of journals: rows, packs, secrets, files and seals, each compared with the others.

| what | against |
| --- | --- |
| batches | each other: no gap; their pack's sheet; the entries that they count |
| entries | their local ids, under the key store's key; content and commitment, decrypted |
| ids and search terms | the entries, and their content |
| the agency's entries | each seal on chain, its root recomputed from them |
| records that were enrolled | the chain |
| tiles, bundles, checkpoint | the entries, byte for byte |
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import MunimentError
from muniment.journal.entry import Entry
from muniment.record.commitment import Secret
from muniment.record.files import FileValue
from muniment.record.identifiers import (
    AgencyId,
    RecordId,
    derive_local_id,
    derive_record_id,
)
from muniment.record.objects import decrypt
from muniment.record.versions import Version
from muniment.registry.discarding import Nowhere
from muniment.registry.findings import Finding, Tell
from muniment.registry.journal_file_checking import check_files
from muniment.registry.journal_records import content_in
from muniment.registry.seal_checking import ComparedSeals, sealed_roots
from muniment.registry.session import Session
from muniment.store import packs
from muniment.store.batch_sheets import BATCH_PLACE, BatchSheet
from muniment.store.journal_files import journals_in
from muniment.store.journal_rows import TERM_SIZE
from muniment.store.journal_tables import (
    group_of,
    journal_batches,
    journal_entries,
    journal_ids,
    journal_terms,
)
from muniment.store.rows import is_intact
from muniment.store.search_terms import search_term
from muniment.store.tables import records, seals
from muniment.store.versions import packed_objects

_PARTS: Final = (journal_entries, journal_ids, journal_terms)
_PAGE: Final = 500


def check_journals(session: Session, tell: Tell) -> Iterator[Finding]:
    """Yield what is found of all journals that the agency keeps. Raises `UnreachableError`."""
    agency = session.profile.agency.id
    with session.database.read() as connection:
        numbers: set[int] = set(journals_in(session.vault))
        for table in (journal_batches, *_PARTS):
            numbers.update(connection.execute(sa.select(table.c.journal).distinct()).scalars())
        chosen = sa.select(seals.c.journal).where(seals.c.agency_id == agency).distinct()
        numbers.update(connection.execute(chosen).scalars())
    for number in sorted(numbers, key=str):
        yield from _journal(session, number, tell)


def _journal(session: Session, number: int, tell: Tell) -> Iterator[Finding]:
    """Batch after batch; then what the rows of no batch say, the seals, and the files."""
    sealed = sealed_roots(session, number)
    recomputed = ComparedSeals(sealed)
    end, found = 0, 0
    with session.database.read() as connection:
        chosen = (
            sa.select(journal_batches)
            .where(journal_batches.c.journal == number)
            .order_by(journal_batches.c.first_index)
        )
        batches = [dict(row) for row in connection.execute(chosen).mappings()]
    for row in batches:
        where = _batch(row)
        if not is_intact(journal_batches, row):
            # Said already. What it holds cannot be looked for.
            found += 1
            continue
        if row["first_index"] != end:
            yield Finding(where, f"the batch before it ends at {end}")
            found += 1
        end = row["first_index"] + row["count"]
        checked = _CheckedBatch(session, row)
        for each in checked.findings():
            found += each.is_of_database
            yield each
        recomputed.add(checked.entries)
        tell(f"entries of journal {number}", end)
    with session.database.read() as connection:
        strays = [*_strays(connection, number, batches), *_twice(connection, number)]
    differing = list(recomputed.findings(number))
    yield from strays
    yield from differing
    if found or differing:
        where = f"table journal_batches, journal {number}"
        yield Finding(where, "its files were not looked at: they follow from the entries")
    else:
        yield from check_files(session, number, end, max(sealed, default=0), tell)


@dataclass(slots=True)
class _Row:
    """An entry's row and what belongs to it."""

    index: int
    entry: bytes
    source_id: str | None
    offset: int | None
    length: int | None


class _CheckedBatch:
    """One batch, looked at from all sides. `entries` are those that its rows have."""

    def __init__(self, session: Session, row: dict[str, Any]) -> None:
        self._session = session
        self._row = row
        self._journal: int = row["journal"]
        self._first: int = row["first_index"]
        self._end = self._first + row["count"]
        with session.database.read() as connection:
            here = (
                journal_entries.c.journal == self._journal,
                journal_entries.c.entry_index >= self._first,
                journal_entries.c.entry_index < self._end,
            )
            chosen = sa.select(journal_entries).where(*here)
            found = connection.execute(chosen.order_by(journal_entries.c.entry_index)).all()
            self._rows = {
                each.entry_index: _Row(
                    each.entry_index,
                    bytes(each.entry) if isinstance(each.entry, bytes | memoryview) else b"",
                    each.source_id,
                    each.offset,
                    each.length,
                )
                for each in found
            }
            self._ids = self._part(connection, journal_ids, "record_id")
            self._terms = self._part(connection, journal_terms, "term")
        self.entries = [each.entry for each in self._rows.values()]
        self._wanted_ids: set[tuple[bytes, int]] = set()
        self._wanted_terms: set[tuple[bytes, int]] = set()

    def _part(self, connection: Connection, table: sa.Table, name: str) -> set[tuple[bytes, int]]:
        chosen = sa.select(table.c[name], table.c.entry_index).where(
            table.c.journal == self._journal,
            table.c.group_start == group_of(self._first),
            table.c.entry_index >= self._first,
            table.c.entry_index < self._end,
        )
        return {(bytes(row[0]), row[1]) for row in connection.execute(chosen)}

    def findings(self) -> Iterator[Finding]:
        """Yield what is found."""
        for index in range(self._first, self._end):
            if index not in self._rows:
                yield Finding(self._where(index), "the row is missing")
        objects: dict[RecordId, tuple[packs.Packed, bytes]] = {}
        try:
            yield from self._read_pack(objects)
        except MunimentError as error:
            yield Finding(f"file {self._row['pack']}", error.what)
        try:
            secrets = list(
                self._session.keys.journal_secrets(self._journal, self._first, self._end)
            )
        except MunimentError as error:
            yield Finding(f"key store, journal {self._journal} from {self._first}", error.what)
            secrets = []
        unreadable = False
        for index, row in self._rows.items():
            place = index - self._first
            try:
                if place >= len(secrets):
                    where = f"key store, entry {index} of journal {self._journal}"
                    yield Finding(where, "its secret is missing")
                    unreadable = True
                    continue
                yield from self._entry(row, secrets[place], objects)
            except MunimentError as error:
                yield Finding(self._where(index), error.what)
                unreadable = True
        for table, there, wanted in (
            (journal_ids, self._ids, self._wanted_ids),
            (journal_terms, self._terms, self._wanted_terms),
        ):
            # Of what cannot be read nobody knows its terms.
            missing = wanted - there
            surplus = set() if unreadable else there - wanted
            for value, index in sorted(missing | surplus, key=repr):
                what = "missing" if (value, index) in missing else "of no entry"
                where = f"table {table.name}, journal {self._journal}, entry_index {index}"
                yield Finding(where, f"the row 0x{value.hex()} is {what}")
        yield from self._on_chain()

    def _where(self, index: int) -> str:
        return f"table journal_entries, journal {self._journal}, entry_index {index}"

    def _read_pack(self, objects: dict[RecordId, tuple[packs.Packed, bytes]]) -> Iterator[Finding]:
        """What the pack holds, its sheet compared with the row."""
        name, row = self._row["pack"], self._row
        for packed, sealed in packs.contents_of(self._session.vault, name):
            if packed.place == BATCH_PLACE:
                sheet = BatchSheet.from_bytes(sealed)
                for column in journal_batches.columns:
                    kept = row[column.name]
                    if column.name not in ("pack", "row_digest") and kept != (
                        getattr(sheet, column.name)
                    ):
                        yield Finding(_batch(row), f"{column.name} is not that of {name}")
                times = {each.entry[6:14] for each in self._rows.values()}
                if times != {sheet.time.to_bytes(8, "big")}:
                    yield Finding(f"file {name}", "its sheet claims another time than the entries")
                if {each.entry[0] for each in self._rows.values()} != {sheet.kind}:
                    yield Finding(f"file {name}", "its sheet claims another kind than the entries")
            else:
                objects[packed.place.record_id] = packed, sealed

    def _entry(
        self,
        row: _Row,
        secret: Secret | None,
        objects: dict[RecordId, tuple[packs.Packed, bytes]],
    ) -> Iterator[Finding]:
        session, where = self._session, self._where(row.index)
        entry = Entry.from_bytes(row.entry)
        record_id = derive_record_id(
            session.lineage, AgencyId(self._row["agency_id"]), entry.local_id
        )
        self._wanted_ids.add((record_id, row.index))
        for name in ("type_id", "type_version", "algorithm"):
            if getattr(entry, name) != self._row[name]:
                yield Finding(where, f"its entry's {name} is not that of its batch")
        if secret is None:
            if (row.source_id, row.offset, row.length) != (None, None, None):
                yield Finding(where, "its secret is destroyed, and its row is not")
            return
        packed, sealed = objects.get(record_id, (None, b""))
        if packed is None:
            yield Finding(where, f"its content is not in {self._row['pack']}")
            return
        if (row.offset, row.length) != (packed.offset, packed.length):
            yield Finding(where, f"offset or length is not that of {self._row['pack']}")
        plain = io.BytesIO()
        decrypt(io.BytesIO(sealed), plain, packed.place, secret)
        system, source_id, content = content_in(plain.getvalue())
        if source_id != row.source_id:
            yield Finding(where, "source_id is not that of its content")
        if system != self._row["source_system"]:
            yield Finding(_batch(self._row), "source_system is not that of its content")
        local_id = derive_local_id(session.keys.local_id_key(), system, source_id)
        if local_id != entry.local_id:
            yield Finding(where, "its entry's local id is not that of its source")
        record_type = session.record_types.by_number(entry.type_id, entry.type_version)
        header = record_type.header(
            record_id, AgencyId(self._row["agency_id"]), 1, algorithm=entry.algorithm
        )
        if header.schema_digest != self._row["schema_digest"]:
            yield Finding(_batch(self._row), "schema_digest is not that of the record type")
        Version(header, content, secret).require(entry.commitment)
        fields, key = content.fields(), session.keys.search_key()
        for name in record_type.searchable:
            if name in fields:
                term = search_term(key, record_type.type_id, name, fields[name])[:TERM_SIZE]
                self._wanted_terms.add((term, row.index))
        if record_type.file_fields:
            yield from self._files(record_id, secret, record_type.file_fields, fields, where)

    def _files(
        self,
        record_id: RecordId,
        secret: Secret,
        names: tuple[str, ...],
        fields: dict[str, Any],
        where: str,
    ) -> Iterator[Finding]:
        with self._session.database.read() as connection:
            packed = packed_objects(connection, record_id, 1)
        for index, name in enumerate(names, start=1):
            if name not in fields:
                continue
            if index not in packed:
                yield Finding(
                    f"table objects, of record 0x{record_id.hex()} version 1",
                    f"the file of field {name!r} has no place in the vault",
                )
                continue
            try:
                value = FileValue.from_json(fields[name])
                packs.read_file(self._session.vault, packed[index], secret, Nowhere(), value)
            except MunimentError as error:
                yield Finding(where, error.what)

    def _on_chain(self) -> Iterator[Finding]:
        """Whether the records that were enrolled are those of the entries."""
        entries = dict(self._wanted_ids)
        ids = sorted(entries)
        for start in range(0, len(ids), _PAGE):
            with self._session.database.read() as connection:
                chosen = sa.select(records).where(
                    records.c.record_id.in_(ids[start : start + _PAGE])
                )
                stand = connection.execute(chosen).mappings().all()
            for each in stand:
                index = entries[bytes(each["record_id"])]
                entry = Entry.from_bytes(self._rows[index].entry)
                if each["version"] == 1 and bytes(each["commitment"]) != entry.commitment:
                    yield Finding(self._where(index), "its commitment is not the one on chain")


def _strays(
    connection: Connection, number: int, batches: list[dict[str, Any]]
) -> Iterator[Finding]:
    """Rows that belong to no batch."""
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in batches:
        if isinstance(row["first_index"], int):
            groups.setdefault(group_of(row["first_index"]), []).append(row)
    for table in (journal_ids, journal_terms):
        chosen = sa.select(table.c.group_start).where(table.c.journal == number).distinct()
        for start in connection.execute(chosen).scalars():
            where = f"table {table.name}, journal {number}, group_start {start}"
            if start not in groups:
                yield Finding(where, "there is no batch in this group")
            elif all(is_intact(journal_batches, row) for row in groups[start]):
                first, last = groups[start][0], groups[start][-1]
                outside = sa.select(table.c.entry_index).where(
                    table.c.journal == number,
                    table.c.group_start == start,
                    sa.or_(
                        table.c.entry_index < first["first_index"],
                        table.c.entry_index >= last["first_index"] + last["count"],
                    ),
                )
                for index in connection.execute(outside).scalars():
                    yield Finding(f"{where}, entry_index {index}", "no batch of the group has it")
    inside = sa.select(journal_batches.c.first_index).where(
        journal_batches.c.journal == journal_entries.c.journal,
        journal_batches.c.first_index <= journal_entries.c.entry_index,
        journal_batches.c.first_index + journal_batches.c.count > journal_entries.c.entry_index,
    )
    counted = sum(row["count"] for row in batches)
    total = sa.select(sa.func.count()).where(journal_entries.c.journal == number)
    if connection.execute(total).scalar() == counted:
        return
    chosen = sa.select(journal_entries.c.entry_index).where(
        journal_entries.c.journal == number, ~sa.exists(inside)
    )
    for index in connection.execute(chosen).scalars():
        where = f"table journal_entries, journal {number}, entry_index {index}"
        yield Finding(where, "there is no batch that it belongs to")


def _twice(connection: Connection, number: int) -> Iterator[Finding]:
    """Records that a journal registers more than once."""
    chosen = (
        sa.select(journal_ids.c.record_id)
        .where(journal_ids.c.journal == number)
        .group_by(journal_ids.c.record_id)
        .having(sa.func.count() > 1)
    )
    for record_id in connection.execute(chosen).scalars():
        where = f"table journal_ids, journal {number}, record_id 0x{bytes(record_id).hex()}"
        yield Finding(where, "the journal registers it more than once")


def _batch(row: dict[str, Any]) -> str:
    return f"table journal_batches, journal {row['journal']}, first_index {row['first_index']}"
