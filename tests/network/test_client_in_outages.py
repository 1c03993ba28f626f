# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""An agency while the chain stands still, and behind a node that lags or lies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from muniment.chain.anchors import UnprovenHeaderError, header_of
from muniment.chain.connection import Connection, address_of
from muniment.chain.deployment import find
from muniment.chain.engines import header_rlp
from muniment.chain.log_reader import MissingEventError
from muniment.chain.nodes import Nodes
from muniment.chain.traces import read_trace
from muniment.pipeline.indexer import Indexer
from muniment.proof.istanbul import IstanbulHeader, SealError, ValidatorSet
from muniment.record.trace import TraceMismatchError
from muniment.registry import Registry, Stage, journals
from muniment.registry.profile import ChainProfile, JournalProfile
from muniment.registry.sealing import progress_of
from muniment.registry.session import address_in
from muniment.registry.standing_of_chain import chain_standing
from muniment.registry.submission import StillWaitingError
from muniment.store.database import Database
from muniment.store.mirror import MirroredRegistry
from network.members import Network
from network.running import height, start, stop, wait_for_blocks
from network.status import validators
from tests.chain.agency import Open, opened, sealer  # noqa: F401
from tests.chain.conftest import World
from tests.chain.faulty_node import FaultyNode, faulty_node
from tests.chain.gateway import start_gateway
from tests.chain.test_journals import imported, write
from tests.network.conftest import CHAIN, PATIENCE, stood_at, until

pytestmark = pytest.mark.slow

NAMES = ("land", "aviation", "safety", "audit")


@pytest.fixture
def lying(world: World) -> Iterator[FaultyNode]:
    with faulty_node(world.connection.url) as node:
        yield node


def test_chain_that_stands__journals_go_on_and_direct_acts_wait(
    network: Network, world: World, opened: Open, tmp_path: Path
) -> None:
    third = network.validators()[2]
    urls = (third.url, network.validators()[3].url)
    admin = opened("agency_admin")
    keystore = sealer(tmp_path)
    admin.wait([admin.add_officer("operator", address_in(keystore))])
    admin.wait([journals.open_journal(admin.session)])
    journal = JournalProfile(1, keystore, entries=100_000, seconds=1)
    registry = opened("registrar", operators=True, journal=journal, urls=urls)

    killed = network.validators()[:2]
    stop(network, killed, kill=True)
    [stood] = stood_at(network, [third])
    done = imported(registry, write(tmp_path, 300))
    assert (done.tally.registered, done.size) == (300, 300)
    direct = registry.register("land-deed", {"holder": "Ada", "parcel": "1/1"}, source_id="direct")
    with pytest.raises(StillWaitingError):
        registry.wait([direct], "final", timeout=3)
    assert direct.stage is Stage.ACKNOWLEDGED
    assert height(network, third) == stood
    assert progress_of(registry.session, 1).provable == 0

    start(network, killed)
    wait_for_blocks(network, network.validators())
    registry.wait([direct], "final", timeout=PATIENCE)
    journals.wait_sealed(registry.session, 1, 300, Stage.FINAL, timeout=PATIENCE)
    assert_both_ways(registry)


def test_gateway__names_who_does_not_seal_and_says_that_the_chain_stands(
    network: Network, world: World, opened: Open, tmp_path: Path
) -> None:
    members = network.validators()
    registry = opened("registrar", operators=True, urls=tuple(each.url for each in members))
    profile = registry.session.profile
    named = {name: each.address for name, each in zip(NAMES, members, strict=True)}
    chain = replace(
        profile.chain,
        validators={name: address_of("validator", found) for name, found in named.items()},
    )
    profile.path.write_text(replace(profile, chain=chain).to_toml())
    gateway = start_gateway(tmp_path, registry=registry)
    try:
        with gateway.client("metrics") as client:

            def sealed() -> dict[str, float]:
                text = client.get("/metrics").text
                return dict(_figures(text, "muniment_validator_sealed"))

            def chain_part() -> dict[str, Any]:
                return dict(client.get("/healthz").json()["parts"].get("chain", {}))

            until(lambda: set(sealed()) == set(NAMES) and min(sealed().values()) > 0)
            assert chain_part()["silent"] == []
            *_, third, fourth = members
            stop(network, [fourth], kill=True)
            # Sixty blocks later none of those that are looked at is of it.
            until(lambda: [name for name, count in sealed().items() if not count] == [NAMES[3]])
            until(lambda: chain_part()["silent"] == [NAMES[3]])
            assert chain_part()["moves"] is True
            stop(network, [third], kill=True)
            until(lambda: not chain_part()["moves"])
            health = client.get("/healthz")
            assert (health.status_code, health.json()["status"]) == (503, "standing")
            assert "chain" in health.json()["still"]
            assert sorted(chain_part()["unheard"]) == sorted(NAMES[2:])
            text = client.get("/metrics").text
            heard = dict(_figures(text, "muniment_validator_heard"))
            assert heard == {name: float(name in NAMES[:2]) for name in NAMES}
            assert dict(_figures(text, "muniment_moves", "part"))["chain"] == 0
            start(network, [third, fourth])
            wait_for_blocks(network, network.validators())
            until(lambda: chain_part()["moves"])
    finally:
        gateway.process.kill()
        gateway.process.wait()


