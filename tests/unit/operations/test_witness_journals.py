# SPDX-License-Identifier: Apache-2.0
"""Journals that a witness co-signs and does not co-sign, published by agencies of every kind."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from muniment.journal.checkpoints import NoteKey, checkpoint_in, cosign, cosigned_at, verify
from muniment.journal.tiles import GrowingEdge
from muniment.operations.journal_mirror import DuplicateEntryError, ForkError, MirrorSourceError
from muniment.operations.witness import FollowedJournal, WitnessSettings, create
from muniment.operations.witness.journals import (
    CopyBehindError,
    CopyDamagedError,
    JournalRound,
    JournalWitness,
)
from muniment.operations.witness.publication import Publication, StatementsBehindError
from muniment.operations.witness.witness import STORE, opened_statements
from tests.unit.operations.test_journal_mirror import KEY, ORIGIN, entry, publish


class Room:
    """A witness of one journal, in folder `source` beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "witness"
        self.source = folder / "source"
        self.now = 1_900_000_000
        self.followed = FollowedJournal(KEY, str(self.source))
        self.settings = WitnessSettings("audit.example/w1", 7, (), (), (self.followed,))
        self.identity = create(self.folder, self.settings)
        self.open()

    def open(self) -> None:
        self.statements = opened_statements(self.folder, self.settings, self.identity)
        self.publication = Publication(self.folder / "published", self.identity, 7)
        self.publication.restore(self.statements)
        self.journals = JournalWitness(
            self.folder, self.statements, self.publication, lambda: float(self.now)
        )

    def reopen(self) -> None:
        self.statements.close()
        self.open()

    def publish(self, entries: list[bytes]) -> None:
        shutil.rmtree(self.source, ignore_errors=True)
        self.source.mkdir()
        publish(self.source, entries)

    def round(self) -> JournalRound:
        self.now += 1
        return self.journals.round(self.followed)

    @property
    def published(self) -> Path:
        name = hashlib.sha256(ORIGIN.encode()).hexdigest()
        return self.folder / "published" / "journals" / name / "checkpoint"

    def cosigned(self) -> tuple[int, bytes, int]:
        """Size, root and time of what is published, both signatures checked."""
        note = self.published.read_bytes()
        found = verify(note, KEY)
        time = cosigned_at(note, [self.identity.key])["audit.example/w1"]
        return found.size, found.root, time


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


HISTORY = [entry(each) for each in range(700)]
FORKED = [entry(0, twin=1), *HISTORY[1:]]


def test_journal_that_grows__is_co_signed_at_each_size(room: Room) -> None:
    for size in (1, 300, 700):
        room.publish(HISTORY[:size])
        done = room.round()
        assert done.signed is not None
        assert room.cosigned() == (size, done.signed.root, room.now)
        # Nothing new: nothing is signed.
        before = room.published.read_bytes()
        assert room.round().signed is None
        assert room.published.read_bytes() == before
        room.reopen()
        assert room.published.read_bytes() == before


def test_empty_journal__is_not_co_signed(room: Room) -> None:
    room.publish([])
    done = room.round()
    assert (done.signed, done.fault) == (None, None)
    assert not room.published.exists()


def test_signatures_of_others__are_left_out(room: Room) -> None:
    room.publish(HISTORY[:5])
    path = room.source / "checkpoint"
    note = path.read_bytes()
    for number in range(99):
        private = Ed25519PrivateKey.from_private_bytes(bytes([number + 1]) * 32)
        note = cosign(note, f"other.example/{number}", private, 1)
    path.write_bytes(note)
    assert room.round().signed is not None
    assert room.published.read_bytes().count("— ".encode()) == 2
    assert room.cosigned()[0] == 5


def test_unknown_log__is_refused(room: Room) -> None:
    stranger = Ed25519PrivateKey.from_private_bytes(b"\7" * 32).public_key().public_bytes_raw()
    room.publish(HISTORY[:5])
    done = room.journals.round(FollowedJournal(NoteKey(ORIGIN, stranger), str(room.source)))
    assert done.signed is None
    assert done.fault is not None
    assert not done.contradiction


@pytest.mark.parametrize("size", [200, 300, 500])
def test_fork__stops_co_signing_until_somebody_has_looked(room: Room, size: int) -> None:
    room.publish(HISTORY[:300])
    room.round()
    before = room.cosigned()
    room.publish(FORKED[:size])
    done = room.round()
    assert isinstance(done.fault, ForkError)
    assert done.contradiction
    kept = {path.name: checkpoint_in(path.read_bytes()) for path in done.fault.kept.iterdir()}
    assert {name: each.size for name, each in kept.items()} == {
        "mine.checkpoint": 300,
        "theirs.checkpoint": size,
    }
    # The honest history comes back: still nothing, after a restart too.
    room.publish(HISTORY[:400])
    room.reopen()
    assert room.round() == JournalRound(ORIGIN, halted=True)
    assert room.cosigned() == before
    [incident] = room.statements.open_incidents(ORIGIN)
    room.statements.resume(incident.number, room.now)
    assert room.round().signed is not None
    assert room.cosigned()[0] == 400


