# SPDX-License-Identifier: Apache-2.0
"""The daemon's work beside the server, in a process of its own: neither holds the other up.

It is forked before anything is opened and while there is one thread alone, so it has what was
unlocked and shares nothing. It ends in order when its parent tells it to, or is gone: it holds the
other end of a pipe that nobody writes to.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Final

from muniment.registry.daemon import Daemon
from muniment.registry.session import Session

_END_SECONDS: Final = 30.0

Say = Callable[[str], None]


class DaemonProcess:
    """A daemon of a session, from `start` to `close`; whether it `died` in between."""

    def __init__(self, session: Session, say: Say) -> None:
        """Take a session that nothing was opened of, whose keystores are unlocked."""
        self._session = session
        self._say = say
        self._pid = 0
        self._lifeline = -1
        self._ended = threading.Event()
        self._closing = False
        self.died = False

    def start(self, when_it_dies: Callable[[], None]) -> None:
        """Fork it. When it dies by itself, which nothing foresees, `when_it_dies` is called."""
        there, self._lifeline = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._lifeline)
            self._run(there)
        os.close(there)

        def wait() -> None:
            _, status = os.waitpid(self._pid, 0)
            self._ended.set()
            if not self._closing:
                self.died = True
                self._say(f"the daemon ended by itself: {os.waitstatus_to_exitcode(status)}")
                when_it_dies()

        threading.Thread(target=wait, name="daemon's end", daemon=True).start()

    def close(self) -> None:
        """End it in order: its leases are free then."""
        self._closing = True
        os.close(self._lifeline)
        if not self._ended.wait(_END_SECONDS):
            os.kill(self._pid, signal.SIGKILL)
            self._ended.wait()

    def _run(self, lifeline: int) -> None:
        """Be the daemon; return never."""
        code = 1
        try:
            # A terminal's interrupt comes to both: the parent ends first, then this.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            stop = threading.Event()

            def watch() -> None:
                os.read(lifeline, 1)
                stop.set()

            threading.Thread(target=watch, daemon=True).start()
            Daemon(self._session, self._say).run(stop)
            self._session.close()
            code = 0
        finally:
            # Not the parent's way out: its clean-up is the parent's.
            os._exit(code)
