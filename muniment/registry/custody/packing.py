# SPDX-License-Identifier: Apache-2.0
"""What goes into a custody package: all versions of each record, with their secrets and files.

Some hundred records at a time, files streamed: the package is as long as its content, the memory is
not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from muniment.exchange.custody import HandedVersion, HandoverMessage
from muniment.exchange.envelope import Outgoing
from muniment.exchange.envelope_parts import Label, PartKind
from muniment.exchange.streams import ProducedStream
from muniment.record.canonical import JsonValue
from muniment.record.files import FileValue
from muniment.record.types import RecordType
from muniment.record.versions import Version
from muniment.registry.custody.sources import source_to_hand_over
from muniment.registry.disposition.candidates import Candidate
from muniment.registry.journal_evidence import first_versions
from muniment.registry.reading_many import kept_versions
from muniment.registry.record_types import to_file
from muniment.registry.session import Session
from muniment.registry.unkept import UnkeptVersionError
from muniment.store import journal_rows, packs
from muniment.store.versions import VersionRow, first_version, packed_objects

_MANY: Final = 200


def package_of(
    session: Session,
    handover_id: bytes,
    candidates: Sequence[Candidate],
    progress: Callable[[int], None] | None = None,
) -> Iterator[Outgoing]:
    """Yield the parts of a package; `progress` is told how many records are in it.

    Raises what reading the content raises: then there is no package.
    """
    yield Outgoing(PartKind.MESSAGE, HandoverMessage(handover_id, len(candidates)).to_bytes())
    packing = _Packing(session)
    for start in range(0, len(candidates), _MANY):
        part = candidates[start : start + _MANY]
        yield from packing.batch(part)
        if progress is not None:
            progress(start + len(part))


def version_of_part(label: Label) -> int | None:
    """Return under which version a part's record is put down, None for parts that are not."""
    return label.version if label.kind is PartKind.VERSION else None


class _Packing:
    """Makes parts; each record type is put in before the first record of it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._types: set[tuple[int, int, int]] = set()

    def batch(self, candidates: Sequence[Candidate]) -> Iterator[Outgoing]:
        """Yield the parts of some records. Those that came by journals are read together."""
        ids = [each.record_id for each in candidates if each.version == 1]
        with self._session.database.read() as connection:
            entries = journal_rows.entries_of(connection, ids)
        first = first_versions(self._session, list(entries.values()))
        others = [each.record_id for each in candidates if each.record_id not in first]
        kept = kept_versions(self._session, others)
        for each in candidates:
            if each.record_id in first:
                row = first_version(entries[each.record_id])
                yield from self._version(row, first[each.record_id].version)
                continue
            versions = kept[each.record_id][: each.version]
            if [every.row.version for every in versions] != list(range(1, each.version + 1)):
                raise UnkeptVersionError(each.record_id, None)
            for every in versions:
                yield from self._version(every.row, every.version)

    def _version(self, row: VersionRow, version: Version) -> Iterator[Outgoing]:
        types = self._session.types_of(row.agency_id)
        record_type = types.by_number(row.type_id, row.type_version)
        # The latest too: whoever amends the record must name it.
        for each in (record_type, types.latest(record_type.name)):
            yield from self._record_type(row.agency_id, each)
        handed = HandedVersion(
            row.record_id,
            row.version,
            row.agency_id,
            row.type_id,
            row.type_version,
            row.schema_digest,
            row.algorithm,
            version.secret,
            source_to_hand_over(self._session, row),
        )
        where = (row.record_id, row.version)
        yield Outgoing(PartKind.VERSION, handed.to_bytes(), *where)
        yield Outgoing(PartKind.FILE, version.content.canonical, *where)
        yield from self._files(record_type, version, version.content.fields())

    def _record_type(self, issuer: int, record_type: RecordType) -> Iterator[Outgoing]:
        named = (issuer, int(record_type.type_id), record_type.version)
        if named not in self._types:
            self._types.add(named)
            yield Outgoing(PartKind.RECORD_TYPE, to_file(record_type), index=record_type.version)

    def _files(
        self, record_type: RecordType, version: Version, fields: dict[str, JsonValue]
    ) -> Iterator[Outgoing]:
        header, vault = version.header, self._session.vault
        names = [each for each in record_type.file_fields if each in fields]
        if not names:
            return
        with self._session.database.read() as connection:
            packed = packed_objects(connection, header.record_id, header.version)
        for name in names:
            index = record_type.file_fields.index(name) + 1
            if index not in packed:
                raise UnkeptVersionError(header.record_id, header.version)
            place, value = packed[index], FileValue.from_json(fields[name])
            with ProducedStream(
                lambda writer, place=place, value=value: packs.read_file(  # type: ignore[misc]
                    vault, place, version.secret, writer, value
                )
            ) as reader:
                yield Outgoing(PartKind.FILE, reader, header.record_id, header.version, index)
