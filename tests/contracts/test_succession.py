# SPDX-License-Identifier: Apache-2.0
"""A registry ends in the open, and the next one takes its records over."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode

from muniment.chain import Address, Origin, Registries, deploy, deploy_signpost
from muniment.chain.bindings import Signpost, errors
from muniment.chain.bindings.record_registry import Entry, EntryPlace, Hold, Seal
from muniment.journal import Entry as JournalEntry
from muniment.journal import EntryKind, Tree, hash_leaf
from muniment.record import Commitment, LocalId, TypeId
from muniment.record.state import Status
from muniment.record.types import Sharing
from tests.chain.conftest import ROLES, set_up
from tests.contracts.conftest import DAY, Stage, word

NONE = Seal(bytes(32), 0, 0, 0)
OTHER_CHAIN = 7002


class Predecessor:
    """A registry with everything that can be adopted, and the tree of its final states."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        records = stage.records
        self.plain = stage.register("plain")
        self.held = stage.register("held")
        stage.send("registrar", records.amend(self.held, 1, 1, 1, word("second")))
        stage.send("hold_authority", records.place_hold(self.held, word("case")))
        self.offered = stage.register("offered")
        stage.send("steward", records.offer_custody(self.offered, 1, 2, stage.now() + 90 * DAY))
        self.foreseen = bytes(stage.read(records.record_id_of, 1, word("foreseen")))
        stage.send("hold_authority", records.place_hold(self.foreseen, word("case")))
        stage.send("agency_admin", records.open_journal(1))
        self.entry = JournalEntry(
            EntryKind.REGISTRATION,
            1,
            TypeId(1),
            1,
            stage.now() - 1,
            LocalId(word("entry")),
            Commitment(word("content of entry")),
        )
        self.journal = Tree()
        self.journal.append(hash_leaf(b"another"))
        self.journal.append(self.entry.leaf_hash())
        call = records.seal_journal(1, 1, NONE, 2, self.journal.root(), [])
        event = stage.event("operator", call)
        self.sealed = Seal(event.root, event.size, event.previous_size, event.sealed_at)
        stage.send("hold_authority", records.hold_type(1, 1, word("type case")))

    def freeze(self) -> None:
        """Announce, wait, pause, and compute the tree of final states."""
        stage = self.stage
        stage.send("registry_admin", stage.agencies.schedule_succession())
        stage.later(31 * DAY)
        stage.send("pauser", stage.agencies.pause("succession"))
        authority = stage.address("hold_authority")
        self.leaves: list[bytes] = []
        self.holds = {
            self.plain: [],
            self.offered: [],
            self.held: [Hold(authority, word("case"))],
            self.foreseen: [Hold(authority, word("case"))],
        }
        self.order = sorted(self.holds)
        for record_id in self.order:
            stored = stage.read(stage.records.record, record_id)
            self.leaves.append(
                encode(
                    ["uint8", "bytes32", "(bytes32,uint256,bytes32)", "(address,bytes32)[]"],
                    [
                        1,
                        record_id,
                        (stored.commitment, stored.state.to_word(), stored.trace_head),
                        [(h.authority, h.case_commitment) for h in self.holds[record_id]],
                    ],
                )
            )
        head = stage.read(stage.records.journal_head, 1, 1)
        self.seal_hash = stage.read(stage.records.seal_hash_of, 1, 1, 2)
        self.leaves.append(
            encode(
                ["uint8", "uint32", "uint32", "(uint64,uint64,bool,bool)", "bytes32"],
                [2, 1, 1, (head.size, head.repudiated_from, True, False), self.seal_hash],
            )
        )
        self.leaves.append(
            encode(
                ["uint8", "uint32", "uint16", "(address,bytes32)"],
                [3, 1, 1, (authority, word("type case"))],
            )
        )
        self.tree = Tree()
        for leaf in self.leaves:
            self.tree.append(hash_leaf(leaf))

    def successor(self) -> Registries:
        stage = self.stage
        lineage = stage.read(stage.records.origin).lineage
        return deploy(
            stage.senders["registry_admin"],
            registry_admin=stage.address("registry_admin"),
            guardian=stage.address("guardian"),
            admin_delay=3600,
            origin=Origin(lineage, stage.records.address, self.tree.root(), len(self.leaves)),
        )

    def adoptions(self, records: Any, stored: dict[bytes, Any]) -> list[Any]:
        proof = self.tree.inclusion_proof
        calls = [
            records.adopt_record(record_id, stored[record_id], self.holds[record_id], i, proof(i))
            for i, record_id in enumerate(self.order)
        ]
        head = self.stage.read(self.stage.records.journal_head, 1, 1)
        calls.append(records.adopt_journal(1, 1, head, self.seal_hash, 4, proof(4)))
        hold = Hold(self.stage.address("hold_authority"), word("type case"))
        calls.append(records.adopt_type_hold(1, 1, hold, 5, proof(5)))
        return calls


