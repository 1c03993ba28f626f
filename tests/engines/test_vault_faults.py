# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Servers of the vault that are killed in the middle of an import: nothing lost, nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from devservers.hadoop import Hadoop
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.conftest import deployed, node, world  # noqa: F401
from tests.chain.test_journals import Officers, officer  # noqa: F401
from tests.engines.interrupted import import_broken_by


@pytest.fixture
def vault_url(request: pytest.FixtureRequest) -> str:
    """On HDFS or HBase, as the test says."""
    url: str = request.getfixturevalue(request.param)
    return url


on_hdfs = pytest.mark.parametrize("vault_url", ["hdfs_url"], indirect=True, ids=[""])
on_hbase = pytest.mark.parametrize("vault_url", ["hbase_url"], indirect=True, ids=[""])


def after(seconds: float, *steps: Callable[[], object]) -> Callable[[], None]:
    def do() -> None:
        time.sleep(seconds)
        for step in steps:
            step()

    return do


def killed(hadoop: Hadoop, name: str) -> Callable[[], None]:
    def kill() -> None:
        assert hadoop.processes.stop(name, kill=True)

    return kill


@on_hdfs
def test_datanode_killed__import_goes_on_with_the_other(
    officer: Officers, hadoop: Hadoop, tmp_path: Path
) -> None:
    mend = after(5, partial(hadoop.start_datanode, 1), hadoop.wait_for_hdfs)
    import_broken_by(officer("registrar"), tmp_path, killed(hadoop, "datanode1"), mend)


@on_hdfs
def test_namenode_killed_and_started__import_waits_and_goes_on(
    officer: Officers, hadoop: Hadoop, tmp_path: Path
) -> None:
    mend = after(1, hadoop.start_namenode, hadoop.wait_for_hdfs)
    assert import_broken_by(officer("registrar"), tmp_path, killed(hadoop, "namenode"), mend)


@on_hbase
def test_regionserver_killed__another_takes_over_and_import_goes_on(
    officer: Officers, hadoop: Hadoop, tmp_path: Path
) -> None:
    mend = after(0, partial(hadoop.start_regionserver, 1), hadoop.wait_for_hbase)
    try:
        kill = killed(hadoop, "regionserver0")
        assert import_broken_by(officer("registrar"), tmp_path, kill, mend)
    finally:
        hadoop.start_regionserver(0)


@on_hbase
def test_thrift_killed_and_started__import_connects_anew(
    officer: Officers, hadoop: Hadoop, tmp_path: Path
) -> None:
    mend = after(1, hadoop.start_thrift, hadoop.wait_for_hbase)
    assert import_broken_by(officer("registrar"), tmp_path, killed(hadoop, "thrift"), mend)
