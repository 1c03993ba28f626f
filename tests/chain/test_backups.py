# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Backups, apart; and that what was destroyed does not come back with one."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment.errors import ErasedError, InvalidInputError, KeystoreError, UnreachableError
from muniment.record.identifiers import RecordId
from muniment.registry import Profile, Registry, Stage
from muniment.registry.backups import databases
from muniment.registry.backups.making import make_backup
from muniment.registry.backups.manifest import (
    NAME,
    BackupError,
    BackupKind,
    Manifest,
    digest_of,
)
from muniment.registry.backups.restoring import restore_backup
from muniment.registry.checking import check
from muniment.registry.disposition.certificate import Certificate
from muniment.registry.exchange.keeping import file_name
from muniment.registry.profile import BackupsProfile
from muniment.store import backup_rows, envelopes
from muniment.store.envelopes import EnvelopeRow
from muniment.store.tables import versions
from tests.chain.agency import PASSWORD, Open, opened  # noqa: F401
from tests.chain.command_line import Muniment, content, muniment  # noqa: F401
from tests.chain.conftest import World
from tests.chain.test_destruction import copied
from tests.chain.test_disposition import later, registered
from tests.chain.test_journals import Officers, imported, officer, seal, write  # noqa: F401

DAY_MS = 86_400_000


def backed_up(registry: Registry, kind: BackupKind, folder: Path, days: int = 7) -> Path:
    make_backup(registry.session, kind, folder, keep_days=days)
    return folder


def disposed_of(registrar: Registry, steward: Registry, ids: list[RecordId], world: World) -> None:
    registrar.wait(registrar.disposition.propose(ids, "schedule 4").submissions)
    confirmed = steward.disposition.confirm(ids)
    assert confirmed.stops == ()
    steward.wait(confirmed.submissions)
    world.connection.request("anvil_mine", ["0x3"])
    steward.wait(confirmed.submissions, Stage.FINAL)
    registrar.sync()


def reopened(profile: Profile) -> Registry:
    return Registry.open(profile, password=PASSWORD)


def test_last_weeks_backup_opened_by_hand__does_not_give_the_secret_back(
    opened: Open, world: World, tmp_path: Path
) -> None:
    """Skipping the tool: a copy of the store, and the root file of today."""
    registrar, steward = opened("registrar"), opened("steward")
    gone, kept = registered(registrar, 2)
    backup = backed_up(registrar, BackupKind.KEYS, tmp_path / "elsewhere" / "keys")
    [copy] = [each for each in backup.iterdir() if each.name != NAME]
    later(world)
    disposed_of(registrar, steward, [gone], world)
    session = registrar.session
    with pytest.raises(ErasedError):
        session.keys.secret(gone, 1)
    # Until the wrapping epoch is dropped, whoever has that copy and the root file reads it.
    with contextlib.closing(session.keys_at(f"sqlite:///{copy}")) as before:
        assert len(before.secret(gone, 1)) == 32
    first = session.keys.begin_epoch() - 1
    list(session.keys.rewrap())
    session.keys.drop_epoch(first)
    with contextlib.closing(session.keys_at(f"sqlite:///{copy}")) as after:
        for record_id in (gone, kept):
            with pytest.raises(KeystoreError, match="lacks the key of epoch 1"):
                after.secret(record_id, 1)
    # What was not destroyed is read as before.
    assert registrar.content(kept).fields["parcel"] == "1/7"
    with pytest.raises(KeystoreError, match="lacks the key of epoch 1"):
        restore_backup(session, BackupKind.KEYS, backup, replace=True)
    assert registrar.content(kept).fields["parcel"] == "1/7"


