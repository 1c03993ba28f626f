# SPDX-License-Identifier: Apache-2.0
"""Parquet, Arrow and databases: values as they are, resumed where they were, and typed errors."""

from __future__ import annotations

import pickle
import socket
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from muniment.errors import InvalidInputError
from muniment.intake import databases
from muniment.intake.columnar import ArrowColumns
from muniment.intake.sources import Source, SourceUnreachableError, open_source
from tests.unit.intake.registers import whole

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

ROWS = 10_000
_KINDS = {
    "large_string": arrow.large_string(),
    "timestamp[us, tz=UTC]": arrow.timestamp("us", tz="UTC"),
}


def table() -> Any:
    return arrow.table(
        {
            "id": list(range(1, ROWS + 1)),
            "holder": [None if row % 7 == 0 else f"Ada {row}" for row in range(ROWS)],
            "area": arrow.array([Decimal("1.50")] * ROWS, arrow.decimal128(9, 2)),
            "since": [date(1990, 1, 8)] * ROWS,
        }
    )


@pytest.fixture(params=["parquet", "arrow", "arrows"])
def columnar(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    path = tmp_path / f"rows.{request.param}"
    if request.param == "parquet":
        parquet.write_table(table(), path, row_group_size=3_000)
    else:
        new = arrow.ipc.new_file if request.param == "arrow" else arrow.ipc.new_stream
        with new(path, table().schema) as writer:
            writer.write_table(table(), max_chunksize=3_000)
    return open_source(path)


def test_columnar__gives_values_as_they_are(columnar: Source) -> None:
    numbers, lines, columns, faults = whole(columnar.batches())
    assert (numbers, lines, faults) == (list(range(1, ROWS + 1)), numbers, [])
    assert columns == table().to_pydict()
    assert columnar.count() == (ROWS if columnar.format == "parquet" else None)


@pytest.mark.parametrize("skip", [1, 2_999, 3_000, 9_999, ROWS, ROWS + 1])
def test_columnar__skips(columnar: Source, skip: int) -> None:
    numbers, _, columns, _ = whole(columnar.batches(skip))
    assert numbers == columns.get("id", []) == list(range(skip + 1, ROWS + 1))


@pytest.mark.parametrize("keep", [0, 3, 100, 0.6])
def test_columnar__cut_short_is_refused(columnar: Source, keep: float) -> None:
    assert columnar.path is not None
    data = columnar.path.read_bytes()
    columnar.path.write_bytes(data[: keep if isinstance(keep, int) else int(len(data) * keep)])
    with pytest.raises(InvalidInputError, match="cut short"):
        whole(columnar.batches())


def test_parquet__damaged_within_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    parquet.write_table(table(), path, row_group_size=5_000, compression="zstd")
    data = bytearray(path.read_bytes())
    at = parquet.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    data[at : at + 400] = b"\xff" * 400
    path.write_bytes(data)
    found = open_source(path).batches()
    assert next(found).numbers[0] == 1
    with pytest.raises(InvalidInputError, match="damaged"):
        whole(found)


def test_times__beyond_python_stay_texts(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    fine = arrow.array([1_000_000_001], arrow.timestamp("ns", tz="Europe/Oslo"))
    whole_seconds = arrow.array([1_000_000_000], arrow.timestamp("ns", tz="UTC"))
    far = arrow.array([10_000 * 366], arrow.date32())
    parquet.write_table(arrow.table({"fine": fine, "plain": whole_seconds, "far": far}), path)
    columns = whole(open_source(path).batches())[2]
    assert columns["fine"] == ["1970-01-01 00:00:01.000000001Z"]
    assert columns["plain"][0] == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert isinstance(columns["far"][0], str)


def test_double_column__is_refused(tmp_path: Path) -> None:
    double = arrow.Table.from_arrays([arrow.array([1]), arrow.array([2])], ["a", "a"])
    with arrow.ipc.new_file(tmp_path / "d.arrow", double.schema) as writer:
        writer.write_table(double)
    with pytest.raises(InvalidInputError, match="'a' twice"):
        whole(open_source(tmp_path / "d.arrow").batches())


@pytest.mark.parametrize(
    "kind",
    [
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"),
        *("string", "large_string", "date32", "date64", "timestamp[s]", "timestamp[us, tz=UTC]"),
    ],
)
@pytest.mark.parametrize("with_nulls", [False, True])
def test_columns__have_the_values_that_pyarrow_gives(kind: str, with_nulls: bool) -> None:
    numbers = [1, 7, 127, 1, None if with_nulls else 3, 7, 0]
    ints = arrow.array(numbers, arrow.int64())
    wanted = _KINDS.get(kind) or arrow.type_for_alias(kind)
    column = (ints.cast(arrow.int32()) if kind.startswith("date") else ints).cast(
        arrow.date32() if kind == "date64" else wanted
    )
    column = column.cast(wanted)
    batch = arrow.record_batch({"f": column})
    for part in (batch, batch.slice(2), batch.slice(1, 5), batch.slice(4, 1)):
        columns, plain = ArrowColumns(part), part.column("f").to_pylist()
        assert columns["f"] == plain
        assert pickle.loads(pickle.dumps(columns))["f"] == columns["f"]
        assert list(map(type, columns["f"])) == list(map(type, plain))


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_without_pyarrow__the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InvalidInputError) as caught:
        whole(open_source(tmp_path / name).batches())
    assert "muniment[parquet]" in caught.value.diagnostics()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    connection = sqlite3.connect(tmp_path / "register.db")
    connection.execute("CREATE TABLE deed (id INTEGER, holder TEXT, area NUMERIC)")
    rows = ((row, f"Ada {row}" if row % 7 else None, row) for row in range(1, ROWS + 1))
    connection.executemany("INSERT INTO deed VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    yield f"sqlite:///{tmp_path}/register.db"
    assert (
        sqlite3.connect(tmp_path / "register.db").execute("SELECT count(*) FROM deed") is not None
    )


def test_query__is_read_in_its_order(database: str) -> None:
    source = open_source(database, query="SELECT id, holder FROM deed ORDER BY id DESC")
    numbers, _, columns, _ = whole(source.batches(4_000))
    assert numbers == list(range(4_001, ROWS + 1))
    assert columns["id"] == list(range(ROWS - 4_000, 0, -1))
    assert None in columns["holder"]
    assert source.count() is None
    assert source.folder is None
    like = open_source(
        database, query="SELECT id FROM deed WHERE holder LIKE 'Ada 1%' AND ':x' <> ''"
    )
    assert whole(like.batches())[0]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("DELETE FROM deed", "another statement"),
        ("SELECT * FROM title", "no such table"),
        ("SELECT id, id FROM deed", "twice"),
        ("WITH x AS (SELECT 1) DELETE FROM deed", "refused"),
    ],
)
def test_query__that_is_none_is_refused(database: str, query: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        whole(open_source(database, query=query).batches())
    assert whole(open_source(database, query="SELECT id FROM deed").batches())[0][-1] == ROWS


def test_database__that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no such file"):
        whole(open_source(f"sqlite:///{tmp_path}/no.db", query="SELECT 1").batches())
    assert not (tmp_path / "no.db").exists()
    for place, query in (("nosuch://x", "SELECT 1"), ("sqlite:///a.db", None)):
        with pytest.raises(InvalidInputError):
            open_source(place, query=query)
    with pytest.raises(InvalidInputError, match="format"):
        open_source("sqlite:///a.db", query="SELECT 1", named="csv")


def test_server__that_does_not_answer_is_told_without_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    url = "postgresql://clerk:hush@127.0.0.1:1/register"
    with pytest.raises(SourceUnreachableError) as caught:
        whole(open_source(url, query="SELECT 1").batches())
    assert "127.0.0.1:1/register does not answer" in str(caught.value)
    assert "hush" not in caught.value.diagnostics() + open_source(url, query="SELECT 1").name
    assert caught.value.exit_code == 4


def test_server__lost_half_way_keeps_what_came(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = sa.engine.CursorResult.fetchmany
    calls: list[int] = []

    def failing(self: Any, size: int) -> Any:
        calls.append(size)
        if len(calls) == 2:
            raise sa.exc.OperationalError("SELECT", {}, ConnectionResetError("gone"))
        return fetch(self, size)

    monkeypatch.setattr(sa.engine.CursorResult, "fetchmany", failing)
    found = open_source(database, query="SELECT id FROM deed").batches()
    assert next(found).numbers[-1] == databases.BATCH_ROWS
    with pytest.raises(SourceUnreachableError, match="broke off after row 4096"):
        next(found)


def test_arrow_columns__travel_as_their_own_rows(tmp_path: Path) -> None:
    parquet.write_table(table(), tmp_path / "rows.parquet")
    batches = list(open_source(tmp_path / "rows.parquet").batches())
    sent = [pickle.dumps(each) for each in batches]
    for batch, data in zip(batches, sent, strict=True):
        arrived = pickle.loads(data)
        assert arrived.numbers == batch.numbers
        assert dict(arrived.columns) == dict(batch.columns)
    # A batch is a slice of what was read, and takes no more of it along.
    assert len(sent[-1]) < len(sent[0])
