# SPDX-License-Identifier: Apache-2.0
"""Who calls: found by the token or the session that a call shows.

What the database said stands for two seconds: so long may a revoked token still be taken.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from typing import Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from muniment.gateway.callers import accounts, sessions, tokens
from muniment.gateway.callers.caller import Caller, CallerKind
from muniment.gateway.refusals import ForbiddenCallError, MalformedCallError, NotSignedInError
from muniment.gateway.settings import GatewaySettings
from muniment.store.database import Database

CSRF_HEADER: Final = "Muniment-CSRF"
STANDS_SECONDS: Final = 2.0
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_KEPT: Final = 4096


class Identifying:
    """Finds callers of the gateway of one agency."""

    def __init__(self, database: Database, agency_id: int, settings: GatewaySettings) -> None:
        """Take where they are kept."""
        self._database = database
        self._agency_id = agency_id
        self._settings = settings
        self._kept: OrderedDict[bytes, tuple[float, Caller | None]] = OrderedDict()
        self._asked: dict[bytes, asyncio.Future[tuple[float, Caller | None]]] = {}

    @property
    def cookie(self) -> str:
        """The name of the session's cookie. With TLS no other host and no plain page can set it."""
        return "__Host-muniment" if self._settings.is_secure else "muniment"

    async def caller(self, request: Request) -> Caller:
        """Return who calls. Raises `NotSignedInError`, and `ForbiddenCallError` for a write of a
        session that another page may have made."""
        shown = request.headers.get("authorization")
        if shown is not None:
            scheme, _, token = shown.partition(" ")
            if scheme.lower() != "bearer":
                raise NotSignedInError("the header Authorization is of another scheme")
            return await self._found(token.strip(), by_token=True)
        cookie = request.cookies.get(self.cookie)
        if cookie is None:
            raise NotSignedInError("nobody is named")
        found = await self._found(cookie, by_token=False)
        if request.method not in _SAFE:
            self.require_own_page(request, cookie)
        return found

    def require_own_page(self, request: Request, cookie: str) -> None:
        """Raise `ForbiddenCallError` for a call that a page of another place may have made."""
        self.require_same_site(request)
        if not sessions.is_csrf_of(cookie, request.headers.get(CSRF_HEADER, "")):
            raise ForbiddenCallError(
                f"the header {CSRF_HEADER} is missing, or another session's",
                "what the sign-in answered as `csrf`",
                remedy="GET /session tells it again",
                field=CSRF_HEADER,
            )

    def require_same_site(self, request: Request) -> None:
        """Raise `ForbiddenCallError` where the browser says that another place's page calls."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin")
        host = request.headers.get("host", "")
        own = self._settings.origin
        here = origin is None or (origin == own if own else urlsplit(origin).netloc == host)
        if site not in ("same-origin", "none") or not here:
            raise ForbiddenCallError(
                "a page of another place makes this call",
                "a call of the gateway's own pages",
                field="Origin",
            )

    def forget(self) -> None:
        """Look everybody up anew: somebody was given less, or signed out."""
        self._kept.clear()

    async def _found(self, shown: str, *, by_token: bool) -> Caller:
        if len(shown) > 256:
            raise MalformedCallError("the token is too long", "a token that was made here")
        key = hashlib.sha256(b"%d" % by_token + shown.encode()).digest()
        kept = self._kept.get(key)
        if kept is None or time.monotonic() - kept[0] > STANDS_SECONDS:
            kept = await self._looked_up(key, shown, by_token=by_token)
        if kept[1] is None:
            raise NotSignedInError(
                "the token is unknown, expired or revoked" if by_token else "the session has ended"
            )
        return kept[1]

    async def _looked_up(
        self, key: bytes, shown: str, *, by_token: bool
    ) -> tuple[float, Caller | None]:
        """What the database says now: asked once, however many wait for it."""
        asked = self._asked.get(key)
        if asked is None:
            look = self._by_token if by_token else self._by_session

            async def ask() -> tuple[float, Caller | None]:
                begun = time.monotonic()
                try:
                    found = (begun, await run_in_threadpool(look, shown))
                finally:
                    self._asked.pop(key, None)
                self._kept[key] = found
                self._kept.move_to_end(key)
                if len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
                return found

            asked = self._asked[key] = asyncio.ensure_future(ask())
        # One that goes away does not take the answer from the others.
        return await asyncio.shield(asked)

    def _by_token(self, shown: str) -> Caller | None:
        token = tokens.token_of(self._database, shown)
        if token is None or not token.stands(int(time.time() * 1000)):
            return None
        return Caller(CallerKind.TOKEN, token.token_id, token.scopes)

    def _by_session(self, shown: str) -> Caller | None:
        session = sessions.session_of(self._database, shown)
        account = None if session is None else accounts.account_named(self._database, session.name)
        if account is None:
            return None
        roles = accounts.roles_of(self._database, self._agency_id, account.address)
        return Caller(
            CallerKind.SESSION,
            account.name,
            accounts.scopes_of_roles(roles),
            account.address,
            roles,
        )