def test_keys_restored__what_was_disposed_of_since_is_destroyed_again(
    officer: Officers, world: World, tmp_path: Path
) -> None:
    registrar, steward = officer("registrar"), officer("steward")
    imported(registrar, write(tmp_path, 6))
    seal(registrar)
    direct, other = registered(registrar, 2)
    entry, neighbour = registrar.record_id("3"), registrar.record_id("4")
    backup = backed_up(registrar, BackupKind.KEYS, tmp_path / "elsewhere" / "keys")
    later(world)
    disposed_of(registrar, steward, [direct, entry], world)
    profile = registrar.session.profile
    for each in (registrar, steward):
        each.close()

    store = Path(profile.keys.store.removeprefix("sqlite:///"))
    with reopened(profile) as registry:
        with pytest.raises(BackupError, match="live store"):
            restore_backup(registry.session, BackupKind.KEYS, backup)
        away = replace(profile, chain=replace(profile.chain, urls=("http://127.0.0.1:9",)))
    with reopened(away) as registry, pytest.raises(UnreachableError):
        restore_backup(registry.session, BackupKind.KEYS, backup, replace=True)
    for lost in (False, True):
        if lost:
            for each in store.parent.glob("keys.db*"):
                each.unlink()
        with reopened(profile) as registry:
            done = restore_backup(registry.session, BackupKind.KEYS, backup, replace=not lost)
            assert done.destroyed == 2
            for record_id in (direct, entry):
                with pytest.raises(ErasedError):
                    registry.content(record_id)
                with pytest.raises(ErasedError):
                    registry.session.keys.secret(record_id, 1)
            assert registry.session.keys.journal_secret(1, 3) is None
            assert registry.content(other).fields["parcel"] == "1/7"
            assert registry.content(neighbour).fields["parcel"] == "4/7"
            assert list(check(registry.session)) == []
    assert sorted(each.name for each in store.parent.glob(".keys*")) == []


def test_keys_in_use__nothing_is_replaced(opened: Open, tmp_path: Path) -> None:
    registrar = opened("registrar")
    [record_id] = registered(registrar, 1)
    backup = backed_up(registrar, BackupKind.KEYS, tmp_path / "elsewhere" / "keys")
    registered(registrar, 1, "later")
    other = reopened(registrar.session.profile)
    with pytest.raises(BackupError, match="in use"):
        restore_backup(other.session, BackupKind.KEYS, backup, replace=True)
    other.close()
    assert registrar.content(record_id).fields["parcel"] == "0/7"
    assert registrar.content(registrar.record_id("later0")).fields["parcel"] == "0/7"


def test_database_restored__it_is_as_it_was_and_what_was_erased_since_goes_again(
    opened: Open, world: World, tmp_path: Path
) -> None:
    registrar, steward = opened("registrar"), opened("steward")
    gone, kept = registered(registrar, 2)
    backup = backed_up(registrar, BackupKind.DATABASE, tmp_path / "database")
    later(world)
    disposed_of(registrar, steward, [gone], world)
    registered(registrar, 1, "later")
    profile = registrar.session.profile
    if registrar.session.database.is_sqlite:
        # Of its own: those who have the other open keep it from being replaced.
        with reopened(profile) as registry, pytest.raises(BackupError, match="in use"):
            restore_backup(registry.session, BackupKind.DATABASE, backup, replace=True)
        profile = copied(profile, tmp_path / "own")
    with reopened(profile) as registry, pytest.raises(BackupError, match="live store"):
        restore_backup(registry.session, BackupKind.DATABASE, backup)
    with reopened(profile) as registry:
        restore_backup(registry.session, BackupKind.DATABASE, backup, replace=True)
    with reopened(profile) as registry:
        named = sa.select(versions.c.source_id).where(versions.c.record_id == gone)
        with registry.session.database.read() as connection:
            assert connection.execute(named).scalar() == "d0"
        registry.sync()
        with registry.session.database.read() as connection:
            assert connection.execute(named).scalar() is None
        assert registry.content(kept).fields["parcel"] == "1/7"
        # What was registered since is on chain and in the vault: rebuild makes it anew.
        assert any(each.is_of_database for each in check(registry.session))


def test_vault__new_objects_alone_are_copied_and_an_interrupted_copy_goes_on(
    opened: Open, tmp_path: Path
) -> None:
    registrar = opened("registrar")
    first, second = registered(registrar, 2)
    session, target = registrar.session, tmp_path / "copies" / "vault"
    made = make_backup(session, BackupKind.VAULT, target, keep_days=7)
    assert made.copied == made.files == len(list(session.vault.list()))
    again = make_backup(session, BackupKind.VAULT, target, keep_days=7)
    assert (again.copied, again.files) == (0, made.files)
    [third] = registered(registrar, 1, "later")
    # As if it had been killed before it wrote the manifest of what it had copied.
    manifest = (target / NAME).read_bytes()
    make_backup(session, BackupKind.VAULT, target, keep_days=7)
    (target / NAME).write_bytes(manifest)
    resumed = make_backup(session, BackupKind.VAULT, target, keep_days=7)
    assert (resumed.copied, resumed.files) == (1, made.files + 1)

    profile = replace(session.profile, vault=str(tmp_path / "new-vault"))
    with reopened(profile) as registry:
        done = restore_backup(registry.session, BackupKind.VAULT, target)
        assert (done.files, done.there) == (resumed.files, 0)
        for record_id in (first, second, third):
            assert registry.content(record_id).fields["parcel"]
        done = restore_backup(registry.session, BackupKind.VAULT, target)
        assert (done.files, done.there) == (0, resumed.files)
    objects = [each for each in (target / "vault" / "objects").rglob("*") if each.is_file()]
    whole = objects[0].read_bytes()
    for damaged in (whole[:-1], whole + b"x", whole[:-1] + bytes([whole[-1] ^ 1])):
        objects[0].chmod(0o600)
        objects[0].write_bytes(damaged)
        empty = replace(session.profile, vault=str(tmp_path / "another-vault"))
        with reopened(empty) as registry, pytest.raises(BackupError, match="damaged"):
            restore_backup(registry.session, BackupKind.VAULT, target)
    objects[0].unlink()
    with reopened(empty) as registry, pytest.raises(BackupError, match="lacks"):
        restore_backup(registry.session, BackupKind.VAULT, target)


