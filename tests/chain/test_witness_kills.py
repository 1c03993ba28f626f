# SPDX-License-Identifier: Apache-2.0
"""A witness that is killed, anywhere: what it says before and after never contradicts itself."""

from __future__ import annotations

import itertools
import shutil
import signal
from pathlib import Path

import pytest

from muniment.journal.checkpoints import Checkpoint, checkpoint_in
from muniment.operations.witness import (
    FollowedJournal,
    NamedValidators,
    WitnessSettings,
    create,
)
from tests.chain.forked import Forked
from tests.chain.killed_witnessing import FOUR, NODE, work
from tests.unit.operations.test_journal_mirror import KEY, entry, publish

HISTORY = [entry(each) for each in range(600)]
FORKED = [*HISTORY[:200], entry(200, twin=1), *HISTORY[201:]]


def worked(folder: Path, place: int, branch: str, height: int) -> int:
    return Forked(work, folder, place, branch, height).ended(60).returncode


def show(folder: Path, entries: list[bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    publish(folder, entries)


def notes(folder: Path) -> dict[str, bytes]:
    """What is published, by path; nothing but whole files is looked at, as a web server does."""
    published = folder / "published"
    found = [path for path in published.rglob("*") if path.is_file() and path.name[0] != "."]
    return {str(path.relative_to(published)): path.read_bytes() for path in found}


def said(*rounds: dict[str, bytes]) -> dict[tuple[str, int], set[bytes]]:
    """All statements that anybody could have read: by origin and size, the notes."""
    found: dict[tuple[str, int], set[bytes]] = {}
    for path, note in itertools.chain.from_iterable(each.items() for each in rounds):
        if path != "verifier-key":
            statement: Checkpoint = checkpoint_in(note)
            found.setdefault((statement.origin, statement.size), set()).add(note)
    return found


@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_every_step__says_one_thing(tmp_path: Path, step: int) -> None:
    """After the kill the nodes and the agency show another history, of the same heights."""
    settings = WitnessSettings(
        "audit.example/w1",
        7,
        (NODE,),
        (NamedValidators(0, FOUR.addresses),),
        (FollowedJournal(KEY, str(tmp_path / "source")),),
        step=1,
    )
    fresh = tmp_path / "fresh"
    create(fresh, settings)
    show(tmp_path / "source", HISTORY[:100])
    assert worked(fresh, 0, "a", 6) == 0
    before = notes(fresh)
    for place in itertools.count(1, step):
        folder = tmp_path / f"killed-{place}"
        shutil.copytree(fresh, folder)
        show(tmp_path / "source", HISTORY[:300])
        ended = worked(folder, place, "a", 8)
        after_kill = notes(folder)
        show(tmp_path / "source", FORKED[:300])
        assert worked(folder, 0, "b", 8) == 0
        other_history = notes(folder)
        show(tmp_path / "source", HISTORY[:500])
        assert worked(folder, 0, "a", 9) == 0
        every = said(before, after_kill, other_history, notes(folder))
        assert ("muniment/blocks/7", 8) in every
        # Where its copy had the first history already, the second one is a fork.
        assert (KEY.name, 300) in every or list(folder.glob("proofs/journal-*"))
        # One note a statement, its time too; and whatever was published stays.
        assert {key: len(told) for key, told in every.items() if len(told) > 1} == {}
        assert set(after_kill) <= set(other_history)
        shutil.rmtree(folder)
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
    assert place > 20
