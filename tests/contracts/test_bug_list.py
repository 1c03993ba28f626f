# SPDX-License-Identifier: Apache-2.0
"""Known bugs of others, one negative test each, named after the bug.

The list is that of audits and fixes of EAS, OpenZeppelin and OpenAttestation. Where a bug cannot
exist by construction, the construction is what is tested.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from muniment.artifacts import CONTRACTS, artifact
from muniment.chain import deploy
from muniment.chain.accounts import UnsignedTransaction
from muniment.chain.bindings import errors
from muniment.chain.bindings.record_registry import Entry, EntryPlace, Seal
from muniment.journal import Entry as JournalEntry
from muniment.journal import EntryKind, Tree, hash_children
from muniment.record import Commitment, LocalId, TypeId
from muniment.record.state import Status
from tests.contracts.conftest import DAY, Stage, role_id, word

FAR = 1 << 35
NONE = Seal(bytes(32), 0, 0, 0)
SOURCES = {
    path: path.read_text()
    for path in (Path(__file__).resolve().parents[2] / "contracts").rglob("*.sol")
}


def functions() -> list[dict[str, Any]]:
    return [
        entry
        for name in CONTRACTS
        for entry in artifact(name)["abi"]
        if entry["type"] == "function"
    ]


def code_of(text: str) -> str:
    """Solidity without its comments."""
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)


def sealed_journal(stage: Stage, count: int) -> tuple[int, list[JournalEntry], Tree, Seal]:
    journal = stage.event("agency_admin", stage.records.open_journal(1)).journal
    entries = [
        JournalEntry(
            EntryKind.REGISTRATION,
            1,
            TypeId(1),
            1,
            stage.now() - 1,
            LocalId(word(f"{journal} {i}")),
            Commitment(word(f"c {i}")),
        )
        for i in range(count)
    ]
    tree = Tree()
    for entry in entries:
        tree.append(entry.leaf_hash())
    call = stage.records.seal_journal(1, journal, NONE, count, tree.root(), [])
    event = stage.event("operator", call)
    return journal, entries, tree, Seal(event.root, event.size, 0, event.sealed_at)


def on_chain(entry: JournalEntry) -> Entry:
    return Entry(1, 1, 1, 1, entry.time, entry.local_id, entry.commitment)


def test_deadline_off_by_one__the_last_second_still_counts(stage: Stage) -> None:
    """EAS: deadlines were exclusive where the documents said inclusive."""
    until = stage.now() + 3600
    ask = stage.shares.request_share(2, 1, 1, bytes(32), word("t"), until, FAR)
    share_id = stage.event("other_steward", ask).share_id
    stage.connection.request("evm_setNextBlockTimestamp", [until])
    stage.connection.request("evm_mine", [])
    stage.dry("steward", stage.shares.grant_share(share_id, word("t"), FAR))


def test_missing_deadline__is_refused(stage: Stage) -> None:
    """EAS: no explicit deadline meant for ever."""
    record_id = stage.register("undated")
    with stage.refused(errors.RecordRegistryInvalidExpiryError, expires_at=0):
        stage.dry("steward", stage.records.offer_custody(record_id, 1, 2, 0))
    stage.later(2 * DAY)
    with stage.refused(errors.RecordRegistryInvalidExpiryError, expires_at=0):
        stage.dry("registrar", stage.records.propose_disposition(record_id, 1, word("m"), 0))


def test_value_not_bound_and_refund_only_on_the_last_item__nothing_takes_ether() -> None:
    """EAS: attested value was not in the signature; multi-calls refunded the last item alone."""
    assert all(entry["stateMutability"] != "payable" for entry in functions())
    kinds = {entry["type"] for name in CONTRACTS for entry in artifact(name)["abi"]}
    assert not kinds & {"receive", "fallback"}


def test_array_length_mismatch__is_refused(stage: Stage) -> None:
    """EAS: multi-calls paired lists of different lengths."""
    call = stage.records.register_many(1, 1, 1, 1, [word("a"), word("b")], [word("c")])
    with stage.refused(errors.RecordRegistryInvalidBatchError, local_ids=2, commitments=1):
        stage.dry("operator", call)


def test_burnt_nonce_and_replayed_signature__no_function_takes_either() -> None:
    """EAS: `increaseNonce` overflowed. Here everybody sends their own transactions."""
    words = re.compile(r"nonce|signature|deadline|permit|bySig|delegated", re.IGNORECASE)
    for entry in functions():
        assert not words.search(entry["name"])
        assert not any(words.search(item["name"]) for item in entry["inputs"])


def test_relayer_instead_of_the_officer__only_the_sender_counts() -> None:
    """EAS 8c34532: the relayer, not the attester, could revoke. FireFly: tx.origin was trusted."""
    for path, text in SOURCES.items():
        code = code_of(text)
        assert "tx.origin" not in code, path
        assert "ecrecover" not in code, path


def test_uid_without_chain_or_contract__ids_differ_between_deployments(stage: Stage) -> None:
    """EAS: a UID held neither chain id nor address, so it was the same everywhere."""
    other = deploy(
        stage.senders["registry_admin"],
        registry_admin=stage.address("registry_admin"),
        guardian=stage.address("guardian"),
        admin_delay=1,
    )
    here = stage.read(stage.records.record_id_of, 1, word("same"))
    assert here != stage.read(other.records.record_id_of, 1, word("same"))


def test_encode_packed_with_dynamic_fields__is_used_for_fixed_widths_alone() -> None:
    """EAS: `abi.encodePacked` of several dynamic fields lets one preimage stand for two."""
    for path, text in SOURCES.items():
        for packed in re.findall(r"encodePacked\((.*?)\)", code_of(text), re.DOTALL):
            dynamic = [part for part in packed.split(",") if part.strip() in {"entry", "name"}]
            assert len(dynamic) <= 1, path


def test_empty_multiproof__there_are_no_multiproofs() -> None:
    """OpenZeppelin v5.1 M-02: a multiproof of no leaves proved the root."""
    assert not any("multiproof" in entry["name"].lower() for entry in functions())


def test_erc2771_with_multicall__there_is_no_forwarder() -> None:
    """OpenZeppelin v5.0 H-02 and the disclosure of December 2023: forged senders."""
    assert not any("forwarder" in entry["name"].lower() for entry in functions())
    for path, text in SOURCES.items():
        assert not re.search(r"import[^;]*2771", code_of(text)), path


def test_proposal_front_running__another_proposal_blocks_nobody(stage: Stage) -> None:
    """OpenZeppelin L-14: a copied proposal kept the original from being made."""
    record_id = stage.register("proposed twice")
    stage.later(2 * DAY)
    until = stage.now() + 3600
    propose = stage.records.propose_disposition
    stage.send("registrar", propose(record_id, 1, word("first"), until))
    with stage.refused(errors.AccessControlUnauthorizedAccountError):
        stage.dry("other_registrar", propose(record_id, 1, word("other"), until))
    stage.send("registrar", propose(record_id, 1, word("second"), until))
    assert stage.read(stage.records.disposition_proposal, record_id).mandate == word("second")


def test_interior_node_as_a_document__is_refused(stage: Stage) -> None:
    """OpenAttestation: `isIssued(root, node, proof)` took interior nodes for documents."""
    journal, entries, tree, sealed = sealed_journal(stage, 4)
    node = hash_children(entries[0].leaf_hash(), entries[1].leaf_hash())
    enrol = stage.records.enrol
    fake = Entry(1, 1, 1, 1, entries[0].time, node[:32], entries[1].leaf_hash())
    for index in range(4):
        with stage.refused(errors.RecordRegistryNotIncludedError, index=index):
            place = EntryPlace(1, journal, index)
            stage.dry("registrar", enrol(place, fake, sealed, tree.inclusion_proof(2)[1:]))


def test_revocation_keyed_by_hash_only__the_same_content_elsewhere_stays(stage: Stage) -> None:
    """OpenAttestation: revoking a hash revoked it in every batch."""
    stage.send("registrar", stage.records.register(1, 1, 1, 1, word("one"), word("same")))
    stage.send("registrar", stage.records.register(1, 1, 1, 1, word("two"), word("same")))
    one, two = (stage.read(stage.records.record_id_of, 1, word(n)) for n in ("one", "two"))
    stage.send("registrar", stage.records.revoke(one, 1, 1))
    assert stage.state(one).status is Status.REVOKED
    assert stage.state(two).status is Status.IN_FORCE


def test_only_booleans_stored__the_time_of_an_act_is_kept(stage: Stage) -> None:
    """OpenAttestation: that something was revoked was stored, not when."""
    record_id = stage.register("timed")
    stage.later(1000)
    receipt = stage.send("registrar", stage.records.revoke(record_id, 1, 1))
    assert (
        stage.state(record_id).updated_at == stage.connection.block(receipt.block_number).timestamp
    )


def test_revoking_nothing__does_not_pass_silently(stage: Stage) -> None:
    """OpenAttestation: revoking an interior node had no effect and no error."""
    with stage.refused(errors.RecordRegistryUnknownRecordError, record_id=word("nothing")):
        stage.dry("registrar", stage.records.revoke(word("nothing"), 1, 1))


def test_cve_2012_2459__a_doubled_last_leaf_is_no_second_entry(stage: Stage) -> None:
    """Bitcoin: a tree that doubles its last leaf has the root of another tree."""
    journal, entries, tree, sealed = sealed_journal(stage, 3)
    doubled = [entries[2].leaf_hash(), *tree.inclusion_proof(2)]
    call = stage.records.enrol(EntryPlace(1, journal, 3), on_chain(entries[2]), sealed, doubled)
    with stage.refused(errors.RecordRegistryNotIncludedError, index=3):
        stage.dry("registrar", call)


def test_trees_of_size_0__cannot_be_sealed(stage: Stage) -> None:
    journal = stage.event("agency_admin", stage.records.open_journal(1)).journal
    with stage.refused(errors.RecordRegistryInvalidSizeError, size=0):
        stage.dry("operator", stage.records.seal_journal(1, journal, NONE, 0, Tree().root(), []))


def test_proof_longer_than_needed_and_index_past_the_end__are_refused(stage: Stage) -> None:
    journal, entries, tree, sealed = sealed_journal(stage, 4)
    path = tree.inclusion_proof(1)
    for index, proof in ((1, [*path, tree.root()]), (1, path[:-1]), (4, path), (5, path)):
        call = stage.records.enrol(
            EntryPlace(1, journal, index), on_chain(entries[1]), sealed, proof
        )
        with stage.refused(errors.RecordRegistryNotIncludedError, index=index):
            stage.dry("registrar", call)


def test_role_admin_takeover__nobody_sets_role_admins(stage: Stage) -> None:
    """Cycles of `_setRoleAdmin` handed roles to their own holders."""
    assert not any("setroleadmin" in entry["name"].lower() for entry in functions())
    for role in ("registrar", "steward", "operator", "agency_admin"):
        admin = stage.read(stage.agencies.get_role_admin, role_id(stage, role, 1))
        assert admin == role_id(stage, "agency_admin", 1)


def test_renounce_leaving_no_admin__is_refused(stage: Stage) -> None:
    role = role_id(stage, "agency_admin", 1)
    call = stage.agencies.renounce_role(role, stage.address("agency_admin"))
    with stage.refused(errors.AgencyRegistryLastHolderError, role=role):
        stage.dry("agency_admin", call)


def test_replay_on_another_chain__a_transaction_names_its_chain(stage: Stage) -> None:
    signer = stage.senders["stranger"].signer
    here_id, to = stage.connection.chain_id, stage.address("guardian")
    _, here = signer.sign(UnsignedTransaction(here_id, 0, 21_000, 1, to, b""))
    _, there = signer.sign(UnsignedTransaction(here_id + 1, 0, 21_000, 1, to, b""))
    assert here != there


def test_record_id_squatting__another_agency_cannot_take_the_id(stage: Stage) -> None:
    create = stage.agencies.create_record_type(2, "deed", word("s"), 0, 0)
    stage.send("other_admin", create)
    stage.send("other_registrar", stage.records.register(2, 1, 1, 1, word("mine"), word("c")))
    with stage.refused(errors.AccessControlUnauthorizedAccountError):
        call = stage.records.register(1, 1, 1, 1, word("mine"), word("c"))
        stage.dry("other_registrar", call)
    stage.dry("registrar", stage.records.register(1, 1, 1, 1, word("mine"), word("c")))


def test_unbounded_loop__a_batch_has_at_most_256_records(stage: Stage) -> None:
    many = [word(str(i)) for i in range(257)]
    with stage.refused(errors.RecordRegistryInvalidBatchError, limit=256):
        stage.dry("operator", stage.records.register_many(1, 1, 1, 1, many, many))


def test_block_time_as_evidence_time__both_times_are_kept(stage: Stage) -> None:
    """An entry's time is the agency's word, its seal's the chain's: none passes for the other."""
    journal, entries, tree, sealed = sealed_journal(stage, 1)
    assert entries[0].time < sealed.sealed_at
    late = JournalEntry(
        EntryKind.REGISTRATION,
        1,
        TypeId(1),
        1,
        sealed.sealed_at + DAY,
        LocalId(word("late")),
        Commitment(word("c")),
    )
    tree.append(late.leaf_hash())
    proof = tree.consistency_proof(1)
    call = stage.records.seal_journal(1, journal, sealed, 2, tree.root(), proof)
    event = stage.event("operator", call)
    second = Seal(event.root, 2, 1, event.sealed_at)
    enrol = stage.records.enrol(
        EntryPlace(1, journal, 1), on_chain(late), second, tree.inclusion_proof(1)
    )
    with stage.refused(errors.RecordRegistryEntryAfterSealError, entry_time=late.time):
        stage.dry("registrar", enrol)


def test_pause_bypassed_through_a_second_door__multicall_is_none(stage: Stage) -> None:
    record_id = stage.register("paused")
    stage.send("pauser", stage.agencies.pause("drill"))
    call = stage.records.multicall([stage.records.revoke(record_id, 1, 1)])
    with stage.refused(errors.RecordRegistryPausedError):
        stage.dry("registrar", call)
