# SPDX-License-Identifier: Apache-2.0
"""Checking what was delivered against the chain, before anything of it is kept.

Each version's digests must make the commitment that the chain has for it: in the record's acts, or
under a seal by its entry. Its record must lie in the share's scope and in the granter's custody,
and no field may be there that the terms do not allow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.chain.connection import Block, Connection, UnknownBlockError
from muniment.errors import InvalidInputError, ProofError
from muniment.evidence import EvidenceFile, Outcome, Verifier
from muniment.evidence.block_trust import Header
from muniment.evidence.entries import EvidentEntry, EvidentSeal
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.envelope_parts import Label, Part, PartKind
from muniment.exchange.errors import EnvelopeError, NotSharedError, TermsError
from muniment.exchange.terms import Terms
from muniment.journal.entry import EntryKind
from muniment.journal.merkle import hash_leaf, verify_inclusion
from muniment.proof.headers import BlockHeader
from muniment.proof.istanbul import IstanbulHeader
from muniment.record.files import FileValue
from muniment.record.state import Status
from muniment.record.types import RecordType
from muniment.registry.evidence_soundness import trust_of_itself
from muniment.registry.exchange.delivered_types import DeliveredTypes
from muniment.registry.exchange.shares import ShareView
from muniment.registry.session import Session
from muniment.store import mirror
from muniment.store.bulk import rows_among
from muniment.store.envelopes import EnvelopedRecord
from muniment.store.folding import event_of
from muniment.store.tables import journals, records, seals

_MANY = 500
_FEW, _SHOWN = 8, 64


@dataclass(slots=True)
class _OpenFile:
    """A file of a version whose parts are coming."""

    label: Label
    expected: FileValue
    hashed: Any = field(default_factory=hashlib.sha256)
    length: int = 0


class DeliveryCheck:
    """Takes the parts of one delivery, in order, and refuses what does not hold.

    `records` are those that passed; `types` their record types, which came along.
    """

    def __init__(self, session: Session, share: ShareView, terms: Terms, digest: bytes) -> None:
        """Take what the delivery is checked by."""
        self._session = session
        self._share = share
        self._terms = terms
        self._digest = digest
        self._waiting: list[tuple[tuple[int, int], DeliveredVersion]] = []
        self._versions: set[tuple[bytes, int]] = set()
        self._files: dict[tuple[bytes, int, int], FileValue] = {}
        self._file: _OpenFile | None = None
        self._body, self._begins = b"", (0, 0)
        self._lineage = session.lineage
        self._seals: dict[tuple[int, int, int], tuple[EvidentSeal | None, int | None]] = {}
        self.records: list[EnvelopedRecord] = []
        self.types = DeliveredTypes(session)
        self.evidence = 0

    def take(self, part: Part) -> None:
        """Take a part. Raises `EnvelopeError`, `NotSharedError`, `TermsError`, `RecordError`."""
        kind = part.label.kind
        if kind is PartKind.FILE:
            self._settle()
            self._take_file(part)
            return
        if part.label.place == 0:
            self._body, self._begins = b"", (part.number, part.offset)
        self._body += part.body
        if not part.label.is_last:
            return
        if kind is PartKind.RECORD:
            self._take_record(part, self._body)
        elif kind is PartKind.RECORD_TYPE:
            self.types.take(self._body)
        elif kind is PartKind.EVIDENCE:
            self._settle()
            self._take_evidence(self._body)
        else:
            raise EnvelopeError(f"a delivery has a part of kind {kind.name.lower()}", "none such")

    def end(self) -> None:
        """Say that all parts were taken; what still waits is checked."""
        self._settle()
        for record_id, _, index in self._files:
            raise EnvelopeError(
                f"file {index} of record 0x{record_id.hex()} is not in it",
                "all files of the fields that it shows",
            )

    def _take_record(self, part: Part, body: bytes) -> None:
        delivered = DeliveredVersion.from_bytes(body)
        label = part.label
        if (label.record_id, label.version) != (delivered.record_id, delivered.version):
            raise EnvelopeError("a part is labelled as another record or version", "its own")
        self._require_scope(delivered)
        self._waiting.append((self._begins, delivered))
        if len(self._waiting) >= _MANY:
            self._settle()

    def _require_scope(self, delivered: DeliveredVersion) -> None:
        share = self._share
        if share.record_id is not None:
            if delivered.record_id != share.record_id:
                what = f"record 0x{delivered.record_id.hex()} is not the one that it is of"
                raise NotSharedError(share.share_id, what)
        elif (delivered.issuer, delivered.type_id) != (share.granter, share.type_id):
            what = f"record 0x{delivered.record_id.hex()} is of another type or agency"
            raise NotSharedError(share.share_id, what)

    def _settle(self) -> None:
        """Check the versions that wait against the chain, many at once."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        with self._session.database.read() as connection:
            standing = _rows(connection, [each.record_id for _, each in waiting])
            for begins, delivered in waiting:
                commitment = self._commitment(connection, delivered, standing)
                values = delivered.values(commitment)
                self._require_granted(delivered, values)
                place = (delivered.record_id, delivered.version)
                if place in self._versions:
                    raise EnvelopeError("a version is in it twice", "each once")
                self._versions.add(place)
                self._expect_files(self.types.of(delivered), place, values)
                self.records.append(EnvelopedRecord(self._digest, *place, *begins))

    def _expect_files(
        self, record_type: RecordType, place: tuple[bytes, int], values: dict[str, Any]
    ) -> None:
        for index, name in enumerate(record_type.file_fields, start=1):
            if name in values:
                try:
                    self._files[*place, index] = FileValue.from_json(values[name])
                except InvalidInputError as error:
                    raise EnvelopeError("a field of a file is none", error.expected) from error

    def _require_granted(self, delivered: DeliveredVersion, values: dict[str, Any]) -> None:
        allowed = set(self._terms.granted(list(values)))
        beyond = sorted(set(values) - allowed)
        if beyond:
            # The names are the sender's: no more of them is told than a reader needs.
            named = ", ".join(each[:_SHOWN] for each in beyond[:_FEW])
            raise TermsError(
                self._share.share_id,
                f"record 0x{delivered.record_id.hex()} shows {len(beyond)} fields that were not "
                f"granted: {named}",
                "the granted fields alone",
            )

    def _commitment(
        self,
        connection: DatabaseConnection,
        delivered: DeliveredVersion,
        standing: dict[bytes, dict[str, Any]],
    ) -> bytes:
        row = standing.get(delivered.record_id)
        if row is None or row["status"] == Status.NONE:
            return self._sealed(connection, delivered)
        if row["custodian"] != self._share.granter:
            raise NotSharedError(
                self._share.share_id,
                f"record 0x{delivered.record_id.hex()} is in the custody of agency "
                f"{row['custodian']}: the grant ended with the granter's",
            )
        if row["status"] == Status.DISPOSED:
            what = f"record 0x{delivered.record_id.hex()} is disposed of: the grant ended with it"
            raise NotSharedError(self._share.share_id, what)
        if (row["issuer"], row["type_id"]) != (delivered.issuer, delivered.type_id):
            raise EnvelopeError("a record is of another type on chain", "what the chain says")
        if delivered.version == row["version"]:
            return bytes(row["commitment"])
        return _earlier(connection, delivered)

    def _sealed(self, connection: DatabaseConnection, delivered: DeliveredVersion) -> bytes:
        entry, named = delivered.entry, f"record 0x{delivered.record_id.hex()}"
        if entry is None:
            raise EnvelopeError(f"{named} is not on chain", "its journal's entry with it")
        plain = entry.entry
        fits = (
            plain.kind is EntryKind.REGISTRATION
            and entry.record_id(self._lineage) == delivered.record_id
            and (entry.agency_id, plain.type_id, plain.type_version, plain.algorithm)
            == (delivered.issuer, delivered.type_id, delivered.type_version, delivered.algorithm)
            and delivered.version == 1
        )
        if not fits:
            raise EnvelopeError(f"the entry of {named} registers something else", "its own entry")
        if entry.agency_id != self._share.granter:
            raise NotSharedError(
                self._share.share_id,
                f"{named} is in the custody of agency {entry.agency_id}, not of the granter",
            )
        self._require_sealed(connection, entry, named)
        return bytes(plain.commitment)

    def _require_sealed(
        self, connection: DatabaseConnection, entry: EvidentEntry, named: str
    ) -> None:
        place = (entry.agency_id, entry.journal, entry.seal.size)
        if place not in self._seals:
            self._seals[place] = _seal_at(connection, *place)
        seal, disowned = self._seals[place]
        if seal is None or seal != entry.seal or entry.entry.time > seal.sealed_at:
            raise EnvelopeError(f"the entry of {named} is under no seal on chain", "a seal on it")
        if disowned is not None and entry.index >= disowned:
            raise EnvelopeError(f"the entry of {named} is disowned by its agency", "another")
        leaf = hash_leaf(entry.entry.to_bytes())
        try:
            verify_inclusion(leaf, entry.index, seal.size, seal.root, entry.path)
        except ProofError as error:
            raise EnvelopeError(f"the entry of {named}: {error.what}", error.expected) from error

    def _take_file(self, part: Part) -> None:
        label = part.label
        if label.place == 0:
            expected = self._files.get((label.record_id, label.version, label.index))
            if expected is None:
                raise EnvelopeError("a file comes that no field before it names", "its field first")
            self._file = _OpenFile(label, expected)
        opened = self._file
        # `open_parts` has seen to it that a first place was there.
        assert opened is not None
        opened.hashed.update(part.body)
        opened.length += len(part.body)
        if label.is_last:
            self._file = None
            found = (opened.hashed.digest(), opened.length)
            if found != (opened.expected.digest, opened.expected.length):
                raise EnvelopeError(
                    f"file {label.index} of record 0x{label.record_id.hex()} is not the one that "
                    "was committed to",
                    "its digest and length",
                )
            del self._files[label.record_id, label.version, label.index]

    def _take_evidence(self, body: bytes) -> None:
        """Evidence must hold under the block of its own number that this agency's node has, be of
        the records before it, and show nothing of them: fields are shown by the grant alone."""
        session = self._session
        try:
            file = EvidenceFile.from_bytes(body)
            signed = bool(file.anchor.engine)
            kind: type[Header] = IstanbulHeader if signed else BlockHeader
            header = kind.from_rlp(file.anchor.header)
        except ProofError as error:
            raise EnvelopeError(error.what, error.expected) from error
        known = {record_id for record_id, _ in self._versions}
        for each in file.records:
            if each.record_id not in known:
                what = f"evidence of record 0x{each.record_id.hex()} is in it, and not the record"
                raise NotSharedError(self._share.share_id, what)
            if each.content is not None and each.content.disclosure.fields:
                raise TermsError(
                    self._share.share_id,
                    f"the evidence of record 0x{each.record_id.hex()} shows fields",
                    "evidence that shows none",
                )

        def read(node: Connection) -> Block:
            return node.block(header.number)

        try:
            block = session.nodes.read(read)
        except UnknownBlockError as error:
            raise EnvelopeError(error.what, "a block that the node has") from error
        if header.hash != block.hash:
            raise EnvelopeError("its evidence is of a block that the node has not", "this chain's")
        trust = trust_of_itself(session, file.anchor, block)
        verifier = Verifier(trust, now=block.timestamp, any_code=True)
        for verdict in verifier.verify(body):
            if verdict.outcome is Outcome.INVALID:
                raise EnvelopeError(f"its evidence does not hold: {verdict.reason}", "evidence")
            self.evidence += 1