@pytest.fixture
def predecessor(stage: Stage) -> Predecessor:
    made = Predecessor(stage)
    made.freeze()
    return made


def test_succession__is_named_in_time_reviewed_and_final(predecessor: Predecessor) -> None:
    stage = predecessor.stage
    agencies = stage.agencies
    with stage.refused(errors.AgencyRegistryNotASuccessorError):
        stage.dry("registry_admin", agencies.name_successor(stage.address("stranger")))
    with stage.refused(errors.AgencyRegistryNotASuccessorError, successor=stage.records.address):
        stage.dry("registry_admin", agencies.name_successor(stage.records.address))
    successor = predecessor.successor().records.address
    name = agencies.name_successor(successor)
    named = stage.event("registry_admin", name)
    assert (named.successor, named.final_states_root) == (successor, predecessor.tree.root())
    with stage.refused(errors.AgencyRegistryNotReadyError, ready_at=named.final_at):
        stage.dry("registry_admin", agencies.finalise_succession())
    # Writing goes on: the states are no longer those under the root.
    stage.send("unpauser", agencies.unpause())
    stage.send("pauser", agencies.pause("again"))
    stage.later(4 * DAY)
    with stage.refused(errors.AgencyRegistryNoSuccessionError):
        stage.dry("registry_admin", agencies.finalise_succession())
    stage.send("registry_admin", name)
    stage.later(4 * DAY)
    stage.send("registry_admin", agencies.finalise_succession())
    assert stage.read(stage.records.successor) == successor
    for role, call in (
        ("registrar", stage.records.revoke(predecessor.plain, 1, 1)),
        ("hold_authority", stage.records.place_hold(predecessor.plain, word("c"))),
        ("registry_admin", agencies.create_agency("Late", stage.address("stranger"))),
        ("unpauser", agencies.unpause()),
        ("registry_admin", agencies.finalise_succession()),
        ("guardian", agencies.cancel_succession()),
        (
            "other_steward",
            stage.shares.request_share(2, 1, 1, bytes(32), word("t"), 1 << 35, 1 << 35),
        ),
    ):
        with stage.refused(errors.RecordRegistryRetiredError, successor=successor):
            stage.dry(role, call)


def test_successor__is_named_neither_early_nor_late(stage: Stage) -> None:
    ready = stage.event("registry_admin", stage.agencies.schedule_succession()).ready_at
    stage.send("pauser", stage.agencies.pause("too early"))
    name = stage.agencies.name_successor(stage.records.address)
    with stage.refused(errors.AgencyRegistryNotReadyError, ready_at=ready):
        stage.dry("registry_admin", name)
    stage.later(61 * DAY)
    with stage.refused(errors.AgencyRegistryLapsedError, lapsed_at=ready + 30 * DAY):
        stage.dry("registry_admin", name)


def test_successor_on_another_chain__is_named_by_a_signpost(predecessor: Predecessor) -> None:
    stage = predecessor.stage
    root, count = predecessor.tree.root(), len(predecessor.leaves)
    there = stage.address("stranger")
    post = deploy_signpost(
        stage.senders["registry_admin"],
        stage.records.address,
        root,
        count,
        chain_id=OTHER_CHAIN,
        registry=there,
    )
    signpost = Signpost(stage.connection, post)
    found = stage.read(signpost.origin)
    assert found.lineage == stage.read(stage.records.origin).lineage
    assert (found.predecessor, found.final_states_count) == (stage.records.address, count)
    assert stage.read(signpost.successor_chain_id) == OTHER_CHAIN
    assert stage.read(signpost.successor_registry) == there
    named = stage.event("registry_admin", stage.agencies.name_successor(post))
    assert (named.successor, named.final_states_root) == (post, root)
    stage.later(4 * DAY)
    stage.send("registry_admin", stage.agencies.finalise_succession())
    assert stage.read(stage.records.successor) == post


