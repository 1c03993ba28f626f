# SPDX-License-Identifier: Apache-2.0
"""`muniment run`: the daemon."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.options import json_option, opened, profile_option
from muniment.cli.until_stopped import saying, stopped_by_signals
from muniment.registry.daemon import Daemon


@click.command()
@profile_option
@json_option
def run(profile: Path, as_json: bool) -> None:
    """Run the daemon until it is interrupted: it sends what was acknowledged, by the OPERATOR keys
    of the profile, mirrors the registry, and erases what was disposed of.

    Officers' acts are signed by the officers' own commands. A second daemon on the same database
    stands by, and takes over within 5 seconds when the first one dies.

    With --json it says what it does on stdout, one object a line: `time`, `text`.

    Example: MUNIMENT_PASSWORD_FILE=/run/secrets/operator muniment run --profile aviation.toml
    """
    stop, say = stopped_by_signals(), saying(as_json)
    with opened(profile) as registry:
        session = registry.session
        # Passwords are asked for now, not at the first transaction in the night.
        keystores = session.keystores()
        for account in sorted(session.machines()):
            session.signer(keystores[account])
        say(
            f"running for agency {session.profile.agency.id}, "
            f"registry {session.profile.chain.registry}, chain {session.profile.chain.id}"
        )
        _ = session.keys
        Daemon(session, say).run(stop)
        say("stopped")
