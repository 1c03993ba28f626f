# SPDX-License-Identifier: Apache-2.0
"""Tokens of machines: made once, shown once, kept as digests.

A token is ``mun_`` and its id, an underscore and 32 random bytes in base64url. So random a text
needs no slow hash: SHA-256 of the whole is what is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from muniment.errors import InvalidInputError
from muniment.gateway.callers.scopes import Scope, scopes_of
from muniment.store.database import Database
from muniment.store.gateway_tables import api_tokens
from muniment.store.rows import with_digest

MAX_NAME: Final = 64
MAX_DAYS: Final = 3650
_DAY_MS: Final = 86_400_000
_form: Final = re.compile(r"mun_([0-9a-f]{16})_[A-Za-z0-9_-]{43}").fullmatch
_name: Final = re.compile(r"[^\s\x00-\x1f][^\x00-\x1f]{0,63}").fullmatch


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; times in Unix milliseconds, `revoked_ms` None while it stands."""

    token_id: str
    name: str
    scopes: frozenset[Scope]
    created_ms: int
    expires_ms: int
    revoked_ms: int | None

    def stands(self, now_ms: int) -> bool:
        """Whether it may be used at a time."""
        return self.revoked_ms is None and now_ms < self.expires_ms


def make_token(
    database: Database, name: str, scopes: Iterable[str], *, days: int = 90
) -> tuple[str, Token]:
    """Make a token and return it, with what is known of it. Raises `InvalidInputError`."""
    wanted = scopes_of(scopes)
    if not _name(name):
        raise InvalidInputError("token name", f"a line of 1 to {MAX_NAME} characters", "another")
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInputError("token days", f"1 to {MAX_DAYS}", str(days))
    token_id, now = secrets.token_hex(8), _now_ms()
    secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    text = f"mun_{token_id}_{secret}"
    token = Token(token_id, name, wanted, now, now + days * _DAY_MS, None)
    row = {
        "token_id": token_id,
        "name": name,
        "secret_digest": _digest(text),
        "scopes": " ".join(sorted(wanted)),
        "created_ms": now,
        "expires_ms": token.expires_ms,
        "revoked_ms": None,
    }
    with database.write() as connection:
        connection.execute(sa.insert(api_tokens), [with_digest(api_tokens, row)])
    return text, token


def list_tokens(database: Database) -> list[Token]:
    """Return all tokens that were made, the earliest first."""
    with database.read() as connection:
        chosen = sa.select(api_tokens).order_by(api_tokens.c.created_ms, api_tokens.c.token_id)
        return [_token(row) for row in connection.execute(chosen).mappings()]


def revoke_token(database: Database, token_id: str) -> Token:
    """Revoke a token for good; twice does nothing more. Raises `InvalidInputError`."""
    with database.write() as connection:
        chosen = sa.select(api_tokens).where(api_tokens.c.token_id == token_id)
        row = connection.execute(chosen).mappings().one_or_none()
        if row is None:
            raise InvalidInputError("token", "the id of one that was made", "unknown")
        if row["revoked_ms"] is None:
            changed = with_digest(api_tokens, {**_plain(row), "revoked_ms": _now_ms()})
            connection.execute(
                sa.update(api_tokens).where(api_tokens.c.token_id == token_id), [changed]
            )
            return _token(changed)
        return _token(row)


def token_of(database: Database, text: str) -> Token | None:
    """Return what stands behind a token that was shown, None where it is none of this gateway."""
    named = _form(text)
    if named is None:
        return None
    with database.read() as connection:
        chosen = sa.select(api_tokens).where(api_tokens.c.token_id == named[1])
        row = connection.execute(chosen).mappings().one_or_none()
    if row is None or not hmac.compare_digest(bytes(row["secret_digest"]), _digest(text)):
        return None
    return _token(row)


def _plain(row: sa.RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "row_digest"}


def _token(row: Mapping[str, Any] | sa.RowMapping) -> Token:
    return Token(
        row["token_id"],
        row["name"],
        frozenset(Scope(each) for each in row["scopes"].split()),
        row["created_ms"],
        row["expires_ms"],
        row["revoked_ms"],
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _now_ms() -> int:
    return int(time.time() * 1000)
