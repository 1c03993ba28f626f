# SPDX-License-Identifier: Apache-2.0
"""The servers for development, as far as no server is needed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from devservers import configuration, jars
from devservers.__main__ import main
from devservers.errors import ServerEndedError, ServerError
from devservers.hadoop import Hadoop
from devservers.processes import Processes

FOLDER = Path(jars.__file__).resolve().parent
_SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(main, ["--dir", str(folder), *arguments])
    return answer.exit_code, answer.output


def test_nothing_runs__is_said(tmp_path: Path) -> None:
    assert run(tmp_path, "status") == (1, "none runs\n")
    assert run(tmp_path, "stop") == (0, "stopped: none was running\n")
    assert list(tmp_path.iterdir()) == []


def test_kind_that_is_none__is_refused(tmp_path: Path) -> None:
    code, said = run(tmp_path, "start", "--only", "hdfs,oracle")
    assert code == 2
    assert "'oracle' is none of hdfs, hbase, postgres" in said


def test_archives__are_pinned_and_no_file_names_a_registry() -> None:
    pom = ET.parse(FOLDER / "pom.xml")
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    properties = pom.find("m:properties", space)
    assert properties is not None
    versions = [each.text or "" for each in properties]
    assert len(versions) == 4
    assert all(re.fullmatch(r"\d+\.\d+\.\d+(-hadoop3)?", each) for each in versions)
    for path in FOLDER.iterdir():
        if path.is_file():
            hosts = set(re.findall(r"https?://([^/\s\"'{}]+)", path.read_text()))
            assert hosts <= {"maven.apache.org"}, path


@pytest.mark.parametrize(
    ("call", "package"), [(jars.java, "openjdk-17-jdk-headless"), (jars.archives, "maven")]
)
def test_program_that_is_missing__is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: object, package: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert callable(call)
    with pytest.raises(ServerError) as error:
        call()
    assert error.value.remedy == f"apt-get install {package}"


class TestProcesses:
    def test_started__is_known_by_others_and_ends(self, tmp_path: Path) -> None:
        processes, others = Processes(tmp_path), Processes(tmp_path)
        processes.start("sleeper", [*_SLEEP, str(tmp_path)])
        assert list(others.running()) == ["sleeper"]
        assert others.running() == processes.running()
        assert others.stop("sleeper", kill=True)
        assert processes.running() == {}
        assert not processes.stop("sleeper")

    def test_another_program_with_its_number__is_left_alone(self, tmp_path: Path) -> None:
        with subprocess.Popen(_SLEEP) as other:
            (tmp_path / "server.pid").write_text(f"{other.pid}\n")
            assert not Processes(tmp_path).stop("server", kill=True)
            assert other.poll() is None
            other.kill()

    def test_server_that_ends__is_said_with_its_log(self, tmp_path: Path) -> None:
        processes = Processes(tmp_path)
        processes.start("brief", [sys.executable, "-c", "print('why')", str(tmp_path)])
        with pytest.raises(ServerEndedError, match="brief ended") as error:
            processes.wait("brief", lambda: False)
        assert "why" in error.value.log.read_text()


def test_ports__are_chosen_once_and_below_those_the_system_hands_out(tmp_path: Path) -> None:
    ports = Hadoop(tmp_path).ports
    assert Hadoop(tmp_path).ports == ports
    assert len(set(ports.values())) == len(ports)
    assert all(20_000 <= port < 32_768 for port in ports.values())


def test_configuration__listens_on_loopback_alone(tmp_path: Path) -> None:
    ports = Hadoop(tmp_path).ports
    files = {
        "core-site.xml": configuration.core(tmp_path, ports),
        "hdfs-site.xml": configuration.hdfs(tmp_path, ports, 2, 0),
        "hbase-site.xml": configuration.hbase(tmp_path, ports, 0),
    }
    configuration.write(tmp_path / "conf", files)
    text = "".join((tmp_path / "conf" / name).read_text() for name in files)
    assert "0.0.0.0" not in text
    for name in files:
        values = {
            each.findtext("name"): each.findtext("value")
            for each in ET.parse(tmp_path / "conf" / name).getroot()
        }
        for key, value in values.items():
            if re.search(r"address|-host$|ipaddress|quorum", str(key)):
                assert str(value).partition(":")[0] == "127.0.0.1", key
