# SPDX-License-Identifier: Apache-2.0
"""The tables of the gateway, of the agency's own: who may call it, and what was called once."""

from __future__ import annotations

import sqlalchemy as sa

from muniment.store.columns import bytes_column as _bytes
from muniment.store.columns import metadata
from muniment.store.columns import number_column as _number
from muniment.store.columns import text_column as _text

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    _text("token_id", key=True),  # the first part of the token, which is shown in lists
    _text("name"),
    _bytes("secret_digest"),  # SHA-256 of the whole token: 32 random bytes need no slow hash
    _text("scopes"),  # words, in order, with a blank between them
    _number("created_ms"),
    _number("expires_ms"),
    _number("revoked_ms", null=True),
    _bytes("row_digest"),
)
"""Tokens of machines. The token itself is nowhere."""

officer_accounts = sa.Table(
    "officer_accounts",
    metadata,
    _text("name", key=True),
    _text("address"),  # the officer's account on chain, whose roles decide
    _text("password_hash", null=True),  # Argon2id, in its own text form; null: signs in elsewhere
    _text("openid_subject", null=True),
    _number("created_ms"),
    _number("disabled_ms", null=True),
    _bytes("row_digest"),
    sa.UniqueConstraint("openid_subject"),
)
"""Officers who may sign in at the gateway's pages."""

web_sessions = sa.Table(
    "web_sessions",
    metadata,
    _bytes("session_digest", key=True),  # SHA-256 of what the cookie holds
    _text("name"),  # of the officer's account
    _number("created_ms"),
    _number("expires_ms"),
    _bytes("row_digest"),
    sa.Index(None, "expires_ms"),
    sa.Index(None, "name"),
)
"""Officers who are signed in."""

idempotent_calls = sa.Table(
    "idempotent_calls",
    metadata,
    _bytes("call_key", key=True),  # SHA-256 of the caller, the resource and the key that was sent
    _bytes("body_digest"),  # SHA-256 of what was sent with it
    _number("status"),
    _text("answer"),  # canonical JSON
    _number("created_ms"),
    _bytes("row_digest"),
    sa.Index(None, "created_ms"),
)
"""Calls with an Idempotency-Key and what was answered, for a day."""

uploads = sa.Table(
    "uploads",
    metadata,
    _text("upload_id", key=True),  # the caller's own choice
    _text("caller"),
    _bytes("place"),  # 32 random bytes that its object is bound to
    _bytes("wrapped"),  # its secret, under a key that is derived from one of the key store's
    _text("object_name"),  # in the vault
    _bytes("digest"),  # SHA-256 of the file
    _number("size"),  # of the file
    _text("media_type"),
    _number("expires_ms"),
    _bytes("row_digest"),
    sa.Index(None, "expires_ms"),
)
"""Files that came before what registers them, for a day; used ones for an hour more."""

GATEWAY = (api_tokens, officer_accounts, web_sessions, idempotent_calls, uploads)
