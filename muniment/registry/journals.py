# SPDX-License-Identifier: Apache-2.0
"""The agency's journal, as officers and operators handle it: opened, sealed, closed, repudiated."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from muniment.chain.bindings import RecordRegistry
from muniment.chain.connection import Connection
from muniment.errors import ChainError
from muniment.registry import acts
from muniment.registry.sealing import JournalProgress, progress_of
from muniment.registry.sealing_beside import LOOK_SECONDS, Sealing, sealing
from muniment.registry.session import Session
from muniment.registry.submission import Stage, Submission
from muniment.store.journal_rows import EntryRow

_ORDER: Final = (Stage.ACKNOWLEDGED, Stage.PROVABLE, Stage.FINAL)


class NotSealedInTimeError(ChainError):
    """The wait was over before the journal was sealed so far. It goes on: nothing is lost."""

    def __init__(self, journal: int, size: int, progress: JournalProgress, why: str) -> None:
        super().__init__(
            f"of journal {journal} {progress.provable} entries are sealed, {progress.final} for "
            f"good{why}",
            expected=f"{size} by now",
            remedy="it goes on with `muniment run`; look again with `muniment journal status`",
        )


@dataclass(frozen=True, slots=True)
class EntrySubmission(Submission):
    """A registration by a journal: entry `index` of `journal`, which a seal makes provable."""

    journal: int
    index: int

    @property
    def stage(self) -> Stage:
        """How far it is now, by the database."""
        progress = progress_of(self._session, self.journal)
        if self.index < progress.final:
            return Stage.FINAL
        return Stage.PROVABLE if self.index < progress.provable else Stage.ACKNOWLEDGED

    def wait(
        self, stage: Stage | str = Stage.PROVABLE, *, timeout: float | None = 120.0
    ) -> Submission:
        """Return when a seal covers it, or is final. Raises `NotSealedInTimeError`."""
        if _ORDER.index(self.stage) < _ORDER.index(Stage(stage)):
            size = self.index + 1
            wait_sealed(self._session, self.journal, size, Stage(stage), timeout=timeout)
        return self


def submission_of_entry(session: Session, row: EntryRow) -> EntrySubmission:
    """Return the registration of an entry."""
    return EntrySubmission(None, "journal", row.record_id, 1, session, row.journal, row.index)


def journal_count(session: Session) -> int:
    """Return how many journals the agency has on chain."""

    def read(node: Connection) -> int:
        records = RecordRegistry(node, session.profile.chain.registry)
        return records.journal_count(session.profile.agency.id, block=node.block())

    return session.nodes.read(read)


def open_journal(session: Session) -> Submission:
    """Open the agency's next journal. For the agency's admin."""
    call = session.records.open_journal(session.profile.agency.id)
    return acts.submit(session, "open journal", call)


def close_journal(session: Session, journal: int) -> Submission:
    """Close a journal: no more seals; what it has can be proved and enrolled as before."""
    call = session.records.close_journal(session.profile.agency.id, journal)
    return acts.submit(session, "close journal", call)


def repudiate_journal(session: Session, journal: int, index: int, reason: int) -> Submission:
    """Disown a journal's entries from an index on, and close it. Evidence of them says so."""
    call = session.records.repudiate_journal(session.profile.agency.id, journal, index, reason)
    return acts.submit(session, "repudiate journal", call)


def wait_sealed(
    session: Session,
    journal: int,
    size: int,
    stage: Stage,
    *,
    timeout: float | None = 120.0,
    progress: Callable[[JournalProgress], None] | None = None,
    going_on: Sealing | None = None,
) -> None:
    """Return when `size` entries of a journal are provable, or final. Seals too, where neither a
    daemon does nor the caller, whose `sealing` of the journal is `going_on`.

    Raises `NotSealedInTimeError`, and what sealing raises.
    """
    if stage is Stage.ACKNOWLEDGED:
        return
    deadline = None if timeout is None else time.monotonic() + timeout
    with ExitStack() as own:
        if going_on is None:
            going_on = own.enter_context(sealing(session, at_once=True, journal=journal))
        # A sequencer that begins recomputes the whole journal: the one that is there goes on.
        going_on.seal_all()
        while True:
            now = progress_of(session, journal)
            if progress is not None:
                progress(now)
            if (now.provable if stage is Stage.PROVABLE else now.final) >= size:
                return
            found = going_on.fault
            if found is not None and not isinstance(found, ChainError):
                raise found
            if deadline is not None and time.monotonic() > deadline:
                why = "" if found is None else f": {found.what}"
                raise NotSealedInTimeError(journal, size, now, why)
            time.sleep(LOOK_SECONDS)
