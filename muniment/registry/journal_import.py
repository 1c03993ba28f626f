# SPDX-License-Identifier: Apache-2.0
"""Import of whole registers by the agency's journal: workers prepare, one process appends.

Worker processes map, check, commit to and encrypt batches beside each other; this one reads the
source and makes their results durable in the source's order, one transaction a batch. A kill leaves
whole batches. What was imported of a source is remembered with each batch, so the same command goes
on where it was, and the same source again is nothing to do.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy.engine import Connection

from muniment.errors import (
    ConflictError,
    ErasedError,
    InvalidContentError,
    InvalidInputError,
)
from muniment.intake.batches import Batch
from muniment.intake.mapping import FieldMapping
from muniment.intake.plans import MappedBatch, Plan
from muniment.intake.reports import Finding, ReportWriter
from muniment.intake.sources import Source
from muniment.record.columns import RecordColumns
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.types import RecordType
from muniment.registry import content, known_content
from muniment.registry.bulk import (
    Amend,
    Kept,
    OnChange,
    Tally,
    known_finding,
    mapped_batches,
    tell_findings,
)
from muniment.registry.import_progress import ChainClock, ImportMemory
from muniment.registry.journal_writing import JournalWriter, journal_writer, preparation
from muniment.registry.new_content import NewContent, with_files
from muniment.registry.preparing import Preparation, Prepared, prepare, prepare_columns
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.registry.worker_processes import end_with_parent
from muniment.store.versions import VersionRow

_ROWS_WITH_FILES = 256
_WINDOW = 3
"""Batches on their way for each worker: enough that none waits, few enough to keep memory flat."""


@dataclass(slots=True)
class JournalImport:
    """What came of an import: the tally, and the journal's size where all of it is in."""

    journal: int
    size: int
    tally: Tally = field(default_factory=Tally)
    submissions: list[Submission] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Work:
    """What a worker process is told once."""

    shared: Preparation
    mapping: FieldMapping
    folder: Path | None


@dataclass(frozen=True, slots=True)
class _Done:
    """A batch as a worker gives it back; `numbers` and `lines` are those of the mapped rows."""

    prepared: Prepared
    findings: list[Finding]
    numbers: list[int]
    lines: list[int]


def import_by_journal(
    session: Session,
    record_type: RecordType,
    source: Source,
    mapping: FieldMapping,
    journal: int,
    *,
    on_change: OnChange = OnChange.REPORT,
    only: Container[int] | None = None,
    report: ReportWriter | None = None,
    show_values: bool = False,
    workers: int | None = None,
    progress: Callable[[Tally], None] | None = None,
    kept: Kept | None = None,
    amend: Amend = content.amend,
) -> JournalImport:
    """Append the rows of a source to a journal; see `bulk.import_file` for the arguments.

    Raises `LeaseHeldError` while another process appends to the journal.
    """
    system = mapping.source_system or session.profile.agency.source_system
    work = _Work(preparation(session, record_type, system), mapping, source.folder)
    plan = mapping.compile(record_type, source.folder)
    with (
        journal_writer(session, journal) as writer,
        _without_collecting(),
        ExitStack() as closing,
    ):
        done = JournalImport(journal, writer.size)
        run = _Run(session, record_type, system, writer, plan, on_change, done, amend)
        memory = ImportMemory(session, journal, None if only is not None else _key(work, source))
        batches = mapped_batches(source, plan)
        if only is not None:
            batches = (batch.only(only) for batch in batches)
        clock = ChainClock(session)
        passing = memory.passing(batches, done.tally)
        for batch, made in _made(work, passing, workers, closing, clock):
            # With this batch, that the one before was done: rows and findings alike.
            findings = run.keep(batch, made, memory.write)
            done.tally.rows += len(batch.numbers) + len(batch.faults)
            done.tally.reported += len(findings)
            done.size = writer.size
            tell_findings(findings, batch, plan, report, show_values)
            memory.seen_to(batch, findings)
            if kept is not None:
                kept(batch, findings)
            if run.refused is not None:
                raise run.refused
            if progress is not None:
                progress(done.tally)
        writer.write(memory.write)
    return done


