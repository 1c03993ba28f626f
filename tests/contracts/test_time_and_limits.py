# SPDX-License-Identifier: Apache-2.0
"""What takes time to happen, and what takes thousands of steps: on a development chain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from muniment.chain import Origin, deploy
from muniment.chain.bindings import errors
from muniment.record.state import RecordState, Status
from muniment.record.types import RETAIN_FOREVER, Sharing
from tests.contracts.conftest import DAY, Stage, role_id, word

FAR = 1 << 35


def type_with_retention(stage: Stage, days: int) -> int:
    create = stage.agencies.create_record_type(1, f"kept {days}", word("s"), days, Sharing.OPEN)
    return int(stage.event("agency_admin", create).type_id)


def registered(stage: Stage, type_id: int, name: str) -> bytes:
    stage.send("registrar", stage.records.register(1, type_id, 1, 1, word(name), word("c")))
    return bytes(stage.read(stage.records.record_id_of, 1, word(name)))


def grow(stage: Stage, record_id: bytes, **changes: int) -> None:
    """Write a record's state as it would be after more acts than a test can do."""
    base = int(stage.read_storage_base("muniment.storage.Records"), 16)
    slot = int.from_bytes(keccak(record_id + base.to_bytes(32, "big")), "big") + 1
    word_ = replace(stage.state(record_id), **changes).to_word()
    stage.connection.request(
        "anvil_setStorageAt", [stage.records.address, hex(slot), f"0x{word_:064x}"]
    )


def test_disposition__takes_two_officers_and_retention(stage: Stage) -> None:
    type_id = type_with_retention(stage, 10)
    record_id = registered(stage, type_id, "kept")
    last_day = stage.state(record_id).retain_until
    registered_at = stage.state(record_id).updated_at
    assert last_day == registered_at // DAY + 10
    propose = stage.records.propose_disposition
    # The last day itself still belongs to retention.
    stage.later(last_day * DAY + DAY - 60 - stage.now())
    with stage.refused(errors.RecordRegistryRetainedError, retain_until=last_day):
        stage.dry("registrar", propose(record_id, 1, word("m"), stage.now() + 3600))
    stage.later(120)
    stage.send(
        "agency_admin",
        stage.agencies.grant_role(role_id(stage, "steward", 1), stage.address("registrar")),
    )
    until = stage.now() + 3600
    event = stage.event("registrar", propose(record_id, 1, word("m"), until))
    assert (event.mandate, event.expires_at) == (word("m"), until)
    confirm = stage.records.confirm_disposition(record_id, 1)
    with stage.refused(errors.RecordRegistrySameOfficerError, account=stage.address("registrar")):
        stage.dry("registrar", confirm)
    event = stage.event("steward", confirm)
    assert (event.proposer, event.mandate) == (stage.address("registrar"), word("m"))
    assert stage.state(record_id).status is Status.DISPOSED
    for role, call in (
        ("registrar", stage.records.amend(record_id, 1, 1, 1, word("n"))),
        ("steward", stage.records.offer_custody(record_id, 1, 2, stage.now() + 60)),
        ("hold_authority", stage.records.place_hold(record_id, word("case"))),
        ("registrar", propose(record_id, 1, word("m"), stage.now() + 60)),
    ):
        with stage.refused(errors.RecordRegistryWrongStatusError, status=Status.DISPOSED):
            stage.dry(role, call)


def test_proposal__is_voided_by_any_act_and_expires(stage: Stage) -> None:
    record_id = stage.register("voided")
    stage.later(2 * DAY)
    propose = stage.records.propose_disposition
    confirm = stage.records.confirm_disposition(record_id, 1)
    stage.send("registrar", propose(record_id, 1, word("m"), stage.now() + 3600))
    stage.send("hold_authority", stage.records.place_hold(record_id, word("case")))
    stage.send("hold_authority", stage.records.release_hold(record_id, word("case")))
    with stage.refused(errors.RecordRegistryNoProposalError, record_id=record_id):
        stage.dry("steward", confirm)
    until = stage.now() + 3600
    stage.send("registrar", propose(record_id, 1, word("m"), until))
    stage.send("steward", stage.records.offer_custody(record_id, 1, 2, until))
    with stage.refused(errors.RecordRegistryOfferOpenError, offered_to=2):
        stage.dry("steward", confirm)
    stage.send("steward", stage.records.withdraw_custody(record_id))
    stage.dry("steward", confirm)
    stage.later(3700)
    with stage.refused(errors.RecordRegistryProposalExpiredError, expires_at=until):
        stage.dry("steward", confirm)


