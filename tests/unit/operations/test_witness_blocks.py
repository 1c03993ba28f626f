# SPDX-License-Identifier: Apache-2.0
"""Blocks that a witness signs and does not sign, by headers that real keys have sealed."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from muniment.errors import MunimentError
from muniment.evidence.block_notes import block_witnessed_at
from muniment.evidence.handovers import HandOver
from muniment.journal.checkpoints import checkpoint_in
from muniment.operations.witness import NamedValidators, WitnessSettings, create
from muniment.operations.witness.blocks import (
    BlockRound,
    BlockWitness,
    UnsignedContradictionError,
)
from muniment.operations.witness.identity import Identity
from muniment.operations.witness.publication import Publication, StatementsBehindError
from muniment.operations.witness.settings import WitnessSettingsError
from muniment.operations.witness.sightings import (
    HeaderChecks,
    NodeAnswerError,
    UnsignedBlocksError,
    WatchedNode,
)
from muniment.operations.witness.validators import with_handovers
from muniment.operations.witness.witness import STORE, Witness, WitnessRunsError, opened_statements
from muniment.proof.istanbul import IstanbulHeader, SealError
from muniment.store.signed_statements import BLOCKS, StatementsError
from tests.sealed_headers import SealedChain, SealedConnection, SealedSet

FOUR = SealedSet.of("first four")
LATER = SealedSet((*SealedSet.of("later", 2).keys, *FOUR.keys[:3]))


def named(validators: SealedSet, block: int = 0) -> NamedValidators:
    return NamedValidators(block, validators.addresses)


class Room:
    """A witness's folder, its store and its rules, without the network."""

    def __init__(self, folder: Path, *sets: NamedValidators) -> None:
        self.folder = folder
        self.now = 1_900_000_000
        self.settings = WitnessSettings(
            "audit.example/w1", 7, ("http://node.example",), sets or (named(FOUR),), (), step=1
        )
        self.identity: Identity = create(folder, self.settings)
        self.open()

    def open(self) -> None:
        self.statements = opened_statements(self.folder, self.settings, self.identity)
        self.publication = Publication(self.folder / "published", self.identity, 7)
        self.publication.restore(self.statements)
        self.blocks = BlockWitness(
            self.folder, self.statements, self.publication, lambda: float(self.now)
        )

    def reopen(self) -> None:
        self.statements.close()
        self.open()

    def round(self, *chains: SealedChain | None) -> BlockRound:
        nodes = []
        for place, chain in enumerate(chains):
            node = WatchedNode(place, "http://node.example", 7)
            node._connection = SealedConnection(chain)
            nodes.append(node)
        return self.blocks.round(nodes, self.checks(), self.settings.step)

    def checks(self) -> HeaderChecks:
        return HeaderChecks(with_handovers(self.folder, 7, self.settings.validators))

    def notes(self) -> dict[int, bytes]:
        """What is published: number to hash, each note's signature checked."""
        found = {}
        for path in (self.folder / "published" / "blocks").iterdir():
            note = path.read_bytes()
            said = checkpoint_in(note)
            assert block_witnessed_at(note, 7, said.size, said.root, [self.identity.key])
            if path.name != "latest":
                assert path.name == str(said.size)
                found[said.size] = said.root
        return found


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "witness")


def faults(done: BlockRound) -> list[MunimentError]:
    return [error for _, error in done.faults]


def test_highest_signed_block__is_signed_and_published(room: Room) -> None:
    behind = SealedChain(FOUR).grow(6)
    chain = behind.fork(6).grow(4)
    done = room.round(behind, None, chain)
    assert done.signed is not None
    assert (done.signed.number, done.signed.hash) == (9, chain.hash(9))
    assert done.heads == {0: 5, 2: 9}
    assert [place for place, _ in done.faults] == [1]
    assert room.notes() == {9: chain.hash(9)}
    latest = (room.folder / "published/blocks/latest").read_bytes()
    assert latest == (room.folder / "published/blocks/9").read_bytes()
    # Nothing new: nothing is signed; and never a lower one.
    assert room.round(chain).signed is None
    assert room.round(behind).signed is None
    assert room.round(chain.grow(3)).signed is not None
    assert sorted(room.notes()) == [9, 12]


