# SPDX-License-Identifier: Apache-2.0
"""The rows of versions whose content the agency keeps, and the sheets to make them anew from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import StoreError
from muniment.record.canonical import canonicalize
from muniment.record.identifiers import RecordId
from muniment.record.objects import ObjectPlace
from muniment.store import journal_rows, packs
from muniment.store.journal_rows import EntryRow
from muniment.store.packs import Packed
from muniment.store.rows import DIGEST, with_digest
from muniment.store.syncs import forget_records
from muniment.store.tables import objects, search_terms, versions

_SHEET_FORMAT: Final = "muniment/sheet/v1"
_MANY: Final = 500


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A row of `versions`. `source_system` and `source_id` are None once it is erased."""

    record_id: RecordId
    version: int
    agency_id: int
    type_id: int
    type_version: int
    algorithm: int
    schema_digest: bytes
    commitment: bytes
    source_system: str | None
    source_id: str | None
    created_ms: int


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be added: its row, where its objects lie, its search terms by field."""

    row: VersionRow
    packed: tuple[Packed, ...]
    terms: Mapping[str, bytes]


def sheet_of(row: VersionRow) -> bytes:
    """Return what the vault keeps, encrypted, beside the content: all that the row says."""
    values = {name: getattr(row, name) for name in VersionRow.__slots__}
    plain = {
        key: value.hex() if isinstance(value, bytes) else value for key, value in values.items()
    }
    return canonicalize({**plain, "format": _SHEET_FORMAT})


def row_of(sheet: bytes) -> VersionRow:
    """Return the row that a sheet tells. Raises `StoreError` for what is none."""
    try:
        values = {name: json.loads(sheet)[name] for name in VersionRow.__slots__}
        for name in ("record_id", "schema_digest", "commitment"):
            values[name] = bytes.fromhex(values[name])
        return VersionRow(**values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(
            "a version's sheet in the vault has another form",
            expected=_SHEET_FORMAT,
            remedy="use the Muniment that wrote it, or a newer one",
        ) from error


def order_registrations(connection: Connection) -> None:
    """Let no other transaction that registers records look or write before this one has ended.

    A record comes by a transaction of its own or by a journal: whoever registers it looks first
    whether the other way has brought it. SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7304)"))


def add_versions(connection: Connection, new: Sequence[NewVersion]) -> None:
    """Add versions with their objects and search terms."""
    if not new:
        return
    connection.execute(
        sa.insert(versions), [with_digest(versions, _plain(each.row)) for each in new]
    )
    add_objects(connection, [part for each in new for part in each.packed])
    terms = [
        with_digest(
            search_terms,
            {
                "record_id": each.row.record_id,
                "version": each.row.version,
                "field": field,
                "type_id": each.row.type_id,
                "term": term,
            },
        )
        for each in new
        for field, term in each.terms.items()
    ]
    if terms:
        connection.execute(sa.insert(search_terms), terms)


def replace_versions(connection: Connection, new: Sequence[NewVersion]) -> None:
    """Add versions in the place of what is there of them."""
    wanted = {(each.row.record_id, each.row.version) for each in new}
    ids = list(dict.fromkeys(each.row.record_id for each in new))
    for table in (search_terms, objects, versions):
        there: set[tuple[RecordId, int]] = set()
        for start in range(0, len(ids), _MANY):
            chosen = sa.select(table.c.record_id, table.c.version).where(
                table.c.record_id.in_(ids[start : start + _MANY])
            )
            there |= {(RecordId(bytes(row[0])), row[1]) for row in connection.execute(chosen)}
        for record_id, version in there & wanted:
            connection.execute(
                sa.delete(table).where(table.c.record_id == record_id, table.c.version == version)
            )
    add_versions(connection, new)


def add_objects(connection: Connection, packed: Sequence[Packed]) -> None:
    """Add where objects lie."""
    if packed:
        connection.execute(sa.insert(objects), [_object_row(part) for part in packed])


