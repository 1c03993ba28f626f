# SPDX-License-Identifier: Apache-2.0
"""Whether the gateway moves, and its figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from muniment.gateway.answers import json_answer
from muniment.gateway.callers.caller import Caller
from muniment.gateway.callers.scopes import Scope
from muniment.gateway.metrics import MEDIA_TYPE
from muniment.gateway.parts import PartsHere, requires

router = APIRouter(tags=["health"])

Measuring = Annotated[Caller, Depends(requires(Scope.METRICS))]


@router.get("/healthz", summary="What moves and what stands still")
async def health(request: Request, parts: PartsHere) -> Response:
    """Return 200 where all parts move; else 503, and which do not."""
    parts.calls.take(f"open:{request.client.host if request.client else ''}")
    sight = parts.observer.sight
    still = sorted(name for name, part in sight.parts.items() if not part.moves)
    body = {
        "status": "standing" if still else "moving",
        "still": still,
        "parts": {name: part.body() for name, part in sight.parts.items()},
    }
    return json_answer(body, 503 if still else 200, {"Retry-After": "10"} if still else {})


@router.get("/metrics", summary="Figures for Prometheus")
def metrics(parts: PartsHere, caller: Measuring) -> Response:
    """Return the gateway's figures in the text form of Prometheus."""
    del caller
    return Response(parts.metrics.text(), headers={"Content-Type": MEDIA_TYPE})
