# SPDX-License-Identifier: Apache-2.0
"""The outbox behind a node that misbehaves: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from muniment.chain.nodes import Nodes
from muniment.errors import UnreachableError
from muniment.pipeline.lanes import Lane
from muniment.pipeline.sender import OutboxSender
from muniment.store import outbox
from muniment.store.database import Database
from muniment.store.outbox_rows import Act
from muniment.store.tables import transactions
from tests.chain.conftest import World, word
from tests.chain.faulty_node import FaultyNode, faulty_node
from toolchain.local_chain import CHAIN_ID

COUNT = 25


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database.open(database_url) as opened:
        yield opened


@pytest.fixture
def faulty(world: World) -> Iterator[FaultyNode]:
    with faulty_node(world.connection.url) as node:
        yield node


def acknowledged(world: World, database: Database) -> list[bytes]:
    records, block = world.registries.records, world.connection.block()
    ids = [records.record_id_of(1, word(f"{i}"), block=block) for i in range(COUNT)]
    acts = [
        Act("register", records.register(1, 1, 1, 1, word(f"{i}"), word(f"c{i}")), ids[i], 1)
        for i in range(COUNT)
    ]
    with database.write() as connection:
        outbox.acknowledge(connection, acts, 0)
    return ids


def sender_behind(world: World, database: Database, *urls: str, timeout: float = 5) -> OutboxSender:
    lane = Lane(world.address("operator"), world.senders["operator"].signer, True, 4)
    nodes = Nodes(urls, CHAIN_ID, timeout=timeout)
    return OutboxSender(database, nodes, [lane], finality_depth=0, batch=5)


def run(sender: OutboxSender, seconds: float = 30) -> int:
    """Step until all is done; return how often no node answered."""
    faults, deadline = 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            step = sender.step()
        except UnreachableError:
            faults += 1
            continue
        with sender.database.read() as connection:
            if outbox.count_by_state(connection) == {"FINAL": COUNT}:
                return faults
        if not step.moved:
            time.sleep(0.05)
    raise AssertionError("it never got there")


def assert_once(world: World, database: Database, ids: list[bytes]) -> None:
    block = world.connection.block()
    for place, record_id in enumerate(ids):
        stored = world.registries.records.record(record_id, block=block)
        assert stored.commitment == word(f"c{place}")
        assert stored.state.version == 1
    with database.read() as connection:
        chosen = sa.select(transactions.c.nonce).where(transactions.c.succeeded.is_(True))
        nonces = sorted(connection.execute(chosen).scalars())
    assert nonces == list(range(nonces[0], nonces[0] + COUNT // 5))


@pytest.mark.parametrize("fault", ["429", "500", "half", "dropped"])
@pytest.mark.parametrize(
    "method",
    ["eth_sendRawTransaction", "eth_getTransactionReceipt", "eth_getTransactionCount"],
)
def test_faults__are_outlived(
    world: World, database: Database, faulty: FaultyNode, fault: str, method: str
) -> None:
    ids = acknowledged(world, database)
    faulty.set(fault, method, times=6)
    run(sender_behind(world, database, faulty.url))
    assert_once(world, database, ids)


def test_answer_of_an_accepted_transaction_dropped__is_done_once(
    world: World, database: Database, faulty: FaultyNode
) -> None:
    ids = acknowledged(world, database)
    faulty.set("dropped", "eth_sendRawTransaction")
    run(sender_behind(world, database, faulty.url))
    assert_once(world, database, ids)


def test_late_node__the_other_one_is_used(
    world: World, database: Database, faulty: FaultyNode
) -> None:
    ids = acknowledged(world, database)
    faulty.late_seconds = 2
    faulty.set("late")
    sender = sender_behind(world, database, faulty.url, world.connection.url, timeout=0.3)
    # The connection itself is made while the node is still in time.
    run(sender, 60)
    assert_once(world, database, ids)


def test_node_away_for_a_while__nothing_is_lost(
    world: World, database: Database, faulty: FaultyNode
) -> None:
    ids = acknowledged(world, database)
    sender = sender_behind(world, database, faulty.url)
    sender.step()
    faulty.set("500")
    for _ in range(3):
        with pytest.raises(UnreachableError):
            sender.step()
    faulty.set("")
    run(sender)
    assert_once(world, database, ids)
