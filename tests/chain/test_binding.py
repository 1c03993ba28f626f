# SPDX-License-Identifier: Apache-2.0
"""The typed binding on a real chain: acts, reads at named blocks, typed refusals, traces."""

from __future__ import annotations

import pytest

from muniment.chain import (
    Connection,
    NoCodeError,
    RecordRegistry,
    log_reader,
    read_trace,
)
from muniment.chain.bindings import errors, record_registry
from muniment.chain.bindings.record_registry import Entry, EntryPlace, Seal
from muniment.chain.log_reader import LogReader
from muniment.chain.values import KeyPurpose, ShareStatus
from muniment.errors import InvalidInputError, UnreachableError, WrongChainError
from muniment.journal import Entry as JournalEntry
from muniment.journal import EntryKind, Tree
from muniment.record import Commitment, LocalId, TypeId
from muniment.record.state import Status
from muniment.record.trace import ActKind, TraceMismatchError
from muniment.record.types import Sharing
from tests.chain.conftest import World, word


def test_register__gives_a_record_and_an_event(world: World) -> None:
    records = world.registries.records
    receipt = world.send("operator", records.register(1, 1, 1, 1, word("a"), word("b")))
    (logged,) = receipt.events(records)
    assert isinstance(logged.event, record_registry.Registered)
    assert logged.event.account == world.address("operator")
    at = world.connection.block()
    record_id = records.record_id_of(1, word("a"), block=at)
    assert logged.event.record_id == record_id
    stored = records.record(record_id, block=at)
    assert stored.commitment == word("b")
    assert stored.state.status is Status.IN_FORCE
    assert stored.state.issuer == stored.state.custodian == 1


def test_read__of_an_earlier_block__sees_what_was_there(world: World) -> None:
    records = world.registries.records
    record_id = world.register("r")
    before = world.connection.block()
    world.send("registrar", records.amend(record_id, 1, 1, 1, word("second")))
    after = world.connection.block()
    assert records.record(record_id, block=before).state.version == 1
    assert records.record(record_id, block=after).state.version == 2
    assert records.record(record_id, block=before.number).commitment == word("content of r")


def test_register_many__in_flight__registers_all_in_order(world: World) -> None:
    records = world.registries.records
    calls = [
        records.register_many(
            1,
            1,
            1,
            1,
            [word(f"{batch}-{i}") for i in range(50)],
            [word(f"content {batch}-{i}") for i in range(50)],
        )
        for batch in range(4)
    ]
    seen: list[int] = []
    receipts = world.senders["operator"].send_many(
        calls, progress=lambda receipt: seen.append(receipt.block_number)
    )
    assert sum(len(receipt.events(records)) for receipt in receipts) == 200
    assert seen == [receipt.block_number for receipt in receipts]


def test_trace__of_all_that_can_happen__leads_to_the_slots(world: World) -> None:
    records = world.registries.records
    record_id = world.register("r")
    world.send("registrar", records.amend(record_id, 1, 1, 1, word("second")))
    world.send("hold_authority", records.place_hold(record_id, word("case")))
    world.send("hold_authority", records.release_hold(record_id, word("case")))
    until = world.connection.block().timestamp + 3600
    world.send("steward", records.offer_custody(record_id, 2, 2, until))
    at = world.connection.block()
    head = records.trace_head_of(record_id, block=at)
    world.send("other_steward", records.accept_custody(record_id, 2, word("second"), head))
    world.send("other_registrar", records.revoke(record_id, 2, 3))
    trace = read_trace(world.registries, record_id, world.connection.block())
    assert [traced.act.kind for traced in trace.acts] == [
        ActKind.REGISTERED,
        ActKind.AMENDED,
        ActKind.HELD,
        ActKind.RELEASED,
        ActKind.TRANSFERRED,
        ActKind.REVOKED,
    ]
    assert trace.head == records.trace_head_of(record_id, block=trace.block)
    assert trace.state.custodian == 2
    assert trace.state.status is Status.REVOKED