class _Run:
    """The appending end of an import."""

    def __init__(
        self,
        session: Session,
        record_type: RecordType,
        system: str,
        writer: JournalWriter,
        plan: Plan,
        on_change: OnChange,
        done: JournalImport,
        amend: Amend,
    ) -> None:
        self._clock = ChainClock(session)
        self._session = session
        self._record_type = record_type
        self._system = system
        self._writer = writer
        self._plan = plan
        self._on_change = on_change
        self._done = done
        self._amend = amend
        self.refused: ConflictError | None = None

    def keep(
        self, batch: Batch, made: _Done, also: Callable[[Connection], None] | None
    ) -> list[Finding]:
        """Append a batch, and see to its rows that are registered already or bring files."""
        findings = list(made.findings)
        appended = self._writer.append(made.prepared, also=also)
        self._done.tally.registered += appended.count
        mapped: MappedBatch | None = None
        if appended.known or self._plan.has_files:
            mapped = self._plan.apply(batch)
        if mapped is not None and self._plan.has_files:
            findings += self._keep_with_files(mapped)
        if mapped is not None and appended.known:
            findings += self._compare(mapped, appended.known)
        return findings

    def _keep_with_files(self, mapped: MappedBatch) -> list[Finding]:
        """Rows of types with files go in smaller batches: their files are what takes the time."""
        findings = []
        for start in range(0, len(mapped.numbers), _ROWS_WITH_FILES):
            whole: dict[int, NewContent] = {}
            for at in range(start, min(start + _ROWS_WITH_FILES, len(mapped.numbers))):
                row = NewContent(mapped.source_ids[at], mapped.fields[at], mapped.attachments[at])
                try:
                    whole[at] = with_files(self._record_type, row)
                except InvalidInputError as error:
                    findings.append(_finding(mapped.lines[at], mapped.numbers[at], error))
            findings += self._append_with_files(mapped, whole)
        return findings

    def _append_with_files(
        self, mapped: MappedBatch, whole: Mapping[int, NewContent]
    ) -> Iterator[Finding]:
        places, rows = list(whole), list(whole.values())
        prepared = prepare(
            preparation(self._session, self._record_type, self._system),
            [row.source_id for row in rows],
            [row.fields for row in rows],
            latest_time=self._clock(),
        )
        files = {
            at: {
                name: (path, FileValue.from_json(row.fields[name]))
                for name, path in row.attachments.items()
            }
            for at, row in enumerate(rows)
        }
        appended = self._writer.append(prepared, files)
        self._done.tally.registered += appended.count
        yield from _refusals(mapped, prepared, places)
        yield from self._compare(mapped, [places[at] for at in appended.known], whole)

    def _compare(
        self,
        mapped: MappedBatch,
        places: Sequence[int],
        whole: Mapping[int, NewContent] | None = None,
    ) -> Iterator[Finding]:
        rows = [
            whole[at] if whole else NewContent(mapped.source_ids[at], mapped.fields[at])
            for at in places
        ]
        outcomes = known_content.compared(self._session, self._system, rows)
        for at, row, outcome in zip(places, rows, outcomes, strict=True):
            if outcome is None or isinstance(outcome, VersionRow):
                self._done.tally.unchanged += 1
            elif isinstance(outcome, ErasedError) or self._on_change is OnChange.REPORT:
                yield known_finding(mapped.lines[at], mapped.numbers[at], row.source_id, outcome)
            elif self._on_change is OnChange.AMEND:
                record_id = RecordId(outcome.record_id)
                # Of a row with files `row` has their values already, which amending makes itself.
                given = NewContent(row.source_id, mapped.fields[at], mapped.attachments[at])
                submission = self._amend(self._session, self._record_type, record_id, given)
                self._done.submissions.append(submission)
                self._done.tally.amended += 1
            else:
                self.refused = self.refused or outcome


