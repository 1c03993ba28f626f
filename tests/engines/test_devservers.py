# SPDX-License-Identifier: Apache-2.0
"""The servers themselves: what runs, tables, a server that is started again."""

from __future__ import annotations

from devservers.hadoop import REGIONS, Hadoop
from muniment.store.vault.hbase import HbaseVault
from tests.engines.conftest import TABLE


def test_all_run__and_starting_them_again_is_nothing(hadoop: Hadoop) -> None:
    running = hadoop.processes.running()
    wanted = {"namenode", "datanode0", "datanode1", "zookeeper", "master", "thrift"}
    assert wanted <= set(running)
    hadoop.start_hdfs()
    hadoop.start_thrift()
    assert hadoop.processes.running() == running


def test_table_that_is_there__stays_as_it_is(hadoop: Hadoop, hbase_url: str) -> None:
    vault = HbaseVault(hbase_url)
    vault.put_if_absent("ab/1", b"x")
    hadoop.make_table(TABLE)
    assert vault.get_range("ab/1", 0, 9) == b"x"
    name = TABLE.encode()
    regions = vault._table._call("the table", lambda client: client.getTableRegions(name))
    assert len(regions) == REGIONS
