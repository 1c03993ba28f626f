# SPDX-License-Identifier: Apache-2.0
"""CSV, TSV and NDJSON in batches: what is bad is told by its line, and nothing else is lost."""

from __future__ import annotations

import csv
import io
import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.intake import delimited, text_blocks
from muniment.intake.batches import BATCH_ROWS, MISSING
from muniment.intake.sources import FORMATS, open_source
from tests.unit.intake.registers import source_of, whole

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


def test_csv__comes_in_batches(tmp_path: Path) -> None:
    rows = 2 * BATCH_ROWS + 7
    text = "id,holder\n" + "".join(f"{row},Ada {row}\n" for row in range(1, rows + 1))
    source = source_of(tmp_path, text.encode())
    numbers, lines, columns, faults = whole(source.batches())
    assert numbers == list(range(1, rows + 1))
    assert lines == list(range(2, rows + 2))
    assert columns["holder"][-1] == f"Ada {rows}"
    assert not faults
    assert source.count() == rows
    assert max(len(batch.numbers) for batch in source.batches()) <= BATCH_ROWS


@pytest.mark.parametrize("skip", [0, 1, 4_095, 4_096, 5_000, 9_000])
def test_skip__begins_after_so_many_rows(tmp_path: Path, skip: int) -> None:
    text = b"id,a\n" + b"".join(
        b"%d,x\n" % row if row % 9 else b"%d\n" % row for row in range(1, 9001)
    )
    source = source_of(tmp_path, text)
    numbers, _, columns, faults = whole(source.batches(skip))
    every = whole(source.batches())
    kept = [number for number in every[0] if number > skip]
    assert numbers == kept
    assert columns.get("id", []) == list(map(str, kept))
    assert faults == [fault for fault in every[3] if fault.number > skip]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"2", "1 cells"),
        (b"2,B,more", "3 cells"),
        (b"2,\xe9t\xe9", "no UTF-8"),
        (b"2,\x00", "NUL"),
        (b'2,"a"b', "no CSV"),
    ],
)
def test_bad_row__is_told_and_stops_no_other(tmp_path: Path, bad: bytes, reason: str) -> None:
    text = b'id,holder\n1,"A\r\nA"\n' + bad + b"\n\n3,C\n"
    numbers, lines, columns, faults = whole(source_of(tmp_path, text).batches())
    assert (numbers, lines, columns["id"]) == ([1, 3], [2, 6], ["1", "3"])
    assert [(fault.line, fault.number) for fault in faults] == [(4, 2)]
    assert reason in faults[0].reason
    assert "t\udce9" not in faults[0].reason


def test_wrong_encoding__names_line_and_column(tmp_path: Path) -> None:
    text = "id,holder\n1,A\n2,René\n".encode("latin-1")
    assert whole(source_of(tmp_path, text).batches())[3][0].column == "holder"
    with pytest.raises(InvalidInputError, match=r"line 1 is UTF-16"):
        list(source_of(tmp_path, "id,a\n1,b\n".encode("utf-16")).batches())
    with pytest.raises(InvalidInputError, match="line 1"):
        list(source_of(tmp_path, "é,a\n1,b\n".encode("latin-1")).batches())


def test_byte_order_mark__is_no_part_of_the_header(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbfid,holder\n1,A\n"
    assert list(whole(source_of(tmp_path, text).batches())[2]) == ["id", "holder"]
    text = b'\xef\xbb\xbf{"id":1}\n'
    assert whole(source_of(tmp_path, text, "a.ndjson").batches())[2] == {"id": [1]}


@pytest.mark.parametrize(
    ("text", "what"), [(b"", "none"), (b"\n1,2\n", "none"), (b"a,b,a\n1,2,3\n", "'a' twice")]
)
def test_header__is_required(tmp_path: Path, text: bytes, what: str) -> None:
    with pytest.raises(InvalidInputError, match=what):
        list(source_of(tmp_path, text).batches())


def test_header_alone__is_no_rows(tmp_path: Path) -> None:
    source = source_of(tmp_path, b"a,b\n")
    assert list(source.batches()) == []
    assert source.count() == 0


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_line_ends__of_any_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line_end: bytes
) -> None:
    monkeypatch.setattr(text_blocks, "BLOCK", 7)
    text = line_end.join([b"id,holder", b"1,A", b'2,"B' + line_end + b'C"', b"3,D", b""])
    numbers, lines, columns, faults = whole(source_of(tmp_path, text).batches())
    assert (numbers, lines, faults) == ([1, 2, 3], [2, 3, 5], [])
    assert columns["holder"] == ["A", f"B{line_end.decode()}C", "D"]


