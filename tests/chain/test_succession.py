# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""A registry ends, the next one takes its records over, and old evidence says where to ask."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode

from muniment.chain import (
    AgencyRegistry,
    Connection,
    Origin,
    RecordRegistry,
    Registries,
    Sender,
    Signer,
    deploy,
    find,
    read_trace,
)
from muniment.chain.contract import topic_of
from muniment.evidence import Outcome, TrustFile, Verifier
from muniment.record.state import Status
from muniment.record.trace import TraceMismatchError
from muniment.registry import Profile, Registry, journals
from muniment.registry.checking import check
from muniment.registry.evidence_making import make_trust
from muniment.registry.profile import JournalProfile, PredecessorProfile
from muniment.registry.rebuilding import rebuild
from muniment.registry.session import address_in
from tests.chain.agency import PASSWORD, SCHEMA, Open, keystore, opened, sealer  # noqa: F401
from tests.chain.command_line import Answer, Muniment, answer, muniment  # noqa: F401
from tests.chain.conftest import ROLES, World, set_up, word
from tests.chain.faulty_node import faulty_node
from tests.chain.test_journals import imported, seal, write
from toolchain.local_chain import CHAIN_ID, anvil, development_keys

DAY = 86_400
OTHER_ROOT = 3
OTHER_CHAIN = 7002
OPERATOR = 4


def later(world: World, days: int) -> None:
    world.connection.request("evm_increaseTime", [days * DAY])
    world.connection.request("evm_mine", [])


@pytest.fixture
def register(opened: Open, world: World, tmp_path: Path) -> Registry:
    """A registry that is paused, its notice over: two deeds, a hold, a journal, a type on hold."""
    registry = opened("registrar")
    for source_id in ("1", "2"):
        fields = {"holder": f"Holder {source_id}", "parcel": source_id}
        registry.register("land-deed", fields, source_id=source_id).wait()
    registry.amend(registry.record_id("1"), {"holder": "Grace", "parcel": "1"}).wait()
    opened("hold_authority").hold(registry.record_id("2"), "K 7").wait()
    records, agencies = world.registries.records, world.registries.agencies
    world.send("agency_admin", records.open_journal(1))
    world.send("hold_authority", records.hold_type(1, 1, word("case")))
    world.send("registry_admin", agencies.schedule_succession())
    later(world, 31)
    world.send("pauser", agencies.pause("succession"))
    world.connection.request("anvil_mine", ["0x3"])
    return registry


def old_options(world: World) -> list[str]:
    return [
        *("--old-rpc", world.connection.url, "--old-chain-id", str(world.connection.chain_id)),
        *("--old-registry", world.registries.records.address),
    ]


def heir_of(world: World, made: dict[str, Any]) -> list[str]:
    return [
        *("--rpc", world.connection.url, "--chain-id", str(world.connection.chain_id)),
        *("--registry", str(made["registry"]), "--first-block", str(made["first_block"])),
    ]


def opened_by_all(world: World, made: dict[str, Any]) -> Registries:
    """The successor with its agencies and types, as the predecessor had them."""
    successor = Registries(
        RecordRegistry(world.connection, made["registry"]),
        AgencyRegistry(world.connection, made["agencies"]),
        None,
        made["first_block"],
    )
    set_up(World(world.connection, successor, senders(world)))
    return successor


AsOfficer = Callable[..., Answer]


