# SPDX-License-Identifier: Apache-2.0
"""Reports: one JSON object a line for each row that did not become a record.

    {"line": 7, "number": 6, "column": "area", "reason": "…", "expected": "…", "source_id": null,
     "source": {"name": "register.csv", "size": 1024, "sha256": "…"}}

`source` stands in the first line only, and says of what file the report is. Values of cells are
there only where they were asked for (`value`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

from muniment.errors import InvalidInputError
from muniment.intake.batches import RowFault
from muniment.intake.sources import Source, SourceIdentity
from muniment.record.identifiers import require_uint

_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Finding:
    """Why the row `number` on `line` did not become a record: `reason`, and what was `expected`.

    `column` or field is to blame, if one is. `value` is its cell where that was asked for.
    """

    line: int
    number: int
    column: str | None
    reason: str
    expected: str = ""
    source_id: str | None = None
    value: Any = _ABSENT

    @classmethod
    def of(cls, fault: RowFault, value: Any = _ABSENT) -> Finding:
        """Return the finding of a row's fault."""
        return cls(
            fault.line, fault.number, fault.column, fault.reason, fault.expected, value=value
        )


class ReportWriter:
    """Writes findings to a text file, `identity` of the source with the first."""

    def __init__(self, file: IO[str], identity: SourceIdentity | None = None) -> None:
        self._file = file
        self._identity = identity

    def write(self, finding: Finding) -> None:
        """Write one line."""
        values: dict[str, Any] = {
            "line": finding.line,
            "number": finding.number,
            "column": finding.column,
            "reason": finding.reason,
            "expected": finding.expected,
            "source_id": finding.source_id,
        }
        if finding.value is not _ABSENT:
            values["value"] = finding.value
        if self._identity is not None:
            values["source"] = asdict(self._identity)
            self._identity = None
        self._file.write(json.dumps(values, ensure_ascii=False, default=str) + "\n")

    def flush(self) -> None:
        """Let others read what was written so far."""
        self._file.flush()


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was read: the source it is of, and the `numbers` of its rows."""

    size: int | None
    sha256: str
    numbers: frozenset[int]

    @classmethod
    def read(cls, path: Path) -> Report:
        """Read a report. Raises `InvalidInputError` that names the line that is none of one."""
        numbers: set[int] = set()
        size, sha256, line = None, "", 1
        try:
            with path.open(encoding="utf-8") as file:
                for line, text in enumerate(file, 1):
                    value = json.loads(text)
                    number = value["number"]
                    numbers.add(require_uint("row number", number, 53, least=1))
                    if line == 1:
                        size, sha256 = value["source"]["size"], str(value["source"]["sha256"])
        except OSError as error:
            what = error.strerror or "unreadable"
            raise InvalidInputError(f"report {path}", "a readable file", what) from error
        except (InvalidInputError, ValueError, KeyError, TypeError, RecursionError):
            raise InvalidInputError(
                f"report {path}, line {line}", "a line of an import's report", "another text"
            ) from None
        if not numbers:
            raise InvalidInputError(f"report {path}", "rows to import again", "empty")
        return cls(size, sha256, frozenset(numbers))

    def require(self, source: Source) -> None:
        """Raise `InvalidInputError` unless the report is of `source` as it is now: row numbers of
        another file, or a changed one, would name other rows."""
        now = source.identity()
        if (now.size, now.sha256) != (self.size, self.sha256):
            raise InvalidInputError(
                f"source {now.name}",
                "the file that the report is of, unchanged",
                "another, or changed since",
                remedy="import the whole file: rows that are there already are passed over",
            )
