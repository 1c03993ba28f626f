# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with the servers of this machine."""

from __future__ import annotations

from pathlib import Path

from muniment.errors import MunimentError


class ServerError(MunimentError):
    """A server cannot be fetched, started or stopped."""


class ServerEndedError(ServerError):
    """The server `name` ended, or did not answer in time; `log` is where it said why."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        super().__init__(
            f"{name} {what}",
            expected="a server that answers",
            remedy=f"read the end of {log}",
        )
        self.name = name
        self.log = log
