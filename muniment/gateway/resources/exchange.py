# SPDX-License-Identifier: Apache-2.0
"""Shares and deliveries: listed, made, fetched, and handed in as files."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path as FilePath
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from muniment.exchange.envelope_header import EnvelopeKind
from muniment.gateway import idempotency
from muniment.gateway.acting import id_of, records_of
from muniment.gateway.answers import hexadecimal, json_answer
from muniment.gateway.bodies import JSON, Member, members_of, require_media_type, whole_body
from muniment.gateway.body_schemas import described_body
from muniment.gateway.cursors import page_of, start_of
from muniment.gateway.idempotency import REPLAYED, keyed_call
from muniment.gateway.lines import Tell, answer_in_lines, is_in_lines
from muniment.gateway.parts import Exchanging, Parts, PartsHere
from muniment.gateway.piping import Outgoing
from muniment.gateway.refusals import TruncatedBodyError, UnknownResourceError
from muniment.gateway.resources.finding import Cursor, Limit
from muniment.record.instants import instant
from muniment.registry.exchange import tray
from muniment.registry.exchange.receiving import acknowledged_under
from muniment.registry.exchange.shares import ShareView, list_shares, share_of
from muniment.registry.exchange.taken_in import TakenIn
from muniment.store import envelopes
from muniment.store.envelopes import EnvelopeRow

router = APIRouter(tags=["between agencies"])

_OCTETS: Final = "application/octet-stream"
_PIECE: Final = 1 << 18
_DELIVERY: Final = {
    "records": Member(list, "ids of records, in place of all that it covers", needed=False),
    "with_evidence": Member(bool, "whether evidence of each goes along", needed=False),
}
Digest = Annotated[str, Path(description="0x and 64 digits of hex", max_length=66)]
ShareStatus = Literal["requested", "granted", "denied", "revoked", "expired", "lapsed"]


@router.get("/shares", summary="This agency's shares")
def shares(
    parts: PartsHere,
    caller: Exchanging,
    status: ShareStatus | None = None,
    to_decide: Annotated[bool, Query(description="Those that wait for this agency")] = False,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the shares that this agency asked for or was asked for, as the mirror has them."""
    del caller
    query = ["shares", status, to_decide]
    start = start_of(parts.cursor_key, query, cursor)
    own = parts.session.profile.agency.id
    wanted = [] if status is None else [status]
    found = list_shares(parts.session, statuses=["requested"] if to_decide else wanted)
    if to_decide:
        found = [each for each in found if each.granter == own]
    page, following = page_of(parts.cursor_key, query, found, start, limit)
    items = [share_body(each, own) for each in page]
    return json_answer({"items": items, "next": following})


@router.get("/shares/{share}", summary="One share with its terms")
def show_share(parts: PartsHere, caller: Exchanging, share: Digest) -> Response:
    """Return a share as it stands, with its terms where they are known here."""
    del caller
    found = share_of(parts.session, id_of("share", share))
    return json_answer(share_body(found, parts.session.profile.agency.id))


@router.post(
    "/shares/{share}/deliveries",
    status_code=201,
    summary="Deliver under a share",
    openapi_extra=described_body(_DELIVERY, {"records": ["0x" + "8c1f" * 16]}),
)
async def deliver(
    request: Request, parts: PartsHere, caller: Exchanging, share: Digest
) -> Response:
    """Write a delivery of records under a share that this agency granted, of all that it covers by
    default, and leave it to be fetched: from here, or by the other agency's gateway.

    With `Accept: application/x-ndjson` it is answered in lines: `{"delivered": records}` as it goes
    on, and last what is answered else, or `{"error": {problem}}`.
    """
    require_media_type(request, JSON)
    body = await whole_body(request)
    given = members_of(body, _DELIVERY)
    share_id = id_of("share", share)
    records = records_of(given, "records") if "records" in given else None
    call = keyed_call(request, caller, body)

    def make(tell: Tell = lambda _: None) -> dict[str, Any]:
        made = parts.registry.exchange.deliver(
            share_id,
            None,
            records,
            with_evidence=given.get("with_evidence"),
            progress=lambda count: tell({"delivered": count}),
        )
        done = {"delivery": hexadecimal(made.digest), "share": share, "records": made.count}
        if call is not None:
            with parts.database.write() as connection:
                idempotency.remember_answer(connection, call, 201, done)
        return done

    def work() -> Response:
        before = idempotency.answer_before(parts.database, call)
        if before is not None:
            return _delivered(before.body, {REPLAYED: "true"})
        return answer_in_lines(make) if is_in_lines(request) else _delivered(make(), {})

    return await run_in_threadpool(work)


def _delivered(done: dict[str, Any], headers: dict[str, str]) -> Response:
    return json_answer(done, 201, {"Location": f"/deliveries/{done['delivery']}", **headers})


