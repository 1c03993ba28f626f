# SPDX-License-Identifier: Apache-2.0
"""Journals as the files of C2SP tlog-tiles: anybody may follow one; its entries are for callers who
may read them."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from muniment.gateway.callers.scopes import Scope
from muniment.gateway.parts import PartsHere, caller_of
from muniment.gateway.refusals import UnknownResourceError
from muniment.journal.tiles import CHECKPOINT_PATH
from muniment.store.journal_files import JournalFiles, MissingFileError

router = APIRouter(tags=["journals"])

_NUMBER: Final = r"(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[0-9]{1,3})?"
_is_tile: Final = re.compile(rf"tile/(?:[0-9]|[1-5][0-9]|6[0-3])/{_NUMBER}").fullmatch
_is_bundle: Final = re.compile(rf"tile/entries/{_NUMBER}").fullmatch
_NEVER_CHANGES: Final = "public, max-age=31536000, immutable"
_SOON_ANOTHER: Final = "no-cache"


@router.get("/journal/{number}/{path:path}", summary="A file of a journal")
async def journal_file(
    request: Request,
    parts: PartsHere,
    number: Annotated[int, Path(ge=1, le=(1 << 32) - 1)],
    path: str,
) -> Response:
    """Return `checkpoint`, `tile/<L>/<N>`, open to all, or `tile/entries/<N>`, which takes the
    scope `entries`."""
    media, caching = "application/octet-stream", _NEVER_CHANGES
    if path == CHECKPOINT_PATH:
        media, caching = "text/plain; charset=utf-8", _SOON_ANOTHER
    elif _is_bundle(path):
        (await caller_of(request)).require(Scope.ENTRIES)
        caching = "private, no-store"
    elif not _is_tile(path):
        raise UnknownResourceError("no file of a journal", "checkpoint, tile/<L>/<N> …")
    else:
        parts.calls.take(f"open:{request.client.host if request.client else ''}")
    try:
        data = await run_in_threadpool(JournalFiles(parts.session.vault, number).read, path)
    except MissingFileError:
        raise UnknownResourceError(
            f"journal {number} has no such file", "a file of the tree's present size"
        ) from None
    return Response(data, headers={"Cache-Control": caching}, media_type=media)
