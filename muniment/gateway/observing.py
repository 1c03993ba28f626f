# SPDX-License-Identifier: Apache-2.0
"""Health that means progress: what has work and does not move, and for how long.

A thread looks at the chain and the stores now and then; whoever asks gets what it saw last, so that
a node that hangs makes no answer hang.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import MunimentError
from muniment.gateway.registering import Registrar
from muniment.registry.sealing import JournalProgress, progress_of
from muniment.registry.session import Session
from muniment.registry.standing_of_chain import ChainStanding, chain_standing
from muniment.store import journal_rows, mirror, outbox
from muniment.store.outbox_rows import SubmissionState
from muniment.store.tables import submissions

LOOK_SECONDS: Final = 2.0
CHAIN_SECONDS: Final = 10.0
"""How often the chain is looked at, whose last sixty blocks are read for that."""
STILL_SECONDS: Final = 60.0
"""Work that is older than this, and has not moved, stands still."""
_APPEND_SECONDS: Final = 15.0
_OLDEST_SIGHT: Final = 60.0
_LOG: Final = logging.getLogger("muniment.gateway")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: whether it `moves`, the age in seconds of its oldest work (None: it has none), and
    what else there is to say."""

    moves: bool
    age: float | None
    values: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return it as answers have it."""
        age = None if self.age is None else round(self.age, 1)
        return {"moves": self.moves, "age_seconds": age, **self.values}


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen at a time (of the monotonic clock)."""

    at: float
    parts: Mapping[str, Part]
    chain: ChainStanding | None = None
    outbox: Mapping[str, int] = field(default_factory=dict)
    journals: Mapping[int, JournalProgress] = field(default_factory=dict)
    mirrored: int = -1

    @property
    def moves(self) -> bool:
        """Whether all parts move."""
        return all(each.moves for each in self.parts.values())


class Observer:
    """Looks at a session's parts; `start` it, and `close` it."""

    def __init__(self, session: Session, registrar: Registrar) -> None:
        """Take what is looked at."""
        self._session = session
        self._registrar = registrar
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)
        self._mirrored: tuple[int, float] = (-1, time.monotonic())
        self._said: frozenset[str] = frozenset()
        self._sight = Sight(time.monotonic(), {})
        self._chain: ChainStanding | None = None
        self._chain_at = 0.0

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._stop.set()

    @property
    def sight(self) -> Sight:
        """What was seen last; where that is long ago, that too is said."""
        seen = self._sight
        age = time.monotonic() - seen.at
        if age > _OLDEST_SIGHT:
            late = Part(False, age, {"fault": "looking at the parts takes too long"})
            return Sight(seen.at, {**seen.parts, "observer": late})
        return seen

    def _run(self) -> None:
        while True:
            self._look()
            if self._stop.wait(LOOK_SECONDS):
                return

    def _look(self) -> None:
        now = time.monotonic()
        if self._chain is None or now - self._chain_at > CHAIN_SECONDS:
            self._chain, self._chain_at = chain_standing(self._session.profile.chain), now
        chain = self._chain
        try:
            self._sight = self._seen(chain)
        except MunimentError as error:
            fault = Part(False, None, {"fault": error.what})
            parts = {"chain": part_of_chain(chain), "database": fault}
            self._sight = Sight(time.monotonic(), parts, chain)
        still = frozenset(name for name, part in self._sight.parts.items() if not part.moves)
        for name in still - self._said:
            _LOG.warning("%s stands still: %s", name, dict(self._sight.parts[name].values))
        for name in self._said - still:
            _LOG.info("%s moves again", name)
        self._said = still

    def _seen(self, chain: ChainStanding) -> Sight:
        profile = self._session.profile
        named = {each.number: each for each in (profile.journal, profile.reads) if each is not None}
        journals = {number: progress_of(self._session, number) for number in named}
        with self._session.database.read() as connection:
            top = mirror.top_block(connection)
            states = outbox.count_by_state(connection)
            oldest = self._oldest_submission(connection)
            unsealed = {
                number: _unsealed_age(connection, number, progress)
                for number, progress in journals.items()
            }
        mirrored = -1 if top is None else top.number
        slowest = {number: max(STILL_SECONDS, 10 * each.seconds) for number, each in named.items()}
        late = [number for number, age in unsealed.items() if (age or 0) > slowest[number]]
        ages = [age for age in unsealed.values() if age is not None]
        parts = {
            "chain": part_of_chain(chain),
            "indexer": self._indexer(chain, mirrored),
            "outbox": Part(
                (oldest or 0) <= STILL_SECONDS,
                oldest,
                {"waiting": sum(states.get(each, 0) for each in ("NEW", "SIGNED"))},
            ),
            "sequencer": Part(
                not late, max(ages, default=None), {"journals": sorted(late)} if late else {}
            ),
            "journal": self._journal(),
        }
        return Sight(time.monotonic(), parts, chain, states, journals, mirrored)

    def _indexer(self, chain: ChainStanding, mirrored: int) -> Part:
        now = time.monotonic()
        head = None if chain.head is None else chain.head.number
        if mirrored != self._mirrored[0] or head is None or mirrored >= head:
            self._mirrored = (mirrored, now)
        age = now - self._mirrored[1]
        behind = None if head is None else max(0, head - mirrored)
        values = {"block": mirrored, "behind": behind}
        return Part(age <= STILL_SECONDS, age if behind else None, values)

    def _journal(self) -> Part:
        waiting = self._registrar.waiting
        since = self._registrar.busy_since
        age = None if since is None else time.monotonic() - since
        return Part((age or 0) <= _APPEND_SECONDS, age, {"waiting": waiting})

    def _oldest_submission(self, connection: Connection) -> float | None:
        """The age of the oldest submission that a machine's key must bring onto the chain; what an
        officer must sign waits for the officer."""
        machines = sorted(self._session.machines())
        by_machine = sa.or_(
            submissions.c.account.is_(None),
            submissions.c.account.in_(machines),
            submissions.c.state == SubmissionState.SIGNED,
        )
        chosen = sa.select(sa.func.min(submissions.c.created_ms)).where(
            submissions.c.state.in_([SubmissionState.NEW, SubmissionState.SIGNED]), by_machine
        )
        oldest = connection.execute(chosen).scalar()
        return None if oldest is None else max(0.0, time.time() - oldest / 1000)


def _unsealed_age(connection: Connection, journal: int, progress: JournalProgress) -> float | None:
    if progress.provable >= progress.acknowledged:
        return None
    oldest = journal_rows.acknowledged_ms(connection, journal, progress.provable)
    return max(0.0, time.time() - oldest / 1000)


def part_of_chain(chain: ChainStanding) -> Part:
    """Return whether the chain moves, and the age of its last block, never less than nothing."""
    values: dict[str, Any] = {"block": None if chain.head is None else chain.head.number}
    if chain.head is None:
        faults = [each.fault for each in chain.nodes if each.fault]
        values["fault"] = chain.fault or "; ".join(faults) or "no node answers"
        return Part(False, None, values)
    if chain.validators:
        values["silent"] = [each.label for each in chain.silent]
    if chain.stands_still:
        values["unheard"] = [each.label for each in chain.unheard]
    # Its clock may be ahead of this one.
    age = None if chain.age is None else max(0.0, chain.age)
    return Part(not chain.stands_still, age, values)
