# SPDX-License-Identifier: Apache-2.0
"""A node that passes on what another one says, and changes it in one way."""

from __future__ import annotations

import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

LIES = ("proof", "slot", "header", "state", "behind", "nothing", "words")
HEADERS = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "*",
    "content-type": "application/json",
}


class LyingNode:
    """Serves until it is left. `lie` says what is changed, none by default."""

    def __init__(self, truth: str) -> None:
        """Take the URL of the node that tells the truth."""
        self.truth = truth
        self.lie = ""
        self.lies_told = 0
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_OPTIONS(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self._answer(node.answer(body))

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                for name, value in HEADERS.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, body: bytes) -> bytes:
        """What the other node says, or nearly."""
        asked = urllib.request.Request(
            self.truth, data=body, headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(asked) as response:
            answer = json.loads(response.read())
        method = json.loads(body)["method"]
        told = json.dumps(answer)
        changed = json.dumps(self._changed(method, answer))
        if told != changed:
            self.lies_told += 1
        return changed.encode()

    def _changed(self, method: str, answer: dict[str, Any]) -> dict[str, Any]:
        result = answer["result"]
        if method == "eth_getProof":
            if self.lie == "proof":
                # Another value, and nodes that would say so.
                told = result["storageProof"][0]["proof"][-1]
                other = told[:-2] + ("00" if told[-2:] != "00" else "01")
                answer = json.loads(json.dumps(answer).replace(told, other))
            elif self.lie == "slot":
                result["storageProof"] = result["storageProof"][-1:]
            elif self.lie == "words":
                result["accountProof"] = "valid"
        elif self.lie == "header":
            result["timestamp"] = hex(int(result["timestamp"], 16) + 60)
        elif self.lie == "state":
            result["stateRoot"] = "0x" + "11" * 32
        elif self.lie == "behind":
            # A true block, but of long ago: whoever revoked since would not be seen.
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": ["0x1", False]}
            lie, self.lie = self.lie, ""
            answer = json.loads(self.answer(json.dumps(body).encode()))
            self.lie = lie
        elif self.lie == "nothing":
            answer["result"] = None
        return answer
