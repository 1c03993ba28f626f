# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC over a node's own socket, which only the node's user can open.

All namespaces answer there, `governance` and `admin` too, which are on no port.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from muniment.chain.connection import RpcError
from network.errors import NetworkError

_CHUNK: Final = 1 << 16


def ask(path: Path, method: str, parameters: Sequence[Any] = (), *, timeout: float = 10.0) -> Any:
    """Return the node's result. Raises `NetworkError` and `RpcError`."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(timeout)
            line.connect(str(path))
            line.sendall(json.dumps(request).encode() + b"\n")
            answer = _answer(line)
    except (OSError, ValueError) as error:
        raise NetworkError(
            f"nobody answers at {path}: {type(error).__name__}",
            expected="a running node",
            remedy="python -m network start",
        ) from error
    fault = answer.get("error")
    if fault:
        raise RpcError(method, int(fault.get("code", 0)), str(fault.get("message", "")))
    return answer.get("result")


def _answer(line: socket.socket) -> dict[str, Any]:
    """The one JSON value that comes; the node keeps the line open after it."""
    received = b""
    decoder = json.JSONDecoder()
    while True:
        part = line.recv(_CHUNK)
        if not part:
            raise ConnectionError("the line was cut")
        received += part
        try:
            found, _ = decoder.raw_decode(received.decode())
        except ValueError:
            continue
        if not isinstance(found, dict):
            raise ValueError("no JSON-RPC answer")  # noqa: TRY004 (it came over the line)
        return found
