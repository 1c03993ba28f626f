# SPDX-License-Identifier: Apache-2.0
"""Queries that people wait for look into an index, however many records there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection

from benchmarks.filled import SOURCE, fill_journal, fill_mirror
from muniment.record import AgencyId, Lineage, derive_record_id
from muniment.record.state import Status
from muniment.store import journal_rows, mirror, mirror_search, versions
from muniment.store.database import Database
from muniment.store.mirror_search import Filters, page, search

Ask = Callable[[Connection], object]
LINEAGE = Lineage(bytes(32))
RECORD = b"r" * 32


def sought(**filters: Any) -> Ask:
    return lambda connection: search(connection, Filters(**filters), 100)


QUERIES: dict[str, Ask] = {
    "record by id": lambda it: mirror_search.among(it, [RECORD], Filters()),
    "custodian of a record": lambda it: mirror_search.custodian_of(it, RECORD),
    "entry by record id": lambda it: journal_rows.entry_of(it, RECORD),
    "entries by terms": lambda it: journal_rows.entries_with_terms(it, LINEAGE, 2, {"a": RECORD}),
    "version by record id": lambda it: versions.versions_of(it, RECORD),
    "version by source id": lambda it: versions.by_sources(it, SOURCE, ["7"]),
    "objects of a version": lambda it: versions.packed_objects(it, RECORD, 1),
    "events about a record": lambda it: mirror.logs_of(it, [RECORD]),
    "agency and time": sought(custodian=3, since=1, until=1 << 33),
    "agency": sought(custodian=3),
    "agency and status": sought(custodian=3, status=Status.DISPOSED),
    "type": sought(issuer=3, type_id=2),
    "type and time": sought(issuer=3, type_id=2, since=1),
    "type and status": sought(issuer=3, type_id=2, status=Status.REVOKED),
    "status": sought(status=Status.SUPERSEDED),
    "time": sought(since=1, until=1 << 33),
    "latest": sought(),
    "next page": lambda it: page(it, Filters(custodian=3), (1 << 32, RECORD), 100),
}
SMALL = {"journal_batches"}
"""Tables with a row for thousands of records, which may be read whole."""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database.open(database_url) as opened:
        fill_mirror(opened, 300)
        fill_journal(opened, 300, lambda local: derive_record_id(LINEAGE, AgencyId(1), local))
        yield opened


@contextmanager
def plans(database: Database) -> Iterator[list[str]]:
    """The lines of the plans of all queries that are made meanwhile."""
    found: list[str] = []
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"

    def before(_: Any, cursor: Any, statement: str, values: Any, *__: Any) -> None:
        if statement.startswith("SELECT"):
            cursor.execute(f"{explain} {statement}", values)
            found.extend(str(row[-1]).strip() for row in cursor.fetchall())

    event.listen(database.engine, "before_cursor_execute", before)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", before)


@pytest.mark.parametrize("name", QUERIES)
def test_query__looks_into_an_index(database: Database, name: str) -> None:
    with database.read() as connection:
        if not database.is_sqlite:
            # For so few rows it would read them all; what is asked is whether it can do otherwise.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        with plans(database) as found:
            QUERIES[name](connection)
    assert found
    whole = [line for line in found if re.match(r"(SCAN (?!.*USING)|(->\s*)?Seq Scan)", line)]
    assert [line for line in whole if not any(name in line for name in SMALL)] == []
    indexed = [line for line in found if re.search(r"USING.*(INDEX|KEY)|Index", line)]
    assert indexed, found


@pytest.mark.parametrize("name", ["agency and time", "agency", "type and time", "latest"])
def test_search__is_not_sorted_whole(database: Database, name: str) -> None:
    """It reads from the latest on, so that a hundred of millions are a hundred."""
    with database.read() as connection, plans(database) as found:
        if not database.is_sqlite:
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
            connection.execute(sa.text("SET LOCAL enable_sort = off"))
            connection.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
        QUERIES[name](connection)
    sorts = [line for line in found if re.search(r"USE TEMP B-TREE|Sort  ", line)]
    assert [line for line in sorts if not re.search(r"RIGHT PART|Incremental Sort", line)] == []
    assert any("updated_at" in line for line in found)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("agency and time", "ix_records_custodian_updated_at"),
        ("agency", "ix_records_custodian_updated_at"),
        ("next page", "ix_records_custodian_updated_at"),
        ("type", "ix_records_issuer_type_id_updated_at"),
        ("type and time", "ix_records_issuer_type_id_updated_at"),
    ],
)
def test_search_of_one_agency__reads_no_others(database: Database, name: str, index: str) -> None:
    """By equalities, PostgreSQL reads three million records of all by their time."""
    with database.read() as connection, plans(database) as found:
        if not database.is_sqlite:
            for way in ("seqscan", "sort", "bitmapscan"):
                connection.execute(sa.text(f"SET LOCAL enable_{way} = off"))
        QUERIES[name](connection)
    assert any(index in line for line in found), found
    assert not any("ix_records_updated_at" in line for line in found), found