def test_witnesses_with_one_step__sign_the_same_heights(tmp_path: Path) -> None:
    one, other = Room(tmp_path / "one"), Room(tmp_path / "other")
    for each in (one, other):
        each.settings = dataclasses.replace(each.settings, step=5)
    chain = SealedChain(FOUR).grow(4)
    # Nothing below the first multiple, and not block 0: it bears no seals.
    assert one.round(chain) == BlockRound(heads={0: 3})
    for length in (7, 3, 4, 9):
        one.round(chain.grow(length))
        other.round(chain.grow(1))
    assert sorted(one.notes()) == [10, 15, 25]
    assert sorted(other.notes()) == [10, 15, 20, 30]
    for number, block_hash in (one.notes() | other.notes()).items():
        assert block_hash == chain.hash(number)
    # Two histories above the last multiple are found all the same.
    branch = chain.fork(chain.head).grow(1, "branch")
    assert [error.number for error in one.round(chain, branch).contradictions] == [chain.head]


def test_too_few_seals__and_strangers__are_not_signed(room: Room) -> None:
    done = room.round(
        SealedChain(FOUR).grow(3).grow(seals=2), SealedChain(SealedSet.of("strangers")).grow(5)
    )
    assert done.signed is None
    assert [type(each) for each in faults(done)] == [SealError, SealError]
    assert room.notes() == {}
    # Beside an honest node they do no harm.
    chain = SealedChain(FOUR).grow(3)
    done = room.round(SealedChain(SealedSet.of("strangers")).grow(5), chain)
    assert done.signed is not None
    assert done.signed.hash == chain.hash(2)


def test_node_that_shows_another_past__without_signatures__is_told(room: Room) -> None:
    chain = SealedChain(FOUR).grow(5)
    room.round(chain)
    other = chain.fork(4).grow(1, "forged", seals=1)
    done = room.round(other)
    [error] = faults(done)
    assert isinstance(error, UnsignedContradictionError)
    assert room.statements.open_incidents() == []
    # A head that is signed, over a past that is not what was signed.
    mixed = other.fork(5)
    mixed.headers.append(chain.fork(5).grow(1).headers[5])
    done = room.round(mixed)
    assert done.signed is None
    assert isinstance(faults(done)[0], UnsignedContradictionError)


@pytest.mark.parametrize("at_once", [False, True])
def test_two_signed_blocks_of_one_height__stop_signing_with_proof(
    room: Room, at_once: bool
) -> None:
    chain = SealedChain(FOUR).grow(5)
    branch = chain.fork(4).grow(1, "branch")
    if at_once:
        done = room.round(chain, branch)
    else:
        assert room.round(chain).signed is not None
        done = room.round(branch)
    assert done.signed is None
    assert done.halted
    [error] = done.contradictions
    assert error.exit_code == 11
    assert error.number == 4
    assert f"0x{FOUR.addresses[0].hex()}" in error.remedy
    # The proof convinces whoever knows the validators.
    kept = [IstanbulHeader.from_rlp(path.read_bytes()) for path in error.kept.iterdir()]
    assert {each.hash for each in kept} == {chain.hash(4), branch.hash(4)}
    for each in kept:
        assert room.checks().sets is not None
        room.checks().sets.check(each, None)  # type: ignore[union-attr]
    # Once told, and nothing is signed, after a restart too.
    room.reopen()
    again = room.round(chain.grow(2), branch.grow(2))
    assert (again.signed, again.halted) == (None, True)
    assert 4 not in [e.number for e in again.contradictions]
    # Somebody has looked: the height stays barred.
    for incident in room.statements.open_incidents(BLOCKS):
        room.statements.resume(incident.number, room.now)
    assert room.round(branch).signed is None
    done = room.round(branch.grow(1))
    assert done.signed is not None
    assert done.signed.number == 7
    assert set(room.notes()) == ({7} if at_once else {4, 7})


def test_contradiction_of_a_height_that_only_one_node_has_passed(room: Room) -> None:
    """The other branch has grown: the height that was signed is asked for."""
    chain = SealedChain(FOUR).grow(5)
    room.round(chain)
    done = room.round(chain.fork(4).grow(6, "branch"))
    assert [error.number for error in done.contradictions] == [4]
    assert done.signed is None


