# SPDX-License-Identifier: Apache-2.0
"""`muniment type`: record types."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.options import (
    finish,
    json_option,
    nothing_to_do,
    opened,
    profile_option,
    show_json,
    show_table,
    writing,
)
from muniment.errors import InvalidInputError
from muniment.record.canonical import parse
from muniment.record.identifiers import TypeId
from muniment.record.types import RETAIN_FOREVER, RecordType, Sharing


@click.group(name="type")
def type_() -> None:
    """The agency's record types."""


type = type_  # noqa: A001  (the command's name)


def _definition(
    name: str,
    schema: Path,
    number: int,
    version: int,
    retention: int,
    sharing: str,
    searchable: tuple[str, ...],
) -> RecordType:
    try:
        value = parse(schema.read_bytes())
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError(f"schema {schema}", "a readable file", what) from error
    if not isinstance(value, dict):
        raise InvalidInputError(f"schema {schema}", "a JSON object", "another value")
    return RecordType.define(
        name,
        TypeId(number),
        version,
        value,
        retention_days=retention,
        sharing=Sharing[sharing.upper()],
        searchable=searchable,
    )


_name = click.argument("name")
_schema = click.argument("schema", type=click.Path(path_type=Path))
_number = click.option("--number", type=int, required=True, help="The type's number, from 1.")
_version = click.option("--version", type=int, default=1, show_default=True)
_retention = click.option(
    "--retention", type=int, default=RETAIN_FOREVER, help="Days; without it, for ever."
)
_sharing = click.option(
    "--sharing",
    type=click.Choice(["open", "conditional", "closed"]),
    default="conditional",
    show_default=True,
)
_searchable = click.option("--searchable", multiple=True, metavar="FIELD", help="May be repeated.")


@type_.command()
@_name
@_schema
@_number
@_version
@_retention
@_sharing
@_searchable
@writing
def publish(
    name: str,
    schema: Path,
    number: int,
    version: int,
    retention: int,
    sharing: str,
    searchable: tuple[str, ...],
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Publish a version of a record type on chain, and keep its SCHEMA. For the agency's admin.

    What stands on chain already is only kept. Example:
    muniment type publish land-deed deed.schema.json --number 2 --searchable holder
    """
    record_type = _definition(name, schema, number, version, retention, sharing, searchable)
    with opened(profile) as registry:
        submission = registry.publish_type(record_type)
        if submission is not None:
            finish(registry, [submission], wait, timeout, as_json)
        else:
            nothing_to_do(f"{name} version {version} stands on chain already; kept", as_json)


@type_.command()
@_name
@_schema
@_number
@_version
@_retention
@_sharing
@_searchable
@profile_option
@json_option
def add(
    name: str,
    schema: Path,
    number: int,
    version: int,
    retention: int,
    sharing: str,
    searchable: tuple[str, ...],
    profile: Path,
    as_json: bool,
) -> None:
    """Keep the SCHEMA of a record type that stands on chain already, to register by it.

    Refused unless its digest, retention and sharing are those on chain. Example:
    muniment type add wildlife-strike wildlife-strike.json --number 1 --searchable airport
    """
    record_type = _definition(name, schema, number, version, retention, sharing, searchable)
    with opened(profile) as registry:
        new = registry.add_type(record_type)
    if as_json:
        show_json({**_as_json(record_type), "new": new})
    click.echo(f"{name} version {version}: {'kept' if new else 'was kept already'}", err=True)


@type_.command("list")
@profile_option
@json_option
def list_(profile: Path, as_json: bool) -> None:
    """List the record types that the agency can register by.

    Example: muniment type list
    """
    with opened(profile) as registry:
        found = registry.session.record_types.all()
    if as_json:
        show_json([_as_json(each) for each in found])
        return
    show_table(
        ["name", "number", "version", "retention", "sharing", "searchable"],
        [
            [
                each.name,
                each.type_id,
                each.version,
                "for ever" if each.retention_days == RETAIN_FOREVER else each.retention_days,
                each.sharing.name.lower(),
                ", ".join(each.searchable),
            ]
            for each in found
        ],
    )


def _as_json(record_type: RecordType) -> dict[str, object]:
    return {
        "name": record_type.name,
        "number": record_type.type_id,
        "version": record_type.version,
        "retention_days": record_type.retention_days,
        "sharing": record_type.sharing.name.lower(),
        "searchable": list(record_type.searchable),
        "schema_digest": f"0x{record_type.schema_digest.hex()}",
    }


@type_.command("show")
@_name
@profile_option
@json_option
def show(name: str, profile: Path, as_json: bool) -> None:
    """Print the schema of a type's latest version; with --json all that is known of the type.

    Example: muniment type show land-deed
    """
    with opened(profile) as registry:
        latest = registry.session.record_types.latest(name)
    if as_json:
        show_json({**_as_json(latest), "schema": parse(latest.schema)})
    else:
        click.echo(latest.schema.decode())
