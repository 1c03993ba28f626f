# SPDX-License-Identifier: Apache-2.0
"""Limits: how often each caller may call, how long a body may be, and how slowly it may come.

Buckets of tokens, in memory: a gateway is one process, and a restart forgives.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from muniment.gateway.errors import answer_of
from muniment.gateway.refusals import (
    BodyTooLargeError,
    MalformedCallError,
    SlowBodyError,
    TooFastError,
)
from muniment.gateway.settings import GatewaySettings

_MOST_CALLERS: Final = 10_000


class Buckets:
    """For each key a bucket of `burst` calls that fills again by `per_second`."""

    def __init__(
        self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with every bucket full."""
        self._rate = per_second
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, calls: float = 1.0) -> None:
        """Take from a bucket; raise `TooFastError` where it is empty."""
        now = self._clock()
        with self._lock:
            level, since = self._levels.pop(key, (float(self._burst), now))
            level = min(float(self._burst), level + (now - since) * self._rate)
            missing = min(calls, float(self._burst)) - level
            if missing <= 0:
                level -= min(calls, float(self._burst))
            self._levels[key] = (level, now)
            if len(self._levels) > _MOST_CALLERS:
                # The one that has not called for longest: its bucket is full by now.
                self._levels.popitem(last=False)
        if missing > 0:
            raise TooFastError(max(1, math.ceil(missing / self._rate)))

    def refill(self, key: str) -> None:
        """Fill a bucket again."""
        with self._lock:
            self._levels.pop(key, None)


class BodyLimit:
    """Refuses bodies that are longer than the resource takes, before and while they come, and those
    that stand still."""

    def __init__(self, app: ASGIApp, settings: GatewaySettings) -> None:
        """Wrap an application."""
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is short enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most(scope["path"])
        said = Headers(scope=scope).get("content-length", "0")
        if not said.isdecimal():
            error = MalformedCallError("Content-Length is no number", "the body's length in bytes")
            await answer_of(error, scope["path"])(scope, receive, send)
            return
        if int(said) > most:
            await answer_of(BodyTooLargeError(most), scope["path"])(scope, receive, send)
            return
        came, is_whole, pause = 0, False, self._settings.pause_seconds

        async def receive_counted() -> Message:
            nonlocal came, is_whole
            if is_whole:
                # Nothing comes any more but word that the caller has gone.
                return await receive()
            try:
                async with asyncio.timeout(pause):
                    message = await receive()
            except TimeoutError:
                raise SlowBodyError(pause) from None
            is_whole = not message.get("more_body", False)
            if message["type"] == "http.request":
                came += len(message.get("body", b""))
                if came > most:
                    raise BodyTooLargeError(most)
            return message

        await self._app(scope, receive_counted, send)

    def _most(self, path: str) -> int:
        if path.startswith(("/uploads/", "/deliveries")):
            return self._settings.upload_bytes
        if path == "/records:bulk":
            return self._settings.bulk_bytes
        return self._settings.body_bytes