def _seal_at(
    connection: DatabaseConnection, agency_id: int, journal: int, size: int
) -> tuple[EvidentSeal | None, int | None]:
    """The seal of a size, by the mirror, and from which index on the journal is disowned."""
    of_journal = sa.and_(
        journals.c.agency_id == seals.c.agency_id, journals.c.journal == seals.c.journal
    )
    chosen = (
        sa.select(seals, journals.c.repudiated_from)
        .join(journals, of_journal)
        .where(seals.c.agency_id == agency_id, seals.c.journal == journal, seals.c.size == size)
    )
    row = connection.execute(chosen).one_or_none()
    if row is None:
        return None, None
    seal = EvidentSeal(bytes(row.root), row.size, row.previous_size, row.sealed_at)
    return seal, row.repudiated_from


def _rows(
    connection: DatabaseConnection, record_ids: Sequence[bytes]
) -> dict[bytes, dict[str, Any]]:
    names = [column.name for column in records.columns]
    found = {}
    for values in rows_among(connection, records, records.c.record_id, list(record_ids)):
        row = dict(zip(names, values, strict=True))
        found[bytes(row["record_id"])] = row
    return found


def _earlier(connection: DatabaseConnection, delivered: DeliveredVersion) -> bytes:
    """The commitment of a version that is not the latest, by the record's events."""
    for log in mirror.logs_of(connection, [delivered.record_id]):
        event = event_of(log)
        state, commitment = getattr(event, "state", None), getattr(event, "commitment", None)
        if commitment is not None and state is not None and state.version == delivered.version:
            return bytes(commitment)
    raise EnvelopeError(
        f"record 0x{delivered.record_id.hex()} has no version {delivered.version} on chain",
        "a version that the chain has",
    )
