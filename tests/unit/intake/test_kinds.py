# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: DTZ001  (naive times are what is read)
"""Each kind: what it takes and what it refuses, with a reason and without the value."""

from __future__ import annotations

import unicodedata
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.intake.batches import MISSING, Batch
from muniment.intake.mapping import FieldMapping
from muniment.record.canonical import MAX_INTEGER
from tests.unit.intake.registers import TEXT, converted, mapping_of, record_type_of

INTEGER = {"type": "integer"}
DECIMAL = {"type": "string", "format": "decimal"}
DATE = {"type": "string", "format": "date"}
INSTANT = {"type": "string", "format": "date-time"}
FLAG = {"type": "boolean"}


def of(kind: str, more: str = "") -> str:
    return f'{{ column = "c", kind = "{kind}"{more} }}'


def check(found: list[Any], wanted: list[Any]) -> None:
    """A wanted text after `!` is part of a reason."""
    for one, other in zip(found, wanted, strict=True):
        if isinstance(other, str) and other.startswith("!"):
            assert one.startswith("c: "), one
            assert other[1:] in one
        else:
            assert (type(one), one) == (type(other), other)


def test_text(tmp_path: Path) -> None:
    cells = ["A", "e\u0301", "", 7, True, Decimal("1E+2"), date(1, 2, 3), 1.5, b"x", None, "\udce9"]
    wanted = [
        "A",
        "é",
        "omitted",
        "7",
        "true",
        "100",
        "0001-02-03",
        "!floating",
        "!bytes",
        "omitted",
    ]
    check(converted(tmp_path, of("text"), cells), [*wanted, "!surrogate"])
    check(converted(tmp_path, of("text", ', empty = "text"'), ["", "a"]), ["", "a"])
    check(converted(tmp_path, of("text", ', empty = "null"'), ["", None]), [None, None])
    named = uuid.UUID(int=7)
    check(converted(tmp_path, of("text"), [named]), [str(named)])


def test_integer(tmp_path: Path) -> None:
    cells = [
        "7",
        "-7",
        "07",
        "+7",
        "7.0",
        " 7",
        "1,000",
        "1_0",
        str(MAX_INTEGER),
        str(MAX_INTEGER + 1),
    ]
    bad = ["!another", "!another", "!another", "!another", "!comma", "!another"]
    check(converted(tmp_path, of("integer"), cells, INTEGER), [7, -7, *bad, MAX_INTEGER, "!2**53"])
    check(converted(tmp_path, of("integer"), ["1", "2"], INTEGER), [1, 2])
    check(converted(tmp_path, of("integer"), ["1", str(MAX_INTEGER + 1)], INTEGER), [1, "!2**53"])
    check(converted(tmp_path, of("integer"), ["9" * 5000], INTEGER), ["!2**53"])
    typed = [7, MAX_INTEGER + 1, True, 7.0, Decimal("7.00"), Decimal("7.5"), Decimal("1E+30"), "8"]
    wanted = [7, "!2**53", "!bool", "!floating", 7, "!Decimal", "!2**53", 8]
    check(converted(tmp_path, of("integer"), typed, INTEGER), wanted)
    grouped = ["1.234.567", "1.23", "12", "1,5"]
    found = converted(tmp_path, of("integer", ', thousands = "."'), grouped, INTEGER)
    check(found, [1234567, "!groups", 12, "!comma"])


