# SPDX-License-Identifier: Apache-2.0
"""Lines between validators that can be cut and mended: a TCP proxy before each one's peers' port.

Two groups of two: within a group peers find each other directly, across by the lines.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from network.members import Member, Network
from network.ports import free_ports

_CHUNK = 1 << 16


class Line:
    """A port that leads to a member's peers' port, until it is cut."""

    def __init__(self, member: Member, port: int) -> None:
        self.port = port
        self._target = (member.host, member.p2p)
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._is_cut = False
        self._listener = socket.create_server((member.host, port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            ends, self._open = self._open, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def mend(self) -> None:
        with self._lock:
            self._is_cut = False

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._is_cut:
                    near.close()
                    continue
                try:
                    far = socket.create_connection(self._target, timeout=2)
                except OSError:
                    near.close()
                    continue
                far.settimeout(None)
                self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while part := source.recv(_CHUNK):
            sink.sendall(part)
    except OSError:
        pass
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def lines_between(network: Network) -> Iterator[list[Line]]:
    """Lay lines between the first two members and the others; before the nodes are started."""
    members = network.own()
    ports = free_ports(len(members))
    lines = [Line(member, port) for member, port in zip(members, ports, strict=True)]
    for place, member in enumerate(members):
        peers = [
            other.peer if (place < 2) == (far < 2) else replace(other, p2p=lines[far].port).peer
            for far, other in enumerate(members)
        ]
        (network.home(member) / "static-nodes.json").write_text(json.dumps(peers))
    try:
        yield lines
    finally:
        for line in lines:
            line.close()
