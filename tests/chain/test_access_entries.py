# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Who was shown content leaves an entry in the reads journal."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment.errors import StoreError
from muniment.journal.entry import Entry, EntryKind
from muniment.registry import Access, Profile, Registry, Stage, journals
from muniment.registry.access_entries import append_reads, publish_access_type
from muniment.registry.bulk_evidence import provable_records
from muniment.registry.checking import check
from muniment.registry.profile import ReadsProfile
from muniment.registry.rebuilding import rebuild
from muniment.registry.sealing import progress_of
from muniment.registry.session import address_in
from muniment.store import journal_rows
from muniment.store.journal_files import JournalFiles
from muniment.store.journal_tables import journal_entries, pending_reads
from tests.chain.agency import Open, opened, sealer  # noqa: F401
from tests.chain.command_line import Muniment, muniment  # noqa: F401
from tests.chain.conftest import World

PACE = 600
Officers = Callable[..., Registry]


@pytest.fixture
def officer(opened: Open, tmp_path: Path) -> Officers:
    """Opens the registry as an officer of an agency whose reads leave entries."""
    admin = opened("agency_admin")
    keystore = sealer(tmp_path, 1)
    admin.wait([admin.add_officer("operator", address_in(keystore))])
    published = publish_access_type(admin.session)
    assert published is not None
    admin.wait([published, journals.open_journal(admin.session)])
    profile = ReadsProfile(1, keystore, PACE)
    return lambda role, **more: opened(role, operators=True, reads=profile, **more)


@pytest.fixture
def registrar(officer: Officers, world: World, tmp_path: Path) -> Registry:
    """An agency with two deeds, one with a file."""
    registry = officer("registrar")
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"%PDF a deed")
    registry.register("land-deed", {"holder": "Ada", "parcel": "1"}, source_id="1").wait()
    registry.register(
        "land-deed", {"holder": "Eve", "parcel": "2"}, source_id="2", attach={"scan": scan}
    ).wait()
    world.connection.request("anvil_mine", ["0x3"])
    return registry


def sealed(registry: Registry) -> int:
    count = append_reads(registry.session, at_once=True)
    size = progress_of(registry.session, 1).acknowledged
    journals.wait_sealed(registry.session, 1, size, Stage.PROVABLE, timeout=30)
    return count


def test_showing_extracting_and_exporting__leave_entries(
    registrar: Registry, tmp_path: Path
) -> None:
    first, second = registrar.record_id("1"), registrar.record_id("2")
    registrar.content(first, access=Access("complaint 7", reader="Grace"))
    registrar.content(second)
    registrar.extract(second, "scan", io.BytesIO(), access=Access("copy for the owner"))
    registrar.evidence(second, fields=["holder"], access=Access("court file"))
    # Nothing is shown by these.
    registrar.evidence(second, fields=[])
    registrar.trace(second)

    [shown] = registrar.history(first)
    assert (shown.act, shown.reader, shown.purpose) == ("shown", "Grace", "complaint 7")
    assert (shown.journal, shown.stage) == (None, Stage.ACKNOWLEDGED)
    officer_account = registrar.session.officer
    assert [(each.act, each.reader, each.purpose) for each in registrar.history(second)] == [
        ("shown", officer_account, ""),
        ("extracted", officer_account, "copy for the owner"),
        ("exported", officer_account, "court file"),
    ]

    assert sealed(registrar) == 4
    assert {each.stage for each in registrar.history(second)} <= {Stage.PROVABLE, Stage.FINAL}
    assert pending_reads_left(registrar) == 0
    with registrar.session.database.read() as connection:
        entries = [
            Entry.from_bytes(each) for each in journal_rows.entries_between(connection, 1, 0, 10)
        ]
    assert {each.kind for each in entries} == {EntryKind.READ}
    assert len({each.time for each in entries}) == 1
    assert list(check(registrar.session)) == []


def pending_reads_left(registry: Registry) -> int:
    with registry.session.database.read() as connection:
        chosen = sa.select(sa.func.count()).select_from(pending_reads)
        return int(connection.execute(chosen).scalar_one())


