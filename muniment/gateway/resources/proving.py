# SPDX-License-Identifier: Apache-2.0
"""What proves and tells of a record: its trace, its history, evidence, files."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from muniment.gateway.answers import RecordPath, hexadecimal, json_answer, record_in_path
from muniment.gateway.bodies import JSON, Member, members_of, require_media_type, whole_body
from muniment.gateway.parts import PartsHere, Reader
from muniment.gateway.piping import Outgoing
from muniment.gateway.refusals import UnfitCallError, UnknownResourceError
from muniment.gateway.resources.records import Purpose, Version
from muniment.gateway.standings import record_view
from muniment.record.files import FileValue
from muniment.record.instants import instant
from muniment.registry import reading

router = APIRouter(tags=["records"])

_EVIDENCE: Final = "application/json"
_CHOICE: Final = {
    "fields": Member((list, type(None)), "a list of fields' names, or null for all"),
    "version": Member(int, "a version's number", needed=False),
}
_CHOICE_BODY: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["fields"],
    "additionalProperties": False,
    "properties": {
        "fields": {"type": ["array", "null"], "items": {"type": "string"}},
        "version": {"type": "integer", "minimum": 1},
    },
}


@router.get("/records/{record}/trace", summary="All acts of a record")
def trace(
    parts: PartsHere,
    caller: Reader,
    record: RecordPath,
    format: Annotated[Literal["json", "svg"], Query()] = "json",  # noqa: A002
    lang: Annotated[Literal["en", "zh"], Query(description="Of the picture's words")] = "en",
) -> Response:
    """Return a record's trace, its hash chain recomputed and compared with the chain's slots.

    With `format=svg` its life is drawn, with versions, custody, holds, shares and reads, in the
    language `lang`.
    """
    del caller
    record_id = record_in_path(record)
    if format == "svg":
        # Loaded when it is first drawn: a gateway starts without it.
        from muniment.analysis.gathering import life_of  # noqa: PLC0415
        from muniment.analysis.life_catalogue import Language  # noqa: PLC0415
        from muniment.analysis.picture import picture  # noqa: PLC0415

        record_view(parts.session, record_id)
        drawn = picture(life_of(parts.registry, record_id), Language(lang))
        # Its own style stands in it, and nothing else may be in it.
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        headers = {"Content-Security-Policy": policy}
        return Response(drawn, headers=headers, media_type="image/svg+xml")
    found = parts.registry.trace(record_id)
    if not found.acts and found.adoption is None:
        record_view(parts.session, record_id)
    body = {
        "record": record,
        "as_of_block": found.block.number,
        "as_of_time": instant(found.block.timestamp),
        "head": hexadecimal(found.head),
        "status": found.state.status.name.lower(),
        "adopted": None
        if found.adoption is None
        else {
            "block": found.adoption.block_number,
            "head": hexadecimal(found.adoption.adopted.head(record_id)),
            "version": found.adoption.adopted.state.version,
        },
        "acts": [
            {
                "act": each.act.kind.name.lower(),
                "time": instant(each.time),
                "agency": each.act.agency_id or None,
                "account": hexadecimal(each.act.account),
                "version": each.act.state.version,
                "block": each.block_number,
                "transaction": hexadecimal(each.transaction_hash),
                "replacement": hexadecimal(each.replacement),
            }
            for each in found.acts
        ],
    }
    return json_answer(body)


@router.get("/records/{record}/history", summary="The trace, and what is not on chain")
def history(parts: PartsHere, caller: Reader, record: RecordPath) -> Response:
    """Return all that is known here of a record, by time; each line says what proves it."""
    del caller
    record_id = record_in_path(record)
    record_view(parts.session, record_id)
    found = parts.registry.full_history(record_id)
    lines = [
        {
            "kind": str(each.kind),
            "time": instant(each.time),
            "what": each.what,
            "who": each.who,
            "version": each.version,
            "note": each.note or None,
            "proof": each.proof,
            "values": dict(each.values),
        }
        for each in found.lines
    ]
    unread = sorted(str(each) for each in found.unread)
    body = {"record": record, "lines": lines, "unread": unread}
    return json_answer(body | {"unreachable": found.unreachable or None})


@router.get("/records/{record}/evidence", summary="Evidence without fields")
def evidence(parts: PartsHere, caller: Reader, record: RecordPath) -> Response:
    """Return the evidence file of a record that shows none of its fields."""
    made = parts.registry.evidence(record_in_path(record), access=caller.access(""))
    return _evidence_file(record, made)


@router.post(
    "/records/{record}/evidence",
    summary="Evidence that shows chosen fields",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": _CHOICE_BODY, "example": {"fields": ["holder"]}}},
        }
    },
)
async def chosen_evidence(
    request: Request, parts: PartsHere, caller: Reader, record: RecordPath, purpose: Purpose = ""
) -> Response:
    """Return the evidence file of a record that shows these fields, all of them for null."""
    require_media_type(request, JSON)
    values = members_of(await whole_body(request), _CHOICE)
    fields = values["fields"]
    if fields is not None and not all(isinstance(each, str) for each in fields):
        raise UnfitCallError("a field's name is no text", "names of fields", field="fields")
    version = values.get("version")
    if version is not None and not 1 <= version < 1 << 16:
        raise UnfitCallError("no such version", "a version from 1 on", field="version")
    made = await run_in_threadpool(
        lambda: parts.registry.evidence(
            record_in_path(record), fields=fields, version=version, access=caller.access(purpose)
        )
    )
    return _evidence_file(record, made)


@router.get("/records/{record}/files/{field}", summary="A file of a record")
def file(
    parts: PartsHere,
    caller: Reader,
    record: RecordPath,
    field: str,
    version: Version = None,
    purpose: Purpose = "",
) -> Response:
    """Stream the file of a field. Each part was authenticated before it is sent; a connection that
    breaks off means that the rest was not what was committed to."""
    record_id = record_in_path(record)
    kept = reading.kept_version(parts.session, record_id, version)
    if field not in kept.record_type.file_fields or field not in kept.fields:
        raise UnknownResourceError(f"no file {field[:64]!r} in this record", "a field with a file")
    value = FileValue.from_json(kept.fields[field])
    outgoing = Outgoing()
    number = kept.row.version

    def write(target: Outgoing) -> None:
        parts.registry.extract(
            record_id,
            field,
            target,  # type: ignore[arg-type]
            version=number,
            access=caller.access(purpose),
        )

    headers = {
        "Content-Length": str(value.length),
        "Content-Disposition": f'attachment; filename="{record}-{number}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "ETag": f'"{value.digest.hex()}"',
    }
    return StreamingResponse(outgoing.pieces(write), headers=headers, media_type=value.media_type)


def _evidence_file(record: str, made: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{record}.evidence.json"'}
    return Response(made, headers=headers, media_type=_EVIDENCE)
