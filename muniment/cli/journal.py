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
from muniment.pipeline.sequencer import Journal
from muniment.registry import Registry, Stage, journals
from muniment.registry.access_entries import append_reads, publish_access_type
from muniment.registry.acts import reason_code
from muniment.registry.conflict_making import make_conflict
from muniment.registry.profile import JournalProfile, Profile, ReadsProfile
from muniment.registry.sealing import journal_of, log_key, progress_of
from muniment.store.durable_files import write_new

_number = click.argument("number", type=int)
_reads = click.option("--reads", is_flag=True, help="The reads journal instead.")


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
@click.option("--reads", is_flag=True, help="The journal of who was shown content.")
@click.option("--pace", default=600, show_default=True, help="Of --reads: seconds between seals.")
@writing
def open_(
    sealer: Path,
    reads: bool,
    pace: int,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Open the agency's next journal on chain, and write it into the profile. For the admin.

    With --reads it is the reads journal: from then on whoever is shown content, a file or evidence
    with fields leaves an entry (`muniment history`), sealed with all others at a fixed pace.

    \b
    Example: muniment journal open --sealer sealer.json
             muniment journal open --reads --sealer reads-sealer.json --pace 3600
    """
    named = Profile.load(profile)
    present = named.reads if reads else named.journal
    if present is not None:
        raise InvalidInputError(
            "profile reads" if reads else "profile journal",
            "none yet: close it first",
            f"journal {present.number}",
        )
    if not sealer.is_file():
        raise InvalidInputError("--sealer", "a keystore", f"{sealer}, which is no file")
    if pace < 1:
        raise InvalidInputError("--pace", "seconds from 1 on", str(pace))
    # Whether the profile can be written is better known before the chain has a journal.
    named.save()
    with opened(profile) as registry:
        if reads:
            published = publish_access_type(registry.session)
            registry.wait([] if published is None else [published], Stage.PROVABLE, timeout=timeout)
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
            journal=named.journal if reads else JournalProfile(number, sealer.resolve()),
            read_receipts=reads or named.read_receipts,
            reads=ReadsProfile(number, sealer.resolve(), pace) if reads else named.reads,
        )
        made.save()
        finish(registry, [submission], wait, timeout, as_json)
    click.echo(f"journal {number}; the profile names it now", err=True)


@journal.command()
@_reads
@profile_option
@json_option
def status(reads: bool, profile: Path, as_json: bool) -> None:
    """Show how many entries are acknowledged, sealed, and sealed for good; and the log's key.

    Example: muniment journal status --json
    """
    with opened(profile) as registry:
        named = _journal(registry, reads)
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
@_reads
@timeout_option
@profile_option
@json_option
def seal(reads: bool, timeout: float, profile: Path, as_json: bool) -> None:
    """Seal all acknowledged entries now, and return when the seal is in a block.

    With --reads it does not wait for the pace, which shows that somebody reads now.

    Example: muniment journal seal
    """
    with opened(profile) as registry:
        number = _journal(registry, reads).number
        if reads:
            append_reads(registry.session, at_once=True)
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


def _journal(registry: Registry, reads: bool) -> Journal:
    if not reads:
        return journal_of(registry.session)
    named = registry.session.profile.reads
    if named is None:
        raise InvalidInputError(
            "profile reads",
            "the agency's reads journal",
            "missing",
            remedy="open one: `muniment journal open --reads`",
        )
    return journal_of(registry.session, named.number)


def _forget(profile: Path, number: int) -> None:
    named = Profile.load(profile)
    if named.reads is not None and named.reads.number == number:
        made = dataclasses.replace(named, reads=None, read_receipts=False)
        made.save()
        click.echo("reads leave no entries now; next: muniment journal open --reads", err=True)
    if named.journal is not None and named.journal.number == number:
        made = dataclasses.replace(named, journal=None)
        made.save()
        click.echo("the profile names no journal now; next: muniment journal open", err=True)