def _figures(text: str, name: str, label: str = "validator") -> Iterator[tuple[str, float]]:
    """The values of a figure for Prometheus, by a label."""
    for found in re.finditer(rf'^{name}{{{label}="([^"]*)"}} (\S+)$', text, re.MULTILINE):
        yield found[1], float(found[2])


def assert_both_ways(registry: Registry) -> None:
    assert progress_of(registry.session, 1).final == 300
    direct = registry.record_id("direct")
    assert [each.act.kind.name for each in registry.trace(direct).acts] == ["REGISTERED"]


def indexer_of(world: World, database: Database, *urls: str) -> Indexer:
    found = world.registries
    named = MirroredRegistry(
        CHAIN,
        found.records.address,
        found.agencies.address,
        found.shares.address,
        found.first_block,
    )
    return Indexer(database, Nodes(urls, CHAIN), named)


def test_node_that_lags__is_named_and_undoes_nothing(
    network: Network, world: World, lying: FaultyNode, tmp_path: Path
) -> None:
    with Database.open(f"sqlite:///{tmp_path}/mirror.db") as database:
        indexer = indexer_of(world, database, lying.url)
        indexed = indexer.catch_up().indexed
        stale = world.connection.request("eth_getBlockByNumber", [hex(indexed - 5), False])
        lying.answer_to = lambda asked, result: (
            stale
            if asked["method"] == "eth_getBlockByNumber" and asked["params"][0] == "latest"
            else result
        )
        progress = indexer.step()
        assert progress.behind
        assert progress.indexed == indexed
    urls = (lying.url, network.validators()[1].url)
    standing = chain_standing(ChainProfile(CHAIN, urls, world.registries.records.address), 5)
    assert standing.nodes[0].behind >= 5
    assert standing.nodes[1].behind == 0
    assert not standing.nodes[0].elsewhere


def test_log_left_out_or_changed__is_found_by_numbers_and_slots(
    world: World, lying: FaultyNode, tmp_path: Path
) -> None:
    record_id = world.register("deed behind a liar")

    def leave_out(asked: dict[str, Any], result: Any) -> Any:
        return result[:-1] if asked["method"] == "eth_getLogs" and result else result

    lying.answer_to = leave_out
    with Database.open(f"sqlite:///{tmp_path}/mirror.db") as database:
        with pytest.raises(MissingEventError):
            indexer_of(world, database, lying.url).catch_up()
        # The next node is asked instead.
        indexer_of(world, database, lying.url, world.connection.url).catch_up()

    def change(asked: dict[str, Any], result: Any) -> Any:
        if asked["method"] != "eth_getLogs":
            return result
        for log in result:
            # The commitment stands somewhere in the words of the event.
            log["data"] = log["data"].replace(commitment, "ee" * 32)
        return result

    stored = world.registries.records.record(record_id, block=world.connection.block())
    commitment = stored.commitment.hex()
    lying.answer_to = change
    through = Connection(lying.url, CHAIN)
    block = through.block()
    registries = find(
        through, world.registries.records.address, first_block=0, shares=None, block=block
    )
    with pytest.raises(TraceMismatchError):
        read_trace(registries, record_id, block)
    lying.answer_to = lambda _, result: result
    assert len(read_trace(registries, record_id, block).acts) == 1


def test_forged_header__makes_another_hash_or_lacks_signatures(
    network: Network, world: World, lying: FaultyNode
) -> None:
    through = Connection(lying.url, CHAIN)
    named = validators(network, network.validators()[1])
    pinned = ValidatorSet(bytes.fromhex(each[2:]) for each in named)
    block = through.block()
    pinned.check(IstanbulHeader.from_rlp(header_of(through, block)))
    forged = "0x" + "ee" * 32

    def change(asked: dict[str, Any], result: Any) -> Any:
        if asked["method"].startswith("kaia_getHeader"):
            result["stateRoot"] = forged
        return result

    lying.answer_to = change
    with pytest.raises(UnprovenHeaderError):
        header_of(through, block)
    # A liar that names the forged header's own hash: the old seals are of another block.
    answer = through.request("kaia_getHeaderByHash", [f"0x{block.hash.hex()}"])
    whole = IstanbulHeader.from_rlp(header_rlp(answer))
    assert whole.hash != block.hash
    with pytest.raises(SealError):
        pinned.check(whole)
    # A status does not go by it either: it names the node, and goes by the next one.
    urls = (lying.url, network.validators()[1].url)
    until(lambda: abs(height(network, network.validators()[1]) - through.block().number) <= 1)
    standing = chain_standing(ChainProfile(CHAIN, urls, world.registries.records.address), 5)
    assert standing.proposer is not None
    assert standing.nodes[0].head is None
    assert "hash" in standing.nodes[0].fault
    assert not standing.nodes[1].elsewhere
