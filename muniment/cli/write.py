# SPDX-License-Identifier: Apache-2.0
"""`muniment register` and `amend`."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from muniment.cli.options import finish, opened, pairs, record_of, writing


@click.command()
@click.argument("record_type", metavar="TYPE")
@click.argument("content", type=click.File("rb"), default="-")
@click.option("--source-id", required=True, help="The agency's own number of the record.")
@click.option("--source-system", help="Where that number comes from; else the profile says.")
@click.option("--attach", multiple=True, metavar="FIELD=FILE", help="A file, of any size.")
@writing
def register(
    record_type: str,
    content: IO[bytes],
    source_id: str,
    source_system: str | None,
    attach: tuple[str, ...],
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Register a record of TYPE. CONTENT is a file with a JSON object, or - for standard input.

    The same source id with the same content is the same record; with other content it is refused
    (exit code 9). Prints the record's id.

    Example: muniment register land-deed deed.json --source-id 12/345 --attach scan=deed.pdf
    """
    files = {name: Path(path) for name, path in pairs("--attach", attach).items()}
    with opened(profile) as registry:
        submission = registry.register(
            record_type,
            content.read(),
            source_id=source_id,
            source_system=source_system,
            attach=files,
        )
        finish(registry, [submission], wait, timeout, as_json)


@click.command()
@click.argument("record")
@click.argument("content", type=click.File("rb"), default="-")
@click.option("--attach", multiple=True, metavar="FIELD=FILE", help="A file, of any size.")
@click.option("--expect", type=int, help="Refuse unless this is the version that stands.")
@writing
def amend(
    record: str,
    content: IO[bytes],
    attach: tuple[str, ...],
    expect: int | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Give RECORD (an id, or a source id of the agency) its next version of content.

    Signed with the officer's own key. Example: muniment amend 12/345 corrected.json
    """
    files = {name: Path(path) for name, path in pairs("--attach", attach).items()}
    with opened(profile) as registry:
        submission = registry.amend(
            record_of(registry, record), content.read(), attach=files, expected_version=expect
        )
        finish(registry, [submission], wait, timeout, as_json)
