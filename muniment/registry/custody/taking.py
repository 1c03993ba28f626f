# SPDX-License-Identifier: Apache-2.0
"""Taking in what came over with custody: secrets, contents and files, as if they were made here.

The chain has the transfer, final; the package lies here. Secrets are stored first, then what they
encrypt, then the rows in one transaction with the word that it is done: a process that dies between
leaves packs that no row names, and the next one does it again. A version that this agency still has
is left as it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from muniment.errors import CommitmentMismatchError, KeystoreError
from muniment.exchange.custody import HandedVersion
from muniment.exchange.envelope_parts import Part, PartKind
from muniment.exchange.errors import EnvelopeError
from muniment.record.commitment import Commitment, Secret
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.objects import CONTENT_OBJECT, ObjectPlace
from muniment.record.versions import Content, Version
from muniment.registry.custody.sources import source_to_keep
from muniment.registry.exchange.keeping import kept_header, kept_key, kept_part
from muniment.registry.journal_records import secret_of
from muniment.registry.session import Session
from muniment.store import envelopes, handovers, mirror, packs
from muniment.store.envelopes import EnvelopedRecord, EnvelopeRow
from muniment.store.folding import event_of
from muniment.store.handovers import OUTSTANDING, Handover, HandoverRecord
from muniment.store.search_terms import search_term
from muniment.store.versions import (
    NewVersion,
    VersionRow,
    replace_versions,
    sheet_of,
    versions_of_records,
)

_MANY: Final = 100


@dataclass(frozen=True, slots=True)
class _Coming:
    """A version of the package: what was handed over, its content, and where its files begin."""

    handed: HandedVersion
    version: Version
    files_at: tuple[int, int]


def take_in(session: Session, handover: Handover, rows: Sequence[HandoverRecord]) -> None:
    """Take in some records of a package that is kept here, whose custody came to this agency.

    Raises what vault, key store and database raise, and `CommitmentMismatchError` for content that
    is not what the record's acts committed to: then nothing more is taken in.
    """
    with session.database.read() as connection:
        row = envelopes.of_digest(connection, handover.digest)
    if row is None or not row.is_kept:
        raise EnvelopeError(
            f"the package of hand-over 0x{handover.handover_id.hex()} is not here",
            "the package that was kept before its acceptance",
            remedy="accept it again from the file: `muniment accept FILE`",
        )
    reading = _Package(session, row)
    for start in range(0, len(rows), _MANY):
        _take_some(session, handover, reading, rows[start : start + _MANY])


def _take_some(
    session: Session, handover: Handover, package: _Package, rows: Sequence[HandoverRecord]
) -> None:
    coming = package.versions([row.record_id for row in rows])
    _require_committed(session, rows, coming)
    missing = _not_here(session, coming)
    session.keys.destruction.readmit(
        {(each.handed.record_id, each.handed.version): each.handed.secret for each in missing}
    )
    new = _kept(session, package, missing)
    ids = [row.record_id for row in rows]
    with session.database.write() as connection:
        replace_versions(connection, new)
        handovers.put_records(
            connection, [replace(row, state=OUTSTANDING, changed_ms=0) for row in rows]
        )
        # What this agency had given to the sender before came back.
        handovers.give_back(connection, ids, handover.to_agency, handover.from_agency)


def _require_committed(
    session: Session, rows: Sequence[HandoverRecord], coming: Sequence[_Coming]
) -> None:
    """Compare each version once more with the record's acts, by the mirror."""
    committed: dict[tuple[RecordId, int], Commitment] = {}
    with session.database.read() as connection:
        for log in mirror.logs_of(connection, [row.record_id for row in rows]):
            event = event_of(log)
            commitment, state = getattr(event, "commitment", None), getattr(event, "state", None)
            if commitment is not None and state is not None:
                committed[RecordId(log.subject), state.version] = Commitment(commitment)
    there = {(each.handed.record_id, each.handed.version) for each in coming}
    for row in rows:
        for number in range(1, row.version + 1):
            if (row.record_id, number) not in there:
                what = f"version {number} of record 0x{row.record_id.hex()} is not in the package"
                raise EnvelopeError(what, "all versions, as they were checked")
    for each in coming:
        place = (each.handed.record_id, each.handed.version)
        wanted = committed.get(place)
        if wanted != each.version.commitment:
            raise CommitmentMismatchError(wanted or bytes(32), each.version.commitment)


def _not_here(session: Session, coming: Sequence[_Coming]) -> list[_Coming]:
    """Those versions of which this agency has not both row and secret already."""
    places = [(each.handed.record_id, each.handed.version) for each in coming]
    ids = list(dict.fromkeys(record_id for record_id, _ in places))
    with session.database.read() as connection:
        rows = versions_of_records(connection, ids)
    here = {
        (row.record_id, row.version)
        for many in rows.values()
        for row in many
        if row.source_id is not None
    }
    return [
        each
        for each, place in zip(coming, places, strict=True)
        if place not in here or not _has_secret(session, each)
    ]


def _has_secret(session: Session, each: _Coming) -> bool:
    try:
        found = secret_of(session, each.handed.record_id, each.handed.version)
    except KeystoreError:
        return False
    return found == each.handed.secret


