# SPDX-License-Identifier: Apache-2.0
"""The folder vault: the contract, and what a disk and a crash can do to it."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muniment.errors import InvalidInputError
from muniment.store.vault import FolderVault, NoVaultError, Vault, VaultError, open_vault
from tests.unit.store.vault.contract import BIG, Reopen, VaultContract, content


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def vault(folder: Path) -> Vault:
    return FolderVault(folder)


@pytest.fixture
def reopen(folder: Path) -> Reopen:
    return lambda: FolderVault(folder)


class TestFolderVault(VaultContract):
    """The contract."""


def everything(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class TestOpening:
    def test_url_and_path__are_the_same_place(self, tmp_path: Path) -> None:
        (tmp_path / "a b").mkdir()
        open_vault(str(tmp_path / "a b" / "vault")).put_if_absent("ab", b"x")
        assert content(open_vault(f"file://{tmp_path}/a%20b/vault"), "ab") == b"x"

    @pytest.mark.parametrize("url", ["", "ftp://host/x", "file://host/x", "file://"])
    def test_what_is_no_vault(self, url: str) -> None:
        with pytest.raises(InvalidInputError):
            open_vault(url)

    def test_folder_of_something_else__is_refused_and_left(self, tmp_path: Path) -> None:
        (tmp_path / "letters.txt").write_text("mine")
        with pytest.raises(VaultError, match="something else"):
            FolderVault(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]

    @pytest.mark.parametrize("is_mounted", [True, False])
    def test_place_without_a_vault__is_refused_and_left(
        self, tmp_path: Path, is_mounted: bool
    ) -> None:
        place = tmp_path / "mount"
        if is_mounted:
            place.mkdir()
        with pytest.raises(NoVaultError, match="no vault lies there"):
            open_vault(str(place), create=False)
        assert place.exists() == is_mounted
        assert list(tmp_path.rglob("*")) == [place] * is_mounted

    def test_vault_of_another_format__is_refused(self, vault: Vault, folder: Path) -> None:
        (folder / "MUNIMENT-VAULT").write_text("muniment/folder-vault/v9\n")
        with pytest.raises(VaultError):
            FolderVault(folder)

    def test_modes__are_private(self, vault: Vault, folder: Path) -> None:
        vault.put_if_absent("ab/1/0", b"x")
        for path in [folder, *folder.rglob("*")]:
            wanted = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path


class TestDiskFaults:
    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
    @pytest.mark.parametrize("call", ["open", "fsync", "link", "mkdir"])
    def test_any_call_fails__nothing_half_is_left_and_the_next_try_works(
        self, vault: Vault, folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
    ) -> None:
        vault.put_if_absent("zz/kept", b"kept")
        with monkeypatch.context() as patch:

            def refuse(*_: object, **__: object) -> None:
                raise OSError(code, os.strerror(code))

            patch.setattr(os, call, refuse)
            with pytest.raises(VaultError) as error:
                vault.put_if_absent("ab/1/0", BIG)
        assert os.strerror(code) in str(error.value)
        assert error.value.remedy
        assert [path.name for path in everything(folder)].count("0") == 0
        assert not list((folder / "incoming").iterdir())
        assert vault.put_if_absent("ab/1/0", BIG)
        assert list(vault.list()) == ["ab/1/0", "zz/kept"]

    def test_reading_fails_midway__names_the_object(self, vault: Vault, folder: Path) -> None:
        vault.put_if_absent("ab/1", BIG)
        (folder / "objects" / "ab" / "ab" / "1").unlink()
        # Reading this file of the system fails with EIO, as a bad sector does.
        (folder / "objects" / "ab" / "ab" / "1").symlink_to("/proc/self/mem")
        with vault.open("ab/1") as reader, pytest.raises(VaultError, match="ab/1"):
            reader.read(9)

    def test_disk_full_in_the_middle__with_a_real_limit(self, folder: Path) -> None:
        """The system itself refuses bytes past a limit, in another process."""
        FolderVault(folder).put_if_absent("ab/0", b"small")
        answer = _python(
            "import sys\n"
            "from muniment.store.vault import FolderVault, VaultError\n"
            "vault = FolderVault(sys.argv[1])\n"
            "try: vault.put_if_absent('ab/1', b'x' * 3_000_000)\n"
            "except VaultError as error: print(error.what)\n"
            "print(vault.put_if_absent('ab/2', b'fits'))\n",
            str(folder),
            before=_limit_files,
        )
        said, fits = answer.splitlines()
        assert os.strerror(errno.EFBIG) in said
        assert fits == "True"
        assert not list((folder / "incoming").iterdir())
        assert list(FolderVault(folder).list()) == ["ab/0", "ab/2"]

    def test_read_only_folder__reads_and_refuses_to_write(self, vault: Vault, folder: Path) -> None:
        vault.put_if_absent("ab/1", b"there")
        for path in [*folder.rglob("*"), folder, folder.parent]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        parent = folder.parent
        try:
            answer = _python(
                "import sys\n"
                "from muniment.store.vault import FolderVault, VaultError\n"
                "vault = FolderVault(sys.argv[1])\n"
                "print(vault.get_range('ab/1', 0, 9), list(vault.list()))\n"
                "for act in (lambda: vault.put_if_absent('ab/2', b'x'), "
                "lambda: vault.delete('ab/1')):\n"
                "    try: act()\n"
                "    except VaultError as error: print(error.what)\n",
                str(folder),
                without=("dac_override", "dac_read_search"),
            )
        finally:
            for path in [parent, folder, *folder.rglob("*")]:
                path.chmod(0o700 if path.is_dir() else 0o600)
        read, put, delete = answer.splitlines()
        assert read == "b'there' ['ab/1']"
        assert "Permission denied" in put
        assert "Permission denied" in delete
        assert content(vault, "ab/1") == b"there"


class TestCrashes:
    def test_killed_in_the_middle__objects_are_whole_or_not_there(self, folder: Path) -> None:
        code = (
            "import sys\n"
            "from muniment.store.vault import FolderVault\n"
            "vault = FolderVault(sys.argv[1])\n"
            "number = int(sys.argv[2])\n"
            "while True:\n"
            "    data = (str(number) + ',').encode() * 200_000\n"
            "    vault.put_if_absent(f'obj/{number}', data)\n"
            "    print(number, flush=True)\n"
            "    number += 1\n"
        )
        acknowledged = -1
        for attempt in range(6):
            command = [sys.executable, "-c", code, str(folder), str(acknowledged + 1)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                acknowledged = int(process.stdout.readline())
                time.sleep(0.003 * attempt)
                process.send_signal(signal.SIGKILL)
                for line in process.stdout:
                    acknowledged = int(line) if line.endswith("\n") else acknowledged
            vault = FolderVault(folder)
            numbers = sorted(int(name.partition("/")[2]) for name in vault.list())
            assert numbers[: acknowledged + 1] == list(range(acknowledged + 1))
            assert len(numbers) <= acknowledged + 2
            for number in numbers:
                assert content(vault, f"obj/{number}") == f"{number},".encode() * 200_000

    def test_leftovers__go_when_old_and_owned_by_nobody(self, vault: Vault, folder: Path) -> None:
        incoming = folder / "incoming"
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        host = _host(vault, incoming)
        names = {
            "old and dead": f"{host}-{dead.pid}-aa",
            "old and of another machine": "elsewhere-1-aa",
            "old and alive": f"{host}-{os.getpid()}-aa",
            "young and dead": f"{host}-{dead.pid}-bb",
        }
        for what, name in names.items():
            (incoming / name).write_bytes(b"half")
            if what.startswith("old"):
                os.utime(incoming / name, (time.time() - 3700,) * 2)
        FolderVault(folder)
        left = {path.name for path in incoming.iterdir()}
        assert left == {names["old and alive"], names["young and dead"]}

    def test_marker__comes_last(self, folder: Path) -> None:
        """What making it left half-done is made whole by the next opening."""
        (folder / "objects").mkdir(parents=True)
        FolderVault(folder).put_if_absent("ab", b"x")
        assert (folder / "MUNIMENT-VAULT").exists()

    def test_put_returns__only_after_object_and_folders_are_synced(
        self, vault: Vault, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced = []
        real = os.fsync

        def note(descriptor: int) -> None:
            synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
            real(descriptor)

        monkeypatch.setattr(os, "fsync", note)
        vault.put_if_absent("ab/1/0", b"x")
        objects = folder / "objects"
        assert synced[0].parent == folder / "incoming"
        assert set(synced[1:]) == {objects, objects / "ab", objects / "ab/ab", objects / "ab/ab/1"}


def _host(vault: Vault, incoming: Path) -> str:
    seen: list[str] = []
    vault.put_if_absent("zz", lambda _: seen.extend(path.name for path in incoming.iterdir()))
    return seen[0].partition("-")[0]


def _python(
    code: str,
    *arguments: str,
    before: Callable[[], Any] | None = None,
    without: tuple[str, ...] = (),
) -> str:
    """What a program prints that runs in a process of its own, `without` some of root's powers."""
    command = [sys.executable, "-c", code, *arguments]
    if without and os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write anywhere, and there is no setpriv to prevent it")
        bounds = ",".join(f"-{power}" for power in without)
        command = ["setpriv", f"--bounding-set={bounds}", *command]
    answer = subprocess.run(command, capture_output=True, text=True, preexec_fn=before, check=True)
    return answer.stdout


def _limit_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
