# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""A registry ends and the next one takes over: of another chain by validators, and on theirs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from muniment.evidence import Outcome, TrustFile, Verdict, Verifier
from muniment.record.state import Status
from muniment.registry.evidence_making import make_trust
from network import running
from network.members import Network
from network.running import start, stop, wait_for_blocks
from tests.chain.agency import Open, keystore, opened  # noqa: F401
from tests.chain.command_line import Muniment, muniment  # noqa: F401
from tests.chain.conftest import World, deploy_world, word
from tests.chain.test_succession import DAY, heir_of, old_options, opened_by_all, senders
from tests.chain.test_succession import later as later_on_anvil
from tests.network import shifted_clock
from tests.network.conftest import CHAIN, assert_one_chain
from toolchain.local_chain import anvil

pytestmark = pytest.mark.slow

Later = Callable[[int], None]


def now(world: World) -> World:
    """With senders that know what commands have sent meanwhile by the same accounts."""
    return World(world.connection, world.registries, senders(world))


@pytest.fixture
def later(founded: Network, monkeypatch: pytest.MonkeyPatch) -> Iterator[Later]:
    """Validators cannot be told that it is another day: they begin again with other clocks."""
    members = founded.validators()

    def begin(days: int) -> None:
        stop(founded, members)
        with monkeypatch.context() as patched:
            patched.setattr(running, "program", shifted_clock.program)
            patched.setenv(shifted_clock.VARIABLE, str(days * DAY))
            start(founded, members)
        wait_for_blocks(founded, members)

    yield begin
    # With this day's clocks they would wait until their chain's last day has come.
    stop(founded, members, kill=True)


def test_registry_of_another_chain__is_taken_over_by_validators(
    muniment: Muniment, network: Network, world: World, tmp_path: Path
) -> None:
    admin, stranger = (
        str(keystore(tmp_path, world, role)) for role in ("registry_admin", "stranger")
    )
    with anvil() as url:
        before = deploy_world(url)
        ids = [before.register(name) for name in ("one", "two")]
        agencies, records = before.registries.agencies, before.registries.records
        before.send("hold_authority", records.place_hold(ids[1], word("case")))
        before.send("registry_admin", agencies.schedule_succession())
        later_on_anvil(before, 31)
        before.send("pauser", agencies.pause("succession"))
        old = old_options(before)
        left = muniment("succession", "states", *old, "--json").json
        made = muniment(
            *("succession", "deploy", *old, "--rpc", world.connection.url),
            *("--chain-id", str(world.connection.chain_id)),
            *("--guardian", world.address("guardian"), "--keystore", admin, "--json"),
        ).json
        assert (made["count"], made["root"]) == (left["count"], left["root"]) == (2, left["root"])
        heir = heir_of(world, made)
        named = muniment("succession", "name", *old, *heir, "--keystore", admin, "--json").json
        assert (named["chain_id"], named["registry"]) == (CHAIN, made["registry"])
        checked = muniment("succession", "check", *old, *heir, "--json")
        assert (checked.json["named"], checked.json["remaining"]) == (True, 2), checked.err
        later_on_anvil(before, 4)
        muniment("succession", "finalise", *old, "--keystore", admin)
        successor = opened_by_all(world, made)
        adopted = muniment("succession", "adopt", *old, *heir, "--keystore", stranger, "--json")
        assert (adopted.code, adopted.json) == (0, {"adopted": 2, "remaining": 0}), adopted.err
        ended, block = before.connection.block(), world.connection.block()
        for each in ids:
            old_head = records.trace_head_of(each, block=ended)
            assert successor.records.trace_head_of(each, block=block) == old_head
    assert successor.records.record(ids[1], block=block).state.hold_count == 1
    # It takes acts, and its trace goes on where the other one ended.
    now(world).send("registrar", successor.records.revoke(ids[0], 1, 1))
    block = world.connection.block()
    assert successor.records.record(ids[0], block=block).state.status is Status.REVOKED
    assert_one_chain(network)


def test_registry_on_validators__is_succeeded_and_its_evidence_stays(
    muniment: Muniment, opened: Open, network: Network, world: World, later: Later, tmp_path: Path
) -> None:
    registry = opened("registrar")
    deed = registry.register("land-deed", {"holder": "Ada", "parcel": "1"}, source_id="1")
    registry.register("land-deed", {"holder": "Grace", "parcel": "2"}, source_id="2").wait("final")
    opened("hold_authority").hold(registry.record_id("2"), "K 7").wait("final")
    world = now(world)
    world.send("agency_admin", world.registries.records.open_journal(1))
    trust = make_trust(registry.session, days=400, greatest_age_days=400, nodes=())
    trust = TrustFile.from_bytes(trust.to_bytes())
    early = registry.evidence(deed.record_id, fields=["holder"])
    head = registry.trace(deed.record_id).head
    old = old_options(world)
    admin, pauser = (str(keystore(tmp_path, world, role)) for role in ("registry_admin", "pauser"))
    assert muniment("succession", "schedule", *old, "--keystore", admin).code == 0

    later(31)
    assert muniment("succession", "pause", *old, "--keystore", pauser).code == 0
    left = muniment("succession", "states", *old, "--json").json
    made = muniment(
        *("succession", "deploy", *old, "--rpc", world.connection.url),
        *("--chain-id", str(world.connection.chain_id)),
        *("--guardian", world.address("guardian"), "--keystore", admin, "--json"),
    ).json
    assert (made["count"], made["root"]) == (left["count"], left["root"])
    heir = heir_of(world, made)
    muniment("succession", "name", *old, *heir, "--keystore", admin)
    checked = muniment("succession", "check", *old, *heir, "--json")
    assert (checked.json["named"], checked.json["remaining"]) == (True, left["count"])

    later(35)
    ended = muniment("succession", "finalise", *old, "--keystore", admin, "--json")
    assert (ended.json["final"], ended.json["registry"]) == (True, made["registry"]), ended.err
    successor = opened_by_all(world, made)
    stranger = str(keystore(tmp_path, world, "stranger"))
    adopted = muniment("succession", "adopt", *old, *heir, "--keystore", stranger, "--json")
    assert (adopted.code, adopted.json) == (0, {"adopted": left["count"], "remaining": 0})
    block = world.connection.block()
    assert successor.records.trace_head_of(deed.record_id, block=block) == head

    def verdict(data: bytes) -> Verdict:
        """By what was trusted before, offline, when it is that day everywhere."""
        [found] = Verifier(trust, now=int(time.time()) + 36 * DAY).verify(data)
        return found

    assert (verdict(early).outcome, verdict(early).fields) == (Outcome.VALID, {"holder": "Ada"})
    late = verdict(registry.evidence(deed.record_id, fields=["holder"]))
    assert late.outcome is Outcome.STALE
    assert str(made["registry"]).lower()[2:] in late.reason.lower()
    assert late.fields == {"holder": "Ada"}
    assert_one_chain(network)
