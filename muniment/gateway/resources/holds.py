# SPDX-License-Identifier: Apache-2.0
"""What may not be changed, and what may soon be destroyed."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Query, Response

from muniment.gateway.answers import hexadecimal, json_answer
from muniment.gateway.cursors import make_cursor, place_of
from muniment.gateway.parts import PartsHere, Reader
from muniment.gateway.resources.finding import Cursor, Limit
from muniment.gateway.standings import proposal_body
from muniment.record.instants import instant
from muniment.registry.disposition.candidates import DAY, Candidate, due
from muniment.registry.disposition.stops import proposals_of
from muniment.store.tables import holds, records, type_holds

router = APIRouter(tags=["holds and retention"])

_LONGEST: Final = 36_500
_MOST: Final = 10_000


@router.get("/holds", summary="Holds in force")
def list_holds(
    parts: PartsHere,
    caller: Reader,
    own: Annotated[bool, Query(description="Of records in this agency's custody alone")] = True,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List holds of records, by the mirror, and with the first page those of whole types."""
    del caller
    agency, query = parts.session.profile.agency.id, ["holds", own]
    after = place_of(parts.cursor_key, query, cursor)
    chosen = (
        sa.select(holds, records.c.custodian, records.c.status)
        .join(records, records.c.record_id == holds.c.record_id, isouter=True)
        .order_by(holds.c.record_id, holds.c.authority, holds.c.case_commitment)
        .limit(limit + 1)
    )
    if own:
        # One on an id that is not on chain yet is nobody's: shown, for it may be of this agency.
        chosen = chosen.where(sa.or_(records.c.custodian == agency, records.c.custodian == 0))
    if after is not None:
        last = (bytes.fromhex(after[0]), after[1], bytes.fromhex(after[2]))
        key = sa.tuple_(holds.c.record_id, holds.c.authority, holds.c.case_commitment)
        chosen = chosen.where(key > sa.tuple_(*map(sa.literal, last)))
    with parts.database.read() as connection:
        rows = connection.execute(chosen).mappings().all()
        of_types = [] if after is not None else _of_types(connection, agency if own else None)
    items: list[dict[str, Any]] = [
        {
            "record": hexadecimal(bytes(row["record_id"])),
            "authority": row["authority"],
            "case": hexadecimal(bytes(row["case_commitment"])),
            "block": row["block_number"],
            "custodian": row["custodian"] or None,
        }
        for row in rows[:limit]
    ]
    following = None
    if len(rows) > limit:
        last_row = rows[limit - 1]
        place = [
            bytes(last_row["record_id"]).hex(),
            last_row["authority"],
            bytes(last_row["case_commitment"]).hex(),
        ]
        following = make_cursor(parts.cursor_key, query, place)
    return json_answer({"items": items, "types": of_types, "next": following})


@router.get("/retention", summary="Records whose retention is over, or soon")
def retention(
    parts: PartsHere,
    caller: Reader,
    within_days: Annotated[int, Query(ge=0, le=_LONGEST)] = 0,
    type: Annotated[str | None, Query(max_length=64)] = None,  # noqa: A002
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List records in this agency's custody that may be disposed of, by the mirror, now or within
    some days; `held` and `offered_to` tell what stops one, `proposed` who proposed it."""
    del caller
    query = ["retention", within_days, type]
    start = int(place_of(parts.cursor_key, query, cursor) or 0)
    now = int(time.time())
    listed: list[Candidate] = []
    following = None
    for place, each in enumerate(due(parts.session, now + within_days * DAY, type)):
        if place < start:
            continue
        if len(listed) == limit:
            following = make_cursor(parts.cursor_key, query, place) if place < _MOST else None
            break
        listed.append(each)
    proposals = proposals_of(parts.session, [each.record_id for each in listed], now)
    items = [
        {
            "record": hexadecimal(each.record_id),
            "status": each.status.name.lower(),
            "version": each.version,
            "type_id": each.type_id,
            "retained_until": instant(each.retained_until * DAY),
            "due": each.is_due(now),
            "held": bool(each.hold_count),
            "offered_to": each.offered_to or None,
            "by_journal": each.entry is not None,
            "proposed": proposal_body(proposals.get(each.record_id)),
        }
        for each in listed
    ]
    return json_answer({"items": items, "next": following})


def _of_types(connection: sa.Connection, agency: int | None) -> list[dict[str, Any]]:
    chosen = sa.select(type_holds).order_by(type_holds.c.agency_id, type_holds.c.type_id)
    if agency is not None:
        chosen = chosen.where(type_holds.c.agency_id == agency)
    return [
        {
            "agency": row["agency_id"],
            "type_id": row["type_id"],
            "authority": row["authority"],
            "case": hexadecimal(bytes(row["case_commitment"])),
            "block": row["block_number"],
        }
        for row in connection.execute(chosen).mappings()
    ]
