# SPDX-License-Identifier: Apache-2.0
"""HDFS and HBase: one NameNode, some DataNodes, ZooKeeper, master, RegionServers, Thrift.

Each is a process of its own, so that a test can kill any of them.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from devservers import configuration, jars
from devservers.configuration import HOST
from devservers.errors import ServerEndedError
from devservers.processes import Processes
from network.ports import free_ports

REGIONS: Final = 16
FAMILY: Final = "o"
_MOST: Final = 3
"""DataNodes and RegionServers that have ports."""
_PORTS: Final = (
    *("namenode", "namenode-http", "zookeeper", "master", "thrift"),
    *(f"datanode{n}{part}" for n in range(_MOST) for part in ("", "-ipc", "-http")),
    *(f"regionserver{n}" for n in range(_MOST)),
)
_OPENED: Final = (
    *("java.lang", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util"),
    *("java.util.concurrent", "java.math", "java.text", "sun.nio.ch", "jdk.internal.ref"),
    *("sun.net.dns", "sun.net.util"),
)
_OPTIONS: Final = (
    # What starts quickly counts here, not what runs fastest after minutes.
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    *("-Djava.net.preferIPv4Stack=true", "-Djava.awt.headless=true"),
    "-Dorg.apache.hbase.thirdparty.io.netty.tryReflectionSetAccessible=true",
    "-Dzookeeper.admin.enableServer=false",
    *("--add-modules", "jdk.unsupported"),
    *(word for each in _OPENED for word in ("--add-opens", f"java.base/{each}=ALL-UNNAMED")),
    *("--add-exports", "java.base/jdk.internal.misc=ALL-UNNAMED"),
    *("--add-exports", "java.security.jgss/sun.security.krb5=ALL-UNNAMED"),
)
_HDFS: Final = "org.apache.hadoop.hdfs.server"
_HBASE: Final = "org.apache.hadoop.hbase"
_ANSWER_SECONDS: Final = 2.0
_ANSWER_BYTES: Final = 26


class Hadoop:
    """The servers that are kept in one folder."""

    def __init__(self, folder: Path, *, datanodes: int = 2, replication: int = 2) -> None:
        """Take the folder and how many DataNodes keep each block; starts nothing."""
        self.processes = Processes(folder)
        self.folder = self.processes.folder
        self.datanodes = datanodes
        self.replication = replication

    @property
    def ports(self) -> Mapping[str, int]:
        """The servers' ports: chosen once, then remembered in ports.json."""
        path = self.folder / "ports.json"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            chosen = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
            path.write_text(json.dumps(chosen, indent=1))
        found: dict[str, int] = json.loads(path.read_text())
        return found

    @property
    def hdfs_url(self) -> str:
        """Where HDFS answers, as the vault's URL begins."""
        return f"hdfs://{HOST}:{self.ports['namenode']}"

    @property
    def hbase_url(self) -> str:
        """Where HBase's Thrift server answers, as the vault's URL begins."""
        return f"hbase://{HOST}:{self.ports['thrift']}"

    def start_hdfs(self) -> None:
        """Start NameNode and DataNodes, and wait until all answer. Raises `ServerError`."""
        self.start_namenode()
        for number in range(self.datanodes):
            self.start_datanode(number)
        names = [f"datanode{number}" for number in range(self.datanodes)]
        self.processes.wait("namenode", self._hdfs_answers, *names)

    def start_hbase(self) -> None:
        """Start ZooKeeper, master, RegionServer and Thrift, with HDFS; wait until all answer."""
        self._java("zookeeper", f"{_HBASE}.zookeeper.HQuorumPeer", "128m")
        self.start_hdfs()
        self.processes.wait("zookeeper", self._zookeeper_answers)
        self.start_master()
        self.start_regionserver(0)
        self.start_thrift()
        self.wait_for_hbase()

    def start_namenode(self) -> None:
        """Start the NameNode, and give it an empty file system the first time."""
        program = f"{_HDFS}.namenode.NameNode"
        if not (self.folder / "namenode" / "current" / "VERSION").exists():
            self._run("namenode", program, "-format", "-force", "-nonInteractive")
        self._java("namenode", program, "256m")

    def start_datanode(self, number: int) -> None:
        """Start a DataNode."""
        self._java(f"datanode{number}", f"{_HDFS}.datanode.DataNode", "256m", datanode=number)

    def start_master(self) -> None:
        """Start HBase's master."""
        self._java("master", f"{_HBASE}.master.HMaster", "384m", "start")

    def start_regionserver(self, number: int) -> None:
        """Start a RegionServer."""
        name, program = f"regionserver{number}", f"{_HBASE}.regionserver.HRegionServer"
        self._java(name, program, "1g", "start", regionserver=number)

    def start_thrift(self) -> None:
        """Start the Thrift server."""
        self._java("thrift", f"{_HBASE}.thrift.ThriftServer", "256m", "start")

    def wait_for_hdfs(self) -> None:
        """Return when HDFS takes writes and the DataNodes are there. Raises `ServerEndedError`."""
        self.processes.wait("namenode", self._hdfs_answers)

    def wait_for_hbase(self) -> None:
        """Return when HBase reads a row through Thrift. Raises `ServerEndedError`."""
        self.processes.wait("thrift", self._thrift_answers, "zookeeper", "master")

    def make_table(self, table: str) -> None:
        """Make a table of 16 regions for a vault, where there is none. Raises `ServerError`."""
        program = f"{_HBASE}.util.RegionSplitter"
        words = (table, "HexStringSplit", "-c", str(REGIONS), "-f", FAMILY)
        log = self.processes.log("table")
        before = log.stat().st_size if log.exists() else 0
        try:
            self._run("table", program, *words)
        except ServerEndedError:
            if b"Table already exists" not in log.read_bytes()[before:]:
                raise

    def stop(self) -> list[str]:
        """End all servers in order; return those that ran. Their data stays."""
        there = self.processes.running()
        first = ("thrift", *(f"regionserver{n}" for n in range(_MOST)), "master", "zookeeper")
        last = (*(f"datanode{n}" for n in range(_MOST)), "namenode")
        return [name for name in (*first, *last) if name in there and self.processes.stop(name)]

    # --- processes --------------------------------------------------------------------------------

    def _java(
        self,
        name: str,
        program: str,
        memory: str,
        *words: str,
        datanode: int = 0,
        regionserver: int = 0,
    ) -> None:
        settings = self._configure(name, datanode, regionserver)
        self.processes.start(name, [*self._command(settings, memory), program, *words])

    def _run(self, name: str, program: str, *words: str) -> None:
        """Run a program to its end. Raises `ServerEndedError`."""
        settings = self._configure(name, 0, 0)
        with self.processes.log(name).open("ab") as log:
            answer = subprocess.run(
                [*self._command(settings, "256m"), program, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
            )
        if answer.returncode:
            raise ServerEndedError(
                name, f"ended with exit code {answer.returncode}", self.processes.log(name)
            )

    def _command(self, settings: Path, memory: str) -> list[str]:
        path = os.pathsep.join([str(settings), f"{jars.archives()}/*"])
        return [jars.java(), f"-Xmx{memory}", *_OPTIONS, "-cp", path]

    def _configure(self, name: str, datanode: int, regionserver: int) -> Path:
        settings, ports = self.folder / "conf" / name, self.ports
        files = {
            "core-site.xml": configuration.core(self.folder, ports),
            "hdfs-site.xml": configuration.hdfs(self.folder, ports, self.replication, datanode),
            "hbase-site.xml": configuration.hbase(self.folder, ports, regionserver),
        }
        configuration.write(settings, files)
        return settings

    # --- answers ----------------------------------------------------------------------------------

    def _hdfs_answers(self) -> bool:
        query = "Hadoop:service=NameNode,name=NameNodeInfo"
        url = f"http://{HOST}:{self.ports['namenode-http']}/jmx?qry={query}"
        with urllib.request.urlopen(url, timeout=_ANSWER_SECONDS) as answer:
            told: dict[str, Any] = json.load(answer)["beans"][0]
        living = json.loads(told["LiveNodes"])
        wanted = sum(name.startswith("datanode") for name in self.processes.running())
        return told["Safemode"] == "" and len(living) >= wanted

    def _zookeeper_answers(self) -> bool:
        with socket.create_connection((HOST, self.ports["zookeeper"]), _ANSWER_SECONDS) as asked:
            asked.sendall(b"srvr")
            return b"Mode:" in asked.recv(4096)

    def _thrift_answers(self) -> bool:
        """Whether a row of `hbase:namespace` can be read: its region and the first are open.

        Asked for the names of the tables, Thrift answers seconds before a RegionServer is there.
        The one call is spelt out here, so that the servers need no client's library.
        """
        name = b"getRow"
        asked = (
            b"\x80\x01\x00\x01"
            + len(name).to_bytes(4, "big")
            + name
            + bytes(4)
            + _text(1, b"hbase:namespace")
            + _text(2, b"default")
            + b"\x00"
        )
        with socket.create_connection((HOST, self.ports["thrift"]), _ANSWER_SECONDS) as server:
            server.sendall(asked)
            answer = b""
            while len(answer) < _ANSWER_BYTES:
                piece = server.recv(64)
                if not piece:
                    return False
                answer += piece
        # A reply, its result (field 0) a list, and how many rows it has.
        result, rows = answer[18:21], int.from_bytes(answer[22:_ANSWER_BYTES], "big")
        return answer[:4] == b"\x80\x01\x00\x02" and result == b"\x0f\x00\x00" and rows == 1


def _text(field: int, value: bytes) -> bytes:
    """A field of text in Thrift's binary protocol."""
    return b"\x0b" + field.to_bytes(2, "big") + len(value).to_bytes(4, "big") + value


@contextmanager
def local_hadoop(*, hbase: bool = True) -> Iterator[Hadoop]:
    """Fresh servers for tests and benchmarks; they and their files go, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="muniment-hadoop-"))
    servers = Hadoop(folder)
    try:
        if hbase:
            servers.start_hbase()
        else:
            servers.start_hdfs()
        yield servers
    finally:
        for name in servers.processes.running():
            # Nothing is kept of them: they need not end in order.
            servers.processes.stop(name, kill=True)
        shutil.rmtree(folder, ignore_errors=True)
