# SPDX-License-Identifier: Apache-2.0
"""The daemon: it holds the leases, sends the outbox, mirrors the chain, erases what was disposed.

Several may run on one database: each lease is one's at a time, and another takes over within 5 s of
its holder's death. Commands work beside it: what they acknowledge it sends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from muniment.errors import ChainError, StoreError, UnreachableError
from muniment.pipeline.branches import PastFinalityError
from muniment.pipeline.indexer import LEASE, Indexer, OvertakenError
from muniment.pipeline.sequencer import Sequencer
from muniment.registry.access_entries import append_reads
from muniment.registry.custody.settling import settle
from muniment.registry.erasing import erase_some
from muniment.registry.mirroring import indexer
from muniment.registry.prepared.cleaning import clean
from muniment.registry.sealing import sequencer
from muniment.registry.sending import Sending, holder_name
from muniment.registry.session import Session
from muniment.store import outbox
from muniment.store.leases import Lease, LeaseLostError

_IDLE_SECONDS: Final = 0.25
_LONGEST_PAUSE: Final = 5.0

Say = Callable[[str], None]


class Daemon:
    """Runs on a session until it is told to stop; `say` gets one line for what changes."""

    def __init__(self, session: Session, say: Say) -> None:
        """Take what is needed; `run` starts."""
        self._session = session
        self._say = say
        self._last = ""
        self._held = ExitStack()
        self._indexer: Indexer | None = None
        self._sequencers: dict[int, Sequencer] = {}

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then give the leases back. Faults of chain and database are
        said, and waited out; others are raised."""
        pause = _IDLE_SECONDS
        with self._held:
            while not stop.is_set():
                try:
                    with Sending(self._session, all_operators=True) as sending:
                        while not stop.is_set():
                            moved = self._turn(sending)
                            pause = _IDLE_SECONDS
                            if not moved:
                                stop.wait(_IDLE_SECONDS)
                except LeaseLostError as error:
                    self._tell(f"{error.what}: waiting for it")
                    self._drop_index()
                except PastFinalityError as error:
                    self._tell(f"halted: {error.diagnostics()}")
                    pause = _LONGEST_PAUSE
                except (ChainError, StoreError) as error:
                    self._tell(f"{error.what}: trying again")
                    pause = min(2 * pause, _LONGEST_PAUSE)
                stop.wait(pause)

    def _turn(self, sending: Sending) -> bool:
        """Do what can be done now; return whether anything moved."""
        fault: UnreachableError | None = None
        moved = False
        with self._session.database.read() as connection:
            needed = outbox.open_accounts(connection)
        try:
            moved = sending.step(needed)
        except UnreachableError as error:
            fault = error
        moved = self._index() or moved
        moved = self._seal() or moved
        if fault is not None:
            raise fault
        return moved

    def _seal(self) -> bool:
        profile = self._session.profile
        named = [each.number for each in (profile.journal, profile.reads) if each is not None]
        append_reads(self._session)
        moved = [self._seal_one(number) for number in named]
        return any(moved)

    def _seal_one(self, number: int) -> bool:
        if number not in self._sequencers:
            made = sequencer(self._session, self._held, number)
            if made is None:
                return False
            self._sequencers[number] = made
            self._tell(f"sequencing: this process seals journal {number}")
        try:
            size = self._sequencers[number].step()
        except LeaseLostError:
            self._drop_index()
            return False
        if size is not None:
            self._tell(f"journal {number}: sealing {size} entries")
        return size is not None

    def _index(self) -> bool:
        if self._indexer is None:
            lease = Lease.acquire(self._session.database, LEASE, holder=holder_name())
            if lease is None:
                return False
            self._held.enter_context(lease.kept())
            self._indexer = indexer(self._session, lease)
            self._tell("indexing: this process holds the lease")
        try:
            progress = self._indexer.step()
        except (LeaseLostError, OvertakenError):
            self._drop_index()
            return False
        if progress.behind:
            self._tell(
                f"the node is behind: it has block {progress.head}, the mirror has "
                f"{progress.indexed}"
            )
        elif progress.rolled_back is not None:
            self._tell(f"the chain was reorganised from block {progress.rolled_back}")
        elif progress.events or progress.done:
            self._tell(f"mirrored up to block {progress.indexed}")
        erased, is_last = erase_some(self._session) if progress.done else ([], True)
        for record_id in erased:
            self._tell(f"record 0x{record_id.hex()}: disposed of, its secrets are destroyed")
        if progress.done:
            self._settle()
            closed = clean(self._session)
            if closed:
                self._tell(f"{closed} prepared acts were not signed in time")
        return bool(progress.events) or not progress.done or not is_last

    def _settle(self) -> None:
        """What follows for hand-overs of custody."""
        done = settle(self._session)
        for record_id in done.taken:
            self._tell(f"record 0x{record_id.hex()}: in this agency's custody, content taken in")
        for record_id in done.given:
            self._tell(f"record 0x{record_id.hex()}: its custody went over, a copy is left here")
        for record_id in done.ended:
            self._tell(f"record 0x{record_id.hex()}: the offer of its custody came to nothing")
        for handover_id, why in done.faults:
            self._tell(f"hand-over 0x{handover_id.hex()}: {why}")

    def _drop_index(self) -> None:
        self._held.close()
        self._indexer = None
        self._sequencers.clear()

    def _tell(self, what: str) -> None:
        if what != self._last:
            self._last = what
            self._say(what)
