# SPDX-License-Identifier: Apache-2.0
"""Events as a stream, for pages: server-sent events that go on where they were."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from muniment.gateway.events.cloud_events import event_bytes, place_of, source_of, type_of
from muniment.gateway.parts import Parts, PartsHere, Reader
from muniment.gateway.streams import EVENT_STREAM, RETRY, event_stream
from muniment.store import webhooks
from muniment.store.mirror import NewLog
from muniment.store.webhooks import EventPlace, final_place

router = APIRouter(tags=["events"])

_LOOK_SECONDS: Final = 0.5
_PAGE: Final = 100


@router.get(
    "/events",
    summary="Events as they become final",
    response_class=StreamingResponse,
    responses={200: {"content": {EVENT_STREAM: {}}}},
)
async def stream(
    request: Request,
    parts: PartsHere,
    caller: Reader,
    after: Annotated[str | None, Query(description="An event's id; else from now on")] = None,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> StreamingResponse:
    """Stream events, each a CloudEvent, as server-sent events.

    Whoever comes back with Last-Event-ID misses nothing. It ends with the session, with the
    gateway, or when who asked is gone.
    """
    del caller
    named = last_event_id or after
    if named is not None:
        place = EventPlace.parse(named)
    else:
        place = await run_in_threadpool(_now, parts)
    chain = parts.session.profile.chain
    source = source_of(chain.id, chain.registry)

    async def more() -> list[bytes]:
        nonlocal place
        page = await run_in_threadpool(_page, parts, place)
        if page:
            place = place_of(page[-1])
        return [_event(source, each) for each in page]

    first = RETRY + f"id: {place}\n\n".encode()
    return event_stream(request, parts, first, more, _LOOK_SECONDS)


def _event(source: str, log: NewLog) -> bytes:
    kind, body = type_of(log.contract, log.name), event_bytes(source, log)
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(place_of(log)).encode(), kind.encode(), body)


def _page(parts: Parts, place: EventPlace) -> list[NewLog]:
    with parts.database.read() as connection:
        return webhooks.events_after(connection, place, _PAGE)


def _now(parts: Parts) -> EventPlace:
    with parts.database.read() as connection:
        return final_place(connection)
