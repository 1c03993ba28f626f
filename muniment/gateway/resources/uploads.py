# SPDX-License-Identifier: Apache-2.0
"""Files of any size, before the registration that names them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from muniment.errors import InvalidInputError
from muniment.gateway.answers import hexadecimal, json_answer
from muniment.gateway.parts import PartsHere, Uploading
from muniment.gateway.piping import Incoming
from muniment.gateway.refusals import (
    CallRefusedError,
    MalformedCallError,
    MediaTypeError,
    TruncatedBodyError,
)
from muniment.gateway.uploads import Upload, keep_upload, require_upload_id
from muniment.record.files import FileValue
from muniment.record.instants import instant

router = APIRouter(tags=["records"])

_digests: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):").search
# Of their own: an upload may last for hours, and must not take a thread from quick calls.
_THREADS: Final = ThreadPoolExecutor(16, thread_name_prefix="upload")


@router.put(
    "/uploads/{upload}",
    status_code=201,
    summary="Upload a file",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload_file(
    request: Request, parts: PartsHere, caller: Uploading, upload: str
) -> Response:
    """Keep a file, encrypted while it comes, for a registration to name within a day.

    200 where the same file is here under this id already. With Content-Digest it is compared, and
    one that is not whole is refused; nothing of it is kept.
    """
    upload_id = require_upload_id(upload)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        FileValue(bytes(32), 0, media_type)
    except InvalidInputError:
        raise MediaTypeError("the file's media type, type/subtype", media_type) from None
    expected = _digest_of(request)
    incoming = Incoming()
    loop = asyncio.get_running_loop()
    work = loop.run_in_executor(
        _THREADS, keep_upload, parts.session, caller, upload_id, incoming, media_type, expected
    )
    try:
        await incoming.feed(_whole(request), lambda: not work.done())
    except (ClientDisconnect, CallRefusedError) as error:
        await asyncio.gather(work, return_exceptions=True)
        if isinstance(error, CallRefusedError):
            raise
        raise TruncatedBodyError("as many bytes as Content-Length says") from None
    kept, new = await work
    return json_answer(_body(kept), 201 if new else 200)


async def _whole(request: Request) -> AsyncIterator[bytes]:
    """The body, which must have as many bytes as was said."""
    said, came = request.headers.get("content-length"), 0
    async for piece in request.stream():
        came += len(piece)
        yield piece
    if said is not None and came != int(said):
        raise ClientDisconnect


def _digest_of(request: Request) -> bytes | None:
    shown = request.headers.get("content-digest")
    if shown is None:
        return None
    found = _digests(shown)
    try:
        return base64.b64decode(found[1], validate=True) if found else _unreadable()
    except binascii.Error:
        return _unreadable()


def _unreadable() -> bytes:
    expected = "sha-256=:BASE64: (RFC 9530)"
    raise MalformedCallError("the digest cannot be read", expected, field="Content-Digest")


def _body(upload: Upload) -> dict[str, object]:
    return {
        "upload": upload.upload_id,
        "digest": hexadecimal(upload.value.digest),
        "length": upload.value.length,
        "media_type": upload.value.media_type,
        "expires_at": instant(upload.expires_ms / 1000),
    }
