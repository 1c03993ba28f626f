# SPDX-License-Identifier: Apache-2.0
"""What the agency's officers see first: its numbers, and the custody that is offered to it."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Query, Response

from muniment.gateway.agency_figures import DAY, MOST_READS, agency_figures
from muniment.gateway.answers import hexadecimal, json_answer
from muniment.gateway.parts import PartsHere, Reader
from muniment.record.instants import instant, instant_or_none
from muniment.record.state import Status
from muniment.store.tables import records

router = APIRouter(tags=["dashboard"])

_MOST: Final = 500


@router.get("/dashboard", summary="The agency in numbers")
def dashboard(
    parts: PartsHere, caller: Reader, days: Annotated[int, Query(ge=1, le=3650)] = 30
) -> Response:
    """Return registrations by day, records by type and status, the journals' growth, the delay of
    the latest seals, and reads by purpose (null where reads are not written down)."""
    del caller
    since_ms = int((time.time() - (days - 1) * DAY) * 1000)
    found = agency_figures(parts.session, since_ms)
    names = {int(each.type_id): each.name for each in parts.session.record_types.all()}
    body: dict[str, Any] = {
        "registered": [
            {"date": _date(day), "direct": direct, "journal": journal}
            for day, (direct, journal) in found.registered.items()
        ],
        "by_type": [
            {
                "type_id": type_id,
                "type": names.get(type_id),
                "status": "journal" if status is Status.NONE else status.name.lower(),
                "count": count,
            }
            for (type_id, status), count in sorted(found.by_type.items())
        ],
        "journals": [
            {
                "journal": journal,
                "sizes": [{"date": _date(day), "size": size} for day, size in sizes.items()],
            }
            for journal, sizes in found.growth.items()
        ],
        "seals": [
            {
                "journal": each.journal,
                "sealed_at": instant(each.sealed_at),
                "size": each.size,
                "delay_seconds": round(each.seconds, 1),
            }
            for each in found.delays
        ],
        "reads": None
        if found.reads is None
        else [
            {"purpose": purpose, "count": count}
            for purpose, count in sorted(found.reads.items(), key=lambda each: (-each[1], each[0]))
        ],
        "reads_counted": MOST_READS,
    }
    return json_answer(body)


@router.get("/offers", summary="Custody that is offered to this agency")
def offers(parts: PartsHere, caller: Reader) -> Response:
    """List the records whose custody is offered to this agency and may still be accepted, by the
    mirror, those that end first first."""
    del caller
    columns = records.c
    chosen = (
        sa.select(records)
        .where(columns.offered_to == parts.session.profile.agency.id)
        .where(columns.offer_expires_at > int(time.time()))
        .order_by(columns.offer_expires_at, columns.record_id)
        .limit(_MOST)
    )
    with parts.database.read() as connection:
        rows = connection.execute(chosen).mappings().all()
    items = [
        {
            "record": hexadecimal(bytes(row["record_id"])),
            "status": Status(row["status"]).name.lower(),
            "version": row["version"],
            "issuer": row["issuer"],
            "custodian": row["custodian"],
            "type_id": row["type_id"],
            "holds": row["hold_count"],
            "offered_to": row["offered_to"],
            "offer_expires_at": instant(row["offer_expires_at"]),
            "updated_at": instant_or_none(row["updated_at"]),
        }
        for row in rows
    ]
    return json_answer({"items": items, "next": None})


def _date(day: int) -> str:
    return instant(day * DAY)[:10]
