# SPDX-License-Identifier: Apache-2.0
"""Checking a custody package before anything of it is accepted.

Its parts pass once, in order. Of each version the commitment is recomputed, of each file the
digest; then the record's acts, proven by its slots on chain, must give the same commitments, one
for each version, and the record must be the sender's, on offer to this agency, as it is. What does
not hold of one record is told of that record; what does not hold of the file is an error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from muniment.errors import InvalidInputError, InvalidJsonError, RecordError
from muniment.exchange.custody import MAX_CONTENT, HandedVersion, HandoverMessage
from muniment.exchange.envelope_header import EnvelopeHeader
from muniment.exchange.envelope_parts import Part, PartKind
from muniment.exchange.errors import EnvelopeError
from muniment.record.commitment import Commitment
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.record.trace import ActKind, TraceHead
from muniment.record.types import RecordType
from muniment.record.versions import Content, Version
from muniment.registry.custody.outcomes import FinalBlock
from muniment.registry.custody.proven import Proven, proven_traces
from muniment.registry.record_types import UnknownTypeError, from_file
from muniment.registry.session import Session
from muniment.store.envelopes import EnvelopedRecord
from muniment.store.tables import record_types, type_holds

_MANY: Final = 200
TypeName = tuple[int, int, int]
"""Issuer, number and version of a record type."""


@dataclass(frozen=True, slots=True)
class Acceptable:
    """A record that holds: its issuer and type, what its acceptance names, and where its versions
    are in the package.

    `is_over`: its custody came here already, and only the content is missing.
    """

    record_id: RecordId
    issuer: int
    type_id: int
    version: int
    commitment: Commitment
    trace_head: TraceHead
    expires_at: int
    places: tuple[EnvelopedRecord, ...]
    is_over: bool = False


@dataclass(slots=True)
class _Handed:
    """A version that is coming in."""

    handed: HandedVersion
    place: EnvelopedRecord
    content: bytes | None = None
    commitment: Commitment | None = None
    files: dict[int, FileValue] = field(default_factory=dict)


@dataclass(slots=True)
class _Record:
    """A record whose parts are coming, or wait to be compared with the chain."""

    record_id: RecordId
    versions: list[_Handed] = field(default_factory=list)
    fault: str | None = None

    def fail(self, why: str) -> None:
        """Say what does not hold; the first fault stands."""
        self.fault = self.fault or why


class CustodyCheck:
    """Takes the parts of one package, in order.

    `acceptable` are the records that hold, `faults` says why others do not, `types` are the record
    types that came along.
    """

    def __init__(
        self,
        session: Session,
        header: EnvelopeHeader,
        digest: bytes,
        block: FinalBlock,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Take what the package is checked by: traces are proven at the top of `block`."""
        self._session = session
        self._header = header
        self._digest = digest
        self._block = block
        self._progress = progress
        self._message: HandoverMessage | None = None
        self._body, self._begins = b"", (0, 0)
        self._hashed: Any = None
        self._length = 0
        self._record: _Record | None = None
        self._waiting: list[_Record] = []
        self._seen: set[RecordId] = set()
        self._published: dict[tuple[int, int], list[dict[str, Any]]] = {}
        self.acceptable: list[Acceptable] = []
        self.faults: dict[RecordId, str] = {}
        self.types: dict[TypeName, RecordType] = {}

    def take(self, part: Part) -> None:
        """Take a part. Raises `EnvelopeError` for a package that has not its form."""
        label = part.label
        if (self._message is None) is not (label.kind is PartKind.MESSAGE and label.is_last):
            raise EnvelopeError("a package begins otherwise", "one message, and then its records")
        if label.kind is PartKind.FILE and label.index:
            self._take_file(part)
            return
        if label.place == 0:
            self._body, self._begins = b"", (part.number, part.offset)
        self._body += part.body
        if len(self._body) > MAX_CONTENT:
            raise EnvelopeError("a version's content is too long", f"{MAX_CONTENT} bytes at most")
        if not label.is_last:
            return
        if label.kind is PartKind.MESSAGE:
            self._take_message(self._body)
        elif label.kind is PartKind.RECORD_TYPE:
            self._take_type(self._body)
        elif label.kind is PartKind.VERSION:
            self._take_version(part, self._body)
        elif label.kind is PartKind.FILE:
            self._take_content(part, self._body)
        else:
            what = f"a package has a part of kind {label.kind.name.lower()}"
            raise EnvelopeError(what, "none such")

    def end(self) -> None:
        """Say that all parts were taken; what waits is compared with the chain."""
        self._end_record()
        self._settle()
        count = 0 if self._message is None else self._message.count
        if len(self._seen) != count:
            raise EnvelopeError(
                f"it has {len(self._seen)} records", f"{count}, as its message says"
            )

    # --- parts ------------------------------------------------------------------------------------

    def _take_message(self, body: bytes) -> None:
        self._message = HandoverMessage.from_bytes(body)
        if self._message.handover_id != self._header.subject:
            raise EnvelopeError("its message is of another hand-over", "the one its header names")

    def _take_version(self, part: Part, body: bytes) -> None:
        handed, label = HandedVersion.from_bytes(body), part.label
        if (label.record_id, label.version) != (handed.record_id, handed.version):
            raise EnvelopeError("a part is labelled as another record or version", "its own")
        if self._record is None or self._record.record_id != handed.record_id:
            self._end_record()
            if handed.record_id in self._seen:
                raise EnvelopeError("a record is in it twice", "each once, its versions together")
            self._seen.add(handed.record_id)
            self._record = _Record(handed.record_id)
        else:
            self._end_version(self._record)
        record = self._record
        if handed.version != len(record.versions) + 1:
            record.fail(f"version {len(record.versions) + 1} is not in the package")
        place = EnvelopedRecord(self._digest, handed.record_id, handed.version, *self._begins)
        record.versions.append(_Handed(handed, place))

    def _take_content(self, part: Part, body: bytes) -> None:
        record, version = self._current(part)
        if version.content is not None:
            raise EnvelopeError("a version has its content twice", "once")
        version.content = body
        handed = version.handed
        try:
            record_type = self._type(handed.record_type)
            if record_type.schema_digest != handed.schema_digest:
                record.fail(f"version {handed.version} names another schema than its type has")
                return
            content = Content(body)
            version.commitment = Version(handed.header, content, handed.secret).commitment
            fields = content.fields()
            version.files = {
                index: FileValue.from_json(fields[name])
                for index, name in enumerate(record_type.file_fields, start=1)
                if name in fields
            }
        except UnknownTypeError:
            named = "agency {}'s type {}, version {}".format(*handed.record_type)
            record.fail(f"the schema of {named} is neither in the package nor here")
        except (InvalidInputError, InvalidJsonError, RecordError) as error:
            record.fail(f"version {handed.version} is no content: {error.what}")

    def _take_file(self, part: Part) -> None:
        record, version = self._current(part)
        label = part.label
        if version.content is None:
            raise EnvelopeError("a file comes before its content", "after it")
        if label.place == 0:
            self._hashed, self._length = hashlib.sha256(), 0
        self._hashed.update(part.body)
        self._length += len(part.body)
        if not label.is_last:
            return
        expected = version.files.pop(label.index, None)
        if record.fault is not None:
            return
        if expected is None:
            record.fail(f"file {label.index} of version {label.version} is of no field")
        elif (self._hashed.digest(), self._length) != (expected.digest, expected.length):
            record.fail(f"file {label.index} of version {label.version} is not the committed one")

    def _current(self, part: Part) -> tuple[_Record, _Handed]:
        record = self._record
        if record is not None and record.versions:
            version = record.versions[-1]
            place = (version.handed.record_id, version.handed.version)
            if place == (part.label.record_id, part.label.version):
                return record, version
        raise EnvelopeError("a part is of no version before it", "each version's parts together")

    def _end_version(self, record: _Record) -> None:
        version = record.versions[-1]
        if version.content is None:
            record.fail(f"version {version.handed.version} has no content")
        for index in version.files:
            record.fail(f"file {index} of version {version.handed.version} is not in the package")

    def _end_record(self) -> None:
        record, self._record = self._record, None
        if record is None:
            return
        self._end_version(record)
        for version in record.versions:
            version.content = None
        self._waiting.append(record)
        if len(self._waiting) >= _MANY:
            self._settle()

    # --- record types -----------------------------------------------------------------------------

    def _take_type(self, body: bytes) -> None:
        """A record type is a public file: it must be what the chain says of some agency's."""
        found = from_file(body)
        place = (int(found.type_id), found.version)
        if place not in self._published:
            chosen = sa.select(record_types).where(
                record_types.c.type_id == place[0], record_types.c.version == place[1]
            )
            with self._session.database.read() as connection:
                rows = connection.execute(chosen).mappings()
                self._published[place] = [dict(row) for row in rows]
        issuers = [
            row["agency_id"]
            for row in self._published[place]
            if bytes(row["schema_digest"]) == found.schema_digest
            and (row["name"], row["retention_days"], row["sharing"])
            == (found.name, found.retention_days, found.sharing.name)
        ]
        if not issuers:
            raise EnvelopeError(f"the chain has no such type {found.type_id}", "its own types")
        for issuer in issuers:
            self.types[issuer, found.type_id, found.version] = found

    def _type(self, named: TypeName) -> RecordType:
        """A record type: what is known here is not replaced by what came."""
        issuer, type_id, version = named
        try:
            return self._session.types_of(issuer).by_number(type_id, version)
        except UnknownTypeError:
            if named not in self.types:
                raise
            return self.types[named]

    # --- against the chain ------------------------------------------------------------------------

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        sound = [each for each in waiting if each.fault is None]
        ids = [each.record_id for each in sound]
        traces = proven_traces(self._session, ids, self._block.top)
        held = self._types_held()
        for record in sound:
            trace = traces[record.record_id]
            if isinstance(trace, RecordError):
                record.fail(f"its acts are not proven: {trace.what}")
                continue
            why = self._against(record, trace, held)
            if why is not None:
                record.fail(why)
                continue
            places = tuple(each.place for each in record.versions)
            state = trace.state
            self.acceptable.append(
                Acceptable(
                    record.record_id,
                    state.issuer,
                    state.type_id,
                    state.version,
                    Commitment(trace.commitment),
                    trace.head,
                    state.offer_expires_at,
                    places,
                    is_over=self._is_over(trace),
                )
            )
        for record in waiting:
            if record.fault is not None:
                self.faults[record.record_id] = record.fault
        if self._progress is not None:
            self._progress(len(self._seen))

    def _types_held(self) -> set[tuple[int, int]]:
        chosen = sa.select(type_holds.c.agency_id, type_holds.c.type_id)
        with self._session.database.read() as connection:
            return {(row.agency_id, row.type_id) for row in connection.execute(chosen)}

    def _is_over(self, trace: Proven) -> bool:
        """Whether custody came from the sender already, without its content."""
        transfers = [act for act in trace.acts if act.kind is ActKind.TRANSFERRED]
        if not transfers or trace.state.custodian != self._session.profile.agency.id:
            return False
        return int.from_bytes(transfers[-1].argument, "big") == self._header.sender

    def _against(self, record: _Record, trace: Proven, held: set[tuple[int, int]]) -> str | None:
        """What the chain says against a record, None for nothing."""
        state, own = trace.state, self._session.profile.agency.id
        if state.status is Status.NONE:
            return "the chain has no such record"
        if state.status is Status.DISPOSED:
            return "it is disposed of"
        if not self._is_over(trace):
            if state.custodian != self._header.sender:
                return f"it is in the custody of agency {state.custodian}, not of the sender"
            if state.offered_to != own:
                return "its custody is not on offer to this agency"
            if state.offer_expires_at < self._block.timestamp:
                return "the offer of its custody has expired"
            if state.hold_count:
                return "it is held"
            if (state.issuer, state.type_id) in held:
                return "its whole type is held"
        acts = trace.versions
        if len(acts) != len(record.versions):
            return f"{len(record.versions)} versions came of {len(acts)} that the chain has"
        for act, version in zip(acts, record.versions, strict=True):
            handed = version.handed
            on_chain = (
                int(act.state.issuer),
                int(act.state.type_id),
                act.state.type_version,
                act.state.algorithm,
            )
            if on_chain != (*handed.record_type, handed.algorithm):
                return f"version {handed.version} is of another type or algorithm on chain"
            if act.commitment != version.commitment:
                return f"version {handed.version} is not the content that was committed to"
        return None
