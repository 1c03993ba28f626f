# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Profiles that name wrong places, and files that cannot be written: what a command says."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from muniment.cli.file_trouble import trouble_with_file
from muniment.errors import InvalidInputError, StoreError
from muniment.record.identifiers import AgencyId, Lineage
from muniment.registry import AgencyProfile, ChainProfile, KeysProfile, Profile
from muniment.registry.session import make_stores
from muniment.store.keys import KeyStore, new_key_file
from tests.chain.command_line import answer
from tests.small_disks import SmallDisk, small_disk  # noqa: F401

HUSH = "hush"
"""A password, which nothing may show."""


def profile_in(folder: Path) -> Profile:
    return Profile(
        path=folder / "profile.toml",
        chain=ChainProfile(31337, ("http://127.0.0.1:1",), "0x" + "11" * 20),
        agency=AgencyProfile(1, "land-register"),
        keys=KeysProfile(
            f"sqlite:///{folder}/keys.db", folder / "root.json", key_file=folder / "key"
        ),
        database=f"sqlite:///{folder}/muniment.db",
        vault=str(folder / "vault"),
    )


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """The profile of an agency whose stores are there."""
    made = profile_in(tmp_path)
    new_key_file(tmp_path / "key")
    KeyStore.create(
        made.keys.store,
        made.keys.root,
        agency_id=AgencyId(1),
        lineage=Lineage(bytes(32)),
        key_file=made.keys.key_file,
    ).close()
    make_stores(made.database, made.vault)
    made.save()
    return made


DATABASE, VAULT, KEYS = ("outbox", "list"), ("type", "list"), ("keys", "list")


@pytest.mark.parametrize(
    ("entry", "value", "arguments", "code", "told"),
    [
        ("database", "garbage:hush", DATABASE, 2, "database is no URL"),
        ("database", "postgresql://a:hush@h:hush/n", DATABASE, 2, "database is no URL"),
        ("database", "postgresql://a:hush@h/n?sslmode=hush", DATABASE, 2, "one with 'sslmode'"),
        ("database", "sqlite:///FOLDER/none.db", DATABASE, 8, "none.db is not there"),
        ("database", "sqlite:///FOLDER/keys.db", DATABASE, 8, "another program's tables"),
        ("database", "sqlite:///FOLDER/profile.toml", DATABASE, 8, "no database of SQLite's"),
        ("vault", "ftp://a:hush@h/x", VAULT, 2, "scheme 'ftp'"),
        ("vault", "hdfs://a:hush@h:9000/x", VAULT, 2, "HADOOP_USER_NAME"),
        ("vault", "FOLDER/none", VAULT, 8, "no vault lies there"),
        ("vault", "FOLDER", VAULT, 8, "something else"),
        ("vault", "FOLDER/profile.toml", VAULT, 8, "Not a directory"),
        ("store", "mysql://a:hush@h/n", KEYS, 2, "key store is one of mysql"),
        ("store", "sqlite:///FOLDER/none.db", KEYS, 6, "No such file"),
        ("store", "sqlite:///FOLDER/muniment.db", KEYS, 6, "it is no key store"),
        ("root", "none.json", KEYS, 6, "No such file"),
        ("key_file", "none", KEYS, 6, "No such file"),
    ],
)
def test_wrong_place__is_told_and_nothing_is_made(
    profile: Profile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    entry: str,
    value: str,
    arguments: tuple[str, ...],
    code: int,
    told: str,
) -> None:
    lines = profile.path.read_text().splitlines()
    value = value.replace("FOLDER", str(tmp_path))
    changed = [f'{entry} = "{value}"' if each.startswith(f"{entry} =") else each for each in lines]
    assert changed != lines
    other = tmp_path / "other.toml"
    other.write_text("\n".join(changed))
    (tmp_path / "given").touch()
    before = sorted(tmp_path.rglob("*"))
    given = answer((*arguments, "--profile", str(other)), "", tmp_path, monkeypatch, capfd)
    assert (given.code, given.out) == (code, ""), given.err
    assert given.err.startswith("error: ")
    assert told in given.err
    assert "expected: " in given.err or "next: " in given.err
    assert HUSH not in given.err
    # A look into what is there leaves the log that SQLite keeps beside a file.
    left = {each for each in tmp_path.rglob("*") if not each.name.endswith(("-wal", "-shm"))}
    assert left == set(before)


@pytest.mark.parametrize(
    ("place", "told"),
    [("none/x.ndjson", "a folder that is there"), (".", "Is a directory")],
)
def test_report_that_cannot_be_written__is_told(
    profile: Profile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    place: str,
    told: str,
) -> None:
    (tmp_path / "map.toml").write_text(
        'record_type = "deed"\nsource_id = "{id}"\n'
        '[fields]\nholder = "holder"\n[sync]\ntable = "deed"\n'
    )
    given = answer(
        (
            *("sync", "sqlite:///deeds.db", "--map", str(tmp_path / "map.toml")),
            *("--report", str(tmp_path / place), "--profile", str(profile.path)),
        ),
        "",
        tmp_path,
        monkeypatch,
        capfd,
    )
    assert given.code == 2
    assert told in given.err


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StoreError, "make room"),
        (OSError(errno.EROFS, "Read-only", "a.json"), StoreError, "file a.json: Read-only"),
        (
            OSError(errno.EEXIST, "File exists", "/x/.a.tmp", None, "/x/a"),
            InvalidInputError,
            "/x/a",
        ),
        (OSError(errno.ENOENT, "No such file", "/x/.a.tmp"), InvalidInputError, "file in /x is"),
    ],
)
def test_trouble_with_a_file__says_what_to_do(
    error: OSError, kind: type[Exception], told: str
) -> None:
    found = trouble_with_file(error)
    assert isinstance(found, kind)
    assert told in found.diagnostics()
    assert "next: " in found.diagnostics()


def test_what_is_no_file__is_no_trouble_with_one() -> None:
    assert trouble_with_file(ConnectionRefusedError(errno.ECONNREFUSED, "refused")) is None


def test_profile_on_a_full_disk__stays_as_it_was(small_disk: SmallDisk) -> None:
    profile = profile_in(small_disk.folder)
    profile.save()
    profile.path.chmod(0o640)
    profile.save()
    before = profile.path.read_bytes()
    small_disk.fill()
    with pytest.raises(OSError, match="No space left"):
        profile.save()
    assert profile.path.read_bytes() == before
    assert profile.path.stat().st_mode & 0o777 == 0o640
    small_disk.empty()
    assert [each.name for each in small_disk.folder.iterdir()] == [profile.path.name]
