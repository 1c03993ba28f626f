# SPDX-License-Identifier: Apache-2.0
"""The vault on HDFS: the contract, merging, writers and readers who were asleep, refusals."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from devservers.hadoop import Hadoop
from muniment.store.vault import (
    NoVaultError,
    ObjectMissingError,
    Vault,
    VaultError,
    hdfs_merging,
    open_vault,
)
from muniment.store.vault.hdfs import HdfsVault
from muniment.store.vault.hdfs_bundles import FAN_OUT
from tests.unit.store.vault.contract import BIG, Reopen, VaultContract, content
from toolchain.local_chain import free_port


@pytest.fixture
def vault(hdfs_url: str) -> HdfsVault:
    return HdfsVault(hdfs_url)


@pytest.fixture
def reopen(hdfs_url: str) -> Reopen:
    return lambda: open_vault(hdfs_url)


class TestHdfsVault(VaultContract):
    """The contract."""


def names(vault: HdfsVault, folder: str) -> list[str]:
    return vault._files.names(f"{vault._path}/{folder}")


def fill(vault: Vault, count: int, start: int = 0) -> dict[str, bytes]:
    """Put objects one by one, so that each is a bundle."""
    made = {f"obj/{number}": f"object {number}".encode() for number in range(start, start + count)}
    for name, data in made.items():
        assert vault.put_if_absent(name, data)
    return made


def contents(vault: Vault) -> dict[str, bytes]:
    return {name: content(vault, name) for name in vault.list()}


class TestMerging:
    def test_many_puts__become_few_files_and_all_is_there(
        self, vault: HdfsVault, reopen: Reopen
    ) -> None:
        vault.put_if_absent("big", BIG)
        wanted = fill(vault, 2 * FAN_OUT) | {"big": BIG}
        vault.delete("obj/3")
        del wanted["obj/3"]
        vault.replace("obj/4", b"other")
        wanted["obj/4"] = b"other"
        wanted |= fill(vault, FAN_OUT, 100)
        assert names(vault, "incoming") == []
        # Three groups are full; the last two wait for nobody to be about to take a number of them.
        assert len(names(vault, "log")) < 2 * FAN_OUT
        assert names(vault, "kept") == ["000000000000-000000000000"]
        assert contents(vault) == contents(reopen()) == wanted

    def test_what_is_put_together__is_one_file(self, vault: HdfsVault) -> None:
        vault.put_many([(f"tile/{number}", b"x" * 9000) for number in range(200)])
        assert len(names(vault, "log")) == 1
        assert len(contents(vault)) == 200

    @pytest.mark.parametrize("step", range(8))
    def test_stopped_at_any_step__nothing_is_lost_and_the_next_one_goes_on(
        self, vault: HdfsVault, reopen: Reopen, monkeypatch: pytest.MonkeyPatch, step: int
    ) -> None:
        """Of renames and removals while merging the nth and all after it do not happen."""
        vault.put_if_absent("big", BIG)
        wanted = fill(vault, 2 * FAN_OUT - 2) | {"big": BIG}
        done = itertools.count()
        real = {name: getattr(vault._files, name) for name in ("rename", "delete")}

        def dying(name: str) -> Callable[..., Any]:
            def act(*arguments: str) -> Any:
                # The first rename is the put's own.
                if next(done) > step:
                    raise VaultError("the process died here")
                return real[name](*arguments)

            return act

        with monkeypatch.context() as patch:
            for name in real:
                patch.setattr(vault._files, name, dying(name))
            wanted |= fill(vault, 1, 500)
        assert next(done) > step
        assert contents(reopen()) == wanted
        wanted |= fill(reopen(), FAN_OUT, 600)
        assert contents(reopen()) == wanted
        assert len(names(vault, "log")) < 2 * FAN_OUT


class TestAsleep:
    def test_writer__whose_number_was_merged_away_takes_another(
        self, vault: HdfsVault, hdfs_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sleeper = HdfsVault(hdfs_url)
        fill(sleeper, 5)
        awake = sleeper._log.refresh

        def asleep() -> None:
            # What was read before is the last that it knows, once.
            monkeypatch.setattr(sleeper._log, "refresh", awake)

        wanted = fill(vault, 3 * FAN_OUT, 50)
        assert "000000000005-000000000005" not in names(vault, "log")
        monkeypatch.setattr(sleeper._log, "refresh", asleep)
        assert sleeper.put_if_absent("obj/late", b"late")
        wanted |= {f"obj/{number}": f"object {number}".encode() for number in range(5)}
        wanted |= {"obj/late": b"late"}
        assert contents(HdfsVault(hdfs_url)) == contents(sleeper) == contents(vault) == wanted

    def test_reader__is_not_given_a_file_that_counts_for_nothing(
        self, vault: HdfsVault, hdfs_url: str
    ) -> None:
        wanted = fill(vault, 5)
        sleeper = HdfsVault(hdfs_url)
        sleeper.size("obj/2")
        before = sleeper._log._index["obj/2"]
        fill(vault, 3 * FAN_OUT, 50)
        # A late writer's, who has not seen yet that it does not count.
        upload = hdfs_merging.new_upload(vault._log)
        upload.write(b"something else, " * 100)
        upload.end([])
        upload.finish()
        assert upload.rename_to(f"{vault._path}/log/{before.file.partition('.')[0]}")
        assert sleeper._read(before, 0, 100) == wanted["obj/2"]

    def test_reader__of_what_another_deleted__is_told(
        self, vault: HdfsVault, reopen: Reopen
    ) -> None:
        fill(vault, 1)
        other = reopen()
        assert content(other, "obj/0") == b"object 0"
        vault.delete("obj/0")
        time.sleep(1.1)
        with pytest.raises(ObjectMissingError):
            other.size("obj/0")


class TestRefusals:
    def test_answer_to_the_rename_is_lost__is_put_once(
        self, vault: HdfsVault, reopen: Reopen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = vault._files.rename

        def lost(source: str, target: str) -> bool:
            real(source, target)
            # The client has asked again by itself, and was told that there is no source.
            return False

        with monkeypatch.context() as patch:
            patch.setattr(vault._files, "rename", lost)
            assert vault.put_if_absent("ab/1", b"x")
        assert not vault.put_if_absent("ab/1", b"x")
        assert contents(reopen()) == {"ab/1": b"x"}
        assert len(names(vault, "log")) == 1

    def test_another_users_folder__says_who_may_and_nothing_is_written(
        self, vault: HdfsVault, hdfs_url: str
    ) -> None:
        fill(vault, 2)
        code = (
            "import sys\n"
            "from muniment.store.vault import VaultError, open_vault\n"
            "try: open_vault(sys.argv[1]).put_if_absent('ab/1', b'x')\n"
            "except VaultError as error: print(error.diagnostics())\n"
        )
        answer = subprocess.run(
            [sys.executable, "-c", code, hdfs_url],
            env={**os.environ, "HADOOP_USER_NAME": "somebody"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "this user may not do that" in answer.stdout
        assert "HADOOP_USER_NAME" in answer.stdout
        assert "\tat " not in answer.stdout
        assert len(contents(vault)) == 2

    def test_folder_of_something_else__is_refused_and_left(
        self, vault: HdfsVault, hadoop: Hadoop
    ) -> None:
        vault._files.make_folder("/letters")
        vault._files.create("/letters/mine.txt", b"mine")
        with pytest.raises(VaultError, match="something else"):
            open_vault(f"{hadoop.hdfs_url}/letters")
        assert vault._files.names("/letters") == ["mine.txt"]

    def test_place_without_a_vault__is_refused_and_left(
        self, vault: HdfsVault, hadoop: Hadoop
    ) -> None:
        with pytest.raises(NoVaultError, match="no vault lies there"):
            open_vault(f"{hadoop.hdfs_url}/none", create=False)
        assert "none" not in vault._files.names("/")

    def test_nobody_listens__is_told_soon(self) -> None:
        began = time.monotonic()
        with pytest.raises(VaultError) as error:
            open_vault(f"hdfs://127.0.0.1:{free_port()}/vault")
        assert time.monotonic() - began < 20
        assert "Connection refused" in str(error.value)
        assert "check that they run" in error.value.diagnostics()

    def test_damaged_bundle__is_named(self, vault: HdfsVault, hdfs_url: str) -> None:
        vault._files.create(f"{vault._path}/log/000000000000-000000000000", b"no bundle" * 9)
        with pytest.raises(VaultError, match=r"000000000000-000000000000\S* is damaged"):
            list(HdfsVault(hdfs_url).list())

    def test_replication__is_as_the_url_says(self, hdfs_url: str) -> None:
        vault = HdfsVault(f"{hdfs_url}?replication=1")
        fill(vault, 1)
        path = vault._log.path(next(iter(vault._log.spans)))
        status = vault._files._call(path, lambda client: client.get_file_info(path))
        assert status.replication == 1
