# SPDX-License-Identifier: Apache-2.0
"""Who may do what, in which state: every writing function, every actor, every state.

The table is written from the interfaces' texts. Calls are tried without transactions, on one
snapshot a state, so that thousands of combinations take seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from muniment.chain import Call, KeyPurpose, Origin, deploy
from muniment.chain.bindings.record_registry import (
    Entry,
    EntryPlace,
    Hold,
    JournalHead,
    Record,
    Seal,
)
from muniment.errors import ContractError
from muniment.record.state import RecordState
from muniment.record.types import Sharing
from tests.contracts.conftest import DAY, ROLES, Stage, role_id, word

UNAUTHORIZED = "AccessControlUnauthorizedAccount"
STATES = (
    "in force",
    "offered",
    "superseded",
    "revoked",
    "held",
    "type held",
    "proposed",
    "disposed",
    "not on chain",
    "paused",
    "retired",
)
CLOSED = {"paused": "RecordRegistryPaused", "retired": "RecordRegistryRetired"}
FINAL = ("superseded", "revoked", "disposed")
FAR = 1 << 35


@dataclass(frozen=True)
class Setting:
    """What the calls of one state are about."""

    stage: Stage
    record_id: bytes
    other_id: bytes
    share_id: bytes
    until: int


@dataclass(frozen=True)
class Function:
    """A function: who may, what it refuses whoever asks (`first`) and what it refuses officers."""

    name: str
    actors: frozenset[str]
    call: Callable[[Setting], Call]
    first: dict[str, str] = field(default_factory=dict)
    then: dict[str, str] = field(default_factory=dict)
    asks_open_first: bool = False
    open_needed: bool = True


def status(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "RecordRegistryWrongStatus")


HELD = {"held": "RecordRegistryHeld", "type held": "RecordRegistryTypeHeld"}
RETIRED = {"retired": "RecordRegistryRetired"}
UNKNOWN = {"not on chain": "RecordRegistryUnknownRecord"}
NO_OFFER = {
    **dict.fromkeys(STATES, "RecordRegistryNoOffer"),
    **UNKNOWN,
    "offered": "",
}
NONE = Seal(bytes(32), 0, 0, 0)
PLACE = EntryPlace(1, 1, 0)
ENTRY = Entry(1, 1, 1, 1, 0, b"\1" * 32, b"\2" * 32)


def record(
    name: str, actors: str, call: Callable[[Setting], Call], **rules: dict[str, str]
) -> Function:
    return Function(name, frozenset(actors.split()), call, asks_open_first=True, **rules)


def agency(
    name: str, actors: str, call: Callable[[Setting], Call], **rules: dict[str, str]
) -> Function:
    return Function(name, frozenset(actors.split()), call, **rules)


FUNCTIONS = (
    record(
        "register",
        "registrar operator",
        lambda s: s.stage.records.register(1, 1, 1, 1, word("fresh"), word("c")),
    ),
    record(
        "registerMany",
        "registrar operator",
        lambda s: s.stage.records.register_many(1, 1, 1, 1, [word("f1")], [word("c")]),
    ),
    record(
        "amend",
        "registrar",
        lambda s: s.stage.records.amend(s.record_id, 1, 1, 1, word("n")),
        first=UNKNOWN,
        then={**status(*FINAL), **HELD},
    ),
    record(
        "supersede",
        "registrar",
        lambda s: s.stage.records.supersede(s.record_id, 1, s.other_id),
        first=UNKNOWN,
        then={**status(*FINAL), **HELD},
    ),
    record(
        "revoke",
        "registrar",
        lambda s: s.stage.records.revoke(s.record_id, 1, 1),
        first=UNKNOWN,
        then={**status(*FINAL), **HELD},
    ),
    record(
        "proposeDisposition",
        "registrar",
        lambda s: s.stage.records.propose_disposition(s.record_id, 1, word("m"), s.until),
        first=UNKNOWN,
        then={**status("disposed"), **HELD, "offered": "RecordRegistryOfferOpen"},
    ),
    record(
        "confirmDisposition",
        "steward",
        lambda s: s.stage.records.confirm_disposition(s.record_id, 1),
        first=UNKNOWN,
        then={**dict.fromkeys(STATES, "RecordRegistryNoProposal"), "proposed": ""},
    ),
    record(
        "offerCustody",
        "steward",
        lambda s: s.stage.records.offer_custody(s.record_id, 1, 2, s.until),
        first=UNKNOWN,
        then={**status("disposed"), "offered": "RecordRegistryOfferOpen"},
    ),
    record(
        "acceptCustody",
        "other_steward",
        lambda s: s.stage.records.accept_custody(
            s.record_id,
            1,
            word("content of subject"),
            s.stage.read(s.stage.records.trace_head_of, s.record_id),
        ),
        first=NO_OFFER,
    ),
    record(
        "declineCustody",
        "other_steward",
        lambda s: s.stage.records.decline_custody(s.record_id),
        first=NO_OFFER,
    ),
    record(
        "withdrawCustody",
        "steward",
        lambda s: s.stage.records.withdraw_custody(s.record_id),
        first=NO_OFFER,
    ),
    record(
        "placeHold",
        "hold_authority",
        lambda s: s.stage.records.place_hold(s.record_id, word("another case")),
        then=status("disposed"),
    ),
    record(
        "releaseHold",
        "hold_authority",
        lambda s: s.stage.records.release_hold(s.record_id, word("case")),
        then={**dict.fromkeys(STATES, "RecordRegistryNoHold"), "held": ""},
    ),
    record(
        "holdType",
        "hold_authority",
        lambda s: s.stage.records.hold_type(1, 1, word("another case")),
    ),
    record(
        "releaseType",
        "hold_authority",
        lambda s: s.stage.records.release_type(1, 1, word("case")),
        then={**dict.fromkeys(STATES, "RecordRegistryNoHold"), "type held": ""},
    ),
    record("openJournal", "agency_admin", lambda s: s.stage.records.open_journal(1)),
    record(
        "sealJournal",
        "operator",
        lambda s: s.stage.records.seal_journal(1, 1, NONE, 4, word("root"), []),
    ),
    record("closeJournal", "agency_admin", lambda s: s.stage.records.close_journal(1, 1)),
    record(
        "repudiateJournal",
        "agency_admin",
        lambda s: s.stage.records.repudiate_journal(1, 1, 0, 1),
        then=dict.fromkeys(STATES, "RecordRegistryInvalidRepudiation"),
    ),
    record(
        "enrol",
        "registrar steward",
        lambda s: s.stage.records.enrol(PLACE, ENTRY, NONE, []),
        then=dict.fromkeys(STATES, "RecordRegistryUnknownSeal"),
    ),
    # Anybody may adopt: the proof decides, and a first registry has no predecessor.
    record(
        "adoptRecord",
        " ".join(ROLES),
        lambda s: s.stage.records.adopt_record(
            s.record_id, Record(bytes(32), RecordState(), bytes(32)), [], 0, []
        ),
        then=dict.fromkeys(STATES, "RecordRegistryNotIncluded"),
    ),
    record(
        "adoptJournal",
        " ".join(ROLES),
        lambda s: s.stage.records.adopt_journal(
            1, 1, JournalHead(0, 0, True, False), bytes(32), 0, []
        ),
        then=dict.fromkeys(STATES, "RecordRegistryNotIncluded"),
    ),
    record(
        "adoptTypeHold",
        " ".join(ROLES),
        lambda s: s.stage.records.adopt_type_hold(1, 1, Hold("0x" + "11" * 20, word("c")), 0, []),
        then=dict.fromkeys(STATES, "RecordRegistryNotIncluded"),
    ),
    Function(
        "onAgencyCreated",
        frozenset(),
        lambda s: s.stage.records.on_agency_created(9),
        first=dict.fromkeys(STATES, "RecordRegistryNotAgencyRegistry"),
        open_needed=False,
    ),
    Function(
        "onRoleChanged",
        frozenset(),
        lambda s: s.stage.records.on_role_changed(1, 2, "0x" + "11" * 20, True),
        first=dict.fromkeys(STATES, "RecordRegistryNotAgencyRegistry"),
        open_needed=False,
    ),
    Function(
        "onPaused",
        frozenset(),
        lambda s: s.stage.records.on_paused(0),
        first=dict.fromkeys(STATES, "RecordRegistryNotAgencyRegistry"),
        open_needed=False,
    ),
    Function(
        "onSucceeded",
        frozenset(),
        lambda s: s.stage.records.on_succeeded("0x" + "11" * 20),
        first=dict.fromkeys(STATES, "RecordRegistryNotAgencyRegistry"),
        open_needed=False,
    ),
    Function(
        "onRecordTypePublished",
        frozenset(),
        lambda s: s.stage.records.on_record_type_published(1, 1, 2, 0),
        first=dict.fromkeys(STATES, "RecordRegistryNotAgencyRegistry"),
        open_needed=False,
    ),
    agency(
        "createAgency",
        "registry_admin",
        lambda s: s.stage.agencies.create_agency("Third", s.stage.address("stranger")),
    ),
    agency(
        "scheduleAdminReplacement",
        "registry_admin",
        lambda s: s.stage.agencies.schedule_admin_replacement(2, s.stage.address("stranger")),
    ),
    Function(
        "cancelAdminReplacement",
        frozenset({"registry_admin", "guardian", "agency_admin"}),
        lambda s: s.stage.agencies.cancel_admin_replacement(1),
        open_needed=False,
    ),
    agency(
        "executeAdminReplacement",
        "registry_admin",
        lambda s: s.stage.agencies.execute_admin_replacement(1),
        then=dict.fromkeys(STATES, "AgencyRegistryNotReady"),
    ),
    agency(
        "setAgencyKey",
        "agency_admin",
        lambda s: s.stage.agencies.set_agency_key(1, KeyPurpose.MESSAGES, word("key")),
    ),
    agency(
        "retireAgencyKey",
        "agency_admin",
        lambda s: s.stage.agencies.retire_agency_key(1, KeyPurpose.ENCRYPTION, 1),
    ),
    agency(
        "createRecordType",
        "agency_admin",
        lambda s: s.stage.agencies.create_record_type(1, "second", word("s"), 1, Sharing.OPEN),
    ),
    agency(
        "publishRecordType",
        "agency_admin",
        lambda s: s.stage.agencies.publish_record_type(1, 1, "deed", word("s"), 1, Sharing.OPEN),
    ),
    agency("pause", "pauser", lambda s: s.stage.agencies.pause("drill")),
    Function(
        "unpause",
        frozenset({"unpauser"}),
        lambda s: s.stage.agencies.unpause(),
        then={**dict.fromkeys(STATES, "AgencyRegistryNotPaused"), "paused": "", **RETIRED},
        open_needed=False,
    ),
    agency(
        "scheduleSuccession",
        "registry_admin",
        lambda s: s.stage.agencies.schedule_succession(),
    ),
    Function(
        "nameSuccessor",
        frozenset({"registry_admin"}),
        lambda s: s.stage.agencies.name_successor(s.stage.records.address),
        then={
            **dict.fromkeys(STATES, "AgencyRegistryNotPaused"),
            "paused": "AgencyRegistryNoSuccession",
            **RETIRED,
        },
        open_needed=False,
    ),
    Function(
        "cancelSuccession",
        frozenset({"registry_admin", "guardian"}),
        lambda s: s.stage.agencies.cancel_succession(),
        then={**dict.fromkeys(STATES, "AgencyRegistryNoSuccession"), **RETIRED},
        open_needed=False,
    ),
    Function(
        "finaliseSuccession",
        frozenset({"registry_admin"}),
        lambda s: s.stage.agencies.finalise_succession(),
        then={**dict.fromkeys(STATES, "AgencyRegistryNoSuccession"), **RETIRED},
        open_needed=False,
    ),
    Function(
        "grantRole of an agency",
        frozenset({"agency_admin"}),
        lambda s: s.stage.agencies.grant_role(
            role_id(s.stage, "registrar", 1), s.stage.address("stranger")
        ),
        open_needed=False,
    ),
    Function(
        "revokeRole of an agency",
        frozenset({"agency_admin"}),
        lambda s: s.stage.agencies.revoke_role(
            role_id(s.stage, "registrar", 1), s.stage.address("registrar")
        ),
        open_needed=False,
    ),
    Function(
        "grantRole of the registry",
        frozenset({"registry_admin"}),
        lambda s: s.stage.agencies.grant_role(
            role_id(s.stage, "pauser"), s.stage.address("stranger")
        ),
        open_needed=False,
    ),
    Function(
        "grantRole of a guardian",
        frozenset({"guardian"}),
        lambda s: s.stage.agencies.grant_role(
            role_id(s.stage, "guardian"), s.stage.address("stranger")
        ),
        open_needed=False,
    ),
    Function(
        "beginDefaultAdminTransfer",
        frozenset({"registry_admin"}),
        lambda s: s.stage.agencies.begin_default_admin_transfer(s.stage.address("stranger")),
        open_needed=False,
    ),
    Function(
        "cancelDefaultAdminTransfer",
        frozenset({"registry_admin"}),
        lambda s: s.stage.agencies.cancel_default_admin_transfer(),
        open_needed=False,
    ),
    Function(
        "changeDefaultAdminDelay",
        frozenset({"registry_admin"}),
        lambda s: s.stage.agencies.change_default_admin_delay(7200),
        open_needed=False,
    ),
    Function(
        "rollbackDefaultAdminDelay",
        frozenset({"registry_admin"}),
        lambda s: s.stage.agencies.rollback_default_admin_delay(),
        open_needed=False,
    ),
    Function(
        "acceptDefaultAdminTransfer",
        frozenset(),
        lambda s: s.stage.agencies.accept_default_admin_transfer(),
        first=dict.fromkeys(STATES, "AccessControlInvalidDefaultAdmin"),
        open_needed=False,
    ),
    agency(
        "requestShare",
        "other_steward",
        lambda s: s.stage.shares.request_share(2, 1, 1, bytes(32), word("t"), FAR, FAR),
    ),
    agency(
        "grantShare",
        "steward",
        lambda s: s.stage.shares.grant_share(s.share_id, word("t"), FAR),
    ),
    agency("denyShare", "steward", lambda s: s.stage.shares.deny_share(s.share_id, 1)),
    agency(
        "revokeShare",
        "steward",
        lambda s: s.stage.shares.revoke_share(s.share_id, 1),
        then=dict.fromkeys(STATES, "ShareRegistryWrongStatus"),
    ),
    agency(
        "acknowledgeDelivery",
        "other_steward",
        lambda s: s.stage.shares.acknowledge_delivery(s.share_id, word("d")),
        then=dict.fromkeys(STATES, "ShareRegistryWrongStatus"),
    ),
)


def reach(stage: Stage, state: str) -> Setting:
    """Bring a fresh record, and the registry, into a state."""
    records, agencies = stage.records, stage.agencies
    subject, other = stage.register("subject"), stage.register("other")
    stage.send("agency_admin", records.open_journal(1))
    stage.send("agency_admin", agencies.set_agency_key(1, KeyPurpose.ENCRYPTION, word("k")))
    request = stage.shares.request_share(2, 1, 1, bytes(32), word("t"), FAR, FAR)
    share_id = stage.event("other_steward", request).share_id
    # Beyond retention (0 days), so that disposition is a matter of role and state alone.
    stage.later(2 * DAY)
    stage.send("registry_admin", agencies.schedule_admin_replacement(1, stage.address("stranger")))
    until = stage.now() + 30 * DAY
    propose = records.propose_disposition(subject, 1, word("mandate"), until)
    if state == "offered":
        stage.send("steward", records.offer_custody(subject, 1, 2, until))
    elif state == "superseded":
        stage.send("registrar", records.supersede(subject, 1, other))
    elif state == "revoked":
        stage.send("registrar", records.revoke(subject, 1, 1))
    elif state == "held":
        stage.send("hold_authority", records.place_hold(subject, word("case")))
    elif state == "type held":
        stage.send("hold_authority", records.hold_type(1, 1, word("case")))
    elif state in {"proposed", "disposed"}:
        stage.send("registrar", propose)
        if state == "disposed":
            stage.send("steward", records.confirm_disposition(subject, 1))
    elif state == "not on chain":
        subject = stage.read(records.record_id_of, 1, word("nowhere"))
    elif state == "paused":
        stage.send("pauser", agencies.pause("drill"))
    elif state == "retired":
        retire(stage)
    return Setting(stage, subject, other, share_id, until)


def retire(stage: Stage) -> None:
    """Bring the registry to its end."""
    agencies = stage.agencies
    stage.send("registry_admin", agencies.schedule_succession())
    stage.later(31 * DAY)
    stage.send("pauser", agencies.pause("succession"))
    lineage = stage.read(stage.records.origin).lineage
    successor = deploy(
        stage.senders["registry_admin"],
        registry_admin=stage.address("registry_admin"),
        guardian=stage.address("guardian"),
        admin_delay=1,
        origin=Origin(lineage, stage.records.address, word("root"), 0),
    )
    stage.send("registry_admin", agencies.name_successor(successor.records.address))
    stage.later(4 * DAY)
    stage.send("registry_admin", agencies.finalise_succession())


def expected(function: Function, actor: str, state: str) -> str:
    """The error's name, or nothing where the call goes through."""
    closed = CLOSED.get(state, "") if function.open_needed else ""
    if closed and function.asks_open_first:
        return closed
    refusal = function.first.get(state, "")
    if refusal:
        return refusal
    if actor not in function.actors:
        return UNAUTHORIZED if function.actors else ""
    return closed or function.then.get(state, "")


def outcome(setting: Setting, function: Function, actor: str) -> str:
    try:
        setting.stage.dry(actor, function.call(setting))
    except ContractError as error:
        return error.error_name
    return ""


@pytest.mark.parametrize("state", STATES)
def test_every_function__by_every_actor__in_this_state(stage: Stage, state: str) -> None:
    setting = reach(stage, state)
    wrong = [
        f"{function.name} by {actor}: {found or 'goes through'}, expected {due or 'to go through'}"
        for function in FUNCTIONS
        for actor in ROLES
        if (due := expected(function, actor, state)) != (found := outcome(setting, function, actor))
    ]
    assert wrong == []


def test_table__names_every_writing_function() -> None:
    from muniment.artifacts import CONTRACTS, artifact  # noqa: PLC0415  (only here)

    written = {
        entry["name"]
        for name in CONTRACTS
        for entry in artifact(name)["abi"]
        if entry["type"] == "function" and entry["stateMutability"] == "nonpayable"
    }
    # multicall does what its calls may; renounceRole is everybody's own.
    named = {function.name.split(" ")[0] for function in FUNCTIONS} | {"multicall", "renounceRole"}
    assert named == written
