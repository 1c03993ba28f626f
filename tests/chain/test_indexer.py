# SPDX-License-Identifier: Apache-2.0
"""The indexer on a real Anvil: whatever the chain and its nodes do, the mirror is the chain's."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from muniment.chain import Connection, Sender
from muniment.chain.bindings.record_registry import Seal
from muniment.chain.log_reader import MissingEventError
from muniment.chain.nodes import Nodes
from muniment.chain.traces import read_trace
from muniment.errors import ChainError, UnreachableError
from muniment.pipeline.branches import PastFinalityError
from muniment.pipeline.indexer import Indexer, IndexProgress
from muniment.record.state import Status
from muniment.record.types import Sharing
from muniment.store.database import Database
from muniment.store.leases import Lease, LeaseLostError
from muniment.store.mirror import AnotherRegistryError, MirroredRegistry
from muniment.store.mirror_search import Filters, MirroredRecord, search
from muniment.store.subjects import CONTRACTS, placed_events
from muniment.store.tables import MIRRORED
from tests.chain.conftest import World, word
from tests.chain.faulty_node import FaultyNode, faulty_node
from toolchain.local_chain import CHAIN_ID

DEPTH = 12


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database.open(database_url) as opened:
        yield opened


@pytest.fixture
def faulty(world: World) -> Iterator[FaultyNode]:
    with faulty_node(world.connection.url) as node:
        yield node


def registry_of(world: World) -> MirroredRegistry:
    found = world.registries
    shares = None if found.shares is None else found.shares.address
    return MirroredRegistry(
        CHAIN_ID, found.records.address, found.agencies.address, shares, found.first_block
    )


def indexer_of(
    world: World, database: Database, *urls: str, depth: int = DEPTH, timeout: float = 10
) -> Indexer:
    nodes = Nodes(urls or [world.connection.url], CHAIN_ID, timeout=timeout)
    return Indexer(database, nodes, registry_of(world), finality_depth=depth)


def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the mirror, in order."""
    with database.read() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(sa.select(table))), key=repr
            )
            for table in MIRRORED
        }


def from_scratch(world: World, folder: Path, depth: int = DEPTH) -> dict[str, list[Any]]:
    path = folder / "scratch.db"
    path.unlink(missing_ok=True)
    with Database.open(f"sqlite:///{path}") as database:
        indexer_of(world, database, depth=depth).catch_up()
        return dump(database)


def is_numbered(log: dict[str, Any]) -> bool:
    topic = bytes.fromhex(log["topics"][0][2:])
    found = [placed_events(name).get(topic) for name in CONTRACTS]
    return any(each is not None and each.slices is not None for each in found)


def records_in(database: Database) -> dict[bytes, MirroredRecord]:
    with database.read() as connection:
        return {each.record_id: each for each in search(connection, Filters(), 10_000)}


def assert_is_the_chain(world: World, database: Database) -> None:
    """Every mirrored record has the three slots that the registry has, and as many acts."""
    block = world.connection.block()
    for record_id, mirrored in records_in(database).items():
        stored = world.registries.records.record(record_id, block=block)
        assert mirrored.commitment == stored.commitment
        assert mirrored.state == stored.state
        assert mirrored.trace_head == stored.trace_head
        assert mirrored.act_count == len(read_trace(world.registries, record_id, block).acts)