def test_fork__is_found_without_the_copy(room: Room) -> None:
    """A copy that was lost, and made again from a source that lies."""
    room.publish(HISTORY[:300])
    room.round()
    shutil.rmtree(room.journals.copy_of(ORIGIN))
    room.publish(FORKED[:500])
    done = room.round()
    assert isinstance(done.fault, ForkError)
    assert sorted(path.name for path in done.fault.kept.iterdir()) == [
        "mine.checkpoint",
        "theirs.checkpoint",
    ]
    assert room.cosigned()[0] == 300


def test_lost_copy__is_made_again(room: Room) -> None:
    room.publish(HISTORY[:300])
    room.round()
    shutil.rmtree(room.journals.copy_of(ORIGIN))
    room.publish(HISTORY[:200])
    done = room.round()
    assert isinstance(done.fault, CopyBehindError)
    room.publish(HISTORY[:600])
    assert room.round().signed is not None
    assert room.cosigned()[0] == 600


def test_id_twice__is_not_co_signed(room: Room) -> None:
    room.publish(HISTORY[:300])
    room.round()
    room.publish([*HISTORY[:350], entry(7, twin=1), *HISTORY[351:400]])
    done = room.round()
    assert isinstance(done.fault, DuplicateEntryError)
    assert done.contradiction
    assert room.cosigned()[0] == 300
    [incident] = room.statements.open_incidents()
    # It stays when the copy goes.
    shutil.rmtree(room.journals.copy_of(ORIGIN))
    names = {"7.entry", "7.tlog-proof", "350.entry", "350.tlog-proof"}
    assert {path.name for path in Path(incident.kept).iterdir()} == names


def test_damaged_source_and_copy__are_faults_and_no_contradictions(room: Room) -> None:
    room.publish(HISTORY[:300])
    room.round()
    room.publish(HISTORY[:600])
    (room.source / "tile/entries/001").unlink()
    done = room.round()
    assert isinstance(done.fault, MirrorSourceError)
    assert not done.contradiction
    room.publish(HISTORY[:600])
    (room.journals.copy_of(ORIGIN) / "tile/entries/001.p/44").unlink()
    done = room.round()
    assert isinstance(done.fault, CopyDamagedError)
    shutil.rmtree(done.fault.copy)
    assert room.round().signed is not None


def test_store_of_yesterday__is_not_signed_with(room: Room) -> None:
    room.publish(HISTORY[:300])
    room.round()
    room.statements.close()
    older = (room.folder / STORE).read_bytes()
    room.open()
    room.publish(HISTORY[:600])
    room.round()
    room.statements.close()
    for each in room.folder.glob(f"{STORE}*"):
        each.unlink()
    (room.folder / STORE).write_bytes(older)
    with pytest.raises(StatementsBehindError, match="600 entries"):
        room.open()


class AnySource(RuleBasedStateMachine):
    """A source that grows, shrinks, forks, loses files; restarts; a copy that is lost: sizes never
    shrink, and no size has two roots."""

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.room = Room(Path(self.temporary.name))
        self.told: list[tuple[int, bytes, int]] = []

    @rule(size=st.integers(0, 40), forked=st.booleans())
    def publishes(self, size: int, forked: bool) -> None:
        self.room.publish((FORKED if forked else HISTORY)[:size])

    @rule()
    def publishes_one_id_twice(self) -> None:
        self.room.publish([*HISTORY[:41], HISTORY[3]])

    @rule()
    def asks(self) -> None:
        self.room.round()

    @rule()
    def loses_the_copy(self) -> None:
        shutil.rmtree(self.room.journals.copy_of(ORIGIN), ignore_errors=True)

    @rule()
    def restarts(self) -> None:
        self.room.reopen()

    @rule()
    def goes_on(self) -> None:
        for each in self.room.statements.open_incidents():
            self.room.statements.resume(each.number, self.room.now)

    @invariant()
    def says_one_history_that_grows(self) -> None:
        if not self.room.published.exists():
            return
        now = self.room.cosigned()
        if not self.told or self.told[-1] != now:
            assert not self.told or now[0] > self.told[-1][0]
            assert not self.told or now[2] >= self.told[-1][2]
            self.told.append(now)
        # All of it is of one of the two histories.
        assert now[0] <= 40
        assert any(all(each[size] == root for size, root, _ in self.told) for each in ROOTS)

    def teardown(self) -> None:
        self.room.statements.close()
        self.temporary.cleanup()


def _roots(history: list[bytes]) -> dict[int, bytes]:
    found = {}
    edge = GrowingEdge()
    for size, each in enumerate(history[:41]):
        found[size] = edge.root()
        edge.append([each])
    return found


ROOTS = [_roots(HISTORY), _roots(FORKED)]
AnySource.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestAnySource = AnySource.TestCase
