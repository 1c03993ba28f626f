# SPDX-License-Identifier: Apache-2.0
"""The work of a process that seals beside itself, until it is killed."""

from __future__ import annotations

import time
from pathlib import Path

from muniment.registry import Registry
from muniment.registry.sealing_beside import sealing


def go_on_sealing(profile: Path, password: str) -> None:
    with (
        Registry.open(profile, password=password) as registry,
        sealing(registry.session, process=True),
    ):
        time.sleep(600)
