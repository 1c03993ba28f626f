# SPDX-License-Identifier: Apache-2.0
"""Webhooks, for the agency's administrators."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from muniment.errors import InvalidInputError
from muniment.gateway.answers import json_answer
from muniment.gateway.bodies import JSON, Member, members_of, require_media_type, whole_body
from muniment.gateway.body_schemas import described_body
from muniment.gateway.events.cloud_events import event_types
from muniment.gateway.events.webhooks import (
    add_webhook,
    list_webhooks,
    outgoing_of,
    remove_webhook,
    replay_webhook,
    webhook_json,
)
from muniment.gateway.parts import Administrator, PartsHere
from muniment.gateway.refusals import UnfitCallError, UnknownResourceError
from muniment.store.webhooks import START, EventPlace

router = APIRouter(tags=["administration"])

_NEW: Final = {
    "url": Member(str, "where events are posted to"),
    "types": Member(list, "names of events; all where it is left out", needed=False),
    "after": Member(str, "an event's id; from now on where it is left out", needed=False),
}
_REPLAY: Final = {"after": Member(str, "an event's id, or start")}


@router.get("/webhooks", summary="Webhooks")
def show(parts: PartsHere, caller: Administrator) -> Response:
    """List the webhooks, and how far each has been told; and the types of events there are."""
    del caller
    items = [webhook_json(each) for each in list_webhooks(parts.database)]
    return json_answer({"items": items, "next": None, "event_types": event_types()})


@router.post(
    "/webhooks",
    status_code=201,
    summary="Add a webhook",
    openapi_extra=described_body(_NEW, {"url": "https://cases.example.gov/muniment"}),
)
async def add(request: Request, parts: PartsHere, caller: Administrator) -> Response:
    """Have events posted to an address; a private one only where the profile allows it."""
    del caller
    require_media_type(request, JSON)
    values = members_of(await whole_body(request), _NEW)
    types = values.get("types", [])
    if not all(isinstance(each, str) for each in types):
        raise UnfitCallError("a type is no text", "names of events", field="types")
    made = await run_in_threadpool(
        add_webhook,
        parts.database,
        outgoing_of(parts.settings),
        values["url"],
        types,
        place_in(values["after"]) if "after" in values else None,
    )
    return json_answer(webhook_json(made), 201)


@router.post(
    "/webhooks/{webhook}/replay",
    summary="Tell a webhook again",
    openapi_extra=described_body(_REPLAY, {"after": "1204-3"}),
)
async def replay(
    request: Request, parts: PartsHere, caller: Administrator, webhook: str
) -> Response:
    """Tell a webhook again of everything after an event."""
    del caller
    require_media_type(request, JSON)
    values = members_of(await whole_body(request), _REPLAY)
    place = place_in(values["after"])
    try:
        again = await run_in_threadpool(replay_webhook, parts.database, webhook, place)
    except InvalidInputError as error:
        raise UnknownResourceError("there is no such webhook", error.expected) from error
    return json_answer(webhook_json(again))


@router.delete("/webhooks/{webhook}", status_code=204, summary="Remove a webhook")
def remove(parts: PartsHere, caller: Administrator, webhook: str) -> Response:
    """Tell an address no more."""
    del caller
    try:
        remove_webhook(parts.database, webhook)
    except InvalidInputError as error:
        raise UnknownResourceError("there is no such webhook", error.expected) from error
    return Response(status_code=204)


def place_in(text: str) -> EventPlace:
    """Return the place that a text names: an event's id, or start. Raises `InvalidInputError`."""
    return START if text == "start" else EventPlace.parse(text)
