# SPDX-License-Identifier: Apache-2.0
"""Each function and each kind of refusal once, with nothing that only a development chain has.

These run on any chain: no time is moved, no storage written, nobody impersonated.
`make hardhat` runs them on a Hardhat node.
"""

from __future__ import annotations

import pytest

from muniment.chain import KeyPurpose, LogReader, read_trace
from muniment.chain.bindings import agency_registry as agency_events
from muniment.chain.bindings import errors
from muniment.chain.bindings import record_registry as events
from muniment.chain.bindings import share_registry as share_events
from muniment.chain.bindings.record_registry import Entry, EntryPlace, Seal
from muniment.chain.values import AdminChange, ShareStatus
from muniment.journal import Entry as JournalEntry
from muniment.journal import EntryKind, Tree
from muniment.record import Commitment, LocalId, TypeId
from muniment.record.state import Status
from muniment.record.trace import ActKind
from muniment.record.types import Sharing
from tests.contracts.conftest import Stage, role_id, word

pytestmark = pytest.mark.anychain

NONE = Seal(bytes(32), 0, 0, 0)
FAR = 1 << 35


# ---------------------------------------------------------------- agencies, roles, keys, types


def test_agency__is_created_with_its_admin(stage: Stage) -> None:
    before = stage.read(stage.agencies.agency_count)
    call = stage.agencies.create_agency("Land Registry", stage.address("stranger"))
    receipt = stage.send("registry_admin", call)
    named = [logged.event for logged in receipt.events(stage.agencies)]
    count = stage.read(stage.agencies.agency_count)
    assert count == before + 1
    assert stage.read(stage.agencies.agency_name, count) == "Land Registry"
    assert any(
        isinstance(e, agency_events.AgencyCreated) and e.name == "Land Registry" for e in named
    )
    assigned = named[-1]
    assert isinstance(assigned, agency_events.RoleAssigned)
    assert (assigned.agency_id, assigned.account) == (count, stage.address("stranger"))


def test_agency__with_a_bad_name_or_admin__is_refused(stage: Stage) -> None:
    admin = stage.address("stranger")
    for name, length in (("", 0), ("x" * 65, 65), ("é" * 33, 66)):
        with stage.refused(errors.AgencyRegistryInvalidNameError, length=length, limit=64):
            stage.dry("registry_admin", stage.agencies.create_agency(name, admin))
    with stage.refused(errors.AgencyRegistryInvalidAccountError):
        stage.dry("registry_admin", stage.agencies.create_agency("Zero", "0x" + "00" * 20))
    with stage.refused(errors.AgencyRegistryUnknownAgencyError, agency_id=99):
        stage.read(stage.agencies.agency_name, 99)


def test_role__is_granted_and_revoked_and_numbered(stage: Stage) -> None:
    role = role_id(stage, "registrar", 1)
    stranger = stage.address("stranger")
    granted = stage.event("agency_admin", stage.agencies.grant_role(role, stranger))
    assert (granted.role, granted.account, granted.by) == (
        role,
        stranger,
        stage.address("agency_admin"),
    )
    stage.dry("stranger", stage.records.register(1, 1, 1, 1, word("by stranger"), word("c")))
    members = stage.read(stage.agencies.officers, 1)
    assert any(member.endswith(bytes.fromhex(stranger[2:])) for member in members)
    removed = stage.event("agency_admin", stage.agencies.revoke_role(role, stranger))
    assert isinstance(removed, agency_events.RoleRemoved)
    assert removed.sequence == granted.sequence + 1
    with stage.refused(errors.AccessControlUnauthorizedAccountError, account=stranger):
        stage.dry("stranger", stage.records.register(1, 1, 1, 1, word("by stranger"), word("c")))


def test_role__that_nobody_has_heard_of__cannot_be_granted(stage: Stage) -> None:
    unborn = stage.read(stage.agencies.agency_role, role_id(stage, "registrar"), 999)
    call = stage.agencies.grant_role(unborn, stage.address("registry_admin"))
    with stage.refused(errors.AgencyRegistryUnknownRoleError, role=unborn):
        stage.dry("registry_admin", call)


def test_operator__holds_no_other_role_anywhere(stage: Stage) -> None:
    for role, account in (
        (role_id(stage, "registrar", 1), "operator"),
        (role_id(stage, "operator", 1), "registrar"),
        (role_id(stage, "operator", 1), "other_steward"),
        (role_id(stage, "operator", 1), "registry_admin"),
        (role_id(stage, "operator", 1), "guardian"),
    ):
        call = stage.agencies.grant_role(role, stage.address(account))
        with stage.refused(
            errors.AgencyRegistryOperatorExclusiveError, account=stage.address(account), role=role
        ):
            stage.dry("agency_admin", call)