def version_row(connection: Connection, record_id: bytes, version: int) -> VersionRow | None:
    """Return a version's row, None where there is none; a first one may be a journal's entry."""
    chosen = sa.select(versions).where(
        versions.c.record_id == record_id, versions.c.version == version
    )
    row = connection.execute(chosen).mappings().one_or_none()
    if row is not None:
        return _version(row)
    entry = journal_rows.entry_of(connection, record_id) if version == 1 else None
    return None if entry is None else first_version(entry)


def first_version(row: EntryRow) -> VersionRow:
    """Return the version that a journal's entry registered."""
    return VersionRow(
        record_id=row.record_id,
        version=1,
        agency_id=row.agency_id,
        type_id=row.entry.type_id,
        type_version=row.entry.type_version,
        algorithm=row.entry.algorithm,
        schema_digest=row.schema_digest,
        commitment=row.entry.commitment,
        source_system=None if row.source_id is None else row.source_system,
        source_id=row.source_id,
        created_ms=row.created_ms,
    )


def versions_of(connection: Connection, record_id: bytes) -> list[VersionRow]:
    """Return all versions of a record that are kept here, in order."""
    chosen = (
        sa.select(versions).where(versions.c.record_id == record_id).order_by(versions.c.version)
    )
    found = [_version(row) for row in connection.execute(chosen).mappings()]
    if found and found[0].version == 1:
        return found
    entry = journal_rows.entry_of(connection, record_id)
    return found if entry is None else [first_version(entry), *found]


def versions_of_records(
    connection: Connection, record_ids: Sequence[RecordId]
) -> dict[RecordId, list[VersionRow]]:
    """Return all versions of records that are kept here, in order; see `versions_of`."""
    found: dict[RecordId, list[VersionRow]] = {each: [] for each in record_ids}
    for start in range(0, len(record_ids), _MANY):
        chosen = (
            sa.select(versions)
            .where(versions.c.record_id.in_(list(record_ids[start : start + _MANY])))
            .order_by(versions.c.version)
        )
        for row in connection.execute(chosen).mappings():
            made = _version(row)
            found[made.record_id].append(made)
    missing = [each for each, rows in found.items() if not rows or rows[0].version > 1]
    for record_id, entry in journal_rows.entries_of(connection, missing).items():
        found[record_id].insert(0, first_version(entry))
    return found


def by_sources(
    connection: Connection, source_system: str, source_ids: Sequence[str]
) -> dict[str, VersionRow]:
    """Return the latest version of each source id that is known."""
    found: dict[str, VersionRow] = {}
    for start in range(0, len(source_ids), _MANY):
        chosen = (
            sa.select(versions)
            .where(
                versions.c.source_system == source_system,
                versions.c.source_id.in_(source_ids[start : start + _MANY]),
            )
            .order_by(versions.c.version)
        )
        for row in connection.execute(chosen).mappings():
            found[row["source_id"]] = _version(row)
    return found


def packed_objects(connection: Connection, record_id: bytes, version: int) -> dict[int, Packed]:
    """Return where the objects of a version lie, by their index.

    A journal's entry has `packs.ENTRY_OBJECT` in the place of content and sheet.
    """
    entry = journal_rows.entry_of(connection, record_id) if version == 1 else None
    whole = {} if entry is None or entry.packed is None else {packs.ENTRY_OBJECT: entry.packed}
    chosen = sa.select(objects).where(
        objects.c.record_id == record_id, objects.c.version == version
    )
    return whole | {
        row["object_index"]: Packed(
            ObjectPlace(RecordId(bytes(row["record_id"])), row["version"], row["object_index"]),
            row["pack"],
            row["offset"],
            row["length"],
        )
        for row in connection.execute(chosen).mappings()
    }


