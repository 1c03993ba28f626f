# SPDX-License-Identifier: Apache-2.0
"""A journal sealed beside other work: by a thread, or beside a large import by a process.

A thread shares Python's lock with what it runs beside: under an import it gets a third of a core,
and entries wait for their seal. A process has a core, but takes a second to begin, by when a small
import is over.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from threading import Event, Thread
from typing import Final, Protocol

from muniment.chain.connection import Connection
from muniment.errors import MunimentError, StoreError
from muniment.pipeline.sequencer import Sequencer
from muniment.registry.mirroring import sync
from muniment.registry.sealing import sequencer
from muniment.registry.sending import Sending
from muniment.registry.session import Session
from muniment.store import outbox

LOOK_SECONDS: Final = 0.1
_SEND_SECONDS: Final = 0.5
"""How long what others have acknowledged waits at most until it is sent."""
_LEASE_SECONDS: Final = 1.0
"""How often a lease that another process holds is asked for."""
_END_SECONDS: Final = 30.0


class SealingEndedError(StoreError):
    """The process that seals ended by itself. What was acknowledged stays."""

    def __init__(self) -> None:
        super().__init__(
            "the process that seals the journal ended by itself",
            expected="it to go on until all is sealed",
            remedy="what was acknowledged is kept: the same command goes on, or `muniment run`",
        )


class Sealing(Protocol):
    """What `sealing` does in the background."""

    @property
    def fault(self) -> MunimentError | None:
        """What it meets now."""

    def seal_all(self) -> None:
        """Seal all that has gathered from now on, due or not."""


@contextmanager
def sealing(
    session: Session,
    *,
    at_once: bool = False,
    journal: int | None = None,
    process: bool = False,
) -> Iterator[Sealing]:
    """Seal a journal, the profile's by default, send and index in the background for the block.

    `at_once` does what `Sealing.seal_all` does. Where a daemon holds a lease it does that part.
    With `process` a process of its own does it, which ends when this one does, unless somebody has
    to be asked for a password: that is done here, when it is needed.
    """
    by_process = process and session.knows_password
    beside = _beside_by_process if by_process else _beside_by_thread
    with beside(session, at_once, journal) as doing:
        yield doing


@dataclass(slots=True)
class _Standing:
    """What a loop is to do, and what it meets."""

    at_once: bool
    fault: MunimentError | None = None

    def seal_all(self) -> None:
        self.at_once = True


@contextmanager
def _beside_by_thread(session: Session, at_once: bool, journal: int | None) -> Iterator[Sealing]:
    stop, standing = Event(), _Standing(at_once)
    work = Thread(
        target=_seal_until, args=(stop, session, journal, standing), name="sealing", daemon=True
    )
    work.start()
    try:
        yield standing
    finally:
        stop.set()
        work.join()


def _seal_until(
    stop: Event,
    session: Session,
    journal: int | None,
    standing: _Standing,
    told: Callable[[], None] = lambda: None,
    *,
    unlocked: bool = False,
) -> None:
    """Seal until `stop` is set; `told` is called after each turn.

    With `unlocked` the sealer's keystore is opened before there is anything to seal.
    """
    worker: Sequencer | None = None
    mirrored: bytes | None = None
    sent = looked = -math.inf
    moved = False
    is_last = False
    with ExitStack() as held, Sending(session, all_operators=True) as sending:
        # What was sent in the last turn is seen to: its block may be there already.
        while not is_last and (moved or not stop.is_set()):
            is_last = stop.is_set()
            try:
                # Who holds the lease may be dead: then it runs out.
                if worker is None and time.monotonic() - looked >= _LEASE_SECONDS:
                    worker = sequencer(session, held, journal)
                    looked = time.monotonic()
                    if worker is not None and unlocked:
                        # It takes a second, in which the first entries would wait.
                        sending.step([(worker.journal.sealer, True)])
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
                    moved = worker.step(now=standing.at_once) is not None or moved
                standing.fault = None
            except MunimentError as error:
                standing.fault = error
                moved = False
            told()
            if not moved:
                stop.wait(LOOK_SECONDS)


def _head(node: Connection) -> bytes:
    return node.block().hash


# --- by a process ---------------------------------------------------------------------------------


class _Remote:
    """A loop in another process, by a pipe: faults come, anything that goes is `seal_all`."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._fault: MunimentError | None = None

    @property
    def fault(self) -> MunimentError | None:
        try:
            while self._pipe.poll():
                self._fault = self._pipe.recv()
        except (EOFError, OSError):
            self._fault = SealingEndedError()
        return self._fault

    def seal_all(self) -> None:
        # Whether it is there still `fault` tells.
        with suppress(OSError):
            self._pipe.send(None)


@contextmanager
def _beside_by_process(session: Session, at_once: bool, journal: int | None) -> Iterator[Sealing]:
    # It must not ask for what was told here.
    session.ask()
    processes = get_context("spawn")
    here, there = processes.Pipe()
    arguments = (session.unopened(), journal, at_once, there)
    process = processes.Process(
        target=_be_process, args=arguments, name="muniment sealing", daemon=True
    )
    process.start()
    there.close()
    try:
        yield _Remote(here)
    finally:
        here.close()
        process.join(_END_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()


def _be_process(
    made: Callable[[], Session], journal: int | None, at_once: bool, pipe: Pipe
) -> None:
    """Seal until the pipe is closed there: in order, or because that process is gone."""
    # A terminal's interrupt comes to both: that process ends first, then this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop, standing = Event(), _Standing(at_once)
    last: str | None = None

    def listen() -> None:
        try:
            while True:
                pipe.recv()
                standing.seal_all()
        except (EOFError, OSError):
            stop.set()

    def told() -> None:
        nonlocal last
        now = None if standing.fault is None else str(standing.fault)
        if now != last:
            last = now
            with suppress(OSError):
                pipe.send(standing.fault)

    Thread(target=listen, name="pipe", daemon=True).start()
    session = made()
    try:
        _seal_until(stop, session, journal, standing, told, unlocked=True)
    finally:
        session.close()