def test_last_admin_and_last_guardian__stay(stage: Stage) -> None:
    for role, account in (
        (role_id(stage, "agency_admin", 1), "agency_admin"),
        (role_id(stage, "guardian"), "guardian"),
    ):
        address = stage.address(account)
        for call in (
            stage.agencies.revoke_role(role, address),
            stage.agencies.renounce_role(role, address),
        ):
            with stage.refused(errors.AgencyRegistryLastHolderError, role=role, account=address):
                stage.dry(account, call)


def test_renounce__is_of_ones_own_roles_alone(stage: Stage) -> None:
    role, account = role_id(stage, "registrar", 1), stage.address("registrar")
    with stage.refused(errors.AccessControlBadConfirmationError):
        stage.dry("agency_admin", stage.agencies.renounce_role(role, account))
    stage.dry("registrar", stage.agencies.renounce_role(role, account))


def test_registry_admin__hands_over_but_does_not_drop_its_role(stage: Stage) -> None:
    zero = "0x" + "00" * 20
    with stage.refused(errors.AgencyRegistryInvalidAccountError, account=zero):
        stage.dry("registry_admin", stage.agencies.begin_default_admin_transfer(zero))
    with stage.refused(errors.AccessControlEnforcedDefaultAdminRulesError):
        stage.dry("registry_admin", stage.agencies.grant_role(bytes(32), stage.address("stranger")))
    begin = stage.agencies.begin_default_admin_transfer(stage.address("stranger"))
    receipt = stage.send("registry_admin", begin)
    changed = [e.event for e in receipt.events(stage.agencies)][-1]
    assert isinstance(changed, agency_events.RegistryAdminChanged)
    assert changed.change is AdminChange.TRANSFER_BEGUN
    with stage.refused(errors.AccessControlEnforcedDefaultAdminDelayError):
        stage.dry("stranger", stage.agencies.accept_default_admin_transfer())
    receipt = stage.send("registry_admin", stage.agencies.cancel_default_admin_transfer())
    assert receipt.events(stage.agencies)[-1].event.change is AdminChange.TRANSFER_CANCELLED
    receipt = stage.send("registry_admin", stage.agencies.change_default_admin_delay(7200))
    assert receipt.events(stage.agencies)[-1].event.change is AdminChange.DELAY_CHANGED
    receipt = stage.send("registry_admin", stage.agencies.rollback_default_admin_delay())
    assert receipt.events(stage.agencies)[-1].event.change is AdminChange.DELAY_CHANGE_CANCELLED


def test_replacement_of_an_admin__is_announced_and_cancelled(stage: Stage) -> None:
    stranger = stage.address("stranger")
    announced = stage.event(
        "registry_admin", stage.agencies.schedule_admin_replacement(1, stranger)
    )
    pending = stage.read(stage.agencies.admin_replacement, 1)
    assert (pending.new_admin, pending.ready_at) == (stranger, announced.ready_at)
    with stage.refused(errors.AgencyRegistryReplacementPendingError, agency_id=1):
        stage.dry("registry_admin", stage.agencies.schedule_admin_replacement(1, stranger))
    with stage.refused(errors.AgencyRegistryNotReadyError, ready_at=announced.ready_at):
        stage.dry("registry_admin", stage.agencies.execute_admin_replacement(1))
    cancelled = stage.event("guardian", stage.agencies.cancel_admin_replacement(1))
    assert cancelled.by == stage.address("guardian")
    with stage.refused(errors.AgencyRegistryNoReplacementError, agency_id=1):
        stage.dry("agency_admin", stage.agencies.cancel_admin_replacement(1))
    with stage.refused(errors.AgencyRegistryUnknownAgencyError, agency_id=77):
        stage.dry("registry_admin", stage.agencies.schedule_admin_replacement(77, stranger))


def test_keys__have_epochs_and_are_retired(stage: Stage) -> None:
    before = stage.read(stage.agencies.agency_key_epoch, 1, KeyPurpose.CHECKPOINTS)
    call = stage.agencies.set_agency_key(1, KeyPurpose.CHECKPOINTS, word("key"))
    made = stage.event("agency_admin", call)
    assert (made.epoch, made.key) == (before + 1, word("key"))
    retire = stage.agencies.retire_agency_key(1, KeyPurpose.CHECKPOINTS, made.epoch)
    retired = stage.event("agency_admin", retire)
    assert isinstance(retired, agency_events.AgencyKeyRetired)
    key = stage.read(stage.agencies.agency_key, 1, KeyPurpose.CHECKPOINTS, made.epoch)
    assert key.retired_at >= key.valid_from > 0
    with stage.refused(errors.AgencyRegistryUnknownKeyError, epoch=made.epoch):
        stage.dry("agency_admin", retire)
    with stage.refused(errors.AgencyRegistryInvalidKeyError, purpose=KeyPurpose.MESSAGES):
        stage.dry("agency_admin", stage.agencies.set_agency_key(1, KeyPurpose.MESSAGES, bytes(32)))


