# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""PostgreSQL that drops connections or is killed in the middle of an import: nothing lost, nothing
twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from devservers.postgres import Postgres, local_server
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.conftest import deployed, node, world  # noqa: F401
from tests.chain.test_journals import Officers, officer  # noqa: F401
from tests.conftest import postgres_database
from tests.engines.interrupted import import_broken_by


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with local_server() as running:
        yield running


@pytest.fixture
def database_url(server: Postgres) -> Iterator[str]:
    with postgres_database(server.url) as url:
        yield url


def test_connections_dropped__nothing_lost_nothing_twice(
    officer: Officers, server: Postgres, tmp_path: Path
) -> None:
    dropped: list[int] = []

    def drop_some_times() -> None:
        for _ in range(5):
            dropped.append(server.drop_connections())
            time.sleep(0.2)

    drop = partial(dropped.append, 0)
    import_broken_by(officer("registrar"), tmp_path, drop, drop_some_times)
    assert sum(dropped) > 0


def test_server_killed_and_started__nothing_lost_nothing_twice(
    officer: Officers, server: Postgres, tmp_path: Path
) -> None:
    def kill() -> None:
        assert server.stop(kill=True)

    def start() -> None:
        time.sleep(1)
        server.start()

    import_broken_by(officer("registrar"), tmp_path, kill, start)
