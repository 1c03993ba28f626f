# SPDX-License-Identifier: Apache-2.0
"""`muniment outbox`: what is on its way to the chain."""

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
    submission_json,
    writing,
)
from muniment.errors import InvalidInputError
from muniment.registry import Submission
from muniment.store import outbox as rows
from muniment.store.outbox_rows import PENDING, SubmissionState


@click.group()
def outbox() -> None:
    """What is on its way to the chain."""


@outbox.command("list")
@click.option("--all", "everything", is_flag=True, help="What is final too.")
@click.option("--limit", default=100, show_default=True)
@profile_option
@json_option
def list_(everything: bool, limit: int, profile: Path, as_json: bool) -> None:
    """List submissions that are not final yet, the refused ones with their reason.

    Example: muniment outbox list
    """
    states = [
        state for state in SubmissionState if everything or state is not SubmissionState.FINAL
    ]
    with opened(profile) as registry:
        with registry.session.database.read() as connection:
            found = rows.submissions_in(connection, states, limit)
        shown = [
            {
                **submission_json(
                    Submission(
                        row.submission_id, row.kind, row.record_id, row.version, registry.session
                    )
                ),
                "state": str(row.state),
                "account": row.account,
                "refusal": row.refusal,
            }
            for row in found
        ]
    if as_json:
        show_json(shown)
        return
    columns = ["submission", "kind", "record", "version", "state", "refusal"]
    show_table(columns, [[row[column] or "" for column in columns] for row in shown])


@outbox.command()
@click.argument("submission", type=int)
@writing
def retry(submission: int, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Send a refused SUBMISSION again, after its cause was corrected.

    Example: muniment outbox retry 17
    """
    with opened(profile) as registry:
        with registry.session.database.write() as connection:
            row = rows.retry(connection, submission)
        if row is None:
            raise InvalidInputError(
                "submission",
                "one that was refused, and that is signed here",
                str(submission),
                remedy="what an officer signs elsewhere is prepared anew",
            )
        again = Submission(
            row.submission_id, row.kind, row.record_id, row.version, registry.session
        )
        finish(registry, [again], wait, timeout, as_json)


@outbox.command()
@click.option("--timeout", default=600.0, show_default=True, help="Seconds to wait at most.")
@click.option("--final", is_flag=True, help="Until all is final; else until all is in a block.")
@profile_option
@json_option
def flush(timeout: float, final: bool, profile: Path, as_json: bool) -> None:
    """Send everything that waits, without a daemon, and return when it is there.

    Example: muniment outbox flush
    """
    with opened(profile) as registry:
        with registry.session.database.read() as connection:
            waiting = [*PENDING, *([SubmissionState.MINED] if final else [])]
            found = rows.submissions_in(connection, waiting, None)
        registry.wait(
            [
                Submission(
                    row.submission_id, row.kind, row.record_id, row.version, registry.session
                )
                for row in found
            ],
            "final" if final else "provable",
            timeout=timeout,
        )
    if as_json:
        show_json({"submissions": len(found), "stage": "final" if final else "provable"})
    click.echo(f"{len(found)} submissions are there", err=True)
