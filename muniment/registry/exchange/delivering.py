# SPDX-License-Identifier: Apache-2.0
"""Delivering: what a share lets go, to whom it lets it go, and nothing else.

The share must be in force on chain at this moment, each record within its scope and in this
agency's custody; of each the granted fields alone go, with their salts, and the files among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from muniment.chain.connection import Connection
from muniment.errors import InvalidInputError
from muniment.evidence.entries import EvidentEntry
from muniment.evidence.files import ShownContent
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.envelope import Outgoing
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.envelope_parts import Label, PartKind
from muniment.exchange.errors import NotSharedError
from muniment.exchange.messages import DELIVERY, GrantMessage, SharedTerms
from muniment.exchange.streams import ProducedStream
from muniment.journal.entry import EntryKind
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.record.types import RecordType
from muniment.record.versions import Version
from muniment.registry.access_entries import DELIVERED, Access, record_reads
from muniment.registry.bulk_evidence import provable_records
from muniment.registry.evidence_making import make_evidence
from muniment.registry.exchange.keeping import noting, send
from muniment.registry.exchange.shares import ShareView, share_of
from muniment.registry.exchange.tray import written_into
from muniment.registry.journal_evidence import JournalProver, first_versions
from muniment.registry.reading import kept_version
from muniment.registry.record_types import to_file
from muniment.registry.session import Session
from muniment.registry.unkept import UnkeptVersionError
from muniment.store import journal_rows, packs
from muniment.store.bulk import rows_among
from muniment.store.envelopes import EnvelopeRow
from muniment.store.journal_rows import EntryRow
from muniment.store.tables import journals, records
from muniment.store.versions import packed_objects

WITH_EVIDENCE: Final = 256
"""So many records or fewer are delivered with evidence files, if nothing else is said."""
_MANY: Final = 4_096
"""Records that are opened together: as many as a pack of a journal has, which is read whole."""
_EVIDENT: Final = 500
"""Records of a bundle of evidence."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery that was made: its digest, which a receipt acknowledges, and how many records."""

    digest: bytes
    count: int


def deliverable(session: Session, share: ShareView) -> list[RecordId]:
    """Return all records that a share covers now, by the mirror, those of journals in their order.

    `sync` first.
    """
    if share.record_id is not None:
        return [RecordId(share.record_id)]
    found = provable_records(session).record_ids
    return [each for each, why in _refusals(session, share, found) if why is None]


def deliver(
    session: Session,
    share_id: bytes,
    target: Path | None,
    record_ids: Sequence[RecordId] | None = None,
    *,
    with_evidence: bool | None = None,
    progress: Callable[[int], None] | None = None,
) -> Delivered:
    """Write a delivery of these records under a share, of all that it covers by default.

    Without a target it is left for the requester to fetch (see `exchange/tray.py`).
    `with_evidence` adds evidence files, by default to 256 records or fewer: the recipient can make
    them of what it gets and its own node. All records or nothing. Raises `NotSharedError` for a
    share that is not in force or does not cover one, `TermsError`; both stand in the history.
    """
    share = share_of(session, share_id)
    agency_id, one = share.requester, record_ids[0] if record_ids else share.record_id
    with noting(session, "deliver", agency_id=agency_id, record_id=one, share_id=share_id):
        if share.granter != session.profile.agency.id:
            raise NotSharedError(share_id, f"it was agency {share.granter}'s to grant")
        shared = share.require_in_force().require_terms()
        chosen = deliverable(session, share) if record_ids is None else list(record_ids)
        if not chosen:
            raise NotSharedError(share_id, "it covers no record that this agency could deliver")
        if len(set(chosen)) != len(chosen):
            raise InvalidInputError("records", "each once", "one of them twice")
        _require_covered(session, share, chosen)
        evident = len(chosen) <= WITH_EVIDENCE if with_evidence is None else with_evidence
        contents = session.nodes.read(
            lambda node: _Contents(session, share, shared, node, evident=evident)
        )

        def write(path: Path) -> EnvelopeRow:
            return send(
                session,
                EnvelopeKind.DELIVERY,
                share.requester,
                share_id,
                contents.of(chosen, progress),
                path,
                keep=False,
                versions=_delivered_version,
            )

        row = written_into(session, write) if target is None else write(target)
    return Delivered(row.digest, len(chosen))


def _delivered_version(label: Label) -> int | None:
    return label.version if label.kind is PartKind.RECORD else None


def _require_covered(session: Session, share: ShareView, chosen: Sequence[RecordId]) -> None:
    for each, why in _refusals(session, share, chosen):
        if why is not None:
            raise NotSharedError(share.share_id, f"record 0x{each.hex()} {why}")


def _refusals(
    session: Session, share: ShareView, record_ids: Sequence[RecordId]
) -> Iterator[tuple[RecordId, str | None]]:
    """Each record, and why a share does not let it go, None where it does."""
    for part in _parts(record_ids, _MANY):
        standing = _Standing.of(session, part)
        for each in part:
            yield each, standing.refusal(share, each)


def _parts(record_ids: Sequence[RecordId], size: int) -> Iterator[Sequence[RecordId]]:
    for start in range(0, len(record_ids), size):
        yield record_ids[start : start + size]


