# SPDX-License-Identifier: Apache-2.0
"""The agency's journal, as officers and operators handle it: opened, sealed, closed, repudiated."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final

from muniment.chain.bindings import RecordRegistry
from muniment.chain.connection import Connection
from muniment.errors import ChainError, MunimentError
from muniment.pipeline.sequencer import Sequencer
from muniment.registry import acts
from muniment.registry.mirroring import sync
from muniment.registry.sealing import JournalProgress, progress_of, sequencer
from muniment.registry.sending import Sending
from muniment.registry.session import Session
from muniment.registry.submission import Stage, Submission
from muniment.store import outbox
from muniment.store.journal_rows import EntryRow

_LOOK_SECONDS: Final = 0.1
_SEND_SECONDS: Final = 0.5
"""How long what others have acknowledged waits at most until it is sent."""
_LEASE_SECONDS: Final = 1.0
"""How often a lease that another process holds is asked for."""
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


@dataclass(slots=True)
class Sealing:
    """What `sealing` does in the background: `fault` is what it meets now, and with `at_once` all
    that has gathered is sealed, due or not."""

    at_once: bool
    fault: MunimentError | None = None


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
        going_on.at_once = True
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
            time.sleep(_LOOK_SECONDS)


@contextmanager
def sealing(
    session: Session, *, at_once: bool = False, journal: int | None = None
) -> Iterator[Sealing]:
    """Seal a journal, the profile's by default, send and index in the background for the block.

    Where a daemon holds a lease it does that part.
    """
    stop = Event()
    doing = Sealing(at_once)

    def turn(held: ExitStack, sending: Sending) -> None:
        worker: Sequencer | None = None
        mirrored: bytes | None = None
        sent = looked = -math.inf
        moved = False
        is_last = False
        # What was sent in the last turn is seen to: its block may be there already.
        while not is_last and (moved or not stop.is_set()):
            is_last = stop.is_set()
            try:
                # Who holds the lease may be dead: then it runs out.
                if worker is None and time.monotonic() - looked >= _LEASE_SECONDS:
                    worker = sequencer(session, held, journal)
                    looked = time.monotonic()
                head = session.nodes.read(_head)
                # What takes transactions of its own is done where there is something to do: an
                # import appends meanwhile, to the same database.
                if moved or head != mirrored or time.monotonic() - sent >= _SEND_SECONDS:
                    with session.database.read() as connection:
                        needed = outbox.open_accounts(connection)
                    moved = bool(needed) and sending.step(needed)
                    sent = time.monotonic()
                    if moved:
                        head = session.nodes.read(_head)
                if head != mirrored:
                    sync(session)
                    mirrored = head
                # Last: a seal that has its block is mirrored before files of the next are written.
                if worker is not None and not is_last:
                    moved = worker.step(now=doing.at_once) is not None or moved
                doing.fault = None
            except MunimentError as error:
                doing.fault = error
                moved = False
            if not moved:
                stop.wait(_LOOK_SECONDS)

    def work() -> None:
        with ExitStack() as held, Sending(session, all_operators=True) as sending:
            turn(held, sending)

    thread = Thread(target=work, name="sealing", daemon=True)
    thread.start()
    try:
        yield doing
    finally:
        stop.set()
        thread.join()


def _head(node: Connection) -> bytes:
    return node.block().hash