def test_set_that_changes__is_taken_on_and_never_back(tmp_path: Path) -> None:
    room = Room(tmp_path / "witness")
    chain = SealedChain(FOUR).grow(5)
    room.round(chain)
    chain.validators = LATER
    chain.grow(2)
    assert isinstance(faults(room.round(chain))[0], SealError)
    room.settings = dataclasses.replace(room.settings, validators=(named(FOUR), named(LATER, 4)))
    # The vote has not taken effect yet: the old set still counts.
    old = SealedChain(FOUR, chain.headers[:5]).grow(1)
    done = room.round(old)
    assert done.signed is not None
    later = SealedChain(LATER, old.headers[:6]).grow(2)
    done = room.round(later)
    assert done.signed is not None
    assert done.signed.number == 7
    # Keys of those who left sign nothing any more.
    branch = SealedChain(FOUR, later.headers[:8]).grow(2, "late")
    done = room.round(branch)
    assert done.signed is None
    assert isinstance(faults(done)[0], SealError)
    # And before the named block the new set signs nothing.
    early = SealedChain(LATER).grow(3)
    assert isinstance(faults(room.round(early))[0], SealError)


def handed_over(room: Room, chain: SealedChain, number: int, *signers: SealedSet) -> HandOver:
    """The document by which the first four name the later ones, kept in the witness's folder."""
    made = HandOver(
        chain_id=7,
        number=number,
        block_hash=chain.hash(number),
        old=tuple(sorted(FOUR.addresses)),
        new=tuple(sorted(LATER.addresses)),
    ).signed(key.secret for each in signers for key in each.keys)
    (room.folder / "handovers" / f"{number}.json").write_bytes(made.to_bytes())
    return made


def test_hand_over__is_followed_without_a_person(room: Room) -> None:
    chain = SealedChain(FOUR).grow(5)
    room.round(chain)
    handed_over(room, chain, 4, FOUR, LATER)
    # The vote has not taken effect yet.
    assert room.round(chain.grow(1)).signed is not None
    later = SealedChain(LATER, chain.headers[:6]).grow(2)
    done = room.round(later)
    assert done.signed is not None
    assert done.signed.number == 7
    late = SealedChain(FOUR, later.headers[:8]).grow(2, "late")
    assert isinstance(faults(room.round(late))[0], SealError)


def test_hand_over_of_an_older_set__changes_nothing(room: Room) -> None:
    chain = SealedChain(FOUR).grow(5)
    room.settings = dataclasses.replace(room.settings, validators=(named(FOUR, 4),))
    handed_over(room, chain, 4, FOUR, LATER)
    later = SealedChain(LATER, chain.headers[:5]).grow(2)
    assert isinstance(faults(room.round(later))[0], SealError)


def test_hand_over__that_is_not_signed_or_none__is_refused_by_name(room: Room) -> None:
    chain = SealedChain(FOUR).grow(5)
    # Those who are new alone: nobody of the old set.
    handed_over(room, chain, 4, SealedSet(LATER.keys[:2]))
    with pytest.raises(WitnessSettingsError, match=r"4\.json"):
        room.round(chain)
    (room.folder / "handovers/4.json").write_text("{}")
    with pytest.raises(WitnessSettingsError, match=r"4\.json"):
        room.round(chain)


def test_node_without_signed_blocks__is_refused_with_a_way_out(room: Room) -> None:
    class Other(SealedConnection):
        def request(self, method: str, parameters: object) -> object:
            if method.startswith("kaia_"):
                return None
            return super().request(method, parameters)  # type: ignore[arg-type]

    node = WatchedNode(0, "http://node.example", 7)
    node._connection = Other(SealedChain(FOUR).grow(2))
    [error] = faults(room.blocks.round([node], room.checks(), 1))
    assert isinstance(error, UnsignedBlocksError)
    assert "unsigned_blocks = true" in error.remedy


@pytest.mark.parametrize(
    "answer", [None, 7, "0x", [], {}, {"number": "x"}, {"number": "0x1", "hash": 3}]
)
def test_nonsense_of_a_node__is_a_fault_of_that_node(room: Room, answer: object) -> None:
    class Nonsense(SealedConnection):
        def request(self, method: str, parameters: object) -> object:
            del method, parameters
            return answer

    node = WatchedNode(0, "http://node.example", 7)
    node._connection = Nonsense(None)
    done = room.blocks.round([node], room.checks(), 1)
    assert done.signed is None
    assert len(done.faults) == 1


