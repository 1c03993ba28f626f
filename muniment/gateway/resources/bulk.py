# SPDX-License-Identifier: Apache-2.0
"""Many records in one call: NDJSON up, NDJSON down, a row answered as soon as it is durable.

Rows are taken on whether or not their answers are read: a client that sends all before it reads
must not wait for a server that waits for it. What is not read yet lies in a file that has no name.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from muniment.errors import MunimentError
from muniment.gateway.acting import KINDS
from muniment.gateway.answers import NDJSON, hexadecimal, json_line
from muniment.gateway.bodies import members_of, require_media_type
from muniment.gateway.errors import problem_of
from muniment.gateway.parts import Parts, PartsHere, Registering
from muniment.gateway.refusals import BodyTooLargeError
from muniment.gateway.registering import Registered
from muniment.gateway.resources.registering import latest_type
from muniment.record.types import RecordType
from muniment.registry.journals import EntrySubmission
from muniment.registry.new_content import NewContent, with_files

router = APIRouter(tags=["records"])

_ROW: Final = {name: KINDS["register"].members[name] for name in ("source_id", "content")}
_TOGETHER: Final = 500
_IN_MEMORY: Final = 1 << 20
_PIECE: Final = 1 << 16


@dataclass(slots=True)
class _Tally:
    rows: int = 0
    registered: int = 0
    unchanged: int = 0
    refused: int = 0


@router.post(
    "/records:bulk",
    summary="Register many records by the journal",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {NDJSON: {"schema": {"type": "string"}}},
        }
    },
)
async def register_many(
    request: Request,
    parts: PartsHere,
    caller: Registering,
    type: Annotated[str, Query(max_length=64)],  # noqa: A002
    source_system: Annotated[str | None, Query(max_length=1024)] = None,
) -> Response:
    """Register a record of each row `{"source_id", "content"}`, and answer each in order.

    A row that cannot be is refused by itself. The same rows again are `"new": false`. The last line
    has the counts: an answer without it broke off, and may be sent again.
    """
    del caller
    require_media_type(request, NDJSON)
    record_type = await latest_type(parts, type)
    return _Answering(request, _Rows(parts, record_type, source_system))


@dataclass(slots=True)
class _Rows:
    """Registers rows, some hundred at a time."""

    parts: Parts
    record_type: RecordType
    system: str | None
    tally: _Tally = field(default_factory=_Tally)

    def answer(self, lines: Sequence[bytes]) -> bytes:
        """Register rows and return their answers, when all are durable or refused."""
        begun = [self._begin(line) for line in lines if line.strip()]
        return b"".join(self._end(*each) for each in begun)

    def last(self) -> bytes:
        """Return the line with the counts."""
        tally = self.tally
        return json_line(
            {
                "rows": tally.rows,
                "registered": tally.registered,
                "unchanged": tally.unchanged,
                "refused": tally.refused,
            }
        )

    def _begin(self, line: bytes) -> tuple[str | None, Future[Registered]]:
        self.tally.rows += 1
        source_id = None
        try:
            values = members_of(line, _ROW)
            source_id = values["source_id"]
            new = NewContent(source_id, values["content"])
            if self.record_type.file_fields:
                # A file needs an upload, and that a call of its own.
                new = with_files(self.record_type, new)
            future = self.parts.registrar.register(
                self.record_type, new, system=self.system, waits=True
            )
        except MunimentError as error:
            future = Future()
            future.set_exception(error)
        return source_id, future

    def _end(self, source_id: str | None, future: Future[Registered]) -> bytes:
        row: dict[str, Any] = {"row": self._answered(), "source_id": source_id}
        try:
            done = future.result()
        except MunimentError as error:
            self.tally.refused += 1
            return json_line(row | {"error": problem_of(error)})
        submission = done.submission
        if done.new:
            self.tally.registered += 1
        else:
            self.tally.unchanged += 1
        row |= {"record": hexadecimal(submission.record_id), "new": done.new}
        if isinstance(submission, EntrySubmission):
            row |= {"journal": submission.journal, "index": submission.index}
        return json_line(row | {"stage": "acknowledged" if done.new else str(submission.stage)})

    def _answered(self) -> int:
        tally = self.tally
        return tally.registered + tally.unchanged + tally.refused + 1


class _Answering(Response):
    """Reads the rows and sends the answers beside each other."""

    def __init__(self, request: Request, rows: _Rows) -> None:
        super().__init__(media_type=NDJSON)
        self._request = request
        self._rows = rows
        self._most = rows.parts.settings.body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        del scope, receive
        headers = [(b"content-type", NDJSON.encode()), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
            answers = _Spool(spool)
            reading = asyncio.create_task(self._read(answers))
            try:
                async for piece in answers.pieces():
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await reading
            finally:
                reading.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _read(self, answers: _Spool) -> None:
        try:
            async for lines in self._lines():
                answers.add(await run_in_threadpool(self._rows.answer, lines))
            answers.add(self._rows.last())
        except BodyTooLargeError as error:
            answers.add(json_line({"error": problem_of(error)}))
        except ClientDisconnect:
            # Rows that came whole are registered; whoever sent them is told nothing any more.
            return
        finally:
            answers.end()

    async def _lines(self) -> AsyncIterator[list[bytes]]:
        """Rows, as many together as came."""
        half, lines = b"", list[bytes]()
        async for piece in self._request.stream():
            *whole, half = (half + piece).split(b"\n")
            if len(half) > self._most:
                raise BodyTooLargeError(self._most)
            lines += whole
            while len(lines) >= _TOGETHER:
                yield lines[:_TOGETHER]
                del lines[:_TOGETHER]
        if half:
            lines.append(half)
        if lines:
            yield lines


class _Spool:
    """Answers that were not sent yet, in order."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._written = 0
        self._sent = 0
        self._ended = False
        self._changed = asyncio.Event()

    def add(self, data: bytes) -> None:
        self._file.seek(self._written)
        self._file.write(data)
        self._written += len(data)
        self._changed.set()

    def end(self) -> None:
        self._ended = True
        self._changed.set()

    async def pieces(self) -> AsyncIterator[bytes]:
        while not self._ended or self._sent < self._written:
            if self._sent == self._written:
                self._changed.clear()
                await self._changed.wait()
                continue
            self._file.seek(self._sent)
            piece = self._file.read(min(_PIECE, self._written - self._sent))
            self._sent += len(piece)
            yield piece
