# SPDX-License-Identifier: Apache-2.0
"""Evidence of whole registers: bundles, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import sqlalchemy as sa

from muniment.journal.entry import Entry, EntryKind
from muniment.record.identifiers import AgencyId, RecordId, derive_record_id
from muniment.record.state import Status
from muniment.registry.evidence_making import unchecked_evidence
from muniment.registry.evidence_soundness import Unchecked, UnprovableError, first_fault
from muniment.registry.sealing import progress_of
from muniment.registry.session import Session
from muniment.registry.worker_processes import end_with_parent
from muniment.store import journal_rows, mirror
from muniment.store.tables import records, versions

BUNDLE: Final = 1_000
"""Records of a bundle: some megabytes."""
_AHEAD: Final = 2
_WORTH_A_PROCESS: Final = 4


@dataclass(frozen=True, slots=True)
class Provable:
    """The agency's records of which there can be evidence now; `left_out` are not final yet, and
    those `adopted` have it by the registry before, which has the beginning of their traces.

    Those of journals come in their order: neighbours share tiles, packs and secrets.
    """

    record_ids: tuple[RecordId, ...]
    left_out: int
    adopted: int = 0


def provable_records(session: Session, among: Iterable[RecordId] | None = None) -> Provable:
    """Return which records evidence can be made of, by the database: `sync` first.

    Of all that the agency has registered, or of those of `among`.
    """
    chosen = None if among is None else set(among)
    found: dict[RecordId, None] = {}
    left_out = 0
    with session.database.read() as connection:
        final, _ = mirror.heights(connection)
        standing = sa.select(versions.c.record_id, records.c.record_id.label("stands")).join(
            records,
            sa.and_(
                records.c.record_id == versions.c.record_id,
                records.c.status != int(Status.NONE),
                records.c.last_block <= final,
            ),
            isouter=True,
        )
        waiting: set[RecordId] = set()
        first = standing.where(versions.c.version == 1).order_by(versions.c.record_id)
        for row in connection.execute(first):
            record_id = RecordId(bytes(row.record_id))
            if row.stands is None:
                waiting.add(record_id)
            elif chosen is None or record_id in chosen:
                found[record_id] = None
        left_out += len(waiting if chosen is None else waiting & chosen)
        adopted = mirror.adopted(connection)
        journals = journal_rows.journals_kept(connection)
    agency = AgencyId(session.profile.agency.id)
    for journal in journals:
        progress = progress_of(session, journal)
        with session.database.read() as connection:
            entries = journal_rows.entries_between(connection, journal, 0, progress.acknowledged)
        for index, each in enumerate(entries):
            entry = Entry.from_bytes(bytes(each))
            if entry.kind is not EntryKind.REGISTRATION:
                break
            record_id = derive_record_id(session.lineage, agency, entry.local_id)
            if chosen is not None and record_id not in chosen:
                continue
            if index < progress.final:
                found[record_id] = None
            else:
                left_out += 1
    whole = tuple(each for each in found if each not in adopted)
    return Provable(whole, left_out, len(found) - len(whole))


def evidence_bundles(
    session: Session,
    record_ids: Sequence[RecordId],
    *,
    fields: Iterable[str] | None = (),
    size: int = BUNDLE,
    progress: Callable[[int], None] | None = None,
) -> Iterator[bytes]:
    """Yield bundles of `size` records each; `fields` and errors as of `make_evidence`.

    While one is made here, the one before is verified by a process of its own.
    """
    chosen = None if fields is None else list(fields)
    parts = [record_ids[start : start + size] for start in range(0, len(record_ids), size)]
    done = 0
    with ExitStack() as closing:
        pool: ProcessPoolExecutor | None = None
        if len(parts) >= _WORTH_A_PROCESS:
            pool = ProcessPoolExecutor(
                1, mp_context=get_context("forkserver"), initializer=end_with_parent
            )
            closing.callback(pool.shutdown, wait=True, cancel_futures=True)
        waiting: deque[tuple[Unchecked, int, Future[tuple[bytes, str] | None]]] = deque()
        for part in [*parts, None]:
            if part is not None:
                made = unchecked_evidence(session, part, fields=chosen, bundle=True)
                waiting.append((made, len(part), _checking(pool, made)))
            while len(waiting) > (0 if part is None else _AHEAD):
                first, count, checked = waiting.popleft()
                fault = checked.result()
                if fault is not None:
                    raise UnprovableError(*fault)
                yield first.data
                done += count
                if progress is not None:
                    progress(done)


def _checking(
    pool: ProcessPoolExecutor | None, made: Unchecked
) -> Future[tuple[bytes, str] | None]:
    if pool is not None:
        return pool.submit(first_fault, made)
    checked: Future[tuple[bytes, str] | None] = Future()
    checked.set_result(first_fault(made))
    return checked
