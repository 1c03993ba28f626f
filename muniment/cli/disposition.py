# SPDX-License-Identifier: Apache-2.0
"""`muniment dispose`: two officers decide."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.options import finish, opened, record_of, writing
from muniment.errors import InvalidInputError


@click.command()
@click.argument("record")
@click.option("--propose", "mandate", metavar="MANDATE", help="Propose it, under this mandate.")
@click.option("--confirm", is_flag=True, help="Confirm what another officer proposed.")
@click.option("--days", default=30, show_default=True, help="How long the proposal stands.")
@click.option("--expect", type=int, help="Refuse unless this is the version that stands.")
@writing
def dispose(
    record: str,
    mandate: str | None,
    confirm: bool,
    days: int,
    expect: int | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Destroy RECORD after its retention: a REGISTRAR proposes, a STEWARD confirms.

    The registry checks retention, holds and open offers again at the confirmation. Once it is
    final, `muniment run` destroys the secrets: the content cannot be read any more.

    \b
    Example: muniment dispose 12/345 --propose "schedule 4, item 2"
             muniment dispose 12/345 --confirm
    """
    if (mandate is None) != confirm:
        raise InvalidInputError("disposition", "either --propose MANDATE or --confirm", "not so")
    with opened(profile) as registry:
        record_id = record_of(registry, record)
        if mandate is not None:
            submission = registry.propose_disposition(
                record_id, mandate, days=days, expected_version=expect
            )
        else:
            submission = registry.confirm_disposition(record_id, expected_version=expect)
        finish(registry, [submission], wait, timeout, as_json)