def _kept(session: Session, package: _Package, coming: Sequence[_Coming]) -> list[NewVersion]:
    """Put contents and files into packs of this agency's own, and return their rows."""
    used: dict[tuple[str, str], RecordId] = {}
    rows: list[VersionRow] = []
    entries: list[tuple[ObjectPlace, Secret, bytes]] = []
    for each in coming:
        with session.database.read() as connection:
            source = source_to_keep(session, connection, each.handed)
            if used.setdefault(source, each.handed.record_id) != each.handed.record_id:
                source = source_to_keep(session, connection, replace(each.handed, source=None))
        row = _row(each, source)
        rows.append(row)
        for index, plain in (
            (CONTENT_OBJECT, each.version.content.canonical),
            (packs.SHEET_OBJECT, sheet_of(row)),
        ):
            place = ObjectPlace(row.record_id, row.version, index)
            entries.append((place, each.handed.secret, plain))
    packed = packs.write_pack(session.vault, entries)
    key = session.keys.search_key()
    new = []
    for at, (each, row) in enumerate(zip(coming, rows, strict=True)):
        types = session.types_of(row.agency_id)
        record_type = types.by_number(row.type_id, row.type_version)
        fields = each.version.content.fields()
        expected = {
            index: FileValue.from_json(fields[name])
            for index, name in enumerate(record_type.file_fields, start=1)
            if name in fields
        }
        files = package.keep_files(each, expected)
        terms = {
            name: search_term(key, record_type.type_id, name, fields[name])
            for name in record_type.searchable
            if name in fields
        }
        new.append(NewVersion(row, (*packed[2 * at : 2 * at + 2], *files), terms))
    return new


def _row(each: _Coming, source: tuple[str, str]) -> VersionRow:
    handed = each.handed
    return VersionRow(
        record_id=handed.record_id,
        version=handed.version,
        agency_id=handed.issuer,
        type_id=handed.type_id,
        type_version=handed.type_version,
        algorithm=handed.algorithm,
        schema_digest=handed.schema_digest,
        commitment=each.version.commitment,
        source_system=source[0],
        source_id=source[1],
        created_ms=int(time.time() * 1000),
    )


class _Package:
    """A kept package, read at the places that were put down."""

    def __init__(self, session: Session, row: EnvelopeRow) -> None:
        self._session = session
        self._row = row
        self._key = kept_key(session, row, kept_header(session, row))

    def versions(self, record_ids: Sequence[RecordId]) -> list[_Coming]:
        """Return all versions of some records, those of each in order."""
        with self._session.database.read() as connection:
            places = envelopes.places_among(connection, self._row.digest, record_ids)
        return [self._version(each) for many in places.values() for each in many]

    def keep_files(self, each: _Coming, expected: dict[int, FileValue]) -> list[packs.Packed]:
        """Put the files of a version into packs; each must be what is committed to."""
        found: list[packs.Packed] = []
        if not expected:
            return found
        following = self._parts(*each.files_at)
        for index, value in sorted(expected.items()):
            stream = _FileStream(following, each.handed, index)
            place = ObjectPlace(each.handed.record_id, each.handed.version, index)
            packed, kept = packs.write_file(
                self._session.vault, place, each.handed.secret, stream, value.media_type
            )
            if kept != value:
                raise EnvelopeError(f"file {index} of a version is another", "the committed one")
            found.append(packed)
        return found

    def _version(self, place: EnvelopedRecord) -> _Coming:
        parts = self._parts(place.part, place.offset)
        handed = HandedVersion.from_bytes(_joined(parts, PartKind.VERSION, place)[0])
        plain, after = _joined(parts, PartKind.FILE, place)
        version = Version(handed.header, Content(plain), handed.secret)
        return _Coming(handed, version, after)

    def _parts(self, number: int, offset: int) -> Iterator[tuple[Part, tuple[int, int]]]:
        """The parts from a place on, each with the place after it."""
        while True:
            part, size = kept_part(self._session, self._row, number, offset, self._key)
            number, offset = number + 1, offset + size
            yield part, (number, offset)


class _FileStream:
    """Reads one file of the parts that follow."""

    def __init__(
        self, parts: Iterator[tuple[Part, tuple[int, int]]], handed: HandedVersion, index: int
    ) -> None:
        self._parts = parts
        self._wanted = (PartKind.FILE, handed.record_id, handed.version, index)
        self._left = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the file's end."""
        while not self._left and not self._ended:
            part, _ = next(self._parts)
            label = part.label
            if (label.kind, label.record_id, label.version, label.index) != self._wanted:
                raise EnvelopeError("a file is not where it was", "the package as it was checked")
            self._left, self._ended = part.body, label.is_last
        piece, self._left = self._left[:size], self._left[size:]
        return piece


def _joined(
    parts: Iterator[tuple[Part, tuple[int, int]]], kind: PartKind, place: EnvelopedRecord
) -> tuple[bytes, tuple[int, int]]:
    """The body of what begins here, put together, and the place after it."""
    body = b""
    for part, after in parts:
        label = part.label
        named = (label.kind, label.record_id, label.version, label.index)
        if named != (kind, place.record_id, place.version, 0):
            raise EnvelopeError("a version is not where it was", "the package as it was checked")
        body += part.body
        if label.is_last:
            return body, after
    raise EnvelopeError("a version is cut short", "the package as it was checked")
