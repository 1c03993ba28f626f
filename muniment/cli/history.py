# SPDX-License-Identifier: Apache-2.0
"""`muniment history`: a record's acts and its reads, side by side."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from muniment.cli.options import (
    json_option,
    opened,
    profile_option,
    record_of,
    show_json,
    show_table,
)
from muniment.errors import UnreachableError
from muniment.registry import Registry
from muniment.registry.journal_records import entry_of
from muniment.store.journal_rows import EntryRow


@click.command()
@click.argument("record")
@profile_option
@json_option
def history(record: str, profile: Path, as_json: bool) -> None:
    """List the acts on RECORD and who was shown its content, by time.

    Acts are the chain's, complete and checked. Reads are this agency's word: its reads journal
    proves that what it wrote down was not changed since, not that it wrote everything down.

    Example: muniment history 12/345
    """
    with opened(profile) as registry:
        record_id = record_of(registry, record)
        entry = entry_of(registry.session, record_id)
        try:
            acts: list[dict[str, Any]] | None = _acts(registry, record_id)
            registry.sync()
        except UnreachableError as error:
            acts = None
            click.echo(f"{error.what}: the reads alone are shown", err=True)
        reads = [
            {
                "read": each.act,
                "time": each.read_ms / 1000,
                "version": each.version,
                "reader": each.reader,
                "purpose": each.purpose,
                "share": None if each.share is None else f"0x{each.share.hex()}",
                "journal": each.journal,
                "index": each.index,
                "stage": str(each.stage),
            }
            for each in registry.history(record_id)
        ]
    if as_json:
        journal = None if entry is None else {"journal": entry.journal, "index": entry.index}
        values = {"journal": journal, "acts": acts, "reads": reads}
        show_json({"record": f"0x{record_id.hex()}", **values})
        return
    rows = [] if entry is None else [_registration(entry)]
    rows += [
        (row["time"], "act", row["act"], row["account"], row["version"], "", "on chain")
        for row in acts or ()
    ]
    rows += [
        (
            row["time"],
            "read",
            row["read"],
            row["reader"],
            row["version"],
            row["purpose"],
            _place(row),
        )
        for row in reads
    ]
    # An act of the same second comes before a read.
    rows.sort(key=lambda row: (row[0], row[1]))
    show_table(
        ["time (UTC)", "", "what", "who", "version", "purpose", "proof"],
        [(_time(row[0]), *row[1:]) for row in rows],
    )


def _registration(entry: EntryRow) -> tuple[Any, ...]:
    place = f"entry {entry.index} of journal {entry.journal}"
    return entry.entry.time, "act", "registered", f"agency {entry.agency_id}", 1, "", place


def _acts(registry: Registry, record_id: bytes) -> list[dict[str, Any]]:
    return [
        {
            "act": each.act.kind.name.lower(),
            "time": each.time,
            "version": each.act.state.version,
            "agency": each.act.agency_id,
            "account": f"0x{each.act.account.hex()}",
            "block": each.block_number,
        }
        for each in registry.trace(record_id).acts
    ]


def _place(row: dict[str, Any]) -> str:
    if row["journal"] is None:
        return "acknowledged"
    return f"entry {row['index']} of journal {row['journal']}, {row['stage']}"


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
