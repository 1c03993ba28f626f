# SPDX-License-Identifier: Apache-2.0
"""What an agency's officers see of its records as numbers: over time, by type, journals, reads.

All of it comes from the agency's own database; nothing is asked of a node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.record.state import Status
from muniment.registry.access_entries import TYPE_NAME, all_reads
from muniment.registry.session import Session
from muniment.store.journal_tables import journal_batches
from muniment.store.tables import records, seals, versions

DAY: Final = 86_400
_DAY_MS: Final = DAY * 1000
MOST_READS: Final = 5_000
"""How many reads are counted by purpose: their statements lie encrypted, each must be opened."""
_MOST_SEALS: Final = 60


@dataclass(frozen=True, slots=True)
class SealDelay:
    """A seal of a journal: its time (Unix seconds), its size, and how long the oldest of its new
    entries had waited for it, in seconds."""

    journal: int
    sealed_at: int
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class AgencyFigures:
    """The numbers of an agency.

    `registered` counts its registrations by day (days since 1970), direct ones and those by journal
    apart. `by_type` counts records that it registered by type and status; those that stand in a
    journal alone have the status NONE. `growth` is each journal's size at the end of each day in
    which it grew. `delays` are of the latest seals, in order. `reads` are counted by purpose, None
    where they are not written down.
    """

    registered: Mapping[int, tuple[int, int]]
    by_type: Mapping[tuple[int, Status], int]
    growth: Mapping[int, Mapping[int, int]]
    delays: tuple[SealDelay, ...]
    reads: Mapping[str, int] | None


def agency_figures(session: Session, since_ms: int) -> AgencyFigures:
    """Return an agency's numbers; registrations by day since a moment (Unix milliseconds).

    Raises what opening the statements about reads raises.
    """
    agency = session.profile.agency.id
    of_reads = {each.type_id for each in session.record_types.all() if each.name == TYPE_NAME}
    with session.database.read() as connection:
        direct = _direct_by_day(connection, agency, since_ms)
        entered, sizes = _entered_by_day(connection, of_reads)
        counted = _by_type(connection, agency, entered)
        delays = _delays(connection, agency)
    by_journal: Counter[int] = Counter()
    for (_, day), count in entered.items():
        if day * _DAY_MS >= since_ms - since_ms % _DAY_MS:
            by_journal[day] += count
    return AgencyFigures(
        registered={
            day: (direct.get(day, 0), by_journal[day]) for day in sorted({*direct, *by_journal})
        },
        by_type=counted,
        growth=sizes,
        delays=tuple(delays),
        reads=_reads(session),
    )


def _direct_by_day(connection: Connection, agency: int, since_ms: int) -> dict[int, int]:
    start = versions.c.created_ms - versions.c.created_ms % _DAY_MS
    chosen = (
        sa.select(start, sa.func.count())
        .where(versions.c.agency_id == agency, versions.c.version == 1)
        .where(versions.c.created_ms >= since_ms - since_ms % _DAY_MS)
        .group_by(start)
    )
    return {int(first) // _DAY_MS: count for first, count in connection.execute(chosen)}


def _entered_by_day(
    connection: Connection, of_reads: Collection[int]
) -> tuple[dict[tuple[int, int], int], dict[int, dict[int, int]]]:
    """Entries by type and day, and each journal's size at the end of the days that it grew in."""
    columns = journal_batches.c
    start = columns.created_ms - columns.created_ms % _DAY_MS
    chosen = (
        sa.select(
            columns.journal,
            columns.type_id,
            start,
            sa.func.sum(columns["count"]),
            sa.func.max(columns.first_index + columns["count"]),
        )
        .where(columns.type_id.not_in(of_reads))
        .group_by(columns.journal, columns.type_id, start)
        .order_by(columns.journal, start)
    )
    entered: Counter[tuple[int, int]] = Counter()
    sizes: dict[int, dict[int, int]] = {}
    for journal, type_id, first, count, end in connection.execute(chosen):
        day = int(first) // _DAY_MS
        entered[type_id, day] += int(count)
        known = sizes.setdefault(journal, {})
        known[day] = max(known.get(day, 0), end)
    return dict(entered), sizes


def _by_type(
    connection: Connection, agency: int, entered: Mapping[tuple[int, int], int]
) -> dict[tuple[int, Status], int]:
    on_chain = (
        sa.select(records.c.type_id, records.c.status, sa.func.count())
        .where(records.c.issuer == agency)
        .group_by(records.c.type_id, records.c.status)
    )
    found = {
        (type_id, Status(status)): count
        for type_id, status, count in connection.execute(on_chain)
        if Status(status) is not Status.NONE
    }
    # A journal's record has no row of its first version: what is on chain beyond the rows came
    # by a journal.
    rows = (
        sa.select(versions.c.type_id, sa.func.count())
        .where(versions.c.agency_id == agency, versions.c.version == 1)
        .group_by(versions.c.type_id)
    )
    direct = {type_id: int(count) for type_id, count in connection.execute(rows)}
    waiting: Counter[int] = Counter()
    for (type_id, _), count in entered.items():
        waiting[type_id] += count
    for type_id, count in waiting.items():
        standing = sum(number for (each, _), number in found.items() if each == type_id)
        alone = count - max(0, standing - direct.get(type_id, 0))
        if alone > 0:
            found[type_id, Status.NONE] = alone
    return found


def _delays(connection: Connection, agency: int) -> list[SealDelay]:
    columns = seals.c
    latest = (
        sa.select(columns.journal, columns.size, columns.previous_size, columns.sealed_at)
        .where(columns.agency_id == agency)
        .order_by(columns.sealed_at.desc(), columns.size.desc())
        .limit(_MOST_SEALS)
    )
    found = []
    for journal, size, previous, sealed_at in connection.execute(latest).all():
        waited = seal_delay(connection, journal, previous, sealed_at)
        if waited is not None:
            found.append(SealDelay(journal, sealed_at, size, waited))
    return found[::-1]


def seal_delay(
    connection: Connection, journal: int, previous_size: int, sealed_at: int
) -> float | None:
    """Return how many seconds the oldest entry that a seal added had waited for it; None where the
    entries are not here."""
    oldest = (
        sa.select(journal_batches.c.created_ms)
        .where(journal_batches.c.journal == journal)
        .where(journal_batches.c.first_index >= previous_size)
        .order_by(journal_batches.c.first_index)
        .limit(1)
    )
    entered_ms = connection.execute(oldest).scalar()
    # The chain's clock has whole seconds, and is another.
    return None if entered_ms is None else max(0.0, sealed_at - entered_ms / 1000)


def _reads(session: Session) -> Mapping[str, int] | None:
    if not session.profile.read_receipts:
        return None
    return Counter(entry.purpose for _, entry in islice(all_reads(session), MOST_READS))