def test_entries_wait_for_the_pace__and_say_its_time(
    registrar: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registrar.content(registrar.record_id("1"))
    # Of the pace that runs nothing is appended.
    now = time.time()
    start = int(now) - int(now) % PACE
    monkeypatch.setattr("muniment.registry.access_entries.time.time", lambda: start + PACE - 1)
    assert append_reads(registrar.session) == 0
    monkeypatch.setattr("muniment.registry.access_entries.time.time", lambda: start + PACE + 5)
    monkeypatch.setattr("muniment.registry.preparing.time.time", lambda: start + PACE + 5)
    assert append_reads(registrar.session) == 1
    with registrar.session.database.read() as connection:
        [entry] = journal_rows.entries_between(connection, 1, 0, 10)
    # That of the pace, or of the chain where its clock is behind.
    assert Entry.from_bytes(entry).time <= start + PACE


def test_no_room_for_the_read__shows_nothing(
    registrar: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object) -> None:
        raise StoreError("the disk is full", expected="room", remedy="make some")

    monkeypatch.setattr("muniment.registry.access_entries.pending_reads.add", full)
    target = tmp_path / "out.pdf"
    with pytest.raises(StoreError):
        registrar.content(registrar.record_id("2"))
    with pytest.raises(StoreError):
        registrar.extract(registrar.record_id("2"), "scan", target)
    assert not target.exists()


def test_rebuilt__the_history_is_the_same(registrar: Registry) -> None:
    record_id = registrar.record_id("1")
    for place in range(3):
        registrar.content(record_id, access=Access(f"case {place}"))
    sealed(registrar)
    registrar.content(record_id, access=Access("not in the journal yet"))
    before = registrar.history(record_id)
    assert len(before) == 4
    with registrar.session.database.write() as connection:
        connection.execute(sa.delete(journal_entries))
    assert any("journal_entries" in each.where for each in check(registrar.session))
    rebuild(registrar.session)
    assert registrar.history(record_id) == before
    assert list(check(registrar.session)) == []


def test_entries_are_no_records(registrar: Registry) -> None:
    registrar.content(registrar.record_id("1"))
    sealed(registrar)
    registrar.sync()
    found = provable_records(registrar.session).record_ids
    assert set(found) == {registrar.record_id("1"), registrar.record_id("2")}


def test_kept_and_sealed_files_hold_nothing_of_a_read(registrar: Registry, tmp_path: Path) -> None:
    record_id = registrar.record_id("1")
    registrar.content(record_id, access=Access("planted-purpose-marker", reader="planted-reader"))
    sealed(registrar)
    files = JournalFiles(registrar.session.vault, 1)
    assert files.tree(1).size == 1
    needles = [b"planted", record_id, record_id.hex().encode()]
    for path in (tmp_path / "vault").rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        if "journals" in path.parts or b"planted" in data:
            assert not any(each in data for each in needles), path


def test_commands(muniment: Muniment, tmp_path: Path) -> None:
    keystore = sealer(tmp_path, 1)
    added = muniment("agency", "add", "operator", address_in(keystore), role="agency_admin")
    assert added.code == 0, added.err
    opening = muniment(
        "journal", "open", "--reads", "--sealer", str(keystore), "--pace", "60", role="agency_admin"
    )
    assert opening.code == 0, opening.err
    named = Profile.load(tmp_path / "profile.toml")
    assert named.read_receipts
    assert named.reads is not None
    assert named.reads.seconds == 60
    (tmp_path / "deed.json").write_text('{"holder": "Ada", "parcel": "1"}')
    deed = str(tmp_path / "deed.json")
    registered = muniment("register", "land-deed", deed, "--source-id", "1", reads=named.reads)
    assert registered.code == 0, registered.err
    assert muniment("show", "1", "--purpose", "complaint 7", reads=named.reads).code == 0
    sealing = muniment("journal", "seal", "--reads", reads=named.reads)
    assert sealing.code == 0, sealing.err
    told = muniment("history", "1", "--json", reads=named.reads).json
    [act], [read] = told["acts"], told["reads"]
    assert act["act"] == "registered"
    assert (read["read"], read["purpose"], read["index"]) == ("shown", "complaint 7", 0)
    shown = muniment("history", "1", reads=named.reads).out.splitlines()
    assert [line.split()[2] for line in shown[1:]] == ["act", "read"]
    assert (
        muniment("journal", "status", "--reads", "--json", reads=named.reads).json["journal"] == 1
    )
