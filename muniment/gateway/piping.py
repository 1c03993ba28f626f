# SPDX-License-Identifier: Apache-2.0
"""Streams between the server, which awaits, and the registry's work, which runs in threads.

Each holds a few pieces at most: a slow reader slows the writer down, whatever the length.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Generator
from queue import Full, Queue
from typing import Final

from muniment.errors import MunimentError

_PIECES: Final = 4
_PIECE: Final = 1 << 18
_LOOK_SECONDS: Final = 0.5


class GoneError(Exception):
    """Whoever was on the other side has gone."""


class Outgoing:
    """A writer whose bytes are read as they come; the answer to a call is made of it."""

    def __init__(self) -> None:
        """Begin empty."""
        self._queue: Queue[bytes | None] = Queue(_PIECES)
        self._gone = threading.Event()
        self._fault: BaseException | None = None

    def write(self, data: bytes, /) -> int:
        """Hand bytes over. Raises `GoneError` when nobody reads any more."""
        for at in range(0, len(data), _PIECE):
            self._put(bytes(data[at : at + _PIECE]))
        return len(data)

    def pieces(self, work: Callable[[Outgoing], object]) -> Generator[bytes, None, None]:
        """Yield what `work` writes, which runs in a thread; what it raises is raised here, after
        all that it wrote: whoever reads must see that the stream broke off."""
        thread = threading.Thread(target=self._run, args=[work], daemon=True)
        thread.start()
        try:
            while (piece := self._queue.get()) is not None:
                yield piece
            if self._fault is not None:
                raise self._fault
        finally:
            self._gone.set()
            thread.join()

    def _run(self, work: Callable[[Outgoing], object]) -> None:
        try:
            work(self)
        except GoneError:
            return
        except (MunimentError, OSError, ValueError) as error:
            self._fault = error
        finally:
            with contextlib.suppress(GoneError):
                self._put(None)

    def _put(self, piece: bytes | None) -> None:
        while not self._gone.is_set():
            try:
                self._queue.put(piece, timeout=_LOOK_SECONDS)
            except Full:
                continue
            return
        raise GoneError


class Incoming:
    """A reader of what a call's body brings, for work that runs in a thread."""

    def __init__(self) -> None:
        """Begin empty."""
        self._queue: Queue[bytes | BaseException | None] = Queue(_PIECES)
        self._left = b""
        self._ended = False

    async def feed(self, stream: AsyncIterator[bytes], is_read: Callable[[], bool]) -> None:
        """Hand over all that a stream brings, while `is_read` says that somebody reads.

        What the stream raises is raised to the reader too.
        """
        end: BaseException | None = None
        try:
            async for piece in stream:
                if piece and not await self._offer(piece, is_read):
                    return
        except BaseException as error:
            end = error
            raise
        finally:
            await self._offer(end, is_read)

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, waiting for some; none at the end."""
        if not self._left and not self._ended:
            found = self._queue.get()
            if found is None:
                self._ended = True
            elif isinstance(found, BaseException):
                self._ended = True
                raise found
            else:
                self._left = found
        piece, self._left = self._left[:size], self._left[size:]
        return piece

    async def _offer(
        self, piece: bytes | BaseException | None, is_read: Callable[[], bool]
    ) -> bool:
        while is_read():
            try:
                self._queue.put_nowait(piece)
            except Full:
                await asyncio.sleep(0.002)
                continue
            return True
        return False
