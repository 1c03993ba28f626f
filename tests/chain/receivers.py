# SPDX-License-Identifier: Apache-2.0
"""Receivers of webhooks: small HTTP servers that take, fail, hang, and come back."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Receiver:
    """A receiver at a port that stays its own over restarts. `answer` is what it says next."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.tried = 0
        self.answer: Callable[[int], int] = lambda _: 204
        self.hangs = 0.0
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=muniment"

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.tried += 1
                time.sleep(receiver.hangs)
                status = receiver.answer(receiver.tried)
                if status < 300:
                    receiver.taken.append(
                        ({name.lower(): value for name, value in self.headers.items()}, body)
                    )
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.taken]

    @property
    def ids(self) -> list[str]:
        return [each["id"] for each in self.events]


def verify_signature(headers: dict[str, str], body: bytes, public: bytes) -> None:
    """As any receiver does that knows the agency's key. Raises where it does not hold."""
    version, signature = headers["webhook-signature"].split(",")
    assert version == "v1a"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature), signed)
