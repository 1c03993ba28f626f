# SPDX-License-Identifier: Apache-2.0
"""Events as a stream, for pages: server-sent events that go on where they were."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from muniment.errors import MunimentError
from muniment.gateway.events.cloud_events import event_bytes, place_of, source_of, type_of
from muniment.gateway.parts import Parts, PartsHere, Reader
from muniment.gateway.refusals import TooFastError
from muniment.store import webhooks
from muniment.store.mirror import NewLog
from muniment.store.webhooks import EventPlace, final_place

router = APIRouter(tags=["events"])

_LOOK_SECONDS: Final = 0.5
_BEAT_SECONDS: Final = 15.0
_PAGE: Final = 100
_STREAMS: Final = 64
_open_streams: Final[set[object]] = set()


@router.get(
    "/events",
    summary="Events as they become final",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
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
    if len(_open_streams) >= _STREAMS:
        raise TooFastError(int(_BEAT_SECONDS))
    if named is not None:
        place = EventPlace.parse(named)
    else:
        place = await run_in_threadpool(_now, parts)
    return StreamingResponse(
        _lines(request, parts, place),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _lines(request: Request, parts: Parts, place: EventPlace) -> AsyncIterator[bytes]:
    chain = parts.session.profile.chain
    source = source_of(chain.id, chain.registry)
    mark = object()
    _open_streams.add(mark)
    beat = time.monotonic()
    try:
        yield f"retry: 2000\nid: {place}\n\n".encode()
        while not getattr(request.app.state, "stopping", False):
            page = await run_in_threadpool(_page, parts, place)
            for log in page:
                kind = type_of(log.contract, log.name)
                place = place_of(log)
                body = event_bytes(source, log)
                yield b"id: %b\nevent: %b\ndata: %b\n\n" % (
                    str(place).encode(),
                    kind.encode(),
                    body,
                )
            if page:
                continue
            if time.monotonic() - beat >= _BEAT_SECONDS:
                beat = time.monotonic()
                try:
                    # Whoever may not read any more is told nothing more.
                    await parts.identifying.caller(request)
                except MunimentError:
                    return
                yield b": here\n\n"
            if await request.is_disconnected():
                return
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        _open_streams.discard(mark)


def _page(parts: Parts, place: EventPlace) -> list[NewLog]:
    with parts.database.read() as connection:
        return webhooks.events_after(connection, place, _PAGE)


def _now(parts: Parts) -> EventPlace:
    with parts.database.read() as connection:
        return final_place(connection)
