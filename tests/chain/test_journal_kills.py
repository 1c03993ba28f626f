# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Imports into the journal that are killed: nothing acknowledged is lost, nothing comes twice."""

from __future__ import annotations

import errno
import itertools
import os
import random
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment.chain.bindings import RecordRegistry
from muniment.journal import Entry
from muniment.registry import Registry
from muniment.registry.checking import check
from muniment.registry.sealing import progress_of
from muniment.store import journal_rows
from muniment.store.tables import leases
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.conftest import World
from tests.chain.forked import Forked
from tests.chain.killed_importing import work
from tests.chain.test_journals import Officers, officer  # noqa: F401
from tests.chain.test_processes import environment

ROWS = 60


def write(folder: Path, first: int) -> Path:
    path = folder / f"rows{first}.csv"
    rows = [f"{i},Holder {i},{i}/7" for i in range(first, first + ROWS)]
    path.write_text("\n".join(["id,holder,parcel", *rows]) + "\n")
    return path


def worked(
    folder: Path, place: int, file: Path, fault: str = "kill", within: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """`within` is a command that the process runs in."""
    return begun(folder, place, file, fault, within).ended()


def begun(folder: Path, place: int, file: Path, fault: str, within: Sequence[str] = ()) -> Forked:
    profile = folder / "profile.toml"
    return Forked(work, profile, place, file, fault, environment=environment(folder), within=within)


def assert_sound(registry: Registry, world: World, rows: int) -> None:
    """Every row is an entry once, sealed, and every part agrees with every other."""
    session = registry.session
    with session.database.read() as connection:
        entries = journal_rows.entries_between(connection, 1, 0, 1 << 40)
    ids = {Entry.from_bytes(each).local_id for each in entries}
    assert len(entries) == len(ids) == rows
    registry.sync()
    assert progress_of(session, 1).provable == rows
    head = RecordRegistry(world.connection, session.profile.chain.registry).journal_head(
        1, 1, block=world.connection.block()
    )
    assert head.size == rows
    assert list(check(session)) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_killed_after_every_commit_and_file__complete_and_once(
    officer: Officers, world: World, tmp_path: Path, part: int
) -> None:
    """Every place is one of four parts'; each is tried on 60 new rows, then finished."""
    registry = officer("registrar")
    done = 0
    for round_, place in enumerate(itertools.count(1 + part, 4)):
        file = write(tmp_path, ROWS * round_)
        killed = worked(tmp_path, place, file)
        acknowledged = progress_of(registry.session, 1).acknowledged
        expired(registry)
        again = worked(tmp_path, 0, file)
        assert again.returncode == 0, again.stderr
        done += ROWS
        assert acknowledged <= progress_of(registry.session, 1).acknowledged == done
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert place > 12
    assert_sound(registry, world, done)


def expired(registry: Registry) -> None:
    """As if the time of a dead process's leases had passed."""
    with registry.session.database.write() as connection:
        connection.execute(sa.delete(leases))


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["EIO", "ENOSPC"])
def test_disk_that_fails__is_said_and_nothing_is_lost(
    officer: Officers, world: World, tmp_path: Path, fault: str
) -> None:
    """Every seventh fsync of the vault fails once, over all of them."""
    registry = officer("registrar")
    failed = 0
    for round_, place in enumerate(itertools.count(1, 7)):
        file = write(tmp_path, ROWS * round_)
        broken = worked(tmp_path, place, file, fault)
        acknowledged = progress_of(registry.session, 1).acknowledged
        if broken.returncode:
            failed += 1
            assert os.strerror(getattr(errno, fault)) in broken.stderr
        expired(registry)
        again = worked(tmp_path, 0, file)
        assert again.returncode == 0, again.stderr
        assert acknowledged <= progress_of(registry.session, 1).acknowledged == ROWS * (round_ + 1)
        if not broken.returncode:
            break
    assert failed >= 3
    assert_sound(registry, world, ROWS * (round_ + 1))


LASTING = "fsync,fdatasync,rename,link,unlink,ftruncate,pwrite64"
"""Calls by which something lasts, SQLite's own among them."""


def traced(what: str, call: int) -> list[str]:
    """A command's beginning that does `what` in place of each thread's nth call that lasts."""
    inject = f"inject={LASTING}:{what}:when={call}"
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={LASTING}", "-e", inject]


@dataclass
class Disturbed:
    """Imports of which each meets one fault, and is then done again."""

    registry: Registry
    folder: Path
    rows: int = 0

    def one(self, what: str, call: int) -> bool:
        """Whether the process came to that call, and what it had acknowledged is still there."""
        file = write(self.folder, self.rows)
        broken = worked(self.folder, 0, file, within=traced(what, call))
        acknowledged = progress_of(self.registry.session, 1).acknowledged
        expired(self.registry)
        again = worked(self.folder, 0, file)
        assert again.returncode == 0, (what, call, again.stderr)
        self.rows += ROWS
        done = progress_of(self.registry.session, 1).acknowledged
        assert acknowledged <= done == self.rows, (what, call)
        if what.startswith("signal"):
            assert broken.returncode in (0, -signal.SIGKILL), broken.stderr
        return broken.returncode != 0


FAULTS = ("signal=SIGKILL", "error=EIO", "error=ENOSPC")


@pytest.mark.slow
@pytest.mark.parametrize("what", FAULTS)
def test_some_calls_of_the_system_fail__complete_and_once(
    officer: Officers, world: World, tmp_path: Path, what: str
) -> None:
    disturbed = Disturbed(officer("registrar"), tmp_path)
    met = [disturbed.one(what, call) for call in (5, 24, 67)]
    assert sum(met) >= 2
    assert_sound(disturbed.registry, world, disturbed.rows)


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(8))
@pytest.mark.parametrize("what", FAULTS)
def test_every_call_of_the_system_fails__complete_and_once(
    officer: Officers, world: World, tmp_path: Path, what: str, part: int
) -> None:
    """Each call that lasts is one of eight parts'."""
    disturbed = Disturbed(officer("registrar"), tmp_path)
    call = 1 + part
    # A fault may be outlived: only where several in a row are not met at all there are no more.
    missed = 0
    while missed < 4:
        missed = 0 if disturbed.one(what, call) else missed + 1
        call += 8
    assert call > 40
    assert_sound(disturbed.registry, world, disturbed.rows)


def killed_at_random(registry: Registry, folder: Path, seed: int, round_: int) -> None:
    """A process that imports is killed some time after it began; the next one finishes."""
    file = write(folder, ROWS * round_)
    chance = random.Random(seed)
    process = begun(folder, 0, file, "kill")
    time.sleep(1.4 * chance.random())
    process.kill()
    process.ended()
    acknowledged = progress_of(registry.session, 1).acknowledged
    expired(registry)
    again = worked(folder, 0, file)
    assert again.returncode == 0, (seed, again.stderr)
    done = progress_of(registry.session, 1).acknowledged
    assert acknowledged <= done == ROWS * (round_ + 1), seed


@pytest.mark.slow
def test_killed_at_20_moments__complete_and_once(
    officer: Officers, world: World, tmp_path: Path
) -> None:
    registry = officer("registrar")
    for round_ in range(20):
        killed_at_random(registry, tmp_path, 2000 + round_, round_)
    assert_sound(registry, world, ROWS * 20)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(10))
def test_killed_at_100_moments__complete_and_once(
    officer: Officers, world: World, tmp_path: Path, seed: int
) -> None:
    registry = officer("registrar")
    for round_ in range(10):
        killed_at_random(registry, tmp_path, 3000 + 10 * seed + round_, round_)
    assert_sound(registry, world, ROWS * 10)