@dataclass(frozen=True, slots=True)
class _Row:
    """What the mirror says of a record that matters here."""

    issuer: int
    custodian: int
    type_id: int
    status: int


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where records stand by the mirror: on chain, or as entries of journals alone; and from which
    index on each journal (agency, number) was disowned."""

    own: int
    rows: dict[bytes, _Row]
    entries: dict[RecordId, EntryRow]
    disowned: dict[tuple[int, int], int | None]

    @classmethod
    def of(cls, session: Session, record_ids: Sequence[RecordId]) -> _Standing:
        """Look records up, all in one go."""
        names = [column.name for column in records.columns]
        rows = {}
        with session.database.read() as connection:
            for values in rows_among(connection, records, records.c.record_id, record_ids):
                row = dict(zip(names, values, strict=True))
                fields = (row[name] for name in _Row.__slots__)
                rows[bytes(row["record_id"])] = _Row(*fields)
            missing = [
                each for each in record_ids if each not in rows or rows[each].status == Status.NONE
            ]
            entries = journal_rows.entries_of(connection, missing)
            found = connection.execute(
                sa.select(journals.c.agency_id, journals.c.journal, journals.c.repudiated_from)
            )
            disowned = {(row.agency_id, row.journal): row.repudiated_from for row in found}
        return cls(session.profile.agency.id, rows, entries, disowned)

    def refusal(self, share: ShareView, record_id: RecordId) -> str | None:
        """Why a share does not let a record go, None where it does."""
        row, entry = self.rows.get(record_id), self.entries.get(record_id)
        if row is not None and row.status != Status.NONE:
            issuer, custodian, type_id = row.issuer, row.custodian, row.type_id
        elif entry is not None and entry.entry.kind is EntryKind.REGISTRATION:
            issuer = custodian = entry.agency_id
            type_id = entry.entry.type_id
            index = self.disowned.get((entry.agency_id, entry.journal))
            if index is not None and entry.index >= index:
                return "is an entry that this agency has disowned"
        else:
            return "is not registered"
        if custodian != self.own:
            return f"is in the custody of agency {custodian}: the grant ended with this agency's"
        if row is not None and row.status == Status.DISPOSED:
            return "is disposed of"
        if share.record_id is not None:
            return None if record_id == share.record_id else "is not the record that it is of"
        if (issuer, type_id) != (self.own, share.type_id):
            return f"is not of type {share.type_id} of this agency"
        return None


class _Contents:
    """Makes the parts of a delivery, some hundred records at a time, in flat memory."""

    def __init__(
        self,
        session: Session,
        share: ShareView,
        shared: SharedTerms,
        node: Connection,
        *,
        evident: bool,
    ) -> None:
        self._session = session
        self._share = share
        self._shared = shared
        self._evident = evident
        self._prover = JournalProver(session, node, node.block(), None)
        self._types: set[tuple[int, int, int]] = set()

    def of(
        self, record_ids: Sequence[RecordId], progress: Callable[[int], None] | None
    ) -> Iterator[Outgoing]:
        """Yield what goes, in the order of `record_ids`."""
        message = GrantMessage(self._share.share_id, self._shared, DELIVERY)
        yield Outgoing(PartKind.MESSAGE, message.to_bytes())
        done = 0
        for part in _parts(record_ids, _EVIDENT if self._evident else _MANY):
            yield from self._batch(part)
            done += len(part)
            if progress is not None:
                progress(done)

    def _batch(self, record_ids: Sequence[RecordId]) -> Iterator[Outgoing]:
        entries = _Standing.of(self._session, record_ids).entries
        first = first_versions(self._session, list(entries.values()))
        found: list[tuple[Version, RecordType, EvidentEntry | None]] = []
        for each in record_ids:
            if each in first:
                entry = entries[each]
                types = self._session.types_of(entry.agency_id)
                record_type = types.by_number(entry.entry.type_id, entry.entry.type_version)
                found.append((first[each].version, record_type, self._prover.entry(entry)))
            else:
                kept = kept_version(self._session, each)
                found.append((kept.version, kept.record_type, None))
        self._note([version for version, _, _ in found])
        for version, record_type, evident in found:
            yield from self._record(version, record_type, evident)
        if self._evident:
            evidence = make_evidence(self._session, record_ids, bundle=len(record_ids) > 1)
            yield Outgoing(PartKind.EVIDENCE, evidence)

    def _note(self, versions: Sequence[Version]) -> None:
        """Write down who is about to get what, before anybody has it."""
        terms, share = self._shared.terms, self._share
        access = Access(terms.purpose[:1024], f"agency {share.requester}", share.share_id)
        places = [(each.header.record_id, each.header.version) for each in versions]
        record_reads(self._session, DELIVERED, places, access)

    def _record(
        self, version: Version, record_type: RecordType, entry: EvidentEntry | None
    ) -> Iterator[Outgoing]:
        header = version.header
        named = (header.issuer, record_type.type_id, record_type.version)
        if named not in self._types:
            self._types.add(named)
            yield Outgoing(PartKind.RECORD_TYPE, to_file(record_type), index=record_type.version)
        fields = version.content.fields()
        names = self._shared.terms.granted(list(fields))
        delivered = DeliveredVersion(
            header.record_id,
            header.issuer,
            record_type.type_id,
            record_type.version,
            header.algorithm,
            ShownContent(header.version, header.schema_digest, version.disclose(names)),
            entry,
        )
        where = (header.record_id, header.version)
        yield Outgoing(PartKind.RECORD, delivered.to_bytes(), *where)
        for index, name in enumerate(record_type.file_fields, start=1):
            if name in names:
                with self._file(version, index, FileValue.from_json(fields[name])) as reader:
                    yield Outgoing(PartKind.FILE, reader, *where, index)

    def _file(self, version: Version, index: int, value: FileValue) -> ProducedStream:
        """The plaintext of a file, which is compared with its committed value at the end."""
        header, vault = version.header, self._session.vault
        with self._session.database.read() as connection:
            packed = packed_objects(connection, header.record_id, header.version)
        if index not in packed:
            raise UnkeptVersionError(header.record_id, header.version)
        return ProducedStream(
            lambda writer: packs.read_file(vault, packed[index], version.secret, writer, value)
        )
