# SPDX-License-Identifier: Apache-2.0
"""The gateway as a process: the server, and the daemon's work beside it in a process of its own.

It ends in order. On SIGTERM the server takes no more connections and answers the calls that it has;
then the registrar appends what waits, and last the daemon gives its leases back. A kill loses no
more than what was not answered yet: an answer is given when its record is durable.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import uvicorn

from muniment.errors import MunimentError
from muniment.gateway.application import create_application
from muniment.gateway.daemon_process import DaemonProcess
from muniment.gateway.settings import GatewaySettings
from muniment.registry import Registry
from muniment.registry.session import Session

_GRACE_SECONDS: Final = 30
_KEPT_SECONDS: Final = 75
"""How long a connection waits for its next call: longer than proxies keep one (nginx: 60), so that
none is closed at the moment in which it is used."""
_NODE_SECONDS: Final = 10.0
_TURN_SECONDS: Final = 0.0005

Say = Callable[[str], None]


def serve(session: Session, host: str, port: int, say: Say, *, with_daemon: bool = True) -> None:
    """Serve until the process is told to stop; `say` gets one line for what changes.

    Nothing of `session` may be open yet: the daemon's process is forked first. Without
    `with_daemon` nothing is sent, indexed or sealed: another process does that.
    """
    settings = GatewaySettings.of(session.profile)
    # The server and the thread that appends take turns: what is durable is to be told at once.
    sys.setswitchinterval(_TURN_SECONDS)
    # What is loaded by now is passed over in the daemon's process too.
    _pass_over_what_is_there()
    with ExitStack() as closing:
        daemon = DaemonProcess(session, say) if with_daemon else None
        if daemon is not None:
            daemon.start(lambda: os.kill(os.getpid(), signal.SIGTERM))
            closing.callback(daemon.close)
        registry = closing.enter_context(Registry(session.again(timeout=_NODE_SECONDS)))
        application = create_application(registry, settings)
        config = uvicorn.Config(
            application,
            host=host,
            port=port,
            loop="uvloop",
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            timeout_keep_alive=_KEPT_SECONDS,
            # A proxy's word is taken from this machine alone.
            proxy_headers=settings.origin is not None,
            forwarded_allow_ips="127.0.0.1",
        )
        _Server(config, say).run()
        if daemon is not None and daemon.died:
            # Whoever watches over the gateway is to start it again.
            raise MunimentError(
                "the daemon ended by itself",
                expected="a daemon that runs until it is told to end",
                remedy="the log says what it met; start the gateway again",
            )


def _pass_over_what_is_there() -> None:
    """Let later garbage collections look at what is made from now on alone: looking through all
    that is loaded for good holds every call up, each time for some tenths of a second."""
    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    """Says where it listens, once it does: with port 0 nobody else knows."""

    def __init__(self, config: uvicorn.Config, say: Say) -> None:
        super().__init__(config)
        self._say = say

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order when told to. The server's own way raises the signal again once it has
        ended, and the daemon would never give its leases back."""
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        # Streams of events have no end of their own.
        self.config.app.state.stopping = True  # type: ignore[union-attr]
        await super().shutdown(sockets=sockets)  # type: ignore[arg-type]

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets=sockets)  # type: ignore[arg-type]
        _pass_over_what_is_there()
        for each in self.servers:
            for socket in each.sockets:
                host, port = socket.getsockname()[:2]
                shown = f"[{host}]" if ":" in host else host
                self._say(f"serving at http://{shown}:{port}")