def test_record_types__have_versions(stage: Stage) -> None:
    create = stage.agencies.create_record_type(1, "licence", word("s1"), 30, Sharing.OPEN)
    made = stage.event("agency_admin", create)
    publish = stage.agencies.publish_record_type
    second = stage.event(
        "agency_admin", publish(1, made.type_id, "licence", word("s2"), 60, Sharing.CLOSED)
    )
    assert (made.version, second.version) == (1, 2)
    assert stage.read(stage.agencies.record_type, 1, made.type_id, 1).retention_days == 30
    assert stage.read(stage.agencies.latest_type_version, 1, made.type_id) == 2
    head = stage.read(stage.records.record_type_head, 1, made.type_id)
    assert (head.latest_version, head.retention_days, head.hold_count) == (2, 60, 0)
    with stage.refused(errors.RecordRegistryStaleTypeVersionError, latest=2, named=1):
        stage.dry("registrar", stage.records.register(1, made.type_id, 1, 1, word("x"), word("c")))
    with stage.refused(errors.AgencyRegistryUnknownRecordTypeError, type_id=500):
        stage.dry("agency_admin", publish(1, 500, "none", word("s"), 1, Sharing.OPEN))
    with stage.refused(errors.AgencyRegistryInvalidSchemaDigestError):
        stage.dry("agency_admin", publish(1, 1, "deed", bytes(32), 1, Sharing.OPEN))
    with stage.refused(errors.AgencyRegistryInvalidRetentionError, retention_days=1 << 20):
        stage.dry("agency_admin", publish(1, 1, "deed", word("s"), 1 << 20, Sharing.OPEN))


def test_pause__stops_writing_and_nothing_else(stage: Stage) -> None:
    record_id = stage.register("paused")
    paused = stage.event("pauser", stage.agencies.pause("a stolen key"))
    assert paused.reason == "a stolen key"
    with stage.refused(errors.RecordRegistryPausedError):
        stage.dry("registrar", stage.records.revoke(record_id, 1, 1))
    with stage.refused(errors.RecordRegistryPausedError):
        stage.read(stage.records.require_open)
    role = role_id(stage, "registrar", 1)
    stage.dry("agency_admin", stage.agencies.revoke_role(role, stage.address("registrar")))
    assert stage.state(record_id).status is Status.IN_FORCE
    stage.event("unpauser", stage.agencies.unpause())
    with stage.refused(errors.AgencyRegistryNotPausedError):
        stage.dry("unpauser", stage.agencies.unpause())
    stage.dry("registrar", stage.records.revoke(record_id, 1, 1))


def test_succession__is_announced_and_cancelled(stage: Stage) -> None:
    announced = stage.event("registry_admin", stage.agencies.schedule_succession())
    with stage.refused(errors.AgencyRegistrySuccessionPendingError, ready_at=announced.ready_at):
        stage.dry("registry_admin", stage.agencies.schedule_succession())
    with stage.refused(errors.AgencyRegistryNotPausedError):
        stage.dry("registry_admin", stage.agencies.name_successor(stage.records.address))
    stage.event("guardian", stage.agencies.cancel_succession())
    with stage.refused(errors.AgencyRegistryNoSuccessionError):
        stage.dry("registry_admin", stage.agencies.finalise_succession())
    assert stage.read(stage.agencies.succession) == (0, "0x" + "00" * 20, 0)
    assert stage.read(stage.records.successor) == "0x" + "00" * 20


def test_agency_registry__alone_tells_of_its_changes(stage: Stage) -> None:
    admin = stage.address("registry_admin")
    for call in (
        stage.records.on_role_changed(1, 1, admin, True),
        stage.records.on_paused(0),
        stage.records.on_agency_created(9),
        stage.records.on_succeeded(admin),
        stage.records.on_record_type_published(1, 1, 9, 0),
    ):
        with stage.refused(errors.RecordRegistryNotAgencyRegistryError, caller=admin):
            stage.dry("registry_admin", call)


# ---------------------------------------------------------------- records


def test_register__once_and_with_the_latest_type(stage: Stage) -> None:
    record_id = stage.register("once")
    register = stage.records.register
    with stage.refused(errors.RecordRegistryAlreadyRegisteredError, record_id=record_id):
        stage.dry("operator", register(1, 1, 1, 1, word("once"), word("other")))
    with stage.refused(errors.RecordRegistryUnknownRecordTypeError, agency_id=1, type_id=900):
        stage.dry("operator", register(1, 900, 1, 1, word("x"), word("c")))
    with stage.refused(errors.RecordRegistryStaleTypeVersionError, latest=1, named=2):
        stage.dry("operator", register(1, 1, 2, 1, word("x"), word("c")))
    for commitment, algorithm in ((bytes(32), 1), (word("c"), 0)):
        with stage.refused(errors.RecordRegistryInvalidCommitmentError, algorithm=algorithm):
            stage.dry("operator", register(1, 1, 1, algorithm, word("x"), commitment))