def test_envelope_that_was_dropped__goes_from_the_copy_too(opened: Open, tmp_path: Path) -> None:
    session = opened("registrar").session
    target = tmp_path / "copies" / "vault"
    name = file_name(b"\7" * 32)
    session.vault.put_if_absent(name, b"an envelope")
    row = EnvelopeRow(b"\7" * 32, "received", "custody", 2, bytes(32), 1, bytes(80), True, 1, 1)
    with session.database.write() as connection:
        envelopes.add(connection, row)
    make_backup(session, BackupKind.VAULT, target, keep_days=7)
    copy = Manifest.read(target)
    assert copy is not None
    assert name in copy.files
    # Lost here, it stays in the copy; dropped on purpose, it goes.
    session.vault.delete(name)
    make_backup(session, BackupKind.VAULT, target, keep_days=7)
    copy = Manifest.read(target)
    assert copy is not None
    assert name in copy.files
    with session.database.write() as connection:
        envelopes.drop_file(connection, row.digest)
    make_backup(session, BackupKind.VAULT, target, keep_days=7)
    copy = Manifest.read(target)
    assert copy is not None
    assert name not in copy.files
    assert not [each for each in target.rglob("*") if row.digest.hex() in each.name]


def test_keys_that_are_damaged_inside__replace_nothing(opened: Open, tmp_path: Path) -> None:
    """The manifest fits the file; a row of it is not what was written."""
    registrar = opened("registrar")
    [record_id] = registered(registrar, 1)
    backup = backed_up(registrar, BackupKind.KEYS, tmp_path / "elsewhere" / "keys")
    manifest = Manifest.read(backup)
    assert manifest is not None
    [name] = manifest.files
    with contextlib.closing(sqlite3.connect(backup / name)) as copy:
        copy.execute("UPDATE version_secrets SET version = 2")
        copy.commit()
    replace(manifest, files={name: digest_of(backup / name)}).write(backup)
    profile = copied(registrar.session.profile, tmp_path / "own")
    store = Path(profile.keys.store.removeprefix("sqlite:///"))
    before = store.read_bytes()
    with reopened(profile) as registry, pytest.raises(BackupError, match="does not authenticate"):
        restore_backup(registry.session, BackupKind.KEYS, backup, replace=True)
    assert store.read_bytes() == before
    assert [each.name for each in store.parent.glob(".keys*")] == []
    with reopened(profile) as registry:
        assert registry.content(record_id).fields["parcel"] == "0/7"


