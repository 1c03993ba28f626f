# SPDX-License-Identifier: Apache-2.0
"""`muniment agency`: officers."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.options import (
    finish,
    json_option,
    opened,
    profile_option,
    show_json,
    show_table,
    writing,
)

_role = click.argument("role", type=click.Choice(["admin", "registrar", "steward", "operator"]))


@click.group()
def agency() -> None:
    """Officers of the agency, and replacements of its admin."""


@agency.command("list")
@click.option("--agency", "agency_id", type=int, help="Another agency.")
@profile_option
@json_option
def list_(agency_id: int | None, profile: Path, as_json: bool) -> None:
    """List the officers, as the chain has them now.

    Example: muniment agency list
    """
    with opened(profile) as registry:
        found = registry.officers(agency_id)
    if as_json:
        show_json([{"role": each.role, "account": each.account} for each in found])
    else:
        show_table(["role", "account"], [[each.role, each.account] for each in found])


@agency.command()
@_role
@click.argument("account")
@writing
def add(role: str, account: str, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Give ACCOUNT a role.

    Example: muniment agency add registrar 0x7099…
    """
    with opened(profile) as registry:
        finish(registry, [registry.add_officer(role, account)], wait, timeout, as_json)


@agency.command()
@_role
@click.argument("account")
@writing
def remove(
    role: str, account: str, profile: Path, wait: str, timeout: float, as_json: bool
) -> None:
    """Take a role from ACCOUNT.

    Example: muniment agency remove registrar 0x7099…
    """
    with opened(profile) as registry:
        finish(registry, [registry.remove_officer(role, account)], wait, timeout, as_json)


@agency.command()
@_role
@click.argument("account")
@click.option("--by", required=True, help="The account that gets the role instead.")
@writing
def replace(
    role: str, account: str, by: str, profile: Path, wait: str, timeout: float, as_json: bool
) -> None:
    """Give ACCOUNT's role to another account, in one transaction.

    Example: muniment agency replace steward 0x7099… --by 0x3c44…
    """
    with opened(profile) as registry:
        finish(registry, [registry.replace_officer(role, account, by)], wait, timeout, as_json)


@agency.command("schedule-admin")
@click.argument("agency_id", type=int)
@click.argument("new_admin")
@writing
def schedule_admin(
    agency_id: int, new_admin: str, profile: Path, wait: str, timeout: float, as_json: bool
) -> None:
    """Announce that NEW_ADMIN replaces all officers of an agency. For the registry admin.

    It can be executed after the public delay, and cancelled by the agency or a guardian until then.

    Example: muniment agency schedule-admin 3 0x3c44…
    """
    with opened(profile) as registry:
        submission = registry.schedule_admin_replacement(agency_id, new_admin)
        finish(registry, [submission], wait, timeout, as_json)


@agency.command("cancel-admin")
@click.argument("agency_id", type=int)
@writing
def cancel_admin(agency_id: int, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Cancel an announced replacement, as an admin of the agency or a guardian.

    Example: muniment agency cancel-admin 3
    """
    with opened(profile) as registry:
        submission = registry.cancel_admin_replacement(agency_id)
        finish(registry, [submission], wait, timeout, as_json)


@agency.command("execute-admin")
@click.argument("agency_id", type=int)
@writing
def execute_admin(agency_id: int, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Execute an announced replacement, after its delay.

    Example: muniment agency execute-admin 3
    """
    with opened(profile) as registry:
        submission = registry.execute_admin_replacement(agency_id)
        finish(registry, [submission], wait, timeout, as_json)
