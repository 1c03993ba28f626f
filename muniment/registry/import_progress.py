# SPDX-License-Identifier: Apache-2.0
"""How far an import came before and comes now, and what time its entries may claim."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy.engine import Connection

from muniment.chain.journals import next_block_time
from muniment.errors import UnreachableError
from muniment.intake.batches import Batch
from muniment.intake.reports import Finding
from muniment.registry.bulk import Tally
from muniment.registry.session import Session
from muniment.store.imports import ImportProgress, read_progress, write_progress

_CLOCK_SECONDS: Final = 2.0


class ChainClock:
    """The time that entries may claim at most: that of the chain's next block, looked up now and
    then; None while no node answers, for the journal goes on without one."""

    def __init__(self, session: Session) -> None:
        """Ask nobody yet."""
        self._session = session
        self._time: int | None = None
        self._looked = 0.0

    def __call__(self) -> int | None:
        """Return that time, in Unix seconds, at most some seconds old."""
        now = time.monotonic()
        if not self._looked or now - self._looked > _CLOCK_SECONDS:
            try:
                self._time = self._session.nodes.read(next_block_time)
            except UnreachableError:
                self._time = None
            self._looked = now
        return self._time


class ImportMemory:
    """How far an import of this source came before, and comes now."""

    def __init__(self, session: Session, journal: int, key: bytes | None) -> None:
        """Read what is remembered under `key`; with None nothing is."""
        self._journal = journal
        self._key = key
        self._before = ImportProgress(0, frozenset())
        if key is not None:
            with session.database.read() as connection:
                self._before = read_progress(connection, key)
        self._reported: set[int] = set()
        self._rows = 0

    def passing(self, batches: Iterator[Batch], tally: Tally) -> Iterator[Batch]:
        """Yield what is to be seen to: of what was before, the rows that were reported then."""
        before = self._before
        for batch in batches:
            if not before.rows or batch.last_number() > before.rows:
                yield batch
                continue
            again = batch.only(before.reported)
            left = len(batch.numbers) + len(batch.faults)
            passed = left - len(again.numbers) - len(again.faults)
            tally.rows += passed
            tally.unchanged += passed
            if passed < left:
                yield again

    def seen_to(self, batch: Batch, findings: Sequence[Finding]) -> None:
        """All of a batch has been done, and its findings told."""
        self._reported.update(each.number for each in findings)
        self._rows = max(batch.last_number(), self._before.rows)

    def write(self, connection: Connection) -> None:
        """Remember what has been seen to so far."""
        if self._key is not None and self._rows:
            write_progress(connection, self._key, self._journal, self._rows, self._reported)
