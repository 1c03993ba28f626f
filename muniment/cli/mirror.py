# SPDX-License-Identifier: Apache-2.0
"""`muniment mirror`: follow a journal."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from muniment.cli.options import json_option, progress_bar, show_json
from muniment.journal.checkpoints import NoteKey
from muniment.operations.journal_mirror import mirror as copy_journal
from muniment.operations.journal_sources import source_at


@click.command()
@click.argument("source")
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.option("--key", help="The journal's verifier key; a copy remembers it.")
@click.option("--new-key", help="What the agency has rotated its key to; checkpoints of either.")
@json_option
def mirror(source: str, target: Path, key: str | None, new_key: str | None, as_json: bool) -> None:
    """Copy the journal at SOURCE to folder TARGET, or bring the copy up to date. SOURCE is a folder
    or an http(s) URL.

    Every entry is hashed anew and every id looked for a second time; the checkpoint must be signed
    by the journal's key, and extend the copy's last one. Of a fork, or of an id that is registered
    twice, nothing is taken over, and the proof is kept in TARGET/refused: exit code 11.

    Example: muniment mirror /mnt/agency/journals/1 /srv/mirrors/agency-1 --key "$KEY"
    """
    with progress_bar("entries", None) as tell:
        given, new = (None if each is None else NoteKey.from_text(each) for each in (key, new_key))
        found = copy_journal(source_at(source, Path()), target, given, tell=tell, new_key=new)
    if as_json:
        show_json({**asdict(found), "root": found.root.hex()})
        return
    click.echo(f"{found.origin}: {found.size} entries, {found.copied} of them new", err=True)
