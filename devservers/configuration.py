# SPDX-License-Identifier: Apache-2.0
"""What the Hadoop servers are told: small, on loopback alone, quick to notice that one is gone."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

HOST: Final = "127.0.0.1"
_SESSION_MS: Final = 10_000
_IDLE_MS: Final = 3_600_000
_LOGGING: Final = """\
log4j.rootLogger=INFO,console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %-5p [%t] %c{2}: %m%n
log4j.logger.org.apache.zookeeper=WARN
log4j.logger.org.eclipse.jetty=WARN
"""

Values = Mapping[str, str | int | bool]


def core(folder: Path, ports: Mapping[str, int]) -> Values:
    """core-site.xml of every server and client."""
    return {
        "fs.defaultFS": f"hdfs://{HOST}:{ports['namenode']}",
        "hadoop.tmp.dir": str(folder / "tmp"),
        "hadoop.security.token.service.use_ip": True,
        "hadoop.http.staticuser.user": getpass.getuser(),
        "ipc.client.connect.max.retries": 5,
    }


def hdfs(folder: Path, ports: Mapping[str, int], replication: int, datanode: int) -> Values:
    """hdfs-site.xml of the NameNode, of a client, and of one of the DataNodes."""
    return {
        "dfs.replication": replication,
        "dfs.namenode.name.dir": f"file://{folder}/namenode",
        "dfs.namenode.rpc-bind-host": HOST,
        "dfs.namenode.http-address": f"{HOST}:{ports['namenode-http']}",
        "dfs.namenode.safemode.extension": 0,
        "dfs.namenode.datanode.registration.ip-hostname-check": False,
        # A DataNode that is gone is noticed within seconds rather than ten minutes.
        "dfs.heartbeat.interval": 1,
        "dfs.namenode.heartbeat.recheck-interval": 3000,
        "dfs.namenode.stale.datanode.interval": 5000,
        "dfs.namenode.avoid.read.stale.datanode": True,
        "dfs.namenode.avoid.write.stale.datanode": True,
        "dfs.namenode.handler.count": 4,
        # Closing a file does not wait for the DataNodes' next report: 15 ms instead of 400.
        "dfs.namenode.file.close.num-committed-allowed": 1,
        "dfs.client.block.write.locateFollowingBlock.initial.delay.ms": 5,
        "dfs.client.block.write.locateFollowingBlock.retries": 12,
        # There is none to take the place of one that failed.
        "dfs.client.block.write.replace-datanode-on-failure.policy": "NEVER",
        "dfs.datanode.data.dir": f"file://{folder}/datanode{datanode}",
        "dfs.datanode.hostname": HOST,
        "dfs.datanode.address": f"{HOST}:{ports[f'datanode{datanode}']}",
        "dfs.datanode.ipc.address": f"{HOST}:{ports[f'datanode{datanode}-ipc']}",
        "dfs.datanode.http.address": f"{HOST}:{ports[f'datanode{datanode}-http']}",
        "dfs.datanode.handler.count": 3,
    }


def hbase(folder: Path, ports: Mapping[str, int], regionserver: int) -> Values:
    """hbase-site.xml of master, ZooKeeper, Thrift, a client, and one of the RegionServers."""
    return {
        "hbase.rootdir": f"hdfs://{HOST}:{ports['namenode']}/hbase",
        "hbase.cluster.distributed": True,
        "hbase.tmp.dir": str(folder / "hbase-tmp"),
        "hbase.wal.provider": "filesystem",
        "hbase.zookeeper.quorum": HOST,
        "hbase.zookeeper.property.clientPort": ports["zookeeper"],
        "hbase.zookeeper.property.clientPortAddress": HOST,
        "hbase.zookeeper.property.dataDir": str(folder / "zookeeper"),
        "hbase.zookeeper.property.tickTime": 1000,
        # A RegionServer that is gone is noticed after this, by default after 90 s.
        "zookeeper.session.timeout": _SESSION_MS,
        "hbase.master.hostname": "localhost",
        "hbase.master.ipc.address": HOST,
        "hbase.master.port": ports["master"],
        "hbase.master.info.port": -1,
        "hbase.master.wait.on.regionservers.interval": 200,
        "hbase.master.wait.on.regionservers.timeout": 1000,
        "hbase.unsafe.regionserver.hostname": "localhost",
        "hbase.regionserver.ipc.address": HOST,
        "hbase.regionserver.port": ports[f"regionserver{regionserver}"],
        "hbase.regionserver.info.port": -1,
        "hbase.regionserver.handler.count": 10,
        "hbase.regionserver.thrift.ipaddress": HOST,
        "hbase.regionserver.thrift.port": ports["thrift"],
        "hbase.thrift.info.port": -1,
        "hbase.thrift.server.socket.read.timeout": _IDLE_MS,
        "hbase.client.retries.number": 10,
    }


def write(folder: Path, files: Mapping[str, Values]) -> None:
    """Write a server's configuration into a folder that goes to the front of its class path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in files.items():
        properties = "".join(
            f"<property><name>{escape(key)}</name><value>{escape(_text(value))}</value></property>\n"
            for key, value in values.items()
        )
        text = f'<?xml version="1.0"?>\n<configuration>\n{properties}</configuration>\n'
        (folder / name).write_text(text)
    (folder / "log4j.properties").write_text(_LOGGING)
    # The archives have no pages of their own, without which the servers do not start.
    for pages in ("hdfs", "datanode", "static"):
        inside = folder / "webapps" / pages / "WEB-INF"
        inside.mkdir(parents=True, exist_ok=True)
        (inside / "web.xml").write_text("<web-app/>\n")


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
