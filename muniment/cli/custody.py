# SPDX-License-Identifier: Apache-2.0
"""`muniment offer`, `accept`, `decline` and `withdraw`: how custody goes over."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.options import finish, opened, record_of, writing


@click.command()
@click.argument("record")
@click.option("--to", "to_agency", type=int, required=True, help="The agency that is to have it.")
@click.option("--days", default=30, show_default=True, help="How long the offer stands.")
@click.option("--expect", type=int, help="Refuse unless this is the version that stands.")
@writing
def offer(
    record: str,
    to_agency: int,
    days: int,
    expect: int | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Offer custody of RECORD to another agency. Nothing changes until it accepts.

    Example: muniment offer 12/345 --to 3 --days 14
    """
    with opened(profile) as registry:
        submission = registry.offer(
            record_of(registry, record), to_agency, days=days, expected_version=expect
        )
        finish(registry, [submission], wait, timeout, as_json)


@click.command()
@click.argument("record")
@writing
def accept(record: str, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Accept custody of RECORD, exactly as it stands, that was offered to this agency.

    Example: muniment accept 0x8c1f…
    """
    with opened(profile) as registry:
        submission = registry.accept(record_of(registry, record))
        finish(registry, [submission], wait, timeout, as_json)


@click.command()
@click.argument("record")
@writing
def decline(record: str, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Decline custody of RECORD that was offered to this agency.

    Example: muniment decline 0x8c1f…
    """
    with opened(profile) as registry:
        submission = registry.decline(record_of(registry, record))
        finish(registry, [submission], wait, timeout, as_json)


@click.command()
@click.argument("record")
@writing
def withdraw(record: str, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Withdraw this agency's offer of custody of RECORD.

    Example: muniment withdraw 12/345
    """
    with opened(profile) as registry:
        submission = registry.withdraw(record_of(registry, record))
        finish(registry, [submission], wait, timeout, as_json)
