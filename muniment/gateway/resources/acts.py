# SPDX-License-Identifier: Apache-2.0
"""Acts of officers: prepared here, signed with the officer's own key elsewhere, handed in here."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from muniment.chain.connection import address_of
from muniment.gateway import idempotency
from muniment.gateway.acting import KINDS, Kind, Values
from muniment.gateway.answers import (
    RecordPath,
    hexadecimal,
    json_answer,
    record_in_path,
    submission_body,
)
from muniment.gateway.bodies import (
    JSON,
    Member,
    members_in,
    members_of,
    require_media_type,
    whole_body,
)
from muniment.gateway.body_schemas import described_body
from muniment.gateway.callers.caller import Caller
from muniment.gateway.idempotency import REPLAYED, KeyedCall, keyed_call
from muniment.gateway.parts import ChainReader, Parts, PartsHere, Preparing
from muniment.gateway.refusals import ForbiddenCallError, UnfitCallError, UnknownResourceError
from muniment.gateway.standings import record_view, require_current
from muniment.gateway.streams import is_streamed
from muniment.gateway.uploads import attachments_of, mark_used
from muniment.gateway.watching import preference_of, stage_stream, wait_for
from muniment.record.canonical import parse
from muniment.registry import Registry, Stage, Submission
from muniment.registry.custody.accepting import Accepted
from muniment.registry.custody.offering import Offered
from muniment.registry.prepared.document import SIGNED_FORMAT, PreparedDocument
from muniment.registry.session import Session
from muniment.registry.submission import row_of
from muniment.store.prepared import PreparedRow

router = APIRouter(tags=["acts"])

_is_act: Final = "the name of an act that docs/spec/rest.md lists"
_COMMON: Final = {
    "act": Member(str, _is_act),
    "signer": Member(str, "the account of the officer who is to sign", needed=False),
    "seconds": Member(int, "in how many seconds it expires", needed=False),
}
_SIGNED: Final = {
    "format": Member(str, SIGNED_FORMAT, needed=False),
    "id": Member(str, "the act's id", needed=False),
    "raw": Member(str, "the raw transaction: 0x and hex"),
}
_AMENDED: Final = {
    "content": KINDS["amend"].members["content"],
    "attachments": KINDS["amend"].members["attachments"],
    "signer": _COMMON["signer"],
    "seconds": _COMMON["seconds"],
}
_LIFETIME: Final = 3600
_RECORD: Final = "0x" + "8c1f" * 16
_EXAMPLES: Final = (
    {"act": "revoke", "record": _RECORD, "reason": "error"},
    {"act": "offer_package", "records": [_RECORD], "to_agency": 2, "days": 30},
    {"act": "accept_package", "handover": "0x" + "51c2" * 16, "only": [_RECORD]},
)

ActPath = Annotated[
    str, Path(description="An act's id: 0x and 64 digits of lower-case hex", max_length=66)
]


@router.post(
    "/acts",
    status_code=202,
    summary="Have an act prepared",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {
                        "type": "object",
                        "required": ["act"],
                        "properties": {
                            "act": {"type": "string", "enum": sorted(KINDS)},
                            "signer": {"type": "string"},
                            "seconds": {"type": "integer", "minimum": 1},
                        },
                    },
                    "examples": {str(each["act"]): {"value": each} for each in _EXAMPLES},
                }
            },
        }
    },
)
async def prepare(request: Request, parts: PartsHere, caller: Preparing) -> Response:
    """Return an act to be signed by its officer: 202, and nothing is acknowledged yet.

    Of an act that takes several transactions the first; the header Link names the others, and the
    hand-over of a custody package. 200 with the submissions where it was done before.
    """
    require_media_type(request, JSON)
    body = await whole_body(request)
    values = parse(body)
    name = values.get("act") if isinstance(values, dict) else None
    kind = KINDS.get(name) if isinstance(name, str) else None
    if isinstance(values, dict) and "act" in values and kind is None:
        raise UnfitCallError("there is no act of this name", ", ".join(sorted(KINDS)), field="act")
    members = {**_COMMON, **({} if kind is None else kind.members)}
    given = members_in(values, members)
    assert kind is not None, "the member is needed"
    call = keyed_call(request, caller, body)
    return await run_in_threadpool(_prepared, parts, caller, kind, given, call)


@router.put(
    "/records/{record}/content",
    status_code=202,
    summary="Amend a record",
    openapi_extra=described_body(_AMENDED, {"content": {"holder": "Ada", "parcel": "12/346"}}),
)
async def amend(
    request: Request,
    parts: PartsHere,
    caller: Preparing,
    record: RecordPath,
    if_match: Annotated[str | None, Header(alias="If-Match")] = None,
) -> Response:
    """Have the amendment of a record prepared: content, attachments?, signer?, seconds?.

    If-Match must be the ETag of the record as it was read: 428 without one, 409 for another.
    """
    require_media_type(request, JSON)
    body = await whole_body(request)
    kind = KINDS["amend"]
    given = members_of(body, _AMENDED)
    record_id = record_in_path(record)

    def prepared(call: KeyedCall | None) -> Response:
        view = record_view(parts.session, record_id)
        require_current(view, if_match)
        values = {**given, "record": record, "expected_version": view.version}
        return _prepared(parts, caller, kind, values, call)

    return await run_in_threadpool(prepared, keyed_call(request, caller, body))


@router.get("/acts", summary="Acts that wait for the caller's signature")
def waiting(
    parts: PartsHere,
    caller: Preparing,
    signer: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Return what waits for an officer's signature, the latest first."""
    officer = _account(caller, signer)
    rows = parts.registry.prepared.waiting(officer, limit)
    items = [
        {
            "id": hexadecimal(row.prepared_id),
            "act": row.kind,
            "account": row.account,
            "expires_at": row.expires_ms // 1000,
        }
        for row in rows
        if _is_shown(caller, row)
    ]
    return json_answer({"items": items, "next": None})


