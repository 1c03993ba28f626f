# SPDX-License-Identifier: Apache-2.0
"""An agency with real wildlife-strike reports in a local registry."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

from benchmarks.local_registry import LocalRegistry
from muniment.chain.accounts import new_keystore
from muniment.intake.mapping import FieldMapping
from muniment.intake.rows import read_rows
from muniment.record import AgencyId, RecordId, RecordType, Sharing, TypeId, derive_lineage
from muniment.registry import (
    AgencyProfile,
    ChainProfile,
    KeysProfile,
    NewContent,
    Profile,
    Registry,
)
from muniment.registry.profile import JournalProfile
from muniment.registry.session import make_stores
from muniment.store.keys import KeyStore, new_key_file
from toolchain.local_chain import ROOT

REPORTS = ROOT / "node_modules" / "vega-datasets" / "data" / "birdstrikes.csv"
PASSWORD = "benchmark"
MAPPING = ROOT / "data" / "wildlife-strike.map.toml"


def strike_type(number: int) -> RecordType:
    """The record type of a strike report, under a number."""
    schema = json.loads((ROOT / "data" / "schemas" / "wildlife-strike.json").read_text())
    return RecordType.define(
        "wildlife-strike",
        TypeId(number),
        1,
        schema,
        retention_days=3650,
        sharing=Sharing.OPEN,
        searchable=["airport", "species"],
    )


def open_agency(
    local: LocalRegistry,
    folder: Path,
    role: str,
    journal: JournalProfile | None = None,
    *,
    agency_id: int = 1,
    database: str | None = None,
    vault: str | None = None,
) -> Registry:
    """The registry as an agency opens it, an officer of a role acting, its stores in a folder.

    Database and vault lie at these URLs, where they are named.
    """
    key_file, root = folder / "key", folder / "root.json"
    store = f"sqlite:///{folder}/keys.db"
    if not key_file.exists():
        new_key_file(key_file)
        address = bytes.fromhex(local.registries.records.address[2:])
        lineage = derive_lineage(local.connection.chain_id, address)
        KeyStore.create(
            store, root, agency_id=AgencyId(agency_id), lineage=lineage, key_file=key_file
        )
    keystores = {each: folder / f"{each}.json" for each in (role, "operator")}
    for each, path in keystores.items():
        if not path.exists():
            new_keystore(path, PASSWORD, local.keys[each])
    database = database or f"sqlite:///{folder}/muniment.db"
    vault = vault or str(folder / "vault")
    make_stores(database, vault)
    found = local.registries
    profile = Profile(
        path=folder / "muniment.toml",
        chain=ChainProfile(
            local.connection.chain_id,
            (local.connection.url,),
            found.records.address,
            None if found.shares is None else found.shares.address,
            found.first_block,
            0,
        ),
        agency=AgencyProfile(agency_id, "faa-strikes"),
        keys=KeysProfile(store, root, keystores[role], (keystores["operator"],), key_file),
        database=database,
        vault=vault,
        journal=journal,
    )
    return Registry.open(profile, password=PASSWORD)


def strike_reports(record_type: RecordType, count: int) -> list[NewContent]:
    """The first `count` reports as content to register."""
    mapping = FieldMapping.load(MAPPING)
    found = []
    for row in islice(read_rows(REPORTS, "csv"), count):
        mapped = mapping.apply(row, record_type)
        found.append(NewContent(mapped.source_id, mapped.fields))
    return found


def local_agency(local: LocalRegistry, folder: Path, count: int) -> tuple[Registry, list[RecordId]]:
    """Register `count` reports, final on chain; return the registry as the registrar has it."""
    record_type = strike_type(2)
    with open_agency(local, folder, "agency_admin") as admin:
        published = admin.publish_type(record_type)
        assert published is not None
        published.wait("final")
    registrar = open_agency(local, folder, "registrar")
    submissions = registrar.register_many(
        record_type.name, strike_reports(record_type, count), source_system="faa-strikes"
    )
    registrar.wait(submissions, "final", timeout=600)
    return registrar, [RecordId(each.record_id) for each in submissions if each.record_id]
