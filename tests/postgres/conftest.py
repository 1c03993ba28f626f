# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL database for each test of this folder, whatever `--database` says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import postgres_database

pytest.register_assert_rewrite(
    "tests.unit.analysis.test_columns",
    "tests.unit.store.keys.test_key_store",
    "tests.unit.store.keys.test_tampering",
    "tests.unit.store.test_mirror_search",
    "tests.unit.store.test_migrations",
    "tests.unit.store.test_query_plans",
)


@pytest.fixture
def database_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database, which goes with the test."""
    with postgres_database(postgres_server) as url:
        yield url
