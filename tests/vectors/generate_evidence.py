# SPDX-License-Identifier: Apache-2.0
"""Makes tests/vectors/evidence and examples: evidence of real transactions on an Anvil, and what
becomes of it when it is changed. Run once; old files verify for ever, so they are not renewed.

    python -m tests.vectors.generate_evidence
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from muniment.chain.accounts import new_keystore
from muniment.evidence import TrustFile
from muniment.intake.mapping import FieldMapping
from muniment.intake.rows import read_rows
from muniment.record import FILE_SCHEMA, AgencyId, RecordType, TypeId, derive_lineage
from muniment.record.canonical import canonicalize
from muniment.record.types import Sharing
from muniment.registry import AgencyProfile, ChainProfile, KeysProfile, Profile, Registry
from muniment.registry.evidence_making import make_trust
from muniment.registry.session import make_stores
from muniment.store.keys import KeyStore, new_key_file
from tests.chain.conftest import ROLES, World, deploy_world
from tests.vectors.evidence_cases import changed_files
from toolchain.local_chain import ROOT, anvil, development_keys

TARGET = ROOT / "tests" / "vectors" / "evidence"
EXAMPLES = ROOT / "examples"
PASSWORD = "vectors"
DEED = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["holder", "parcel"],
    "properties": {
        "holder": {"type": "string"},
        "parcel": {"type": "string"},
        "scan": {"$ref": "#/$defs/file"},
    },
    "additionalProperties": False,
    "$defs": {"file": dict(FILE_SCHEMA)},
}


def open_registries(world: World, folder: Path) -> dict[str, Registry]:
    """The registry as each officer of agency 1 opens it, over one set of stores."""
    key_file = folder / "key"
    new_key_file(key_file)
    chain_id = world.connection.chain_id
    lineage = derive_lineage(chain_id, bytes.fromhex(world.registries.records.address[2:]))
    store = f"sqlite:///{folder}/keys.db"
    KeyStore.create(
        store, folder / "root.json", agency_id=AgencyId(1), lineage=lineage, key_file=key_file
    ).close()
    database, vault = f"sqlite:///{folder}/muniment.db", str(folder / "vault")
    make_stores(database, vault)
    keys = development_keys(len(ROLES))
    found = {}
    for role in ("agency_admin", "registrar", "steward", "hold_authority"):
        officer = folder / f"{role}.json"
        new_keystore(officer, PASSWORD, keys[ROLES.index(role)])
        shares = world.registries.shares
        profile = Profile(
            path=folder / "profile.toml",
            chain=ChainProfile(
                chain_id,
                (world.connection.url,),
                world.registries.records.address,
                None if shares is None else shares.address,
                world.registries.first_block,
                0,
            ),
            agency=AgencyProfile(1, "land-register"),
            keys=KeysProfile(store, folder / "root.json", officer, (), key_file),
            database=database,
            vault=vault,
        )
        found[role] = Registry.open(profile, password=PASSWORD)
    return found


def make_records(world: World, by: dict[str, Registry], folder: Path) -> dict[str, bytes]:
    """Records with one life each, by name."""
    admin, registrar, steward = by["agency_admin"], by["registrar"], by["steward"]
    deed = RecordType.define(
        "land-deed", TypeId(2), 1, DEED, retention_days=0, sharing=Sharing.CONDITIONAL
    )
    strike = RecordType.define(
        "wildlife-strike",
        TypeId(3),
        1,
        json.loads((ROOT / "data" / "schemas" / "wildlife-strike.json").read_text()),
        retention_days=3650,
        sharing=Sharing.OPEN,
    )
    for each in (deed, strike):
        submission = admin.publish_type(each)
        assert submission is not None
        submission.wait("final")
    scan = folder / "deed.pdf"
    scan.write_bytes(b"%PDF-1.7 a deed " * 100)

    def registered(name: str, **more: Any) -> bytes:
        fields = {"holder": f"Holder of {name}", "parcel": name}
        submission = registrar.register("land-deed", fields, source_id=name, **more)
        submission.wait("final")
        assert submission.record_id is not None
        return submission.record_id

    names = ("plain", "amended", "revoked", "superseded", "held", "released", "transferred")
    ids = {name: registered(name) for name in (*names, "disposed")}
    ids["with-file"] = registered("with-file", attach={"scan": scan})
    ids["absent"] = admin.record_id("never registered")
    for text in ("second", "third"):
        fields = {"holder": f"{text} holder", "parcel": "amended"}
        registrar.amend(ids["amended"], fields).wait("final")
    registrar.revoke(ids["revoked"], "fraud").wait("final")
    registrar.supersede(ids["superseded"], ids["plain"]).wait("final")
    for name in ("held", "released"):
        by["hold_authority"].hold(ids[name], "case 7").wait("final")
    by["hold_authority"].release(ids["released"], "case 7").wait("final")
    steward.offer(ids["transferred"], 2).wait("final")
    records = world.registries.records
    head = records.trace_head_of(ids["transferred"], block=world.connection.block())
    commitment = records.record(ids["transferred"], block=world.connection.block()).commitment
    world.send("other_steward", records.accept_custody(ids["transferred"], 1, commitment, head))
    world.connection.request("evm_increaseTime", [2 * 86_400])
    world.connection.request("evm_mine", [])
    registrar.propose_disposition(ids["disposed"], "retention schedule 4").wait("final")
    steward.confirm_disposition(ids["disposed"]).wait("final")
    mapping = FieldMapping.load(ROOT / "data" / "wildlife-strike.map.toml")
    row = next(iter(read_rows(ROOT / "node_modules/vega-datasets/data/birdstrikes.csv", "csv")))
    mapped = mapping.apply(row, strike)
    submission = registrar.register("wildlife-strike", mapped.fields, source_id=mapped.source_id)
    submission.wait("final")
    assert submission.record_id is not None
    ids["strike"] = submission.record_id
    return ids


def main() -> None:
    """Write the files."""
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, anvil() as url:
        folder = Path(name)
        world = deploy_world(url)
        by = open_registries(world, folder)
        ids = make_records(world, by, folder)
        registrar = by["registrar"]
        made = {
            "plain": registrar.evidence(ids["plain"], fields=["holder"]),
            "no-fields": registrar.evidence(ids["plain"], fields=[]),
            "all-fields": registrar.evidence(ids["plain"], fields=None),
            "with-file": registrar.evidence(ids["with-file"], fields=None),
            "amended-first": registrar.evidence(ids["amended"], fields=["holder"], version=1),
            "amended-latest": registrar.evidence(ids["amended"], fields=["holder"]),
        }
        for each in ("revoked", "superseded", "held", "released", "transferred", "absent"):
            made[each] = registrar.evidence(ids[each], fields=[])
        made["disposed"] = registrar.evidence(ids["disposed"], fields=[])
        made["bundle"] = registrar.evidence_bundle(
            [ids[each] for each in ("plain", "amended", "revoked", "held")], fields=None
        )
        far = replace(
            make_trust(registrar.session, days=3650, greatest_age_days=3650, nodes=()),
            expires=int(time.time()) + 3650 * 86_400,
        )
        trust = far.to_bytes()
        strike = registrar.evidence(ids["strike"], fields=["airport", "date", "species"])
        document = (folder / "deed.pdf").read_bytes()
        for registry in by.values():
            registry.close()
    (TARGET / "trust.toml").write_bytes(trust)
    (TARGET / "deed.pdf").write_bytes(document)
    cases: dict[str, Any] = {}
    for each, outcome in (
        ("plain", "valid"),
        ("no-fields", "valid"),
        ("all-fields", "valid"),
        ("with-file", "valid"),
        ("amended-first", "superseded"),
        ("amended-latest", "valid"),
        ("revoked", "revoked"),
        ("superseded", "superseded"),
        ("held", "valid"),
        ("released", "valid"),
        ("transferred", "valid"),
        ("absent", "unknown"),
        ("disposed", "disposed"),
        ("bundle", "valid"),
    ):
        (TARGET / f"{each}.json").write_bytes(made[each])
        cases[f"{each}.json"] = {"outcome": outcome}
    made_at = TrustFile.from_bytes(trust).expires - 3650 * 86_400
    for each, data, expected in changed_files(made):
        (TARGET / f"{each}_fail.json").write_bytes(data)
        cases[f"{each}_fail.json"] = expected
    table = {"now": made_at + 3 * 86_400, "cases": cases}
    (TARGET / "cases.json").write_text(json.dumps(table, indent=1) + "\n")
    EXAMPLES.mkdir(exist_ok=True)
    (EXAMPLES / "strike.json").write_bytes(strike)
    (EXAMPLES / "trust.toml").write_bytes(trust)
    print(f"{len(cases)} cases; {len(canonicalize(cases))} bytes of cases")


if __name__ == "__main__":
    main()