def test_register_many__is_all_or_nothing(stage: Stage) -> None:
    many = stage.records.register_many
    for locals_, commitments in (
        ([], []),
        ([word("a")], []),
        ([word("a")] * 257, [word("c")] * 257),
    ):
        with stage.refused(
            errors.RecordRegistryInvalidBatchError,
            local_ids=len(locals_),
            commitments=len(commitments),
            limit=256,
        ):
            stage.dry("operator", many(1, 1, 1, 1, locals_, commitments))
    twice = [word("twice"), word("twice")]
    with stage.refused(errors.RecordRegistryAlreadyRegisteredError):
        stage.dry("operator", many(1, 1, 1, 1, twice, [word("c"), word("d")]))
    names = [word(f"batch {i}") for i in range(3)]
    receipt = stage.send("operator", many(1, 1, 1, 1, names, [word(f"c{i}") for i in range(3)]))
    logged = [each.event for each in receipt.events(stage.records)]
    assert [event.commitment for event in logged] == [word(f"c{i}") for i in range(3)]
    assert [event.sequence - logged[0].sequence for event in logged] == [0, 1, 2]


def test_amend__names_the_version_it_expects(stage: Stage) -> None:
    record_id = stage.register("amended")
    event = stage.event("registrar", stage.records.amend(record_id, 1, 1, 2, word("n")))
    assert isinstance(event, events.Amended)
    assert (event.state.version, event.state.algorithm, event.commitment) == (2, 2, word("n"))
    with stage.refused(
        errors.RecordRegistryStaleVersionError, current_version=2, expected_version=1
    ):
        stage.dry("registrar", stage.records.amend(record_id, 1, 1, 1, word("m")))
    with stage.refused(errors.RecordRegistryUnknownRecordError, record_id=word("none")):
        stage.dry("registrar", stage.records.amend(word("none"), 1, 1, 1, word("m")))
    with stage.refused(errors.RecordRegistryInvalidCommitmentError):
        stage.dry("registrar", stage.records.amend(record_id, 2, 1, 1, bytes(32)))


def test_supersede__needs_another_record_in_force_of_the_same_custodian(stage: Stage) -> None:
    old, new, dead = (stage.register(name) for name in ("old", "new", "dead"))
    stage.send("registrar", stage.records.revoke(dead, 1, 1))
    for replacement in (old, dead, word("none")):
        with stage.refused(
            errors.RecordRegistryIneligibleReplacementError,
            record_id=old,
            replacement_id=replacement,
        ):
            stage.dry("registrar", stage.records.supersede(old, 1, replacement))
    event = stage.event("registrar", stage.records.supersede(old, 1, new))
    assert event.replacement_id == new
    assert stage.state(old).status is Status.SUPERSEDED
    with stage.refused(errors.RecordRegistryWrongStatusError, status=Status.SUPERSEDED):
        stage.dry("registrar", stage.records.supersede(old, 1, new))


def test_revoke__is_final(stage: Stage) -> None:
    record_id = stage.register("revoked")
    event = stage.event("registrar", stage.records.revoke(record_id, 1, 4))
    assert (event.reason, event.account) == (4, stage.address("registrar"))
    for call in (
        stage.records.revoke(record_id, 1, 4),
        stage.records.amend(record_id, 1, 1, 1, word("n")),
    ):
        with stage.refused(errors.RecordRegistryWrongStatusError, status=Status.REVOKED):
            stage.dry("registrar", call)


def test_custody__is_offered_and_accepted(stage: Stage) -> None:
    record_id = stage.register("given")
    until = stage.now() + 3600
    offer = stage.records.offer_custody
    with stage.refused(errors.RecordRegistryNoOfferError, record_id=record_id):
        stage.dry("other_steward", stage.records.decline_custody(record_id))
    with stage.refused(errors.RecordRegistryOfferToCustodianError, agency_id=1):
        stage.dry("steward", offer(record_id, 1, 1, until))
    with stage.refused(errors.RecordRegistryUnknownAgencyError, agency_id=88):
        stage.dry("steward", offer(record_id, 1, 88, until))
    for wrong in (0, stage.now(), stage.now() + 400 * 86_400):
        with stage.refused(errors.RecordRegistryInvalidExpiryError, expires_at=wrong):
            stage.dry("steward", offer(record_id, 1, 2, wrong))
    event = stage.event("steward", offer(record_id, 1, 2, until))
    assert (event.from_agency, event.to_agency, event.expires_at) == (1, 2, until)
    assert stage.state(record_id).offered_to == 2
    with stage.refused(errors.RecordRegistryOfferOpenError, offered_to=2):
        stage.dry("steward", offer(record_id, 1, 2, until))
    commitment = word("content of given")
    head = stage.read(stage.records.trace_head_of, record_id)
    for wrong_commitment, wrong_head in ((word("x"), head), (commitment, word("x"))):
        with stage.refused(
            errors.RecordRegistryStaleTraceError, commitment=commitment, trace_head=head
        ):
            call = stage.records.accept_custody(record_id, 1, wrong_commitment, wrong_head)
            stage.dry("other_steward", call)
    accept = stage.records.accept_custody(record_id, 1, commitment, head)
    event = stage.event("other_steward", accept)
    assert (event.from_agency, event.agency_id) == (1, 2)
    state = stage.state(record_id)
    assert (state.issuer, state.custodian, state.offered_to) == (1, 2, 0)
    with stage.refused(errors.AccessControlUnauthorizedAccountError):
        stage.dry("registrar", stage.records.amend(record_id, 1, 1, 1, word("n")))


