# SPDX-License-Identifier: Apache-2.0
"""Databases for the tests: SQLite, or with `--database postgresql` a real PostgreSQL server."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from toolchain.local_postgres import available, local_postgres

_numbers = itertools.count(1)

# How long an example takes says something of the machine, and nothing of the code.
settings.register_profile("muniment", deadline=None)
settings.load_profile("muniment")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="what tests keep their database in",
    )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a running server's database `postgres`."""
    if not available():
        pytest.skip("no PostgreSQL server is installed: apt-get install postgresql")
    with local_postgres() as url:
        yield url


@contextmanager
def postgres_database(server_url: str) -> Iterator[str]:
    """The URL of an empty database, which goes in the end."""
    name = f"test_{next(_numbers)}"
    # No pool: the server may be restarted between the two.
    server = sa.create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of the kind that `--database` names."""
    yield from _databases(request, tmp_path / "muniment.db")


@pytest.fixture
def other_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of another one, for a second agency."""
    yield from _databases(request, tmp_path / "other.db")


@pytest.fixture
def vault_url(tmp_path: Path) -> str:
    """Where the agency's vault is to be; `tests/engines` puts it on a cluster."""
    return str(tmp_path / "vault")


def _databases(request: pytest.FixtureRequest, file: Path) -> Iterator[str]:
    if request.config.getoption("--database") == "sqlite":
        yield f"sqlite:///{file}"
        return
    with postgres_database(request.getfixturevalue("postgres_server")) as url:
        yield url
