# SPDX-License-Identifier: Apache-2.0
"""Commands that go on until they are told to stop do stop, whenever they are told."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What `stop.wait()` does first and last, with the signal just then.
_TOLD_INSIDE_WAIT = """
import signal
from muniment.cli.until_stopped import stopped_by_signals
stop = stopped_by_signals()
with stop._cond:
    signal.raise_signal(signal.{name})
assert stop.wait(20)
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_told_to_stop_inside_wait__stops(name: str) -> None:
    script = _TOLD_INSIDE_WAIT.format(name=name)
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
