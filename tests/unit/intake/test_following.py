# SPDX-License-Identifier: Apache-2.0
"""Sources that are followed: every row once whatever its order is, and watermarks of every kind."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from muniment.errors import InvalidInputError
from muniment.intake import following as module
from muniment.intake import watermarks
from muniment.intake.batches import Batch
from muniment.intake.following import Followed, following
from muniment.intake.mapping import FieldMapping
from muniment.intake.sync_rules import SyncRules

PAGE = 7
BOOKS, FOLIOS = 5, 9


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A table with a key of two columns and many rows of one watermark, read in small pages."""
    monkeypatch.setattr(module, "BATCH_ROWS", PAGE)
    with closing(sqlite3.connect(tmp_path / "register.db")) as connection, connection:
        connection.execute(
            "CREATE TABLE deed (book TEXT, folio INT, at INT, PRIMARY KEY (book, folio))"
        )
        rows = [(f"Bø{b}", f, f % 3) for f in range(FOLIOS) for b in range(BOOKS)]
        connection.executemany("INSERT INTO deed VALUES (?, ?, ?)", rows)
    return f"sqlite:///{tmp_path}/register.db"


def change(url: str, statement: str) -> None:
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(statement)


def rules(**more: Any) -> SyncRules:
    return SyncRules(**{"table": "deed", "query": None, "key": ("book", "folio"), **more})


def cells(batches: Iterator[Batch], *names: str) -> list[tuple[Any, ...]]:
    found = []
    for batch in batches:
        assert len(batch.numbers) <= PAGE
        found += list(zip(*(batch.columns[name] for name in names), strict=True))
    return found


@pytest.mark.parametrize(
    "followed", [{}, {"table": None, "query": "SELECT * FROM deed WHERE ':a' = ':a'"}]
)
def test_all_rows__come_once_in_the_order_of_the_key(url: str, followed: dict[str, Any]) -> None:
    with following(url, rules(**followed)) as source:
        found = cells(source.all_rows(), "book", "folio")
        assert found == [(f"Bø{b}", f) for b in range(BOOKS) for f in range(FOLIOS)]
        assert source.given == BOOKS * FOLIOS
        assert set(source.columns()) == {"book", "folio", "at"}
        assert source.is_unique() == (not followed)
        assert source.double_keys() == set()


def test_rows_between_watermarks__come_once_though_many_have_one(url: str) -> None:
    change(url, "UPDATE deed SET at = NULL WHERE folio = 8")
    with following(url, rules(watermark="at")) as source:
        assert source.top() == 2
        found = cells(source.rows_between(1, 2), "at", "book", "folio")
        assert found == sorted(found)
        assert len(set(found)) == len(found) == 5 * BOOKS
        assert len(cells(source.rows_without_watermark(), "folio")) == BOOKS


def test_rows_that_are_written_meanwhile__neither_hide_nor_repeat_others(url: str) -> None:
    with following(url, rules()) as source:
        pages = source.all_rows()
        first = cells(iter([next(pages)]), "book", "folio")
        change(url, "DELETE FROM deed WHERE book = 'Bø0'; INSERT INTO deed VALUES ('A', 1, 9)")
        rest = cells(pages, "book", "folio")
    there = [(f"Bø{b}", f) for b in range(1, BOOKS) for f in range(FOLIOS)]
    assert [*first, *rest] == [*first, *there]


def test_keys__that_are_null_or_come_twice(url: str) -> None:
    change(
        url,
        "CREATE TABLE loose AS SELECT * FROM deed; INSERT INTO loose VALUES (NULL, 1, 1), "
        "('Bø1', NULL, 1), ('Bø1', 3, 1)",
    )
    with following(url, rules(table="loose")) as source:
        assert not source.is_unique()
        assert source.double_keys() == {("Bø1", 3)}
        found = cells(source.all_rows(), "book", "folio")
    assert {(None, 1), ("Bø1", None)} < set(found)
    assert len(set(found)) == BOOKS * FOLIOS + 2


def test_columns_that_are_no_key__are_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_DOUBLE", 3)
    with (
        following(url, rules(key=("book",))) as source,
        pytest.raises(InvalidInputError, match="sync key"),
    ):
        source.double_keys()


def test_source__is_never_written(url: str) -> None:
    query = "WITH gone AS (SELECT 1) DELETE FROM deed RETURNING *"
    with (
        following(url, rules(table=None, query=query)) as source,
        pytest.raises(InvalidInputError, match="refused"),
    ):
        cells(source.all_rows())
    with following(url, rules()) as source:
        assert len(cells(source.all_rows(), "at")) == BOOKS * FOLIOS


NOON = datetime.fromisoformat("2026-11-28T12:00:00.25")


@pytest.mark.parametrize(
    ("value", "overlap", "earlier"),
    [
        (5_000, None, 4_000),
        (5_000, 0, 5_000),
        (Decimal("5.5"), 2, Decimal("3.5")),
        (NOON, 60, NOON - timedelta(seconds=60)),
        (NOON.replace(tzinfo=UTC), None, NOON.replace(tzinfo=UTC) - timedelta(seconds=300)),
        (date(2026, 11, 28), 60, date(2026, 11, 27)),
        ("2026-11-28 12:00:00.25", 60, "2026-11-28 11:59:00"),
        ("2026-11-28T12:00:00Z", 60, "2026-11-28T11:59:00"),
        ("2026-11-28", 60, "2026-11-26"),
    ],
)
def test_watermark__is_kept_as_it_is_and_goes_back(
    value: Any, overlap: int | None, earlier: Any
) -> None:
    kept = watermarks.from_json(watermarks.to_json(value))
    assert (kept, type(kept)) == (value, type(value))
    assert watermarks.before(value, overlap) == earlier
    assert watermarks.before(value, overlap) <= value


@pytest.mark.parametrize("value", [None, True, b"1", "yesterday", ["a"]])
def test_watermark__that_is_none_is_refused_without_its_value(value: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        watermarks.to_json(value)
    assert "yesterday" not in caught.value.diagnostics()


def test_rules__are_read_from_the_mapping(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(
        'source_id = "{book}/{folio}"\n[fields]\nat = "at"\n[sync]\nquery = "SELECT 1;"\n'
        'key = ["folio", "book"]\nwatermark = "at"\noverlap = 5\ncompare_hours = 2\nname = "x"\n'
    )
    read = SyncRules.load(path, FieldMapping.load(path))
    assert read == SyncRules(None, "SELECT 1", ("folio", "book"), "at", 5, 2.0, "x")
    assert read.followed == "query SELECT 1"
    path.write_text('source_id = "{book}"\n[fields]\nat = "at"\n')
    with pytest.raises(InvalidInputError, match="sync"):
        SyncRules.load(path, FieldMapping.load(path))


def test_followed__is_read_by_nobody_else(url: str) -> None:
    """Between pages no lock is held: a writer is never kept waiting."""
    with following(url, rules()) as source:
        assert isinstance(source, Followed)
        next(source.all_rows())
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=0)) as connection, connection:
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("UPDATE deed SET at = 7")
