# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""A gateway that is ended under load: nothing that it acknowledged is lost, nothing comes twice."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import httpx
import pytest

from muniment.registry import Registry
from muniment.registry.checking import check
from muniment.registry.sealing import progress_of
from muniment.store import journal_rows
from muniment.store.leases import holder_of
from tests.chain.conftest import World
from tests.chain.gateway import (  # noqa: F401
    Gateway,
    Serve,
    deed,
    officer,
    opened,
    serve,
    start_gateway,
    until,
)

CALLERS = 6


class Load:
    """Callers that register one record after the other, and remember what was acknowledged."""

    def __init__(self, gateway: Gateway) -> None:
        self.acknowledged: dict[str, str] = {}
        self.unknown: set[str] = set()
        self._lock = threading.Lock()
        self._clients = [gateway.client() for _ in range(CALLERS)]
        self._threads = [
            threading.Thread(target=self._call, args=[number]) for number in range(CALLERS)
        ]
        for thread in self._threads:
            thread.start()

    def _call(self, number: int) -> None:
        with self._clients[number] as client:
            for count in range(100_000):
                name = f"{number}-{count}"
                try:
                    answer = client.post("/records", json=deed(name))
                except httpx.TransportError:
                    with self._lock:
                        self.unknown.add(name)
                    return
                if answer.status_code == 201:
                    with self._lock:
                        self.acknowledged[name] = answer.json()["record"]
                elif answer.status_code in (429, 503):
                    threading.Event().wait(0.2)
                else:
                    raise AssertionError(answer.text)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


def entered(registry: Registry) -> dict[str, str]:
    """The records of the journal, by source id."""
    session = registry.session
    with session.database.read() as connection:
        size = journal_rows.size_of(connection, 1)
        rows = list(journal_rows.rows_between(connection, session.lineage, 1, 0, size))
    found = {str(row.source_id): f"0x{row.record_id.hex()}" for row in rows}
    assert len(found) == len(rows), "a record came twice"
    return found


def test_daemon_that_dies__ends_the_gateway(serve: Serve) -> None:
    gateway = serve()
    assert gateway.registry is not None
    database = gateway.registry.session.database
    until(lambda: holder_of(database, "index") is not None, 120)
    holder = str(holder_of(database, "index"))
    process = int(holder.split(maxsplit=1)[0].rpartition(":")[2])
    assert process != gateway.process.pid
    os.kill(process, signal.SIGKILL)
    assert gateway.process.wait(120) == 1
    assert "the daemon ended by itself" in gateway.said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ended_under_load__keeps_all_that_it_acknowledged(
    serve: Serve, world: World, tmp_path: Path, number: int
) -> None:
    gateway = serve(requests_per_second=10_000, burst=10_000)
    registry = gateway.registry
    assert registry is not None
    load = Load(gateway)
    until(lambda: len(load.acknowledged) > 60, 120)
    code = gateway.stop(number)
    load.join()
    assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    there = entered(registry)
    assert there.items() >= load.acknowledged.items()
    assert set(there) <= set(load.acknowledged) | load.unknown
    if number == signal.SIGTERM:
        # In order: the leases are free at once.
        assert holder_of(registry.session.database, "journal 1") is None
        assert holder_of(registry.session.database, "index") is None
    # Its daemon ends with it, however it ended.
    until(lambda: holder_of(registry.session.database, "index") is None, 60)

    again = start_gateway(tmp_path, registry=registry)
    try:
        with again.client() as client:
            # The same once more is the same, what was unknown is known now.
            for name in [*list(load.acknowledged)[:5], *load.unknown]:
                answer = client.post("/records", json=deed(name))
                assert answer.status_code in (200, 201), answer.text
                assert answer.json()["record"] == there.get(name, answer.json()["record"])
        size = len(set(there) | load.unknown)

        def sealed() -> bool:
            world.connection.request("anvil_mine", ["0x1"])
            return progress_of(registry.session, 1).provable == size

        until(sealed, 120)
    finally:
        assert again.stop() == 0
    assert set(entered(registry)) == set(there) | load.unknown
    assert list(check(registry.session)) == []
