# SPDX-License-Identifier: Apache-2.0
"""Columns of frames that are made whole: ids, packed numbers, registrations with their ids."""

from __future__ import annotations

import os

import numpy as np
import pytest
import sqlalchemy as sa

from benchmarks.filled import BATCH, fill_journal, fill_mirror
from muniment.analysis import arrow_columns as columns
from muniment.analysis.arrow_reading import read_batches
from muniment.analysis.frame_tables import _PACKED
from muniment.analysis.journal_reading import registrations
from muniment.record import AgencyId, Lineage, derive_record_id
from muniment.record.identifiers import LocalId, RecordId
from muniment.store import journal_rows
from muniment.store.database import Database
from muniment.store.tables import journal_entries, journal_ids, records

LINEAGE = Lineage(bytes(31) + b"\x01")


def words(*texts: bytes) -> columns.Words:
    return np.frombuffer(b"".join(texts), np.uint8).reshape(-1, 32)


def id_of(local_id: LocalId) -> RecordId:
    return derive_record_id(LINEAGE, AgencyId(1), local_id)


@pytest.fixture
def database(database_url: str) -> Database:
    return Database.open(database_url)


def test_hex_text__is_what_python_says() -> None:
    ids = [os.urandom(32) for _ in range(100)]
    assert columns.hex_text(words(*ids)).to_pylist() == [f"0x{each.hex()}" for each in ids]
    assert columns.hex_text(words()).to_pylist() == []


class TestIdSet:
    def test_among__is_membership(self) -> None:
        ids = [os.urandom(32) for _ in range(500)]
        known = columns.IdSet([words(*ids[:100]), words(*ids[200:300])])
        wanted = [place < 100 or 200 <= place < 300 for place in range(500)]
        assert known.among(words(*ids)).tolist() == wanted

    def test_ids_that_begin_alike__are_told_apart(self) -> None:
        alike = [b"8 bytes " + bytes([number]) * 24 for number in range(9)]
        known = columns.IdSet([words(*alike[::2])])
        assert known.among(words(*alike)).tolist() == [place % 2 == 0 for place in range(9)]

    def test_empty_set__has_none(self) -> None:
        assert not columns.IdSet([]).among(words(bytes(32), b"\xff" * 32)).any()


def test_packed__gives_each_number_back_at_its_bounds(database: Database) -> None:
    """As large as the chain's form of a state lets them be, and as small."""
    fill_mirror(database, 3)
    sizes = {column.name: size for packed in _PACKED for column, size in packed.sizes}
    largest = {name: (1 << size) - 1 for name, size in sizes.items()}
    with database.write() as connection:
        first, second, _ = connection.execute(sa.select(records.c.record_id)).scalars()
        for record_id, values in ((first, largest), (second, dict.fromkeys(sizes, 0))):
            connection.execute(
                sa.update(records).where(records.c.record_id == record_id).values(values)
            )
        rows = connection.execute(sa.select(records)).mappings().all()
    wanted = {bytes(row["record_id"]): {name: row[name] for name in sizes} for row in rows}
    statement = sa.select(records.c.record_id, *(each.expression for each in _PACKED))
    found = {}
    for batch in read_batches(database, statement):
        parts = {name: each for packed in _PACKED for name, each in packed.unpacked(batch).items()}
        for place, record_id in enumerate(batch.column("record_id").to_pylist()):
            found[record_id] = {name: int(value[place]) for name, value in parts.items()}
    assert found == wanted


class TestRegistrations:
    def test_ids_stand_with_their_entries(self, database: Database) -> None:
        fill_journal(database, BATCH + 500, id_of)
        fill_journal(database, 700, id_of, journal=3, type_id=4)
        seen = 0
        for part in registrations(database):
            assert len(part.index) == len(part.record_id) == len(part.source_id)
            seen += len(part)
            with database.read() as connection:
                rows = journal_rows.rows_between(connection, LINEAGE, part.journal, 0, 1 << 40)
                by_index = {row.index: row for row in rows}
            sources = part.source_id.to_pylist()
            for place, index in enumerate(part.index):
                row = by_index.pop(int(index))
                assert part.record_id[place].tobytes() == row.record_id
                assert part.entry[place].tobytes() == row.entry.to_bytes()
                assert part.commitment[place].tobytes() == row.entry.commitment
                assert part.type_id[place] == row.entry.type_id
                assert part.time[place] == row.entry.time
                assert part.shared("created_ms")[place] == row.created_ms
                assert sources[place] == row.source_id
            assert by_index == {}
        assert seen == BATCH + 1200
        assert sum(map(len, registrations(database, 4))) == 700
        assert list(registrations(database, 9)) == []

    def test_erased_entry__has_no_source_id(self, database: Database) -> None:
        fill_journal(database, 10, id_of)
        with database.write() as connection:
            [row] = journal_rows.rows_between(connection, LINEAGE, 1, 4, 5)
            journal_rows.forget_entry(connection, row)
        [part] = registrations(database)
        assert part.source_id.to_pylist()[3:6] == ["j3", "", "j5"]

    def test_row_without_its_other_half__is_left_out(self, database: Database) -> None:
        fill_journal(database, 10, id_of)
        with database.write() as connection:
            connection.execute(sa.delete(journal_entries).where(journal_entries.c.entry_index == 2))
            connection.execute(sa.delete(journal_ids).where(journal_ids.c.entry_index == 7))
            rows = journal_rows.rows_between(connection, LINEAGE, 1, 0, 10)
            wanted = {row.index: row.record_id for row in rows if row.index != 7}
        [part] = registrations(database)
        found = {int(at): part.record_id[place].tobytes() for place, at in enumerate(part.index)}
        assert found == wanted
        assert len(wanted) == 8

    def test_no_entries__none(self, database: Database) -> None:
        assert list(registrations(database)) == []
