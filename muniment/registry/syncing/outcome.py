# SPDX-License-Identifier: Apache-2.0
"""How a pass is made, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Final

from muniment.intake.reports import ReportWriter
from muniment.registry.submission import Submission

COMPARISON: Final = "comparison"
WATERMARK: Final = "watermark"


@dataclass(slots=True)
class SyncTally:
    """How many rows came to what in a pass. `vanished` and `back` count records whose rows were
    missed, and are there again."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    back: int = 0
    reported: int = 0


@dataclass(slots=True)
class SyncPass:
    """What came of a pass: its `kind` (COMPARISON or WATERMARK), the tally, what is worth knowing
    (`notices`), the new submissions, and the journal's size where all of it is in.

    `complete` says that it came to its end, and was not stopped before.
    """

    name: str
    kind: str = COMPARISON
    tally: SyncTally = field(default_factory=SyncTally)
    notices: list[str] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    size: int = 0
    complete: bool = False


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How a pass is made. `journal` None registers directly; `compare` asks for a comparison now;
    `accept_changes` takes another mapping, table or type of a column for what is meant."""

    journal: int | None = None
    dry_run: bool = False
    compare: bool = False
    accept_changes: bool = False
    report: ReportWriter | None = None
    show_values: bool = False
    workers: int | None = None
    stop: Event | None = None
    progress: Callable[[SyncTally], None] | None = None