def test_decimal(tmp_path: Path) -> None:
    cells = ["1.50", "-0.0", "+2", ".097", "1,5", "1,234.50", "1e5", "007", "NaN", "-.5"]
    wanted = ["1.50", "0.0", "2", "0.097", "!comma", "!comma", "!another", "!another", "!another"]
    check(converted(tmp_path, of("decimal"), cells, DECIMAL), [*wanted, "-0.5"])
    comma = ["1,50", "1.50", "1.234,5", "3"]
    found = converted(tmp_path, of("decimal", ', decimal = ","'), comma, DECIMAL)
    check(found, ["1.50", "!point", "!point", "3"])
    both = ["1.234,5", "1.23,5", "1234,5", "-12.345"]
    found = converted(tmp_path, of("decimal", ', decimal = ",", thousands = "."'), both, DECIMAL)
    check(found, ["1234.5", "!groups", "1234.5", "-12345"])
    typed = [0.1, 1e-7, 1e22, float("nan"), float("inf"), 3, Decimal("1.50"), Decimal("-0"), True]
    wanted = [
        "0.1",
        "0.0000001",
        "10000000000000000000000",
        "!NaN",
        "!NaN",
        "3",
        "1.50",
        "0",
        "!bool",
    ]
    check(converted(tmp_path, of("decimal"), typed, DECIMAL), wanted)
    check(converted(tmp_path, of("decimal"), [Decimal("1E+999999")], DECIMAL), ["!digits"])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_float__is_kept_exactly(tmp_path_factory: pytest.TempPathFactory, value: float) -> None:
    found = converted(tmp_path_factory.mktemp("m"), of("decimal"), [value], DECIMAL)
    assert float(found[0]) == value


def test_boolean(tmp_path: Path) -> None:
    cells = ["true", "false", "True", True, 1, "yes"]
    wanted = [True, False, "!word", True, "!word", "!word"]
    check(converted(tmp_path, of("boolean"), cells, FLAG), wanted)
    words = of("boolean", ', true = ["ja", "1"], false = "nein"')
    check(converted(tmp_path, words, ["ja", "nein", 1, 0], FLAG), [True, False, True, "!word"])


def test_date(tmp_path: Path) -> None:
    cells = ["1990-01-08", "1990-02-30", "10000-01-01", "0000-01-01", "08/01/1990", "19900108"]
    wanted = ["1990-01-08", "!no date", "!range", "!range", "!no date", "!no date"]
    check(converted(tmp_path, of("date"), cells, DATE), wanted)
    found = converted(
        tmp_path, of("date", ', format = "%d/%m/%Y"'), ["08/01/1990", "1990-01-08"], DATE
    )
    check(found, ["1990-01-08", "!format"])
    two = of("date", ', format = ["%d/%m/%Y", "%m/%d/%Y"]')
    check(
        converted(tmp_path, two, ["13/01/1990", "01/02/1990", "02/02/1990"], DATE),
        ["1990-01-13", "!more than one", "1990-02-02"],
    )
    typed = [date(990, 1, 8), datetime(1990, 1, 8), datetime(1990, 1, 8, 1), 7]
    check(
        converted(tmp_path, of("date"), typed, DATE), ["0990-01-08", "1990-01-08", "!time", "!int"]
    )


def test_instant(tmp_path: Path) -> None:
    cells = [
        "2026-11-22T22:40:07Z", "2026-11-22 22:40+02:00", "2026-11-22T22:40:07.123456789-0500",
        "2026-11-22T22:40:07", "2026-11-22", "0001-01-01T00:00:00+14:00", "2026-11-22T24:00:00Z",
        "10000-01-01T00:00:00Z", "2026-11-22T22:40:60Z",
    ]  # fmt: skip
    wanted = [
        "2026-11-22T22:40:07Z", "2026-11-22T20:40:00Z", "2026-11-23T03:40:07.123456789Z",
        "!time zone", "!no instant", "!range", "!no instant", "!range", "!no instant",
    ]  # fmt: skip
    check(converted(tmp_path, of("instant"), cells, INSTANT), wanted)
    typed = [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1), date(2026, 1, 1)]
    check(
        converted(tmp_path, of("instant"), typed, INSTANT),
        ["2026-01-01T00:00:00Z", "!time zone", "!date"],
    )


