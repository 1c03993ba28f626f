# SPDX-License-Identifier: Apache-2.0
"""A draft takes the very rows it was made of; a report names rows that can be imported again."""

from __future__ import annotations

import io
import json
import tomllib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from muniment.cli import commands
from muniment.errors import InvalidInputError, MunimentError
from muniment.intake.draft import draft, field_names
from muniment.intake.inference import guess_kind
from muniment.intake.mapping import FieldMapping
from muniment.intake.reports import Finding, Report, ReportWriter
from muniment.intake.sources import RowFault, Source, open_source
from muniment.record import RecordType, TypeId
from tests.unit.intake.registers import source_of

BIRDSTRIKES = Path("node_modules/vega-datasets/data/birdstrikes.csv")


def taken(source: Source, tmp_path: Path) -> list[dict[str, Any]]:
    """Draft, load, apply and check: all rows, none of them with a fault."""
    made = draft(source, "deed")
    (tmp_path / "draft.toml").write_text(made.mapping, encoding="utf-8")
    record_type = RecordType.define("deed", TypeId(1), 1, json.loads(made.schema))
    rules = FieldMapping.load(tmp_path / "draft.toml")
    assert rules.record_type == "deed"
    plan = rules.compile(record_type)
    rows, ids = [], []
    for batch in source.batches():
        mapped = plan.apply(batch)
        assert not mapped.faults
        rows += mapped.fields
        ids += mapped.source_ids
    for row in rows:
        record_type.check(row)
    assert len(set(ids)) == len(ids)
    return rows


@pytest.mark.skipif(not BIRDSTRIKES.exists(), reason="npm packages are not installed")
def test_draft__of_the_strikes(tmp_path: Path) -> None:
    rows = taken(open_source(BIRDSTRIKES), tmp_path)
    assert len(rows) == 10_000
    assert rows[0]["cost-total"] == 0
    mapping = tomllib.loads((tmp_path / "draft.toml").read_text())
    assert mapping["source_id"] == "{number}"
    assert mapping["fields"]["flight-date"] == {"column": "Flight Date", "kind": "date"}
    assert "empty in 2,836 rows" in (tmp_path / "draft.toml").read_text()


