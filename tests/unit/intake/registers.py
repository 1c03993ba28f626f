# SPDX-License-Identifier: Apache-2.0
"""What the tests of the import share: sources of bytes, types of properties, mappings of TOML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from muniment.intake.mapping import FieldMapping
from muniment.intake.plans import MappedBatch
from muniment.intake.sources import Batch, RowFault, Source, open_source
from muniment.record import FILE_SCHEMA, RecordType, TypeId

TEXT = {"type": "string"}


def source_of(tmp_path: Path, text: bytes, name: str = "rows.csv") -> Source:
    (tmp_path / name).write_bytes(text)
    return open_source(tmp_path / name)


def record_type_of(**properties: Any) -> RecordType:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {name.replace("_", "-"): part for name, part in properties.items()},
        "additionalProperties": False,
        "$defs": {"file": dict(FILE_SCHEMA)},
    }
    return RecordType.define("deed", TypeId(1), 1, schema)


def mapping_of(tmp_path: Path, text: str) -> FieldMapping:
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    return FieldMapping.load(path)


def whole(batches: Any) -> tuple[list[int], list[int], dict[str, list[Any]], list[RowFault]]:
    """Numbers, lines, columns and faults of all batches."""
    numbers, lines, columns, faults = [], [], {}, []
    for batch in batches:
        numbers += batch.numbers
        lines += batch.lines
        faults += batch.faults
        for name, values in batch.columns.items():
            assert len(values) == len(batch.numbers)
            columns.setdefault(name, []).extend(values)
    return numbers, lines, columns, faults


def converted(
    tmp_path: Path, entry: str, cells: list[Any], part: Any = TEXT, more: str = ""
) -> Any:
    """What field `f`, mapped by `entry`, becomes of cells: a list of values or reasons."""
    rules = mapping_of(tmp_path, f'source_id = "{{number}}"\n{more}\n[fields]\nf = {entry}\n')
    numbers = list(range(1, len(cells) + 1))
    batch = Batch(numbers, numbers, {"c": cells}, null_is_empty=True)
    mapped: MappedBatch = rules.compile(record_type_of(f=part), tmp_path).apply(batch)
    found = {
        number: fields.get("f", "omitted")
        for number, fields in zip(mapped.numbers, mapped.fields, strict=True)
    }
    for number, files in zip(mapped.numbers, mapped.attachments, strict=True):
        if files:
            found[number] = files["f"]
    told = {fault.number: f"{fault.column}: {fault.reason}" for fault in mapped.faults}
    return [(found | told)[number] for number in numbers]
