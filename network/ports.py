# SPDX-License-Identifier: Apache-2.0
"""Ports that nobody listens on, below those that systems give to outgoing connections."""

from __future__ import annotations

import secrets
import socket
from typing import Final

from network.errors import NetworkError

LOWEST: Final = 20_000
HIGHEST: Final = 32_767
"""Linux gives 32768 and above to outgoing connections: a port there may be taken at any time."""


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Return `count` different ports of `host` that are free now. Raises `NetworkError`."""
    found: list[int] = []
    span = HIGHEST - LOWEST + 1
    start = secrets.randbelow(span)
    for step in range(span):
        port = LOWEST + (start + step) % span
        if is_free(host, port):
            found.append(port)
            if len(found) == count:
                return found
    raise NetworkError(
        f"{host} has {len(found)} free ports from {LOWEST} to {HIGHEST}",
        expected=f"{count} free ports",
        remedy="end programs that listen there",
    )


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        # As the node will: a port whose last connections are fading out is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
