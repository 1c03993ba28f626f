# SPDX-License-Identifier: Apache-2.0
"""Corrections: what recipients say is wrong in a record, and what its custodian decides.

Requests and answers are envelopes, and go as all do (`exchange.py`). The amendment that corrects a
record is an act, which a registrar signs; the answer names its version.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from muniment.exchange.corrections import Decision
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.gateway.acting import id_of
from muniment.gateway.answers import hexadecimal, json_answer, record_in_path
from muniment.gateway.bodies import JSON, Member, members_of, require_media_type, whole_body
from muniment.gateway.body_schemas import described_body
from muniment.gateway.cursors import page_of, start_of
from muniment.gateway.parts import Exchanging, Parts, PartsHere
from muniment.gateway.refusals import UnfitCallError, UnknownResourceError
from muniment.gateway.resources.finding import Cursor, Limit
from muniment.store import envelopes

router = APIRouter(prefix="/corrections", tags=["between agencies"])

_REQUEST: Final = {
    "record": Member(str, "a record's id: 0x and 64 digits of lower-case hex"),
    "reason": Member(str, "what is wrong, for the custodian"),
    "fields": Member(dict, "the values that are proposed, by field", needed=False),
    "version": Member(int, "the version that was received", needed=False),
}
_ANSWER: Final = {
    "decision": Member(str, "accepted or refused"),
    "version": Member(int, "of what is accepted: the version that corrects it", needed=False),
    "reason": Member(str, "a word to the requester; of what is refused, why", needed=False),
}
_RECORD: Final = "0x" + "9d2c" * 16
_ASKED: Final = {"record": _RECORD, "reason": "divided in 1998", "fields": {"parcel": "12/345a"}}
RequestPath = Annotated[
    str, Path(description="A request's envelope: 0x and 64 digits of lower-case hex", max_length=66)
]


@router.get("", summary="Requests for corrections")
def list_corrections(
    parts: PartsHere,
    caller: Exchanging,
    record: Annotated[str | None, Query(max_length=66)] = None,
    status: Literal["open", "accepted", "refused"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the requests that this agency sent or took in, the earliest first."""
    del caller
    query = ["corrections", record, status]
    start = start_of(parts.cursor_key, query, cursor)
    found = parts.registry.corrections.list(
        None if record is None else record_in_path(record), status=status
    )
    page, following = page_of(parts.cursor_key, query, found, start, limit)
    items = [each.to_json() for each in page]
    return json_answer({"items": items, "next": following})


@router.get("/{correction}", summary="One request and its answer")
def show(parts: PartsHere, caller: Exchanging, correction: RequestPath) -> Response:
    """Return a request: its reason, the values that it proposes, and the answer."""
    del caller
    digest = _known(parts, correction)
    return json_answer(parts.registry.corrections.show(digest).to_json())


@router.post(
    "",
    status_code=201,
    summary="Ask for a correction",
    openapi_extra=described_body(_REQUEST, _ASKED),
)
async def ask(request: Request, parts: PartsHere, caller: Exchanging) -> Response:
    """Ask whoever keeps a record that was received here to correct it: an envelope for that agency,
    to be carried or fetched."""
    del caller
    require_media_type(request, JSON)
    given = members_of(await whole_body(request), _REQUEST)
    record_id = record_in_path(given["record"])
    row = await run_in_threadpool(
        lambda: parts.registry.corrections.request(
            record_id, given["reason"], fields=given.get("fields"), version=given.get("version")
        )
    )
    body = {"request": hexadecimal(row.digest), "record": given["record"]}
    location = {"Location": f"/corrections/{body['request']}"}
    return json_answer({**body, "custodian": row.agency_id}, 201, location)


@router.post(
    "/{correction}/answer",
    status_code=201,
    summary="Answer a request",
    openapi_extra=described_body(_ANSWER, {"decision": "accepted", "version": 2}),
)
async def answer(
    request: Request, parts: PartsHere, caller: Exchanging, correction: RequestPath
) -> Response:
    """Answer a request: accepted, by a version that stands on chain, or refused for a reason. The
    answer is an envelope for the requester. Asked for again it is the same one."""
    del caller
    require_media_type(request, JSON)
    given = members_of(await whole_body(request), _ANSWER)
    version, reason = given.get("version"), given.get("reason", "")
    if given["decision"] not in list(Decision):
        raise UnfitCallError("there is no such decision", ", ".join(Decision), field="decision")
    decision = Decision(given["decision"])
    if (decision is Decision.ACCEPTED) is (version is None):
        expected = "the version that corrects the record, of what is accepted and of nothing else"
        raise UnfitCallError("what is accepted is an amendment", expected, field="version")

    def work() -> Response:
        digest = _known(parts, correction)
        corrections = parts.registry.corrections
        if decision is Decision.ACCEPTED:
            done = corrections.accept(digest, version=version, reason=reason)
        else:
            done = corrections.refuse(digest, reason)
        made = hexadecimal(done.answer.digest)
        body = {"request": correction, "answer": made, "decision": str(done.decision)}
        location = {"Location": f"/deliveries/{made}"}
        return json_answer({**body, "version": done.version}, 201, location)

    return await run_in_threadpool(work)


def _known(parts: Parts, correction: str) -> bytes:
    digest = id_of("request", correction)
    with parts.database.read() as connection:
        row = envelopes.of_digest(connection, digest)
    if row is None or row.kind != EnvelopeKind.CORRECTION_REQUEST:
        raise UnknownResourceError(f"there is no request {correction}", "one that is listed")
    return digest
