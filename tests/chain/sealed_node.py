# SPDX-License-Identifier: Apache-2.0
"""A node that shows a chain of headers that the tests' own validators have sealed, by JSON-RPC."""

from __future__ import annotations

import http.server
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from muniment.chain.connection import RpcError
from tests.chain.web_server import served
from tests.sealed_headers import SealedChain

CHAIN = 7


@dataclass
class SealedNode:
    """The node at `url`; its `chain` may be exchanged."""

    chain: SealedChain
    url: str = ""


def _handler(node: SealedNode) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = {"jsonrpc": "2.0", "id": asked["id"]}
            try:
                answer["result"] = node.chain.answer(asked["method"], asked["params"], CHAIN)
            except RpcError as refused:
                answer["error"] = {"code": refused.code, "message": refused.reason}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


@contextmanager
def sealed_node(chain: SealedChain) -> Iterator[SealedNode]:
    """Run a node that has a chain."""
    node = SealedNode(chain)
    with served(_handler(node)) as place:
        node.url = f"http://{place}"
        yield node
