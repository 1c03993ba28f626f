# SPDX-License-Identifier: Apache-2.0
"""A network of four validators of its own, with a deployed registry, and the client under load."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
import sqlalchemy as sa

from muniment.chain.nodes import Nodes
from muniment.errors import UnreachableError
from muniment.pipeline.lanes import Lane
from muniment.pipeline.sender import OutboxSender
from muniment.record.identifiers import AgencyId, LocalId, derive_lineage, derive_record_id
from muniment.store import outbox
from muniment.store.database import Database
from muniment.store.outbox_rows import Act, SubmissionState, TransactionState
from muniment.store.tables import submissions, transactions
from network.founding import create_local
from network.members import Member, Network
from network.running import (
    comes_to,
    height,
    log_of,
    patience,
    socket_of,
    start,
    stop,
    wait_for_blocks,
)
from network.socket_rpc import ask
from tests.chain.conftest import World, deploy_world, word

CHAIN = 7001
BURST = 20
PATIENCE = 300
"""Seconds after which a test gives up what takes some on a machine that does nothing else. Where
blocks are waited for, `network.running.patience` says how long."""
_LATE_SECONDS = 5


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """What a module's tests share: four validators that run."""
    made = create_local(tmp_path_factory.mktemp("net"), CHAIN, 4)
    try:
        start(made, made.own())
        wait_for_blocks(made, made.own())
        yield made
    finally:
        # A test may have made it grow.
        grown = Network.at(made.folder)
        stop(grown, grown.own(), kill=True)
    # Whoever fetches blocks drops nobody who speaks of consensus meanwhile (network/node/main.go).
    for member in grown.own():
        assert "stopped engine" not in log_of(grown, member).read_text(errors="replace")


@pytest.fixture
def network(founded: Network) -> Network:
    """The shared network as the tests before have left it: all validators up and level."""
    return healed(founded)


@pytest.fixture(scope="module")
def world(founded: Network) -> World:
    return deploy_world(founded.validators()[0].url, CHAIN, timeout=PATIENCE)


def healed(network: Network) -> Network:
    """A network with all of its validators up and level, whoever of them a test has left away."""
    now = Network.at(network.folder)
    if start(now, now.validators()):
        wait_for_blocks(now, now.validators())
    return now


