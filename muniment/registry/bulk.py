# SPDX-License-Identifier: Apache-2.0
"""Import of a file's rows: good ones go through, bad ones into a report, none of them twice.

Rows are acknowledged some hundred at a time, each batch in one transaction. A kill leaves whole
batches; the same command again goes over what is there already without doing anything, and on.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from muniment.errors import ConflictError, InvalidContentError, InvalidInputError
from muniment.intake.mapping import FieldMapping, MappedRow, RowError
from muniment.intake.rows import Row, read_rows
from muniment.record.identifiers import RecordId
from muniment.record.types import RecordType
from muniment.registry import content
from muniment.registry.new_content import NewContent
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store import outbox

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


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a row did not become a record. Values are withheld; `column` or field names are not."""

    line: int
    column: str | None
    reason: str
    source_id: str | None = None

    def to_json(self) -> str:
        """Return one line of the report."""
        return json.dumps(
            {
                "line": self.line,
                "column": self.column,
                "reason": self.reason,
                "source_id": self.source_id,
            },
            ensure_ascii=False,
        )


def import_file(
    session: Session,
    record_type: RecordType,
    path: Path,
    kind: str,
    mapping: FieldMapping,
    *,
    on_change: OnChange = OnChange.REPORT,
    dry_run: bool = False,
    report: IO[str] | None = None,
    progress: Callable[[Tally], None] | None = None,
) -> tuple[Tally, list[Submission]]:
    """Register the rows of a file; return what came of them, and the new submissions.

    With `dry_run` rows are mapped and checked, and nothing is kept. Raises `ConflictError` for a
    changed row with `OnChange.REFUSE`: the batches before it stand.
    """
    tally, submissions = Tally(), list[Submission]()
    system = mapping.source_system or session.profile.agency.source_system

    def tell(finding: Finding) -> None:
        tally.reported += 1
        if report is not None:
            report.write(finding.to_json() + "\n")

    for batch in _batches(read_rows(path, kind)):
        tally.rows += len(batch)
        good: list[tuple[Row, MappedRow]] = []
        for row in batch:
            try:
                mapped = _mapped(row, mapping, record_type)
                if dry_run:
                    record_type.check(mapped.fields)
                good.append((row, mapped))
            except InvalidInputError as error:
                tell(_finding(row, error))
        if not dry_run:
            _keep(session, record_type, system, good, on_change, tally, submissions, tell)
        if progress is not None:
            progress(tally)
    return tally, submissions


def _keep(
    session: Session,
    record_type: RecordType,
    system: str,
    good: Sequence[tuple[Row, MappedRow]],
    on_change: OnChange,
    tally: Tally,
    submissions: list[Submission],
    tell: Callable[[Finding], None],
) -> None:
    new = [NewContent(mapped.source_id, mapped.fields) for _, mapped in good]
    before = _last_submission(session)
    outcomes = content.register_each(session, record_type, new, system)
    for (row, mapped), outcome in zip(good, outcomes, strict=True):
        if isinstance(outcome, Submission):
            if outcome.submission_id > before:
                tally.registered += 1
                submissions.append(outcome)
            else:
                tally.unchanged += 1
        elif isinstance(outcome, ConflictError) and on_change is OnChange.AMEND:
            record_id = RecordId(outcome.record_id)
            changed = NewContent(mapped.source_id, mapped.fields)
            submissions.append(content.amend(session, record_type, record_id, changed))
            tally.amended += 1
        elif isinstance(outcome, ConflictError) and on_change is OnChange.REFUSE:
            raise outcome
        elif isinstance(outcome, ConflictError):
            reason = f"changed: it stands for other content as version {outcome.version} already"
            tell(Finding(row.line, None, reason, mapped.source_id))
        else:
            tell(_finding(row, outcome, mapped.source_id))


def _mapped(row: Row, mapping: FieldMapping, record_type: RecordType) -> MappedRow:
    if row.fault is not None:
        raise InvalidInputError("row", "a row that can be read", row.fault)
    return mapping.apply(row, record_type)


def _finding(row: Row, error: InvalidInputError, source_id: str | None = None) -> Finding:
    if isinstance(error, RowError):
        return Finding(row.line, error.column, f"expected {error.expected}", source_id)
    if isinstance(error, InvalidContentError):
        first = error.violations[0].pointer.lstrip("/") or None
        reason = "; ".join(str(each) for each in error.violations)
        return Finding(row.line, first, reason, source_id)
    return Finding(row.line, None, row.fault or error.what, source_id)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _last_submission(session: Session) -> int:
    with session.database.read() as connection:
        return outbox.last_submission(connection)
