# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Evidence of journal records: untouched, acted on, disowned, registered twice."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.errors import InvalidInputError
from muniment.evidence import Outcome, TrustFile, Verdict, Verifier
from muniment.journal.checkpoints import COSIGNATURE, NoteKey, cosign
from muniment.journal.proof_text import TextProof
from muniment.journal.tiles import bundle_path, decode_bundle
from muniment.pipeline.sequencer import JournalEndedError
from muniment.registry import Registry, Stage, journals
from muniment.registry.bulk_evidence import evidence_bundles, provable_records
from muniment.registry.conflict_making import make_conflict
from muniment.registry.evidence_making import make_trust
from muniment.registry.evidence_soundness import UnprovableError
from muniment.registry.journal_records import NotSealedError
from muniment.registry.sealing import log_key, progress_of
from muniment.store.journal_files import JournalFiles
from muniment.store.journal_tables import journal_ids
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.conftest import World
from tests.chain.test_journals import (  # noqa: F401
    Officers,
    imported,
    officer,
    seal,
    write,
)


def mined(world: World) -> None:
    """Blocks enough that all before is final."""
    world.connection.request("anvil_mine", [hex(3)])


def trusted(registry: Registry) -> TrustFile:
    made = make_trust(registry.session, days=1, greatest_age_days=1, nodes=())
    return TrustFile.from_bytes(made.to_bytes())


def verified(registry: Registry, data: bytes, **changes: object) -> list[Verdict]:
    trust = replace(trusted(registry), **changes)  # type: ignore[arg-type]
    return Verifier(trust, now=int(time.time())).verify(data)


@pytest.fixture
def register(officer: Officers, world: World, tmp_path: Path) -> Registry:
    registry = officer("registrar")
    imported(registry, write(tmp_path, 300))
    seal(registry, Stage.PROVABLE)
    mined(world)
    return registry


def test_untouched__is_proven_by_entry_and_absence(register: Registry) -> None:
    data = register.evidence(register.record_id("3"), fields=["parcel"])
    [verdict] = verified(register, data)
    assert (verdict.outcome, verdict.reason) == (Outcome.VALID, "")
    assert verdict.fields == {"parcel": "3/7"}
    assert (verdict.journal, verdict.entry_index, verdict.issuer) == (1, 3, 1)
    assert (verdict.version, verdict.latest_version, verdict.holds) == (1, 1, 0)
    assert verdict.done == [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13]
    assert verdict.witnesses is None
    file = json.loads(data)
    assert file["record"]["trace"] == []
    assert "Holder" not in data.decode()


def test_acted_on__is_proven_by_its_trace(
    register: Registry, officer: Officers, world: World
) -> None:
    revoked, amended, held = (register.record_id(each) for each in ("4", "5", "6"))
    last = [
        register.revoke(revoked, "fraud").wait(),
        register.amend(amended, {"holder": "Grace", "parcel": "5/7"}).wait(),
        officer("hold_authority").hold(held, "K 1").wait(),
    ]
    mined(world)
    register.wait(last, Stage.FINAL)
    assert verified(register, register.evidence(revoked))[0].outcome is Outcome.REVOKED
    [verdict] = verified(register, register.evidence(amended, fields=["holder"]))
    assert (verdict.outcome, verdict.fields) == (Outcome.VALID, {"holder": "Grace"})
    [earlier] = verified(register, register.evidence(amended, fields=["holder"], version=1))
    assert (earlier.outcome, earlier.fields) == (Outcome.SUPERSEDED, {"holder": "Holder 5"})
    assert verified(register, register.evidence(held))[0].holds == 1
    many = [revoked, amended, held, register.record_id("7")]
    found = verified(register, register.evidence_bundle(many, fields=["parcel"]))
    assert {each.outcome for each in found} == {Outcome.REVOKED, Outcome.VALID}