def test_signpost__points_to_another_chain_and_stands_for_one_registry(
    predecessor: Predecessor,
) -> None:
    stage = predecessor.stage
    there, root = stage.address("stranger"), predecessor.tree.root()

    def made(of: str, root: bytes, chain_id: int, registry: str) -> Address:
        sender = stage.senders["registry_admin"]
        return deploy_signpost(
            sender, Address(of), root, 6, chain_id=chain_id, registry=Address(registry)
        )

    ours, own = stage.records.address, stage.connection.chain_id
    for chain_id, registry in ((own, there), (0, there), (OTHER_CHAIN, "0x" + "00" * 20)):
        with stage.refused(errors.SignpostInvalidSuccessorError, chain_id=chain_id):
            made(ours, root, chain_id, registry)
    with stage.refused(errors.SignpostInvalidFinalStatesError):
        made(ours, bytes(32), OTHER_CHAIN, there)
    other = predecessor.successor().records.address
    with stage.refused(errors.AgencyRegistryNotASuccessorError):
        elsewhere = made(other, root, OTHER_CHAIN, there)
        stage.dry("registry_admin", stage.agencies.name_successor(elsewhere))


def test_adoption__comes_before_anything_new_and_keeps_every_trace(
    predecessor: Predecessor,
) -> None:
    stage = predecessor.stage
    stored = {i: stage.read(stage.records.record, i) for i in predecessor.holds}
    heads = {i: stage.read(stage.records.trace_head_of, i) for i in predecessor.holds}
    registries = predecessor.successor()
    heir = Stage(stage.connection, registries, stage.senders)
    set_up(heir)
    assert heir.read(heir.records.origin).lineage == stage.read(stage.records.origin).lineage
    new = heir.records.register(1, 1, 1, 1, word("new"), word("c"))
    waiting = (
        ("registrar", new),
        ("agency_admin", heir.records.open_journal(1)),
        ("hold_authority", heir.records.place_hold(predecessor.plain, word("c"))),
        ("hold_authority", heir.records.hold_type(1, 1, word("c"))),
        (
            "registrar",
            heir.records.enrol(
                EntryPlace(1, 1, 1), Entry(1, 1, 1, 1, 0, word("e"), word("c")), NONE, []
            ),
        ),
    )
    for role, call in waiting:
        with heir.refused(errors.RecordRegistryAdoptionIncompleteError, remaining=6):
            heir.dry(role, call)

    calls = predecessor.adoptions(heir.records, stored)
    forged = stored[predecessor.plain]
    index = predecessor.order.index(predecessor.plain)
    proof = predecessor.tree.inclusion_proof(index)
    wrong = type(forged)(word("forged"), forged.state, forged.trace_head)
    with heir.refused(errors.RecordRegistryNotIncludedError, index=index):
        heir.dry("stranger", heir.records.adopt_record(predecessor.plain, wrong, [], index, proof))
    for call in calls:
        heir.send("stranger", call)
    assert heir.read(heir.records.adoption_remaining) == 0
    with heir.refused(errors.RecordRegistryNotIncludedError, index=0):
        heir.dry("stranger", calls[0])

    for record_id, head in heads.items():
        assert heir.read(heir.records.trace_head_of, record_id) == head
        assert heir.read(heir.records.record, record_id).commitment == stored[record_id].commitment
    assert heir.state(predecessor.offered).offered_to == 0
    heir.dry("registrar", new)
    with heir.refused(errors.RecordRegistryAlreadyRegisteredError, record_id=predecessor.plain):
        heir.dry("registrar", heir.records.register(1, 1, 1, 1, word("plain"), word("c")))

    # Holds came over: each stands until its authority releases it here.
    revoke = heir.records.revoke
    with heir.refused(errors.RecordRegistryHeldError):
        heir.dry("registrar", revoke(predecessor.held, 2, 1))
    heir.send("hold_authority", heir.records.release_hold(predecessor.held, word("case")))
    with heir.refused(errors.RecordRegistryTypeHeldError):
        heir.dry("registrar", revoke(predecessor.held, 2, 1))
    heir.send("hold_authority", heir.records.release_type(1, 1, word("type case")))
    heir.send("registrar", revoke(predecessor.held, 2, 1))
    assert heir.state(predecessor.held).status is Status.REVOKED
    # An entry of the adopted journal is enrolled by its old seal.
    entry = predecessor.entry
    enrol = heir.records.enrol(
        EntryPlace(1, 1, 1),
        Entry(1, 1, 1, 1, entry.time, entry.local_id, entry.commitment),
        predecessor.sealed,
        predecessor.journal.inclusion_proof(1),
    )
    heir.send("registrar", enrol)
    assert heir.read(heir.records.journal_count, 1) == 1
    assert heir.event("agency_admin", heir.records.open_journal(1)).journal == 2
    assert len(ROLES) == len(heir.senders)
    assert Sharing.OPEN == 0
