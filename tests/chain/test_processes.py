# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Processes that are killed: the daemon, and an import, at any moment."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment.registry import Registry, Stage
from muniment.registry.checking import check
from muniment.store.leases import holder_of
from muniment.store.tables import leases, submissions, transactions, versions
from tests.chain.agency import PASSWORD, Open, opened  # noqa: F401
from tests.chain.conftest import World
from tests.chain.forked import Forked, muniment
from tests.chain.killed_at import work

ROWS = 300


def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "MUNIMENT_PASSWORD": PASSWORD,
        "MUNIMENT_PROFILE": str(folder / "profile.toml"),
        "PYTHONWARNINGS": "ignore",
    }


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "muniment.cli", *arguments],
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(folder, "run")
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition: object, seconds: float) -> float:
    """Seconds until a condition holds."""
    begun = time.monotonic()
    while not condition():  # type: ignore[operator]
        assert time.monotonic() - begun < seconds, "it never came to it"
        time.sleep(0.05)
    return time.monotonic() - begun


def pid_of(registry: Registry, lease: str) -> int:
    holder = holder_of(registry.session.database, lease)
    return 0 if holder is None else int(holder.split()[0].rpartition(":")[2])


def test_daemon_killed__the_other_takes_over_within_5_seconds(opened: Open, tmp_path: Path) -> None:
    registrar = opened("registrar", operators=True)
    with running(tmp_path) as first, running(tmp_path) as second:
        processes = {first.pid: first, second.pid: second}
        until(lambda: pid_of(registrar, "index") in processes, 60)
        holder = pid_of(registrar, "index")
        [other] = [pid for pid in processes if pid != holder]
        one = registrar.register("land-deed", {"holder": "A", "parcel": "1"}, source_id="1")
        until(lambda: one.stage is Stage.PROVABLE, 60)
        # It dies with work in its hands.
        many = [
            registrar.register("land-deed", {"holder": "A", "parcel": str(i)}, source_id=f"m{i}")
            for i in range(20)
        ]
        processes[holder].kill()
        processes[holder].wait()
        taken = until(lambda: pid_of(registrar, "index") == other, 60)
        assert taken < 5
        until(lambda: all(each.stage is not Stage.ACKNOWLEDGED for each in many), 60)
        processes[other].terminate()
        assert processes[other].wait(60) == 0
        assert holder_of(registrar.session.database, "index") is None


def write_rows(folder: Path) -> None:
    lines = ["id,holder,parcel", *(f"{i},Holder {i},{i}/7" for i in range(ROWS))]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    (folder / "map.toml").write_text(
        'source_id = "{id}"\n[fields]\nholder = "holder"\nparcel = "parcel"\n'
    )


def assert_all_there_once(registrar: Registry, world: World) -> None:
    database = registrar.session.database
    with database.read() as connection:
        ids = [
            bytes(each) for each in connection.execute(sa.select(versions.c.record_id)).scalars()
        ]
        done = sa.select(transactions.c.nonce).where(
            transactions.c.state.in_(("MINED", "FINAL")),
            transactions.c.account == world.address("operator"),
        )
        nonces = sorted(connection.execute(done).scalars())
    assert len(ids) == len(set(ids)) == ROWS
    assert nonces == list(range(nonces[0], nonces[-1] + 1)), "a gap among the nonces"
    registrar.sync()
    found = registrar.search(limit=10 * ROWS)
    on_chain = {each.record_id: each.act_count for each in found}
    assert {each: on_chain.get(each) for each in ids} == dict.fromkeys(ids, 1)
    assert len(on_chain) == ROWS
    assert list(check(registrar.session)) == []


@pytest.mark.slow
def test_killed_after_every_commit_and_broadcast__done_once(
    opened: Open, world: World, tmp_path: Path
) -> None:
    registrar = opened("registrar", operators=True)
    database = registrar.session.database
    states: set[str] = set()
    for place in itertools.count(1):
        killed = worked(tmp_path, place, f"r{place}")
        with database.write() as connection:
            for column in (submissions.c.state, transactions.c.state):
                states.update(connection.execute(sa.select(column).distinct()).scalars())
            # As if the time of its leases had passed.
            connection.execute(sa.delete(leases))
        again = worked(tmp_path, 0, f"r{place}")
        assert again.returncode == 0, again.stderr
        assert_done_once(registrar, place)
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert place > 10
    assert {"NEW", "SIGNED", "SENT", "MINED", "FINAL"} <= states
    assert list(check(registrar.session)) == []


def worked(folder: Path, place: int, prefix: str) -> subprocess.CompletedProcess[str]:
    profile = folder / "profile.toml"
    return Forked(work, profile, place, prefix, environment=environment(folder)).ended()


def assert_done_once(registrar: Registry, rounds: int) -> None:
    """Three records a round, the first of them amended once; every nonce used."""
    database = registrar.session.database
    with database.read() as connection:
        rows = connection.execute(sa.select(submissions.c.state, submissions.c.refusal)).all()
        used = connection.execute(
            sa.select(transactions.c.account, transactions.c.nonce).where(
                transactions.c.state == "FINAL"
            )
        ).all()
    assert [tuple(each) for each in rows] == [("FINAL", None)] * (1 + 4 * rounds)
    for account in {each.account for each in used}:
        nonces = sorted(each.nonce for each in used if each.account == account)
        assert nonces == list(range(nonces[0], nonces[0] + len(nonces)))
    registrar.sync()
    counts = sorted(each.act_count for each in registrar.search(limit=10 * rounds))
    assert counts == [1] * (2 * rounds) + [2] * rounds


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_import_killed__ends_complete_and_once(
    opened: Open, world: World, tmp_path: Path, seed: int
) -> None:
    kill_and_go_on(opened, world, tmp_path, seed)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(1000, 1500))
def test_import_killed_500_times__ends_complete_and_once(
    opened: Open, world: World, tmp_path: Path, seed: int
) -> None:
    kill_and_go_on(opened, world, tmp_path, seed)


def kill_and_go_on(opened: Open, world: World, folder: Path, seed: int) -> None:
    """Kill an import at some moments, then let it end; what is missing comes, nothing twice."""
    registrar = opened("registrar", operators=True)
    write_rows(folder)
    rows, mapping = str(folder / "rows.csv"), str(folder / "map.toml")
    imports = ["import", "land-deed", rows, "--map", mapping, "--json"]
    given = environment(folder)
    chance = random.Random(seed)
    for _ in range(2):
        # Before, during and after its work.
        with suppress(TimeoutError):
            Forked(muniment, *imports, environment=given).ended(chance.uniform(0.0, 3.0))
    done = Forked(muniment, *imports, environment=given).ended()
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["registered"] + told["unchanged"] == ROWS
    flushed = Forked(muniment, "outbox", "flush", environment=given).ended()
    assert flushed.returncode == 0, flushed.stderr
    assert_all_there_once(registrar, world)
