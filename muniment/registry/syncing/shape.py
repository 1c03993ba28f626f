# SPDX-License-Identifier: Apache-2.0
"""The shape of what is followed, as of the last pass: a pass of another shape would take each row
for a changed one, or each record's row for vanished."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muniment.errors import InvalidInputError
from muniment.intake.mapping import FieldMapping, FieldSource
from muniment.intake.sync_rules import SyncRules
from muniment.record.types import RecordType


@dataclass(frozen=True, slots=True)
class Change:
    """What is another shape than before: `refused` must be accepted by somebody, `noticed` is only
    told. With `compare` the next pass compares all rows."""

    refused: tuple[str, ...]
    noticed: tuple[str, ...]
    compare: bool


def shape_of(
    rules: SyncRules, mapping: FieldMapping, record_type: RecordType, columns: Mapping[str, str]
) -> dict[str, Any]:
    """Return the shape of a source with these columns, as JSON has it.

    Raises `InvalidInputError` where the watermark is none of them.
    """
    if rules.watermark is not None and rules.watermark not in columns:
        raise InvalidInputError(
            "mapping sync.watermark",
            f"a column that the source has: {', '.join(map(repr, columns))}",
            f"{rules.watermark!r}, which it has not",
        )
    used = mapping.columns()
    read = set(columns) if used is None else used | {rules.watermark}
    return {
        "followed": rules.followed,
        "watermark": rules.watermark,
        "mapping": _digest(mapping),
        "record_type": record_type.name,
        "type_version": record_type.version,
        "columns": {name: kind for name, kind in columns.items() if name in read},
        "others": sorted(name for name in columns if name not in read),
    }


def change_of(before: str, now: Mapping[str, Any]) -> Change:
    """Return what differs in the shape that was kept (JSON text) and that of now."""
    then: dict[str, Any] = json.loads(before)
    refused = []
    if then["followed"] != now["followed"]:
        refused.append("another table or query")
    if then["record_type"] != now["record_type"]:
        refused.append(f"another record type than {then['record_type']!r}")
    if then["mapping"] != now["mapping"]:
        refused.append("another mapping")
    for name, kind in sorted(now["columns"].items()):
        was = then["columns"].get(name, kind)
        if was != kind:
            refused.append(f"column {name!r} was of {was or 'no type'} and is of {kind}")
    noticed = [f"column {name!r} is new: no field takes it" for name in _added(then, now)]
    noticed += [f"column {name!r} is gone: no field took it" for name in _added(now, then)]
    others = ("watermark", "type_version")
    differing = [name for name in others if then[name] != now[name]]
    noticed += [f"another {name.replace('_', ' of the record ')}" for name in differing]
    return Change(tuple(refused), tuple(noticed), bool(refused or differing))


def _added(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    known = {*first["columns"], *first["others"]}
    return [name for name in second["others"] if name not in known]


def _digest(mapping: FieldMapping) -> str:
    fields = mapping.fields
    told = {
        "source_id": mapping.source_id,
        "source_system": mapping.source_system,
        "fields": None if fields is None else {name: _field(each) for name, each in fields.items()},
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _field(source: FieldSource) -> dict[str, Any]:
    form = source.form
    return {
        "column": source.column,
        "values": dict(source.values),
        "empty": source.empty,
        "kind": source.kind,
        "formats": list(form.formats),
        "zone": None if form.zone is None else form.zone.key,
        "marks": [form.decimal, form.thousands],
        "words": [sorted(form.true), sorted(form.false)],
    }
