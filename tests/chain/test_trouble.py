# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Disks that are full, and keystores that do not open, in the middle of commands."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
from eth_account import Account

from muniment.cli import importing
from muniment.registry.profile import Profile
from muniment.registry.session import address_in
from tests.chain.agency import PASSWORD, opened, sealer  # noqa: F401
from tests.chain.command_line import Muniment, muniment  # noqa: F401
from tests.chain.conftest import World
from tests.chain.test_journal_commands import command, imported, rows_of  # noqa: F401
from tests.chain.test_processes import until
from tests.small_disks import SmallDisk, small_disk  # noqa: F401


class TestFullDisk:
    """Database and vault lie on a small disk."""

    @pytest.fixture
    def vault_url(self, small_disk: SmallDisk) -> str:
        return str(small_disk.folder / "vault")

    @pytest.fixture
    def database_url(self, small_disk: SmallDisk) -> str:
        return f"sqlite:///{small_disk.folder}/muniment.db"

    def test_import__is_told_and_the_same_command_goes_on(
        self, command: Muniment, small_disk: SmallDisk, tmp_path: Path
    ) -> None:
        assert imported(command, tmp_path, rows_of(3)).code == 0
        told = []
        # Nothing can be opened; some of it can be done, and perhaps all of it.
        for left in (0, 48 << 10, 160 << 10):
            small_disk.fill(but=left)
            answer = imported(command, tmp_path, rows_of(10 + left // 4096))
            small_disk.empty()
            assert "Traceback" not in answer.err
            assert answer.code in (0, 8), answer.err
            told.append("make room" in answer.err)
        assert told[0]
        # A lease that could not be given back runs out.
        until(lambda: imported(command, tmp_path, rows_of(60)).code == 0, 120)
        status = command("journal", "status", "--json").json
        assert (status["acknowledged"], status["provable"]) == (60, 60)
        checked = command("fsck")
        assert checked.code == 0, checked.out


def test_outputs_that_cannot_be_written__are_told(command: Muniment, tmp_path: Path) -> None:
    assert imported(command, tmp_path, rows_of(1)).code == 0
    there = tmp_path / "there.svg"
    for place, code, told in (
        (tmp_path / "none" / "life.svg", 2, "a folder that is there"),
        (there, 0, "bytes"),
        (there, 2, "there.svg is not to be used: File exists"),
    ):
        answer = command("trace", "0", "--svg", "-o", str(place))
        assert (answer.code, told in answer.err) == (code, True), answer.err


@pytest.mark.parametrize(
    ("option", "wrong", "code"),
    [
        ("--database", "postgresql://muniment@127.0.0.1:1/muniment", 8),
        ("--database", "sqlite:////none/muniment.db", 8),
        ("--vault", "ftp://127.0.0.1/muniment", 2),
    ],
)
def test_init_with_a_wrong_place__leaves_nothing_in_the_way_of_the_right_one(
    muniment: Muniment, tmp_path: Path, world: World, option: str, wrong: str, code: int
) -> None:
    chain = ("--rpc", world.connection.url, "--registry", world.registries.records.address)
    folder = tmp_path / "new"
    given = (*chain, "--finality-depth", "0", "--agency", "1", "--folder", str(folder))
    given = (*given, "--new-officer", "--key-file")
    refused = muniment("init", *given, option, wrong)
    assert refused.code == code, refused.err
    assert {each.name for each in folder.iterdir()} <= {"muniment.db"}
    done = muniment("init", *given)
    assert done.code == 0, done.err
    assert Profile.load(folder / "muniment.toml").trust == folder / "trust.toml"


def test_profile_that_cannot_be_written__opens_no_journal(
    muniment: Muniment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystore = sealer(tmp_path)
    added = muniment("agency", "add", "operator", address_in(keystore), role="agency_admin")
    assert added.code == 0, added.err
    opening = ("journal", "open", "--sealer", str(keystore))
    written = Profile.save

    def read_only(profile: Profile) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(profile.path))

    monkeypatch.setattr(Profile, "save", read_only)
    refused = muniment(*opening, role="agency_admin")
    assert (refused.code, "profile.toml" in refused.err) == (8, True), refused.err
    monkeypatch.setattr(Profile, "save", written)
    done = muniment(*opening, role="agency_admin")
    assert (done.code, "journal 1;" in done.err) == (0, True), done.err


@pytest.mark.parametrize("large", [50_000, 0], ids=["by_a_thread", "by_a_process"])
def test_sealer_s_keystore_that_does_not_open__ends_the_wait(
    command: Muniment, tmp_path: Path, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_LARGE", large)
    keystore = sealer(tmp_path)
    whole = keystore.read_text()
    key = Account.decrypt(json.loads(whole), PASSWORD)
    keystore.write_text(json.dumps(Account.encrypt(key, "another", kdf="pbkdf2", iterations=9)))
    answer = imported(command, tmp_path, rows_of(2))
    assert (answer.code, "does not open it" in answer.err) == (6, True), answer.err
    # What was registered is kept, and sealed as soon as somebody can.
    keystore.write_text(whole)
    assert imported(command, tmp_path, rows_of(2)).code == 0
    assert command("journal", "status", "--json").json["provable"] == 2
