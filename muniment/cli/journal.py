# SPDX-License-Identifier: Apache-2.0
"""`muniment journal`: the agency's journal."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from muniment.cli.options import (
    finish,
    json_option,
    opened,
    profile_option,
    progress_bar,
    show_json,
    timeout_option,
    writing,
)
from muniment.errors import InvalidInputError
from muniment.registry import Stage, journals
from muniment.registry.acts import reason_code
from muniment.registry.conflict_making import make_conflict
from muniment.registry.profile import JournalProfile, Profile
from muniment.registry.sealing import journal_of, log_key, progress_of
from muniment.store.durable_files import write_new

_number = click.argument("number", type=int)


@click.group()
def journal() -> None:
    """The agency's journal: whole registers under one root."""


@journal.command("open")
@click.option(
    "--sealer",
    required=True,
    type=click.Path(path_type=Path),
    help="Keystore of an OPERATOR key that seals this journal and does nothing else.",
)
@writing
def open_(sealer: Path, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Open the agency's next journal on chain, and write it into the profile. For the admin.

    Example: muniment journal open --sealer sealer.json
    """
    named = Profile.load(profile)
    if named.journal is not None:
        raise InvalidInputError(
            "profile journal", "none yet: close it first", f"journal {named.journal.number}"
        )
    if not sealer.is_file():
        raise InvalidInputError("--sealer", "a keystore", f"{sealer}, which is no file")
    with opened(profile) as registry:
        before = journals.journal_count(registry.session)
        submission = journals.open_journal(registry.session)
        registry.wait([submission], Stage.PROVABLE, timeout=timeout)
        number = journals.journal_count(registry.session)
        if number != before + 1:
            raise InvalidInputError(
                "journal", "one opened at a time", f"{number - before} opened just now"
            )
        # A sealing key is nobody else's lane.
        others = [each for each in named.keys.operators if not each.samefile(sealer)]
        made = dataclasses.replace(
            named,
            keys=dataclasses.replace(named.keys, operators=tuple(others)),
            journal=JournalProfile(number, sealer.resolve()),
        )
        profile.write_text(made.to_toml(), encoding="utf-8")
        finish(registry, [submission], wait, timeout, as_json)
    click.echo(f"journal {number}; the profile names it now", err=True)


@journal.command()
@profile_option
@json_option
def status(profile: Path, as_json: bool) -> None:
    """Show how many entries are acknowledged, sealed, and sealed for good; and the log's key.

    Example: muniment journal status --json
    """
    with opened(profile) as registry:
        named = journal_of(registry.session)
        registry.sync()
        progress = progress_of(registry.session, named.number)
        key = log_key(registry.session, named.number)
    values = {
        "journal": named.number,
        "origin": named.origin,
        **dataclasses.asdict(progress),
        "verifier_key": key.to_text(),
    }
    if as_json:
        show_json(values)
        return
    for name, value in values.items():
        click.echo(f"{name:13} {value}")


@journal.command()
@timeout_option
@profile_option
@json_option
def seal(timeout: float, profile: Path, as_json: bool) -> None:
    """Seal all acknowledged entries now, and return when the seal is in a block.

    Example: muniment journal seal
    """
    with opened(profile) as registry:
        number = journal_of(registry.session).number
        size = progress_of(registry.session, number).acknowledged
        with progress_bar("sealing", size) as tell:
            journals.wait_sealed(
                registry.session,
                number,
                size,
                Stage.PROVABLE,
                timeout=timeout,
                progress=lambda now: tell(now.provable),
            )
    if as_json:
        show_json({"journal": number, "sealed": size})
    click.echo(f"journal {number}: {size} entries are sealed", err=True)


@journal.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("indexes", type=int, nargs=-1, required=True)
@click.option("--agency", "agency_id", type=int, required=True, help="Whose journal it is.")
@click.option("--journal", "number", type=int, required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@profile_option
@json_option
def conflict(
    folder: Path,
    indexes: tuple[int, ...],
    agency_id: int,
    number: int,
    output: Path,
    profile: Path,
    as_json: bool,
) -> None:
    """Write the proof that an agency registered a record twice, which `verify` answers CONFLICT.

    FOLDER is a copy of the journal (`muniment mirror`), INDEXES those of two entries, or of one
    whose record was registered by a transaction too. Any agency's profile will do.

    Example: muniment journal conflict /srv/mirrors/7-1 17 342 --agency 7 --journal 1 -o fraud.json
    """
    with opened(profile) as registry:
        data = make_conflict(registry.session, folder, agency_id, number, indexes)
    write_new(output, data)
    if as_json:
        show_json({"written": str(output), "bytes": len(data)})
    click.echo(f"{output}: {len(data):,} bytes", err=True)


@journal.command()
@_number
@writing
def close(number: int, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Close journal NUMBER: it takes no more seals. What it has is proved and enrolled as before.

    Seal first what is to be in it. The profile forgets it, so that another can be opened. For the
    agency's admin.

    Example: muniment journal close 1
    """
    with opened(profile) as registry:
        submission = journals.close_journal(registry.session, number)
        finish(registry, [submission], wait, timeout, as_json)
    _forget(profile, number)


@journal.command()
@_number
@click.option("--from", "index", type=int, required=True, help="The first entry disowned.")
@click.option("--reason", default="fraud", show_default=True)
@writing
def repudiate(
    number: int,
    index: int,
    reason: str,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Disown the entries of journal NUMBER from an index on, and close it. For the agency's admin.

    For when the sealing key was stolen. They cannot be enrolled any more, and evidence of them is
    no longer valid; what was enrolled before keeps its trace.

    Example: muniment journal repudiate 1 --from 40231 --reason fraud
    """
    code = reason_code(reason)
    with opened(profile) as registry:
        submission = journals.repudiate_journal(registry.session, number, index, code)
        finish(registry, [submission], wait, timeout, as_json)
    _forget(profile, number)


def _forget(profile: Path, number: int) -> None:
    named = Profile.load(profile)
    if named.journal is not None and named.journal.number == number:
        made = dataclasses.replace(named, journal=None)
        profile.write_text(made.to_toml(), encoding="utf-8")
        click.echo("the profile names no journal now; next: muniment journal open", err=True)