def test_header_of_another_height__is_refused(room: Room) -> None:
    chain = SealedChain(FOUR).grow(6)

    class Old(SealedConnection):
        def request(self, method: str, parameters: object) -> object:
            if method == "eth_getBlockByNumber":
                return {**chain.answer(method, ["0x2"], 7), "number": "0x5"}
            return super().request(method, parameters)  # type: ignore[arg-type]

    node = WatchedNode(0, "http://node.example", 7)
    node._connection = Old(chain)
    [error] = faults(room.blocks.round([node], room.checks(), 1))
    assert isinstance(error, NodeAnswerError)
    assert "block 2 as block 5" in error.what


def test_clock_that_goes_back__stops_signing(room: Room) -> None:
    chain = SealedChain(FOUR).grow(5)
    room.round(chain)
    room.now -= 1
    with pytest.raises(StatementsError, match="the clock"):
        room.round(chain.grow(1))
    room.now += 1
    assert room.round(chain).signed is not None


def test_lost_publication__is_made_again_byte_for_byte(room: Room) -> None:
    chain = SealedChain(FOUR)
    for _ in range(3):
        room.now += 10
        room.round(chain.grow(2))
    folder = room.folder / "published/blocks"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    (folder / ".latest.00.tmp").write_bytes(b"of a writer that was killed")
    room.now += 1000
    room.reopen()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_store_of_yesterday__is_not_signed_with(room: Room) -> None:
    chain = SealedChain(FOUR).grow(2)
    room.round(chain)
    room.statements.close()
    older = (room.folder / STORE).read_bytes()
    room.open()
    room.round(chain.grow(1))
    room.statements.close()
    for each in room.folder.glob(f"{STORE}*"):
        each.unlink()
    (room.folder / STORE).write_bytes(older)
    with pytest.raises(StatementsBehindError, match="block 2"):
        room.open()


def test_two_processes__on_one_folder_are_refused(room: Room) -> None:
    room.statements.close()
    with (
        Witness.open(room.folder),
        pytest.raises(WitnessRunsError),
        Witness.open(room.folder),
    ):
        pass
    with Witness.open(room.folder):
        pass


def test_round_is_told_in_a_file(room: Room) -> None:
    room.statements.close()
    with Witness.open(room.folder, clock=lambda: 1_900_000_123.0) as witness:
        node = WatchedNode(0, "http://node.example", 7)
        node._connection = SealedConnection(SealedChain(SealedSet.of("strangers")).grow(1))
        witness._nodes[0, "http://node.example"] = node
        done = witness.round()
    assert len(done.faults) == 1
    told = json.loads((room.folder / "last-round.json").read_text())
    assert told["time"] == 1_900_000_123
    assert told["block"] is None
    assert told["faults"][0]["of"] == "node 1"


class AnyNodes(RuleBasedStateMachine):
    """Nodes of two branches that validators have both signed, restarts, and a person who lets it
    go on: never two statements of one height."""

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.room = Room(Path(self.temporary.name) / "witness")
        trunk = SealedChain(FOUR).grow(3)
        self.branches = [trunk, trunk.fork(3)]
        self.published: dict[int, bytes] = {}

    @rule(which=st.integers(0, 1), count=st.integers(1, 3))
    def grows(self, which: int, count: int) -> None:
        self.branches[which].grow(count, f"branch {which}")

    @rule(which=st.lists(st.integers(0, 1), min_size=1, max_size=3))
    def asks(self, which: Iterable[int]) -> None:
        self.room.now += 1
        self.room.round(*(self.branches[each] for each in which))

    @rule()
    def restarts(self) -> None:
        self.room.reopen()

    @rule()
    def goes_on(self) -> None:
        for each in self.room.statements.open_incidents():
            self.room.statements.resume(each.number, self.room.now)

    @invariant()
    def nothing_published_changes(self) -> None:
        now = self.room.notes()
        assert self.published.items() <= now.items()
        self.published = now

    @invariant()
    def heights_that_two_were_seen_of__are_barred(self) -> None:
        for path in (self.room.folder / "proofs").glob("block-*"):
            assert int(path.name[6:]) in self.room.statements.barred()
            assert len(list(path.glob("*.header"))) == 2

    def teardown(self) -> None:
        self.room.statements.close()
        self.temporary.cleanup()


AnyNodes.TestCase.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
TestAnyNodes = AnyNodes.TestCase
