# SPDX-License-Identifier: Apache-2.0
"""Officers who sign in, and out."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from muniment.gateway.answers import json_answer
from muniment.gateway.bodies import JSON, Member, members_of, require_media_type, whole_body
from muniment.gateway.body_schemas import described_body
from muniment.gateway.callers import accounts, sessions
from muniment.gateway.callers.account import Account
from muniment.gateway.callers.caller import CallerKind
from muniment.gateway.parts import Anybody, Parts, PartsHere
from muniment.gateway.refusals import ForbiddenCallError, NotSignedInError, WrongPasswordError
from muniment.record.instants import instant

router = APIRouter(tags=["session"])

_MEMBERS: Final = {
    "name": Member(str, "the account's name"),
    "password": Member(str, "the account's password"),
}


@router.get("/session/ways", summary="How one can sign in here")
def ways(parts: PartsHere) -> Response:
    """Return which ways to sign in there are, and of which agency this gateway is."""
    body = {"password": True, "openid": parts.settings.openid is not None}
    return json_answer(body | {"agency": parts.session.profile.agency.id})


@router.post(
    "/session",
    summary="Sign in by a password",
    openapi_extra=described_body(_MEMBERS, {"name": "ada", "password": "correct horse battery"}),
)
async def sign_in(request: Request, parts: PartsHere) -> Response:
    """Sign an officer in. The answer's `csrf` must be shown by every write of the session."""
    parts.identifying.require_same_site(request)
    require_media_type(request, JSON)
    values = members_of(await whole_body(request), _MEMBERS)
    name = values["name"][:64]
    address = request.client.host if request.client else ""
    # By both: many names from one place, and one name from many places.
    for key in (f"address:{address}", f"name:{name}"):
        parts.sign_ins.take(key)
    account = await run_in_threadpool(
        accounts.account_by_password, parts.database, name, values["password"]
    )
    if account is None:
        raise WrongPasswordError
    parts.sign_ins.refill(f"name:{name}")
    return await run_in_threadpool(signed_in, parts, account)


@router.get("/session", summary="Who is signed in")
def show(request: Request, parts: PartsHere, caller: Anybody) -> Response:
    """Return whose session this is, what it may do, and what its writes must show."""
    cookie = request.cookies.get(parts.identifying.cookie)
    if caller.kind is not CallerKind.SESSION or cookie is None:
        raise NotSignedInError("this is no session")
    found = sessions.session_of(parts.database, cookie)
    if found is None:
        raise NotSignedInError("the session has ended")
    account = accounts.account_named(parts.database, found.name)
    if account is None:
        raise NotSignedInError("the account is no more")
    return json_answer(_body(parts, account, sessions.csrf_of(cookie), found.expires_ms))


@router.delete("/session", status_code=204, summary="Sign out")
def sign_out(request: Request, parts: PartsHere, caller: Anybody) -> Response:
    """End the session."""
    cookie = request.cookies.get(parts.identifying.cookie)
    if caller.kind is CallerKind.SESSION and cookie is not None:
        sessions.end_session(parts.database, cookie)
        parts.identifying.forget()
    answer = Response(status_code=204)
    answer.delete_cookie(parts.identifying.cookie, path="/", secure=parts.settings.is_secure)
    return answer


def signed_in(parts: Parts, account: Account) -> Response:
    """Begin a session of an account and return the answer that carries its cookie.

    Raises `ForbiddenCallError` for an account that has no role in this agency on chain.
    """
    agency = parts.session.profile.agency.id
    if not accounts.roles_of(parts.database, agency, account.address):
        raise ForbiddenCallError(
            "the account's address has no role in this agency",
            f"an officer of agency {agency}, as the chain has them",
            remedy="its administrator gives the role: `muniment agency add`",
        )
    new = sessions.begin_session(parts.database, account.name, hours=parts.settings.session_hours)
    answer = json_answer(_body(parts, account, new.csrf, new.expires_ms))
    answer.set_cookie(
        parts.identifying.cookie,
        new.cookie,
        max_age=parts.settings.session_hours * 3600,
        path="/",
        secure=parts.settings.is_secure,
        httponly=True,
        samesite="strict",
    )
    return answer


def _body(parts: Parts, account: Account, csrf: str, expires_ms: int) -> dict[str, Any]:
    agency = parts.session.profile.agency.id
    roles = accounts.roles_of(parts.database, agency, account.address)
    chain = parts.session.profile.chain
    return {
        "name": account.name,
        "address": account.address,
        "agency": agency,
        "roles": list(roles),
        "scopes": sorted(accounts.scopes_of_roles(roles)),
        "csrf": csrf,
        "expires_at": instant(expires_ms / 1000),
        "chain_id": chain.id,
        "registry": chain.registry,
        "shares": chain.shares,
    }
