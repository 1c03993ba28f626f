# SPDX-License-Identifier: Apache-2.0
"""Evidence down to the validators' signatures: before, between and after changes of the set."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import coincurve
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.chain import Connection
from muniment.chain.anchors import header_of
from muniment.chain.engines import validators_of
from muniment.cli import commands
from muniment.errors import InvalidInputError
from muniment.evidence import EvidenceFile, Outcome, TrustFile, Verdict, Verifier
from muniment.evidence.block_notes import sign_block
from muniment.evidence.handovers import HandOver
from muniment.journal.checkpoints import COSIGNATURE, NoteKey
from muniment.proof.istanbul import IstanbulHeader, ValidatorSet
from muniment.record import RecordType, TypeId
from muniment.record.keccak import keccak
from muniment.record.types import Sharing
from muniment.registry import Registry
from muniment.registry.bulk_evidence import evidence_bundles, provable_records
from muniment.registry.consensus import NoHandOverError
from muniment.registry.evidence_making import make_trust
from network.handing_over import folder_of, kept
from network.members import Network
from network.running import wait_for_blocks
from tests.chain.conftest import World
from tests.network.conftest import CHAIN
from tests.network.test_founding import run
from tests.vectors.generate_consensus_evidence import (
    Scene,
    registered,
    sealed_by,
    signed_anew,
    with_anchor,
)
from tests.vectors.generate_evidence import DEED, PASSWORD, open_registries

pytestmark = pytest.mark.slow

AUDITOR = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
STRANGER = coincurve.PrivateKey(keccak(b"muniment test: a stranger among the validators"))


class Office:
    """An agency that keeps the trust file of the first day, and an auditor who sees blocks."""

    def __init__(self, network: Network, world: World, folder: Path) -> None:
        self.network = network
        self.folder = folder
        self.connection = Connection(world.connection.url, CHAIN)
        by = open_registries(world, folder)
        deed = RecordType.define(
            "land-deed", TypeId(2), 1, DEED, retention_days=0, sharing=Sharing.CONDITIONAL
        )
        admin = by["agency_admin"]
        published = admin.publish_type(deed)
        # The tests share a chain: the type is there from the second one on.
        admin.wait([] if published is None else [published], "final")
        self.profile = by["registrar"].session.profile
        self.trust = self.trusted(by["registrar"])
        for each in by.values():
            each.close()
        path = folder / "trust.toml"
        path.write_bytes(self.trust.to_bytes())
        chain = replace(self.profile.chain, handovers=folder_of(network))
        self.profile = replace(self.profile, trust=path, chain=chain)
        self.registry = Registry.open(self.profile, password=PASSWORD)

    def handed_over(self) -> list[HandOver]:
        """The hand-overs since the first day."""
        assert self.trust.validators is not None
        first = self.trust.validators.block
        return [each for each in kept(self.network) if each.number >= first]

    def trusted(self, registry: Registry) -> TrustFile:
        """What is trusted now; no block is pinned, so that signatures decide."""
        made = make_trust(registry.session, days=30, greatest_age_days=1, nodes=())
        key = NoteKey("auditor.example", AUDITOR.public_key().public_bytes_raw(), COSIGNATURE)
        whole = replace(made, blocks={}, witnesses=(key,), witnesses_needed=1)
        return TrustFile.from_bytes(whole.to_bytes())

    def note(self, data: bytes) -> bytes:
        """The auditor's note of the block of a file, as the auditor's own node has it."""
        number = header(data).number
        block = self.connection.block(number)
        now = int(time.time())
        return sign_block(CHAIN, number, block.hash, "auditor.example", AUDITOR, now)

    def verdict(self, data: bytes, trust: TrustFile | None = None) -> Verdict:
        """Offline, by the trust file of the first day where no other is named."""
        return Verifier(trust or self.trust, now=int(time.time())).verify(data)[0]


@pytest.fixture
def office(network: Network, world: World, tmp_path: Path) -> Iterator[Office]:
    made = Office(network, world, tmp_path)
    yield made
    made.registry.close()


def header(data: bytes) -> IstanbulHeader:
    return IstanbulHeader.from_rlp(EvidenceFile.from_bytes(data).anchor.header)


def handovers(data: bytes) -> tuple[HandOver, ...]:
    return EvidenceFile.from_bytes(data).anchor.handovers


def test_evidence__before_between_and_after_changes_of_the_set(office: Office) -> None:
    registry, folder = office.registry, office.network.folder
    record = registered(registry, "a deed")
    before = registry.evidence(record, fields=["holder"])
    assert office.verdict(before).outcome is Outcome.VALID
    assert handovers(before) == ()
    run(folder, "add", "v5")
    grown = Network.at(folder)
    [first] = office.handed_over()
    between = sealed_by(registry, record, grown.member("v5").address, 4)
    assert handovers(between) == (first,)
    unseen = office.verdict(between)
    assert (unseen.outcome, unseen.step) == (Outcome.UNKNOWN, 12)
    assert "newer trust file" in unseen.reason
    # As of the very block that the auditor saw.
    note = office.note(between)
    seen = registry.evidence(record, fields=["holder"], witnessed=note)
    assert header(seen) == header(between)
    found = office.verdict(seen)
    assert (found.outcome, found.handovers) == (Outcome.VALID, 1)
    assert found.block_witnesses == ["auditor.example"]
    assert found.fields == {"holder": "Holder of a deed"}
    # Blocks before the vote took effect are the old set's, hand-over or not.
    under_way = office.connection.block(first.number + 1)
    early = sign_block(CHAIN, under_way.number, under_way.hash, "auditor.example", AUDITOR, 1)
    assert handovers(registry.evidence(record, witnessed=early)) == ()
    # A trust file of today needs no witness, and says nothing of what was before it.
    today = office.trusted(registry)
    assert today.validators is not None
    assert len(today.validators.addresses) == 5
    wait_for_blocks(grown, grown.validators())
    latest = sealed_by(registry, record, grown.member("v5").address, 4)
    assert office.verdict(latest, today).outcome is Outcome.VALID
    assert office.verdict(before, today).outcome is Outcome.UNKNOWN
    assert office.verdict(before).outcome is Outcome.VALID
    # The one that leaves is not the client's own node.
    leaving = grown.validators()[1]
    run(folder, "remove", leaving.name)
    assert len(office.handed_over()) == 2
    after = sealed_by(registry, record, grown.member("v5").address, 3)
    assert handovers(after) == tuple(office.handed_over())
    assert office.verdict(after).outcome is Outcome.UNKNOWN
    seen = registry.evidence_bundle([record], witnessed=office.note(after))
    found = office.verdict(seen)
    assert (found.outcome, found.handovers, found.validators) == (Outcome.VALID, 2, 4)
    registry.sync()
    ids = provable_records(registry.session).record_ids
    [bundle] = evidence_bundles(registry.session, ids)
    assert office.verdict(bundle, today).outcome is not Outcome.INVALID
    # At each block the node names the set that has signed it, at the changes too.
    for number in range(first.number, header(after).number + 1):
        signed = header_of(office.connection, office.connection.block(number))
        named = ValidatorSet(validators_of(office.connection, number))
        assert named.check(IstanbulHeader.from_rlp(signed)).committers
    # Whoever has no hand-overs is told so, and makes nothing that would not hold.
    chain = replace(office.profile.chain, handovers=None)
    bare = Registry.open(replace(office.profile, chain=chain), password=PASSWORD)
    with pytest.raises(NoHandOverError, match="not signed by the validators"):
        sealed_by(bare, record, grown.member("v5").address, 3)
    bare.close()


def test_branch_of_retired_keys__is_not_valid(office: Office) -> None:
    registry, folder = office.registry, office.network.folder
    record = registered(registry, "a deed")
    real = registry.evidence(record, fields=["holder"])
    run(folder, "add", "v6")
    grown = Network.at(folder)
    leaving = grown.validators()[1]
    run(folder, "remove", leaving.name)
    keys = {
        bytes.fromhex(each.address[2:]): bytes.fromhex((grown.home(each) / "nodekey").read_text())
        for each in grown.own()
    }
    own = keccak(STRANGER.public_key.format(compressed=False)[1:])[-20:]
    scene = Scene({}, office.handed_over(), {**keys, own: STRANGER.secret}, office.trust, 0)
    [first, _] = scene.handovers
    # Keys of the first set, got hold of later, hand over to a set of their own.
    old = sorted(first.old)
    to_own = tuple(sorted([*old[:3], own]))
    false = replace(first, new=to_own, signatures=())
    false = false.signed(scene.keys[each] for each in to_own)
    number = first.number + 3
    forged = with_anchor(signed_anew(scene, real, [own, *old[:3]], number), handovers=(false,))
    found = office.verdict(forged)
    assert (found.outcome, found.step) == (Outcome.UNKNOWN, 12)
    # What the auditor saw there is another block.
    noted = with_anchor(forged, witnessed=office.note(forged))
    found = office.verdict(noted)
    assert (found.outcome, found.step) == (Outcome.INVALID, 12)
    # A note by whom the trust file does not know is none.
    liar = sign_block(CHAIN, number, header(forged).hash, "liar.example", AUDITOR, 1)
    assert office.verdict(with_anchor(forged, witnessed=liar)).outcome is Outcome.UNKNOWN
    # The real hand-overs do not lead to them, and too few of the old set lead nowhere.
    other = with_anchor(forged, handovers=tuple(scene.handovers))
    assert office.verdict(other).outcome is Outcome.INVALID
    few = replace(false, signatures=()).signed(scene.keys[each] for each in [*old[:2], own])
    assert office.verdict(with_anchor(forged, handovers=(few,))).outcome is Outcome.INVALID
    # With the old set alone they go as far as the trust file does, and not a second further.
    alone = with_anchor(signed_anew(scene, real, old[:3], number), handovers=())
    late = office.trust.expires + 1
    [found] = Verifier(office.trust, now=late).verify(alone)
    assert found.outcome is Outcome.UNKNOWN
    with_note = with_anchor(alone, witnessed=liar)
    [found] = Verifier(office.trust, now=late).verify(with_note)
    assert found.outcome is not Outcome.VALID


def test_note_of_witnesses__must_be_of_a_block_that_the_node_has(office: Office) -> None:
    record = registered(office.registry, "a deed")
    block = office.connection.block()
    notes = {
        "of another hash": sign_block(CHAIN, block.number, bytes(32), "a.example", AUDITOR, 1),
        "of another chain": sign_block(1, block.number, block.hash, "a.example", AUDITOR, 1),
    }
    for note in notes.values():
        with pytest.raises(InvalidInputError, match="witnessed"):
            office.registry.evidence(record, witnessed=note)
    # By the command too.
    path = office.folder / "note"
    path.write_bytes(sign_block(CHAIN, block.number, block.hash, "auditor.example", AUDITOR, 1))
    profile = office.folder / "profile.toml"
    profile.write_text(office.profile.to_toml())
    output = office.folder / "evidence.json"
    answer = CliRunner().invoke(
        commands,
        [
            *("evidence", f"0x{record.hex()}", "--witnessed", str(path)),
            *("-o", str(output), "--profile", str(profile)),
        ],
    )
    assert answer.exit_code == 0, answer.output
    trust = office.folder / "new.trust.toml"
    [witness] = office.trust.witnesses
    made = ["trust", "make", str(trust), "--profile", str(profile), "--witness"]
    answer = CliRunner().invoke(commands, [*made, witness.to_text()])
    assert answer.exit_code == 0, answer.output
    told = TrustFile.from_bytes(trust.read_bytes())
    assert (told.witnesses, told.witnesses_needed) == ((witness,), 1)
    assert told.validators is not None
    assert office.trust.validators is not None
    assert told.validators.addresses == office.trust.validators.addresses
    assert told.validators.block > office.trust.validators.block
    data = output.read_bytes()
    assert header(data).number == block.number
    assert header_of(office.connection, block) == EvidenceFile.from_bytes(data).anchor.header
    assert office.verdict(data).block_witnesses == ["auditor.example"]
