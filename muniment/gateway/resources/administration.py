# SPDX-License-Identifier: Apache-2.0
"""Tokens and officers' accounts, for the agency's administrators who signed in."""

from __future__ import annotations

import time
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from muniment.errors import InvalidInputError
from muniment.gateway.answers import json_answer
from muniment.gateway.bodies import JSON, Member, members_of, require_media_type, whole_body
from muniment.gateway.body_schemas import described_body
from muniment.gateway.callers import accounts, tokens
from muniment.gateway.callers.account import Account
from muniment.gateway.callers.tokens import Token
from muniment.gateway.parts import Administrator, PartsHere
from muniment.gateway.refusals import UnfitCallError, UnknownResourceError
from muniment.record.instants import instant, instant_or_none

router = APIRouter(tags=["administration"])

_NEW_TOKEN: Final = {
    "name": Member(str, "what the token is for"),
    "scopes": Member(list, "a list of scopes"),
    "days": Member(int, "after how many days it expires", needed=False),
}
_NEW_ACCOUNT: Final = {
    "name": Member(str, "lower-case letters, digits and . _ @ -"),
    "address": Member(str, "the officer's account on chain"),
    "password": Member(str, "at least 12 characters", needed=False),
    "openid_subject": Member(str, "the subject of OpenID Connect", needed=False),
}
_PASSWORD: Final = {"password": Member(str, "at least 12 characters")}


@router.get("/tokens", summary="Tokens that were made")
def list_tokens(parts: PartsHere, caller: Administrator) -> Response:
    """List the tokens of machines, not what they are."""
    del caller
    items = [_token(each) for each in tokens.list_tokens(parts.database)]
    return json_answer({"items": items, "next": None})


@router.post(
    "/tokens",
    status_code=201,
    summary="Make a token",
    openapi_extra=described_body(
        _NEW_TOKEN, {"name": "case-system", "scopes": ["register", "read"], "days": 365}
    ),
)
async def make_token(request: Request, parts: PartsHere, caller: Administrator) -> Response:
    """Make a token. The answer's `token` is shown this once."""
    del caller
    require_media_type(request, JSON)
    values = members_of(await whole_body(request), _NEW_TOKEN)
    if not all(isinstance(each, str) for each in values["scopes"]):
        raise UnfitCallError("a scope is no text", "names of scopes", field="scopes")
    text, made = await run_in_threadpool(
        lambda: tokens.make_token(
            parts.database, values["name"], values["scopes"], days=values.get("days", 90)
        )
    )
    return json_answer({"token": text, **_token(made)}, 201)


@router.delete("/tokens/{token}", summary="Revoke a token")
def revoke_token(parts: PartsHere, caller: Administrator, token: str) -> Response:
    """Revoke a token for good."""
    del caller
    try:
        revoked = tokens.revoke_token(parts.database, token)
    except InvalidInputError as error:
        raise UnknownResourceError("there is no such token", error.expected) from error
    parts.identifying.forget()
    return json_answer(_token(revoked))


@router.get("/accounts", summary="Officers' accounts")
def list_accounts(parts: PartsHere, caller: Administrator) -> Response:
    """List the accounts, each with its officer's roles on chain."""
    del caller
    agency = parts.session.profile.agency.id
    items = [
        _account(each) | {"roles": list(accounts.roles_of(parts.database, agency, each.address))}
        for each in accounts.list_accounts(parts.database)
    ]
    return json_answer({"items": items, "next": None})


@router.post(
    "/accounts",
    status_code=201,
    summary="Add an account",
    openapi_extra=described_body(
        _NEW_ACCOUNT,
        {"name": "ada", "address": "0x" + "90f7" * 10, "password": "correct horse battery"},
    ),
)
async def add_account(request: Request, parts: PartsHere, caller: Administrator) -> Response:
    """Add an officer's account. What it may do its roles on chain say."""
    del caller
    require_media_type(request, JSON)
    values = members_of(await whole_body(request), _NEW_ACCOUNT)
    made = await run_in_threadpool(
        lambda: accounts.add_account(
            parts.database,
            values["name"],
            values["address"],
            password=values.get("password"),
            openid_subject=values.get("openid_subject"),
        )
    )
    return json_answer(_account(made), 201)


@router.put(
    "/accounts/{name}/password",
    status_code=204,
    summary="Give an account another password",
    openapi_extra=described_body(_PASSWORD, {"password": "correct horse battery"}),
)
async def set_password(
    request: Request, parts: PartsHere, caller: Administrator, name: str
) -> Response:
    """Give an account another password; its sessions end."""
    del caller
    require_media_type(request, JSON)
    values = members_of(await whole_body(request), _PASSWORD)
    _require_account(parts, name)
    await run_in_threadpool(accounts.set_password, parts.database, name, values["password"])
    parts.identifying.forget()
    return Response(status_code=204)


@router.delete("/accounts/{name}", status_code=204, summary="Disable an account")
def disable_account(parts: PartsHere, caller: Administrator, name: str) -> Response:
    """Let an account sign in no more; its sessions end."""
    del caller
    _require_account(parts, name)
    accounts.disable_account(parts.database, name)
    parts.identifying.forget()
    return Response(status_code=204)


def _require_account(parts: PartsHere, name: str) -> None:
    if accounts.account_named(parts.database, name) is None:
        raise UnknownResourceError("there is no such account", "one that /accounts lists")


def _token(token: Token) -> dict[str, Any]:
    stands = token.stands(int(time.time() * 1000))
    return {
        "id": token.token_id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "created_at": instant(token.created_ms / 1000),
        "expires_at": instant(token.expires_ms / 1000),
        "revoked_at": None if token.revoked_ms is None else instant(token.revoked_ms / 1000),
        "in_force": stands,
    }


def _account(account: Account) -> dict[str, Any]:
    disabled = account.disabled_ms
    return {
        "name": account.name,
        "address": account.address,
        "has_password": account.has_password,
        "openid_subject": account.openid_subject,
        "created_at": instant(account.created_ms / 1000),
        "disabled_at": instant_or_none(None if disabled is None else disabled / 1000),
    }