def everything(world: World) -> None:
    """One of everything that leaves an event."""
    records, agencies = world.registries.records, world.registries.agencies
    block = world.connection.block
    lone = world.register("lone")
    changed = world.register("changed")
    world.send("registrar", records.amend(changed, 1, 1, 1, word("second")))
    world.send("registrar", records.amend(changed, 2, 1, 1, word("third")))
    superseded = world.register("superseded")
    world.send("registrar", records.supersede(superseded, 1, changed))
    world.send("hold_authority", records.place_hold(lone, word("case")))
    world.send("hold_authority", records.place_hold(lone, word("other case")))
    world.send("hold_authority", records.release_hold(lone, word("case")))
    world.send("hold_authority", records.hold_type(1, 1, word("type case")))
    world.send("hold_authority", records.release_type(1, 1, word("type case")))
    world.send("hold_authority", records.hold_type(1, 1, word("another type case")))
    world.send("hold_authority", records.release_type(1, 1, word("another type case")))
    before = records.record_id_of(1, word("held before"), block=block())
    world.send("hold_authority", records.place_hold(before, word("early")))
    world.send("hold_authority", records.release_hold(before, word("early")))
    assert world.register("held before") == before
    given = world.register("given")
    later = block().timestamp + 86_400
    world.send("steward", records.offer_custody(given, 1, 2, later))
    head = records.trace_head_of(given, block=block())
    accept = records.accept_custody(given, 1, word("content of given"), head)
    world.send("other_steward", accept)
    offered = world.register("offered")
    world.send("steward", records.offer_custody(offered, 1, 2, later))
    withdrawn = world.register("withdrawn")
    world.send("steward", records.offer_custody(withdrawn, 1, 2, later))
    world.send("steward", records.withdraw_custody(withdrawn))
    world.send("registrar", records.revoke(withdrawn, 1, 2))
    type_two = agencies.create_record_type(1, "permit", word("two"), 5, Sharing.OPEN)
    world.send("agency_admin", type_two)
    world.send(
        "agency_admin", agencies.publish_record_type(1, 2, "permit", word("3"), 5, Sharing.OPEN)
    )
    role = agencies.role_of_kind(2, 2, block=block())
    world.send("other_admin", agencies.revoke_role(role, world.address("other_registrar")))
    world.send("registry_admin", agencies.schedule_admin_replacement(2, world.address("stranger")))
    world.send("agency_admin", records.open_journal(1))
    seal = records.seal_journal(1, 1, Seal(bytes(32), 0, 0, 0), 5, word("root"), ())
    world.send("operator", seal)
    world.send("agency_admin", records.repudiate_journal(1, 1, 2, 2))


def test_mirror__is_what_the_chain_says(world: World, database: Database, tmp_path: Path) -> None:
    everything(world)
    progress = indexer_of(world, database).catch_up()
    assert progress.done
    assert progress.indexed == world.connection.block().number
    assert_is_the_chain(world, database)
    found = dump(database)
    assert {row[2] for row in found["officers"] if row[0] == 2} == {
        world.address("other_admin"),
        world.address("other_steward"),
    }
    assert [row[1] for row in found["replacements"]] == [world.address("stranger")]
    assert {(row[1], row[2], row[3]) for row in found["record_types"]} == {
        (1, 1, "deed"),
        (2, 1, "permit"),
        (2, 2, "permit"),
    }
    assert [bytes(row[2]) for row in found["holds"]] == [word("other case")]
    assert found["type_holds"] == []
    # Repudiated, and thereby closed.
    assert found["journals"] == [(1, 1, 5, True, 2)]
    with database.read() as connection:
        revoked = search(connection, Filters(status=Status.REVOKED), 10)
        theirs = search(connection, Filters(custodian=2), 10)
        assert search(connection, Filters(until=1), 10) == []
    assert len(revoked) == len(theirs) == 1
    assert found == from_scratch(world, tmp_path)


def test_step_by_step__is_what_one_run_makes(
    world: World, database: Database, tmp_path: Path
) -> None:
    indexer = indexer_of(world, database)
    for turn in range(4):
        for number in range(5):
            world.register(f"{turn} {number}")
            indexer.step()
    indexer.catch_up()
    assert dump(database) == from_scratch(world, tmp_path)
    kept = dump(database)["blocks"]
    assert len(kept) == DEPTH + 1, "final blocks but the highest are not kept"


@pytest.mark.parametrize("depth", range(1, 11))
def test_reorganisation__acts_vanish_move_and_fail_the_second_time(
    own_world: World, database: Database, tmp_path: Path, depth: int
) -> None:
    world, records = own_world, own_world.registries.records
    chance = random.Random(depth)
    for number in range(4):
        world.register(f"before {number}")
    kept = world.register("kept")
    indexer = indexer_of(world, database)
    world.connection.request("anvil_mine", [hex(4)])
    indexer.catch_up()
    for number in range(depth):
        world.register(f"vanishes {number}")
        if chance.random() < 0.5:
            indexer.catch_up()
    indexer.catch_up()
    before = records_in(database)
    world.connection.request("anvil_reorg", [depth, []])
    # On the other branch one act moves, one comes again in another block, and one now fails.
    senders = {
        role: Sender(world.connection, sender.signer, timeout=60)
        for role, sender in world.senders.items()
    }
    world = World(world.connection, world.registries, senders)
    world.send("hold_authority", records.place_hold(kept, word("case")))
    world.register("vanishes 0")
    progress = indexer.catch_up()
    assert progress.done
    assert_is_the_chain(world, database)
    assert dump(database) == from_scratch(world, tmp_path)
    after = records_in(database)
    assert after[kept].state.hold_count == 1
    assert len(after) == len(before) - depth + 1


