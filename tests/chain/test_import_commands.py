# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""`muniment import` as an officer meets it: bad files, questions before amending, a second try."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.command_line import Muniment, muniment  # noqa: F401
from tests.chain.test_journal_commands import MAP, command, imported, rows_of  # noqa: F401

BIG = 100_000_000
# Of fields that a schema takes as text, so that the mapping alone decides.
TYPED = """
source_id = "{id}"
[fields]
holder = "holder"
parcel = { column = "area", kind = "%s" }
"""


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.read_text().splitlines()]


def told(command: Muniment, folder: Path, data: bytes, mapping: str, *more: str) -> tuple[Any, Any]:
    """The tally, and what the report says of each row: its line, column and reason."""
    (folder / "rows.csv").write_bytes(data)
    (folder / "map.toml").write_text(mapping)
    report = folder / "bad.ndjson"
    answer = command(
        *("import", "land-deed", str(folder / "rows.csv"), "--map", str(folder / "map.toml")),
        *("--json", "--report", str(report), *more),
    )
    assert answer.code in (0, 17), answer.err
    return answer.json, [
        (each["line"], each["column"], each["reason"]) for each in lines_of(report)
    ]


@pytest.mark.parametrize(
    ("kind", "bad", "reason"),
    [
        ("integer", "twelve", "another text"),
        ("decimal", "1,5", "comma"),
        ("date", "30.02.2020", "date"),
        ("date", "10000-01-01", "date"),
        ("instant", "2020-01-01 10:00", "zone"),
    ],
)
def test_value_of_the_wrong_kind__is_told_and_the_rest_goes_through(
    command: Muniment, tmp_path: Path, kind: str, bad: str, reason: str
) -> None:
    good = {
        "integer": "12",
        "decimal": "1.5",
        "date": "2020-02-29",
        "instant": "2020-01-01T10:00:00Z",
    }[kind]
    data = f'id,holder,area\n1,Ada,{good}\n2,Grace,"{bad}"\n3,Edsger,{good}\n'
    tally, found = told(command, tmp_path, data.encode(), TYPED % kind)
    # An integer is none of this type's texts: there the schema has its say too.
    assert [(line, column) for line, column, _ in found if line == 3] == [(3, "area")]
    assert reason in next(why for line, _, why in found if line == 3)
    assert bad not in (tmp_path / "bad.ndjson").read_text()
    assert tally["registered"] == (0 if kind == "integer" else 2)


def test_bytes_that_are_no_table__are_told_by_line_and_the_rest_goes_through(
    command: Muniment, tmp_path: Path
) -> None:
    rows = [
        b"\xef\xbb\xbfid,holder,parcel",  # a byte order mark
        b"1,Ada,1/7",
        b"2,Gr\xe5ce,2/7",  # another encoding
        b"3,Edsger",  # too few cells
        b"4,Alan,4/7,more",  # too many
        b"5,Barbara,5/7",
        b"6," + b"x" * BIG + b",6/7",  # a field of 100 MB
        b'7,"Don"ald,7/7',  # a broken quote
        b"8,Katherine,8/7",
    ]
    tally, found = told(command, tmp_path, b"\r\n".join([*rows, b""]), MAP)
    assert [line for line, _, _ in found] == [3, 4, 5, 7, 8]
    assert (tally["rows"], tally["registered"], tally["reported"]) == (8, 3, 5)
    assert command("show", "8", "--json").json["content"]["holder"] == "Katherine"


