# SPDX-License-Identifier: Apache-2.0
"""Envelopes carried by the gateways themselves, as officers ask for it; and what was refused."""

from __future__ import annotations

import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from muniment.gateway.acting import id_of
from muniment.gateway.answers import hexadecimal, json_answer
from muniment.gateway.between.calling import Fetched, fetch_all, gateway_of
from muniment.gateway.bodies import JSON, Member, members_of, require_media_type, whole_body
from muniment.gateway.body_schemas import described_body
from muniment.gateway.lines import Tell, answer_in_lines
from muniment.gateway.parts import Exchanging, PartsHere
from muniment.gateway.refusals import UnknownResourceError
from muniment.record.instants import instant
from muniment.registry.exchange import tray
from muniment.store import envelopes
from muniment.store.envelopes import SENT, Attempt

router = APIRouter(tags=["between agencies"])

_FETCH: Final = {"agency": Member(int, "the number of an agency whose gateway is known")}
_PATIENCE_SECONDS: Final = 20.0
"""How long another gateway that does not answer is waited for: an officer waits too."""
_PIECE: Final = 1 << 20
Digest = Annotated[str, Path(description="0x and 64 digits of hex", max_length=66)]


@router.post("/deliveries/{digest}/push", summary="Push an envelope to the other agency's gateway")
def push(parts: PartsHere, caller: Exchanging, digest: Digest) -> Response:
    """Push an envelope that was written here to the gateway of the agency that it is for, at the
    address of the profile's `gateway.peers`. Again it is the same envelope there.

    Answered in lines: `{"sent": bytes, "size": bytes}` as it goes on, last `{"delivery", "kind",
    "records"}` as the other gateway has it, or `{"error": {problem}}`.
    """
    del caller
    session, wanted = parts.session, id_of("delivery", digest)
    with parts.database.read() as connection:
        row = envelopes.of_digest(connection, wanted)
    name = None if row is None or row.direction != SENT else tray.place_of(session, row)
    if row is None or name is None:
        what = "there is no envelope of this agency to push"
        raise UnknownResourceError(what, "one that was written here, whose file is here")
    gateway = gateway_of(session, str(row.agency_id), seconds=_PATIENCE_SECONDS)
    size = session.vault.size(name)

    def work(tell: Tell) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="muniment-envelope-") as folder:
            path = FilePath(folder) / "envelope"
            with session.vault.open(name) as reader, path.open("wb") as writer:
                while piece := reader.read(_PIECE):
                    writer.write(piece)
            done = gateway.push(path, lambda count: tell({"sent": count, "size": size}))
        # The other agency has it: what was left to be fetched goes.
        tray.take_away(session, wanted)
        return {"delivery": done.digest, "kind": done.kind, "records": done.records}

    return answer_in_lines(work)


@router.post(
    "/deliveries:fetch",
    summary="Fetch what another agency's gateway has",
    openapi_extra=described_body(_FETCH, {"agency": 2}),
)
async def fetch(request: Request, parts: PartsHere, caller: Exchanging) -> Response:
    """Fetch all that another agency's gateway has for this one, and take each in, checked as what
    is handed in; what does not hold is named, and keeps nothing else back.

    Answered in lines: `{"fetched": bytes}` of each as it comes, last `{"items": [{"delivery",
    "kind", "records", "fault"}]}`, or `{"error": {problem}}`.
    """
    del caller
    require_media_type(request, JSON)
    agency: int = members_of(await whole_body(request), _FETCH)["agency"]

    def work(tell: Tell) -> dict[str, Any]:
        gateway = gateway_of(parts.session, str(agency), seconds=_PATIENCE_SECONDS)
        done = fetch_all(
            parts.registry,
            gateway,
            acknowledge=False,
            tell=lambda count: tell({"fetched": count}),
        )
        return {"items": [_fetched(each) for each in done]}

    return await run_in_threadpool(answer_in_lines, work)


@router.get("/attempts", summary="What was refused here")
def attempts(
    parts: PartsHere, caller: Exchanging, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> Response:
    """List what was refused, the latest first: envelopes that did not hold, deliveries that no
    share allows."""
    del caller
    with parts.database.read() as connection:
        found = envelopes.latest_attempts(connection, limit)
    return json_answer({"items": [_attempt(each) for each in found], "next": None})


def _fetched(done: Fetched) -> dict[str, Any]:
    return {
        "delivery": done.digest,
        "kind": done.kind,
        "records": 0 if done.taken is None else done.taken.count,
        "fault": done.fault or None,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": instant(attempt.at_ms / 1000),
        "what": attempt.what,
        "agency": attempt.agency_id,
        "record": hexadecimal(attempt.record_id),
        "share": hexadecimal(attempt.share_id),
        "reason": attempt.reason,
    }