def test_trace__of_a_sole_registration_with_an_open_offer__is_derived(world: World) -> None:
    records = world.registries.records
    record_id = world.register("r")
    until = world.connection.block().timestamp + 3600
    world.send("steward", records.offer_custody(record_id, 1, 2, until))
    trace = read_trace(world.registries, record_id, world.connection.block())
    assert records.record(record_id, block=trace.block).trace_head == bytes(32)
    assert trace.head == records.trace_head_of(record_id, block=trace.block)


def test_trace__of_an_id_held_before_it_was_registered__begins_with_the_hold(world: World) -> None:
    records = world.registries.records
    record_id = records.record_id_of(1, word("later"), block=world.connection.block())
    world.send("hold_authority", records.place_hold(record_id, word("case")))
    world.register("later")
    trace = read_trace(world.registries, record_id, world.connection.block())
    assert [traced.act.kind for traced in trace.acts] == [ActKind.HELD, ActKind.REGISTERED]
    assert trace.state.hold_count == 1


def test_trace__with_a_log_left_out__is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = world.registries.records
    record_id = world.register("r")
    world.send("registrar", records.amend(record_id, 1, 1, 1, word("second")))
    world.send("registrar", records.amend(record_id, 2, 1, 1, word("third")))
    honest = log_reader.log_ranges
    monkeypatch.setattr(
        log_reader,
        "log_ranges",
        lambda *given, **named: ((end, logs[1:]) for end, logs in honest(*given, **named)),
    )
    with pytest.raises(TraceMismatchError, match="trace head"):
        read_trace(world.registries, record_id, world.connection.block())


def test_journal_record__is_enrolled_and_revoked_in_one_transaction(world: World) -> None:
    records = world.registries.records
    world.send("agency_admin", records.open_journal(1))
    tree = Tree()
    now = world.connection.block().timestamp
    entries = [
        JournalEntry(
            EntryKind.REGISTRATION,
            1,
            TypeId(1),
            1,
            now,
            LocalId(word(f"entry {i}")),
            Commitment(word(f"content {i}")),
        )
        for i in range(9)
    ]
    for entry in entries:
        tree.append(entry.leaf_hash())
    none = Seal(bytes(32), 0, 0, 0)
    receipt = world.send("operator", records.seal_journal(1, 1, none, 5, tree.root(5), []))
    (logged,) = receipt.events(records)
    assert isinstance(logged.event, record_registry.JournalSealed)
    first = Seal(logged.event.root, 5, 0, logged.event.sealed_at)
    proof = tree.consistency_proof(5, 9)
    receipt = world.send("operator", records.seal_journal(1, 1, first, 9, tree.root(), proof))
    (logged,) = receipt.events(records)
    assert isinstance(logged.event, record_registry.JournalSealed)
    second = Seal(logged.event.root, 9, 5, logged.event.sealed_at)

    entry = entries[6]
    enrol = records.enrol(
        EntryPlace(1, 1, 6),
        Entry(1, 1, 1, 1, entry.time, entry.local_id, entry.commitment),
        second,
        tree.inclusion_proof(6),
    )
    record_id = records.record_id_of(1, entry.local_id, block=world.connection.block())
    world.send("registrar", records.multicall([enrol, records.revoke(record_id, 1, 1)]))
    trace = read_trace(world.registries, record_id, world.connection.block())
    assert [traced.act.kind for traced in trace.acts] == [ActKind.ENROLLED, ActKind.REVOKED]


def test_shares_and_keys__are_called_like_records(world: World) -> None:
    agencies, shares = world.registries.agencies, world.registries.shares
    assert shares is not None
    world.send("agency_admin", agencies.set_agency_key(1, KeyPurpose.ENCRYPTION, word("key")))
    later = world.connection.block().timestamp + 3600
    call = shares.request_share(2, 1, 1, bytes(32), word("terms"), later, later)
    receipt = world.send("other_steward", call)
    (logged,) = receipt.events(shares)
    share_id = logged.event.share_id  # type: ignore[attr-defined]
    world.send("steward", shares.grant_share(share_id, word("terms"), later))
    at = world.connection.block()
    assert shares.share(share_id, block=at).status is ShareStatus.GRANTED
    assert agencies.agency_key(1, KeyPurpose.ENCRYPTION, 1, block=at).key == word("key")
    assert agencies.record_type(1, 1, 1, block=at).sharing is Sharing.CONDITIONAL
    record_id = world.register("r")
    assert shares.covers(share_id, record_id, bytes(32), block=world.connection.block())


