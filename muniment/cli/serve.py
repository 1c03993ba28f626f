# SPDX-License-Identifier: Apache-2.0
"""`muniment serve`: the gateway."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from muniment.cli.options import json_option, opened, profile_option, show_json
from muniment.errors import InvalidInputError
from muniment.record.instants import instant


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8080, show_default=True, help="0 takes one that is free.")
@click.option(
    "--daemon/--no-daemon",
    "with_daemon",
    default=True,
    show_default=True,
    help="Send, index and seal too; otherwise `muniment run` does.",
)
@profile_option
@json_option
def serve(host: str, port: int, with_daemon: bool, profile: Path, as_json: bool) -> None:
    """Serve the registry over HTTP, for the agency's systems and its officers' pages.

    TLS is a proxy's business: name the public address as `origin` in the profile's table `gateway`
    (docs/guides/gateway.md). Logs are one JSON object a line on stderr; they hold no content.
    SIGTERM ends it in order: what was acknowledged is kept. With --json what it does is said on
    stdout too, one object a line: `time`, `text`; one has the address it serves at.

    Example: muniment serve --profile aviation.toml --port 8080
    """
    try:
        from muniment.gateway.logs import log_as_json  # noqa: PLC0415
        from muniment.gateway.serving import serve as serve_gateway  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            "installation",
            "Muniment with its gateway",
            f"without {error.name}",
            remedy="install muniment[gateway]",
        ) from error
    log = log_as_json()

    def say(what: str) -> None:
        log(what)
        if as_json:
            show_json({"time": instant(time.time()), "text": what})
            sys.stdout.flush()

    with opened(profile) as registry:
        session = registry.session
        # Passwords are asked for now, not at the first transaction in the night.
        keystores = session.keystores()
        for account in sorted(session.machines()) if with_daemon else ():
            session.signer(keystores[account])
        session.ask()
        serve_gateway(session, host, port, say, with_daemon=with_daemon)
        say("stopped")