def test_draft__of_parquet(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {
        "Deed No.": [1, 2, 3],
        "Area (ha)": [Decimal("1.50"), None, Decimal("2.00")],
        "rate": [0.1, 0.25, 1e-9],
        "since": [date(1990, 1, 8)] * 3,
        "seen": [datetime(2026, 1, 1, 12, tzinfo=UTC)] * 3,
        "read": [datetime(2026, 1, 1, 12)] * 3,  # noqa: DTZ001
        "open": [True, False, None],
        "note": ["", "ä", None],
        "none": arrow.array([None] * 3, arrow.int64()),
        "scan": [b"x"] * 3,
    }
    parquet.write_table(arrow.table(columns), tmp_path / "deeds.parquet")
    rows = taken(open_source(tmp_path / "deeds.parquet"), tmp_path)
    assert rows[0] == {
        "deed-no": 1,
        "area-ha": "1.50",
        "rate": "0.1",
        "since": "1990-01-08",
        "seen": "2026-01-01T12:00:00Z",
        "read": "2026-01-01T12:00:00",
        "open": True,
    }
    text = (tmp_path / "draft.toml").read_text()
    assert tomllib.loads(text)["source_id"] == "{Deed No.}"
    assert tomllib.loads(text)["fields"]["none"]["kind"] == "integer"
    assert "# scan = " in text


def test_draft__of_ndjson_with_nulls_and_gaps(tmp_path: Path) -> None:
    text = b'{"a":1,"b":"x","c":[1],"1":null}\n{"a":2,"b":null,"d":1.50,"e":"1"}\n'
    rows = taken(source_of(tmp_path, text, "r.ndjson"), tmp_path)
    assert rows[1] == {"a": 2, "b": None, "d": "1.50", "e": 1}


def test_draft__pairs_that_tell_rows_apart_and_odd_names(tmp_path: Path) -> None:
    text = 'Book,"Folio ""x""",Größe,{odd},number\n1,1,"1,5",a,1\n1,2,"12,25",b,2\n2,1,"3",c,3\n'
    rows = taken(source_of(tmp_path, text.encode()), tmp_path)
    mapping = tomllib.loads((tmp_path / "draft.toml").read_text(encoding="utf-8"))
    assert mapping["source_id"] == '{Book}/{Folio "x"}'
    assert rows[1]["größe"] == "12.25"


def test_draft__needs_rows(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="without any"):
        draft(source_of(tmp_path, b"a,b\n"), "deed")


def test_field_names() -> None:
    found = field_names(["Deed No.", "deed_no", "$", "Ägare", "a b", ""])
    assert list(found.values()) == ["deed-no", "deed-no-2", "column-3", "ägare", "a-b", "column-6"]


@pytest.mark.parametrize(
    ("values", "kind", "entries"),
    [
        (["1", "20"], "integer", {}),
        (["01", "02"], "text", {}),
        (["1.5", "2"], "decimal", {}),
        (["1,5", "2"], "decimal", {"decimal": ","}),
        (["1,234", "2,345"], "text", {}),
        (["1,234,567.5", "2"], "decimal", {"thousands": ","}),
        (["1.234,5", "2"], "decimal", {"decimal": ",", "thousands": "."}),
        (["1,234,567", "2"], "integer", {"thousands": ","}),
        (["9" * 20], "decimal", {}),
        (["true", "false"], "boolean", {}),
        (["Yes", "no"], "boolean", {"true": ["Yes"], "false": ["no"]}),
        (["Y"], "text", {}),
        (["1990-01-08"], "date", {}),
        (["13/01/1990"], "date", {"format": "%d/%m/%Y"}),
        (["01/02/1990"], "text", {}),
        (["8.1.1990"], "date", {"format": "%d.%m.%Y"}),
        (["2026-01-01T00:00:00+01:00"], "instant", {}),
        (["2026-01-01 00:00"], "text", {}),
        ([2**60], "decimal", {}),
        ([float("nan")], "decimal", {}),
        ([1, "x"], "text", {}),
        ([b"x"], None, {}),
    ],
)
def test_kinds__are_what_the_sample_shows(values: list[Any], kind: str, entries: Any) -> None:
    found = guess_kind(values)
    assert (found.kind, found.entries) == (kind, entries)


def written(tmp_path: Path, source: Source) -> Path:
    path = tmp_path / "report.ndjson"
    with path.open("w") as file:
        writer = ReportWriter(file, source.identity())
        writer.write(Finding.of(RowFault(4, 2, "area", "a comma", "digits")))
        writer.write(Finding(9, 5, None, "changed", source_id="x", value=Decimal("1.5")))
    return path


def test_report__goes_there_and_back(tmp_path: Path) -> None:
    source = source_of(tmp_path, b"id\n1\n2\n")
    path = written(tmp_path, source)
    first, second = map(json.loads, path.read_text().splitlines())
    assert first == {
        "line": 4,
        "number": 2,
        "column": "area",
        "reason": "a comma",
        "expected": "digits",
        "source_id": None,
        "source": {"name": source.name, "size": 7, "sha256": source.identity().sha256},
    }
    assert "source" not in second
    assert second["value"] == "1.5"
    report = Report.read(path)
    assert report.numbers == {2, 5}
    report.require(source)
    with pytest.raises(InvalidInputError, match="changed since"):
        report.require(source_of(tmp_path, b"id\n1\n3\n"))


@pytest.mark.parametrize("text", ["", "[]\n", '{"number":1}\n', '{"number":"1"}\n', "x\n", "\xff"])
def test_report__that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r").write_text(text, encoding="latin-1")
    with pytest.raises(InvalidInputError, match="report"):
        Report.read(tmp_path / "r")
    with pytest.raises(InvalidInputError, match="nowhere"):
        Report.read(tmp_path / "nowhere")


def test_only__keeps_the_rows_of_a_report(tmp_path: Path) -> None:
    source = source_of(tmp_path, b"id,a\n1,x\n2\n3,y\n4\n")
    (batch,) = (each.only({2, 3}) for each in source.batches())
    assert (batch.numbers, batch.columns["id"], batch.lines) == ([3], ["3"], [4])
    assert [fault.number for fault in batch.faults] == [2]


def run(*arguments: str) -> tuple[str, MunimentError | None]:
    answer = CliRunner().invoke(commands, ["import", *arguments])
    error = answer.exception
    assert error is None or isinstance(error, MunimentError | SystemExit)
    return answer.output, error if isinstance(error, MunimentError) else None


def test_command__drafts_without_a_profile(tmp_path: Path) -> None:
    source_of(tmp_path, b"id,a\n1,x\n", "Land Deeds.csv")
    place = str(tmp_path / "Land Deeds.csv")
    told, error = run("--draft", place, "-o", str(tmp_path / "out"))
    assert error is None
    assert [Path(line).name for line in told.splitlines()] == [
        "land-deeds.map.toml",
        "land-deeds.schema.json",
    ]
    assert "another" not in told
    assert run("--draft", place, "-o", str(tmp_path / "out"))[1] is not None
    told, _ = run("--draft", "deed", place)
    assert 'record_type = "deed"' in told
    assert json.loads(run("--draft", place, "--json")[0])["schema"].startswith("{")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("a", "b", "c.csv"), "arguments"),
        (("a.csv",), "mapping"),
        (("a.csv", "--source-id", "{id}"), "TYPE"),
        (("a.csv", "-o", "x"), "--output"),
        (("--draft", "a.csv", "--dry-run"), "--draft"),
        (("t", "a.csv", "--query", "SELECT 1", "--source-id", "{id}"), "query"),
        (("t", "sqlite:///a.db", "--source-id", "{id}"), "query"),
        (("t", "a.csv", "--source-id", "{id}", "--retry", "nowhere"), "report nowhere"),
        (("t", "a.csv", "--source-id", "{id}", "--retry", "r", "--report", "r"), "--report"),
    ],
)
def test_command__names_what_does_not_go_together(arguments: tuple[str, ...], told: str) -> None:
    error = run(*arguments)[1]
    assert isinstance(error, InvalidInputError)
    assert told in str(error)


def test_writer__without_a_source() -> None:
    file = io.StringIO()
    ReportWriter(file).write(Finding(1, 1, None, "r"))
    assert "value" not in json.loads(file.getvalue())