@router.get("/acts/{act}", summary="A prepared act")
def show(parts: PartsHere, caller: Preparing, act: ActPath) -> Response:
    """Return an act as it is to be signed, with its account's nonce as it is now.

    For its officer, and whoever had it prepared: it shows what is behind its commitments.
    """
    row = _own(parts, caller, act)
    return json_answer(parts.registry.prepared.document(row.prepared_id).to_json())


@router.delete("/acts/{act}", status_code=204, summary="Discard a prepared act")
def discard(parts: PartsHere, caller: Preparing, act: ActPath) -> Response:
    """Let an act not be signed any more. Content that it would have brought is destroyed."""
    row = _own(parts, caller, act)
    parts.registry.prepared.discard(row.prepared_id)
    return Response(status_code=204)


@router.post(
    "/acts/{act}/signed",
    summary="Hand a signed act in",
    openapi_extra=described_body(_SIGNED, {"raw": "0xf8"}),
)
async def signed(request: Request, parts: PartsHere, caller: Preparing, act: ActPath) -> Response:
    """Take the raw transaction of an act, `{"raw": "0x…"}`, and send it as it is.

    It must be what was prepared, byte for byte, signed by its officer. `Prefer: wait=final` waits.
    The same transaction again is the same submission.
    """
    del caller  # Whoever has the officer's signature may hand it in.
    require_media_type(request, JSON)
    wanted = preference_of(request, parts.settings.wait_seconds)
    given = members_of(await whole_body(request), _SIGNED)
    if given.get("id", act) != act or given.get("format", SIGNED_FORMAT) != SIGNED_FORMAT:
        raise UnfitCallError("it is another act's", f"what {act} was signed as", field="id")
    try:
        raw = bytes.fromhex(given["raw"].removeprefix("0x"))
    except ValueError:
        raise UnfitCallError("it is no hexadecimal", "0x and hex", field="raw") from None
    prepared_id = _id_in_path(act)
    submissions = await run_in_threadpool(parts.registry.prepared.submit, prepared_id, raw)
    if wanted.stage is not Stage.ACKNOWLEDGED:
        await wait_for(submissions[-1], wanted)
    items = await run_in_threadpool(
        lambda: [_submission(parts.session, each) for each in submissions]
    )
    return json_answer({"items": items, "next": None}, headers=wanted.headers)


