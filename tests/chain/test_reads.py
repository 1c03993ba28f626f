# SPDX-License-Identifier: Apache-2.0
"""Every read of the three contracts answers, typed, and of the block that was named."""

from __future__ import annotations

import typing
from typing import Any

import pytest

from muniment.chain import AgencyRegistry, KeyPurpose, RecordRegistry, ShareRegistry
from muniment.chain.batches import MAX_BATCH
from muniment.chain.contract import Contract
from tests.chain.conftest import World, word

CONTRACTS: tuple[type[Contract], ...] = (RecordRegistry, AgencyRegistry, ShareRegistry)
READS = [
    (contract, name)
    for contract in CONTRACTS
    for name, function in vars(contract).items()
    if callable(function) and "block" in typing.get_type_hints(function)
]


class Populated:
    """A deployment where every read has something to tell."""

    def __init__(self, world: World) -> None:
        self.world = world
        records, shares = world.registries.records, world.registries.shares
        assert shares is not None
        agencies = world.registries.agencies
        self.record_id = world.register("r")
        world.send("hold_authority", records.place_hold(self.record_id, word("case")))
        world.send("agency_admin", records.open_journal(1))
        world.send("agency_admin", agencies.set_agency_key(1, KeyPurpose.ENCRYPTION, word("key")))
        far = 1 << 35
        asked = shares.request_share(2, 1, 1, bytes(32), word("terms"), far, far)
        (logged,) = world.send("other_steward", asked).events(shares)
        self.share_id = logged.event.share_id  # type: ignore[attr-defined]
        self.contracts: dict[type[Contract], Contract] = {
            RecordRegistry: records,
            AgencyRegistry: agencies,
            ShareRegistry: shares,
        }
        self.registrar = agencies.registrar(block=world.connection.block())

    def arguments(self, function: Any) -> dict[str, Any]:
        given = {
            "account": self.world.address("registry_admin"),
            "agency_id": 1,
            "authority": self.world.address("hold_authority"),
            "case_commitment": word("case"),
            "delivery_digest": word("digest"),
            "epoch": 1,
            "interface_id": bytes.fromhex("01ffc9a7"),
            "journal": 1,
            "kind": 1,
            "local_id": word("r"),
            "purpose": KeyPurpose.ENCRYPTION,
            "record_id": self.record_id,
            # The registry admin's own role: it has it.
            "role": bytes(32) if "account" in typing.get_type_hints(function) else self.registrar,
            "salt": bytes(32),
            "share_id": self.share_id,
            "size": 1,
            "type_id": 1,
            "version": 1,
        }
        wanted = set(typing.get_type_hints(function)) - {"block", "return"}
        return {name: given[name] for name in wanted}


@pytest.fixture
def populated(world: World) -> Populated:
    return Populated(world)


def test_every_read__answers_in_its_type_by_number_and_by_hash(populated: Populated) -> None:
    block = populated.world.connection.block()
    assert len(READS) > 60
    for contract, name in READS:
        read = getattr(populated.contracts[contract], name)
        arguments = populated.arguments(getattr(contract, name))
        by_hash = read(**arguments, block=block)
        assert read(**arguments, block=block.number) == by_hash, name
        promised = typing.get_type_hints(getattr(contract, name))["return"]
        if typing.get_origin(promised) is tuple:
            assert isinstance(by_hash, tuple), name
        else:
            # An `Address` is a str, to the machine.
            kind = getattr(promised, "__supertype__", promised)
            assert isinstance(by_hash, kind), name


def test_reads__have_the_values_that_were_written(populated: Populated) -> None:
    world, at = populated.world, populated.world.connection.block()
    records, agencies = world.registries.records, world.registries.agencies
    shares = world.registries.shares
    assert shares is not None
    authority, admin = world.address("hold_authority"), world.address("registry_admin")
    assert records.max_batch(block=at) == MAX_BATCH
    assert records.held_since(populated.record_id, authority, word("case"), block=at) > 0
    assert records.journal_count(1, block=at) == 1
    assert records.journal_head(1, 1, block=at).opened
    assert records.record_id_of(1, word("r"), block=at) == populated.record_id
    assert records.agency_registry(block=at) == agencies.address
    assert agencies.record_registry(block=at) == shares.record_registry(block=at)
    assert agencies.default_admin(block=at) == agencies.owner(block=at) == admin
    assert agencies.has_role(bytes(32), admin, block=at)
    assert not agencies.has_role(bytes(32), authority, block=at)
    assert agencies.agency_name(2, block=at) == "Safety"
    assert agencies.agency_count(block=at) == 2
    assert shares.share(populated.share_id, block=at).requester == 2
    assert not shares.is_in_force(populated.share_id, block=at)


def test_read__of_a_block_before__does_not_see_what_came_later(populated: Populated) -> None:
    world = populated.world
    records, agencies = world.registries.records, world.registries.agencies
    before = world.connection.block()
    world.send("hold_authority", records.release_hold(populated.record_id, word("case")))
    world.send("pauser", agencies.pause("drill"))
    after = world.connection.block()
    authority = world.address("hold_authority")
    held = [
        records.held_since(populated.record_id, authority, word("case"), block=at) > 0
        for at in (before, after)
    ]
    assert held == [True, False]
    assert [records.paused_since(block=at) > 0 for at in (before, after)] == [False, True]
    assert records.sequence(block=after) == records.sequence(block=before) + 1