def test_events__are_numbered_without_gaps(world: World) -> None:
    record_id = world.register("r")
    records, agencies = world.registries.records, world.registries.agencies
    world.send("registrar", records.revoke(record_id, 1, 1))
    last = world.connection.block()
    reader = LogReader(world.connection, [records, agencies])
    events = reader.read_all(world.registries.first_block, last)
    assert records.sequence(block=last) == sum(e.address == records.address for e in events)


def test_refusals__are_typed_errors_with_their_values(world: World) -> None:
    records = world.registries.records
    record_id = world.register("r")
    with pytest.raises(errors.RecordRegistryStaleVersionError) as stale:
        world.send("registrar", records.amend(record_id, 7, 1, 1, word("x")))
    assert (stale.value.current_version, stale.value.expected_version) == (1, 7)
    assert stale.value.record_id == record_id
    with pytest.raises(errors.AccessControlUnauthorizedAccountError) as missing:
        world.send("stranger", records.revoke(record_id, 1, 1))
    assert missing.value.account == world.address("stranger")
    with pytest.raises(errors.RecordRegistryUnknownRecordError):
        world.send("registrar", records.revoke(word("none"), 1, 1))
    world.send("hold_authority", records.place_hold(record_id, word("case")))
    with pytest.raises(errors.RecordRegistryHeldError) as held:
        world.send("registrar", records.revoke(record_id, 1, 1))
    assert held.value.hold_count == 1
    assert "release" in held.value.diagnostics()
    world.send("hold_authority", records.hold_type(1, 1, word("case")))
    other = world.register("other")
    with pytest.raises(errors.RecordRegistryTypeHeldError):
        world.send("registrar", records.revoke(other, 1, 1))
    world.send("pauser", world.registries.agencies.pause("drill"))
    with pytest.raises(errors.RecordRegistryPausedError):
        world.send("registrar", records.revoke(other, 1, 1))


def test_connection__to_another_chain__names_both(node: str) -> None:
    with pytest.raises(WrongChainError) as caught:
        Connection(node, 7001)
    assert (caught.value.wanted, caught.value.actual) == (7001, 31337)


def test_connection__to_nobody__is_unreachable() -> None:
    with pytest.raises(UnreachableError):
        Connection("http://127.0.0.1:9", 31337, timeout=0.5)


def test_address_without_code__is_named(world: World) -> None:
    empty = RecordRegistry(world.connection, "0x" + "12" * 20)
    latest = world.connection.block()
    with pytest.raises(NoCodeError, match="0x1212"):
        empty.require_code(latest)
    with pytest.raises(NoCodeError):
        empty.record(word("r"), block=latest)


@pytest.mark.parametrize("address", ["", "0x12", "registry", "0x" + "zz" * 20])
def test_address__that_is_none__is_refused(world: World, address: str) -> None:
    with pytest.raises(InvalidInputError, match="address"):
        RecordRegistry(world.connection, address)


def test_arguments__that_do_not_fit__name_what_was_expected(world: World) -> None:
    records = world.registries.records
    with pytest.raises(InvalidInputError, match="expectedVersion: uint16"):
        records.revoke(word("r"), 1 << 16, 1)
    with pytest.raises(InvalidInputError, match="recordId: bytes32"):
        records.revoke(b"too long" * 5, 1, 1)


def test_multicall__of_calls_of_another_contract__is_refused(world: World) -> None:
    other = world.registries.agencies.pause("no")
    with pytest.raises(InvalidInputError):
        world.registries.records.multicall([other])