@router.get("/submissions/{submission}", summary="How far a submission is")
async def submission(
    request: Request,
    parts: PartsHere,
    caller: ChainReader,
    submission: Annotated[int, Path(ge=1, lt=1 << 62)],
) -> Response:
    """Return a submission; `Prefer: wait=final` waits for it. `refusal` says why it was refused.

    With `Accept: text/event-stream` each stage is an event, until the last.
    """
    del caller
    wanted = preference_of(request, parts.settings.wait_seconds)

    def find() -> Submission:
        try:
            row = row_of(parts.session, submission)
        except KeyError:
            what, expected = "there is no such submission", "one of this gateway's"
            raise UnknownResourceError(what, expected) from None
        return Submission(submission, row.kind, row.record_id, row.version, parts.session)

    found = await run_in_threadpool(find)
    if is_streamed(request):
        return stage_stream(request, parts, lambda: _submission(parts.session, found))
    if wanted.stage is not Stage.ACKNOWLEDGED:
        await wait_for(found, wanted)
    body = await run_in_threadpool(_submission, parts.session, found)
    return json_answer(body, headers=wanted.headers)


def _submission(session: Session, found: Submission) -> dict[str, Any]:
    body = submission_body(found)
    assert found.submission_id is not None
    refusal = row_of(session, found.submission_id).refusal
    return body if refusal is None else {**body, "refusal": refusal}


def _prepared(
    parts: Parts, caller: Caller, kind: Kind, values: Values, call: KeyedCall | None
) -> Response:
    acts = parts.registry.prepared
    account = _account(caller, values.get("signer"))
    before = idempotency.answer_before(parts.database, call)
    if before is not None:
        # What opens an act's commitments is never stored with the answer: it is made anew.
        ids = [bytes.fromhex(each[2:]) for each in before.body["acts"]]
        documents = [acts.document(each) for each in ids]
        return _answer(parts, documents, (), before.body.get("handover"), {REPLAYED: "true"})
    uploaded = values.get("attachments") or {}
    if uploaded:
        files = attachments_of(parts.session, caller, uploaded)
        values = {**values, "attachments": files}
    documents, made = acts.prepare(
        account,
        lambda session: kind.make(Registry(session), values),
        seconds=values.get("seconds", _LIFETIME),
        prepared_by=caller.key,
    )
    if uploaded:
        # Encrypted once more, as the record's: the uploads themselves may go.
        mark_used(parts.session, caller, uploaded)
    handover = None
    if isinstance(made, Offered | Accepted):
        handover, made = hexadecimal(made.handover_id), made.submissions
    if call is not None and documents:
        ids_made = [hexadecimal(each.prepared_id) for each in documents]
        answer = {"acts": ids_made, "handover": handover}
        with parts.database.write() as connection:
            idempotency.remember_answer(connection, call, 202, answer)
    return _answer(parts, documents, made, handover, {})


def _answer(
    parts: Parts,
    documents: list[PreparedDocument],
    made: object,
    handover: str | None,
    headers: dict[str, str],
) -> Response:
    links = [] if handover is None else [f'</handovers/{handover}>; rel="related"']
    if not documents:
        done = made if isinstance(made, list | tuple) else [made]
        items = [_submission(parts.session, each) for each in done if isinstance(each, Submission)]
        return json_answer({"items": items, "next": None}, headers=headers)
    first, *others = documents
    named = f"/acts/0x{first.prepared_id.hex()}"
    headers = {**headers, "Location": named}
    links += [f'</acts/0x{each.prepared_id.hex()}>; rel="next"' for each in others]
    if links:
        headers["Link"] = ", ".join(links)
    return json_answer(first.to_json(), 202, headers)


def _account(caller: Caller, named: str | None) -> str:
    """The officer who is to sign: who is signed in, or whom a token names."""
    if caller.address is not None:
        if named is not None and address_of("signer", named) != caller.address:
            raise ForbiddenCallError(
                "the act is for another officer",
                "the officer who is signed in",
                field="signer",
            )
        return caller.address
    if named is None:
        raise UnfitCallError(
            "no officer is named", "the account of the officer who is to sign", field="signer"
        )
    return address_of("signer", named)


def _is_shown(caller: Caller, row: PreparedRow) -> bool:
    return row.account == caller.address or row.prepared_by == caller.key


def _own(parts: Parts, caller: Caller, act: str) -> PreparedRow:
    row = parts.registry.prepared.row(_id_in_path(act))
    if not _is_shown(caller, row):
        raise ForbiddenCallError("the act is another officer's", "an act of one's own")
    return row


def _id_in_path(act: str) -> bytes:
    return bytes(record_in_path(act))
