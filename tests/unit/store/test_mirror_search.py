# SPDX-License-Identifier: Apache-2.0
"""Records that a search finds are the mirror's rows, whatever their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple

import pytest
import sqlalchemy as sa

from benchmarks.filled import fill_mirror
from muniment.errors import InvalidInputError
from muniment.record.state import PLACES, Status
from muniment.store.bulk import insert_rows
from muniment.store.database import Database
from muniment.store.mirror_search import Filters, MirroredRecord, among, page, search
from muniment.store.tables import records

EVERYTHING = Filters()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database.open(database_url) as opened:
        yield opened


def add(database: Database, record_id: bytes, **values: int) -> None:
    whole = dict.fromkeys(PLACES, 0) | values
    with database.write() as connection:
        row = (record_id, *whole.values(), b"c" * 32, b"h" * 32, 7, 8, (1 << 63) - 1)
        insert_rows(connection, records, [row])


def row_of(found: MirroredRecord) -> tuple[object, ...]:
    record_id, state, *rest = (getattr(found, name) for name in MirroredRecord.__slots__)
    return (record_id, *astuple(state), *rest)


def test_found__is_the_row_at_the_bounds_of_its_numbers(database: Database) -> None:
    largest = {name: (1 << bits) - 1 for name, (_, bits) in PLACES.items()}
    add(database, b"\xff" * 32, **largest | {"status": int(Status.DISPOSED)})
    add(database, bytes(32))
    fill_mirror(database, 40)
    with database.read() as connection:
        stored = {tuple(row) for row in connection.execute(sa.select(records)).all()}
        found = search(connection, EVERYTHING, 100)
        named = among(connection, [each.record_id for each in found], EVERYTHING)
    assert len(found) == 42
    assert {row_of(each) for each in found} == stored
    assert named == found
    assert all(isinstance(each.state.status, Status) for each in found)


def test_search__gives_the_latest_that_match(database: Database) -> None:
    fill_mirror(database, 200)
    some = Filters(custodian=3, status=Status.IN_FORCE, since=1_700_000_100, until=1_700_000_900)
    with database.read() as connection:
        whole = search(connection, EVERYTHING, 1000)
        found = search(connection, some, 4)
    wanted = [
        each
        for each in whole
        if each.state.custodian == 3
        and each.state.status is Status.IN_FORCE
        and 1_700_000_100 <= each.state.updated_at < 1_700_000_900
    ]
    assert len(wanted) > 4
    assert found == wanted[:4]


def test_pages__follow_each_other_without_those_that_were_only_held(database: Database) -> None:
    fill_mirror(database, 50)
    for place in range(9):
        add(database, bytes([place]) * 32, updated_at=1_700_000_000, status=1, custodian=1)
    add(database, b"held" * 8, hold_count=1)
    found: list[MirroredRecord] = []
    with database.read() as connection:
        after = None
        while part := page(connection, EVERYTHING, after, 7):
            found += part
            after = (part[-1].state.updated_at, part[-1].record_id)
        whole = search(connection, EVERYTHING, 100)
    assert found == [each for each in whole if each.state.status]
    assert len(found) == 59


def test_status_that_none_has__is_refused(database: Database) -> None:
    add(database, b"r" * 32, status=9)
    with database.read() as connection, pytest.raises(InvalidInputError, match="status"):
        search(connection, EVERYTHING, 1)
