# SPDX-License-Identifier: Apache-2.0
"""What other agencies gave this one by shares: listed, read, and proven on where terms allow it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from muniment.gateway.answers import RecordPath, json_answer, record_in_path
from muniment.gateway.bodies import JSON, Member, members_of, require_media_type, whole_body
from muniment.gateway.body_schemas import described_body
from muniment.gateway.cursors import page_of, start_of
from muniment.gateway.parts import PartsHere, Reader
from muniment.gateway.refusals import UnfitCallError
from muniment.gateway.resources.finding import Cursor, Limit
from muniment.gateway.resources.records import Purpose, Version

router = APIRouter(prefix="/received", tags=["between agencies"])

_CHOICE: Final = {
    "fields": Member(list, "names of fields that were received"),
    "version": Member(int, "a version's number", needed=False),
}
_PROOF: Final = {"content": {JSON: {"schema": {"type": "object"}}}, "required": True}


@router.get("", summary="What was received")
def list_received(
    parts: PartsHere,
    caller: Reader,
    record: Annotated[str | None, Query(max_length=66)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the versions that were received, of one record or of all, the latest delivery first."""
    del caller
    query = ["received", record]
    start = start_of(parts.cursor_key, query, cursor)
    found = parts.registry.received.list(
        None if record is None else record_in_path(record), limit=start + limit + 1
    )
    page, following = page_of(parts.cursor_key, query, found, start, limit)
    items = [each.to_json() for each in page]
    return json_answer({"items": items, "next": following})


@router.get("/{record}", summary="The values that were received of a record")
def show(
    parts: PartsHere,
    caller: Reader,
    record: RecordPath,
    version: Version = None,
    purpose: Purpose = "",
) -> Response:
    """Return what was shown of a version, the newest by default, under which share and terms."""
    found = parts.registry.received.show(
        record_in_path(record), version, access=caller.access(purpose)
    )
    return json_answer(found.to_json())


@router.get("/{record}/files/{field}", summary="A file that was received")
def file(
    parts: PartsHere,
    caller: Reader,
    record: RecordPath,
    field: str,
    version: Version = None,
    purpose: Purpose = "",
) -> Response:
    """Return the file of a field that was shown, once it is whole and checked."""
    folder = tempfile.mkdtemp(prefix="muniment-received-")
    path = Path(folder) / "file"
    try:
        value = parts.registry.received.extract(
            record_in_path(record), field, path, version=version, access=caller.access(purpose)
        )
    except BaseException:
        shutil.rmtree(folder)
        raise
    headers = {
        "Content-Disposition": f'attachment; filename="{record}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "ETag": f'"{value.digest.hex()}"',
    }
    gone = BackgroundTask(shutil.rmtree, folder)
    return FileResponse(path, headers=headers, media_type=value.media_type, background=gone)


@router.get("/{record}/proof", summary="The proof that it was received")
def prove(
    parts: PartsHere,
    caller: Reader,
    record: RecordPath,
    version: Version = None,
    purpose: Purpose = "",
) -> Response:
    """Return the receipt proof of a version; the terms must allow onward sharing."""
    made = parts.registry.received.prove(
        record_in_path(record), version, access=caller.access(purpose)
    )
    return _file(record, "receipt", made)


@router.post(
    "/{record}/evidence",
    summary="Evidence that shows chosen fields of what was received",
    openapi_extra=described_body(_CHOICE, {"fields": ["parcel"]}),
)
async def disclose(
    request: Request, parts: PartsHere, caller: Reader, record: RecordPath, purpose: Purpose = ""
) -> Response:
    """Return evidence of a record that shows these fields to somebody else; the terms must allow
    onward sharing, and the share must run."""
    require_media_type(request, JSON)
    given = members_of(await whole_body(request), _CHOICE)
    fields, version = given["fields"], given.get("version")
    if not all(isinstance(each, str) for each in fields):
        raise UnfitCallError("a field's name is no text", "names of fields", field="fields")
    made = await run_in_threadpool(
        lambda: parts.registry.received.disclose(
            record_in_path(record), fields, version=version, access=caller.access(purpose)
        )
    )
    return _file(record, "evidence", made)


@router.post(
    "/check",
    summary="Check a receipt proof",
    openapi_extra={"requestBody": _PROOF},
)
async def check(request: Request, parts: PartsHere, caller: Reader) -> Response:
    """Check a receipt proof, anybody's, against the chain as it stands: what it proves, or why
    not."""
    del caller
    require_media_type(request, JSON)
    proof = await whole_body(request)
    found = await run_in_threadpool(parts.registry.received.check, proof)
    return json_answer(found.to_json())


def _file(record: str, kind: str, made: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{record}.{kind}.json"'}
    return Response(made, headers=headers, media_type=JSON)
