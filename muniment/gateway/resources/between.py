# SPDX-License-Identifier: Apache-2.0
"""What other agencies' gateways call: envelopes pushed to this one, and fetched from it."""

from __future__ import annotations

import hashlib
import hmac
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from muniment.errors import InvalidInputError
from muniment.gateway.answers import hexadecimal, json_answer
from muniment.gateway.between.callers import calling_agency
from muniment.gateway.between.inbox import PIECE, Inbox
from muniment.gateway.between.signatures import UnsignedCallError
from muniment.gateway.bodies import whole_body
from muniment.gateway.parts import Parts, PartsHere
from muniment.gateway.refusals import BodyTooLargeError, UnknownResourceError
from muniment.registry.exchange import tray
from muniment.store import envelopes
from muniment.store.envelopes import SENT, EnvelopeRow

router = APIRouter(prefix="/exchange", tags=["between gateways"])

_OCTETS: Final = "application/octet-stream"
_DIGITS: Final = 66
Digest = Annotated[str, Path(description="0x and 64 digits of hex", max_length=_DIGITS)]


async def _agency(request: Request, parts: Parts) -> tuple[int, bytes]:
    """The agency that calls, and the body, which is what it signed."""
    found = await run_in_threadpool(calling_agency, parts.session, parts.settings, request)
    parts.calls.take(f"agency:{found.key.agency_id}")
    if int(request.headers.get("content-length") or 0) > PIECE:
        raise BodyTooLargeError(PIECE)
    body = await whole_body(request)
    if not hmac.compare_digest(hashlib.sha256(body).digest(), found.digest):
        raise UnsignedCallError("the body is not that which was signed", "its Content-Digest")
    return found.key.agency_id, body


@router.get("/inbox/{digest}", summary="How much of a pushed file is here")
async def received(request: Request, parts: PartsHere, digest: Digest) -> Response:
    """Tell how many bytes of a file are here, of the agency that calls."""
    agency_id, _ = await _agency(request, parts)
    count = await run_in_threadpool(_inbox(parts).received, agency_id, _bytes_of(digest))
    return json_answer({"received": count})


@router.put(
    "/inbox/{digest}",
    summary="Push a piece of a file",
    openapi_extra={
        "requestBody": {
            "content": {_OCTETS: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def push(
    request: Request,
    parts: PartsHere,
    digest: Digest,
    size: Annotated[int, Query(ge=1, lt=1 << 53)],
    offset: Annotated[int, Query(ge=0, lt=1 << 53)],
) -> Response:
    """Take a piece of an envelope's file, named by its SHA-256; the last one takes it in.

    202 while more is to come; 201 with what was taken in; 409 with `received` for a piece of
    another place.
    """
    agency_id, body = await _agency(request, parts)
    done = await run_in_threadpool(
        _inbox(parts).put, agency_id, _bytes_of(digest), size, offset, body
    )
    if isinstance(done, int):
        return json_answer({"received": done}, 202)
    return json_answer(
        {"delivery": hexadecimal(done.row.digest), "kind": done.row.kind, "records": done.count},
        201,
    )


@router.get("/outbox", summary="Envelopes for the agency that calls")
async def outbox(
    request: Request,
    parts: PartsHere,
    after: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """List the envelopes that this agency has for another, the earliest kept first; `next` is what
    `after` goes on with."""
    agency_id, _ = await _agency(request, parts)

    def find() -> list[EnvelopeRow]:
        with parts.database.read() as connection:
            found = envelopes.find(connection, direction=SENT)
        theirs = (each for each in found if each.agency_id == agency_id and each.kept_ms > after)
        ready = (each for each in theirs if tray.place_of(parts.session, each) is not None)
        return list(islice(ready, limit + 1))

    rows = await run_in_threadpool(find)
    page = rows[:limit]
    items = [await run_in_threadpool(_listed, parts, each) for each in page]
    following = page[-1].kept_ms if len(rows) > limit else None
    return json_answer({"items": items, "next": following})


@router.get("/outbox/{digest}", summary="A piece of an envelope's file")
async def piece(
    request: Request,
    parts: PartsHere,
    digest: Digest,
    offset: Annotated[int, Query(ge=0, lt=1 << 53)] = 0,
) -> Response:
    """Return the bytes of an envelope's file from an offset on, a megabyte at most."""
    agency_id, _ = await _agency(request, parts)
    wanted = _bytes_of(digest)

    def read() -> bytes:
        _, name = _for(parts, agency_id, wanted)
        return parts.session.vault.get_range(name, offset, PIECE)

    return Response(await run_in_threadpool(read), media_type=_OCTETS)


@router.delete("/outbox/{digest}", status_code=204, summary="Say that an envelope was taken in")
async def taken(request: Request, parts: PartsHere, digest: Digest) -> Response:
    """Take an envelope away that was left to be fetched: the agency that it is for has it."""
    agency_id, _ = await _agency(request, parts)
    wanted = _bytes_of(digest)

    def remove() -> None:
        _for(parts, agency_id, wanted)
        tray.take_away(parts.session, wanted)

    await run_in_threadpool(remove)
    return Response(status_code=204)


def _for(parts: Parts, agency_id: int, digest: bytes) -> tuple[EnvelopeRow, str]:
    """An envelope for the agency that calls, and where its file lies."""
    with parts.database.read() as connection:
        row = envelopes.of_digest(connection, digest)
    name = None
    if row is not None and (row.direction, row.agency_id) == (SENT, agency_id):
        name = tray.place_of(parts.session, row)
    if row is None or name is None:
        raise UnknownResourceError("there is no such envelope for this agency", "a listed one")
    return row, name


def _listed(parts: Parts, row: EnvelopeRow) -> dict[str, Any]:
    name = tray.place_of(parts.session, row)
    return {
        "delivery": hexadecimal(row.digest),
        "kind": row.kind,
        "subject": hexadecimal(row.subject),
        "size": 0 if name is None else parts.session.vault.size(name),
        "kept_ms": row.kept_ms,
    }


def _inbox(parts: Parts) -> Inbox:
    return Inbox(parts.registry, parts.settings.upload_bytes)


def _bytes_of(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if f"0x{found.hex()}" != text or len(found) != 32:
        raise InvalidInputError("digest", "0x and 64 digits of lower-case hex", "another text")
    return found
