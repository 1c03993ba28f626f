# SPDX-License-Identifier: Apache-2.0
"""Import of a file's rows: good ones go through, bad ones into a report, none of them twice.

Rows are acknowledged some hundred at a time, each batch in one transaction. A kill leaves whole
batches; the same command again goes over what is there already without doing anything, and on.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from muniment.errors import ConflictError, ErasedError, InvalidContentError, InvalidInputError
from muniment.intake.batches import MISSING, Batch
from muniment.intake.mapping import FieldMapping
from muniment.intake.plans import MappedBatch, Plan
from muniment.intake.reports import Finding, ReportWriter
from muniment.intake.sources import Source
from muniment.record.identifiers import RecordId
from muniment.record.types import RecordType
from muniment.registry import content, known_content
from muniment.registry.new_content import NewContent, prepared_content
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store import outbox
from muniment.store.versions import VersionRow

BATCH = 500


class OnChange(enum.StrEnum):
    """What is done with a row whose source id stands for other content."""

    REFUSE = "refuse"
    AMEND = "amend"
    REPORT = "report"


@dataclass(slots=True)
class Tally:
    """How many rows came to what."""

    rows: int = 0
    registered: int = 0
    unchanged: int = 0
    amended: int = 0
    reported: int = 0


Kept = Callable[[Batch, Sequence[Finding]], None]
"""Is told each batch when all of it has been seen to, with what was found in it."""
Amend = Callable[[Session, RecordType, RecordId, NewContent], Submission]
"""Acknowledges the next version of a changed row's record: `content.amend`, or in its manner."""


class _Row(NamedTuple):
    """A good row: where it is, and what it becomes."""

    line: int
    number: int
    content: NewContent


def import_file(
    session: Session,
    record_type: RecordType,
    source: Source,
    mapping: FieldMapping,
    *,
    on_change: OnChange = OnChange.REPORT,
    dry_run: bool = False,
    only: Container[int] | None = None,
    report: ReportWriter | None = None,
    show_values: bool = False,
    progress: Callable[[Tally], None] | None = None,
    kept: Kept | None = None,
    amend: Amend = content.amend,
) -> tuple[Tally, list[Submission]]:
    """Register the rows of a source; return what came of them, and the new submissions.

    With `dry_run` rows are mapped, checked and looked for, and nothing is kept: the tally says what
    would become of them. `only` takes the rows of these numbers alone. Findings go to `report`,
    with the cells to blame if `show_values`; `kept` is told each batch in the end, and `amend` is
    what changed rows are given to. Raises `ConflictError` for a changed row with
    `OnChange.REFUSE`, and what the source raises when it breaks off: the batches before it stand.
    """
    tally, submissions = Tally(), list[Submission]()
    system = mapping.source_system or session.profile.agency.source_system
    plan = mapping.compile(record_type, source.folder)
    for whole in mapped_batches(source, plan):
        batch = whole if only is None else whole.only(only)
        mapped = plan.apply(batch)
        findings = [Finding.of(fault) for fault in mapped.faults]
        faulty = len(findings)
        try:
            for part in _parts(mapped):
                before = len(findings)
                if dry_run:
                    findings += _checked(session, system, record_type, part, on_change, tally)
                else:
                    run = _Run(session, record_type, system, on_change, amend, tally, submissions)
                    findings += run.keep(part)
                tally.rows += len(part)
                tally.reported += len(findings) - before
                if progress is not None:
                    progress(tally)
        finally:
            tally.rows += faulty
            tally.reported += faulty
            tell_findings(findings, batch, plan, report, show_values)
        if kept is not None:
            kept(batch, findings)
        if progress is not None:
            progress(tally)
    return tally, submissions


def mapped_batches(source: Source, plan: Plan) -> Iterator[Batch]:
    """The batches of a source. Raises `InvalidInputError` where it lacks a mapped column: said once
    for all of its rows."""
    for batch in source.batches():
        if source.is_table:
            plan.require_columns(batch.columns)
        yield batch


