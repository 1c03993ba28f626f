# SPDX-License-Identifier: Apache-2.0
"""A process that registers, amends and sends, and is killed at the nth place where it can matter.

Such a place lies after each commit of the database and after each broadcast: between two of them
nothing happens that lasts. With N beyond all of them it ends, and prints how many there were.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.chain.connection import Connection
from muniment.registry import Registry, Submission
from muniment.store import outbox
from muniment.store.database import Database
from muniment.store.outbox_rows import SubmissionState
from tests.chain.agency import PASSWORD

ROWS = 3


class Places:
    """Counts the places, and dies at one."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.count = 0

    def passed(self) -> None:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def count_commits(places: Places) -> None:
    """Have every commit of a database counted."""
    write = Database.write

    @contextmanager
    def counted_write(self: Database, *, durable: bool = True) -> Iterator[DatabaseConnection]:
        with write(self, durable=durable) as connection:
            yield connection
        places.passed()

    Database.write = counted_write  # type: ignore[method-assign]


def watched(places: Places) -> None:
    """Have every commit and every broadcast counted."""
    count_commits(places)
    request_many = Connection.request_many

    def counted_requests(self: Connection, method: str, *arguments: Any, **named: Any) -> list[Any]:
        answers = request_many(self, method, *arguments, **named)
        if method == "eth_sendRawTransaction":
            places.passed()
        return answers

    Connection.request_many = counted_requests  # type: ignore[method-assign]


def wait_for_all(registry: Registry, stage: str) -> None:
    with registry.session.database.read() as connection:
        rows = outbox.submissions_in(connection, list(SubmissionState), None)
    done = [
        Submission(row.submission_id, row.kind, row.record_id, row.version, registry.session)
        for row in rows
    ]
    registry.wait(done, stage, timeout=60)


def work(profile: Path, last: int, prefix: str) -> None:
    """What is done; done again from its beginning, it goes on where it was."""
    with Registry.open(profile, password=PASSWORD) as registry:
        places = Places(last)
        watched(places)
        records = [
            registry.register(
                "land-deed", {"holder": "A", "parcel": str(i)}, source_id=f"{prefix}-{i}"
            ).record_id
            for i in range(ROWS)
        ]
        first = records[0]
        assert first is not None
        if registry.content(first).row.version == 1:
            registry.amend(first, {"holder": "B", "parcel": "0"})
        wait_for_all(registry, "provable")
        registry.session.nodes.read(lambda node: node.request("anvil_mine", ["0x2"]))
        wait_for_all(registry, "final")
        print(places.count)
