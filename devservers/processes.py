# SPDX-License-Identifier: Apache-2.0
"""Servers as processes of this machine, known by the files FOLDER/NAME.pid.

A process is taken for a server only where its command names the server's folder: a number that the
system has given to another program since harms nobody.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from devservers.errors import ServerEndedError

START_SECONDS: Final = 300.0
"""Servers in Java on two busy cores take a minute."""
_STOP_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.1


class Processes:
    """The processes that were started from one folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which need not exist yet."""
        self.folder = folder.absolute()
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def log(self, name: str) -> Path:
        """Where a server says what it does."""
        return self.folder / f"{name}.log"

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a server that does not run; `command` names the folder somewhere."""
        if self.pid(name) is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        # A program that is being loaded has no command line for a moment, and is not known by it.
        while process.poll() is None and not _command_of(process.pid).strip(b"\0"):
            time.sleep(0.001)
        self._children[name] = process
        (self.folder / f"{name}.pid").write_text(f"{process.pid}\n")

    def pid(self, name: str) -> int | None:
        """The number of a server's process, None where it does not run."""
        child = self._children.get(name)
        if child is not None:
            child.poll()
        try:
            pid = int((self.folder / f"{name}.pid").read_text())
            command = _command_of(pid)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, ValueError):
            return None
        # Whatever else got the number since has another command line, or none yet.
        return pid if bytes(self.folder) in command and state != "Z" else None

    def running(self) -> dict[str, int]:
        """The servers that run, with the numbers of their processes."""
        names = sorted(path.stem for path in self.folder.glob("*.pid"))
        found = {name: self.pid(name) for name in names}
        return {name: pid for name, pid in found.items() if pid is not None}

    def stop(self, name: str, *, kill: bool = False) -> bool:
        """End a server, by SIGKILL at once or when it does not end; return whether it ran."""
        pid = self.pid(name)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if kill else signal.SIGTERM)
            deadline = time.monotonic() + _STOP_SECONDS
            while self.pid(name) is not None:
                if time.monotonic() > deadline:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                time.sleep(_POLL_SECONDS / 2)
        child = self._children.pop(name, None)
        if child is not None:
            child.wait()
        (self.folder / f"{name}.pid").unlink(missing_ok=True)
        return pid is not None

    def wait(self, name: str, answers: Callable[[], bool], *others: str) -> None:
        """Return when a server answers. Raises `ServerEndedError`, also of the `others`.

        `answers` may raise `OSError` and `ValueError` while it does not.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for each in (name, *others):
                if self.pid(each) is None:
                    raise ServerEndedError(each, "ended", self.log(each))
            with suppress(OSError, ValueError, LookupError):
                if answers():
                    return
            time.sleep(_POLL_SECONDS)
        raise ServerEndedError(name, f"did not answer in {START_SECONDS:g} s", self.log(name))


def _command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
