# SPDX-License-Identifier: Apache-2.0
"""What every answer says to browsers, and which pages of other places may call (none by default).

Plain ASGI, so that bodies stream through it.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from muniment.gateway.settings import GatewaySettings

# The console's and the verifier's pages load nothing from anywhere else and run no inline script.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_VERIFIER: Final = "/verify"
_ALLOWED: Final = (
    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Prefer, "
    "Muniment-Purpose, Content-Digest"
)
_SHOWN: Final = "ETag, Link, Location, Retry-After, Idempotency-Replayed, Preference-Applied"


class SecurityHeaders:
    """Adds the headers. Answers are not stored by anybody, unless a resource says otherwise."""

    def __init__(self, app: ASGIApp, settings: GatewaySettings) -> None:
        """Wrap an application."""
        self._app = app
        named = dict(_HEADERS)
        if settings.is_secure:
            named["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        self._headers = [(name.lower().encode(), value.encode()) for name, value in named.items()]
        self._allowed = frozenset(settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add to the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = Headers(scope=scope).get("origin", "") if self._allowed else ""
        allowed = origin in self._allowed

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = message["headers"] = list(message["headers"])
                names = {name for name, _ in said}
                said += [each for each in self._headers if each[0] not in names]
                headers = MutableHeaders(scope=message)
                if allowed:
                    # No credentials: an officer's session is for the gateway's own pages.
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = _SHOWN
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
                    headers.add_vary_header("Origin")
                if scope["path"].startswith(_VERIFIER):
                    # One file that holds its own script and style, and may ask the nodes and
                    # gateways that its trust file names.
                    del headers["Content-Security-Policy"]
            await send(message)

        if allowed and scope["method"] == "OPTIONS":
            await send_with_headers(
                {
                    "type": "http.response.start",
                    "status": 204,
                    "headers": [
                        (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, DELETE"),
                        (b"access-control-allow-headers", _ALLOWED.encode()),
                        (b"access-control-max-age", b"600"),
                    ],
                }
            )
            await send({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, send_with_headers)