@pytest.mark.parametrize(
    "cell", [b'"' + b"x\n9,y\n" * 400 + b'"', b"x" * 2000, b'"' + b"x" * 2000 + b'"']
)
def test_great_cell__is_a_fault_of_its_row_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: bytes
) -> None:
    monkeypatch.setattr(text_blocks, "BLOCK", 64)
    monkeypatch.setattr(delimited, "LONGEST_CELL", 500)
    text = b"id,holder\n1,A\n2," + cell + b"\n3,C\n"
    _, lines, columns, faults = whole(source_of(tmp_path, text).batches())
    assert columns == {"id": ["1", "3"], "holder": ["A", "C"]}
    assert [(fault.line, fault.number) for fault in faults] == [(3, 2)]
    assert "longer than" in faults[0].reason
    assert lines == [2, 4 + cell.count(b"\n")]


@pytest.mark.parametrize("name", ["rows.csv", "rows.ndjson"])
def test_line_of_100_mb__is_one_fault_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(text_blocks, "LONGEST_LINE", 1 << 20)
    path = tmp_path / name
    head, row, tail = (
        (b"id,a\n1,A\n", b'2,"', b'\nB"\n3,C\n')
        if name == "rows.csv"
        else (b'{"id":"1","a":"A"}\n', b'{"id":"2","a":"', b'"}\n{"id":"3","a":"C"}\n')
    )
    with path.open("wb") as file:
        file.write(head + row)
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(tail)
    tracemalloc.start()
    numbers, lines, columns, faults = whole(open_source(path).batches())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (numbers, columns["a"]) == ([1, 3], ["A", "C"])
    assert lines == ([2, 5] if name == "rows.csv" else [1, 3])
    assert [fault.number for fault in faults] == [2]
    assert "a line longer" in faults[0].reason
    assert peak < 16_000_000


def test_quote_that_is_never_closed__is_told_where_it_opens(tmp_path: Path) -> None:
    numbers, _, _, faults = whole(source_of(tmp_path, b'a,b\n1,2\n3,"4\n5,6\n').batches())
    assert numbers == [1]
    assert [(fault.line, fault.reason[-12:]) for fault in faults] == [(3, "never closed")]


def test_tsv__has_tabs(tmp_path: Path) -> None:
    assert whole(source_of(tmp_path, b"a\tb\n1,5\t2\n", "r.tsv").batches())[2] == {
        "a": ["1,5"],
        "b": ["2"],
    }


def test_ndjson__has_typed_cells_and_tells_what_is_none(tmp_path: Path) -> None:
    text = (
        b'{"a":1,"b":1.50}\n\n[1]\n{"a":1,"a":2}\n{"x":NaN}\n{"a":"\xff"}\n'
        b'{"a":\n{"b":[{"c":null}]}\n' + b"[" * 100_000 + b"\n"
    )
    source = source_of(tmp_path, text, "r.ndjson")
    numbers, lines, columns, faults = whole(source.batches())
    assert (numbers, lines) == ([1, 7], [1, 8])
    assert columns == {"a": [1, MISSING], "b": [Decimal("1.50"), [{"c": None}]]}
    assert [fault.line for fault in faults] == [3, 4, 5, 6, 7, 9]
    assert source.count() == 8


def test_count__knows_quoted_and_blank_lines(tmp_path: Path) -> None:
    assert source_of(tmp_path, b'a,b\n1,"x\ny"\n2,z').count() == 2
    assert source_of(tmp_path, b"a,b\n\n1,2\n\n\n2,z").count() == 2
    assert source_of(tmp_path, b"a,b\n1,2\n2,z").count() == 2


def test_format__is_of_the_ending_or_named(tmp_path: Path) -> None:
    assert {open_source(f"a{ending.upper()}").format for ending in FORMATS} == set(FORMATS.values())
    assert open_source("a.txt", named="tsv").format == "tsv"
    for place, more in (("a.xlsx", {}), ("a.csv", {"named": "xls"}), ("a.csv", {"query": "x"})):
        with pytest.raises(InvalidInputError):
            open_source(place, **more)
    with pytest.raises(InvalidInputError, match="nowhere"):
        list(open_source(tmp_path / "nowhere.csv").batches())


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.tuples(
            st.lists(CELLS, min_size=width, max_size=width, unique=True),
            st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=20),
        )
    ),
    st.sampled_from([1, 5, 1 << 18]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_csv_writer__is_read_back_equal(
    tmp_path_factory: pytest.TempPathFactory,
    table: tuple[list[str], list[list[str]]],
    block: int,
    quoting: int,
) -> None:
    header, rows = table
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting).writerows([header, *rows])
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    # The mark of one's own, so that a first character like it stays.
    path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "BLOCK", block)
        numbers, lines, columns, faults = whole(open_source(path).batches())
    assert not faults
    assert numbers == list(range(1, len(rows) + 1))
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert [{name: columns[name][row] for name in header} for row in range(len(rows))] == found
    assert lines == sorted(set(lines))
    assert open_source(path).count() == len(rows)
