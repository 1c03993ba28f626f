# SPDX-License-Identifier: Apache-2.0
"""Two agencies on one registry, each with stores and officers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from muniment.record import AgencyId, RecordType, derive_lineage
from muniment.registry import (
    AgencyProfile,
    ChainProfile,
    KeysProfile,
    Profile,
    Registry,
    journals,
)
from muniment.registry.profile import JournalProfile, ReadsProfile
from muniment.registry.session import address_in, make_stores
from muniment.store.keys import KeyStore
from tests.chain.agency import PASSWORD, deed, keystore, sealer
from tests.chain.command_line import Answer, answer
from tests.chain.conftest import World
from toolchain.local_chain import CHAIN_ID

OFFICERS = {
    1: {"admin": "agency_admin", "registrar": "registrar", "steward": "steward"},
    2: {"admin": "other_admin", "registrar": "other_registrar", "steward": "other_steward"},
    3: dict.fromkeys(("admin", "registrar", "steward"), "stranger"),
}


@dataclass
class Agency:
    """An agency's folder, and its registry as each of its officers opens it."""

    number: int
    folder: Path
    world: World
    database: str

    def __post_init__(self) -> None:
        self.open_ones: list[Registry] = []
        self.folder.mkdir()
        address = self.world.registries.records.address
        lineage = derive_lineage(self.world.connection.chain_id, bytes.fromhex(address[2:]))
        key_file = self.folder / "key"
        key_file.write_bytes(bytes([self.number]) * 32)
        key_file.chmod(0o600)
        KeyStore.create(
            f"sqlite:///{self.folder}/keys.db",
            self.folder / "root.json",
            agency_id=AgencyId(self.number),
            lineage=lineage,
            key_file=key_file,
        ).close()
        make_stores(self.database, str(self.folder / "vault"))

    def open(
        self,
        role: str,
        *,
        journal: JournalProfile | None = None,
        reads: ReadsProfile | None = None,
        operators: bool = False,
    ) -> Registry:
        """Open the registry as the officer of a role: admin, registrar or steward."""
        chain_id = self.world.connection.chain_id
        account = OFFICERS[self.number][role]
        profile = Profile(
            path=self.folder / f"{role}.toml",
            chain=ChainProfile(
                chain_id,
                (self.world.connection.url,),
                self.world.registries.records.address,
                self.world.registries.shares.address,
                self.world.registries.first_block,
                0 if chain_id == CHAIN_ID else None,
            ),
            agency=AgencyProfile(self.number, f"system-{self.number}"),
            keys=KeysProfile(
                store=f"sqlite:///{self.folder}/keys.db",
                root=self.folder / "root.json",
                officer=keystore(self.folder, self.world, account),
                operators=(keystore(self.folder, self.world, "operator"),) if operators else (),
                key_file=self.folder / "key",
            ),
            database=self.database,
            vault=str(self.folder / "vault"),
            journal=journal,
            read_receipts=reads is not None,
            reads=reads,
        )
        profile.path.write_text(profile.to_toml())
        registry = Registry.open(profile.path, password=PASSWORD)
        self.open_ones.append(registry)
        return registry

    def open_journal(self) -> JournalProfile:
        """Open the agency's first journal, with a key that seals it."""
        admin, key = self.open("admin"), sealer(self.folder, self.number)
        admin.wait([admin.add_officer("operator", address_in(key))])
        admin.wait([journals.open_journal(admin.session)])
        return JournalProfile(1, key, entries=100_000, seconds=1)

    def publish(self, *types: RecordType) -> None:
        """Publish the agency's keys, and types, as its admin."""
        admin = self.open("admin")
        submissions = admin.publish_keys()
        submissions += [made for each in types if (made := admin.publish_type(each)) is not None]
        admin.wait(submissions)


Agencies = tuple[Agency, Agency]


@pytest.fixture
def agencies(
    world: World, tmp_path: Path, database_url: str, other_database_url: str
) -> Iterator[Agencies]:
    """Agency 1, which keeps deeds, and agency 2; the keys of both are on chain."""
    first = Agency(1, tmp_path / "first", world, database_url)
    second = Agency(2, tmp_path / "second", world, other_database_url)
    first.publish(deed())
    second.publish()
    yield first, second
    for each in (first, second):
        for registry in each.open_ones:
            registry.close()


@pytest.fixture
def third(agencies: Agencies, world: World, tmp_path: Path) -> Iterator[Agency]:
    """A third agency, all whose officers are one person; its keys are on chain."""
    registry, who = world.registries.agencies, world.address("stranger")
    world.send("registry_admin", registry.create_agency("Customs", who))
    latest = world.connection.block()
    for kind in (registry.registrar(block=latest), registry.steward(block=latest)):
        role = registry.agency_role(kind, 3, block=latest)
        world.send("stranger", registry.grant_role(role, who))
    agency = Agency(3, tmp_path / "third", world, f"sqlite:///{tmp_path}/third.db")
    agency.publish()
    yield agency
    for each in agency.open_ones:
        each.close()


Say = Callable[..., Answer]


@pytest.fixture
def say(
    agencies: Agencies,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Say:
    """Runs a command in this process as an officer of an agency: `say(2, "steward", "share" …)`."""
    monkeypatch.setenv("MUNIMENT_PASSWORD", PASSWORD)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def run(number: int, role: str, *arguments: str) -> Answer:
        registry = agencies[number - 1].open(role)
        monkeypatch.setenv("MUNIMENT_PROFILE", str(registry.session.profile.path))
        return answer(arguments, "", tmp_path, monkeypatch, capfd)

    return run