def _checked(
    session: Session,
    system: str,
    record_type: RecordType,
    rows: Sequence[_Row],
    on_change: OnChange,
    tally: Tally,
) -> Iterator[Finding]:
    """Count what would become of rows, and yield what would be found."""
    whole: list[tuple[_Row, NewContent]] = []
    seen: set[str] = set()
    for row in rows:
        try:
            whole.append((row, prepared_content(record_type, row.content, seen)))
        except InvalidInputError as error:
            yield _finding(row, error)
    there = known_content.registered_among(session, system, [each.source_id for _, each in whole])
    known = [(row, each) for row, each in whole if each.source_id in there]
    tally.registered += len(whole) - len(known)
    outcomes = known_content.compared(session, system, [each for _, each in known])
    for (row, each), outcome in zip(known, outcomes, strict=True):
        if outcome is None or isinstance(outcome, VersionRow):
            tally.unchanged += 1
        elif isinstance(outcome, ErasedError) or on_change is OnChange.REPORT:
            yield known_finding(row.line, row.number, each.source_id, outcome)
        elif on_change is OnChange.AMEND:
            # Each of these will be a transaction.
            tally.amended += 1
        else:
            raise outcome


@dataclass(frozen=True, slots=True)
class _Run:
    """What keeps rows."""

    session: Session
    record_type: RecordType
    system: str
    on_change: OnChange
    amend: Amend
    tally: Tally
    submissions: list[Submission]

    def keep(self, rows: Sequence[_Row]) -> Iterator[Finding]:
        """Acknowledge what is new or, where that is wanted, changed; yield what was found."""
        session, tally = self.session, self.tally
        before = _last_submission(session)
        new = [row.content for row in rows]
        outcomes = content.register_each(session, self.record_type, new, self.system)
        for row, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, Submission):
                if outcome.submission_id is not None and outcome.submission_id > before:
                    tally.registered += 1
                    self.submissions.append(outcome)
                else:
                    tally.unchanged += 1
            elif isinstance(outcome, ConflictError) and self.on_change is OnChange.AMEND:
                record_id = RecordId(outcome.record_id)
                self.submissions.append(
                    self.amend(session, self.record_type, record_id, row.content)
                )
                tally.amended += 1
            elif isinstance(outcome, ConflictError) and self.on_change is OnChange.REFUSE:
                raise outcome
            elif isinstance(outcome, ConflictError | ErasedError):
                yield known_finding(row.line, row.number, row.content.source_id, outcome)
            else:
                yield _finding(row, outcome)


def known_finding(
    line: int, number: int, source_id: str, outcome: ConflictError | ErasedError
) -> Finding:
    """Return what is told of a row whose source id stands for something else, or for a record that
    was disposed of."""
    if isinstance(outcome, ErasedError):
        reason = "its record was disposed of: there is nothing left to compare it with"
        return Finding(line, number, None, reason, "a source without it", source_id)
    reason = f"changed: it stands for other content as version {outcome.version} already"
    return Finding(line, number, None, reason, outcome.expected, source_id)


def _finding(row: _Row, error: InvalidInputError) -> Finding:
    source_id = row.content.source_id
    if isinstance(error, InvalidContentError):
        first = error.violations[0].pointer.lstrip("/") or None
        reason = "; ".join(str(each) for each in error.violations)
        expected = "what the schema of the record type says"
        return Finding(row.line, row.number, first, reason, expected, source_id)
    return Finding(row.line, row.number, None, error.what, error.expected, source_id)


def tell_findings(
    findings: list[Finding],
    batch: Batch,
    plan: Plan,
    report: ReportWriter | None,
    show_values: bool,
) -> None:
    """Write the findings of a batch to the report, in the order of its rows."""
    if report is None:
        return
    places = {number: place for place, number in enumerate(batch.numbers)} if findings else {}
    for finding in sorted(findings, key=lambda each: each.number):
        told = finding
        if show_values and finding.column is not None and finding.number in places:
            # What the schema finds names fields, all else names columns.
            of_schema = finding.source_id is not None
            column = plan.column_of(finding.column) if of_schema else finding.column
            values = batch.columns.get(column or "")
            if values is not None and values[places[finding.number]] is not MISSING:
                told = replace(finding, value=values[places[finding.number]])
        report.write(told)


def _parts(mapped: MappedBatch) -> Iterator[list[_Row]]:
    lists = (mapped.lines, mapped.numbers, mapped.source_ids, mapped.fields, mapped.attachments)
    for start in range(0, len(mapped.numbers), BATCH):
        rows = zip(*(each[start : start + BATCH] for each in lists), strict=True)
        yield [
            _Row(line, number, NewContent(source_id, fields, attachments))
            for line, number, source_id, fields, attachments in rows
        ]


def _last_submission(session: Session) -> int:
    with session.database.read() as connection:
        return outbox.last_submission(connection)
