# SPDX-License-Identifier: Apache-2.0
"""`muniment show` and `find`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from muniment.cli.foreign_text import foreign_text
from muniment.cli.options import (
    json_option,
    opened,
    pairs,
    profile_option,
    purpose_option,
    record_of,
    show_json,
    show_table,
)
from muniment.errors import ErasedError, InvalidInputError, UnreachableError
from muniment.record.instants import in_words
from muniment.record.state import Status
from muniment.registry import Access, Registry, Standing, UnkeptVersionError
from muniment.registry.sealing import JournalPlace


@click.command()
@click.argument("record")
@click.option("--version", type=int, help="An earlier version.")
@click.option("--extract", metavar="FIELD", help="Write this file instead.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to; else stdout.")
@purpose_option
@profile_option
@json_option
def show(
    record: str,
    version: int | None,
    extract: str | None,
    output: Path | None,
    access: Access,
    profile: Path,
    as_json: bool,
) -> None:
    """Show RECORD: what the chain says of it, and its content where this agency keeps it.

    Content is checked against its commitment before it is shown. With --extract the file of a
    field is written, whole and checked, or not at all.

    \b
    Example: muniment show 12/345
             muniment show 12/345 --extract scan -o deed.pdf
             muniment show 12/345 --purpose "complaint 2026/118"
    """
    with opened(profile) as registry:
        record_id = record_of(registry, record)
        if extract is not None:
            target = sys.stdout.buffer if output is None else output
            value = registry.extract(record_id, extract, target, version=version, access=access)
            click.echo(f"{value.length:,} bytes, {value.media_type}, as committed", err=True)
            return
        standing = _standing(registry, record_id)
        if standing is not None:
            _refresh(registry)
        place = registry.journal_place(record_id)
        content: dict[str, Any] | None = None
        try:
            kept = registry.content(record_id, version, access=access)
            content = kept.fields
            if standing is not None and kept.row.version == standing.state.version:
                kept.version.require(standing.commitment)
        except (UnkeptVersionError, ErasedError) as error:
            click.echo(error.what, err=True)
    named, chain = f"0x{record_id.hex()}", _chain_json(standing)
    if as_json:
        journal = None if place is None else asdict(place)
        show_json({"record": named, "chain": chain, "journal": journal, "content": content})
        return
    click.echo(named)
    if place is not None:
        stands = f"entry {place.index} of journal {place.journal}, {place.stage}"
        click.echo(f"  {'came by':12} {stands}")
    for label, shown in [] if standing is None else _chain_words(standing, place):
        click.echo(f"  {label:12} {shown}")
    for name, field in (content or {}).items():
        click.echo(f"  {foreign_text(name)}: {foreign_text(field)}")


@click.command()
@click.argument("record_type", metavar="[TYPE]", required=False)
@click.option("--field", multiple=True, metavar="NAME=VALUE", help="A searchable field, exactly.")
@click.option("--source-id", help="The agency's own number.")
@click.option("--source-system", help="Where that number comes from.")
@click.option("--agency", type=int, help="The custodian.")
@click.option("--state", type=click.Choice([each.name.lower() for each in Status]))
@click.option("--since", type=click.DateTime(), help="Last act at or after (UTC).")
@click.option("--until", type=click.DateTime(), help="Last act before (UTC).")
@click.option("--limit", default=100, show_default=True)
@profile_option
@json_option
def find(
    record_type: str | None,
    field: tuple[str, ...],
    source_id: str | None,
    source_system: str | None,
    agency: int | None,
    state: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    profile: Path,
    as_json: bool,
) -> None:
    """Find records by fields, source id, agency, type, state and time; the filters add up.

    Fields are found among the content that this agency keeps, and only exactly; the rest in the
    mirror of the whole registry, which is brought up to date first where a node answers.

    \b
    Example: muniment find wildlife-strike --field airport="DENVER INTL AIRPORT"
             muniment find --state revoked --since 2026-01-01
    """
    with opened(profile) as registry:
        named = None if record_type is None else registry.session.record_types.latest(record_type)
        only = None
        if source_id is not None:
            only = [registry.record_id(source_id, source_system)]
        if field:
            if named is None:
                raise InvalidInputError("type", "the TYPE whose fields are sought", "missing")
            sought = {
                name: named.value_of(name, text) for name, text in pairs("--field", field).items()
            }
            matching = registry.find(named.name, sought)
            only = [each for each in matching if only is None or each in only]
        _refresh(registry)
        found = registry.search(
            record_ids=only,
            record_type=named,
            custodian=agency,
            status=None if state is None else Status[state.upper()],
            since=_seconds(since),
            until=_seconds(until),
            limit=limit,
        )
    rows = [
        {
            "record": f"0x{each.record_id.hex()}",
            "status": each.state.status.name.lower(),
            "version": each.state.version,
            "issuer": each.state.issuer,
            "custodian": each.state.custodian,
            "type": each.state.type_id,
            "updated_at": each.state.updated_at,
        }
        for each in found
    ]
    if as_json:
        show_json(rows)
        return
    show_table(
        ["record", "status", "version", "custodian", "last act (UTC)"],
        [
            [
                row["record"],
                row["status"],
                row["version"],
                row["custodian"],
                in_words(int(str(row["updated_at"]))) if row["updated_at"] else "not on chain yet",
            ]
            for row in rows
        ],
    )


def _standing(registry: Registry, record_id: bytes) -> Standing | None:
    try:
        return registry.standing(record_id)
    except UnreachableError as error:
        click.echo(f"{error.what}: the content alone is shown", err=True)
        return None


def _chain_json(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    state = standing.state
    return {
        "block": standing.block.number,
        "status": state.status.name.lower(),
        "version": state.version,
        "issuer": state.issuer,
        "custodian": state.custodian,
        "offered_to": state.offered_to or None,
        "holds": state.hold_count,
        "updated_at": state.updated_at,
        "commitment": f"0x{standing.commitment.hex()}",
    }


def _chain_words(standing: Standing, place: JournalPlace | None) -> list[tuple[str, str]]:
    """What the chain says, for people: nothing of what is not there."""
    state = standing.state
    rows = [("as of block", f"{standing.block.number:,}")]
    if state.status is Status.NONE:
        nothing = "not on chain" if place is None else "in force: nothing was done to it"
        return [*rows, ("status", nothing)]
    rows += [
        ("status", state.status.name.lower().replace("_", " ")),
        ("version", str(state.version)),
        ("issuer", f"agency {state.issuer}"),
        ("custodian", f"agency {state.custodian}"),
        ("last act", f"{in_words(state.updated_at)} UTC"),
        ("commitment", f"0x{standing.commitment.hex()}"),
    ]
    if state.offered_to:
        rows.insert(5, ("offered to", f"agency {state.offered_to}"))
    if state.hold_count:
        rows.insert(5, ("holds", str(state.hold_count)))
    return rows


def _refresh(registry: Registry) -> None:
    try:
        registry.sync()
    except UnreachableError as error:
        click.echo(f"{error.what}: the mirror is as it was", err=True)


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.replace(tzinfo=UTC).timestamp())
