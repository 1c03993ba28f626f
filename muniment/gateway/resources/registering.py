# SPDX-License-Identifier: Apache-2.0
"""Registering records: one at a time, by the journal or directly."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from muniment.errors import MunimentError
from muniment.gateway import idempotency
from muniment.gateway.acting import KINDS
from muniment.gateway.answers import (
    RecordPath,
    json_answer,
    record_in_path,
    submission_body,
)
from muniment.gateway.bodies import JSON, members_of, require_media_type, whole_body
from muniment.gateway.callers.caller import Caller
from muniment.gateway.callers.scopes import Scope as CallerScope
from muniment.gateway.errors import problem_answer
from muniment.gateway.idempotency import REPLAYED, KeyedCall, keyed_call
from muniment.gateway.metrics import RESOURCE
from muniment.gateway.parts import (
    Parts,
    PartsHere,
    Reader,
    Registering,
    parts_of,
    requires,
)
from muniment.gateway.refusals import BusyError, UnfitCallError, UnknownResourceError
from muniment.gateway.registering import Registered
from muniment.gateway.streams import is_streamed
from muniment.gateway.uploads import attachments_of, mark_used
from muniment.gateway.watching import preference_of, stage_stream, wait_for
from muniment.record.types import RecordType
from muniment.registry import Stage, Submission, UnkeptVersionError, content, known_content
from muniment.registry.journal_records import entry_of
from muniment.registry.journals import submission_of_entry
from muniment.registry.new_content import NewContent, StoredFile, with_files
from muniment.registry.record_types import UnknownTypeError
from muniment.store import outbox

router = APIRouter(tags=["records"])

_MEMBERS: Final = KINDS["register"].members
_REGISTERING: Final = requires(CallerScope.REGISTER)
JOURNAL_FILE_BYTES: Final = 1 << 24
"""Most bytes of a record's files that go by the journal: whoever comes after waits for them."""
_BODY: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "source_id", "content"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string"},
        "source_id": {"type": "string", "minLength": 1},
        "source_system": {"type": "string"},
        "content": {"type": "object"},
        "attachments": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
_PATH: Final = "/records"
Way = Literal["journal", "direct"]
_WAYS: Final[dict[str, Way]] = {"journal": "journal", "direct": "direct"}
_EXAMPLE: Final = {
    "type": "land-deed",
    "source_id": "12/345",
    "content": {"holder": "Ada", "parcel": "12/345"},
}


@router.post(
    "/records",
    status_code=201,
    summary="Register a record",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": _BODY, "example": _EXAMPLE}},
        }
    },
)
async def register(
    request: Request,
    parts: PartsHere,
    caller: Registering,
    way: Annotated[Way, Query()] = "journal",
) -> Response:
    """Register a record, by the agency's journal unless `way` says otherwise.

    201 for a new one, 200 for one that is registered already with the same content.
    """
    require_media_type(request, JSON)
    wanted = preference_of(request, parts.settings.wait_seconds)
    body = await whole_body(request)
    values = members_of(body, _MEMBERS)
    call = keyed_call(request, caller, body)
    record_type = await latest_type(parts, values["type"])
    new = NewContent(values["source_id"], values["content"])
    system, uploaded = values.get("source_system"), values.get("attachments", {})
    if uploaded or record_type.file_fields:
        new = await run_in_threadpool(_with_uploads, parts, caller, record_type, new, uploaded, way)
    if way == "journal":
        future = parts.registrar.register(record_type, new, system=system, call=call)
        done = await asyncio.wrap_future(future)
    else:
        done = await run_in_threadpool(register_directly, parts, record_type, new, system, call)
    if uploaded:
        await run_in_threadpool(mark_used, parts.session, caller, uploaded)
    stage = Stage.ACKNOWLEDGED if done.new else None
    if wanted.stage is not Stage.ACKNOWLEDGED:
        stage = await wait_for(done.submission, wanted)
    elif stage is None:
        stage = await run_in_threadpool(lambda: done.submission.stage)
    headers = {"Location": f"/records/0x{(done.submission.record_id or b'').hex()}"}
    headers |= wanted.headers
    if done.replayed:
        # What was answered then: that it is known by now is what the key is for.
        headers[REPLAYED] = "true"
    status = 201 if done.new or done.replayed else 200
    return json_answer(submission_body(done.submission, stage), status, headers)


