# SPDX-License-Identifier: Apache-2.0
"""`muniment send` and `muniment fetch`: envelopes by HTTP, from gateway to gateway."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import json_option, opened, profile_option, progress_bar, show_json
from muniment.errors import InvalidInputError
from muniment.gateway.between.calling import fetch_all, gateway_of
from muniment.registry.exchange.tray import leave as leave_in_tray

_seconds = click.option(
    "--timeout", default=600.0, show_default=True, help="Seconds to wait for the other gateway."
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--to-gateway",
    "where",
    metavar="URL|AGENCY",
    help="The other agency's gateway, or its number in the profile's table gateway.peers.",
)
@click.option("--leave", is_flag=True, help="Leave it at this agency's own gateway, to be fetched.")
@_seconds
@profile_option
@json_option
def send(
    file: Path, where: str | None, leave: bool, timeout: float, profile: Path, as_json: bool
) -> None:
    """Push FILE, an envelope that was written here, to the gateway of the agency that it is for; or
    leave it for that agency to fetch.

    A gateway that is down is waited for; what was brought over before is not brought again. Each
    call is signed with the agency's key for messages.

    \b
    Example: muniment send strikes.delivery --to-gateway https://records.safety.example
             muniment send strikes.delivery --leave
    """
    if (where is None) != leave:
        raise InvalidInputError("--to-gateway", "it, or --leave", "neither or both")
    with opened(profile) as registry:
        if where is None:
            row = leave_in_tray(registry.session, file)
            if as_json:
                show_json({"envelope": f"0x{row.digest.hex()}", "kind": row.kind, "left": True})
            else:
                click.echo(f"0x{row.digest.hex()}")
                click.echo(f"{row.kind}: left for agency {row.agency_id} to fetch", err=True)
            return
        gateway = gateway_of(registry.session, where, seconds=timeout)
        with progress_bar("bytes", None) as tell:
            done = gateway.push(file, tell)
    if as_json:
        show_json({"envelope": done.digest, "kind": done.kind, "records": done.records})
        return
    click.echo(done.digest)
    click.echo(f"{done.kind}: taken in by the other gateway", err=True)


@click.command()
@click.option(
    "--from-gateway",
    "where",
    required=True,
    metavar="URL|AGENCY",
    help="The other agency's gateway, or its number in the profile's table gateway.peers.",
)
@click.option("--acknowledge", is_flag=True, help="Acknowledge deliveries on chain (a STEWARD).")
@_seconds
@profile_option
@json_option
def fetch(where: str, acknowledge: bool, timeout: float, profile: Path, as_json: bool) -> None:
    """Fetch all that another agency's gateway has for this one, and take it in.

    Each is checked as `muniment receive` does; what does not hold is named (exit code 17) and keeps
    nothing else back.

    Example: muniment fetch --from-gateway 1
    """
    with opened(profile) as registry:
        gateway = gateway_of(registry.session, where, seconds=timeout)
        with progress_bar("bytes", None) as tell:
            done = fetch_all(registry, gateway, acknowledge=acknowledge, tell=tell)
    if as_json:
        show_json(
            [
                {
                    "envelope": each.digest,
                    "kind": each.kind,
                    "records": 0 if each.taken is None else each.taken.count,
                    "fault": each.fault or None,
                }
                for each in done
            ]
        )
    else:
        for each in done:
            click.echo(each.digest)
            click.echo(f"{each.kind}: {each.fault or 'taken in'}", err=True)
    if any(each.fault for each in done):
        raise SystemExit(ExitCode.FINDINGS)
