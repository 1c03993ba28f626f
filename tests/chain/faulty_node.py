# SPDX-License-Identifier: Apache-2.0
"""A node that misbehaves: a proxy before a real one, with one fault at a time."""

from __future__ import annotations

import http.server
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.chain.web_server import served

Request = dict[str, Any]


class FaultyNode:
    """The proxy at `url` before the node at `real`.

    `answer_to` may change the answer of a request (None: it was refused); `fault` is what happens
    to whole HTTP answers: "" nothing, "late", "half", "dropped" (after the node had it), or a
    status as text. `times` is how often it happens, None for ever; `only` names the methods that it
    happens to.
    """

    def __init__(self, real: str) -> None:
        self.real = real
        self.url = ""
        self.fault = ""
        self.times: int | None = None
        self.only: tuple[str, ...] = ()
        self.late_seconds = 2.0
        self.answer_to: Callable[[Request, Any], Any] = lambda _, result: result

    def set(self, fault: str, *only: str, times: int | None = None) -> None:
        """Have a fault from now on."""
        self.fault, self.only, self.times = fault, only, times

    def takes(self, methods: list[str]) -> str:
        """Return the fault for a request, and count it."""
        if not self.fault or (self.only and not set(self.only) & set(methods)):
            return ""
        if self.times == 0:
            return ""
        if self.times is not None:
            self.times -= 1
        return self.fault


def _handler(node: FaultyNode) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = json.loads(body)
            many = asked if isinstance(asked, list) else [asked]
            fault = node.takes([each["method"] for each in many])
            if fault.isdecimal():
                self._send(int(fault), b"{}")
                return
            request = urllib.request.Request(node.real, body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=30) as response:
                said = json.loads(response.read())
            if fault == "dropped":
                self.close_connection = True
                self.connection.close()
                return
            if fault == "late":
                time.sleep(node.late_seconds)
            answers = {each["id"]: each for each in (said if isinstance(said, list) else [said])}
            for each in many:
                answer = answers[each["id"]]
                changed = node.answer_to(each, answer.get("result"))
                if "result" in answer or changed is not None:
                    answer.pop("error", None)
                    answer["result"] = changed
            whole = json.dumps(said).encode()
            self._send(200, whole[: len(whole) // 2] if fault == "half" else whole)

        def _send(self, status: int, body: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                # Whoever asked has had enough of waiting.
                self.close_connection = True

    return Handler


@contextmanager
def faulty_node(real: str) -> Iterator[FaultyNode]:
    """Run a proxy before a node."""
    node = FaultyNode(real)
    with served(_handler(node)) as place:
        node.url = f"http://{place}"
        yield node
