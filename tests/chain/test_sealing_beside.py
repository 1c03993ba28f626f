# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Large imports are sealed by a process of its own: what it meets, and what becomes of it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment.errors import MunimentError
from muniment.registry import Registry
from muniment.registry.journals import wait_sealed
from muniment.registry.sealing import progress_of
from muniment.registry.sealing_beside import SealingEndedError, sealing
from muniment.registry.session import Session
from muniment.registry.submission import Stage
from muniment.store.tables import leases
from tests.chain.agency import PASSWORD, opened  # noqa: F401
from tests.chain.forked import Forked
from tests.chain.sealed_beside import go_on_sealing
from tests.chain.test_journals import Officers, imported, officer, write  # noqa: F401
from tests.chain.test_processes import pid_of, until

SEAL = "seal 1"


def is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def sealing_pid(registry: Registry) -> int:
    until(lambda: pid_of(registry, SEAL), 30)
    return pid_of(registry, SEAL)


def test_entries__are_sealed_by_another_process_that_ends_with_the_block(
    officer: Officers, tmp_path: Path
) -> None:
    registry = officer("registrar")
    with sealing(registry.session, process=True) as going_on:
        pid = sealing_pid(registry)
        assert pid != os.getpid()
        imported(registry, write(tmp_path, 30))
        wait_sealed(registry.session, 1, 30, Stage.PROVABLE, timeout=60, going_on=going_on)
        assert going_on.fault is None
    assert progress_of(registry.session, 1).provable == 30
    assert (is_alive(pid), pid_of(registry, SEAL)) == (False, 0)


def test_password_that_must_be_asked_for__is_asked_for_here(
    officer: Officers, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = officer("registrar")
    for name in ("MUNIMENT_PASSWORD", "MUNIMENT_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)
    session = Session(registry.session.profile)
    with sealing(session, process=True):
        assert sealing_pid(registry) == os.getpid()
    session.close()


def test_process_that_was_killed__is_told(officer: Officers, tmp_path: Path) -> None:
    registry = officer("registrar")
    imported(registry, write(tmp_path, 3))
    with sealing(registry.session, process=True) as going_on:
        os.kill(sealing_pid(registry), signal.SIGKILL)
        with pytest.raises(SealingEndedError, match="ended by itself"):
            wait_sealed(registry.session, 1, 4, Stage.PROVABLE, timeout=60, going_on=going_on)


def test_parent_killed__its_process_ends_in_order(officer: Officers, tmp_path: Path) -> None:
    registry = officer("registrar")
    registry.session.profile.path.write_text(registry.session.profile.to_toml())
    parent = Forked(go_on_sealing, registry.session.profile.path, PASSWORD)
    pid = sealing_pid(registry)
    parent.kill()
    until(lambda: not is_alive(pid), 60)
    parent.ended()
    # The lease was given back: else it would have run out.
    with registry.session.database.read() as connection:
        expires = sa.select(leases.c.expires_ms).where(leases.c.name == SEAL)
        assert connection.execute(expires).scalar_one() == 0


def test_fault__comes_as_it_was_raised(officer: Officers, tmp_path: Path) -> None:
    registry = officer("registrar")
    keystore = registry.session.profile.journal
    assert keystore is not None
    imported(registry, write(tmp_path, 3))
    keystore.sealer.write_text("{}")
    with sealing(registry.session, at_once=True, process=True) as going_on:
        until(lambda: going_on.fault is not None, 60)
        fault = going_on.fault
    assert isinstance(fault, MunimentError)
    assert (type(fault).__name__, fault.exit_code) == ("KeystoreError", 6)
    assert fault.expected
