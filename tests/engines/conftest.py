# SPDX-License-Identifier: Apache-2.0
"""The servers, started once for all tests here, which fail where they do not start."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from devservers.hadoop import Hadoop, local_hadoop

pytest.register_assert_rewrite("tests.unit.store.vault.contract")

TABLE = "muniment"
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/engines/" in item.path.as_posix():
            item.add_marker(pytest.mark.engines)


@pytest.fixture(scope="session")
def hadoop() -> Iterator[Hadoop]:
    """HDFS with two DataNodes and two copies of each block, and HBase with a vault's table."""
    with local_hadoop() as servers:
        servers.make_table(TABLE)
        yield servers


@pytest.fixture
def hdfs_url(hadoop: Hadoop) -> str:
    """The URL of an empty vault on HDFS."""
    return f"{hadoop.hdfs_url}/tests/vault-{next(_numbers)}"


@pytest.fixture
def hbase_url(hadoop: Hadoop) -> str:
    """The URL of an empty vault on HBase, which shares its table with the others."""
    return f"{hadoop.hbase_url}/{TABLE}/vault-{next(_numbers)}"