def test_places__are_kept_apart_and_nothing_else_is_overwritten(
    opened: Open, tmp_path: Path
) -> None:
    registrar = opened("registrar")
    session = registrar.session
    place = tmp_path / "copies"
    backed_up(registrar, BackupKind.DATABASE, place / "database")
    backed_up(registrar, BackupKind.VAULT, place / "vault")
    with pytest.raises(BackupError, match="lies beside it"):
        make_backup(session, BackupKind.KEYS, place / "keys", keep_days=7)
    keys = backed_up(registrar, BackupKind.KEYS, tmp_path / "safe" / "keys")
    with pytest.raises(BackupError, match="lies beside it"):
        make_backup(session, BackupKind.VAULT, tmp_path / "safe" / "vault", keep_days=7)
    with pytest.raises(BackupError, match="one of the keys"):
        make_backup(session, BackupKind.DATABASE, keys, keep_days=7)
    with pytest.raises(BackupError, match="one of the keys"):
        restore_backup(session, BackupKind.DATABASE, keys, replace=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Dear")
    with pytest.raises(BackupError, match="something else"):
        make_backup(session, BackupKind.DATABASE, tmp_path / "mine", keep_days=7)
    with pytest.raises(InvalidInputError, match="keep-days"):
        make_backup(session, BackupKind.DATABASE, place / "database")
    with pytest.raises(BackupError, match="no backup"):
        restore_backup(session, BackupKind.DATABASE, tmp_path / "mine")
    # The next one takes the place of the one before: no copy is left that nobody knows.
    again = backed_up(registrar, BackupKind.KEYS, keys)
    assert len(list(again.iterdir())) == 2
    [copy] = [each for each in again.iterdir() if each.name != NAME]
    whole = copy.read_bytes()
    assert oct(copy.stat().st_mode & 0o777) == "0o600"
    copy.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    with pytest.raises(BackupError, match="is damaged"):
        restore_backup(session, BackupKind.KEYS, keys, replace=True)
    manifest = (keys / NAME).read_bytes()
    (keys / NAME).write_bytes(manifest.replace(b'"agency":1', b'"agency":2'))
    with pytest.raises(BackupError, match="agency 2"):
        restore_backup(session, BackupKind.KEYS, keys, replace=True)
    (keys / NAME).write_bytes(manifest[:-1])
    with pytest.raises(BackupError, match="manifest is damaged"):
        restore_backup(session, BackupKind.KEYS, keys, replace=True)


def test_copy_of_one_moment__while_others_write(opened: Open, tmp_path: Path) -> None:
    registrar = opened("registrar")
    registered(registrar, 5)
    if not registrar.session.database.is_sqlite:
        pytest.skip("a copy of PostgreSQL is no file that opens")
    with registrar.session.database.write() as connection:
        # Not committed: no copy has it.
        connection.execute(sa.delete(versions))
        backup = tmp_path / "copy.db"
        databases.copy_out(registrar.session.profile.database, backup)
        connection.rollback()
    with contextlib.closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("SELECT count(*) FROM versions").fetchone() == (5,)


def test_certificate__names_when_the_last_backup_dies(
    opened: Open, world: World, tmp_path: Path
) -> None:
    admin, registrar, steward = opened("agency_admin"), opened("registrar"), opened("steward")
    admin.wait(admin.publish_keys())
    [gone] = registered(registrar, 1)
    for days, name in ((14, "long"), (3, "short")):
        backed_up(registrar, BackupKind.KEYS, tmp_path / name / "keys", days)
    backed_up(registrar, BackupKind.DATABASE, tmp_path / "database", 999)
    later(world)
    disposed_of(registrar, steward, [gone], world)
    backed_up(registrar, BackupKind.KEYS, tmp_path / "after" / "keys", 99)
    with registrar.session.database.read() as connection:
        rows = backup_rows.known(connection, "keys")
    assert [row.epochs for row in rows] == [(1,)] * 3
    made = Certificate.from_bytes(registrar.disposition.certificate(gone, with_evidence=False))
    expected = -(-rows[0].dies_ms // 1000)
    assert made.backups.last_dies_at is not None
    if made.destroyed[0].time * 1000 + 999 < rows[2].made_ms:
        assert (made.backups.known, made.backups.last_dies_at) == (2, expected)
    # Whoever makes backups by other means says in the profile how long they are kept.
    profile = replace(registrar.session.profile, backups=BackupsProfile(400))
    with reopened(profile) as registry:
        said = Certificate.from_bytes(registry.disposition.certificate(gone, with_evidence=False))
    assert said.backups.keep_days == 400
    assert said.backups.last_dies_at == said.destroyed[0].time + 400 * 86_400
    keys = registrar.session.keys
    keys.begin_epoch()
    list(keys.rewrap())
    keys.drop_epoch(1)
    dropped = Certificate.from_bytes(registrar.disposition.certificate(gone, with_evidence=False))
    assert dropped.backups.last_dies_at is None
    assert dropped.destroyed[0].is_dropped


def test_commands(muniment: Muniment, tmp_path: Path) -> None:
    muniment("register", "land-deed", content(tmp_path), "--source-id", "1")
    safe = str(tmp_path / "safe" / "keys")
    made = muniment("backup", "keys", safe, "--keep-days", "14", "--json")
    assert (made.code, made.json["files"]) == (0, 1)
    assert muniment("backup", "keys", safe).code == 2
    vault = str(tmp_path / "copies" / "vault")
    assert muniment("backup", "vault", vault, "--keep-days", "14").code == 0
    assert muniment("restore", "keys", safe).code == 8
    assert muniment("restore", "vault", vault, "--json").json["files"] == 0
    assert muniment("restore", "keys", vault, "--replace").code == 8