@router.get("/deliveries", summary="Envelopes that were sent and received")
def deliveries(
    parts: PartsHere,
    caller: Exchanging,
    direction: Literal["sent", "received"] | None = None,
    kind: EnvelopeKind | None = None,
    share: Annotated[str | None, Query(max_length=66)] = None,
    order: Literal["earliest", "latest"] = "earliest",
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List envelopes by when they came here or were written; `share` those under one share.

    `acknowledged` says whether a delivery's receipt stands on chain, null for other kinds.
    """
    del caller
    query = ["deliveries", direction, kind, share, order]
    start = start_of(parts.cursor_key, query, cursor)
    with parts.database.read() as connection:
        found = envelopes.find(
            connection,
            kinds=() if kind is None else (kind,),
            direction=direction,
            subject=None if share is None else id_of("share", share),
        )
    if order == "latest":
        found.reverse()
    page, following = page_of(parts.cursor_key, query, found, start, limit)
    receipts = acknowledged_under(parts.session, [each.subject for each in page])
    items = [_envelope(each, receipts) for each in page]
    return json_answer({"items": items, "next": following})


@router.get("/deliveries/{digest}", summary="One envelope and the records in it")
def show_delivery(parts: PartsHere, caller: Exchanging, digest: Digest) -> Response:
    """Return what is known of an envelope, with the records in it; `size` is that of its file, null
    where there is none to fetch."""
    del caller
    row = _row(parts, digest)
    with parts.database.read() as connection:
        inside = envelopes.records_in(connection, row.digest)
    listed = [
        {"record": hexadecimal(each.record_id), "version": each.version or None} for each in inside
    ]
    name = tray.place_of(parts.session, row)
    size = None if name is None else parts.session.vault.size(name)
    receipts = acknowledged_under(parts.session, [row.subject])
    return json_answer({**_envelope(row, receipts), "size": size, "records": listed})


@router.get("/deliveries/{digest}/envelope", summary="The envelope's file")
def fetch_envelope(parts: PartsHere, caller: Exchanging, digest: Digest) -> Response:
    """Stream the file of an envelope, as it is carried to the other agency. That of a custody
    package is shown once every one of its offers stands on chain."""
    del caller
    row = _row(parts, digest)
    name, vault = tray.place_of(parts.session, row), parts.session.vault
    if name is None:
        raise UnknownResourceError(
            "there is no file of this envelope to fetch",
            "an envelope whose file is here, and of a custody package all offers on chain",
        )
    size = vault.size(name)

    def write(target: Outgoing) -> None:
        with vault.open(name) as reader:
            while piece := reader.read(_PIECE):
                target.write(piece)

    headers = {
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="{row.digest.hex()}.envelope"',
    }
    return StreamingResponse(Outgoing().pieces(write), headers=headers, media_type=_OCTETS)


@router.delete(
    "/deliveries/{digest}/envelope", status_code=204, summary="Let an envelope's file go"
)
def forget_envelope(parts: PartsHere, caller: Exchanging, digest: Digest) -> Response:
    """Take the file of a delivery or a package away that was left to be fetched, once it is with
    the other agency: it holds what was given. What was in it stays put down."""
    del caller
    row = _row(parts, digest)
    tray.take_away(parts.session, row.digest)
    return Response(status_code=204)


@router.post(
    "/deliveries",
    status_code=201,
    summary="Hand in an envelope that came",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {_OCTETS: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def hand_in(request: Request, parts: PartsHere, caller: Exchanging) -> Response:
    """Take in an envelope of another agency: who signed it and what it says is checked against the
    chain, and what does not hold is refused whole. 200 for one that was taken in before.

    A delivery's receipt is an act, and so is the acceptance of a custody package, which waits here
    as a hand-over: prepare it (`POST /acts`).
    """
    del caller
    require_media_type(request, _OCTETS)
    with tempfile.TemporaryDirectory(prefix="muniment-envelope-") as folder:
        path = FilePath(folder) / "envelope"
        try:
            with path.open("wb") as writer:
                async for piece in request.stream():
                    await run_in_threadpool(writer.write, piece)
        except ClientDisconnect:
            raise TruncatedBodyError("as many bytes as Content-Length says") from None
        before = await run_in_threadpool(_digests, parts)
        taken = await run_in_threadpool(
            lambda: parts.registry.exchange.receive(path, acknowledge=False)
        )
    new = taken.row.digest not in before
    location = {"Location": f"/deliveries/0x{taken.row.digest.hex()}"}
    return json_answer(_taken(taken, parts), 201 if new else 200, location)


def share_body(share: ShareView, own: int) -> dict[str, Any]:
    """Return a share as answers have it."""
    return {
        "share": hexadecimal(share.share_id),
        "granter": share.granter,
        "requester": share.requester,
        "granted_by_us": share.granter == own,
        "type_id": share.type_id or None,
        "record": hexadecimal(share.record_id),
        "status": share.status,
        "respond_by": instant(share.respond_by),
        "expires_at": instant(share.expires_at),
        "terms": None if share.terms is None else share.terms.to_json(),
    }


def _envelope(row: EnvelopeRow, receipts: Collection[bytes]) -> dict[str, Any]:
    is_delivery = row.kind == EnvelopeKind.DELIVERY
    return {
        "delivery": hexadecimal(row.digest),
        "direction": row.direction,
        "kind": row.kind,
        "agency": row.agency_id,
        "subject": hexadecimal(row.subject),
        "kept": row.is_kept,
        "made_at": instant(row.made_at),
        "kept_at": instant(row.kept_ms / 1000),
        "state": row.state,
        "acknowledged": row.digest in receipts if is_delivery else None,
    }


def _taken(taken: TakenIn, parts: Parts) -> dict[str, Any]:
    own = parts.session.profile.agency.id
    return {
        **_envelope(taken.row, acknowledged_under(parts.session, [taken.row.subject])),
        "records": taken.count,
        "evidence": taken.evidence,
        "share": None if taken.share is None else share_body(taken.share, own),
    }


def _digests(parts: Parts) -> set[bytes]:
    with parts.database.read() as connection:
        found = envelopes.find(connection, direction=envelopes.RECEIVED)
    return {each.digest for each in found}


def _row(parts: Parts, digest: str) -> EnvelopeRow:
    with parts.database.read() as connection:
        row = envelopes.of_digest(connection, id_of("delivery", digest))
    if row is None:
        raise UnknownResourceError(f"there is no envelope {digest}", "one that /deliveries lists")
    return row