@pytest.mark.parametrize("where", ["mapping", "field"])
def test_local_time__is_of_a_zone_and_never_guessed(tmp_path: Path, where: str) -> None:
    zone = 'time_zone = "Europe/Oslo"'
    more = f", {zone}" if where == "field" else ""
    entry = of("instant", f', format = "%d.%m.%Y %H:%M"{more}')
    cells = [
        "01.01.2026 12:00", "01.07.2026 12:00", "29.03.2026 01:59", "29.03.2026 02:30",
        "29.03.2026 03:00", "25.10.2026 01:59", "25.10.2026 02:00", "25.10.2026 02:59",
        "25.10.2026 03:00", "01.01.1850 12:00",
    ]  # fmt: skip
    wanted = [
        "2026-01-01T11:00:00Z", "2026-07-01T10:00:00Z", "2026-03-29T00:59:00Z", "!left out",
        "2026-03-29T01:00:00Z", "2026-10-24T23:59:00Z", "!twice", "!twice",
        "2026-10-25T02:00:00Z",
    ]  # fmt: skip
    found = converted(tmp_path, entry, cells, INSTANT, zone if where == "mapping" else "")
    check(found[:-1], wanted)
    # Local mean time of the place in the zone's data, to the second.
    assert found[-1].startswith("1850-01-01T11:")
    iso = of("instant", more)
    found = converted(tmp_path, iso, ["2026-03-29 02:30:00"], INSTANT, zone if not more else "")
    check(found, ["!left out"])


