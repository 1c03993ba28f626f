# SPDX-License-Identifier: Apache-2.0
"""A real Anvil with a deployed registry, two agencies and officers of every kind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from muniment.chain import Connection, Receipt, Registries, Sender, Signer, deploy
from muniment.chain.contract import Call
from muniment.record.types import Sharing
from toolchain.local_chain import CHAIN_ID, anvil, development_keys

ROLES = (
    "registry_admin",
    "guardian",
    "agency_admin",
    "registrar",
    "steward",
    "operator",
    "other_admin",
    "other_registrar",
    "other_steward",
    "hold_authority",
    "pauser",
    "unpauser",
    "stranger",
)


def word(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True)
class World:
    """A deployment and its actors, by role."""

    connection: Connection
    registries: Registries
    senders: dict[str, Sender]

    def address(self, role: str) -> str:
        return self.senders[role].signer.address

    def send(self, role: str, call: Call) -> Receipt:
        return self.senders[role].send(call)

    def register(self, name: str, role: str = "registrar") -> bytes:
        records = self.registries.records
        self.send(role, records.register(1, 1, 1, 1, word(name), word(f"content of {name}")))
        return records.record_id_of(1, word(name), block=self.connection.block())


def set_up(world: World) -> None:
    agencies = world.registries.agencies
    latest = world.connection.block()
    # One account's calls go together: on validators each block takes a second.
    world.senders["registry_admin"].send_many(
        [
            agencies.create_agency("Aviation", world.address("agency_admin")),
            agencies.create_agency("Safety", world.address("other_admin")),
            *(
                agencies.grant_role(getattr(agencies, role)(block=latest), world.address(role))
                for role in ("hold_authority", "pauser", "unpauser")
            ),
        ]
    )
    kinds = {
        "registrar": agencies.registrar(block=latest),
        "steward": agencies.steward(block=latest),
        "operator": agencies.operator(block=latest),
    }

    def grant(role: str, agency: int, kind: str) -> Call:
        agency_role = agencies.agency_role(kinds[kind], agency, block=latest)
        return agencies.grant_role(agency_role, world.address(role))

    world.senders["agency_admin"].send_many(
        [
            *(grant(role, 1, role) for role in ("registrar", "steward", "operator")),
            agencies.create_record_type(1, "deed", word("schema"), 0, Sharing.CONDITIONAL),
        ]
    )
    world.senders["other_admin"].send_many(
        [grant(f"other_{kind}", 2, kind) for kind in ("registrar", "steward")]
    )


@pytest.fixture(scope="session")
def node() -> Iterator[str]:
    with anvil() as url:
        yield url


@pytest.fixture(scope="session")
def deployed(node: str) -> World:
    return deploy_world(node)


@pytest.fixture
def own_world() -> Iterator[World]:
    """A deployment on an Anvil of its own: reorganisations and snapshots do not go together."""
    with anvil() as url:
        yield deploy_world(url)


def deploy_world(node: str, chain_id: int = CHAIN_ID, timeout: float = 20) -> World:
    connection = Connection(node, chain_id)
    keys = development_keys(len(ROLES))
    senders = {
        role: Sender(connection, Signer.from_key(key), timeout=timeout)
        for role, key in zip(ROLES, keys, strict=True)
    }
    registries = deploy(
        senders["registry_admin"],
        registry_admin=senders["registry_admin"].signer.address,
        guardian=senders["guardian"].signer.address,
        admin_delay=3600,
    )
    world = World(connection, registries, senders)
    set_up(world)
    return world


@pytest.fixture
def world(deployed: World) -> Iterator[World]:
    """The deployment as it was set up; what a test does is undone after it."""
    snapshot = deployed.connection.request("evm_snapshot", [])
    fresh = {
        role: Sender(deployed.connection, sender.signer, timeout=60)
        for role, sender in deployed.senders.items()
    }
    yield World(deployed.connection, deployed.registries, fresh)
    deployed.connection.request("evm_revert", [snapshot])