def test_offer__is_declined_withdrawn_or_closed_by_any_act(stage: Stage) -> None:
    record_id = stage.register("offered")
    until = stage.now() + 3600
    offer = stage.records.offer_custody(record_id, 1, 2, until)
    stage.send("steward", offer)
    closed = stage.event("other_steward", stage.records.decline_custody(record_id))
    assert isinstance(closed, events.CustodyOfferClosed)
    stage.send("steward", offer)
    closed = stage.event("steward", stage.records.withdraw_custody(record_id))
    assert closed.agency_id == 1
    assert stage.read(stage.records.record, record_id).trace_head == bytes(32)
    stage.send("steward", offer)
    stage.send("hold_authority", stage.records.place_hold(record_id, word("case of offered")))
    assert stage.state(record_id).offered_to == 0


def test_hold__forbids_change_and_is_released_by_its_authority_alone(stage: Stage) -> None:
    record_id = stage.register("held")
    case = word("case")
    event = stage.event("hold_authority", stage.records.place_hold(record_id, case))
    assert (event.authority, event.case_commitment) == (stage.address("hold_authority"), case)
    with stage.refused(errors.RecordRegistryHeldError, hold_count=1):
        stage.dry("registrar", stage.records.amend(record_id, 1, 1, 1, word("n")))
    with stage.refused(errors.RecordRegistryHoldExistsError, subject=record_id):
        stage.dry("hold_authority", stage.records.place_hold(record_id, case))
    with stage.refused(errors.RecordRegistryInvalidCaseError):
        stage.dry("hold_authority", stage.records.place_hold(record_id, bytes(32)))
    role = role_id(stage, "hold_authority")
    stage.send("registry_admin", stage.agencies.grant_role(role, stage.address("stranger")))
    with stage.refused(errors.RecordRegistryNoHoldError, authority=stage.address("stranger")):
        stage.dry("stranger", stage.records.release_hold(record_id, case))
    stage.send("registry_admin", stage.agencies.revoke_role(role, stage.address("stranger")))
    authority = stage.address("hold_authority")
    assert stage.read(stage.records.held_since, record_id, authority, case) > 0
    stage.event("hold_authority", stage.records.release_hold(record_id, case))
    stage.dry("registrar", stage.records.amend(record_id, 1, 1, 1, word("n")))


def test_hold__on_an_id_not_on_chain_yet__is_kept_by_the_registration(stage: Stage) -> None:
    record_id = stage.read(stage.records.record_id_of, 1, word("foreseen"))
    stage.send("hold_authority", stage.records.place_hold(record_id, word("case")))
    assert stage.state(record_id).status is Status.NONE
    with stage.refused(errors.RecordRegistryUnknownRecordError):
        stage.dry("registrar", stage.records.revoke(record_id, 0, 1))
    assert stage.register("foreseen") == record_id
    trace = read_trace(stage.registries, record_id, stage.connection.block())
    assert [traced.act.kind for traced in trace.acts] == [ActKind.HELD, ActKind.REGISTERED]
    with stage.refused(errors.RecordRegistryHeldError, hold_count=1):
        stage.dry("registrar", stage.records.revoke(record_id, 1, 1))


def test_hold_on_a_type__freezes_all_its_records(stage: Stage) -> None:
    create = stage.agencies.create_record_type(1, "frozen", word("s"), 0, Sharing.OPEN)
    type_id = stage.event("agency_admin", create).type_id
    stage.send("registrar", stage.records.register(1, type_id, 1, 1, word("icy"), word("c")))
    record_id = stage.read(stage.records.record_id_of, 1, word("icy"))
    event = stage.event("hold_authority", stage.records.hold_type(1, type_id, word("case")))
    assert (event.agency_id, event.type_id) == (1, type_id)
    with stage.refused(errors.RecordRegistryTypeHeldError, type_id=type_id, hold_count=1):
        stage.dry("registrar", stage.records.revoke(record_id, 1, 1))
    with stage.refused(errors.RecordRegistryUnknownRecordTypeError, type_id=700):
        stage.dry("hold_authority", stage.records.hold_type(1, 700, word("case")))
    stage.event("hold_authority", stage.records.release_type(1, type_id, word("case")))
    authority = stage.address("hold_authority")
    held = stage.records.type_held_since
    assert stage.read(held, 1, type_id, authority, word("case")) == 0
    stage.dry("registrar", stage.records.revoke(record_id, 1, 1))


