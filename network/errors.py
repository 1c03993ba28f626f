# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with the network."""

from __future__ import annotations

from muniment.errors import ChainError


class NetworkError(ChainError):
    """The network, or a node of it, is not as it has to be for what was asked."""


class BuildError(NetworkError):
    """The node's program cannot be built here."""


class NodeEndedError(NetworkError):
    """A node's process ended, or it does not answer. `name` says which, its log says why."""

    def __init__(self, name: str, what: str, log: object) -> None:
        super().__init__(f"node {name} {what}", expected="a running node", remedy=f"read {log}")
        self.name = name
