# SPDX-License-Identifier: Apache-2.0
"""A stream of what a producer writes: for what writes, where something wants to read."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import BinaryIO, Self

from muniment.record.objects import Writable


class ProducedStream:
    """Reads what `produce` writes, through a pipe: the producer is never far ahead.

    What it raises is raised to the reader at the end of what was written. Use it as a context.
    """

    def __init__(self, produce: Callable[[Writable], object]) -> None:
        """Take the producer, which begins at once in a thread of its own."""
        source, sink = os.pipe()
        self._reader: BinaryIO = os.fdopen(source, "rb")
        self._fault: BaseException | None = None

        def run() -> None:
            try:
                with os.fdopen(sink, "wb") as writer:
                    produce(writer)
            except BaseException as error:  # noqa: BLE001  (raised to the reader)
                self._fault = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        piece = self._reader.read(size)
        if not piece:
            self._thread.join()
            if self._fault is not None:
                raise self._fault
        return piece

    def __enter__(self) -> Self:
        """Use as a context, closed at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close; a producer that is not done fails at its next write."""
        self._reader.close()
        self._thread.join()
