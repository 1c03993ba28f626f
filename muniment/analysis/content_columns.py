# SPDX-License-Identifier: Apache-2.0
"""Content as columns beside versions: opened, checked, and written down as read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from muniment.errors import ErasedError, InvalidInputError
from muniment.record.canonical import JsonValue
from muniment.record.identifiers import RecordId
from muniment.registry import Access, Registry, UnkeptVersionError
from muniment.registry.access_entries import EXPORTED, record_reads
from muniment.registry.journal_evidence import first_versions
from muniment.registry.reading import kept_version
from muniment.store import journal_rows

_MANY: Final = 1_000


def with_content(
    registry: Registry,
    record_type: str,
    table: Any,
    names: Sequence[str] | None,
    access: Access,
) -> Any:
    """Return a table of versions with their content's fields as columns; see `Frames.versions`."""
    known = _properties(registry, record_type)
    wanted = known if names is None else list(names)
    for name in wanted:
        if name not in known:
            raise InvalidInputError("field", f"one of {', '.join(known)}", repr(name))
    ids = [RecordId(bytes.fromhex(each[2:])) for each in table["record_id"].to_pylist()]
    places = list(zip(ids, table["version"].to_pylist(), strict=True))
    values: dict[str, list[JsonValue]] = {name: [] for name in wanted}
    for start in range(0, len(places), _MANY):
        part = places[start : start + _MANY]
        # Written down before it is shown.
        record_reads(registry.session, EXPORTED, part, access)
        for fields in _contents(registry, part):
            for name in wanted:
                values[name].append(None if fields is None else fields.get(name))
    for name in wanted:
        table = table.append_column(f"content.{name}", _column(values[name]))
    return table


def _properties(registry: Registry, record_type: str) -> list[str]:
    """The fields of all versions of a type, in the order in which they came up."""
    found: dict[str, None] = {}
    registry.session.record_types.latest(record_type)
    for each in registry.session.record_types.all():
        if each.name == record_type:
            found.update(dict.fromkeys(json.loads(each.schema).get("properties", {})))
    return list(found)


def _contents(
    registry: Registry, places: Sequence[tuple[RecordId, int]]
) -> list[dict[str, JsonValue] | None]:
    session = registry.session
    first = [record_id for record_id, version in places if version == 1]
    with session.database.read() as connection:
        rows = journal_rows.entries_of(connection, first)
    # Those of one pack are read together.
    entered = first_versions(session, list(rows.values()))
    found: list[dict[str, JsonValue] | None] = []
    for record_id, version in places:
        if version == 1 and record_id in entered:
            found.append(entered[record_id].version.content.fields())
            continue
        try:
            found.append(kept_version(session, record_id, version).fields)
        except (ErasedError, UnkeptVersionError):
            found.append(None)
    return found


def _column(values: list[JsonValue]) -> Any:
    kinds = {type(each) for each in values if each is not None}
    for kind, arrow in ((bool, pa.bool_()), (int, pa.int64()), (str, pa.string())):
        if kinds == {kind}:
            return pa.array(values, arrow)
    # Nothing at all is text too.
    texts = [None if each is None else json.dumps(each, ensure_ascii=False) for each in values]
    return pa.array(texts, pa.string())
