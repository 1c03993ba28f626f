# SPDX-License-Identifier: Apache-2.0
"""A pass over what is followed: what is new is registered, what changed amended, what vanished
marked.

New rows go the way of an import, which registers each source id once. What was taken over is
written after it: a process that dies between the two takes the row for new again, and the import
passes it over. Before an amendment the row's mark is emptied, and is the new one's after it: after
a death in between it is compared with the record's latest version itself. A watermark is written
when all rows up to it are done, never before.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Final

from muniment.errors import ChainError
from muniment.intake import watermarks
from muniment.intake.batches import Batch
from muniment.intake.following import Followed, following
from muniment.intake.mapping import FieldMapping
from muniment.intake.plans import Plan
from muniment.intake.reports import Finding
from muniment.intake.sources import Source
from muniment.intake.sync_rules import SyncRules
from muniment.record.identifiers import RecordId
from muniment.record.types import RecordType
from muniment.registry import content
from muniment.registry.bulk import OnChange, import_file, tell_findings
from muniment.registry.journal_import import import_by_journal
from muniment.registry.journal_records import NotSealedError, entry_of
from muniment.registry.journals import wait_sealed
from muniment.registry.mirroring import sync
from muniment.registry.new_content import NewContent
from muniment.registry.sending import holder_name
from muniment.registry.session import Session
from muniment.registry.submission import Stage, Submission
from muniment.registry.syncing.beginning import begun
from muniment.registry.syncing.outcome import COMPARISON, WATERMARK, SyncOptions, SyncPass
from muniment.registry.syncing.shape import shape_of
from muniment.registry.syncing.sorting import Sorted, Sorter
from muniment.store import syncs
from muniment.store.leases import TTL_SECONDS, held
from muniment.store.syncs import SyncedRow, SyncState

_HOUR_MS: Final = 3_600_000
_SEAL_SECONDS: Final = 120.0
_DEAD_SECONDS: Final = TTL_SECONDS + 2.0


@dataclass(frozen=True, slots=True)
class _GivenRows(Source):
    """A source whose batches are made by a pass."""

    give: Callable[[], Iterator[Batch]] = field(kw_only=True)

    def batches(self, skip: int = 0) -> Iterator[Batch]:
        del skip
        return self.give()


def name_of(session: Session, mapping: FieldMapping, rules: SyncRules, type_name: str) -> str:
    """Return the name that a sync is remembered by."""
    return rules.name or f"{_system(session, mapping)}/{type_name}"


def sync_source(
    session: Session,
    record_type: RecordType,
    url: str,
    mapping: FieldMapping,
    rules: SyncRules,
    options: SyncOptions,
) -> SyncPass:
    """Make one pass over the source at a database's URL.

    With `options.dry_run` rows are sorted and counted, and nothing is kept. Raises
    `InvalidInputError` for a source that is not what it was, `SourceUnreachableError` where it does
    not answer or breaks off, `LeaseHeldError` while another process follows it, and what the chain
    says where a changed row needs it: what was done before stands, and the next pass goes on.
    """
    name = name_of(session, mapping, rules, record_type.name)
    # A process that was killed holds its leases for some seconds.
    lease = held(session.database, f"sync {name}", holder=holder_name(), wait_seconds=_DEAD_SECONDS)
    with nullcontext() if options.dry_run else lease, following(url, rules) as followed:
        made = _Pass(session, record_type, url, mapping, rules, options, followed, name)
        return made.run()


class _Pass:
    """One pass, from its beginning to its end."""

    def __init__(
        self,
        session: Session,
        record_type: RecordType,
        url: str,
        mapping: FieldMapping,
        rules: SyncRules,
        options: SyncOptions,
        followed: Followed,
        name: str,
    ) -> None:
        self._session = session
        self._record_type = record_type
        self._url = url
        self._mapping = mapping
        self._rules = rules
        self._options = options
        self._followed = followed
        self._plan: Plan = mapping.compile(record_type)
        self._waiting: deque[Sorted] = deque()
        self._done = SyncPass(name)
        self._late = self._unmarked = 0
        self._low: Any = None
        self._exhausted = False

    def run(self) -> SyncPass:
        """Make the pass."""
        followed, done, options = self._followed, self._done, self._options
        columns = followed.columns()
        self._plan.require_columns(columns)
        shape = shape_of(self._rules, self._mapping, self._record_type, columns)
        state = begun(self._session, done, shape, options)
        top = None if self._rules.watermark is None else followed.top()
        if top is not None:
            # What is no watermark is said before anything is done by it.
            watermarks.to_json(top)
        done.kind = self._kind(state, top)
        self._state = state
        self._sorter = Sorter(
            self._session,
            self._record_type,
            _system(self._session, self._mapping),
            self._plan,
            state,
            self._rules.key,
            followed.double_keys(),
            strict=done.kind == COMPARISON,
        )
        try:
            # Holds and final states: what the mirror has of them is as good without a node.
            sync(self._session)
        except ChainError as error:
            done.notices.append(f"{error.what}: goes by what was known of the records before")
        source = _GivenRows("sql", None, self._url, self._rules.followed, give=self._batches(top))
        if options.journal is None or options.dry_run:
            tally, submissions = import_file(
                self._session,
                self._record_type,
                source,
                self._mapping,
                on_change=OnChange.AMEND,
                dry_run=options.dry_run,
                report=options.report,
                show_values=options.show_values,
                kept=self._keep,
                amend=self._amend,
            )
        else:
            imported = import_by_journal(
                self._session,
                self._record_type,
                source,
                self._mapping,
                options.journal,
                on_change=OnChange.AMEND,
                report=options.report,
                show_values=options.show_values,
                workers=options.workers,
                kept=self._keep,
                amend=self._amend,
            )
            tally, submissions, done.size = imported.tally, imported.submissions, imported.size
        done.submissions += submissions
        done.tally.new += tally.registered
        done.tally.unchanged += tally.unchanged
        done.tally.changed += tally.amended
        done.complete = self._exhausted
        if done.complete:
            self._finish(top)
        return done

    # --- before -----------------------------------------------------------------------------------

    def _kind(self, state: SyncState, top: Any) -> str:
        """Which kind of pass it is, and where one by watermark begins."""
        if state.watermark is None or self._rules.watermark is None or top is None:
            return COMPARISON
        before = watermarks.from_json(state.watermark)
        try:
            back = top < before
            self._low = watermarks.before(before, self._rules.overlap)
        except TypeError:
            self._done.notices.append("the watermark is of another kind than before")
            return COMPARISON
        if back:
            self._done.notices.append(
                "the watermark went back: rows with the highest ones are gone, or the source is an "
                "older copy"
            )
            self._low = None
            return COMPARISON
        age = _now_ms() - (state.compared_ms or 0)
        due = state.compared_ms is None or age > self._rules.compare_hours * _HOUR_MS
        return COMPARISON if due or self._options.compare else WATERMARK

    # --- rows -------------------------------------------------------------------------------------

    def _batches(self, top: Any) -> Callable[[], Iterator[Batch]]:
        def rows() -> Iterator[Batch]:
            if self._done.kind == COMPARISON:
                yield from self._followed.all_rows()
                return
            yield from self._followed.rows_without_watermark()
            yield from self._followed.rows_between(self._low, top)

        def new() -> Iterator[Batch]:
            stop = self._options.stop
            for batch in rows():
                if stop is not None and stop.is_set():
                    return
                made = self._sorter.sort(batch)
                self._waiting.append(made)
                self._done.tally.rows += len(batch.numbers)
                yield made.new
            self._exhausted = True

        return new

    def _keep(self, batch: Batch, findings: Sequence[Finding]) -> None:
        """The new rows of a batch are kept: see to the others, and write down what was done."""
        made, done = self._waiting.popleft(), self._done
        assert made.new is batch, "an import keeps its batches in order"
        tell_findings(
            made.findings, made.whole, self._plan, self._options.report, self._options.show_values
        )
        refused = {each.number for each in findings}
        done.tally.reported += len(refused) + len(made.findings)
        done.tally.unchanged += made.unchanged
        done.tally.changed += len(made.changed)
        done.tally.back += len(made.back)
        self._count_late(made)
        if self._options.dry_run:
            self._sorter.note([], [record_id for record_id, _ in made.marks.values()])
        else:
            self._write(made, refused)
        if self._options.progress is not None:
            self._options.progress(done.tally)

    def _write(self, made: Sorted, refused: set[int]) -> None:
        database, state = self._session.database, self._state
        good = [number for number in made.marks if number not in refused]
        rows = [
            SyncedRow(made.marks[number][0], state.sync_id, state.next_number + at, mark=mark)
            for at, (number, mark) in enumerate((each, made.marks[each][1]) for each in good)
        ]
        changed = {
            each.row.record_id: replace(each.row, vanished_ms=None, decision=None)
            for each in made.changed
        }
        back = [
            replace(each, vanished_ms=None, decision=None)
            for each in made.back
            if each.record_id not in changed
        ]
        if changed:
            with database.write() as connection:
                syncs.change_rows(
                    connection, [replace(each, mark=syncs.UNKNOWN) for each in changed.values()]
                )
            for each in made.changed:
                submission = self._amend(
                    self._session, self._record_type, each.row.record_id, each.content
                )
                # An entry's is told by the journal's size.
                if submission.submission_id is not None:
                    self._done.submissions.append(submission)
        self._state = replace(
            state,
            next_number=state.next_number + len(rows),
            watermark=self._watermark_after(made.whole),
        )
        with database.write() as connection:
            syncs.add_rows(connection, rows)
            taken = [replace(changed[each.row.record_id], mark=each.mark) for each in made.changed]
            syncs.change_rows(connection, [*taken, *back])
            if self._state != state:
                syncs.write_state(connection, self._state)
        gone = [made.marks[number][0] for number in made.marks if number in refused]
        self._sorter.note(rows, gone)

    def _amend(
        self, session: Session, record_type: RecordType, record_id: RecordId, row: NewContent
    ) -> Submission:
        """Amend a record; one whose entry is not sealed yet is waited for."""
        try:
            return content.amend(session, record_type, record_id, row)
        except NotSealedError:
            entry = entry_of(session, record_id)
            if entry is None:
                raise
            size = entry.index + 1
            wait_sealed(session, entry.journal, size, Stage.PROVABLE, timeout=_SEAL_SECONDS)
            return content.amend(session, record_type, record_id, row)

    def _watermark_after(self, batch: Batch) -> str | None:
        """Up to where everything is done with this batch."""
        if self._done.kind == COMPARISON or not batch.numbers:
            return self._state.watermark
        last = batch.columns[self._rules.watermark or ""][-1]
        before = watermarks.from_json(self._state.watermark or "null")
        # Rows without one, and those of the overlap, are behind.
        return self._state.watermark if last is None or last < before else watermarks.to_json(last)

    def _count_late(self, made: Sorted) -> None:
        """Count the rows that a watermark says nothing of, and those that it had passed."""
        if self._rules.watermark is None:
            return
        values = made.whole.columns[self._rules.watermark]
        self._unmarked += values.count(None)
        if self._done.kind != COMPARISON or self._low is None:
            return
        numbers = {*made.marks, *(each.number for each in made.changed)}
        for number, value in zip(made.whole.numbers, values, strict=True):
            if number in numbers and value is not None and value < self._low:
                self._late += 1

    # --- after ------------------------------------------------------------------------------------

    def _finish(self, top: Any) -> None:
        """Every row was seen: mark those that were not, and say how far it is."""
        done, now = self._done, _now_ms()
        if self._late:
            done.notices.append(
                f"{self._late:,} rows changed behind the watermark and its overlap: a greater "
                "overlap finds them sooner"
            )
        if self._unmarked:
            done.notices.append(
                f"{self._unmarked:,} rows without a watermark: each pass reads them all"
            )
        if done.kind == COMPARISON:
            self._mark_vanished(now)
        if self._options.dry_run:
            return
        state = replace(self._state, passed_ms=now)
        if done.kind == COMPARISON:
            state = replace(
                state,
                compared_ms=now,
                watermark=None if top is None else watermarks.to_json(top),
            )
        with self._session.database.write() as connection:
            syncs.write_state(connection, state)

    def _mark_vanished(self, now: int) -> None:
        database = self._session.database
        with database.read() as connection:
            for part in syncs.all_rows(connection, self._state.sync_id):
                missed = [
                    replace(each, vanished_ms=now)
                    for each in part
                    if each.vanished_ms is None and not self._sorter.saw(each)
                ]
                self._done.tally.vanished += len(missed)
                if missed and not self._options.dry_run:
                    with database.write() as writing:
                        syncs.change_rows(writing, missed)


def _system(session: Session, mapping: FieldMapping) -> str:
    return mapping.source_system or session.profile.agency.source_system


def _now_ms() -> int:
    return int(time.time() * 1000)
