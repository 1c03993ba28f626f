# SPDX-License-Identifier: Apache-2.0
"""Gathering a history from all that tells of a record."""

from __future__ import annotations

from typing import Final

from muniment.errors import UnreachableError
from muniment.record.identifiers import RecordId
from muniment.registry.history import of_agency, of_chain, of_custody
from muniment.registry.history.lines import History, HistoryLine, Kind, Source
from muniment.registry.mirroring import sync
from muniment.registry.session import Session

SOURCES: Final[tuple[tuple[Kind, Source], ...]] = (
    (Kind.ENTRY, of_agency.entry),
    (Kind.ACT, of_chain.acts),
    (Kind.CUSTODY, of_custody.handed_over),
    (Kind.SHARE, of_chain.share_events),
    (Kind.DELIVERY, of_agency.deliveries),
    (Kind.CORRECTION, of_agency.corrected),
    (Kind.READ, of_agency.reads),
    (Kind.ATTEMPT, of_agency.attempts),
)
"""What tells the lines of each kind. A kind may have several sources."""

_ORDER: Final = list(Kind)


def full_history(session: Session, record_id: RecordId) -> History:
    """Return all that is known here of a record, by time.

    Where no node answers, what the chain alone tells is left out, and named. Raises the chain's
    other errors and those of the stores.
    """
    unreachable, unread = "", set[Kind]()
    try:
        sync(session)
    except UnreachableError as error:
        unreachable = error.what
    lines: list[HistoryLine] = []
    for kind, source in SOURCES:
        try:
            lines += source(session, record_id)
        except UnreachableError as error:
            unreachable = error.what
            unread.add(kind)
    lines.sort(key=lambda line: (line.time, _ORDER.index(line.kind)))
    return History(record_id, tuple(lines), frozenset(unread), unreachable)
