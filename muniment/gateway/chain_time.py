# SPDX-License-Identifier: Apache-2.0
"""The time that entries may claim, asked for beside the appending: a node that hangs holds nobody
up."""

from __future__ import annotations

import threading
import time
from typing import Final

from muniment.chain.journals import next_block_time
from muniment.errors import MunimentError
from muniment.registry.session import Session

_ASK_SECONDS: Final = 2.0
_OLDEST_SECONDS: Final = 10.0


class ChainTime:
    """The time of the chain's next block, in Unix seconds; None while no node answers."""

    def __init__(self, session: Session) -> None:
        """Ask nobody yet."""
        self._session = session
        self._found: tuple[float, int] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chain time", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._ask()
        self._thread.start()

    def close(self) -> None:
        """Ask no more."""
        self._stop.set()

    @property
    def latest(self) -> int | None:
        """That time, at most some seconds old."""
        found = self._found
        if found is None or time.monotonic() - found[0] > _OLDEST_SECONDS:
            return None
        return found[1]

    def _run(self) -> None:
        while not self._stop.wait(_ASK_SECONDS):
            self._ask()

    def _ask(self) -> None:
        try:
            self._found = (time.monotonic(), self._session.nodes.read(next_block_time))
        except MunimentError:
            self._found = None
