# SPDX-License-Identifier: Apache-2.0
"""Processes for tests that kill them, forked from one that has loaded all they need.

Loading takes seconds and such tests run hundreds of processes; a fork takes milliseconds.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from muniment.cli import main

_PROCESSES = multiprocessing.get_context("forkserver")
# pytest too: each process takes up what was the main module, and that is pytest's.
_PROCESSES.set_forkserver_preload(
    [
        "pytest",
        "muniment.cli.importing",
        "muniment.cli.outbox",
        *(
            f"tests.chain.killed_{what}"
            for what in (
                *("at", "destroying", "following"),
                *("handing_over", "importing", "witnessing"),
            )
        ),
    ]
)
_PR_SET_PTRACER = 0x59616D61
_ANYBODY = -1
_TRACED_SECONDS = 60.0


class Forked:
    """A process that does `work(*arguments)`.

    `within` is a command that takes hold of it by `-p` before it begins, as `strace` does.
    """

    def __init__(
        self,
        work: Callable[..., None],
        *arguments: Any,
        environment: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._output = [Path(self._folder.name, name) for name in ("out", "err")]
        given = dict(environment or os.environ)
        self._process = _PROCESSES.Process(
            target=_begin, args=(work, arguments, given, self._output, bool(within))
        )
        self._process.start()
        self._tracer: subprocess.Popen[bytes] | None = None
        if within:
            self._tracer = subprocess.Popen([*within, "-p", str(self._process.pid)])

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def ended(self, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """How it ended, and what it printed. Raises `TimeoutError` when it does not end."""
        try:
            self._process.join(seconds)
            code = self._process.exitcode
            if code is None:
                raise TimeoutError(f"{self._process.pid} has not ended after {seconds} s")
            out, err = (path.read_text() if path.exists() else "" for path in self._output)
            return subprocess.CompletedProcess([], code, out, err)
        finally:
            self.kill()
            if self._tracer is not None:
                self._tracer.wait(_TRACED_SECONDS)
            self._folder.cleanup()


def muniment(*arguments: str) -> None:
    """The command line, as the work of such a process."""
    sys.argv = ["muniment", *arguments]
    main()


def _begin(
    work: Callable[..., None],
    arguments: Sequence[Any],
    environment: Mapping[str, str],
    output: Sequence[Path],
    is_traced: bool,
) -> None:
    for path, stream in zip(output, (sys.stdout, sys.stderr), strict=True):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, stream.fileno())
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    warnings.simplefilter("ignore")
    if is_traced:
        # Where only parents may trace, this one lets everybody.
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(_ANYBODY), 0, 0, 0)
        deadline = time.monotonic() + _TRACED_SECONDS
        while "TracerPid:\t0\n" in Path("/proc/self/status").read_text():
            if time.monotonic() > deadline:
                raise TimeoutError("nobody traces it")
            time.sleep(0.002)
    work(*arguments)
    sys.stdout.flush()
