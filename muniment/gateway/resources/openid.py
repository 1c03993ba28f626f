# SPDX-License-Identifier: Apache-2.0
"""Signing in by OpenID Connect, where the settings name an issuer."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from muniment.gateway.callers.accounts import account_of_subject
from muniment.gateway.callers.openid import PATH, SECONDS, OpenId
from muniment.gateway.parts import Parts, PartsHere
from muniment.gateway.refusals import ForbiddenCallError, NotSignedInError, UnknownResourceError
from muniment.gateway.resources.session import signed_in

router = APIRouter(tags=["session"])

_COOKIE: Final = "muniment-openid"
_LONGEST: Final = 2048


@router.get("/session/openid", status_code=303, summary="Sign in at the identity provider")
def begin(request: Request, parts: PartsHere) -> Response:
    """Send the browser to the identity provider, which sends it back."""
    parts.sign_ins.take(f"address:{request.client.host if request.client else ''}")
    begun = _openid(request, parts).begin()
    answer = RedirectResponse(begun.address, 303)
    # Lax: the browser comes back from another site.
    answer.set_cookie(
        _COOKIE,
        begun.cookie,
        max_age=SECONDS,
        path=PATH,
        secure=parts.settings.is_secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get(PATH, status_code=303, summary="Back from the identity provider")
def end(
    request: Request,
    parts: PartsHere,
    code: Annotated[str, Query(max_length=_LONGEST)] = "",
    state: Annotated[str, Query(max_length=_LONGEST)] = "",
) -> Response:
    """Begin the session of the officer whom the identity provider names, and go to the pages."""
    openid = _openid(request, parts)
    cookie = request.cookies.get(_COOKIE)
    if cookie is None or not code:
        raise NotSignedInError("the identity provider signed nobody in")
    subject = openid.end(cookie, code, state)
    account = account_of_subject(parts.database, subject)
    if account is None:
        raise ForbiddenCallError(
            "nobody here is known by this subject",
            "an officer's account with it",
            remedy="its administrator adds it: `muniment account add --openid-subject`",
            subject=subject,
        )
    begun = signed_in(parts, account)
    answer = RedirectResponse("/", 303)
    answer.raw_headers += [each for each in begun.raw_headers if each[0] == b"set-cookie"]
    answer.delete_cookie(_COOKIE, path=PATH)
    return answer


def _openid(request: Request, parts: Parts) -> OpenId:
    settings = parts.settings
    if settings.openid is None:
        raise UnknownResourceError(
            "officers sign in by a password here", "`openid` in the profile's table gateway"
        )
    origin = settings.origin or str(request.base_url).rstrip("/")
    return OpenId(settings.openid, origin, parts.cursor_key)
