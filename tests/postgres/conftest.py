# SPDX-License-Identifier: Apache-2.0
"""One PostgreSQL for all tests of this folder, and a database of its own for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from toolchain.local_postgres import available, local_postgres

pytest.register_assert_rewrite(
    "tests.unit.store.keys.test_key_store", "tests.unit.store.keys.test_tampering"
)
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a running server's database `postgres`."""
    if not available():
        pytest.skip("no PostgreSQL server is installed: apt-get install postgresql")
    with local_postgres() as url:
        yield url


@pytest.fixture
def database_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database, which goes with the test."""
    name = f"test_{next(_numbers)}"
    server = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield sa.make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()
