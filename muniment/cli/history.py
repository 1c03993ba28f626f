# SPDX-License-Identifier: Apache-2.0
"""`muniment history`: all that happened to a record, and what proves each line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from muniment.cli.foreign_text import foreign_text
from muniment.cli.options import (
    json_option,
    opened,
    profile_option,
    record_of,
    show_json,
    show_table,
)
from muniment.record.instants import in_words
from muniment.registry.history import HistoryLine, Kind

_LISTS: Final = {
    "acts": Kind.ACT,
    "custody": Kind.CUSTODY,
    "shares": Kind.SHARE,
    "deliveries": Kind.DELIVERY,
    "corrections": Kind.CORRECTION,
    "reads": Kind.READ,
    "attempts": Kind.ATTEMPT,
}


@click.command()
@click.argument("record")
@profile_option
@json_option
def history(record: str, profile: Path, as_json: bool) -> None:
    """List all that happened to RECORD, by time: acts, shares, deliveries, corrections, reads.

    The last column says what proves a line. Acts and shares are the chain's; acts are complete and
    checked. A delivery or correction is signed by its sender. Reads are this agency's word: its
    reads journal proves that what it wrote down was not changed since, not that it wrote everything
    down. What was refused here is its word alone.

    Example: muniment history 12/345
    """
    with opened(profile) as registry:
        found = registry.full_history(record_of(registry, record))
    if found.unreachable:
        missing = ", ".join(name for name, kind in _LISTS.items() if kind in found.unread)
        what = f"without its {missing}" if missing else "as of the last sync"
        click.echo(f"{found.unreachable}: the history is shown {what}", err=True)
    if as_json:
        entered = found.of(Kind.ENTRY) or []
        lists: dict[str, Any] = {}
        for name, kind in _LISTS.items():
            lines = found.of(kind)
            lists[name] = None if lines is None else [{**line.values} for line in lines]
        journal = dict(entered[0].values) if entered else None
        show_json({"record": f"0x{found.record_id.hex()}", "journal": journal, **lists})
        return
    show_table(
        ["time (UTC)", "", "what", "who", "version", "purpose or reason", "proof"],
        [_row(line) for line in found.lines],
    )


def _row(line: HistoryLine) -> tuple[str, ...]:
    # The entry is the act by which the record was registered.
    kind = Kind.ACT if line.kind is Kind.ENTRY else line.kind
    version = "" if line.version is None else str(line.version)
    note = foreign_text(line.note)
    return (in_words(line.time), kind, line.what, foreign_text(line.who), version, note, line.proof)
