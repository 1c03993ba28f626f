# SPDX-License-Identifier: Apache-2.0
"""`muniment report`: the registry in numbers and plots."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from muniment.analysis import frames
from muniment.analysis.arrow_reading import analysis_package
from muniment.cli.options import json_option, opened, profile_option, show_json

_YEAR: Final = 365 * 86_400


@click.command()
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where to; the folder must not be there yet.",
)
@click.option("--since", type=click.DateTime(), help="From (UTC); a year before --until.")
@click.option("--until", type=click.DateTime(), help="Up to (UTC), this excluded; now.")
@profile_option
@json_option
def report(
    output: Path, since: datetime | None, until: datetime | None, profile: Path, as_json: bool
) -> None:
    """Write a report: volume, acts, seal delay, answers to requests, holds, retention, reads.

    report.html is for people and needs nothing else; figures/ has its plots as SVG and PNG,
    report.json the numbers. No content and nobody's name is in it; purposes of reads are.

    \b
    Example: muniment report -o report-2026
             muniment report --since 2026-07-01 --until 2026-10-01 -o quarter-3
    """
    analysis_package("matplotlib")
    from muniment.analysis.report import write_report  # noqa: PLC0415  (heavy, and an extra)

    end = int(time.time()) if until is None else _seconds(until)
    begin = end - _YEAR if since is None else _seconds(since)
    with opened(profile) as registry:
        known = frames(registry)
        registry.sync()
        found = write_report(known, output, begin, end)
    if as_json:
        show_json({name: value for name, value, _ in found.headlines()})
    for name, value, words in found.headlines():
        click.echo(f"{name}: {value} ({words})", err=True)
    click.echo(f"{output / 'report.html'}", err=True)


def _seconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())
