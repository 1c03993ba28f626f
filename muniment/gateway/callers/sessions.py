# SPDX-License-Identifier: Apache-2.0
"""Sessions of officers who signed in. The cookie's value is nowhere but in the browser.

A session names an account, and that an address on chain: nothing of it can name another agency.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from muniment.store.database import Database
from muniment.store.gateway_tables import web_sessions
from muniment.store.rows import with_digest

_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class WebSession:
    """A session that stands: whose account's, and until when (Unix milliseconds)."""

    name: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that was begun: what the `cookie` holds, and what writes must show."""

    cookie: str
    csrf: str
    expires_ms: int


def begin_session(database: Database, name: str, *, hours: int) -> NewSession:
    """Begin a session of an account."""
    cookie, now = secrets.token_urlsafe(32), int(time.time() * 1000)
    new = NewSession(cookie, csrf_of(cookie), now + hours * _HOUR_MS)
    row = {
        "session_digest": _digest(cookie),
        "name": name,
        "created_ms": now,
        "expires_ms": new.expires_ms,
    }
    with database.write() as connection:
        connection.execute(sa.delete(web_sessions).where(web_sessions.c.expires_ms < now))
        connection.execute(sa.insert(web_sessions), [with_digest(web_sessions, row)])
    return new


def session_of(database: Database, cookie: str) -> WebSession | None:
    """Return the session that a cookie names, None where none stands."""
    now = int(time.time() * 1000)
    with database.read() as connection:
        chosen = sa.select(web_sessions).where(
            web_sessions.c.session_digest == _digest(cookie), web_sessions.c.expires_ms > now
        )
        row = connection.execute(chosen).mappings().one_or_none()
    if row is None:
        return None
    return WebSession(row["name"], row["expires_ms"])


def end_session(database: Database, cookie: str) -> None:
    """End a session."""
    with database.write() as connection:
        mine = web_sessions.c.session_digest == _digest(cookie)
        connection.execute(sa.delete(web_sessions).where(mine))


def csrf_of(cookie: str) -> str:
    """Return what writes of a session must show: only whoever has the cookie, or was told by the
    gateway's own answer, knows it."""
    return hashlib.sha256(b"muniment/csrf/v1\0" + cookie.encode()).hexdigest()


def is_csrf_of(cookie: str, shown: str) -> bool:
    """Whether a write shows what its session must show."""
    return hmac.compare_digest(csrf_of(cookie).encode(), shown.encode())


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