class Load:
    """Acknowledges registrations and brings them on chain, on and on, in a thread of its own."""

    def __init__(self, network: Network, world: World, database: Database) -> None:
        self.world = world
        self.database = database
        # Its own records, on a registry that tests share.
        self.name = f"under load {time.time_ns()}"
        self.acts: list[Act] = []
        self.faults: list[BaseException] = []
        self.unreachable = 0
        urls = [each.url for each in network.validators()]
        signers = [world.senders[role].signer for role in ("operator", "registrar")]
        self.sender = OutboxSender(
            database,
            Nodes(urls, CHAIN, timeout=10),
            [Lane(signer.address, signer, True, 16) for signer in signers],
            batch=5,
        )
        self._lineage = derive_lineage(CHAIN, bytes.fromhex(world.registries.records.address[2:]))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        self._ending.set()
        self._thread.join()
        assert self.faults == []

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                self.acknowledge()
                self.step()
                time.sleep(0.2)
        except BaseException as fault:  # noqa: BLE001  (told in the test's own thread)
            self.faults.append(fault)

    def acknowledge(self) -> None:
        first = len(self.acts)
        acts = [self._act(f"{self.name} {first + i}") for i in range(BURST)]
        with self.database.write() as connection:
            outbox.acknowledge(connection, acts, int(time.time() * 1000))
        self.acts += acts

    def _act(self, name: str) -> Act:
        register = self.world.registries.records.register
        record_id = derive_record_id(self._lineage, AgencyId(1), LocalId(word(name)))
        call = register(1, 1, 1, 1, word(name), word(f"content of {name}"))
        return Act("register", call, record_id, 1)

    def step(self) -> None:
        try:
            self.sender.step()
        except UnreachableError:
            self.unreachable += 1

    def drain(self) -> None:
        """Until all that was acknowledged is final."""
        self.end()
        deadline = time.monotonic() + PATIENCE
        while set(self.states()) != {SubmissionState.FINAL}:
            assert time.monotonic() < deadline, f"not final: {self.states()}"
            self.step()
            time.sleep(0.2)

    def states(self) -> dict[SubmissionState, int]:
        chosen = sa.select(submissions.c.state, sa.func.count()).group_by(submissions.c.state)
        with self.database.read() as connection:
            return {SubmissionState(state): n for state, n in connection.execute(chosen)}

    def sent_twice(self) -> int:
        """How many transactions were given to a node more than once."""
        chosen = sa.select(sa.func.count()).where(transactions.c.broadcast_count > 1)
        with self.database.read() as connection:
            return int(connection.execute(chosen).scalar_one())

    def assert_each_once(self, member: Member) -> None:
        """By the chain of one node: every act is registered, by one event each."""
        connection = type(self.world.connection)(member.url, CHAIN)
        head = connection.block()
        records = self.world.registries.records
        logs = connection.request(
            "eth_getLogs",
            [{"address": records.address, "fromBlock": "0x0", "toBlock": hex(head.number)}],
        )
        named = [log["topics"][1] for log in logs if len(log["topics"]) > 1]
        for act in self.acts:
            assert named.count(f"0x{act.record_id.hex()}") == 1
        for lane in self.sender.lanes:
            nonces = self._nonces(lane.account)
            assert nonces == list(range(nonces[0], nonces[-1] + 1)), "a gap among the nonces"

    def _nonces(self, account: str) -> list[int]:
        chosen = sa.select(transactions.c.nonce).where(
            transactions.c.account == account, transactions.c.state == TransactionState.FINAL
        )
        with self.database.read() as connection:
            return sorted(connection.execute(chosen).scalars())


@pytest.fixture
def load(network: Network, world: World, tmp_path: Path) -> Iterator[Load]:
    with (
        Database.open(f"sqlite:///{tmp_path}/outbox.db") as database,
        Load(network, world, database) as running,
    ):
        until(lambda: SubmissionState.FINAL in running.states())
        yield running


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> float:
    """Seconds until a condition holds."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"it did not come to it in {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - begun


def grows(network: Network, member: Member, count: int) -> None:
    """Until a node has `count` blocks more."""
    reaches(network, member, height(network, member) + count)


def reaches(network: Network, member: Member, number: int) -> None:
    """Until a node has the block of a number; as long as blocks come."""
    assert comes_to(network, member, number, patience(network)), f"no block {number}"


def stood_at(network: Network, members: Sequence[Member]) -> list[int]:
    """The heights of nodes that have stood still for some seconds.

    What was on its way when the last one died may still make a block.
    """
    heights, since = [-1] * len(members), time.monotonic()

    def still() -> bool:
        nonlocal heights, since
        now = [height(network, each) for each in members]
        if now != heights:
            heights, since = now, time.monotonic()
        return time.monotonic() - since > _LATE_SECONDS

    until(still)
    return heights


def block(network: Network, member: Member, number: int | str) -> Any:
    named = number if isinstance(number, str) else hex(number)
    return ask(socket_of(network, member), "eth_getBlockByNumber", [named, False])


def assert_one_chain(network: Network, first: int = 1) -> None:
    """All nodes have the same blocks, as far as the one furthest behind, and the same receipts."""
    top = min(height(network, each) for each in network.validators())
    assert top >= first
    for number in range(first, top + 1):
        told = [
            (
                block(network, each, number)["hash"],
                ask(socket_of(network, each), "eth_getBlockReceipts", [hex(number)]),
            )
            for each in network.validators()
        ]
        assert all(each == told[0] for each in told), f"block {number} differs"
