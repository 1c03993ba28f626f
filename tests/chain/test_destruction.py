# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Secrets are destroyed once a disposition is final, wherever the process is killed that does."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment.errors import ErasedError
from muniment.record.identifiers import RecordId
from muniment.registry import Profile, Registry, Stage
from muniment.registry.checking import check
from muniment.store import dispositions
from muniment.store.journal_tables import journal_entries
from muniment.store.tables import leases, versions
from tests.chain.agency import PASSWORD, opened  # noqa: F401
from tests.chain.conftest import World
from tests.chain.forked import Forked
from tests.chain.killed_destroying import work
from tests.chain.test_disposition import later, registered
from tests.chain.test_journals import Officers, imported, officer, seal, write  # noqa: F401
from tests.chain.test_processes import environment


def disposed_of(officer: Officers, world: World, tmp_path: Path) -> tuple[Registry, list[RecordId]]:
    """Records of both ways, one of two versions; final on chain, and nobody has looked since."""
    registrar, steward = officer("registrar"), officer("steward")
    imported(registrar, write(tmp_path, 4))
    seal(registrar)
    ids = [*registered(registrar, 3), registrar.record_id("1"), registrar.record_id("2")]
    registrar.amend(ids[0], {"holder": "Grace", "parcel": "1"}).wait()
    registrar.amend(ids[3], {"holder": "Grace", "parcel": "2"}).wait()
    later(world)
    chosen = [ids[0], ids[1], ids[3], ids[4]]
    registrar.wait(registrar.disposition.propose(chosen, "schedule 4").submissions)
    confirmed = steward.disposition.confirm(chosen)
    steward.wait(confirmed.submissions)
    world.connection.request("anvil_mine", ["0x3"])
    steward.wait(confirmed.submissions, Stage.FINAL)
    return registrar, chosen


def worked(folder: Path, place: int) -> subprocess.CompletedProcess[str]:
    return Forked(work, folder / "profile.toml", place, environment=environment(folder)).ended()


def assert_destroyed(registry: Registry, ids: list[RecordId]) -> None:
    session = registry.session
    for record_id in ids:
        for version in (1, 2) if record_id in (ids[0], ids[2]) else (1,):
            with pytest.raises(ErasedError):
                registry.content(record_id, version)
        with session.database.read() as connection:
            # What they were under is known, also where it was written by the process that died.
            assert set(dispositions.epochs_of(connection, record_id).values()) == {1}
    with session.database.read() as connection:
        named = sa.select(versions.c.source_id).where(versions.c.record_id.in_(ids))
        assert set(connection.execute(named).scalars()) == {None}
        entries = sa.select(journal_entries.c.entry_index).where(
            journal_entries.c.source_id.is_(None)
        )
        assert sorted(connection.execute(entries).scalars()) == [1, 2]
    assert list(check(session)) == []


def copied(profile: Profile, folder: Path) -> Profile:
    """A profile of copies of the two stores, in a folder of their own."""
    folder.mkdir()
    stores = [
        Path(url.removeprefix("sqlite:///")) for url in (profile.database, profile.keys.store)
    ]
    for path in stores:
        with (
            closing(sqlite3.connect(path)) as source,
            closing(sqlite3.connect(folder / path.name)) as target,
        ):
            source.backup(target)
    database, keys = (f"sqlite:///{folder / path.name}" for path in stores)
    made = replace(
        profile,
        path=folder / "profile.toml",
        database=database,
        keys=replace(profile.keys, store=keys),
    )
    made.path.write_text(made.to_toml())
    return made


@pytest.mark.slow
def test_killed_after_every_commit__the_next_command_completes_it(
    officer: Officers, world: World, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--database") != "sqlite":
        pytest.skip("the stores are copied as files")
    registrar, ids = disposed_of(officer, world, tmp_path)
    for place in range(1, 100):
        profile = copied(registrar.session.profile, tmp_path / f"at-{place}")
        killed = worked(profile.path.parent, place)
        with Registry.open(profile, password=PASSWORD) as registry:
            # As if the time of its leases had passed.
            with registry.session.database.write() as connection:
                connection.execute(sa.delete(leases))
            registry.sync()
            assert_destroyed(registry, ids)
            assert registry.content(registry.record_id("d2")).fields["parcel"] == "2/7"
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert place > 5