def test_reorganisation_past_finality__halts_says_so_and_changes_nothing(
    own_world: World, database: Database
) -> None:
    world = own_world
    for number in range(8):
        world.register(f"deed {number}")
    indexer = indexer_of(world, database, depth=2)
    indexer.catch_up()
    before = dump(database)
    world.connection.request("anvil_reorg", [6, []])
    for _ in range(2):
        with pytest.raises(PastFinalityError, match="was final as 0x"):
            indexer.step()
    assert dump(database) == before


def test_restarted_chain__is_behind_and_nothing_is_thrown_away(
    own_world: World, database: Database
) -> None:
    own_world.register("deed")
    indexer = indexer_of(own_world, database, depth=0)
    indexer.catch_up()
    before = dump(database)
    own_world.connection.request("anvil_reset", [])
    progress = indexer.step()
    assert progress.behind
    assert progress.done
    assert dump(database) == before


def test_node_that_lags__changes_nothing(
    world: World, database: Database, faulty: FaultyNode
) -> None:
    world.register("deed")
    indexer = indexer_of(world, database, faulty.url)
    indexer.catch_up()
    before = dump(database)
    late = world.connection.block().number - 3

    def lag(request: dict[str, Any], result: Any) -> Any:
        if request["method"] == "eth_getBlockByNumber" and request["params"][0] == "latest":
            return world.connection.request("eth_getBlockByNumber", [hex(late), False])
        return result

    faulty.answer_to = lag
    progress = indexer.step()
    assert progress.behind
    assert progress.rolled_back is None
    assert dump(database) == before


@pytest.mark.parametrize("missing", ["first", "last", "all"])
@pytest.mark.parametrize("depth", [0, 100])
def test_node_that_leaves_logs_out__is_found_out_and_another_one_asked(
    world: World, database: Database, faulty: FaultyNode, tmp_path: Path, missing: str, depth: int
) -> None:
    for number in range(5):
        world.register(f"deed {number}")

    def leave_out(request: dict[str, Any], result: Any) -> Any:
        if request["method"] != "eth_getLogs" or not result:
            return result
        numbered = [place for place, log in enumerate(result) if is_numbered(log)]
        gone = {"first": numbered[:1], "last": numbered[-1:], "all": numbered}[missing]
        return [log for place, log in enumerate(result) if place not in gone]

    faulty.answer_to = leave_out
    alone = indexer_of(world, database, faulty.url, depth=depth)
    with pytest.raises(MissingEventError):
        alone.catch_up()
    assert dump(database)["events"] == []
    indexer_of(world, database, faulty.url, world.connection.url, depth=depth).catch_up()
    assert dump(database) == from_scratch(world, tmp_path, depth)


