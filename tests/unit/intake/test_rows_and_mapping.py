# SPDX-License-Identifier: Apache-2.0
"""Rows of files become content, or say line and column; one bad row stops no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from muniment.errors import InvalidInputError
from muniment.intake.mapping import FieldMapping, RowError
from muniment.intake.rows import Row, count_rows, format_of, read_rows
from muniment.record import RecordType, TypeId

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["holder"],
    "properties": {
        "holder": {"type": "string"},
        "area": {"type": "integer"},
        "note": {"type": ["string", "null"]},
    },
    "additionalProperties": False,
}
DEED = RecordType.define("deed", TypeId(1), 1, SCHEMA)


def rows(tmp_path: Path, text: bytes, kind: str = "csv") -> list[Row]:
    path = tmp_path / f"rows.{kind}"
    path.write_bytes(text)
    return list(read_rows(path, kind))


def test_csv__knows_its_lines(tmp_path: Path) -> None:
    found = rows(tmp_path, b'id,holder\n1,Ada\n2,"Grace\nHopper"\n\n3,Emmy\n')
    assert [(row.line, row.number, row.cells["holder"]) for row in found] == [
        (2, 1, "Ada"),
        (3, 2, "Grace\nHopper"),
        (6, 3, "Emmy"),
    ]


def test_csv__bad_rows_stop_no_others(tmp_path: Path) -> None:
    found = rows(tmp_path, b"id,holder\n1\n2,B\n3,C,too many\n4,\xff\xfe\n5,E\n")
    assert [row.fault is None for row in found] == [False, True, False, False, True]
    assert "1 cells where the header has 2" in (found[0].fault or "")
    assert "UTF-8" in (found[3].fault or "")


@pytest.mark.parametrize(
    ("text", "what"),
    [(b"", "header is none"), (b"a,a\n1,2\n", "'a' twice")],
)
def test_csv__without_a_header_is_refused(tmp_path: Path, text: bytes, what: str) -> None:
    with pytest.raises(InvalidInputError, match=what):
        rows(tmp_path, text)


def test_ndjson__bad_rows_stop_no_others(tmp_path: Path) -> None:
    text = b'{"holder":"A"}\n\n[1]\n{"a":1,"a":2}\n{"x":NaN}\n{"holder":"B"}\n'
    found = rows(tmp_path, text, "ndjson")
    assert [(row.line, row.fault is None) for row in found] == [
        (1, True),
        (3, False),
        (4, False),
        (5, False),
        (6, True),
    ]
    assert count_rows(tmp_path / "rows.ndjson", "ndjson") == 5


def test_format__by_name_or_ending() -> None:
    assert format_of(Path("a.CSV")) == "csv"
    assert format_of(Path("a.jsonl")) == "ndjson"
    assert format_of(Path("a"), "csv") == "csv"
    with pytest.raises(InvalidInputError, match="format"):
        format_of(Path("a.xlsx"))


def mapping(tmp_path: Path, text: str) -> FieldMapping:
    path = tmp_path / "map.toml"
    path.write_text(text)
    return FieldMapping.load(path)


def test_mapping__types_values_and_empty_cells(tmp_path: Path) -> None:
    found = mapping(
        tmp_path,
        'source_id = "{id}/{number}"\n[fields]\nholder = { column = "H", values = { X = "Ada" } }\n'
        'area = "A"\nnote = { column = "N", empty = "null" }\n',
    )
    row = Row(2, 7, {"id": "12", "H": "X", "A": "40", "N": ""})
    mapped = found.apply(row, DEED)
    assert mapped.source_id == "12/7"
    assert mapped.fields == {"holder": "Ada", "area": 40, "note": None}
    without = found.apply(Row(2, 7, {"id": "12", "H": "B", "A": "", "N": "n"}), DEED)
    assert without.fields == {"holder": "B", "note": "n"}


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"id": "1", "H": "A"}, "A"),
        ({"id": "", "H": "A", "A": "1"}, "id"),
        ({"id": "1", "H": "A", "A": "forty"}, "A"),
    ],
)
def test_mapping__names_the_column_and_withholds_the_value(
    tmp_path: Path, cells: dict[str, str], column: str
) -> None:
    found = mapping(tmp_path, 'source_id = "{id}"\n[fields]\nholder = "H"\narea = "A"\n')
    with pytest.raises(RowError) as caught:
        found.apply(Row(2, 1, cells), DEED)
    assert caught.value.column == column
    assert "forty" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("fields = 1", "source_id"),
        ('source_id = "{id}"', "fields"),
        ('source_id = "{id}"\nextra = 1\n[fields]\na = "b"', "extra"),
        ('source_id = "{id}"\n[fields]\na = 7', "fields.a"),
        ('source_id = "{id}"\n[fields]\na = { column = "b", empty = "zero" }', "fields.a.empty"),
        ("source_id = ", "TOML"),
    ],
)
def test_mapping_file__names_the_wrong_entry(tmp_path: Path, text: str, entry: str) -> None:
    with pytest.raises(InvalidInputError, match=entry):
        mapping(tmp_path, text)