class QuickRegistration:
    """Answers `POST /records` without what the framework does for every call: it is the one call
    that comes a thousand times a second. What it promises stands in `register`, which it calls."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application, which answers all other calls."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call."""
        if scope["type"] != "http" or scope["path"] != _PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope[RESOURCE] = _PATH
        try:
            answer = await self._answer(Request(scope, receive, send))
        except MunimentError as error:
            answer = problem_answer(error, _PATH)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        caller = await _REGISTERING(request)
        way = _WAYS.get(request.query_params.get("way", "journal"))
        if way is None:
            raise UnfitCallError("there is no such way", "journal or direct", field="way")
        return await register(request, parts_of(request), caller, way)


@router.get("/records/{record}/registration", summary="How far a record's registration is")
async def registration(
    request: Request, parts: PartsHere, caller: Reader, record: RecordPath
) -> Response:
    """Return the submission that registered a record; `Prefer: wait=final` waits for it.

    With `Accept: text/event-stream` each stage is an event, until the last.
    """
    del caller
    wanted = preference_of(request, parts.settings.wait_seconds)
    record_id = record_in_path(record)

    def find() -> Submission:
        entry = entry_of(parts.session, record_id)
        if entry is not None:
            return submission_of_entry(parts.session, entry)
        try:
            return known_content.submission_of(parts.session, record_id, 1)
        except UnkeptVersionError:
            raise UnknownResourceError(
                f"record 0x{record_id.hex()} was not registered here",
                "a record that this agency registered",
            ) from None

    submission = await run_in_threadpool(find)
    if is_streamed(request):
        return stage_stream(request, parts, lambda: submission_body(submission))
    stage = await wait_for(submission, wanted)
    return json_answer(submission_body(submission, stage), headers=wanted.headers)


def _with_uploads(
    parts: Parts,
    caller: Caller,
    record_type: RecordType,
    new: NewContent,
    uploaded: Mapping[str, Any],
    way: str,
) -> NewContent:
    """Content with its files. By the journal they are checked here; else where it is registered."""
    whole = replace(new, attachments=attachments_of(parts.session, caller, uploaded))
    if way == "direct":
        return whole
    files = [each for each in whole.attachments.values() if isinstance(each, StoredFile)]
    size = sum(each.value.length for each in files)
    if size > JOURNAL_FILE_BYTES:
        raise UnfitCallError(
            f"the files of the record have {size} bytes",
            f"at most {JOURNAL_FILE_BYTES} by the journal",
            remedy="register it with ?way=direct",
            field="attachments",
        )
    return with_files(record_type, whole)


async def latest_type(parts: Parts, name: str) -> RecordType:
    """Return the latest version of one of the agency's record types; one that was added since is
    found too. Raises `UnknownTypeError`."""
    types = parts.session.record_types
    try:
        return types.latest(name)
    except UnknownTypeError:
        types.forget()
        return await run_in_threadpool(types.latest, name)


def register_directly(
    parts: Parts,
    record_type: RecordType,
    new: NewContent,
    system: str | None,
    call: KeyedCall | None,
) -> Registered:
    """Register by a transaction of the record's own, by an OPERATOR key.

    Raises `UnreachableError` where no node answers, and then nothing is kept.
    """
    session = parts.session
    if not session.profile.keys.operators:
        raise BusyError(
            "the gateway has no OPERATOR key",
            "one in the profile's keys.operators",
            remedy="register by the journal, or have an officer sign",
        )
    replayed = idempotency.answer_before(session.database, call) is not None
    session.nodes.read(lambda node: node.block())
    with session.database.read() as connection:
        before = outbox.last_submission(connection)
    [submission] = content.register(session, record_type, [new], source_system=system)
    if call is not None and not replayed:
        with session.database.write() as connection:
            idempotency.remember_keys(connection, [call])
    made = submission.submission_id is not None and submission.submission_id > before
    return Registered(submission, new=made, replayed=replayed)
