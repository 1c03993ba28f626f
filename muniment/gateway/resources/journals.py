# SPDX-License-Identifier: Apache-2.0
"""The agency's journals as its officers see them: how far each is sealed, and by which seals."""

from __future__ import annotations

from statistics import median
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Path, Response

from muniment.gateway.agency_figures import seal_delay
from muniment.gateway.answers import hexadecimal, json_answer
from muniment.gateway.cursors import make_cursor, place_of
from muniment.gateway.parts import PartsHere, Reader
from muniment.gateway.refusals import UnknownResourceError
from muniment.gateway.resources.finding import Cursor, Limit
from muniment.record.instants import instant, instant_or_none
from muniment.registry.sealing import progress_of
from muniment.registry.session import Session
from muniment.store import mirror
from muniment.store.tables import journals, seals

router = APIRouter(tags=["journals"])

_RECENT: Final = 20
"""Seals of whose delays the median is told."""


@router.get("/journals", summary="The agency's journals")
def list_journals(parts: PartsHere, caller: Reader) -> Response:
    """List the journals that the agency has on chain, by the mirror: how far each is acknowledged,
    sealed and final, and what this gateway uses it for."""
    del caller
    own = parts.session.profile.agency.id
    chosen = sa.select(journals).where(journals.c.agency_id == own).order_by(journals.c.journal)
    with parts.database.read() as connection:
        rows = connection.execute(chosen).all()
    return json_answer({"items": [_journal(parts.session, each) for each in rows], "next": None})


@router.get("/journals/{journal}/seals", summary="A journal's seals")
def list_seals(
    parts: PartsHere,
    caller: Reader,
    journal: Annotated[int, Path(ge=1, le=(1 << 32) - 1)],
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the seals of a journal of the agency, by the mirror, the latest first;
    `delay_seconds` is how long the oldest entry of each had waited, null where that is not known
    here."""
    del caller
    own, query = parts.session.profile.agency.id, ["seals", journal]
    before = place_of(parts.cursor_key, query, cursor)
    here = (seals.c.agency_id == own, seals.c.journal == journal)
    chosen = sa.select(seals).where(*here).order_by(seals.c.size.desc()).limit(limit + 1)
    if before is not None:
        chosen = chosen.where(seals.c.size < int(before))
    with parts.database.read() as connection:
        known = sa.select(journals.c.size).where(
            journals.c.agency_id == own, journals.c.journal == journal
        )
        if connection.execute(known).scalar() is None:
            raise UnknownResourceError(f"there is no journal {journal}", "one that /journals lists")
        rows = connection.execute(chosen).all()
        final, _ = mirror.heights(connection)
        items = [
            {
                "size": row.size,
                "previous_size": row.previous_size,
                "root": hexadecimal(row.root),
                "sealed_at": instant(row.sealed_at),
                "block": row.block_number,
                "delay_seconds": _rounded(
                    seal_delay(connection, journal, row.previous_size, row.sealed_at)
                ),
                "stage": "final" if row.block_number <= final else "provable",
            }
            for row in rows[:limit]
        ]
    following = None
    if len(rows) > limit:
        following = make_cursor(parts.cursor_key, query, rows[limit - 1].size)
    return json_answer({"items": items, "next": following})


def _journal(session: Session, row: sa.Row[Any]) -> dict[str, Any]:
    progress = progress_of(session, row.journal)
    here = (seals.c.agency_id == row.agency_id, seals.c.journal == row.journal)
    latest = (
        sa.select(seals.c.previous_size, seals.c.sealed_at)
        .where(*here)
        .order_by(seals.c.size.desc())
        .limit(_RECENT)
    )
    with session.database.read() as connection:
        count = connection.execute(sa.select(sa.func.count()).where(*here)).scalar()
        recent = connection.execute(latest).all()
        delays = [seal_delay(connection, row.journal, *each) for each in recent]
    known = [each for each in delays if each is not None]
    return {
        "journal": row.journal,
        "use": _use(session, row.journal),
        "closed": row.closed,
        "repudiated_from": row.repudiated_from,
        "acknowledged": progress.acknowledged,
        "provable": progress.provable,
        "final": progress.final,
        "seals": count,
        "sealed_at": instant_or_none(recent[0].sealed_at if recent else None),
        "delay_seconds": _rounded(median(known) if known else None),
    }


def _use(session: Session, journal: int) -> str | None:
    """What the profile names a journal for: the register, the reads, or nothing."""
    register, reads = session.profile.journal, session.profile.reads
    if register is not None and register.number == journal:
        return "records"
    return "reads" if reads is not None and reads.number == journal else None


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
