# SPDX-License-Identifier: Apache-2.0
"""Answers to works that take a while: a line for how far it is, now and then, and a last one for
what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from fastapi import Request
from fastapi.responses import StreamingResponse

from muniment.errors import MunimentError
from muniment.gateway.answers import NDJSON, json_line
from muniment.gateway.errors import problem_of
from muniment.gateway.piping import Outgoing

Line = Mapping[str, Any]
Tell = Callable[[Line], None]
"""Tells how far a work is; what comes too soon after another line is not written."""

_PACE_SECONDS: Final = 0.2


def is_in_lines(request: Request) -> bool:
    """Return whether a caller would be told how far the work is."""
    return NDJSON in request.headers.get("accept", "")


def answer_in_lines(work: Callable[[Tell], Line]) -> StreamingResponse:
    """Return the answer to a work that tells how far it is and returns its last line.

    What is refused before the first line is raised; what goes wrong later is the last line,
    `{"error": {problem}}`. Where the caller goes away, the work ends as what it is doing lets it.
    """
    lines = Outgoing().pieces(lambda target: _Telling(target).run(work))
    first = next(lines, b"")
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(chain([first], lines), headers=headers, media_type=NDJSON)


@dataclass(slots=True)
class _Telling:
    target: Outgoing
    told: float | None = None

    def run(self, work: Callable[[Tell], Line]) -> None:
        try:
            last = work(self.tell)
        except MunimentError as error:
            if self.told is None:
                raise
            last = {"error": problem_of(error)}
        self.target.write(json_line(last))

    def tell(self, line: Line) -> None:
        now = time.monotonic()
        if self.told is None or now - self.told >= _PACE_SECONDS:
            self.told = now
            self.target.write(json_line(line))
