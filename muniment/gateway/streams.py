# SPDX-License-Identifier: Apache-2.0
"""Server-sent events: answers that go on until what they tell of is over, until the session or the
gateway ends, or until who asked is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from fastapi import Request
from fastapi.responses import StreamingResponse

from muniment.errors import MunimentError
from muniment.gateway.parts import Parts
from muniment.gateway.refusals import TooFastError

EVENT_STREAM: Final = "text/event-stream"
RETRY: Final = b"retry: 2000\n"
"""In how many milliseconds a browser is to come back when the line breaks."""

_BEAT_SECONDS: Final = 15.0
_STREAMS: Final = 64
_open_streams: Final[set[object]] = set()

More = Callable[[], Awaitable[Sequence[bytes] | None]]
"""What is new, as whole events; nothing yet: an empty list; None when there will be no more."""


def is_streamed(request: Request) -> bool:
    """Return whether a caller would have the answer as a stream of events."""
    return EVENT_STREAM in ",".join(request.headers.getlist("accept"))


def event_stream(
    request: Request, parts: Parts, first: bytes, more: More, look_seconds: float
) -> StreamingResponse:
    """Return an answer that begins with `first` and asks for `more` every so many seconds.

    Raises `TooFastError` where too many are open.
    """
    if len(_open_streams) >= _STREAMS:
        raise TooFastError(int(_BEAT_SECONDS))
    return StreamingResponse(
        _lines(request, parts, first, more, look_seconds),
        media_type=EVENT_STREAM,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _lines(
    request: Request, parts: Parts, first: bytes, more: More, look_seconds: float
) -> AsyncIterator[bytes]:
    mark = object()
    _open_streams.add(mark)
    beat = time.monotonic()
    try:
        yield first
        while not getattr(request.app.state, "stopping", False):
            found = await more()
            if found is None:
                return
            for each in found:
                yield each
            if found:
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
            await asyncio.sleep(look_seconds)
    finally:
        _open_streams.discard(mark)
