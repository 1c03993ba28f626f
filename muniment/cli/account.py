# SPDX-License-Identifier: Apache-2.0
"""`muniment account`: officers who may sign in at the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from muniment.cli.options import json_option, opened, profile_option, show_json, show_table
from muniment.errors import InvalidInputError
from muniment.gateway.callers.account import Account
from muniment.record.instants import instant


@click.group()
def account() -> None:
    """Officers' accounts at the gateway. What they may do their roles on chain say."""


@account.command()
@click.argument("name")
@click.option("--address", required=True, help="The officer's account on chain.")
@click.option("--password", is_flag=True, help="Ask for a password to sign in by.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    help="Take the password from a file's first line.",
)
@click.option("--openid-subject", help="The subject by which OpenID Connect knows the officer.")
@profile_option
@json_option
def add(
    name: str,
    address: str,
    password: bool,
    password_file: Path | None,
    openid_subject: str | None,
    profile: Path,
    as_json: bool,
) -> None:
    """Add an account called NAME.

    Example: muniment account add ada --address 0x7099… --password
    """
    from muniment.gateway.callers.accounts import add_account  # noqa: PLC0415

    secret = _password(password_file) if password or password_file else None
    with opened(profile) as registry:
        made = add_account(
            registry.session.database,
            name,
            address,
            password=secret,
            openid_subject=openid_subject,
        )
    _show(made, as_json)


@account.command("list")
@profile_option
@json_option
def list_(profile: Path, as_json: bool) -> None:
    """List accounts.

    Example: muniment account list
    """
    from muniment.gateway.callers.accounts import list_accounts  # noqa: PLC0415

    with opened(profile) as registry:
        found = list_accounts(registry.session.database)
    if as_json:
        show_json([_json(each) for each in found])
        return
    show_table(
        ["name", "address", "signs in by", "state"],
        [[each.name, each.address, _ways(each), _state(each)] for each in found],
    )


@account.command()
@click.argument("name")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    help="Take the password from a file's first line, instead of asking.",
)
@profile_option
@json_option
def password(name: str, password_file: Path | None, profile: Path, as_json: bool) -> None:
    """Give NAME another password. Its sessions end.

    Example: muniment account password ada
    """
    from muniment.gateway.callers.accounts import set_password  # noqa: PLC0415

    secret = _password(password_file)
    with opened(profile) as registry:
        changed = set_password(registry.session.database, name, secret)
    _show(changed, as_json)


@account.command()
@click.argument("name")
@profile_option
@json_option
def disable(name: str, profile: Path, as_json: bool) -> None:
    """Let NAME sign in no more. Its sessions end.

    Example: muniment account disable ada
    """
    from muniment.gateway.callers.accounts import disable_account  # noqa: PLC0415

    with opened(profile) as registry:
        disabled = disable_account(registry.session.database, name)
    _show(disabled, as_json)


def _password(file: Path | None) -> str:
    if file is None:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0]
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError("password file", "a readable file", what) from error


def _show(made: Account, as_json: bool) -> None:
    if as_json:
        show_json(_json(made))
    else:
        state = f"signs in by {_ways(made)}" if made.disabled_ms is None else "disabled"
        click.echo(f"{made.name}: {made.address}, {state}", err=True)


def _ways(each: Account) -> str:
    ways = ["password"] if each.has_password else []
    return ", ".join([*ways, *(["OpenID Connect"] if each.openid_subject else [])])


def _state(each: Account) -> str:
    return "in force" if each.disabled_ms is None else "disabled"


def _json(each: Account) -> dict[str, Any]:
    return {
        "name": each.name,
        "address": each.address,
        "has_password": each.has_password,
        "openid_subject": each.openid_subject,
        "created_at": instant(each.created_ms // 1000),
        "state": _state(each),
    }
