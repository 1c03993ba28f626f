# SPDX-License-Identifier: Apache-2.0
"""`muniment supersede` and `revoke`."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.options import finish, opened, record_of, writing


@click.command()
@click.argument("record")
@click.argument("replacement")
@click.option("--expect", type=int, help="Refuse unless this is the version that stands.")
@writing
def supersede(
    record: str,
    replacement: str,
    expect: int | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Let REPLACEMENT, a record in force of the same custodian, take the place of RECORD.

    Example: muniment supersede 12/345 12/346
    """
    with opened(profile) as registry:
        submission = registry.supersede(
            record_of(registry, record), record_of(registry, replacement), expected_version=expect
        )
        finish(registry, [submission], wait, timeout, as_json)


@click.command()
@click.argument("record")
@click.option(
    "--reason",
    default="unspecified",
    show_default=True,
    help="error, fraud, ended, court, replaced, or a code of the agency's own from 1000 on.",
)
@click.option("--expect", type=int, help="Refuse unless this is the version that stands.")
@writing
def revoke(
    record: str,
    reason: str,
    expect: int | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Revoke RECORD, for good.

    Example: muniment revoke 12/345 --reason error
    """
    with opened(profile) as registry:
        submission = registry.revoke(record_of(registry, record), reason, expected_version=expect)
        finish(registry, [submission], wait, timeout, as_json)
