# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Records that come by a journal: imported, sealed, found, acted on."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from muniment.errors import ConflictError, WrongPasswordError
from muniment.intake.mapping import FieldMapping
from muniment.intake.plans import FieldSource
from muniment.intake.sources import open_source
from muniment.journal.checkpoints import verify
from muniment.journal.proof_text import TextProof
from muniment.pipeline import sequencer as sequencers
from muniment.pipeline.sequencer import KIND, Sequencer
from muniment.record.state import Status
from muniment.registry import Registry, Stage, journals
from muniment.registry import session as sessions
from muniment.registry.checking import check
from muniment.registry.journal_import import JournalImport, import_by_journal
from muniment.registry.journal_writing import journal_writer
from muniment.registry.profile import JournalProfile
from muniment.registry.rebuilding import rebuild
from muniment.registry.sealing import log_key, progress_of, sequencer
from muniment.registry.sending import Sending, lane_lease
from muniment.registry.session import address_in
from muniment.store import outbox
from muniment.store.journal_files import JournalFiles
from muniment.store.keys import KeyPurpose
from muniment.store.leases import Lease, LeaseHeldError, LeaseLostError
from muniment.store.outbox_rows import PENDING
from muniment.store.tables import leases
from tests.chain.agency import Open, opened, sealer  # noqa: F401

Officers = Callable[..., Registry]


@pytest.fixture
def officer(opened: Open, tmp_path: Path) -> Officers:
    """Opens the registry as an officer of an agency that has a journal."""
    admin = opened("agency_admin")
    keystore = sealer(tmp_path)
    admin.wait([admin.add_officer("operator", address_in(keystore))])
    admin.wait([journals.open_journal(admin.session)])
    profile = JournalProfile(1, keystore, entries=100_000, seconds=1)
    return lambda role, **more: opened(role, operators=True, journal=profile, **more)


def write(folder: Path, count: int, first: int = 0, **other: str) -> Path:
    numbers = range(first, first + count)
    lines = [f"{i},{other.get(str(i), f'Holder {i % 7}')},{i}/7" for i in numbers]
    path = folder / "deeds.csv"
    path.write_text("\n".join(["id,holder,parcel", *lines]) + "\n")
    return path


def imported(registry: Registry, path: Path, **options: object) -> JournalImport:
    source = open_source(path)
    fields = {name: FieldSource(name) for name in ("holder", "parcel")}
    mapping = FieldMapping("{id}", fields)
    record_type = registry.session.record_types.latest("land-deed")
    return import_by_journal(registry.session, record_type, source, mapping, 1, **options)  # type: ignore[arg-type]


def seal(registry: Registry, stage: Stage = Stage.PROVABLE) -> None:
    size = progress_of(registry.session, 1).acknowledged
    journals.wait_sealed(registry.session, 1, size, stage, timeout=30)


def test_register__is_imported_found_and_acted_on(officer: Officers, tmp_path: Path) -> None:
    registry = officer("registrar")
    done = imported(registry, write(tmp_path, 300))
    assert (done.tally.registered, done.tally.reported, done.size) == (300, 0, 300)
    seal(registry)
    assert progress_of(registry.session, 1).provable == 300

    third = registry.record_id("3")
    assert registry.content(third).fields == {"holder": "Holder 3", "parcel": "3/7"}
    found = registry.find("land-deed", {"holder": "HOLDER 3"})
    assert third in found
    assert len(found) == 43
    assert registry.standing(third).state.status is Status.NONE

    registry.revoke(third, "fraud").wait()
    assert registry.standing(third).state.status is Status.REVOKED
    assert [each.act.kind.name for each in registry.trace(third).acts] == ["ENROLLED", "REVOKED"]

    fourth = registry.record_id("4")
    registry.amend(fourth, {"holder": "Grace", "parcel": "4/7"}).wait()
    assert registry.content(fourth).fields["holder"] == "Grace"
    assert registry.content(fourth, 1).fields["holder"] == "Holder 4"
    registry.supersede(registry.record_id("5"), registry.record_id("6")).wait()
    assert registry.standing(registry.record_id("5")).state.status is Status.SUPERSEDED
    assert registry.standing(registry.record_id("6")).state.status is Status.IN_FORCE
    steward = officer("steward")
    steward.offer(registry.record_id("7"), 2).wait()
    assert steward.standing(registry.record_id("7")).state.offered_to == 2
    holder = officer("hold_authority")
    holder.hold(registry.record_id("8"), "K 1").wait()
    assert holder.standing(registry.record_id("8")).state.hold_count == 1