def test_old_evidence_of_what_was_enrolled__does_not_pass_for_new(
    register: Registry, world: World
) -> None:
    """The entry under the slots of a block in which the record stands on chain."""
    record_id = register.record_id("4")
    before = json.loads(register.evidence(record_id))
    revoked = register.revoke(record_id, "fraud").wait()
    mined(world)
    revoked.wait(Stage.FINAL)
    after = json.loads(register.evidence(record_id))
    forged = {**after, "record": before["record"]}
    data = json.dumps(forged, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    [verdict] = verified(register, data)
    assert verdict.outcome is Outcome.INVALID
    assert verdict.step == 6
    forged = {**after, "record": {**after["record"], "entry": before["record"]["entry"]}}
    data = json.dumps(forged, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    [verdict] = verified(register, data)
    assert (verdict.outcome, verdict.step) == (Outcome.INVALID, 7)


def test_not_sealed__is_refused(register: Registry, tmp_path: Path) -> None:
    imported(register, write(tmp_path, 310))
    with pytest.raises(NotSealedError, match="of which 300 entries are sealed"):
        register.evidence(register.record_id("305"))


def test_hold_before_enrolment__is_told(register: Registry, world: World) -> None:
    """A hold on an id that is not on chain: the entry stands, the trace has the hold."""
    record_id = register.record_id("9")
    records = world.registries.records
    world.send("hold_authority", records.place_hold(record_id, bytes(31) + b"\1"))
    mined(world)
    [verdict] = verified(register, register.evidence(record_id, fields=None))
    assert (verdict.outcome, verdict.holds, verdict.entry_index) == (Outcome.VALID, 1, 9)


def test_repudiated__is_invalid(register: Registry, officer: Officers, world: World) -> None:
    done = journals.repudiate_journal(officer("agency_admin").session, 1, 200, 1).wait()
    mined(world)
    done.wait(Stage.FINAL)
    assert verified(register, register.evidence(register.record_id("199")))[0].journal == 1
    with pytest.raises(UnprovableError, match="has disowned the entries of journal 1 from 200 on"):
        register.evidence(register.record_id("250"))


def test_closed__is_proven_as_before_and_takes_no_more(
    register: Registry, officer: Officers, world: World, tmp_path: Path
) -> None:
    done = journals.close_journal(officer("agency_admin").session, 1).wait()
    mined(world)
    done.wait(Stage.FINAL)
    [verdict] = verified(register, register.evidence(register.record_id("250"), fields=None))
    assert verdict.outcome is Outcome.VALID
    # No seal would make it provable: it is not acknowledged either. What is there is no error.
    register.sync()
    (tmp_path / "later").mkdir()
    with pytest.raises(JournalEndedError):
        imported(register, write(tmp_path / "later", 1, first=900))
    assert imported(register, write(tmp_path, 300)).tally.registered == 0
    assert progress_of(register.session, 1).acknowledged == 300


def test_witnesses__vouch_that_ids_come_once(register: Registry) -> None:
    files = JournalFiles(register.session.vault, 1)
    note = files.checkpoint()
    assert note is not None
    witnesses = []
    for name in ("court.example/w1", "archive.example/w2"):
        private = Ed25519PrivateKey.generate()
        note = cosign(note, name, private, int(time.time()))
        public = private.public_key().public_bytes_raw()
        witnesses.append(NoteKey(name, public, COSIGNATURE))
    record_id = register.record_id("3")
    data = register.evidence(record_id, checkpoint=note)
    known = {"witnesses": tuple(witnesses), "witnesses_needed": 2}
    [verdict] = verified(register, data, **known)
    assert verdict.witnesses == ["archive.example/w2", "court.example/w1"]
    few = {"witnesses": tuple(witnesses[:1]), "witnesses_needed": 1}
    assert verified(register, data, **few)[0].witnesses == ["court.example/w1"]
    assert verified(register, data)[0].witnesses is None
    stranger = NoteKey("court.example/w1", bytes(32), COSIGNATURE)
    assert verified(register, data, witnesses=(stranger,), witnesses_needed=1)[0].witnesses is None
    # One bit of a known witness's signature.
    body, line = note.rsplit(b" ", 1)
    bad = body + b" " + line[:20] + (b"B" if line[20:21] == b"A" else b"A") + line[21:]
    [verdict] = verified(register, register.evidence(record_id, checkpoint=bad), **known)
    assert (verdict.outcome, verdict.step) == (Outcome.INVALID, 7)


def test_every_bit__counts(register: Registry) -> None:
    data = register.evidence(register.record_id("3"), fields=["parcel"])
    verifier = Verifier(trusted(register), now=int(time.time()))
    good = verifier.verify(data)[0]
    assert good.outcome is Outcome.VALID
    passed = []
    for place in range(0, len(data), 3):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        for verdict in verifier.verify(bytes(changed)):
            if verdict.outcome not in (Outcome.INVALID, Outcome.UNKNOWN):
                passed.append(place)
    assert passed == []


def test_all__are_made_in_bundles(register: Registry, tmp_path: Path, world: World) -> None:
    direct = register.register("land-deed", {"holder": "D", "parcel": "0/0"}, source_id="direct")
    direct.wait()
    mined(world)
    direct.wait(Stage.FINAL)
    imported(register, write(tmp_path, 305))
    register.sync()
    provable = provable_records(register.session)
    assert (len(provable.record_ids), provable.left_out) == (301, 5)
    bundles = list(
        evidence_bundles(register.session, provable.record_ids, fields=["holder"], size=128)
    )
    assert len(bundles) == 3
    verdicts = [each for data in bundles for each in verified(register, data)]
    assert {each.record_id for each in verdicts} == set(provable.record_ids)
    assert {each.outcome for each in verdicts} == {Outcome.VALID}
    assert all(each.fields and set(each.fields) == {"holder"} for each in verdicts)


def test_proof_text__is_read_by_itself(register: Registry) -> None:
    text = register.proof_text(register.record_id("3"))
    proof = TextProof.from_bytes(text)
    assert proof.extra is not None
    checkpoint = proof.require(proof.extra, log_key(register.session, 1))
    assert (proof.index, checkpoint.size) == (3, 300)
    with pytest.raises(InvalidInputError, match="record"):
        register.proof_text(bytes(32))


def test_registered_twice__is_a_conflict(register: Registry, world: World, tmp_path: Path) -> None:
    registry = register
    with registry.session.database.write() as connection:
        # So that the software no longer knows what it has registered.
        connection.execute(sa.delete(journal_ids))
    path = tmp_path / "again.csv"
    path.write_text("id,holder,parcel\n3,Mallory,3/7\n")
    done = imported(registry, path)
    assert (done.tally.registered, done.size) == (1, 301)
    seal(registry)
    mined(world)
    folder = tmp_path / "vault/objects/jo/journals/1"
    bundle = decode_bundle((folder / bundle_path(1, 45)).read_bytes())
    assert len(bundle) == 45
    data = make_conflict(registry.session, folder, 1, 1, [3, 300])
    [verdict] = verified(registry, data)
    assert (verdict.outcome, verdict.record_id) == (Outcome.CONFLICT, registry.record_id("3"))
    assert verdict.reason == (
        "agency 1 has registered it twice: entry 3 of journal 1 and entry 300 of journal 1"
    )
    with pytest.raises(InvalidInputError, match="entries of two"):
        make_conflict(registry.session, folder, 1, 1, [3, 4])
    with pytest.raises(InvalidInputError, match="on chain too"):
        make_conflict(registry.session, folder, 1, 1, [3])
    # One bit, anywhere.
    verifier = Verifier(trusted(registry), now=int(time.time()))
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        assert verifier.verify(bytes(changed))[0].outcome is not Outcome.CONFLICT
