# SPDX-License-Identifier: Apache-2.0
"""`muniment token`: who may call the gateway as a machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from muniment.cli.options import json_option, opened, profile_option, show_json, show_table
from muniment.gateway.callers.tokens import Token, list_tokens, make_token, revoke_token
from muniment.record.instants import instant


@click.group()
def token() -> None:
    """Tokens by which machines call the gateway. They are kept as digests, and shown once."""


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="What it may do; repeat it.")
@click.option("--days", default=90, show_default=True, help="After how many days it expires.")
@profile_option
@json_option
def make(name: str, scopes: tuple[str, ...], days: int, profile: Path, as_json: bool) -> None:
    """Make a token called NAME and print it: it is shown this once.

    Scopes: read, register, prepare, exchange, entries, metrics (docs/spec/rest.md).

    Example: muniment token make case-system --scope register --scope read --days 365
    """
    with opened(profile) as registry:
        text, made = make_token(registry.session.database, name, scopes, days=days)
    if as_json:
        show_json({"token": text, **_json(made)})
        return
    click.echo(text)
    click.echo(f"{made.token_id}: until {instant(made.expires_ms // 1000)}", err=True)


@token.command("list")
@profile_option
@json_option
def list_(profile: Path, as_json: bool) -> None:
    """List tokens, not what they are.

    Example: muniment token list
    """
    with opened(profile) as registry:
        found = list_tokens(registry.session.database)
    if as_json:
        show_json([_json(each) for each in found])
        return
    show_table(
        ["id", "name", "scopes", "until", "state"],
        [
            [
                each.token_id,
                each.name,
                " ".join(sorted(each.scopes)),
                instant(each.expires_ms // 1000),
                _state(each),
            ]
            for each in found
        ],
    )


@token.command()
@click.argument("token_id", metavar="ID")
@profile_option
@json_option
def revoke(token_id: str, profile: Path, as_json: bool) -> None:
    """Revoke a token for good. A running gateway takes it for two seconds more at most.

    Example: muniment token revoke 9f86d081884c7d65
    """
    with opened(profile) as registry:
        revoked = revoke_token(registry.session.database, token_id)
    if as_json:
        show_json(_json(revoked))
    else:
        click.echo(f"{revoked.token_id} ({revoked.name}): revoked", err=True)


def _state(token: Token) -> str:
    if token.revoked_ms is not None:
        return "revoked"
    return "in force" if token.stands(int(time.time() * 1000)) else "expired"


def _json(token: Token) -> dict[str, Any]:
    return {
        "id": token.token_id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "created_at": instant(token.created_ms // 1000),
        "expires_at": instant(token.expires_ms // 1000),
        "state": _state(token),
    }
