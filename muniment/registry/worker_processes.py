# SPDX-License-Identifier: Apache-2.0
"""Worker processes that do not outlive the process that they work for."""

from __future__ import annotations

import os
from multiprocessing import parent_process
from threading import Thread


def end_with_parent() -> None:
    """Have this process end when its parent does, which can tell nobody when it is killed: workers
    of a pool would wait for more work for good."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, name="parent's end", daemon=True).start()
