# SPDX-License-Identifier: Apache-2.0
"""An agency with stores of its own on the deployed registry, opened by its officers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_account import Account

from muniment.record import FILE_SCHEMA, AgencyId, RecordType, TypeId, derive_lineage
from muniment.record.types import Sharing
from muniment.registry import AgencyProfile, ChainProfile, KeysProfile, Profile, Registry
from muniment.registry.profile import JournalProfile, ReadsProfile
from muniment.registry.session import make_stores
from muniment.store.keys import KeyStore
from tests.chain.conftest import ROLES, World
from toolchain.local_chain import CHAIN_ID, development_keys

PASSWORD = "correct horse"
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["holder", "parcel"],
    "properties": {
        "holder": {"type": "string"},
        "parcel": {"type": "string"},
        "scan": {"$ref": "#/$defs/file"},
        "plan": {"$ref": "#/$defs/file"},
    },
    "additionalProperties": False,
    "$defs": {"file": dict(FILE_SCHEMA)},
}


def keystore(folder: Path, world: World, role: str) -> Path:
    """A keystore of a development account, with a light key derivation so that tests are quick."""
    key = development_keys(len(ROLES))[ROLES.index(role)]
    path = folder / f"{role}.json"
    if not path.exists():
        path.write_text(json.dumps(Account.encrypt(key, PASSWORD, kdf="pbkdf2", iterations=1000)))
    return path


def sealer(folder: Path, place: int = 0) -> Path:
    """The keystore of an account that has no role yet."""
    path = folder / f"sealer{place or ''}.json"
    if not path.exists():
        key = development_keys(len(ROLES) + place + 1)[-1]
        path.write_text(json.dumps(Account.encrypt(key, PASSWORD, kdf="pbkdf2", iterations=1000)))
    return path


def deed(version: int = 1) -> RecordType:
    return RecordType.define(
        "land-deed",
        TypeId(2),
        version,
        SCHEMA,
        retention_days=0,
        sharing=Sharing.CONDITIONAL,
        searchable=["holder"],
    )


Open = Callable[..., Registry]


@pytest.fixture
def opened(world: World, tmp_path: Path, database_url: str, vault_url: str) -> Iterator[Open]:
    """Opens the registry as an officer of a role."""
    chain_id = world.connection.chain_id
    lineage = derive_lineage(chain_id, bytes.fromhex(world.registries.records.address[2:]))
    key_file = tmp_path / "key"
    key_file.write_bytes(b"k" * 32)
    key_file.chmod(0o600)
    KeyStore.create(
        f"sqlite:///{tmp_path}/keys.db",
        tmp_path / "root.json",
        agency_id=AgencyId(1),
        lineage=lineage,
        key_file=key_file,
    ).close()
    make_stores(database_url, vault_url)
    registries: list[Registry] = []

    def open_as(
        role: str,
        *,
        operators: bool = False,
        urls: tuple[str, ...] = (),
        journal: JournalProfile | None = None,
        reads: ReadsProfile | None = None,
    ) -> Registry:
        profile = Profile(
            path=tmp_path / "profile.toml",
            chain=ChainProfile(
                chain_id,
                urls or (world.connection.url,),
                world.registries.records.address,
                world.registries.shares.address,
                world.registries.first_block,
                # Validators sign their blocks: final at once, and the node tells.
                2 if chain_id == CHAIN_ID else None,
            ),
            agency=AgencyProfile(1, "land-register"),
            keys=KeysProfile(
                store=f"sqlite:///{tmp_path}/keys.db",
                root=tmp_path / "root.json",
                officer=keystore(tmp_path, world, role),
                operators=(keystore(tmp_path, world, "operator"),) if operators else (),
                key_file=key_file,
            ),
            database=database_url,
            vault=vault_url,
            journal=journal,
            read_receipts=reads is not None,
            reads=reads,
        )
        profile.path.write_text(profile.to_toml())
        assert Profile.load(profile.path) == profile
        registry = Registry.open(profile.path, password=PASSWORD)
        registries.append(registry)
        return registry

    with_types = open_as("agency_admin")
    submission = with_types.publish_type(deed())
    # On a chain that tests share an earlier one has published it.
    if submission is not None:
        submission.wait()
    yield open_as
    for registry in registries:
        registry.close()
