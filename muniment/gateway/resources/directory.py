# SPDX-License-Identifier: Apache-2.0
"""Who is who and what is what: the agencies, their officers, the record types."""

from __future__ import annotations

from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Path, Response

from muniment.gateway.answers import hexadecimal, json_answer
from muniment.gateway.between.calling import PEERS
from muniment.gateway.parts import ChainReader, PartsHere
from muniment.gateway.refusals import UnknownResourceError
from muniment.record.canonical import parse
from muniment.record.instants import instant
from muniment.record.types import RETAIN_FOREVER, RecordType
from muniment.store.tables import agencies, agency_keys, officers, replacements
from muniment.store.tables import record_types as mirrored_types

router = APIRouter(tags=["directory"])

REPLACEMENT_DELAY: Final = 7 * 86_400
"""Seconds from a replacement's announcement until it can be executed: a constant of the contract
(`AGENCY_REPLACEMENT_DELAY`)."""
REPLACEMENT_WINDOW: Final = 30 * 86_400
"""Seconds in which it can be executed from then on (`AGENCY_REPLACEMENT_WINDOW`)."""
AgencyPath = Annotated[int, Path(ge=1, le=(1 << 32) - 1)]


@router.get("/types", summary="The agency's record types")
def list_types(parts: PartsHere, caller: ChainReader) -> Response:
    """List the latest version of each type that the agency registers by, with its JSON schema."""
    del caller
    types = parts.session.record_types
    types.forget()
    latest: dict[str, RecordType] = {each.name: each for each in types.all()}
    return json_answer({"items": [_type(each) for each in latest.values()], "next": None})


@router.get("/types/{name}", summary="One record type")
def show_type(parts: PartsHere, caller: ChainReader, name: str) -> Response:
    """Return the latest version of a type, with its JSON schema."""
    del caller
    types = parts.session.record_types
    types.forget()
    return json_answer(_type(types.latest(name)))


@router.get("/agencies", summary="All agencies")
def list_agencies(parts: PartsHere, caller: ChainReader) -> Response:
    """List the agencies of the registry by the mirror, with the types that each keeps; `gateway`
    says whether this one knows the other's."""
    del caller
    own = parts.session.profile.agency.id
    peers = parts.settings.others.get(PEERS, {})
    with parts.database.read() as connection:
        rows = connection.execute(sa.select(agencies).order_by(agencies.c.agency_id)).mappings()
        named = {row["agency_id"]: row["name"] for row in rows}
        types: dict[int, dict[int, dict[str, Any]]] = {}
        ordered = sa.select(mirrored_types).order_by(mirrored_types.c.version)
        for row in connection.execute(ordered).mappings():
            types.setdefault(row["agency_id"], {})[row["type_id"]] = {
                "type_id": row["type_id"],
                "version": row["version"],
                "name": row["name"],
                "sharing": row["sharing"].lower(),
                "retention_days": _days(row["retention_days"]),
            }
    items = [
        {
            "agency": number,
            "name": name,
            "own": number == own,
            "gateway": str(number) in peers,
            "types": list(types.get(number, {}).values()),
        }
        for number, name in named.items()
    ]
    return json_answer({"items": items, "next": None})


@router.get("/agencies/{agency}/officers", summary="An agency's officers and keys")
def list_officers(parts: PartsHere, caller: ChainReader, agency: AgencyPath) -> Response:
    """List the officers of an agency and its public keys, by the mirror of the chain; and the
    replacement of all its officers where one is announced, from when to when it can be executed."""
    del caller
    with parts.database.read() as connection:
        known = sa.select(agencies.c.name).where(agencies.c.agency_id == agency)
        if connection.execute(known).scalar() is None:
            raise UnknownResourceError(f"there is no agency {agency}", "one that /agencies lists")
        chosen = (
            sa.select(officers)
            .where(officers.c.agency_id == agency)
            .order_by(officers.c.role, officers.c.account)
        )
        found = [
            {"role": row["role"].lower(), "account": row["account"]}
            for row in connection.execute(chosen).mappings()
        ]
        of_keys = (
            sa.select(agency_keys)
            .where(agency_keys.c.agency_id == agency)
            .order_by(agency_keys.c.purpose, agency_keys.c.epoch)
        )
        keys = [
            {
                "purpose": row["purpose"].lower(),
                "epoch": row["epoch"],
                "key": hexadecimal(bytes(row["key"])),
                "retired": row["retired"],
            }
            for row in connection.execute(of_keys).mappings()
        ]
        announced = connection.execute(
            sa.select(replacements).where(replacements.c.agency_id == agency)
        ).one_or_none()
    body = {"agency": agency, "items": found, "keys": keys, "next": None}
    return json_answer(body | {"replacement": _replacement(announced)})


def _replacement(announced: sa.Row[Any] | None) -> dict[str, Any] | None:
    if announced is None:
        return None
    return {
        "new_admin": announced.new_admin,
        "announced_at": instant(announced.ready_at - REPLACEMENT_DELAY),
        "ready_at": instant(announced.ready_at),
        "lapses_at": instant(announced.ready_at + REPLACEMENT_WINDOW),
    }


def _type(record_type: RecordType) -> dict[str, Any]:
    return {
        "name": record_type.name,
        "type_id": record_type.type_id,
        "version": record_type.version,
        "retention_days": _days(record_type.retention_days),
        "sharing": record_type.sharing.name.lower(),
        "searchable": list(record_type.searchable),
        "files": list(record_type.file_fields),
        "schema_digest": hexadecimal(record_type.schema_digest),
        "schema": parse(record_type.schema),
    }


def _days(days: int) -> int | None:
    """Days of retention, None for ever."""
    return None if days == RETAIN_FOREVER else days