def test_offer__expires_after_its_last_second(stage: Stage) -> None:
    record_id = stage.register("expiring")
    until = stage.now() + 3600
    stage.send("steward", stage.records.offer_custody(record_id, 1, 2, until))
    head = stage.read(stage.records.trace_head_of, record_id)
    accept = stage.records.accept_custody(record_id, 1, word("content of expiring"), head)
    stage.connection.request("evm_setNextBlockTimestamp", [until])
    stage.connection.request("evm_mine", [])
    stage.dry("other_steward", accept)
    stage.later(2)
    with stage.refused(errors.RecordRegistryOfferExpiredError, expires_at=until):
        stage.dry("other_steward", accept)
    # An expired offer stands in nobody's way.
    stage.send("steward", stage.records.offer_custody(record_id, 1, 2, stage.now() + 3600))


def test_retention__grows_by_the_difference_of_versions_and_never_falls(stage: Stage) -> None:
    type_id = type_with_retention(stage, 100)
    record_id = registered(stage, type_id, "growing")
    start = stage.state(record_id).retain_until
    publish = stage.agencies.publish_record_type
    amend = stage.records.amend
    stage.later(30 * DAY)
    version = 1
    for days, expected in ((50, start), (150, start + 100), (120, start + 100)):
        stage.send("agency_admin", publish(1, type_id, "kept", word("s"), days, Sharing.OPEN))
        state = stage.state(record_id)
        stage.send(
            "registrar", amend(record_id, version, state.type_version + 1, 1, word(f"n{days}"))
        )
        version += 1
        assert stage.state(record_id).retain_until == expected
    stage.send("agency_admin", publish(1, type_id, "kept", word("s"), RETAIN_FOREVER, Sharing.OPEN))
    stage.send("registrar", amend(record_id, version, 5, 1, word("for ever")))
    assert stage.state(record_id).retain_until == RETAIN_FOREVER


def test_replacement__removes_all_officers(stage: Stage) -> None:
    stranger = stage.address("stranger")
    stage.send("registry_admin", stage.agencies.schedule_admin_replacement(1, stranger))
    stage.later(8 * DAY)
    stage.send("registry_admin", stage.agencies.execute_admin_replacement(1))
    members = stage.read(stage.agencies.officers, 1)
    assert len(members) == 1
    assert members[0].endswith(bytes.fromhex(stranger[2:]))
    for role, call in (
        ("registrar", stage.records.register(1, 1, 1, 1, word("x"), word("c"))),
        ("operator", stage.records.register(1, 1, 1, 1, word("x"), word("c"))),
        ("agency_admin", stage.records.open_journal(1)),
    ):
        with stage.refused(errors.AccessControlUnauthorizedAccountError):
            stage.dry(role, call)
    grant = stage.agencies.grant_role(role_id(stage, "registrar", 1), stage.address("registrar"))
    stage.send("stranger", grant)
    stage.dry("registrar", stage.records.register(1, 1, 1, 1, word("x"), word("c")))


def test_replacement__lapses(stage: Stage) -> None:
    schedule = stage.agencies.schedule_admin_replacement(1, stage.address("stranger"))
    ready = stage.event("registry_admin", schedule).ready_at
    stage.later(38 * DAY)
    with stage.refused(errors.AgencyRegistryLapsedError, lapsed_at=ready + 30 * DAY):
        stage.dry("registry_admin", stage.agencies.execute_admin_replacement(1))
    stage.send("registry_admin", schedule)