def packed_objects_of(
    connection: Connection, record_ids: Sequence[RecordId]
) -> dict[tuple[RecordId, int], dict[int, Packed]]:
    """Return where the objects of all versions of records lie, those of entries left out."""
    found: dict[tuple[RecordId, int], dict[int, Packed]] = {}
    for start in range(0, len(record_ids), _MANY):
        chosen = sa.select(objects).where(
            objects.c.record_id.in_(list(record_ids[start : start + _MANY]))
        )
        for row in connection.execute(chosen).mappings():
            place = ObjectPlace(
                RecordId(bytes(row["record_id"])), row["version"], row["object_index"]
            )
            packed = Packed(place, row["pack"], row["offset"], row["length"])
            found.setdefault((place.record_id, place.version), {})[place.index] = packed
    return found


def records_with_terms(
    connection: Connection, agency_id: int, type_id: int, terms: Mapping[str, bytes]
) -> list[RecordId]:
    """Return the records of an agency's type that have all these terms in their latest version
    here."""
    newest = (
        sa.select(versions.c.record_id, sa.func.max(versions.c.version).label("version"))
        .where(versions.c.agency_id == agency_id)
        .group_by(versions.c.record_id)
        .subquery()
    )
    chosen = sa.select(newest.c.record_id)
    for field, term in terms.items():
        chosen = chosen.where(
            sa.exists().where(
                search_terms.c.record_id == newest.c.record_id,
                search_terms.c.version == newest.c.version,
                search_terms.c.field == field,
                search_terms.c.type_id == type_id,
                search_terms.c.term == term,
            )
        )
    found = connection.execute(chosen.order_by(newest.c.record_id)).scalars()
    return [RecordId(bytes(record_id)) for record_id in found]


def forget(connection: Connection, record_id: bytes, numbers: Iterable[int]) -> None:
    """Take source ids, search terms and places of erased versions away; the commitment stays."""
    wanted = set(numbers)
    forget_many(
        connection, [row for row in versions_of(connection, record_id) if row.version in wanted]
    )


def forget_many(connection: Connection, rows: Sequence[VersionRow]) -> None:
    """Take source ids, search terms and places of many erased versions away; see `forget`."""
    if not rows:
        return
    first = [row.record_id for row in rows if row.version == 1]
    for entry in journal_rows.entries_of(connection, first).values():
        journal_rows.forget_entry(connection, entry)
    forget_records(connection, list({row.record_id for row in rows}))
    places = [{"r": row.record_id, "v": row.version} for row in rows]
    for table in (search_terms, objects):
        gone = sa.delete(table).where(
            table.c.record_id == sa.bindparam("r"), table.c.version == sa.bindparam("v")
        )
        connection.execute(gone, places)
    bare = {"source_system": None, "source_id": None, "created_ms": 0}
    update = (
        sa.update(versions)
        .where(versions.c.record_id == sa.bindparam("r"), versions.c.version == sa.bindparam("v"))
        .values({name: sa.bindparam(f"to_{name}") for name in (*bare, DIGEST)})
    )
    changed = [with_digest(versions, {**_plain(row), **bare}) for row in rows]
    connection.execute(
        update,
        [
            {"r": row["record_id"], "v": row["version"]}
            | {f"to_{name}": row[name] for name in (*bare, DIGEST)}
            for row in changed
        ],
    )


def _plain(row: VersionRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in VersionRow.__slots__}


def _object_row(packed: Packed) -> dict[str, Any]:
    return with_digest(
        objects,
        {
            "record_id": packed.place.record_id,
            "version": packed.place.version,
            "object_index": packed.place.index,
            "pack": packed.pack,
            "offset": packed.offset,
            "length": packed.length,
        },
    )


def _version(row: sa.RowMapping) -> VersionRow:
    values = {name: row[name] for name in VersionRow.__slots__}
    for name in ("record_id", "schema_digest", "commitment"):
        values[name] = bytes(values[name])
    return VersionRow(**values)
