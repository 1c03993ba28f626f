# SPDX-License-Identifier: Apache-2.0
"""A source's rows, sorted into new, changed and unchanged ones by what was taken over before."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from muniment.errors import InvalidContentError, InvalidInputError
from muniment.intake.batches import Batch
from muniment.intake.plans import MappedBatch, Plan
from muniment.intake.reports import Finding
from muniment.record.identifiers import (
    AgencyId,
    RecordId,
    derive_local_id,
    derive_record_id,
)
from muniment.record.types import RecordType
from muniment.record.versions import Content
from muniment.registry.new_content import NewContent, with_files
from muniment.registry.session import Session
from muniment.registry.syncing.stops import stops_of
from muniment.store.syncs import SyncedRow, SyncState, rows_of

_TAG: Final = b"muniment/synced-row/v1\0"
_MARK_SIZE: Final = 16
_IN_FORCE: Final = "a record in force, in this agency's custody, that nobody holds"
_TWICE: Final = "its key comes twice in the source: which of the rows is meant is not known"


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row with other content than was taken over: what it becomes, and its new mark."""

    number: int
    row: SyncedRow
    content: NewContent
    mark: bytes


@dataclass(slots=True)
class Sorted:
    """A batch as it was sorted.

    `new` is the part of it that an import is to see, with the record id and mark of each number in
    `marks`; `back` are known rows that had vanished, `unchanged` counts those to do nothing for.
    """

    whole: Batch
    new: Batch
    marks: dict[int, tuple[RecordId, bytes]] = field(default_factory=dict)
    changed: list[ChangedRow] = field(default_factory=list)
    back: list[SyncedRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unchanged: int = 0


class Sorter:
    """Sorts batches for one pass, and notes which rows it saw: a bit for each that has a record."""

    def __init__(
        self,
        session: Session,
        record_type: RecordType,
        system: str,
        plan: Plan,
        state: SyncState,
        key: Sequence[str],
        double: set[tuple[Any, ...]],
        *,
        strict: bool,
    ) -> None:
        """`double` are the keys that several rows have. With `strict` rows come in the order of
        the key, so one that comes again has another's source id."""
        self._session = session
        self._agency_id = AgencyId(session.profile.agency.id)
        self._record_type = record_type
        self._plan = plan
        self._sync_id = state.sync_id
        self._key, self._double, self._strict = tuple(key), double, strict
        self._seen = bytearray(state.next_number // 8 + 1)
        self._on_their_way: set[RecordId] = set()
        self._system = system
        self._local_id_key = session.keys.local_id_key()
        self._secret = session.keys.search_key()

    def sort(self, batch: Batch) -> Sorted:
        """Sort a batch. What is new stays on its way until `note` is told of it."""
        made = Sorted(batch, batch)
        sources = self._plan.source_ids(batch)
        ids = {
            number: self._record_id(source_id)
            for number, source_id in zip(batch.numbers, sources, strict=True)
            if source_id is not None
        }
        with self._session.database.read() as connection:
            known = rows_of(connection, self._sync_id, list({*ids.values()}))
        names = dict(zip(batch.numbers, sources, strict=True))
        passed = self._doubles(batch, names, made)
        alone = {number: each for number, each in ids.items() if number not in passed}
        passed |= self._repeated(alone, names, known, made)
        for row in known.values():
            self._see(row.number)
            if row.vanished_ms is not None:
                made.back.append(row)
        mapped = self._plan.apply(batch)
        made.findings += [
            replace(Finding.of(fault), source_id=names.get(fault.number))
            for fault in mapped.faults
            if fault.number not in passed
        ]
        for at, number in enumerate(mapped.numbers):
            if number in ids and number not in passed:
                self._sort_row(made, mapped, at, ids[number], known.get(ids[number]))
        self._stop(made)
        self._on_their_way.update(record_id for record_id, _ in made.marks.values())
        made.new = batch.only(made.marks.keys())
        return made

    def note(self, rows: Sequence[SyncedRow], gone: Sequence[RecordId]) -> None:
        """Rows of records that are kept now, and ids of those that came to nothing."""
        for row in rows:
            self._on_their_way.discard(row.record_id)
            self._see(row.number)
        self._on_their_way.difference_update(gone)

    def saw(self, row: SyncedRow) -> bool:
        """Whether a row was there in this pass."""
        place = row.number // 8
        return place < len(self._seen) and bool(self._seen[place] >> row.number % 8 & 1)

    def _see(self, number: int) -> None:
        place = number // 8
        if place >= len(self._seen):
            self._seen.extend(bytes(place + 1024 - len(self._seen)))
        self._seen[place] |= 1 << number % 8

    def _record_id(self, source_id: str) -> RecordId:
        local_id = derive_local_id(self._local_id_key, self._system, source_id)
        return derive_record_id(self._session.lineage, self._agency_id, local_id)

    def _doubles(self, batch: Batch, sources: Mapping[int, str | None], made: Sorted) -> set[int]:
        """The numbers of rows whose key others have too. Their record is there as long as one of
        them is, whichever it is."""
        if not self._double:
            return set()
        keys = zip(*(batch.columns[name] for name in self._key), strict=True)
        found = {
            number for number, key in zip(batch.numbers, keys, strict=True) if key in self._double
        }
        made.findings += [
            Finding(each, each, self._key[0], _TWICE, "each key once", sources[each])
            for each in sorted(found)
        ]
        return found

    def _repeated(
        self,
        ids: Mapping[int, RecordId],
        sources: Mapping[int, str | None],
        known: Mapping[RecordId, SyncedRow],
        made: Sorted,
    ) -> set[int]:
        """The numbers of rows whose record another row of this pass is.

        In the order of the key these are two rows with one source id. Else it is one that changed
        while the pass went over it: what is on its way already the next pass looks at again.
        """
        found: set[int] = set()
        here: set[RecordId] = set()
        for number, record_id in ids.items():
            row = known.get(record_id)
            doubled = self._strict and row is not None and self.saw(row)
            if doubled or record_id in here or record_id in self._on_their_way:
                found.add(number)
            here.add(record_id)
        if self._strict:
            made.findings += [
                Finding(each, each, self._key[0], _TWICE, "a source id for each row", sources[each])
                for each in sorted(found)
            ]
        return found

    def _sort_row(
        self,
        made: Sorted,
        mapped: MappedBatch,
        at: int,
        record_id: RecordId,
        known: SyncedRow | None,
    ) -> None:
        number = mapped.numbers[at]
        row = NewContent(mapped.source_ids[at], mapped.fields[at], mapped.attachments[at])
        try:
            whole = with_files(self._record_type, row) if row.attachments else row
            mark = self._mark(record_id, whole)
            if known is not None and mark == known.mark:
                made.unchanged += 1
            elif known is None:
                # What the record type refuses is found by the import.
                made.marks[number] = record_id, mark
            else:
                with_files(self._record_type, row)
                made.changed.append(ChangedRow(number, known, row, mark))
        except InvalidInputError as error:
            made.findings.append(refusal(number, error, row.source_id))

    def _mark(self, record_id: RecordId, row: NewContent) -> bytes:
        message = _TAG + record_id + Content.of(row.fields).canonical
        return hmac.digest(self._secret, message, "sha256")[:_MARK_SIZE]

    def _stop(self, made: Sorted) -> None:
        """Leave out rows whose records cannot take them over."""
        ids = [record_id for record_id, _ in made.marks.values()]
        ids += [each.row.record_id for each in made.changed]
        if not ids:
            return
        stops = stops_of(self._session, self._record_type, ids)
        if not stops:
            return
        sources = dict(zip(made.whole.numbers, self._plan.source_ids(made.whole), strict=True))
        changed = {each.number: each.row.record_id for each in made.changed}
        new = {number: record_id for number, (record_id, _) in made.marks.items()}
        for number, record_id in sorted((changed | new).items()):
            if record_id in stops:
                made.findings.append(
                    Finding(number, number, None, stops[record_id], _IN_FORCE, sources[number])
                )
                made.marks.pop(number, None)
        made.changed = [each for each in made.changed if each.row.record_id not in stops]


def refusal(number: int, error: InvalidInputError, source_id: str | None) -> Finding:
    """Return the finding of a row that cannot become content. It names fields, not values."""
    if isinstance(error, InvalidContentError):
        first = error.violations[0].pointer.lstrip("/") or None
        reason = "; ".join(str(each) for each in error.violations)
        expected = "what the schema of the record type says"
        return Finding(number, number, first, reason, expected, source_id)
    return Finding(number, number, None, error.what, error.expected, source_id)