def test_logs_left_out_of_an_early_range__are_read_again(
    world: World,
    database: Database,
    faulty: FaultyNode,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only the next range shows it, when this one is written already."""
    monkeypatch.setattr("muniment.pipeline.indexer._ENOUGH_LOGS", 4)
    monkeypatch.setattr("muniment.pipeline.indexer._FIRST_SPAN", 2)
    for number in range(12):
        world.register(f"deed {number}")
    first = world.connection.block().number - 6

    def leave_out(request: dict[str, Any], result: Any) -> Any:
        if request["method"] != "eth_getLogs":
            return result
        return [log for log in result if int(log["blockNumber"], 16) != first]

    faulty.answer_to = leave_out
    indexer = indexer_of(world, database, faulty.url, depth=0)
    for _ in range(2):
        with pytest.raises(MissingEventError):
            indexer.catch_up()
    indexer_of(world, database, world.connection.url, depth=0).catch_up()
    assert dump(database) == from_scratch(world, tmp_path, 0)


@pytest.mark.parametrize(
    "break_log",
    [
        lambda log: {**log, "data": "0x"},
        lambda log: {**log, "topics": []},
        lambda log: {key: value for key, value in log.items() if key != "logIndex"},
        lambda log: {**log, "blockHash": "0x" + "11" * 32},
        lambda log: {**log, "removed": True},
        lambda log: None,
    ],
)
def test_broken_logs__are_refused_whole(
    world: World, database: Database, faulty: FaultyNode, break_log: Callable[[Any], Any]
) -> None:
    world.register("deed")

    def broken(request: dict[str, Any], result: Any) -> Any:
        if request["method"] == "eth_getLogs" and result:
            return [*result[:-1], break_log(result[-1])]
        return result

    faulty.answer_to = broken
    with pytest.raises(Exception) as caught:
        indexer_of(world, database, faulty.url, depth=100).catch_up()
    assert type(caught.value).__name__ in {
        "UndecodableError",
        "MissingEventError",
        "ReorganisedError",
    }
    assert dump(database)["events"] == []


@pytest.mark.parametrize("fault", ["429", "500", "half", "dropped"])
def test_node_that_fails__is_said_and_nothing_is_half_done(
    world: World, database: Database, faulty: FaultyNode, tmp_path: Path, fault: str
) -> None:
    world.register("deed")
    indexer = indexer_of(world, database, faulty.url, depth=100)
    faulty.set(fault, "eth_getLogs")
    with pytest.raises(UnreachableError):
        indexer.catch_up()
    assert dump(database)["events"] == []
    faulty.set("")
    indexer.catch_up()
    assert dump(database) == from_scratch(world, tmp_path, 100)


def test_late_answers__the_other_node_is_asked(
    world: World, database: Database, faulty: FaultyNode
) -> None:
    world.register("deed")
    faulty.late_seconds = 3
    faulty.set("late", "eth_getLogs")
    indexer = indexer_of(world, database, faulty.url, world.connection.url, depth=100, timeout=0.5)
    assert indexer.catch_up().done
    assert_is_the_chain(world, database)


def test_reorganisation_while_reading__is_never_mixed(
    own_world: World, database: Database, tmp_path: Path
) -> None:
    """Another branch between the blocks and their logs: the step is refused, the next one right."""
    world = own_world
    with faulty_node(world.connection.url) as faulty:
        for number in range(5):
            world.register(f"deed {number}")
        turned = []

        def turn(request: dict[str, Any], result: Any) -> Any:
            if request["method"] == "eth_getBlockByNumber" and not turned:
                turned.append(True)
                world.connection.request("anvil_reorg", [3, []])
            return result

        faulty.answer_to = turn
        indexer = indexer_of(world, database, faulty.url)
        for _ in range(3):
            # Refused, with one of several errors; the database tells below.
            with contextlib.suppress(ChainError):
                indexer.catch_up()
        assert dump(database) == from_scratch(world, tmp_path)


def test_another_registry__is_refused(world: World, database: Database) -> None:
    indexer_of(world, database).catch_up()
    registry = MirroredRegistry(CHAIN_ID, "0x" + "11" * 20, "0x" + "22" * 20, None, 0)
    other = Indexer(database, Nodes([world.connection.url], CHAIN_ID), registry, finality_depth=0)
    with pytest.raises(AnotherRegistryError, match="mirrors registry"):
        other.step()


def test_lease_lost__writes_nothing(world: World, database: Database) -> None:
    lease = Lease.acquire(database, "index")
    assert lease is not None
    lease.release()
    assert Lease.acquire(database, "index") is not None
    indexer = indexer_of(world, database)
    indexer.lease = lease
    with pytest.raises(LeaseLostError):
        indexer.step()
    assert dump(database)["events"] == []


def test_progress__tells_how_far(world: World, database: Database) -> None:
    told: list[IndexProgress] = []
    indexer_of(world, database).catch_up(told.append)
    assert told[-1].done
    assert told[-1].final == told[-1].head - DEPTH
    assert Connection(world.connection.url, CHAIN_ID).block().number == told[-1].indexed


def reorganise_often(world: World, database: Database, folder: Path, turns: int, seed: int) -> None:
    """Registrations and reorganisations of up to 64 blocks, one after another on one chain."""
    chance = random.Random(seed)
    indexer = indexer_of(world, database, depth=70)
    world.connection.request("anvil_mine", [hex(80)])
    for turn in range(turns):
        senders = {"registrar": Sender(world.connection, world.senders["registrar"].signer)}
        world = World(world.connection, world.registries, senders)
        for number in range(chance.randint(1, 4)):
            world.register(f"{seed} {turn} {number}")
            if chance.random() < 0.5:
                indexer.step()
        world.connection.request("anvil_mine", [hex(chance.randint(1, 20))])
        indexer.catch_up()
        depth = min(chance.randint(1, 64), world.connection.block().number - 40)
        world.connection.request("anvil_reorg", [depth, []])
        indexer.catch_up()
        if turn % 10 == 9:
            assert dump(database) == from_scratch(world, folder, 70)
    assert dump(database) == from_scratch(world, folder, 70)
    assert_is_the_chain(world, database)


@pytest.mark.slow
def test_20_reorganisations_of_up_to_64_blocks(
    own_world: World, database: Database, tmp_path: Path
) -> None:
    reorganise_often(own_world, database, tmp_path, 20, 1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(10, 60))
def test_1_000_reorganisations_of_up_to_64_blocks(
    own_world: World, database: Database, tmp_path: Path, seed: int
) -> None:
    # Twenty on each Anvil: after some thirty such ones it has lost the state of its own head.
    reorganise_often(own_world, database, tmp_path, 20, seed)
