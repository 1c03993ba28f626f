# SPDX-License-Identifier: Apache-2.0
"""Finding records: in the registry's mirror, in the agency's journal, by searchable fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from muniment.gateway.answers import hexadecimal, json_answer
from muniment.gateway.cursors import MAX_LIMIT, make_cursor, place_of
from muniment.gateway.parts import Parts, PartsHere, Reader
from muniment.gateway.refusals import UnfitCallError
from muniment.record.identifiers import RecordId
from muniment.record.instants import instant, instant_or_none
from muniment.record.state import Status
from muniment.store import journal_rows, mirror_search
from muniment.store.journal_rows import EntryRow
from muniment.store.mirror_search import Filters, MirroredRecord
from muniment.store.versions import VersionRow, versions_of_records

router = APIRouter(tags=["records"])

_FIELD: Final = "field."
_MOST_FOUND: Final = 10_000
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[str | None, Query(max_length=512)]
AgencyNumber = Annotated[int | None, Query(ge=1, le=(1 << 32) - 1)]
StatusName = Literal["in_force", "superseded", "revoked", "disposed"]


@router.get("/records", summary="List records")
def list_records(
    parts: PartsHere,
    caller: Reader,
    where: Annotated[Literal["chain", "journal"], Query()] = "chain",
    type: Annotated[str | None, Query(max_length=64)] = None,  # noqa: A002
    agency: AgencyNumber = None,
    status: StatusName | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List records of the registry that stand on chain, by the mirror, the latest act first; or
    with `where=journal` those of the agency's journal, the latest first.

    `type` is one of the agency's own record types, `agency` the custodian.
    """
    del caller
    query = ["records", where, type, agency, status, str(since), str(until)]
    place = place_of(parts.cursor_key, query, cursor)
    if where == "journal":
        if agency is not None or status is not None or since or until:
            raise UnfitCallError(
                "the journal is listed by its order alone", "type, cursor and limit", field="where"
            )
        return _list_journal(parts, type, query, place, limit)
    type_id = None if type is None else parts.session.record_types.latest(type).type_id
    filters = Filters(
        issuer=None if type is None else parts.session.profile.agency.id,
        type_id=type_id,
        custodian=agency,
        status=None if status is None else Status[status.upper()],
        since=None if since is None else _seconds("since", since),
        until=None if until is None else _seconds("until", until),
    )
    after = None if place is None else (int(place[0]), bytes.fromhex(place[1]))
    with parts.database.read() as connection:
        found = mirror_search.page(connection, filters, after, limit + 1)
        kept = versions_of_records(connection, [each.record_id for each in found[:limit]])
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        where_to = [last.state.updated_at, last.record_id.hex()]
        following = make_cursor(parts.cursor_key, query, where_to)
    return json_answer({"items": [_line(each, kept) for each in found[:limit]], "next": following})


@router.get("/records/find", summary="Find records by fields or source id")
def find(
    request: Request,
    parts: PartsHere,
    caller: Reader,
    type: Annotated[str | None, Query(max_length=64)] = None,  # noqa: A002
    source_id: Annotated[str | None, Query(max_length=1024)] = None,
    source_system: Annotated[str | None, Query(max_length=1024)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Find the agency's own records: by `source_id`, or by `type` and `field.NAME=VALUE` for
    searchable fields, each exactly."""
    del caller
    given = {
        name.removeprefix(_FIELD): value
        for name, value in request.query_params.multi_items()
        if name.startswith(_FIELD)
    }
    query = ["find", type, source_id, source_system, sorted(given.items())]
    start = int(place_of(parts.cursor_key, query, cursor) or 0)
    if source_id is None and not given:
        raise UnfitCallError(
            "nothing is sought", "source_id, or type and field.NAME=VALUE", field="source_id"
        )
    found = None
    if source_id is not None:
        found = [parts.registry.record_id(source_id, source_system)]
    if given:
        if type is None:
            raise UnfitCallError(
                "the type is missing", "the type whose fields these are", field="type"
            )
        record_type = parts.session.record_types.latest(type)
        sought = {name: record_type.value_of(name, value) for name, value in given.items()}
        matching = parts.registry.find(type, sought)
        found = [each for each in matching if found is None or each in found]
    assert found is not None
    chosen = found[start : start + limit]
    with parts.database.read() as connection:
        known = {
            each.record_id: each for each in mirror_search.among(connection, chosen, Filters())
        }
        entries = journal_rows.entries_of(connection, chosen)
        kept = versions_of_records(connection, chosen)
    items: list[dict[str, Any]] = []
    for each in chosen:
        if each in known and known[each].state.status is not Status.NONE:
            items.append(_line(known[each], kept))
        elif each in entries:
            items.append(_entry(entries[each]))
        elif source_id is None:
            items.append({"record": hexadecimal(each), "status": "acknowledged"})
    following = None
    if start + limit < min(len(found), _MOST_FOUND):
        following = make_cursor(parts.cursor_key, query, start + limit)
    return json_answer({"items": items, "next": following})


def _list_journal(
    parts: Parts, type_name: str | None, query: list[Any], place: Any, limit: int
) -> Response:
    journal = parts.registrar.journal
    if journal is None:
        return json_answer({"items": [], "next": None})
    wanted = None if type_name is None else parts.session.record_types.latest(type_name).type_id
    items: list[EntryRow] = []
    with parts.database.read() as connection:
        end = journal_rows.size_of(connection, journal) if place is None else int(place)
        while end > 0 and len(items) < limit:
            start = max(0, end - MAX_LIMIT)
            lineage = parts.session.lineage
            rows = list(journal_rows.rows_between(connection, lineage, journal, start, end))
            for row in reversed(rows):
                end = row.index
                if wanted is None or row.entry.type_id == wanted:
                    items.append(row)
                if len(items) == limit:
                    break
            else:
                end = start
    following = make_cursor(parts.cursor_key, query, end) if end > 0 else None
    return json_answer({"items": [_entry(each) for each in items], "next": following})


def _line(found: MirroredRecord, kept: Mapping[RecordId, Sequence[VersionRow]]) -> dict[str, Any]:
    state = found.state
    versions = kept.get(RecordId(bytes(found.record_id)), ())
    return {
        "record": hexadecimal(found.record_id),
        "status": state.status.name.lower(),
        "version": state.version,
        "issuer": state.issuer,
        "custodian": state.custodian,
        "type_id": state.type_id,
        "type_version": state.type_version,
        "holds": state.hold_count,
        "offered_to": state.offered_to or None,
        "updated_at": instant_or_none(state.updated_at),
        "acts": found.act_count,
        "source_system": versions[-1].source_system if versions else None,
        "source_id": versions[-1].source_id if versions else None,
    }


def _entry(row: EntryRow) -> dict[str, Any]:
    return {
        "record": hexadecimal(row.record_id),
        "status": "in_force",
        "version": 1,
        "issuer": row.agency_id,
        "custodian": row.agency_id,
        "type_id": row.entry.type_id,
        "type_version": row.entry.type_version,
        "journal": row.journal,
        "index": row.index,
        "source_system": row.source_system,
        "source_id": row.source_id,
        "entered_at": instant(row.entry.time),
    }


def _seconds(name: str, moment: datetime) -> int:
    if moment.tzinfo is None:
        raise UnfitCallError(
            f"{name} has no time zone", "RFC 3339, such as …T00:00:00Z", field=name
        )
    seconds = int(moment.timestamp())
    if not 0 <= seconds < 1 << 36:
        raise UnfitCallError(f"{name} is out of range", "an instant since 1970", field=name)
    return seconds
