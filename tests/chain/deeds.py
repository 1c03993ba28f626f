# SPDX-License-Identifier: Apache-2.0
"""A land register in another database, which others write while it is followed."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from muniment.journal import Entry
from muniment.registry import Registry
from muniment.registry.checking import check
from muniment.store import journal_rows

MAP = """
source_id = "{id}"
[fields]
holder = "holder"
parcel = "parcel"
[sync]
table = "deed"
"""
WATERMARK = MAP + 'watermark = "changed"\n'


class Deeds:
    """The source: a table of deeds, each row with the number of its last change."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        self._changes = 0
        self._lock = threading.Lock()

    def make(self, more: str = "PRIMARY KEY") -> None:
        self.run(f"CREATE TABLE deed (id INTEGER {more}, holder TEXT, parcel TEXT, changed BIGINT)")

    def run(self, statement: str, **values: object) -> list[Any]:
        with self.engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return list(result.all()) if result.returns_rows else []

    def put(self, number: int, holder: str, changed: int | None = None) -> None:
        with self._lock:
            self._changes += 1
            given = self._changes if changed is None else changed
        with self.engine.begin() as connection:
            row = {"n": number, "h": holder, "p": f"{number}/7", "c": given}
            connection.execute(sa.text("DELETE FROM deed WHERE id = :n"), {"n": number})
            connection.execute(sa.text("INSERT INTO deed VALUES (:n, :h, :p, :c)"), row)

    def fill(self, count: int) -> None:
        for number in range(1, count + 1):
            self.put(number, f"Holder {number}")

    def remove(self, number: int) -> None:
        self.run("DELETE FROM deed WHERE id = :n", n=number)

    def holders(self) -> dict[str, str]:
        return {str(row[0]): row[1] for row in self.run("SELECT id, holder FROM deed")}

    @contextmanager
    def written(self, ids: int, seed: int) -> Iterator[None]:
        """Somebody writes rows for the block: adds, changes and deletes them."""
        stop, randomness = threading.Event(), random.Random(seed)

        def write() -> None:
            while not stop.is_set():
                number = randomness.randint(1, ids)
                if randomness.random() < 0.2:
                    self.remove(number)
                else:
                    self.put(number, f"Holder {randomness.randint(1, 4)}")
                time.sleep(0.1)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            yield
        finally:
            stop.set()
            writer.join()


def assert_followed(registry: Registry, deeds: Deeds) -> None:
    """Each row's record says what the row says; all others are marked; nothing is there twice."""
    rows = deeds.holders()
    session = registry.session
    with session.database.read() as connection:
        entries = journal_rows.entries_between(connection, 1, 0, 1 << 40)
    assert len({Entry.from_bytes(each).local_id for each in entries}) == len(entries)
    for source_id, holder in rows.items():
        record_id = registry.record_id(source_id)
        latest = registry.content(record_id)
        assert latest.fields["holder"] == holder, source_id
        versions = [
            registry.content(record_id, number).fields
            for number in range(1, latest.row.version + 1)
        ]
        assert all(a != b for a, b in itertools.pairwise(versions)), source_id
    marked = {each.source_id for each in registry.syncing.vanished()}
    assert not marked & set(rows)
    assert len(marked) + len(rows) == len(entries)
    registry.sync()
    assert list(check(session)) == []
