# SPDX-License-Identifier: Apache-2.0
"""How far a submission is: `Prefer: wait=provable` and `wait=final` for an answer that waits as
long as it may, `Accept: text/event-stream` for one that tells each stage as it is reached."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from muniment.gateway.parts import Parts
from muniment.gateway.refusals import UnfitCallError
from muniment.gateway.streams import RETRY, event_stream
from muniment.registry import Stage, Submission

APPLIED: Final = "Preference-Applied"
_LOOK_SECONDS: Final = 0.1
_STREAM_SECONDS: Final = 0.2
_ORDER: Final = (Stage.ACKNOWLEDGED, Stage.PROVABLE, Stage.FINAL)
_wait: Final = re.compile(r"wait=([a-z]+)(?:\s*;\s*seconds=([0-9]{1,4}))?").fullmatch


@dataclass(frozen=True, slots=True)
class Preference:
    """How far a caller would have the answer wait, and for how many seconds at most."""

    stage: Stage
    seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """What says that the preference was heeded."""
        if self.stage is Stage.ACKNOWLEDGED:
            return {}
        return {APPLIED: f"wait={self.stage}"}


def preference_of(request: Request, longest: int) -> Preference:
    """Return what the header Prefer asks for; nothing: not to wait. Others' preferences are passed
    over. Raises `UnfitCallError`."""
    for each in ",".join(request.headers.getlist("prefer")).split(","):
        text = each.strip()
        if not text.startswith("wait="):
            continue
        found = _wait(text)
        if found is None or found[1] not in _ORDER:
            expected = "wait=provable or wait=final, and ; seconds=NUMBER if you like"
            raise UnfitCallError("the preference cannot be read", expected, field="Prefer")
        return Preference(Stage(found[1]), min(longest, int(found[2] or longest)))
    return Preference(Stage.ACKNOWLEDGED, 0)


async def wait_for(submission: Submission, wanted: Preference) -> Stage:
    """Return the stage of a submission when it has come so far, was refused, or the time is over.

    Nothing is sent or sealed here: the daemon does that.
    """
    deadline = time.monotonic() + wanted.seconds
    while True:
        stage = await run_in_threadpool(lambda: submission.stage)
        if stage in (Stage.REFUSED, Stage.PREPARED) or _ORDER.index(stage) >= _ORDER.index(
            wanted.stage
        ):
            return stage
        if time.monotonic() >= deadline:
            return stage
        await asyncio.sleep(_LOOK_SECONDS)


def stage_stream(
    request: Request, parts: Parts, look: Callable[[], Mapping[str, Any]]
) -> StreamingResponse:
    """Return a stream of a submission's stages, which ends when it is final or refused.

    `look` gives the submission as answers have it, and is asked again and again.
    """
    told: str | None = None

    async def more() -> list[bytes] | None:
        nonlocal told
        if told in (Stage.FINAL, Stage.REFUSED):
            return None
        body = await run_in_threadpool(look)
        if body["stage"] == told:
            return []
        told = body["stage"]
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return [f"event: stage\ndata: {text}\n\n".encode()]

    return event_stream(request, parts, RETRY + b"\n", more, _STREAM_SECONDS)