def test_same_file_again__is_nothing_to_do(officer: Officers, tmp_path: Path) -> None:
    registry = officer("registrar")
    path = write(tmp_path, 50)
    imported(registry, path)
    again = imported(registry, path)
    assert (again.tally.registered, again.tally.unchanged, again.size) == (0, 50, 50)


@pytest.mark.parametrize("same", [True, False])
def test_registered_while_it_is_imported__is_registered_once(
    officer: Officers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    registry, other = officer("registrar"), officer("registrar")
    path = write(tmp_path, 20)
    add, done = sessions.add_versions, []
    importing = Thread(target=lambda: done.append(imported(other, path)))

    def add_in_the_middle(*arguments: object) -> None:
        # The transaction has looked for the record in journals, and not written yet.
        importing.start()
        importing.join(1.5)
        add(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sessions, "add_versions", add_in_the_middle)
    holder = "Holder 3" if same else "Somebody else"
    registry.register("land-deed", {"holder": holder, "parcel": "3/7"}, source_id="3")
    importing.join(60)
    [result] = done
    assert registry.journal_place(registry.record_id("3")) is None
    assert (result.tally.registered, result.size) == (19, 19)
    assert (result.tally.unchanged, result.tally.reported) == ((1, 0) if same else (0, 1))


def test_checkpoint_key_rotated__the_journal_goes_on(officer: Officers, tmp_path: Path) -> None:
    registry = officer("registrar")
    imported(registry, write(tmp_path, 20))
    seal(registry)
    before = log_key(registry.session, 1)
    registry.session.keys.rotate_agency_key(KeyPurpose.CHECKPOINTS)
    # Nothing is new: the checkpoint that the earlier key has signed stands.
    assert list(check(registry.session)) == []
    imported(registry, write(tmp_path, 30))
    seal(registry)
    files = JournalFiles(registry.session.vault, 1)
    after = log_key(registry.session, 1)
    assert after != before
    assert verify(files.checkpoint() or b"", after).size == 30
    assert list(check(registry.session)) == []
    registry.session.keys.retire_agency_key(KeyPurpose.CHECKPOINTS, 1)
    rebuild(registry.session)
    assert list(check(registry.session)) == []
    for source_id in ("3", "25"):
        proof = TextProof.from_bytes(registry.proof_text(registry.record_id(source_id)))
        assert proof.require(proof.extra or b"", after).size == 30


def test_registered_by_the_journal__is_what_register_returns(
    officer: Officers, tmp_path: Path
) -> None:
    registry = officer("registrar")
    imported(registry, write(tmp_path, 20))
    deed = registry.register("land-deed", {"holder": "Holder 3", "parcel": "3/7"}, source_id="3")
    assert (deed.record_id, deed.stage) == (registry.record_id("3"), Stage.ACKNOWLEDGED)
    registry.wait([deed])
    assert deed.stage is Stage.PROVABLE
    place = registry.journal_place(deed.record_id)
    assert place is not None
    assert (place.journal, place.index, place.stage) == (1, 3, "provable")
    with pytest.raises(ConflictError):
        registry.register("land-deed", {"holder": "Eve", "parcel": "3/7"}, source_id="3")
    new = registry.register("land-deed", {"holder": "N", "parcel": "21/7"}, source_id="21").wait()
    assert registry.journal_place(new.record_id or b"") is None
    assert progress_of(registry.session, 1).acknowledged == 20


def test_before_a_seal_can_be_made__its_files_are_written(
    officer: Officers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencers, "_AHEAD", 1024)
    registry = officer("registrar")

    def append(count: int, first: int) -> None:
        imported(registry, write(tmp_path, count, first), workers=1)

    append(300, 0)
    with ExitStack() as held:
        worker = sequencer(registry.session, held)
        assert worker is not None
        key = log_key(registry.session, 1)
        assert worker.step(now=True) == 300
        assert worker.files.size([key]) == 300
        # Nobody sends: the seal waits, as where the chain stands still.
        append(1700, 300)
        assert worker.step(now=True) is None
        assert worker.files.size([key]) == 1280
        # What is left is less than a part: it waits for its seal.
        assert worker.step(now=True) is None
        assert worker.files.size([key]) == 1280
        # That seal is in its block, and the next one is not due.
        send(registry, worker)
        worker.journal = replace(worker.journal, seconds=3600)
        append(400, 2000)
        assert worker.step() is None
        assert worker.files.size([key]) == 2304
        # What is appended while files of many entries are written is under the same seal.
        append(1000, 2400)
        publish, sizes = worker.publish, []

        def appending(size: int) -> bytes:
            if not sizes:
                append(10, 3400)
            sizes.append(size)
            return publish(size)

        monkeypatch.setattr(worker, "publish", appending)
        assert worker.step(now=True) == 3410
        assert sizes == [3328, 3410]
    journals.wait_sealed(registry.session, 1, 3410, Stage.PROVABLE, timeout=60)
    assert progress_of(registry.session, 1).provable == 3410


def send(registry: Registry, worker: Sequencer) -> None:
    """Send a seal, and see that it has its block."""
    with Sending(registry.session) as sending:
        for _ in range(600):
            sending.step([(worker.journal.sealer, True)])
            with registry.session.database.read() as connection:
                row = outbox.last_of_account(connection, worker.journal.sealer, KIND)
            if row is not None and row.state not in PENDING:
                return
            time.sleep(0.1)
    raise AssertionError("the seal has no block")


def steps(worker: Sequencer) -> None:
    """Some steps: while the seal before is on its way, one does nothing."""
    for _ in range(100):
        assert worker.step(now=True) is None
        time.sleep(0.1)


def test_lane_whose_keystore_does_not_open__is_given_back(
    officer: Officers, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = officer("registrar").session
    assert session.profile.journal is not None
    account = address_in(session.profile.journal.sealer)

    def refused(_: object, keystore: Path) -> None:
        raise WrongPasswordError(str(keystore))

    monkeypatch.setattr(sessions.Session, "signer", refused)
    # `trouble` keeps the frames, and all that only they hold.
    with pytest.raises(WrongPasswordError) as trouble, Sending(session) as sending:
        sending.step([(account, True)])
    assert Lease.acquire(session.database, lane_lease(account), holder="another"), trouble.value


def test_second_sequencer_of_a_journal__is_refused(officer: Officers, tmp_path: Path) -> None:
    registry, other = officer("registrar"), officer("registrar")
    imported(registry, write(tmp_path, 30))
    with ExitStack() as held, ExitStack() as elsewhere:
        worker = sequencer(registry.session, held)
        assert worker is not None
        assert sequencer(other.session, elsewhere) is None
        # Nor does a second process append beside one that does.
        with (
            journal_writer(registry.session, 1),
            pytest.raises(LeaseHeldError, match="is held by"),
            journal_writer(other.session, 1),
        ):
            pass
        assert worker.step(now=True) == 30
        journals.wait_sealed(registry.session, 1, 30, Stage.PROVABLE, timeout=60)
        # One that was stopped, and has lost its lease to another, neither writes nor seals.
        with registry.session.database.write() as connection:
            connection.execute(sa.delete(leases).where(leases.c.name == "seal 1"))
        second = sequencer(other.session, elsewhere)
        assert second is not None
        imported(registry, write(tmp_path, 60))
        with pytest.raises(LeaseLostError):
            steps(worker)
    seal(other)
    assert progress_of(other.session, 1).provable == 60
    assert list(check(other.session)) == []


def test_amending_with_the_same_content__is_the_registration(
    officer: Officers, tmp_path: Path
) -> None:
    registry = officer("registrar")
    imported(registry, write(tmp_path, 2))
    seal(registry)
    record_id = registry.record_id("1")
    same = registry.amend(record_id, {"holder": "Holder 1", "parcel": "1/7"})
    assert (same.version, same.stage) == (1, Stage.PROVABLE)
    assert registry.content(record_id).row.version == 1