@pytest.fixture
def as_officer(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> AsOfficer:
    """Runs a command at an agency whose profile names the successor that was made."""

    def run(
        made: dict[str, Any],
        role: str,
        *arguments: str,
        predecessor: PredecessorProfile | None = None,
    ) -> Answer:
        profile = Profile.load(tmp_path / "profile.toml")
        chain = replace(
            profile.chain,
            registry=made["registry"],
            shares=made["shares"],
            first_block=made["first_block"],
            predecessor=predecessor,
        )
        keys = replace(profile.keys, officer=keystore(tmp_path, world, role), operators=())
        profile.path.write_text(replace(profile, chain=chain, keys=keys).to_toml())
        return answer(arguments, "", tmp_path, monkeypatch, capfd)

    return run


def senders(world: World) -> dict[str, Sender]:
    """New ones: the commands have sent by the same accounts meanwhile."""
    keys = development_keys(len(ROLES))
    return {
        role: Sender(world.connection, Signer.from_key(key), timeout=60)
        for role, key in zip(ROLES, keys, strict=True)
    }


def test_succession__takes_everything_over(
    muniment: Muniment, register: Registry, world: World, tmp_path: Path
) -> None:
    record_id = register.record_id("1")
    head = register.trace(record_id).head
    old = old_options(world)
    left = muniment("succession", "states", *old, "--json").json
    # Two records, a journal, a hold on a type.
    assert left["count"] == 4
    admin = str(keystore(tmp_path, world, "registry_admin"))
    made = muniment(
        *("succession", "deploy", *old, "--rpc", world.connection.url),
        *("--chain-id", str(CHAIN_ID), "--guardian", world.address("guardian")),
        *("--keystore", admin, "--json"),
    ).json
    assert (made["count"], made["root"]) == (4, left["root"])
    heir = heir_of(world, made)
    checked = muniment("succession", "check", *old, *heir, "--json")
    assert (checked.code, checked.json["named"]) == (0, False), checked.err
    named = muniment("succession", "name", *old, *heir, "--keystore", admin, "--json").json
    assert (named["chain_id"], named["registry"]) == (CHAIN_ID, made["registry"])
    assert (named["signpost"], named["final"]) == (None, False)
    checked = muniment("succession", "check", *old, *heir, "--json")
    assert (checked.code, checked.json["remaining"]) == (0, 4), checked.err
    assert checked.json["named"] is True
    later(world, 4)
    ended = muniment("succession", "finalise", *old, "--keystore", admin, "--json").json
    assert ended["final"] is True
    world.connection.request("anvil_mine", ["0x3"])

    # Old evidence verifies as before, and says where to ask.
    trust = make_trust(register.session, days=400, greatest_age_days=400, nodes=())
    data = register.evidence(record_id, fields=["holder"])
    verifier = Verifier(TrustFile.from_bytes(trust.to_bytes()), now=int(time.time()) + 40 * DAY)
    [verdict] = verifier.verify(data)
    assert verdict.outcome is Outcome.STALE
    assert str(made["registry"]).lower()[2:] in verdict.reason.lower()
    assert verdict.fields == {"holder": "Grace"}

    successor = opened_by_all(world, made)
    stranger = str(keystore(tmp_path, world, "stranger"))
    adopted = muniment("succession", "adopt", *old, *heir, "--keystore", stranger, "--json")
    assert (adopted.code, adopted.json) == (0, {"adopted": 4, "remaining": 0}), adopted.err
    again = muniment("succession", "adopt", *old, *heir, "--keystore", stranger, "--json")
    assert again.json == {"adopted": 0, "remaining": 0}
    block = world.connection.block()
    stored = successor.records.record(record_id, block=block)
    assert stored.state.status is Status.IN_FORCE
    assert successor.records.trace_head_of(record_id, block=block) == head
    assert successor.records.record(register.record_id("2"), block=block).state.hold_count == 1
    assert successor.records.journal_count(1, block=block) == 1


def test_succession_to_another_chain__is_named_by_a_signpost(
    muniment: Muniment, register: Registry, world: World, tmp_path: Path
) -> None:
    old = old_options(world)
    admin = str(keystore(tmp_path, world, "registry_admin"))
    with anvil(chain_id=OTHER_CHAIN) as url:
        there = World(Connection(url, OTHER_CHAIN), world.registries, {})
        made = muniment(
            *("succession", "deploy", *old, "--rpc", url, "--chain-id", str(OTHER_CHAIN)),
            *("--guardian", world.address("guardian"), "--keystore", admin, "--json"),
        ).json
        heir = heir_of(there, made)
        named = muniment("succession", "name", *old, *heir, "--keystore", admin, "--json").json
        assert (named["chain_id"], named["registry"]) == (OTHER_CHAIN, made["registry"])
        assert named["signpost"] is not None
        assert muniment("succession", "check", *old, *heir, "--json").json["named"] is True
        # Another one with the same final states is not the one that is named.
        twin = muniment(
            *("succession", "deploy", *old, "--rpc", url, "--chain-id", str(OTHER_CHAIN)),
            *("--guardian", world.address("guardian"), "--keystore", admin, "--json"),
        ).json
        told = muniment("succession", "check", *old, *heir_of(there, twin))
        assert (told.code, made["registry"] in told.err) == (OTHER_ROOT, True)
        later(world, 4)
        muniment("succession", "finalise", *old, "--keystore", admin)
        opened_by_all(there, made)
        stranger = str(keystore(tmp_path, world, "stranger"))
        adopted = muniment("succession", "adopt", *old, *heir, "--keystore", stranger, "--json")
        assert adopted.json == {"adopted": 4, "remaining": 0}, adopted.err
    # Who reads old evidence finds the way by the registry that ended, alone.
    where = muniment("succession", "where", *old, "--json").json
    assert where == {**named, "final": True, "final_at": where["final_at"]}
    assert where["final_at"] == named["final_at"]
    shown = muniment("succession", "where", *old).out
    assert f"chain id: {OTHER_CHAIN}\n" in shown


def test_succession__is_announced_paused_and_called_off_by_command(
    muniment: Muniment, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = old_options(world)

    def by(role: str, *arguments: str) -> Answer:
        account = str(keystore(tmp_path, world, role))
        return muniment("succession", *arguments, *old, "--keystore", account, "--json")

    assert muniment("succession", "where", *old, "--json").json["ready_at"] is None
    refused = by("stranger", "schedule")
    assert refused.code == 5
    assert "AccessControlUnauthorizedAccount" in refused.err
    announced = by("registry_admin", "schedule")
    assert announced.json["ready_at"] > world.connection.block().timestamp + 29 * DAY
    assert by("pauser", "pause", "--reason", "the last day").code == 0
    block = world.connection.block()
    assert world.registries.records.paused_since(block=block) == block.timestamp
    # By the alias of an account of Ape's.
    monkeypatch.setenv("APE_DATA_FOLDER", str(tmp_path))
    (tmp_path / "accounts").mkdir()
    keystore(tmp_path / "accounts", world, "guardian")
    called_off = muniment("succession", "cancel", *old, "--keystore", "guardian", "--json")
    assert called_off.json["ready_at"] is None, called_off.err


def test_adoption__goes_on_where_it_ended(
    muniment: Muniment, register: Registry, world: World, tmp_path: Path
) -> None:
    old = old_options(world)
    admin = str(keystore(tmp_path, world, "registry_admin"))
    made = muniment(
        *("succession", "deploy", *old, "--rpc", world.connection.url),
        *("--chain-id", str(CHAIN_ID), "--guardian", world.address("guardian")),
        *("--keystore", admin, "--json"),
    ).json
    heir = heir_of(world, made)
    stranger = str(keystore(tmp_path, world, "stranger"))
    # Agencies and types are not there yet: the hold on a type is refused, the rest is adopted.
    broken = muniment("succession", "adopt", *old, *heir, "--keystore", stranger)
    assert broken.code != 0
    opened_by_all(world, made)
    rest = muniment("succession", "adopt", *old, *heir, "--keystore", stranger, "--json")
    assert rest.code == 0, rest.err
    assert 0 < rest.json["adopted"] < 4
    assert rest.json["remaining"] == 0


def test_other_root__is_told(muniment: Muniment, register: Registry, world: World) -> None:
    origin = world.registries.records.origin(block=world.connection.block())
    forged = deploy(
        world.senders["registry_admin"],
        registry_admin=world.address("registry_admin"),
        guardian=world.address("guardian"),
        admin_delay=3600,
        origin=Origin(origin.lineage, world.registries.records.address, word("forged"), 4),
    )
    made = {"registry": forged.records.address, "first_block": forged.first_block}
    told = muniment("succession", "check", *old_options(world), *heir_of(world, made))
    assert told.code == OTHER_ROOT
    assert "guardian" in told.err


def test_running_registry__has_no_final_states(muniment: Muniment, world: World) -> None:
    told = muniment("succession", "states", *old_options(world))
    assert told.code == 4
    assert "not paused" in told.err


def ended(
    muniment: Muniment, world: World, tmp_path: Path
) -> tuple[dict[str, Any], list[str], list[str]]:
    """A registry that has come to its end: the successor, and options that name both."""
    old = old_options(world)
    admin, pauser = (str(keystore(tmp_path, world, role)) for role in ("registry_admin", "pauser"))
    if not world.registries.records.paused_since(block=world.connection.block()):
        muniment("succession", "schedule", *old, "--keystore", admin)
        later(world, 31)
        muniment("succession", "pause", *old, "--keystore", pauser)
    made = muniment(
        *("succession", "deploy", *old, "--rpc", world.connection.url),
        *("--chain-id", str(CHAIN_ID), "--guardian", world.address("guardian")),
        *("--keystore", admin, "--json"),
    ).json
    heir = heir_of(world, made)
    muniment("succession", "name", *old, *heir, "--keystore", admin)
    later(world, 4)
    assert muniment("succession", "finalise", *old, "--keystore", admin).code == 0
    world.connection.request("anvil_mine", ["0x3"])
    return made, old, heir


def published(as_officer: AsOfficer, made: dict[str, Any], tmp_path: Path) -> None:
    """The type of deeds, in the successor as in the registry before."""
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    answered = as_officer(
        made,
        "agency_admin",
        *("type", "publish", "land-deed", str(tmp_path / "schema.json"), "--number", "2"),
        *("--retention", "0", "--sharing", "conditional", "--searchable", "holder"),
    )
    assert answered.code == 0, answered.err


def test_agency__goes_on_in_the_successor(
    muniment: Muniment, register: Registry, world: World, tmp_path: Path, as_officer: AsOfficer
) -> None:
    """The same stores, and the successor's address in the profile."""
    before = {each: register.trace(register.record_id(each)).head for each in ("1", "2")}
    made, old, heir = ended(muniment, world, tmp_path)
    opened_by_all(world, made)
    published(as_officer, made, tmp_path)
    stranger = str(keystore(tmp_path, world, "stranger"))
    muniment("succession", "adopt", *old, *heir, "--keystore", stranger)
    world.connection.request("anvil_mine", ["0x3"])

    # Nothing was done since: the head is the predecessor's.
    untouched = as_officer(made, "registrar", "trace", "2", "--json").json
    assert (untouched["acts"], untouched["head"]) == ([], f"0x{before['2'].hex()}")
    assert untouched["adopted"]["head"] == untouched["head"]
    (tmp_path / "deed.json").write_text('{"holder": "Next", "parcel": "1"}')
    amended = as_officer(made, "registrar", "amend", "1", str(tmp_path / "deed.json"))
    assert amended.code == 0, amended.err
    trace = as_officer(made, "registrar", "trace", "1", "--json").json
    assert [(each["act"], each["version"]) for each in trace["acts"]] == [("amended", 3)]
    assert trace["adopted"]["head"] == f"0x{before['1'].hex()}"
    assert trace["adopted"]["version"] == 2
    history = as_officer(made, "registrar", "history", "1", "--json").json
    acts = [each["act"] for each in history["acts"]]
    assert acts == ["adopted", "amended"]
    # Drawn, it says since when it is known here, and the hold that came with it.
    drawn = as_officer(made, "registrar", "trace", "2", "--svg").out
    assert "Taken over at version 1 from the registry before" in drawn
    assert "is complete" not in drawn
    assert "No holds" not in drawn
    assert "Version 1, in force" in drawn
    as_officer(made, "hold_authority", "release", "2", "K 7")
    assert "by 0x" in as_officer(made, "registrar", "trace", "2", "--svg").out
    assert as_officer(made, "registrar", "trace", "2", "--prov", "json").code == 0
    new = as_officer(
        made, "registrar", "register", "land-deed", str(tmp_path / "deed.json"), "--source-id", "3"
    )
    assert new.code == 0, new.err
    world.connection.request("anvil_mine", ["0x3"])
    refused = as_officer(made, "registrar", "evidence", "1")
    assert refused.code == 3
    assert "adopted from the registry before" in refused.err
    whole = as_officer(made, "registrar", "evidence", "--all", str(tmp_path / "ev"), "--json")
    assert (whole.json["records"], whole.json["adopted"]) == (1, 2), whole.err
    assert as_officer(made, "registrar", "fsck").code == 0
    rebuilt = as_officer(made, "registrar", "rebuild", "--yes")
    assert rebuilt.code == 0, rebuilt.err
    assert as_officer(made, "registrar", "trace", "1", "--json").json["head"] == trace["head"]


def test_node_that_hides_acts_behind_an_adoption__is_not_believed(world: World) -> None:
    """In a first registry, which adopts nothing: the head after the hidden act would fit."""
    record_id = world.register("deed")
    block = world.connection.block()
    stored = world.registries.records.record(record_id, block=block)
    world.send("registrar", world.registries.records.amend(record_id, 1, 1, 1, word("second")))
    data = encode(
        ["uint64", "uint256", "bytes32", "bytes32", "(address,bytes32)[]"],
        [1, stored.state.to_word(), stored.commitment, stored.trace_head, []],
    )

    topics = [topic_of("RecordRegistry", "RecordAdopted"), f"0x{record_id.hex()}"]
    lie = {"topics": topics, "data": f"0x{data.hex()}"}

    def hide(asked: dict[str, Any], result: Any) -> Any:
        if asked["method"] != "eth_getLogs":
            return result
        return [{**result[0], **lie}, *result[1:]]

    def hide_later(asked: dict[str, Any], result: Any) -> Any:
        if asked["method"] != "eth_getLogs":
            return result
        return [result[0], {**result[1], **lie}]

    with faulty_node(world.connection.url) as node:
        node.answer_to = hide
        connection = Connection(node.url, CHAIN_ID)
        found = find(connection, world.registries.records.address, first_block=0)
        with pytest.raises(TraceMismatchError, match="adoption"):
            read_trace(found, record_id, connection.block())
        # A successor's would be taken: what it adopted is its node's word.
        heir = replace(found, is_successor=lambda: True)
        assert len(read_trace(heir, record_id, connection.block()).acts) == 1
        node.answer_to = hide_later
        with pytest.raises(TraceMismatchError, match="adoption"):
            read_trace(heir, record_id, connection.block())


def test_journal__goes_on_in_the_successor(
    opened: Open, muniment: Muniment, world: World, tmp_path: Path, as_officer: AsOfficer
) -> None:
    """Sealed on, its records acted on and proven, by the seal that the registry before has."""
    admin = opened("agency_admin")
    keystore_of_sealer = sealer(tmp_path)
    machine = address_in(keystore_of_sealer)
    admin.wait([admin.add_officer("operator", machine)])
    admin.wait([journals.open_journal(admin.session)])
    journal = JournalProfile(1, keystore_of_sealer, entries=100_000, seconds=1)
    with opened("registrar", operators=True, journal=journal) as registry:
        imported(registry, write(tmp_path, 3))
        seal(registry)
    world.connection.request("anvil_mine", ["0x3"])
    made, old, heir = ended(muniment, world, tmp_path)
    successor = opened_by_all(world, made)
    role = successor.agencies.role_of_kind(OPERATOR, 1, block=world.connection.block())
    World(world.connection, successor, senders(world)).send(
        "agency_admin", successor.agencies.grant_role(role, machine)
    )
    published(as_officer, made, tmp_path)
    stranger = str(keystore(tmp_path, world, "stranger"))
    muniment("succession", "adopt", *old, *heir, "--keystore", stranger)

    before = PredecessorProfile(CHAIN_ID, (world.connection.url,), world.registries.records.address)
    as_officer(made, "registrar", "status", predecessor=before)
    profile = replace(Profile.load(tmp_path / "profile.toml"), journal=journal)
    assert profile.chain.predecessor == before
    with Registry.open(profile, password=PASSWORD) as registry:
        rebuild(registry.session)
        # Under the adopted seal, and nothing sealed since.
        registry.revoke(registry.record_id("0"), "error").wait()
        again = imported(registry, write(tmp_path, 5))
        assert (again.tally.unchanged, again.tally.registered) == (3, 2)
        seal(registry)
        world.connection.request("anvil_mine", ["0x3"])
        registry.amend(registry.record_id("4"), {"holder": "Next", "parcel": "4"}).wait()
        world.connection.request("anvil_mine", ["0x3"])
        trust = TrustFile.from_bytes(
            make_trust(registry.session, days=400, greatest_age_days=400, nodes=()).to_bytes()
        )
        now = int(time.time()) + 40 * DAY
        for source_id, holder in (("1", "Holder 1"), ("3", "Holder 3")):
            data = registry.evidence(registry.record_id(source_id), fields=["holder"])
            [verdict] = Verifier(trust, now=now).verify(data)
            assert (verdict.outcome, verdict.fields) == (Outcome.VALID, {"holder": holder})
        assert list(check(registry.session)) == []
