# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""A database that cannot be used says why, and nothing is half written."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment.errors import InvalidInputError, StoreError
from muniment.store import database as database_module
from muniment.store.database import (
    Database,
    DatabaseLockedError,
    DatabaseReadOnlyError,
    DatabaseUnreachableError,
    DiskFullError,
)
from muniment.store.keys.tables import connect
from muniment.store.leases import TTL_SECONDS, Lease, LeaseLostError, held, holder_of
from muniment.store.rows import is_intact, with_digest
from muniment.store.tables import leases, mirror
from tests.small_disks import SmallDisk, small_disk  # noqa: F401


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/muniment.db"


def test_locked__is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.1)
    with Database.open(url(tmp_path)) as database:
        other = sqlite3.connect(tmp_path / "muniment.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLockedError, match="locked by another"), database.write():
            pass
        other.execute("ROLLBACK")
        other.close()
        with database.write():
            pass


def test_full_disk__is_said_and_rolled_back(tmp_path: Path) -> None:
    with Database.open(url(tmp_path)) as database:

        def fill() -> None:
            with database.write() as connection:
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
                connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
                for number in range(2000):
                    row = {"name": f"{number}" * 99, "holder": "b", "token": 1, "expires_ms": 2}
                    connection.execute(sa.insert(leases).values(with_digest(leases, row)))

        with pytest.raises(DiskFullError, match="disk is full"):
            fill()
        with database.read() as connection:
            assert connection.execute(sa.select(leases)).all() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_read_only_folder__is_said(tmp_path: Path) -> None:
    Database.open(url(tmp_path)).close()
    tmp_path.chmod(0o500)
    try:
        with pytest.raises((DatabaseReadOnlyError, DatabaseUnreachableError)):
            Database.open(url(tmp_path))
    finally:
        tmp_path.chmod(0o700)


def test_read_only_file__is_said(tmp_path: Path) -> None:
    with Database.open(url(tmp_path)) as database:
        with database.read() as connection:
            connection.execute(sa.select(leases)).all()

        def change() -> None:
            with database.write() as connection:
                connection.exec_driver_sql("PRAGMA query_only=ON")
                connection.execute(sa.delete(leases))

        with pytest.raises(DatabaseReadOnlyError, match="cannot be written"):
            change()


@pytest.mark.parametrize("field", ["database", "key store"])
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("", "no URL"),
        ("muniment.db", "no URL"),
        ("sqlite", "no URL"),
        ("postgresql://ann:hush@127.0.0.1:hush/name", "no URL"),
        ("mysql://ann:hush@host/name", "one of mysql"),
        ("sqlite://", "in memory, which keeps nothing"),
        ("sqlite:///:memory:", "in memory, which keeps nothing"),
        ("sqlite:///name.db?mode=hush", "one with 'mode'"),
        ("postgresql://ann@host/name?password=hush&sslmode=hush", "one with 'password', 'sslmode'"),
    ],
)
def test_wrong_url__names_the_field_and_shows_no_secret(field: str, wrong: str, told: str) -> None:
    opening = Database.open if field == "database" else connect
    with pytest.raises(InvalidInputError, match=f"{field} is .*{told}") as error:
        opening(wrong)
    assert "hush" not in error.value.diagnostics()


def test_file__is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "muniment.db"
    with Database.open(f"sqlite:///{path}") as database, database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE more (a)")
        assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}
    path.chmod(0o640)
    with Database.open(f"sqlite:///{path}"):
        assert path.stat().st_mode & 0o777 == 0o640


def test_database_that_is_not_there__is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachableError, match="is not there") as error:
        Database.open(url(tmp_path), create=False)
    assert "muniment rebuild" in error.value.diagnostics()
    assert list(tmp_path.iterdir()) == []


def test_no_database_file__is_said(tmp_path: Path) -> None:
    (tmp_path / "muniment.db").write_bytes(b"this is a letter and no database" * 100)
    with pytest.raises(StoreError, match="no database of SQLite's"):
        Database.open(url(tmp_path))


def test_folder_that_is_not_there__is_said(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachableError, match="cannot be opened") as error:
        Database.open(url(tmp_path / "nowhere"))
    assert "check the path" in error.value.diagnostics()


def test_driver_that_is_not_installed__is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pg8000", None)
    for opening in (Database.open, connect):
        with pytest.raises(InvalidInputError, match="pg8000") as error:
            opening("postgresql://muniment@127.0.0.1/muniment")
        assert "pip install 'muniment[postgres]'" in error.value.diagnostics()


def test_full_file_system__is_said_and_what_was_written_stays(small_disk: SmallDisk) -> None:
    with Database.open(url(small_disk.folder)) as database:
        done = 0

        def fill() -> None:
            nonlocal done
            for number in range(99):
                with database.write() as connection:
                    row = {"name": f"{number}" * 99_999, "holder": "b", "token": 1, "expires_ms": 2}
                    connection.execute(sa.insert(leases).values(with_digest(leases, row)))
                done += 1

        with pytest.raises(DiskFullError, match="disk is full") as error:
            fill()
        assert "make room" in error.value.diagnostics()
        with database.read() as connection:
            assert len(connection.execute(sa.select(leases.c.token)).all()) == done > 0


def test_read_only_file_system__is_said(small_disk: SmallDisk) -> None:
    Database.open(url(small_disk.folder)).close()
    small_disk.forbid_writing()
    with pytest.raises((DatabaseReadOnlyError, DatabaseUnreachableError)) as error:
        Database.open(url(small_disk.folder))
    said = error.value.diagnostics()
    assert "check owner, mode and mount" in said or "its disk is not read-only" in said


def test_lease__is_one_process_s_until_it_runs_out(tmp_path: Path) -> None:
    with Database.open(url(tmp_path)) as database:
        first = Lease.acquire(database, "index", holder="first")
        assert first is not None
        assert Lease.acquire(database, "index", holder="second") is None
        assert (holder_of(database, "index") or "").startswith("first")
        time.sleep(TTL_SECONDS + 0.1)
        second = Lease.acquire(database, "index", holder="second")
        assert second is not None
        assert second.token == first.token + 1
        with pytest.raises(LeaseLostError), database.write() as connection:
            first.require(connection)
        with database.write() as connection:
            second.require(connection)


def test_lease__is_kept_and_given_back(tmp_path: Path) -> None:
    with Database.open(url(tmp_path)) as database:
        with held(database, "index"):
            time.sleep(TTL_SECONDS + 0.5)
            assert Lease.acquire(database, "index") is None
        assert Lease.acquire(database, "index") is not None


def test_row_digest__depends_on_each_value() -> None:
    row = with_digest(leases, {"name": "a", "holder": "b", "token": 1, "expires_ms": 2})
    assert is_intact(leases, row)
    for name, other in (("name", "c"), ("holder", "1"), ("token", True), ("expires_ms", "2")):
        assert not is_intact(leases, {**row, name: other})
    assert not is_intact(leases, {**row, "name": "ab", "holder": ""})
    with pytest.raises(KeyError):
        with_digest(mirror, {})
