# SPDX-License-Identifier: Apache-2.0
"""What the gateway tidies up by itself: keys of calls, and uploads, that are out of time, and
envelopes that nobody is to fetch any more."""

from __future__ import annotations

import logging
import threading
from typing import Final

from muniment.errors import MunimentError
from muniment.gateway import idempotency, uploads
from muniment.registry.exchange.clearing import clear_tray
from muniment.registry.session import Session

_PAUSE_SECONDS: Final = 600.0
_LOG: Final = logging.getLogger("muniment.gateway")


class Upkeep:
    """Tidies up now and then in a thread; `start` it, and `close` it."""

    def __init__(self, session: Session) -> None:
        """Take what is tidied."""
        self._session = session
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End after what is being done."""
        self._stop.set()

    def _run(self) -> None:
        while True:
            try:
                tidy(self._session)
            except MunimentError as error:
                _LOG.warning("tidying up: %s", error.what)
            if self._stop.wait(_PAUSE_SECONDS):
                return


def tidy(session: Session) -> None:
    """Forget keys of calls that are older than a day, remove uploads that are out of time, and take
    away envelopes that nobody is to fetch any more."""
    idempotency.forget_old(session.database)
    uploads.drop_expired(session)
    clear_tray(session)
