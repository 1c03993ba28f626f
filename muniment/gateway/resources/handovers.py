# SPDX-License-Identifier: Apache-2.0
"""Hand-overs of custody with its content: listed, checked, and closed.

Their packages are made and accepted by acts (`acting.py`), and go as envelopes (`exchange.py`).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from muniment.gateway.acting import id_of, records_of
from muniment.gateway.answers import hexadecimal, json_answer
from muniment.gateway.bodies import JSON, Member, members_of, require_media_type, whole_body
from muniment.gateway.body_schemas import described_body
from muniment.gateway.callers.caller import Caller, CallerKind
from muniment.gateway.cursors import page_of, start_of
from muniment.gateway.parts import Exchanging, PartsHere
from muniment.gateway.refusals import ForbiddenCallError, UnfitCallError
from muniment.gateway.resources.finding import Cursor, Limit
from muniment.record.instants import instant
from muniment.registry import Registry
from muniment.registry.custody.facade import HandoverView

router = APIRouter(prefix="/handovers", tags=["between agencies"])

_STEWARD: Final = "steward"
_COPIES: Final = ("destroyed", "kept")
_CLOSING: Final = {
    "copies": Member(str, "destroyed or kept"),
    "share": Member(str, "the share under which they are kept", needed=False),
    "records": Member(list, "ids of records of it, in place of all", needed=False),
}
_EXAMPLE: Final = {"copies": "kept", "share": "0x" + "5e1f" * 16}
HandoverState = Literal[
    "offered", "arrived", "accepting", "outstanding", "destroyed", "kept", "returned", "ended"
]
HandoverPath = Annotated[
    str, Path(description="A hand-over's id: 0x and 64 digits of lower-case hex", max_length=66)
]


@router.get("", summary="Hand-overs of custody with its content")
def list_handovers(
    parts: PartsHere,
    caller: Exchanging,
    direction: Literal["given", "taken"] | None = None,
    state: Annotated[
        list[HandoverState] | None, Query(description="With records in one of these")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the hand-overs that this agency gave or took, the earliest first; `records` counts each
    one's records by state. What has `arrived` waits to be accepted or declined."""
    del caller
    query = ["handovers", direction, state]
    start = start_of(parts.cursor_key, query, cursor)
    found = [
        each
        for each in parts.registry.handovers.handovers()
        if (direction is None or each.given is (direction == "given"))
        and (state is None or not each.counts.keys().isdisjoint(state))
    ]
    page, following = page_of(parts.cursor_key, query, found, start, limit)
    items = [_body(each) for each in page]
    return json_answer({"items": items, "next": following})


@router.get("/{handover}", summary="One hand-over, and how far each of its records is")
def show_handover(parts: PartsHere, caller: Exchanging, handover: HandoverPath) -> Response:
    """Return a hand-over with its records; `statement` is the envelope in which the former
    custodian says what became of its copy."""
    del caller
    view = _view(parts.registry, handover)
    rows = parts.registry.handovers.records(view.handover.handover_id)
    each = [
        {
            "record": hexadecimal(row.record_id),
            "version": row.version,
            "state": row.state,
            "reason": row.reason or None,
            "submission": row.submission_id,
            "share": hexadecimal(row.share_id),
            "statement": hexadecimal(row.statement),
        }
        for row in rows
    ]
    return json_answer({**_body(view), "each": each})


@router.get("/{handover}/check", summary="Check a package that waits here")
def check(parts: PartsHere, caller: Exchanging, handover: HandoverPath) -> Response:
    """Check every version and file of a package against the chain as it is now: which records hold,
    with what an acceptance names, and of the others why they do not. Nothing is accepted.

    `accepts` says whether accepting the package signs for the record: not where custody came
    already, or its acceptance is on its way. `offered` is what declining the package declines.
    """
    del caller
    view = _view(parts.registry, handover)
    found = parts.registry.handovers.check(view.handover.handover_id)
    return json_answer(
        {
            "handover": handover,
            "agency": found.envelope.header.sender,
            "block": found.block.top,
            "holds": [
                {
                    "record": hexadecimal(each.record_id),
                    "issuer": each.issuer,
                    "type_id": each.type_id,
                    "version": each.version,
                    "commitment": hexadecimal(each.commitment),
                    "trace_head": hexadecimal(each.trace_head),
                    "accepts": not each.is_over and each.record_id not in found.on_way,
                }
                for each in found.acceptable
            ],
            "refused": {f"0x{each.hex()}": why for each, why in sorted(found.faults.items())},
            "offered": [hexadecimal(each) for each in found.offered],
        }
    )


@router.post(
    "/{handover}/closing",
    status_code=201,
    summary="Say what becomes of this agency's copies",
    openapi_extra=described_body(_CLOSING, _EXAMPLE),
)
async def close(
    request: Request, parts: PartsHere, caller: Exchanging, handover: HandoverPath
) -> Response:
    """Destroy this agency's copies of what it handed over, or keep them under a share of the new
    custodian's, and write the signed word of it, an envelope for that agency.

    Destroying can't be undone: a steward who is signed in does either, and no token.
    """
    _require_steward(caller)
    require_media_type(request, JSON)
    given = members_of(await whole_body(request), _CLOSING)
    copies, named = given["copies"], given.get("share")
    if copies not in _COPIES:
        raise UnfitCallError("there is no such end of copies", " or ".join(_COPIES), field="copies")
    if (copies == "kept") is (named is None):
        expected = "the share under which copies are kept, and none where they are destroyed"
        raise UnfitCallError("copies are kept under a share", expected, field="share")
    records = records_of(given, "records") if "records" in given else None

    def work() -> Response:
        view = _view(parts.registry, handover)
        made = parts.registry.handovers.close(
            view.handover.handover_id,
            None,
            share_id=None if named is None else id_of("share", named),
            record_ids=records,
        )
        statement = hexadecimal(made.row.digest)
        body = {"handover": handover, "statement": statement, "records": made.count}
        location = {"Location": f"/deliveries/{statement}"}
        return json_answer({**body, "copies": copies}, 201, location)

    return await run_in_threadpool(work)


def _require_steward(caller: Caller) -> None:
    if caller.kind is not CallerKind.SESSION or _STEWARD not in caller.roles:
        raise ForbiddenCallError("this is a steward's to say", "a steward who is signed in")


def _view(registry: Registry, handover: str) -> HandoverView:
    return registry.handovers.handover(id_of("handover", handover))


def _body(view: HandoverView) -> dict[str, Any]:
    handover = view.handover
    return {
        "handover": hexadecimal(handover.handover_id),
        "direction": "given" if view.given else "taken",
        "agency": view.counterpart,
        "package": hexadecimal(handover.digest),
        "made_at": instant(handover.made_ms / 1000),
        "expires_at": instant(handover.expires_at),
        "records": dict(sorted(view.counts.items())),
    }
