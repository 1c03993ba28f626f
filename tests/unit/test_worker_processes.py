# SPDX-License-Identifier: Apache-2.0
"""Workers of a process that is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

WORK = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from muniment.registry.worker_processes import end_with_parent

if __name__ == "__main__":
    context = get_context("forkserver")
    with ProcessPoolExecutor(2, mp_context=context, initializer=end_with_parent) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""
PATIENCE = 30


def test_workers_of_a_killed_process__end_too(tmp_path: Path) -> None:
    script = tmp_path / "work.py"
    script.write_text(WORK)
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        assert is_running(worker)
        process.kill()
    ended = time.monotonic() + PATIENCE
    while is_running(worker):
        assert time.monotonic() < ended, "it waits for work"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