def _key(work: _Work, source: Source) -> bytes | None:
    """What an import is the same by; None for a database, which changes under one name."""
    if source.path is None or work.shared.record_type.file_fields:
        return None
    record_type = work.shared.record_type
    parts = (
        source.identity().sha256,
        source.format,
        repr(work.mapping),
        work.shared.source_system,
        record_type.name,
        record_type.version,
    )
    return hashlib.sha256(repr(parts).encode()).digest()


# --- workers --------------------------------------------------------------------------------------

_work: _Work | None = None
_plan: Plan | None = None
_columns: RecordColumns | None = None


def _begin_process(work: _Work) -> None:
    end_with_parent()
    # What they have made has to be appended and sealed: they take what is left of the cores.
    os.nice(_BEHIND_SEALING)
    gc.freeze()
    gc.disable()
    _begin(work)


def _begin(work: _Work) -> None:
    global _work, _plan, _columns
    record_type = work.shared.record_type
    plan = work.mapping.compile(record_type, work.folder)
    _work, _plan, _columns = work, plan, RecordColumns(record_type)


def _make(batch: Batch, latest_time: int | None) -> _Done:
    assert _work is not None
    assert _plan is not None
    assert _columns is not None
    mapped = _plan.apply(batch)
    findings = [Finding.of(fault) for fault in mapped.faults]
    if _plan.has_files:
        # The one that appends does these: their files go into the vault.
        return _Done(prepare(_work.shared, [], []), findings, [], [])
    prepared = prepare_columns(
        _work.shared, _columns, mapped.source_ids, mapped.columns, latest_time=latest_time
    )
    findings += _refusals(mapped, prepared, range(len(mapped.numbers)))
    return _Done(prepared, findings, mapped.numbers, mapped.lines)


def _refusals(mapped: MappedBatch, prepared: Prepared, places: Sequence[int]) -> Iterator[Finding]:
    """What was refused of rows that lie at `places` of a batch."""
    for each in prepared.refusals:
        at = places[each.place]
        yield Finding(
            mapped.lines[at],
            mapped.numbers[at],
            each.field,
            each.reason,
            "what the schema of the record type says" if each.field else "",
            mapped.source_ids[at],
        )


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Leave Python's cycles alone for the block: what comes and goes here by the million has none,
    and looking for them takes a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _made(
    work: _Work,
    batches: Iterator[Batch],
    workers: int | None,
    closing: ExitStack,
    clock: Callable[[], int | None],
) -> Iterator[tuple[Batch, _Done]]:
    """Yield the batches with what workers made of them, in order."""
    count = (os.cpu_count() or 1) if workers is None else workers
    waiting: deque[tuple[Batch, Future[_Done]]] = deque()
    pool: ProcessPoolExecutor | None = None
    for batch in batches:
        if pool is None:
            # Small sources are not worth a process.
            last = len(batch.numbers) < _SMALL
            if count < 2 or (last and not waiting):
                _begin(work)
                yield batch, _make(batch, clock())
                continue
            pool = ProcessPoolExecutor(
                count,
                mp_context=get_context("forkserver"),
                initializer=_begin_process,
                initargs=(work,),
            )
            closing.callback(pool.shutdown, wait=True, cancel_futures=True)
        waiting.append((batch, pool.submit(_make, batch, clock())))
        if len(waiting) >= _WINDOW * count:
            first, future = waiting.popleft()
            yield first, future.result()
    while waiting:
        first, future = waiting.popleft()
        yield first, future.result()


_SMALL = 1000
_BEHIND_SEALING = 5


def _finding(line: int, number: int, error: InvalidInputError) -> Finding:
    if isinstance(error, InvalidContentError):
        first = error.violations[0].pointer.lstrip("/") or None
        reason = "; ".join(str(each) for each in error.violations)
        return Finding(line, number, first, reason, "what the schema of the record type says")
    return Finding(line, number, None, error.what, error.expected)