def test_disposition__waits_for_retention(stage: Stage) -> None:
    record_id = stage.register("retained")
    until = stage.now() + 3600
    propose = stage.records.propose_disposition(record_id, 1, word("mandate"), until)
    retained = stage.state(record_id).retain_until
    with stage.refused(errors.RecordRegistryRetainedError, retain_until=retained):
        stage.dry("registrar", propose)
    with stage.refused(errors.RecordRegistryNoProposalError, record_id=record_id):
        stage.dry("steward", stage.records.confirm_disposition(record_id, 1))


# ---------------------------------------------------------------- journals


def open_journal(stage: Stage) -> int:
    return int(stage.event("agency_admin", stage.records.open_journal(1)).journal)


def entry_of(stage: Stage, name: str, kind: EntryKind = EntryKind.REGISTRATION) -> JournalEntry:
    return JournalEntry(
        kind,
        1,
        TypeId(1),
        1,
        stage.now() - 1,
        LocalId(word(name)),
        Commitment(word(f"content of {name}")),
    )


def on_chain(entry: JournalEntry) -> Entry:
    return Entry(
        int(entry.kind),
        entry.algorithm,
        entry.type_id,
        entry.type_version,
        entry.time,
        entry.local_id,
        entry.commitment,
    )


def seal(stage: Stage, journal: int, previous: Seal, tree: Tree, size: int) -> Seal:
    proof = tree.consistency_proof(previous.size, size) if previous.size else []
    call = stage.records.seal_journal(1, journal, previous, size, tree.root(size), proof)
    event = stage.event("operator", call)
    assert isinstance(event, events.JournalSealed)
    return Seal(event.root, event.size, event.previous_size, event.sealed_at)


def test_journal__is_only_ever_extended(stage: Stage) -> None:
    journal = open_journal(stage)
    tree, fork = Tree(), Tree()
    for i in range(12):
        tree.append(entry_of(stage, f"j{i}").leaf_hash())
        fork.append(entry_of(stage, f"j{i}" if i != 2 else "forged").leaf_hash())
    first = seal(stage, journal, NONE, tree, 5)
    second = seal(stage, journal, first, tree, 8)
    head = stage.read(stage.records.journal_head, 1, journal)
    assert (head.size, head.opened, head.closed) == (8, True, False)
    sealing = stage.records.seal_journal
    with stage.refused(errors.RecordRegistryInconsistentTreeError, previous_root=second.root):
        stage.dry(
            "operator",
            sealing(1, journal, second, 12, fork.root(), fork.consistency_proof(8, 12)),
        )
    for size in (8, 7, 0, 8 + (1 << 32) + 1):
        with stage.refused(errors.RecordRegistryInvalidSizeError, current=8, size=size):
            stage.dry("operator", sealing(1, journal, second, size, tree.root(), []))
    for previous in (first, NONE, Seal(second.root, 8, 5, second.sealed_at + 1)):
        with stage.refused(errors.RecordRegistryUnknownSealError, journal=journal):
            proof = tree.consistency_proof(8, 12)
            stage.dry("operator", sealing(1, journal, previous, 12, tree.root(), proof))
    with stage.refused(errors.RecordRegistryUnknownJournalError, journal=4000):
        stage.dry("operator", sealing(1, 4000, NONE, 1, word("r"), []))
    fresh = open_journal(stage)
    with stage.refused(errors.RecordRegistryInconsistentTreeError):
        stage.dry("operator", sealing(1, fresh, NONE, 1, word("r"), [word("p")]))


def test_enrol__brings_an_entry_on_chain_once(stage: Stage) -> None:
    journal = open_journal(stage)
    tree = Tree()
    entries = [entry_of(stage, f"{journal} e{i}") for i in range(6)]
    entries.append(entry_of(stage, "a read", EntryKind.READ))
    for entry in entries:
        tree.append(entry.leaf_hash())
    sealed = seal(stage, journal, NONE, tree, 7)
    place = EntryPlace(1, journal, 3)
    path = tree.inclusion_proof(3)
    enrol = stage.records.enrol
    event = stage.event("steward", enrol(place, on_chain(entries[3]), sealed, path))
    assert isinstance(event, events.Enrolled)
    assert (event.journal, event.index, event.seal_size) == (journal, 3, 7)
    assert event.leaf_hash == entries[3].leaf_hash()
    with stage.refused(errors.RecordRegistryAlreadyRegisteredError, record_id=event.record_id):
        stage.dry("registrar", enrol(place, on_chain(entries[3]), sealed, path))
    with stage.refused(errors.RecordRegistryNotIncludedError, index=3, root=sealed.root):
        stage.dry("registrar", enrol(place, on_chain(entries[2]), sealed, path))
    wrong = Seal(sealed.root, 6, 0, sealed.sealed_at)
    with stage.refused(errors.RecordRegistryUnknownSealError, size=6):
        stage.dry("registrar", enrol(place, on_chain(entries[2]), wrong, path))
    read = enrol(EntryPlace(1, journal, 6), on_chain(entries[6]), sealed, tree.inclusion_proof(6))
    with stage.refused(errors.RecordRegistryInvalidEntryError, kind=2):
        stage.dry("registrar", read)
    with stage.refused(errors.RecordRegistryUnknownJournalError, journal=5000):
        stage.dry("registrar", enrol(EntryPlace(1, 5000, 0), on_chain(entries[0]), sealed, path))


