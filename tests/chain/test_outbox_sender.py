# SPDX-License-Identifier: Apache-2.0
"""The outbox sender on a real Anvil: everything acknowledged gets there, once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from muniment.chain import Connection
from muniment.chain.nodes import Nodes
from muniment.errors import UnreachableError
from muniment.pipeline.lanes import Lane
from muniment.pipeline.sender import OutboxSender
from muniment.store import outbox
from muniment.store.database import Database
from muniment.store.leases import Lease, LeaseLostError
from muniment.store.outbox_rows import Act, SubmissionRow, SubmissionState, TransactionState
from muniment.store.rows import is_intact
from muniment.store.tables import submissions, transactions
from tests.chain.conftest import World, word
from toolchain.local_chain import CHAIN_ID

DEPTH = 30


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database.open(database_url) as opened:
        yield opened


def registrations(world: World, names: list[str]) -> list[Act]:
    records = world.registries.records
    block = world.connection.block()
    return [
        Act(
            "register",
            records.register(1, 1, 1, 1, word(name), word(f"content of {name}")),
            records.record_id_of(1, word(name), block=block),
            1,
        )
        for name in names
    ]


def sender_of(world: World, database: Database, *roles: str, batch: int = 10) -> OutboxSender:
    lanes = [
        Lane(world.address(role), world.senders[role].signer, role == "operator", 4)
        for role in roles or ("operator",)
    ]
    nodes = Nodes([world.connection.url], CHAIN_ID)
    return OutboxSender(database, nodes, lanes, finality_depth=DEPTH, batch=batch)


def acknowledge(database: Database, acts: list[Act]) -> list[int]:
    with database.write() as connection:
        return outbox.acknowledge(connection, acts, int(time.time() * 1000))


def rows(database: Database) -> list[SubmissionRow]:
    with database.read() as connection:
        ids = list(connection.execute(sa.select(submissions.c.submission_id)).scalars())
        return list(outbox.submissions_of(connection, sorted(ids)).values())


def states(database: Database) -> set[SubmissionState]:
    return {row.state for row in rows(database)}


def run(sender: OutboxSender, *, seconds: float = 60) -> None:
    """Until nothing moves and nothing is on its way: a node takes its time for what it was sent."""
    accounts = [lane.account for lane in sender.lanes]
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if sender.step().moved:
            continue
        with sender.database.read() as connection:
            if not any(outbox.live_count(connection, each) for each in accounts):
                return
        time.sleep(0.05)
    raise AssertionError("the sender never rests")


def finalise(world: World) -> None:
    world.connection.request("anvil_mine", [hex(DEPTH + 1)])


def assert_registered_once(world: World, acts: list[Act]) -> None:
    block = world.connection.block()
    for act in acts:
        record = world.registries.records.record(act.record_id, block=block)
        assert record.commitment == act.call.data[-32:]


def nonces(database: Database, account: str) -> list[int]:
    with database.read() as connection:
        chosen = sa.select(transactions.c.nonce).where(
            transactions.c.account == account,
            transactions.c.state.in_([TransactionState.MINED, TransactionState.FINAL]),
        )
        return sorted(connection.execute(chosen).scalars())


def test_many__are_mined_in_batches_then_final(world: World, database: Database) -> None:
    acts = registrations(world, [f"deed {i}" for i in range(37)])
    acknowledge(database, acts)
    sender = sender_of(world, database)
    run(sender)
    assert states(database) <= {SubmissionState.MINED, SubmissionState.FINAL}
    assert_registered_once(world, acts)
    finalise(world)
    run(sender)
    assert states(database) == {SubmissionState.FINAL}
    assert sender.step().open == 0
    with database.read() as connection:
        kept = connection.execute(sa.select(transactions)).mappings().all()
        assert len(kept) == 4
        assert all(is_intact(transactions, row) for row in kept)
        assert all(
            is_intact(submissions, row)
            for row in connection.execute(sa.select(submissions)).mappings()
        )


def test_poison__is_refused_with_its_reason_and_the_others_go_through(
    world: World, database: Database
) -> None:
    acts = registrations(world, [f"deed {i}" for i in range(20)])
    records = world.registries.records
    block = world.connection.block()
    # A type that does not exist is told before anything is signed; another's content in the chain.
    world.register("deed 7")
    world.send("registrar", records.amend(acts[7].record_id, 1, 1, 1, word("other")))
    poison = Act(
        "register",
        records.register(1, 9, 1, 1, word("lost"), word("c")),
        records.record_id_of(1, word("lost"), block=block),
        1,
    )
    ids = acknowledge(database, [*acts[:12], poison, *acts[12:]])
    run(sender_of(world, database))
    after = {row.submission_id: row for row in rows(database)}
    refused = {each for each, row in after.items() if row.state is SubmissionState.REFUSED}
    assert refused == {ids[7], ids[12]}
    assert "AlreadyRegistered" in (after[ids[7]].refusal or "")
    assert "UnknownRecordType" in (after[ids[12]].refusal or "") or "Type" in (
        after[ids[12]].refusal or ""
    )
    assert_registered_once(world, [act for place, act in enumerate(acts) if place != 7])


def test_acts_on_one_record__go_in_order_by_the_officer_named(
    world: World, database: Database
) -> None:
    [first] = registrations(world, ["deed"])
    records = world.registries.records
    officer = world.address("registrar")
    acts = [
        first,
        Act(
            "amend", records.amend(first.record_id, 1, 1, 1, word("2")), first.record_id, 2, officer
        ),
        Act(
            "amend", records.amend(first.record_id, 2, 1, 1, word("3")), first.record_id, 3, officer
        ),
        Act("revoke", records.revoke(first.record_id, 3, 1), first.record_id, 3, officer),
    ]
    acknowledge(database, acts)
    run(sender_of(world, database, "operator", "registrar"))
    assert states(database) == {SubmissionState.MINED}
    record = records.record(first.record_id, block=world.connection.block())
    assert record.state.version == 3
    assert record.state.status == 3


def test_refused_act__uses_no_nonce(world: World, database: Database) -> None:
    [first] = registrations(world, ["deed"])
    records = world.registries.records
    officer = world.address("registrar")
    wrong = Act("revoke", records.revoke(first.record_id, 1, 1), first.record_id, 1, officer)
    acknowledge(database, [wrong])
    before = world.connection.request("eth_getTransactionCount", [officer, "latest"])
    run(sender_of(world, database, "registrar"))
    assert states(database) == {SubmissionState.REFUSED}
    assert world.connection.request("eth_getTransactionCount", [officer, "latest"]) == before


def test_restored_database__finds_what_is_on_chain_and_sends_nothing_twice(
    world: World, database: Database
) -> None:
    acts = registrations(world, [f"deed {i}" for i in range(5)])
    for place in (1, 3):
        world.register(f"deed {place}")
    acknowledge(database, acts)
    sender = sender_of(world, database)
    run(sender)
    assert states(database) == {SubmissionState.MINED}
    finalise(world)
    run(sender)
    assert states(database) == {SubmissionState.FINAL}


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_reorganisation__what_vanished_goes_out_again(
    own_world: World, database: Database, depth: int
) -> None:
    world = own_world
    world.connection.request("anvil_mine", [hex(10)])
    acts = registrations(world, [f"deed {i}" for i in range(50)])
    acknowledge(database, acts)
    sender = sender_of(world, database)
    run(sender)
    world.connection.request("anvil_reorg", [depth, []])
    run(sender)
    finalise(world)
    run(sender)
    assert states(database) == {SubmissionState.FINAL}
    assert_registered_once(world, acts)
    used = nonces(database, world.address("operator"))
    assert used == list(range(used[0], used[0] + len(used)))


def test_pool_forgotten__is_sent_again(world: World, database: Database) -> None:
    acts = registrations(world, [f"deed {i}" for i in range(8)])
    acknowledge(database, acts)
    sender = sender_of(world, database)
    world.connection.request("evm_setAutomine", [False])
    try:
        sender.step()
        assert states(database) == {SubmissionState.SIGNED}
        world.connection.request("anvil_dropAllTransactions", [])
    finally:
        world.connection.request("evm_setAutomine", [True])
    deadline = time.monotonic() + 60
    while states(database) != {SubmissionState.MINED} and time.monotonic() < deadline:
        sender.step()
        time.sleep(0.1)
    assert states(database) == {SubmissionState.MINED}
    assert_registered_once(world, acts)


def test_killed_after_signing__another_process_sends_the_same_bytes(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts = registrations(world, ["deed"])
    acknowledge(database, acts)
    dying = sender_of(world, database)
    with monkeypatch.context() as patch:
        patch.setattr(OutboxSender, "_broadcast", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            dying.step()
    assert states(database) == {SubmissionState.SIGNED}
    run(sender_of(world, database))
    assert states(database) == {SubmissionState.MINED}
    assert len(nonces(database, world.address("operator"))) == 1


def test_node_away__nothing_is_lost(world: World, database: Database) -> None:
    acts = registrations(world, ["deed"])
    acknowledge(database, acts)
    lane = Lane(world.address("operator"), world.senders["operator"].signer, True)
    away = OutboxSender(
        database, Nodes(["http://127.0.0.1:9"], CHAIN_ID), [lane], finality_depth=DEPTH
    )
    with pytest.raises(UnreachableError):
        away.step()
    assert states(database) == {SubmissionState.NEW}
    nodes = Nodes(["http://127.0.0.1:9", world.connection.url], CHAIN_ID)
    run(OutboxSender(database, nodes, [lane], finality_depth=DEPTH))
    assert states(database) == {SubmissionState.MINED}


def test_lease_lost__signs_and_sends_nothing(world: World, database: Database) -> None:
    acknowledge(database, registrations(world, ["deed"]))
    lease = Lease.acquire(database, "lane:x")
    assert lease is not None
    lease.release()
    taken = Lease.acquire(database, "lane:x")
    assert taken is not None
    lane = Lane(world.address("operator"), world.senders["operator"].signer, True, 1, lease)
    stale = OutboxSender(
        database, Nodes([world.connection.url], CHAIN_ID), [lane], finality_depth=DEPTH
    )
    with pytest.raises(LeaseLostError):
        stale.step()
    assert states(database) == {SubmissionState.NEW}


def test_stuck__what_nodes_refuse_is_signed_anew_for_the_same_nonce(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts = registrations(world, ["deed"])
    acknowledge(database, acts)
    sender = sender_of(world, database)
    monkeypatch.setattr("muniment.pipeline.sender._AGAIN_MS", 0)
    real = Connection.request_many

    def cheap(self: Connection, method: str, parameters: list[list[str]], **rest: int) -> object:
        if method == "eth_sendRawTransaction":
            # What is sent is cut short: a node refuses it, whatever its reasons.
            with database.read() as connection:
                [row] = outbox.transactions_of(
                    connection, [world.address("operator")], [TransactionState.SIGNED]
                ) or [None]
            if row is None or row.broadcast_count == 0:
                parameters = [[each[0][:-2]] for each in parameters]
        return real(self, method, parameters, **rest)

    with monkeypatch.context() as patch:
        patch.setattr(Connection, "request_many", cheap)
        for _ in range(5):
            sender.step()
    run(sender)
    assert states(database) == {SubmissionState.MINED}
    assert_registered_once(world, acts)
    with database.read() as connection:
        found = outbox.transactions_of(
            connection, [world.address("operator")], list(TransactionState)
        )
    assert {row.nonce for row in found} == {found[0].nonce}
    assert [row.state for row in found] == [TransactionState.ABANDONED, TransactionState.MINED]
