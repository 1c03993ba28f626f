# SPDX-License-Identifier: Apache-2.0
"""`muniment deliver`, `receive` and `catalogue`: what goes from one agency to another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from muniment.cli.options import (
    json_option,
    opened,
    pairs,
    profile_option,
    progress_bar,
    record_of,
    show_json,
    show_table,
    submission_json,
    timeout_option,
    wait_option,
)
from muniment.cli.share import share_json, share_of
from muniment.errors import InvalidInputError
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.record.canonical import JsonValue, parse
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, Stage
from muniment.registry.exchange.receiving import TakenIn


@click.command()
@click.argument("share_id", metavar="SHARE")
@click.argument("records", nargs=-1, metavar="[RECORD]...")
@click.option("--query", multiple=True, metavar="FIELD=VALUE", help="Records of these values.")
@click.option(
    "--evidence/--no-evidence",
    "with_evidence",
    default=None,
    help="Put evidence files in too; by default for 256 records or fewer.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Where the delivery is written; carry it there in any way.",
)
@click.option(
    "--to-gateway",
    "where",
    metavar="URL|AGENCY",
    help="Push it to the other agency's gateway too (`muniment send` does it again).",
)
@profile_option
@json_option
def deliver(
    share_id: str,
    records: tuple[str, ...],
    query: tuple[str, ...],
    with_evidence: bool | None,
    output: Path,
    where: str | None,
    profile: Path,
    as_json: bool,
) -> None:
    """Write a delivery under SHARE: of the RECORDs named, or of all that it covers.

    One encrypted, signed file that the requester alone can open. The share must be in force.

    \b
    Example: muniment deliver 0x5e1f… -o strikes.delivery
             muniment deliver 0x5e1f… --query airport="SEA" -o sea.delivery
    """
    share = share_of(share_id)
    if records and query:
        raise InvalidInputError("records", "names, or --query", "both")
    with opened(profile) as registry:
        chosen = [record_of(registry, each) for each in records] or None
        if query:
            chosen = _found(registry, share, query)
        total = len(chosen) if chosen is not None else None
        with progress_bar("records", total) as tell:
            made = registry.exchange.deliver(
                share, output, chosen, with_evidence=with_evidence, progress=tell
            )
        if where is not None:
            # Here, for the gateway's parts need not be installed to write a file.
            from muniment.gateway.between.calling import gateway_of  # noqa: PLC0415

            gateway_of(registry.session, where).push(output)
    if as_json:
        show_json(
            {"delivery": f"0x{made.digest.hex()}", "records": made.count, "written": str(output)}
        )
    else:
        click.echo(f"0x{made.digest.hex()}")
        click.echo(f"{made.count} records: {output}", err=True)


def _found(registry: Registry, share: bytes, query: tuple[str, ...]) -> list[RecordId]:
    """The records that a share covers and a query finds."""
    view = registry.exchange.share(share)
    types = [
        each for each in registry.session.record_types.all() if view.type_id in (0, each.type_id)
    ]
    if not types:
        raise InvalidInputError("--query", "a share of one of this agency's types", "another")
    values = {
        name: types[-1].value_of(name, text) for name, text in pairs("--query", query).items()
    }
    matching = set(registry.find(types[-1].name, values))
    return [each for each in registry.exchange.deliverable(share) if each in matching]


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--no-acknowledge",
    is_flag=True,
    help="Do not acknowledge a delivery on chain; a STEWARD can, by taking it in again.",
)
@wait_option
@timeout_option
@profile_option
@json_option
def receive(
    path: Path, no_acknowledge: bool, wait: str, timeout: float, profile: Path, as_json: bool
) -> None:
    """Take in FILE that another agency sent: a request, terms, a delivery, a correction.

    Checked first: for whom it is and who signed it; then what it says, against the chain. What does
    not hold is refused whole. A delivery is acknowledged on chain. A custody package is kept, and
    waits for `muniment accept`, or `decline`.

    Example: muniment receive strikes.delivery
    """
    with opened(profile) as registry:
        with progress_bar("records", None) as tell:
            taken = registry.exchange.receive(path, acknowledge=not no_acknowledge, progress=tell)
        if taken.submission is not None and Stage(wait) is not Stage.ACKNOWLEDGED:
            registry.wait([taken.submission], wait, timeout=timeout)
        shown = _taken_json(taken)
        if taken.share is not None:
            shown["share"] = share_json(registry.exchange.share(taken.share.share_id))
    if as_json:
        show_json(shown)
        return
    click.echo(shown["envelope"])
    click.echo(f"{taken.row.kind} of agency {taken.row.agency_id}", err=True)
    if taken.count:
        click.echo(f"{taken.count} records, each as the chain has it", err=True)
    if taken.share is not None:
        click.echo(f"share {shown['share']['share']}: {shown['share']['status']}", err=True)
    if taken.row.kind == EnvelopeKind.CUSTODY:
        click.echo(f"hand-over 0x{taken.row.subject.hex()}: `muniment accept` it", err=True)
    if taken.submission is not None:
        click.echo(f"{taken.submission.kind}: {taken.submission.stage}", err=True)


def _taken_json(taken: TakenIn) -> dict[str, Any]:
    return {
        "envelope": f"0x{taken.row.digest.hex()}",
        "kind": taken.row.kind,
        "from": taken.row.agency_id,
        "records": taken.count,
        "evidence": taken.evidence,
        "submission": None if taken.submission is None else submission_json(taken.submission),
    }


def _schema(path: Path) -> JsonValue:
    try:
        return parse(path.read_bytes())
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError(f"schema {path}", "a readable file", what) from error


@click.command()
@click.option("--agency", type=int, help="Of one agency alone.")
@click.option("--schemas", is_flag=True, help="Tell the schemas' digests, and which are here.")
@click.option(
    "--add",
    "added",
    type=click.Path(path_type=Path),
    metavar="SCHEMA",
    help="Keep a schema that the agency has handed out (`type show` prints it), if the chain has "
    "its digest; then list it.",
)
@profile_option
@json_option
def catalogue(
    agency: int | None, schemas: bool, added: Path | None, profile: Path, as_json: bool
) -> None:
    """List which agencies keep what types of records, and who may ask for them.

    open: granted at once; conditional: a steward decides; closed: not shared.

    \b
    Example: muniment catalogue --agency 1
             muniment catalogue --agency 1 --add wildlife-strike.schema.json --json
    """
    if added is not None and agency is None:
        raise InvalidInputError("--agency", "whose schema it is", "missing")
    with opened(profile) as registry:
        if added is not None and agency is not None:
            found = registry.exchange.add_schema(agency, _schema(added))
        else:
            found = registry.exchange.catalogue(agency)
    if as_json:
        show_json(
            [
                {
                    "agency": each.agency_id,
                    "agency_name": each.agency_name,
                    "type": each.type_id,
                    "version": each.version,
                    "name": each.name,
                    "sharing": each.sharing.name.lower(),
                    "retention_days": each.retention_days,
                    "schema_digest": f"0x{each.schema_digest.hex()}",
                    "schema": None if each.schema is None else parse(each.schema.schema),
                }
                for each in found
            ]
        )
        return
    columns = ["agency", "name", "type", "record type", "sharing"]
    rows: list[list[object]] = [
        [each.agency_id, each.agency_name, each.type_id, each.name, each.sharing.name.lower()]
        for each in found
    ]
    if schemas:
        columns.append("schema")
        for row, each in zip(rows, found, strict=True):
            row.append("here" if each.schema is not None else f"0x{each.schema_digest.hex()}")
    show_table(columns, rows)