def test_agency__has_at_most_256_memberships_and_loses_all_in_one_transaction(stage: Stage) -> None:
    role = role_id(stage, "registrar", 1)
    have = len(stage.read(stage.agencies.officers, 1))
    addresses = [f"0x{i:040x}" for i in range(1000, 1000 + 256 - have)]
    for start in range(0, len(addresses), 60):
        part = addresses[start : start + 60]
        calls = [stage.agencies.grant_role(role, address) for address in part]
        stage.send("agency_admin", stage.agencies.multicall(calls))
    with stage.refused(errors.AgencyRegistryTooManyOfficersError, agency_id=1, limit=256):
        stage.dry("agency_admin", stage.agencies.grant_role(role, stage.address("stranger")))
    stage.send(
        "registry_admin",
        stage.agencies.schedule_admin_replacement(1, stage.address("stranger")),
    )
    stage.later(8 * DAY)
    receipt = stage.send("registry_admin", stage.agencies.execute_admin_replacement(1))
    assert receipt.gas_used < 15_000_000
    assert len(stage.read(stage.agencies.officers, 1)) == 1


def test_share_request__is_decided_in_time_or_not_at_all(stage: Stage) -> None:
    until = stage.now() + 3600
    ask = stage.shares.request_share(2, 1, 1, bytes(32), word("t"), until, FAR)
    share_id = stage.event("other_steward", ask).share_id
    stage.later(3700)
    for call in (
        stage.shares.grant_share(share_id, word("t"), FAR),
        stage.shares.deny_share(share_id, 1),
    ):
        with stage.refused(errors.ShareRegistryRequestExpiredError, respond_by=until):
            stage.dry("steward", call)


def test_grant__expires(stage: Stage) -> None:
    ask = stage.shares.request_share(2, 1, 1, bytes(32), word("t"), FAR, FAR)
    share_id = stage.event("other_steward", ask).share_id
    record_id = stage.register("lent")
    stage.send("steward", stage.shares.grant_share(share_id, word("t"), stage.now() + 3600))
    assert stage.read(stage.shares.covers, share_id, record_id, bytes(32))
    stage.later(3700)
    assert not stage.read(stage.shares.covers, share_id, record_id, bytes(32))


@pytest.mark.parametrize(
    ("changes", "role", "limit"),
    [({"version": 65_535}, "registrar", 65_535), ({"hold_count": 255}, "hold_authority", 255)],
    ids=["versions", "holds"],
)
def test_counters__stop_at_their_limit(
    stage: Stage, changes: dict[str, int], role: str, limit: int
) -> None:
    record_id = stage.register("counted")
    grow(stage, record_id, **changes)
    call = (
        stage.records.amend(record_id, 65_535, 1, 1, word("n"))
        if role == "registrar"
        else stage.records.place_hold(record_id, word("case"))
    )
    with stage.refused(errors.RecordRegistryLimitReachedError, limit=limit):
        stage.dry(role, call)


@pytest.mark.slow
def test_record_type__has_at_most_4095_versions(stage: Stage) -> None:
    type_id = type_with_retention(stage, 1)
    publish = stage.agencies.publish_record_type(1, type_id, "t", word("s"), 1, Sharing.OPEN)
    for count in [100] * 40 + [94]:
        stage.send("agency_admin", stage.agencies.multicall([publish] * count))
    with stage.refused(errors.AgencyRegistryLimitReachedError, what="versions", limit=4095):
        stage.dry("agency_admin", publish)


def test_origin__that_contradicts_itself__is_refused(stage: Stage) -> None:
    sender = stage.senders["registry_admin"]
    one, address = word("x"), stage.address("stranger")
    for origin in (
        Origin(lineage=one),
        Origin(predecessor=address),
        Origin(final_states_root=one),
        Origin(final_states_count=1),
        Origin(one, address, bytes(32), 1),
        Origin(one, address, one, 1 << 40),
    ):
        with stage.refused(errors.RecordRegistryInvalidOriginError):
            deploy(
                sender,
                registry_admin=stage.address("registry_admin"),
                guardian=stage.address("guardian"),
                admin_delay=1,
                origin=origin,
            )


def test_guardian__is_not_the_registry_admin(stage: Stage) -> None:
    admin = stage.address("registry_admin")
    with stage.refused(errors.AgencyRegistryInvalidAccountError, account=admin):
        deploy(stage.senders["registry_admin"], registry_admin=admin, guardian=admin, admin_delay=1)


def test_state__is_what_the_limits_assume() -> None:
    assert RecordState(version=65_535, hold_count=255).to_word()
