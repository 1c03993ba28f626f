# SPDX-License-Identifier: Apache-2.0
"""Adds evidence of journal records to tests/vectors/evidence, made on an Anvil of its own.

Its block is added to the trust file beside the one of `generate_evidence.py`. Run once, as that.

    python -m tests.vectors.generate_journal_evidence
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.chain.accounts import new_keystore
from muniment.evidence import TrustFile
from muniment.intake.mapping import FieldMapping
from muniment.intake.plans import FieldSource
from muniment.intake.sources import open_source
from muniment.journal.checkpoints import COSIGNATURE, NoteKey, cosign
from muniment.record import RecordType, TypeId
from muniment.record.canonical import canonicalize
from muniment.record.types import Sharing
from muniment.registry import Registry, journals
from muniment.registry.conflict_making import make_conflict
from muniment.registry.evidence_making import make_trust
from muniment.registry.journal_import import import_by_journal
from muniment.registry.profile import JournalProfile, Profile
from muniment.registry.session import address_in
from muniment.store.journal_files import JournalFiles
from muniment.store.journal_tables import journal_ids
from muniment.store.tables import submissions
from tests.chain.conftest import ROLES, World, deploy_world
from tests.vectors.generate_evidence import DEED, PASSWORD, TARGET, open_registries
from toolchain.local_chain import anvil, development_keys

Change = Callable[[dict[str, Any]], None]
COSIGNED_AT = 1_800_000_000


def opened_journal(by: dict[str, Registry], folder: Path) -> Registry:
    """The registry as its registrar opens it, with a journal of its own."""
    deed = RecordType.define(
        "land-deed", TypeId(2), 1, DEED, retention_days=0, sharing=Sharing.CONDITIONAL
    )
    submission = by["agency_admin"].publish_type(deed)
    assert submission is not None
    submission.wait("final")
    admin = by["agency_admin"]
    keystore = folder / "sealer.json"
    new_keystore(keystore, PASSWORD, development_keys(len(ROLES) + 1)[len(ROLES)])
    admin.add_officer("operator", address_in(keystore)).wait("final")
    journals.open_journal(admin.session).wait("final")
    profile = replace(by["registrar"].session.profile, journal=JournalProfile(1, keystore, 1000, 1))
    profile.path.write_text(profile.to_toml())
    return Registry.open(Profile.load(profile.path), password=PASSWORD)


def bring_in(registry: Registry, folder: Path, rows: dict[str, str]) -> None:
    """Rows (source id: holder) into the journal, sealed for good."""
    path = folder / "rows.csv"
    lines = [f"{source_id},{holder},{source_id}/1" for source_id, holder in rows.items()]
    path.write_text("\n".join(["id,holder,parcel", *lines]) + "\n")
    mapping = FieldMapping("{id}", {each: FieldSource(each) for each in ("holder", "parcel")})
    record_type = registry.session.record_types.latest("land-deed")
    done = import_by_journal(registry.session, record_type, open_source(path), mapping, 1)
    journals.wait_sealed(registry.session, 1, done.size, "final")


def made_files(
    world: World, by: dict[str, Registry], registry: Registry, folder: Path
) -> tuple[dict[str, bytes], TrustFile]:
    """The good files, all as of one block, and what to trust."""
    bring_in(registry, folder, {str(each): f"Holder {each}" for each in range(40)})
    ids = {each: registry.record_id(each) for each in map(str, range(40))}
    registry.revoke(ids["4"], "fraud").wait("final")
    records = world.registries.records
    world.send("hold_authority", records.place_hold(ids["9"], bytes(31) + b"\1"))
    # An agency that registers twice, as this software would not: what it knows is taken from it.
    direct = registry.register("land-deed", {"holder": "D", "parcel": "7"}, source_id="twice")
    direct.wait("final")
    with registry.session.database.write() as connection:
        connection.execute(sa.delete(journal_ids))
        connection.execute(
            sa.update(submissions)
            .where(submissions.c.kind == "register")
            .values(record_id=bytes(32))
        )
        for table in ("search_terms", "objects", "versions"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    bring_in(registry, folder, {"3": "Mallory", "twice": "Mallory"})
    note = JournalFiles(registry.session.vault, 1).checkpoint()
    assert note is not None
    keys = []
    for number, name in enumerate(("court.example/witness", "archive.example/witness"), start=1):
        private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        note = cosign(note, name, private, COSIGNED_AT)
        keys.append(NoteKey(name, private.public_key().public_bytes_raw(), COSIGNATURE))
    registry.sync()
    with registry.session.database.write() as connection:
        connection.execute(sa.delete(journal_ids))
    from muniment.registry.rebuilding import rebuild  # noqa: PLC0415

    rebuild(registry.session)
    journal = folder / "vault/objects/jo/journals/1"
    made = {
        "journal-entry": registry.evidence(ids["5"], fields=["holder"]),
        "journal-all-fields": registry.evidence(ids["6"], fields=None),
        "journal-witnessed": registry.evidence(ids["5"], fields=[], checkpoint=note),
        "journal-held": registry.evidence(ids["9"], fields=["parcel"]),
        "journal-enrolled-and-revoked": registry.evidence(ids["4"], fields=[]),
        "journal-bundle": registry.evidence_bundle(
            [ids[each] for each in ("5", "6", "9", "39")], fields=["holder"]
        ),
        "conflict-entries": make_conflict(registry.session, journal, 1, 1, [3, 40]),
        "conflict-entry-and-transaction": make_conflict(registry.session, journal, 1, 1, [41]),
    }
    trust = make_trust(registry.session, days=1, greatest_age_days=1, nodes=())
    return made, replace(trust, witnesses=tuple(keys), witnesses_needed=2)


def _at(*path: Any, value: Any) -> Change:
    *way, last = path

    def change(file: dict[str, Any]) -> None:
        part: Any = file
        for step in way:
            part = part[step]
        part[last] = value(part[last]) if callable(value) else value

    return change


def _flip(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def _other_at(text: str, place: int) -> str:
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


def _without(*path: Any) -> Change:
    *way, last = path

    def change(file: dict[str, Any]) -> None:
        part: Any = file
        for step in way:
            part = part[step]
        del part[last]

    return change


def _byte(place: int, value: int) -> Callable[[str], str]:
    """Another byte of the entry."""
    return lambda text: text[: 2 * place] + f"{value:02x}" + text[2 * place + 2 :]


ENTRY = ("record", "entry")
SEAL = (*ENTRY, "seal")
# Name, file, change, and the step that must say so.
CHANGES: tuple[tuple[str, str, Change, int], ...] = (
    ("form-entry-null", "journal-entry", _at(*ENTRY, value=None), 1),
    ("form-entry-too-short", "journal-entry", _at(*ENTRY, "entry", value=lambda t: t[2:]), 1),
    ("form-entry-of-no-kind", "journal-entry", _at(*ENTRY, "entry", value=_byte(0, 9)), 1),
    ("form-entry-type-zero", "journal-entry", _at(*ENTRY, "entry", value=_byte(3, 0)), 1),
    ("form-entry-unknown-member", "journal-entry", _at(*ENTRY, "time", value=1), 1),
    ("form-entry-without-seal", "journal-entry", _without(*SEAL), 1),
    ("form-entry-index-negative", "journal-entry", _at(*ENTRY, "index", value=-1), 1),
    ("form-entry-path-of-64", "journal-entry", _at(*ENTRY, "path", value=["11" * 32] * 64), 1),
    ("form-entry-path-hash-short", "journal-entry", _at(*ENTRY, "path", 0, value="11"), 1),
    ("form-seal-of-nothing", "journal-entry", _at(*SEAL, "size", value=0), 1),
    ("form-seal-unknown-member", "journal-entry", _at(*SEAL, "block", value=1), 1),
    ("form-conflict-one-entry", "conflict-entries", lambda f: f["entries"].pop(), 1),
    ("form-conflict-entries-swapped", "conflict-entries", lambda f: f["entries"].reverse(), 1),
    (
        "form-conflict-entry-twice",
        "conflict-entries",
        lambda f: f.update(entries=[f["entries"][0], copy.deepcopy(f["entries"][0])]),
        1,
    ),
    ("form-conflict-with-trace", "conflict-entries", lambda f: f.update(trace=[]), 1),
    ("entry-left-out", "journal-entry", _without(*ENTRY), 8),
    ("entry-left-out-of-held", "journal-held", _without(*ENTRY), 8),
    ("entry-other-index", "journal-entry", _at(*ENTRY, "index", value=6), 7),
    ("entry-index-past-the-end", "journal-entry", _at(*ENTRY, "index", value=42), 7),
    ("entry-other-journal", "journal-entry", _at(*ENTRY, "journal", value=2), 7),
    ("entry-other-agency", "journal-entry", _at(*ENTRY, "agency", value=2), 7),
    ("entry-other-type", "journal-entry", _at(*ENTRY, "entry", value=_byte(3, 3)), 7),
    ("entry-other-time", "journal-entry", _at(*ENTRY, "entry", value=_byte(13, 0)), 7),
    ("entry-other-local-id", "journal-entry", _at(*ENTRY, "entry", value=_byte(20, 0)), 7),
    ("entry-other-commitment", "journal-entry", _at(*ENTRY, "entry", value=_byte(60, 0)), 7),
    ("entry-of-a-read", "journal-entry", _at(*ENTRY, "entry", value=_byte(0, 2)), 7),
    ("entry-other-algorithm", "journal-entry", _at(*ENTRY, "entry", value=_byte(1, 2)), 7),
    ("path-other-hash", "journal-entry", _at(*ENTRY, "path", 2, value=_flip), 7),
    ("path-too-short", "journal-entry", lambda f: f["record"]["entry"]["path"].pop(), 7),
    ("path-too-long", "journal-entry", lambda f: f["record"]["entry"]["path"].append("11" * 32), 7),
    ("path-empty", "journal-entry", _at(*ENTRY, "path", value=[]), 7),
    ("path-swapped", "journal-entry", lambda f: f["record"]["entry"]["path"].reverse(), 7),
    ("seal-other-root", "journal-entry", _at(*SEAL, "root", value=_flip), 7),
    ("seal-other-size", "journal-entry", _at(*SEAL, "size", value=41), 7),
    ("seal-other-previous-size", "journal-entry", _at(*SEAL, "previous_size", value=39), 7),
    ("seal-other-time", "journal-entry", _at(*SEAL, "sealed_at", value=lambda t: t - 1), 7),
    ("held-hold-hidden", "journal-held", _at("record", "trace", value=[]), 6),
    (
        "witness-other-signature",
        "journal-witnessed",
        _at(
            *ENTRY, "checkpoint", value=lambda t: t[:-10] + ("A" if t[-10] != "A" else "B") + t[-9:]
        ),
        7,
    ),
    (
        "witness-of-another-size",
        "journal-witnessed",
        _at(*ENTRY, "checkpoint", value=lambda t: t.replace("\n42\n", "\n41\n", 1)),
        7,
    ),
    ("witness-no-note", "journal-witnessed", _at(*ENTRY, "checkpoint", value="trust me"), 7),
    (
        "conflict-of-two-records",
        "conflict-entries",
        _at("record_id", value=_flip),
        7,
    ),
    ("conflict-other-index", "conflict-entries", _at("entries", 1, "index", value=41), 7),
    (
        "conflict-other-commitment",
        "conflict-entries",
        _at("entries", 0, "entry", value=_byte(60, 0)),
        7,
    ),
    (
        "conflict-other-trace",
        "conflict-entry-and-transaction",
        _at("trace", 0, "commitment", value=_flip),
        6,
    ),
)


def changed_files(made: dict[str, bytes]) -> Iterator[tuple[str, bytes, int]]:
    """Yield name, bytes and the step that must refuse them."""
    for name, source, change, step in CHANGES:
        file = json.loads(made[source])
        change(file)
        yield name, canonicalize(file), step
    # The entry of a record that was enrolled: what it was before is no answer to what it is.
    enrolled = json.loads(made["journal-enrolled-and-revoked"])
    entry = json.loads(made["journal-entry"])["record"]["entry"]
    enrolled["record"]["entry"] = entry
    yield "entry-of-an-enrolled-record", canonicalize(enrolled), 7
    # A conflict of an entry with its own enrolment.
    file = json.loads(made["conflict-entry-and-transaction"])
    file["anchor"] = enrolled["anchor"]
    file["record_id"] = enrolled["record"]["record_id"]
    file["trace"] = enrolled["record"]["trace"]
    yield "conflict-with-another-record", canonicalize(file), 7


def main() -> None:
    """Write the files, and add them to the table and the trust file."""
    with tempfile.TemporaryDirectory() as name, anvil() as url:
        folder = Path(name)
        world = deploy_world(url)
        by = open_registries(world, folder)
        registry = opened_journal(by, folder)
        made, trust = made_files(world, by, registry, folder)
        registry.close()
        for each in by.values():
            each.close()
    known = TrustFile.from_bytes((TARGET / "trust.toml").read_bytes())
    assert (known.registry, known.code_hash) == (trust.registry, trust.code_hash)
    # A block of the same number on the other chain would be another block.
    first = min(known.blocks)
    blocks = {first: known.blocks[first]}
    assert not blocks.keys() & trust.blocks.keys()
    whole = replace(
        known,
        blocks={**blocks, **trust.blocks},
        witnesses=trust.witnesses,
        witnesses_needed=trust.witnesses_needed,
    )
    (TARGET / "trust.toml").write_bytes(whole.to_bytes())
    table = json.loads((TARGET / "cases.json").read_text())
    outcomes = {"journal-enrolled-and-revoked": "revoked"}
    for each, data in made.items():
        (TARGET / f"{each}.json").write_bytes(data)
        expected = "conflict" if each.startswith("conflict") else outcomes.get(each, "valid")
        table["cases"][f"{each}.json"] = {"outcome": expected}
    for each, data, step in changed_files(made):
        (TARGET / f"{each}_fail.json").write_bytes(data)
        table["cases"][f"{each}_fail.json"] = {"outcome": "invalid", "step": step}
    (TARGET / "cases.json").write_text(json.dumps(table, indent=1) + "\n")
    print(f"{len(table['cases'])} cases")


if __name__ == "__main__":
    main()
