# SPDX-License-Identifier: Apache-2.0
"""Records as they stand, their content and files."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from muniment.gateway.answers import RecordPath, hexadecimal, json_answer, record_in_path
from muniment.gateway.parts import PartsHere, Reader
from muniment.gateway.standings import proposal_body, record_view
from muniment.registry.disposition.stops import proposals_of

router = APIRouter(tags=["records"])

Purpose = Annotated[
    str, Header(alias="Muniment-Purpose", description="What it is read for", max_length=1024)
]
Version = Annotated[int | None, Query(ge=1, lt=1 << 16, description="The latest by default")]


@router.get("/records/{record}", summary="How a record stands")
def show(request: Request, parts: PartsHere, caller: Reader, record: RecordPath) -> Response:
    """Return what the chain says of a record now, or the mirror where no node answers (`source`).

    The ETag is that of version and trace head; with If-None-Match an unchanged one is 304.
    """
    del caller
    record_id = record_in_path(record)
    view = record_view(parts.session, record_id)
    headers = {"ETag": view.etag}
    if view.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    proposed = proposals_of(parts.session, [record_id], int(time.time())).get(record_id)
    return json_answer(view.body() | {"proposed": proposal_body(proposed)}, headers=headers)


@router.get("/records/{record}/content", summary="The content of a record")
def content(
    parts: PartsHere,
    caller: Reader,
    record: RecordPath,
    version: Version = None,
    purpose: Purpose = "",
) -> Response:
    """Return a version's content, the latest by default, checked against its commitment."""
    kept = parts.registry.content(record_in_path(record), version, access=caller.access(purpose))
    body = {
        "record": record,
        "version": kept.row.version,
        "type": kept.record_type.name,
        "type_version": kept.record_type.version,
        "commitment": hexadecimal(bytes(kept.row.commitment)),
        "content": kept.fields,
    }
    return json_answer(body)
