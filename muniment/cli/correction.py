# SPDX-License-Identifier: Apache-2.0
"""`muniment correction`: what a recipient says is wrong, and what the custodian decides."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from muniment.cli.options import (
    json_option,
    opened,
    pairs,
    profile_option,
    record_of,
    show_json,
    show_table,
    show_values,
    timeout_option,
)
from muniment.errors import InvalidInputError
from muniment.record.canonical import JsonValue, parse
from muniment.record.identifiers import RecordId
from muniment.record.instants import instant
from muniment.registry import Registry
from muniment.registry.corrections.deciding import Decided
from muniment.store.envelopes import SENT

_request = click.argument("request_id", metavar="REQUEST")
_output = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Where the envelope for the other agency is written.",
)
_set = click.option(
    "--set", "values", multiple=True, metavar="FIELD=VALUE", help="A value; may be repeated."
)
_json_fields = click.option(
    "--json-fields", type=click.File("rb"), metavar="FILE", help="Values as a JSON object, or -."
)


@click.group()
def correction() -> None:
    """Corrections: what a recipient says is wrong in a record, and what its custodian decides."""


@correction.command()
@click.argument("record")
@click.option("--reason", required=True, help="What is wrong, for the custodian.")
@_set
@_json_fields
@click.option("--version", type=int, help="Of this version; the newest received by default.")
@_output
@profile_option
@json_option
def request(
    record: str,
    reason: str,
    values: tuple[str, ...],
    json_fields: IO[bytes] | None,
    version: int | None,
    output: Path,
    profile: Path,
    as_json: bool,
) -> None:
    """Ask that RECORD be corrected, which this agency was given by a share.

    The request goes to whoever keeps the record today, in an envelope: carry it there. Values that
    you propose are a help, and not needed. Prints the request's digest.

    \b
    Example: muniment correction request 0x9d2c… --reason "the runway is 16L" \\
                 --set runway=16L -o correction.envelope
    """
    with opened(profile) as registry:
        record_id = record_of(registry, record)
        row = registry.corrections.request(
            record_id,
            reason,
            output,
            fields=_fields(registry, record_id, values, json_fields),
            version=version,
        )
    if as_json:
        show_json(
            {
                "request": f"0x{row.digest.hex()}",
                "record": f"0x{record_id.hex()}",
                "custodian": row.agency_id,
                "written": str(output),
            }
        )
        return
    click.echo(f"0x{row.digest.hex()}")
    click.echo(f"for agency {row.agency_id}: {output}", err=True)


@correction.command(name="list")
@click.argument("record", required=False)
@click.option("--status", type=click.Choice(["open", "accepted", "refused"]))
@profile_option
@json_option
def list_(record: str | None, status: str | None, profile: Path, as_json: bool) -> None:
    """List the requests that this agency sent or took in, of RECORD or of all.

    Example: muniment correction list --status open
    """
    with opened(profile) as registry:
        record_id = None if record is None else record_of(registry, record)
        found = registry.corrections.list(record_id, status=status)
    if as_json:
        show_json([each.to_json() for each in found])
        return
    show_table(
        ["request", "record", "version", "", "agency", "made", "status"],
        [
            (
                f"0x{each.digest.hex()}",
                f"0x{each.record_id.hex()[:12]}…",
                "" if each.request is None else each.request.version,
                "to" if each.row.direction == SENT else "from",
                each.row.agency_id,
                instant(each.row.made_at),
                each.status,
            )
            for each in found
        ],
    )


@correction.command()
@_request
@profile_option
@json_option
def show(request_id: str, profile: Path, as_json: bool) -> None:
    """Show REQUEST: its reason, the values that it proposes, and the answer.

    Example: muniment correction show 0x71ab…
    """
    with opened(profile) as registry:
        shown = registry.corrections.show(_digest_of(request_id)).to_json()
    show_values(shown, as_json)


@correction.command()
@_request
@_set
@_json_fields
@click.option(
    "--version", type=int, help="The record was amended already: this version corrects it."
)
@click.option("--reason", default="", help="A word to the requester.")
@_output
@timeout_option
@profile_option
@json_option
def accept(
    request_id: str,
    values: tuple[str, ...],
    json_fields: IO[bytes] | None,
    version: int | None,
    reason: str,
    output: Path,
    timeout: float,
    profile: Path,
    as_json: bool,
) -> None:
    """Accept REQUEST: amend the record by the values it proposes, and answer. A REGISTRAR does.

    --set and --json-fields take the place of the proposed values. The answer names the request and
    the new version; it is made once that version is in a block.

    Example: muniment correction accept 0x71ab… -o answer.envelope
    """
    digest = _digest_of(request_id)
    with opened(profile) as registry:
        record_id = registry.corrections.show(digest).record_id
        done = registry.corrections.accept(
            digest,
            output,
            fields=_fields(registry, record_id, values, json_fields),
            version=version,
            reason=reason,
            timeout=timeout,
        )
    _tell(digest, done, output, as_json)


@correction.command()
@_request
@click.option("--reason", required=True, help="Why, for the requester.")
@_output
@profile_option
@json_option
def refuse(request_id: str, reason: str, output: Path, profile: Path, as_json: bool) -> None:
    """Refuse REQUEST for a reason. The record stays as it is.

    Example: muniment correction refuse 0x71ab… --reason "the log says 34R" -o answer.envelope
    """
    digest = _digest_of(request_id)
    with opened(profile) as registry:
        done = registry.corrections.refuse(digest, reason, output)
    _tell(digest, done, output, as_json)


def _fields(
    registry: Registry, record_id: RecordId, values: tuple[str, ...], source: IO[bytes] | None
) -> dict[str, JsonValue]:
    """The values that options give, by name."""
    found: dict[str, JsonValue] = {}
    if source is not None:
        parsed = parse(source.read())
        if not isinstance(parsed, dict):
            raise InvalidInputError("--json-fields", "a JSON object", "another value")
        found = dict(parsed)
    texts = pairs("--set", values)
    twice = sorted(set(texts) & set(found))
    if twice:
        raise InvalidInputError("--set", "each name once", f"{twice[0]!r} in both")
    return found | registry.corrections.values_of(record_id, texts)


def _tell(digest: bytes, done: Decided, output: Path, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "request": f"0x{digest.hex()}",
                "answer": f"0x{done.answer.digest.hex()}",
                "decision": str(done.decision),
                "version": done.version,
                "written": str(output),
            }
        )
        return
    click.echo(f"0x{done.answer.digest.hex()}")
    version = "" if done.version is None else f" by version {done.version}"
    click.echo(f"{done.decision}{version}; for agency {done.answer.agency_id}: {output}", err=True)


def _digest_of(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        expected = "0x and 64 hex digits, as `correction list` shows"
        raise InvalidInputError("request", expected, repr(text))
    return found