def test_enrol__refuses_an_entry_of_the_future_or_of_an_unknown_type(stage: Stage) -> None:
    journal = open_journal(stage)
    late = JournalEntry(
        EntryKind.REGISTRATION,
        1,
        TypeId(1),
        1,
        FAR,
        LocalId(word("late")),
        Commitment(word("c")),
    )
    odd = JournalEntry(
        EntryKind.REGISTRATION,
        1,
        TypeId(1),
        4000,
        stage.now() - 1,
        LocalId(word("odd")),
        Commitment(word("c")),
    )
    tree = Tree()
    tree.append(late.leaf_hash())
    tree.append(odd.leaf_hash())
    sealed = seal(stage, journal, NONE, tree, 2)
    enrol = stage.records.enrol
    with stage.refused(errors.RecordRegistryEntryAfterSealError, entry_time=FAR):
        place = EntryPlace(1, journal, 0)
        stage.dry("registrar", enrol(place, on_chain(late), sealed, tree.inclusion_proof(0)))
    with stage.refused(errors.RecordRegistryUnknownTypeVersionError, version=4000):
        place = EntryPlace(1, journal, 1)
        stage.dry("registrar", enrol(place, on_chain(odd), sealed, tree.inclusion_proof(1)))


def test_journal__is_closed_and_repudiated(stage: Stage) -> None:
    journal = open_journal(stage)
    tree = Tree()
    entries = [entry_of(stage, f"{journal} r{i}") for i in range(4)]
    for entry in entries:
        tree.append(entry.leaf_hash())
    sealed = seal(stage, journal, NONE, tree, 4)
    stage.event("agency_admin", stage.records.close_journal(1, journal))
    with stage.refused(errors.RecordRegistryJournalClosedError, journal=journal):
        stage.dry("operator", stage.records.seal_journal(1, journal, sealed, 5, word("r"), []))
    repudiate = stage.records.repudiate_journal
    event = stage.event("agency_admin", repudiate(1, journal, 2, 1))
    assert (event.from_index, event.reason) == (2, 1)
    for index in (2, 3, 4):
        with stage.refused(errors.RecordRegistryInvalidRepudiationError, limit=2):
            stage.dry("agency_admin", repudiate(1, journal, index, 1))
    enrol = stage.records.enrol
    with stage.refused(errors.RecordRegistryRepudiatedError, index=2, repudiated_from=2):
        place = EntryPlace(1, journal, 2)
        stage.dry("registrar", enrol(place, on_chain(entries[2]), sealed, tree.inclusion_proof(2)))
    place = EntryPlace(1, journal, 1)
    stage.dry("registrar", enrol(place, on_chain(entries[1]), sealed, tree.inclusion_proof(1)))


def test_first_registry__has_nothing_to_adopt(stage: Stage) -> None:
    origin = stage.read(stage.records.origin)
    assert origin.predecessor == "0x" + "00" * 20
    assert stage.read(stage.records.adoption_remaining) == 0
    stored = stage.read(stage.records.record, word("any"))
    with stage.refused(errors.RecordRegistryNotIncludedError, index=0):
        stage.dry("stranger", stage.records.adopt_record(word("any"), stored, [], 0, []))


# ---------------------------------------------------------------- shares


def request(stage: Stage, type_id: int = 1, scope: bytes = bytes(32)) -> bytes:
    call = stage.shares.request_share(2, 1, type_id, scope, word("terms"), FAR, FAR)
    receipt = stage.send("other_steward", call)
    (first, *_) = [logged.event for logged in receipt.events(stage.shares)]
    assert isinstance(first, share_events.ShareRequested)
    return first.share_id


def test_share__of_a_type__is_granted_used_and_revoked(stage: Stage) -> None:
    share_id = request(stage)
    record_id = stage.register("shared")
    covers = stage.shares.covers
    assert not stage.read(covers, share_id, record_id, bytes(32))
    stage.event("steward", stage.shares.grant_share(share_id, word("narrower"), FAR))
    assert stage.read(covers, share_id, record_id, bytes(32))
    assert not stage.read(covers, share_id, word("none"), bytes(32))
    acknowledge = stage.shares.acknowledge_delivery(share_id, word("delivery"))
    receipt = stage.event("other_steward", acknowledge)
    assert receipt.delivery_digest == word("delivery")
    assert stage.read(stage.shares.acknowledged_at, share_id, word("delivery")) > 0
    with stage.refused(errors.ShareRegistryInvalidDeliveryError, delivery_digest=word("delivery")):
        stage.dry("other_steward", acknowledge)
    stage.event("steward", stage.shares.revoke_share(share_id, 4))
    assert not stage.read(covers, share_id, record_id, bytes(32))
    assert not stage.read(stage.shares.is_in_force, share_id)
    with stage.refused(errors.ShareRegistryWrongStatusError, status=ShareStatus.REVOKED):
        stage.dry("steward", stage.shares.grant_share(share_id, word("t"), FAR))