def test_file__stays_in_its_folder(tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    (scans / "a.pdf").write_bytes(b"a")
    (tmp_path / "secret").write_bytes(b"b")
    (scans / "link").symlink_to(tmp_path / "secret")
    cells = [
        "a.pdf",
        "./a.pdf",
        "../secret",
        str(tmp_path / "secret"),
        "link",
        "none",
        ".",
        "",
        7,
        "\0",
    ]
    wanted = [
        scans / "a.pdf",
        scans / "a.pdf",
        "!out of",
        "!out of",
        "!out of",
        "!no file",
        "!no file",
    ]
    part = {"$ref": "#/$defs/file"}
    found = converted(tmp_path, of("file"), cells, part, 'files = "scans"')
    check(found, [*wanted, "omitted", "!int", "!no path"])
    found = converted(tmp_path, '"c"', ["secret"], part)
    check(found, [tmp_path / "secret"])
    rules = FieldMapping.load(tmp_path / "map.toml")
    with pytest.raises(InvalidInputError, match="mapping files"):
        rules.compile(record_type_of(f=part))
    with pytest.raises(InvalidInputError, match="file field"):
        converted(tmp_path, of("file"), [], TEXT)


def test_without_a_kind__the_schema_says(tmp_path: Path) -> None:
    check(converted(tmp_path, '"c"', ["1", "x", 7, True], INTEGER), [1, "!another", 7, True])
    check(
        converted(tmp_path, '"c"', ["1,5", "1.5", Decimal("1.5"), 3, 1.5], DECIMAL),
        ["!comma", "1.5", "1.5", "3", "!floating"],
    )
    check(
        converted(tmp_path, '"c"', ["1990-01-08", "8/1/90", date(1990, 1, 8)], DATE),
        ["1990-01-08", "!no date", "1990-01-08"],
    )
    check(
        converted(tmp_path, '"c"', ["2026-01-01T00:00:00Z", datetime(2026, 1, 1)], INSTANT),
        ["2026-01-01T00:00:00Z", "!time zone"],
    )
    check(
        converted(tmp_path, '"c"', [Decimal("1.5"), [Decimal(1)], ["a"]], {"type": "array"}),
        ["!fraction", "!Decimal", ["a"]],
    )
    with pytest.raises(InvalidInputError, match=r"fields\.f"):
        mapping_of(tmp_path, 'source_id = "{c}"\n[fields]\nf = "c"\n').compile(
            record_type_of(g=TEXT)
        )


@given(
    st.one_of(st.text(max_size=4), st.from_regex(r"-?[0-9]{1,15}", fullmatch=True),
              st.sampled_from(["true", "false", "null"])).filter(bool),
    st.sets(st.sampled_from(["string", "integer", "boolean", "null", "number"]), min_size=1),
)  # fmt: skip
def test_without_a_kind__is_as_value_of(text: str, kinds: set[str]) -> None:
    record_type = record_type_of(f={"type": sorted(kinds)})
    mapped = (
        FieldMapping("{number}", None).compile(record_type).apply(Batch([1], [1], {"f": [text]}))
    )
    try:
        wanted = record_type.value_of("f", unicodedata.normalize("NFC", text))
    except (InvalidInputError, ValueError):
        assert mapped.faults
    else:
        assert repr(mapped.fields) == repr([{"f": wanted}])


def test_rows__are_sorted_into_good_ones_and_faults(tmp_path: Path) -> None:
    rules = mapping_of(
        tmp_path,
        'source_id = "{id}/{number}"\nrecord_type = "deed"\n[fields]\n'
        'a = { column = "A", values = { one = "1" } }\nb = { column = "B", empty = "omit" }\n',
    )
    assert rules.record_type == "deed"
    batch = Batch(
        [1, 2, 3, 4, 5],
        [2, 3, 4, 5, 6],
        {
            "id": ["x", "", "y", MISSING, "z"],
            "A": ["one", "1", "?", "2", "3"],
            "B": ["b", "", MISSING, None, ""],
        },
    )
    mapped = rules.compile(record_type_of(a=INTEGER, b={"type": ["string", "null"]})).apply(batch)
    assert mapped.source_ids == ["x/1", "z/5"]
    assert mapped.fields == [{"a": 1, "b": "b"}, {"a": 3}]
    assert (mapped.lines, mapped.numbers) == ([2, 6], [1, 5])
    assert [(each.number, each.column) for each in mapped.faults] == [
        (2, "id"),
        (3, "A"),
        (4, "id"),
    ]


def test_mapping_without_fields__takes_what_is_there() -> None:
    plan = FieldMapping("{number}").compile(record_type_of(a=INTEGER, b=TEXT))
    mapped = plan.apply(Batch([1, 2], [1, 2], {"a": ["1", MISSING], "b": [MISSING, "x"]}))
    assert mapped.fields == [{"a": 1}, {"b": "x"}]
    assert plan.apply(Batch([1], [1], {})).fields == [{}]
    assert plan.apply(Batch([1], [1], {"c": ["x"]})).faults[0].column == "c"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('{ column = "c", kind = "money" }', "kind"),
        ('{ column = "c", format = "%d" }', "format"),
        ('{ column = "c", kind = "date", format = "dd/mm" }', "format"),
        ('{ column = "c", kind = "date", format = [] }', "format"),
        ('{ column = "c", kind = "decimal", decimal = ";" }', "decimal"),
        ('{ column = "c", kind = "decimal", decimal = ",", thousands = "," }', "thousands"),
        ('{ column = "c", kind = "instant", time_zone = "Oslo" }', "time_zone"),
        ('{ column = "c", kind = "boolean", true = "x", false = "x" }', "true"),
        ('{ column = "c", values = 7 }', "values"),
        ('{ column = "c", colour = 7 }', "colour"),
    ],
)  # fmt: skip
def test_mapping__names_the_entry_that_is_wrong(tmp_path: Path, entry: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"fields\.f\.{told}"):
        mapping_of(tmp_path, f'source_id = "{{c}}"\n[fields]\nf = {entry}\n')
    for more in ('time_zone = "X"', "files = 7", "record_type = 7"):
        with pytest.raises(InvalidInputError, match=f"mapping {more.split()[0]}"):
            mapping_of(tmp_path, f'source_id = "{{c}}"\n{more}\n[fields]\nf = "c"\n')
