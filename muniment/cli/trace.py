# SPDX-License-Identifier: Apache-2.0
"""`muniment trace`: a record's acts, as a list, a picture or W3C PROV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from muniment.analysis.gathering import gathered, life_of
from muniment.analysis.life import Life
from muniment.analysis.life_catalogue import Language
from muniment.analysis.picture import picture
from muniment.analysis.provenance import provenance
from muniment.chain.traces import Trace
from muniment.cli.options import (
    json_option,
    opened,
    profile_option,
    progress_bar,
    record_of,
    show_json,
    show_table,
)
from muniment.errors import InvalidInputError
from muniment.record.identifiers import RecordId
from muniment.record.instants import in_words
from muniment.registry import Registry
from muniment.store.durable_files import write_new

_TOGETHER: Final = 100
"""Records that a node is asked for together."""


@click.command()
@click.argument("records", metavar="RECORD...", nargs=-1, required=True)
@click.option("--svg", is_flag=True, help="Draw a picture of the record's life.")
@click.option(
    "--lang",
    type=click.Choice([each.value for each in Language]),
    help="The picture's language; English by default.",
)
@click.option(
    "--prov", type=click.Choice(["json", "n"]), help="Write its provenance as PROV-JSON or PROV-N."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to; else stdout.")
@profile_option
@json_option
def trace(
    records: tuple[str, ...],
    svg: bool,
    lang: str | None,
    prov: str | None,
    output: Path | None,
    profile: Path,
    as_json: bool,
) -> None:
    """List all acts of RECORD, its hash chain recomputed and compared with the chain's slots.

    With --svg they are drawn, with versions, custody, holds, shares and reads, for people who never
    saw a registry. With --prov they are W3C PROV, for provenance tools; of several records, in one
    document.

    \b
    Example: muniment trace 12/345
             muniment trace 12/345 --svg --lang zh -o deed.svg
             muniment trace 12/345 12/346 --prov json -o deeds.prov.json
    """
    if svg and (prov or as_json):
        raise InvalidInputError("--svg", "alone", "with --prov or --json")
    if lang and not svg:
        raise InvalidInputError("--lang", "with --svg", "without it")
    if prov and as_json:
        raise InvalidInputError("--prov", "without --json: it is JSON itself", "with it")
    if len(records) > 1 and not prov:
        raise InvalidInputError("records", "one record, or --prov", str(len(records)))
    if output is not None and not (svg or prov):
        raise InvalidInputError("--output", "with --svg or --prov", "without them")
    with opened(profile) as registry:
        ids = [record_of(registry, each) for each in records]
        if svg:
            _write(picture(life_of(registry, ids[0]), Language(lang or "en")), output)
        elif prov:
            _write(_provenance(registry, ids, prov), output)
        else:
            _list(registry.trace(ids[0]), as_json)


def _provenance(registry: Registry, ids: Sequence[RecordId], form: str) -> str:
    lives: list[Life] = []
    many = list(dict.fromkeys(ids))
    registry.sync()
    with progress_bar("reading", len(many)) as tell:
        for start in range(0, len(many), _TOGETHER):
            lives += gathered(registry, many[start : start + _TOGETHER], with_reads=False)
            tell(len(lives))
    document = provenance(lives)
    return document.to_json() if form == "json" else document.to_prov_n()


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    write_new(output, text.encode())
    click.echo(f"{output}: {len(text.encode()):,} bytes", err=True)


def _list(found: Trace, as_json: bool) -> None:
    rows = [
        {
            "act": each.act.kind.name.lower(),
            "time": each.time,
            "agency": each.act.agency_id,
            "account": f"0x{each.act.account.hex()}",
            "version": each.act.state.version,
            "block": each.block_number,
            "transaction": f"0x{each.transaction_hash.hex()}",
            "replacement": None if each.replacement is None else f"0x{each.replacement.hex()}",
        }
        for each in found.acts
    ]
    if as_json:
        values = {
            "record": f"0x{found.record_id.hex()}",
            "block": found.block.number,
            "head": f"0x{found.head.hex()}",
            "status": found.state.status.name.lower(),
            "adopted": None
            if found.adoption is None
            else {
                "block": found.adoption.block_number,
                "head": f"0x{found.adoption.adopted.head(found.record_id).hex()}",
                "version": found.adoption.adopted.state.version,
            },
        }
        show_json({**values, "acts": rows})
        return
    if found.adoption is not None:
        head = found.adoption.adopted.head(found.record_id)
        click.echo(
            f"adopted in block {found.adoption.block_number} at version "
            f"{found.adoption.adopted.state.version}; the predecessor has the acts before, to the "
            f"head 0x{head.hex()}"
        )
    show_table(
        ["act", "time (UTC)", "agency", "account", "version", "block"],
        [
            [
                row["act"],
                in_words(int(str(row["time"]))),
                row["agency"] or "",
                row["account"],
                row["version"],
                row["block"],
            ]
            for row in rows
        ],
    )
    for row in rows:
        if row["replacement"] is not None:
            click.echo(f"superseded by record {row['replacement']}")
    click.echo(
        f"complete as of block {found.block.number} ({in_words(found.block.timestamp)} UTC): "
        f"the head recomputed from these acts is the chain's, 0x{found.head.hex()}",
        err=True,
    )