def test_share__of_one_record__ends_with_the_granters_custody(stage: Stage) -> None:
    record_id = stage.register("private")
    salt = word("salt")
    from eth_utils.crypto import keccak  # noqa: PLC0415  (only here)

    share_id = request(stage, 0, keccak(record_id + salt))
    stage.send("steward", stage.shares.grant_share(share_id, word("terms"), FAR))
    assert stage.read(stage.shares.covers, share_id, record_id, salt)
    assert not stage.read(stage.shares.covers, share_id, record_id, word("other salt"))
    stage.send("steward", stage.records.offer_custody(record_id, 1, 2, stage.now() + 3600))
    head = stage.read(stage.records.trace_head_of, record_id)
    accept = stage.records.accept_custody(record_id, 1, word("content of private"), head)
    stage.send("other_steward", accept)
    assert not stage.read(stage.shares.covers, share_id, record_id, salt)


def test_sharing_attribute__governs(stage: Stage) -> None:
    create = stage.agencies.create_record_type
    open_type = stage.event("agency_admin", create(1, "open", word("s"), 0, Sharing.OPEN)).type_id
    closed = stage.event("agency_admin", create(1, "closed", word("s"), 0, Sharing.CLOSED)).type_id
    share_id = request(stage, open_type)
    assert stage.read(stage.shares.share, share_id).status is ShareStatus.GRANTED
    ask = stage.shares.request_share
    with stage.refused(errors.ShareRegistryClosedTypeError, type_id=closed):
        stage.dry("other_steward", ask(2, 1, closed, bytes(32), word("t"), FAR, FAR))
    with stage.refused(errors.ShareRegistryUnknownRecordTypeError, type_id=600):
        stage.dry("other_steward", ask(2, 1, 600, bytes(32), word("t"), FAR, FAR))


def test_share__asked_for_badly__is_refused(stage: Stage) -> None:
    ask = stage.shares.request_share
    for granter in (0, 2, 9999):
        with stage.refused(errors.ShareRegistryInvalidGranterError, granter=granter):
            stage.dry("other_steward", ask(2, granter, 1, bytes(32), word("t"), FAR, FAR))
    for type_id, scope in ((0, bytes(32)), (1, word("scope"))):
        with stage.refused(errors.ShareRegistryInvalidScopeError, type_id=type_id, scope=scope):
            stage.dry("other_steward", ask(2, 1, type_id, scope, word("t"), FAR, FAR))
    with stage.refused(errors.ShareRegistryInvalidTermsError):
        stage.dry("other_steward", ask(2, 1, 1, bytes(32), bytes(32), FAR, FAR))
    with stage.refused(errors.ShareRegistryInvalidExpiryError, given=5):
        stage.dry("other_steward", ask(2, 1, 1, bytes(32), word("t"), FAR, 5))
    with stage.refused(errors.ShareRegistryUnknownShareError, share_id=word("none")):
        stage.dry("steward", stage.shares.grant_share(word("none"), word("t"), FAR))


def test_share__is_denied(stage: Stage) -> None:
    share_id = request(stage)
    event = stage.event("steward", stage.shares.deny_share(share_id, 2))
    assert event.reason == 2
    with stage.refused(errors.ShareRegistryWrongStatusError, status=ShareStatus.DENIED):
        stage.dry("other_steward", stage.shares.acknowledge_delivery(share_id, word("d")))


# ---------------------------------------------------------------- all together


def test_multicall__is_all_or_nothing_and_keeps_the_sender(stage: Stage) -> None:
    one, two = stage.register("multi one"), stage.register("multi two")
    revoke = stage.records.revoke
    stage.send("registrar", stage.records.multicall([revoke(one, 1, 1), revoke(two, 1, 1)]))
    assert stage.state(one).status is stage.state(two).status is Status.REVOKED
    three = stage.register("multi three")
    with stage.refused(errors.RecordRegistryWrongStatusError, record_id=one):
        stage.dry("registrar", stage.records.multicall([revoke(three, 1, 1), revoke(one, 1, 1)]))
    with stage.refused(errors.AccessControlUnauthorizedAccountError):
        stage.dry("stranger", stage.records.multicall([revoke(three, 1, 1)]))


def test_every_event__is_numbered_without_gaps(stage: Stage) -> None:
    stage.register("numbered")
    last = stage.connection.block()
    contracts = [stage.records, stage.agencies, stage.shares]
    read = LogReader(stage.connection, contracts).read_all(0, last)
    for contract in contracts:
        own = [logged for logged in read if logged.address == contract.address]
        numbers = [e.event.sequence for e in own if hasattr(e.event, "sequence")]
        assert numbers == list(range(1, contract.sequence(block=last) + 1))
