# SPDX-License-Identifier: Apache-2.0
"""A line for each call, as the other logs write theirs, at the cost of a few microseconds."""

from __future__ import annotations

import json
import sys
import time
from functools import lru_cache

from muniment.record.instants import instant


def log_call(method: str, resource: str, status: int, seconds: float, caller: str | None) -> None:
    """Write a line of a call: `resource` is the path with the names of what stood in it."""
    now = time.time()
    who = "null" if caller is None else _quoted(caller)
    sys.stderr.write(
        f'{{"time":"{_second(int(now))}.{int(now * 1000) % 1000:03d}Z","level":"info",'
        f'"text":"call","method":{_quoted(method)},"resource":{_quoted(resource)},'
        f'"status":{status},"milliseconds":{seconds * 1000:.1f},"caller":{who}}}\n'
    )


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    return json.dumps(text)


@lru_cache(maxsize=2)
def _second(now: int) -> str:
    return instant(now).removesuffix("Z")