@pytest.mark.parametrize(
    ("data", "mapping", "named"),
    [
        (b"id,owner,parcel\n1,Ada,1/7\n", MAP, "holder"),  # a missing column
        (b"id,holder,holder\n1,Ada,1/7\n", MAP, "holder"),
        (b"", MAP, "header"),
        ("id,holder,parcel\n1,Ada,1/7\n".encode("utf-16"), MAP, "UTF-8"),
        (b"id,holder,parcel\n1,Ada,1/7\n", MAP + 'colour = "id"\n', "colour"),
    ],
)
def test_file_that_cannot_be_what_was_meant__is_an_error_that_names_it(
    command: Muniment, tmp_path: Path, data: bytes, mapping: str, named: str
) -> None:
    (tmp_path / "rows.csv").write_bytes(data)
    (tmp_path / "map.toml").write_text(mapping)
    answer = command(
        "import", "land-deed", str(tmp_path / "rows.csv"), "--map", str(tmp_path / "map.toml")
    )
    assert (answer.code, answer.out) == (2, "")
    assert named in answer.err
    assert "Ada" not in answer.err


def test_amending__is_asked_for(command: Muniment, tmp_path: Path) -> None:
    imported(command, tmp_path, rows_of(5))
    report = tmp_path / "report.ndjson"
    report.write_text("of the run before\n")
    changed, options = rows_of(5, r2="Another"), ("--on-change", "amend", "--report", str(report))
    file, mapping = str(tmp_path / "rows.csv"), str(tmp_path / "map.toml")
    (tmp_path / "rows.csv").write_text("\n".join(["id,holder,parcel", *changed]) + "\n")
    arguments = ("import", "land-deed", file, "--map", mapping, *options)
    counted = command(*arguments, "--dry-run")
    assert "changed rows: 1, each a transaction" in counted.err
    report.write_text("of the run before\n")
    for answer in ("n\n", ""):
        declined = command(*arguments, given=answer)
        assert declined.code == 1
        assert "transaction" in declined.err
    # Nothing was begun: the report that stands there is whole.
    assert report.read_text() == "of the run before\n"
    assert command("show", "2", "--json").json["content"]["holder"] == "Holder 2"
    assert command(*arguments, given="y\n").code == 0
    assert command("show", "2", "--json").json["content"]["holder"] == "Another"


def test_amending_directly__is_asked_for_too(command: Muniment, tmp_path: Path) -> None:
    imported(command, tmp_path, rows_of(2), "--direct")
    changed = rows_of(2, r1="Another")
    declined = imported(command, tmp_path, changed, "--direct", "--on-change", "amend")
    assert declined.code == 1
    amended = imported(command, tmp_path, changed, "--direct", "--on-change", "amend", "--yes")
    assert (amended.code, amended.json["amended"]) == (0, 1)


def test_report__is_tried_again_with_a_better_mapping(command: Muniment, tmp_path: Path) -> None:
    data = b'id,holder,area\n1,Ada,"1.5"\n2,Grace,"2,5"\n3,Edsger,"3,5"\n4,,"4.5"\n'
    tally, found = told(command, tmp_path, data, TYPED % "decimal")
    assert (tally["registered"], [line for line, _, _ in found]) == (1, [3, 4, 5])
    better = (TYPED % "decimal").replace(" }", ', decimal = "," }')
    (tmp_path / "better.toml").write_text(better)
    worse = tmp_path / "worse.ndjson"
    arguments = (
        *("import", "land-deed", str(tmp_path / "rows.csv"), "--json"),
        *("--map", str(tmp_path / "better.toml"), "--report", str(worse)),
    )
    again = command(*arguments, "--retry", str(tmp_path / "bad.ndjson"))
    # The first row is not looked at, though this mapping would refuse it.
    assert (again.code, again.json["rows"], again.json["registered"]) == (17, 3, 2)
    assert [each["line"] for each in lines_of(worse)] == [5]
    assert command("show", "3", "--json").json["content"]["parcel"] == "3.5"
    # Tried once more it does nothing twice.
    once_more = command(*arguments, "--retry", str(tmp_path / "bad.ndjson"))
    assert (once_more.json["registered"], once_more.json["unchanged"]) == (0, 2)
    # Of another file the numbers of the rows say nothing.
    (tmp_path / "rows.csv").write_bytes(data + b'5,Alan,"5.5"\n')
    refused = command(*arguments, "--retry", str(tmp_path / "bad.ndjson"))
    assert refused.code == 2
    assert "changed" in refused.err or "another" in refused.err
