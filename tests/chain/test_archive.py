# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Records are handed over to an archive: a bag that others' tools read, and evidence that holds."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import bagit
import prov.model
import pytest
from web3 import HTTPProvider

from muniment.analysis import archive as archiving
from muniment.analysis.archive import archive
from muniment.analysis.selection import records_of_type
from muniment.errors import InvalidInputError, StoreError
from muniment.record.canonical import parse_canonical
from muniment.registry import Access, Registry, journals
from muniment.registry.access_entries import history
from muniment.registry.erasing import erase_disposed
from muniment.registry.profile import JournalProfile
from muniment.registry.session import address_in
from tests.chain.agency import Open, opened, sealer  # noqa: F401
from tests.chain.command_line import Answer, Muniment, content, muniment  # noqa: F401
from tests.chain.conftest import World
from tests.chain.test_access_entries import Officers, officer, registrar  # noqa: F401
from tests.chain.test_journals import imported, seal, write

SCAN = b"%PDF a deed"


@pytest.fixture
def deeds(muniment: Muniment, tmp_path: Path, world: World) -> Muniment:
    """An agency with two deeds: one with a file and two versions, one that was revoked."""
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(SCAN)
    attached = ("--attach", f"scan={scan}")
    for number, more in (("1", attached), ("2", ())):
        made = muniment("register", "land-deed", content(tmp_path), "--source-id", number, *more)
        assert made.code == 0, made.err
    changed = content(tmp_path, holder="Eve & <sons>")
    assert muniment("amend", "1", changed, *attached).code == 0
    assert muniment("revoke", "2", "--reason", "error").code == 0
    world.connection.request("anvil_mine", ["0x3"])
    return muniment


def with_journal(opened: Open, folder: Path) -> Registry:
    admin, key = opened("agency_admin"), sealer(folder)
    admin.wait([admin.add_officer("operator", address_in(key))])
    admin.wait([journals.open_journal(admin.session)])
    profile = JournalProfile(1, key, entries=100_000, seconds=1)
    return opened("registrar", operators=True, journal=profile)


def verified(command: Muniment, file: Path, trust: Path, *more: str) -> Answer:
    return command("verify", str(file), "--trust", str(trust), "--json", *more)


def test_bag__is_whole_and_its_evidence_verifies(deeds: Muniment, tmp_path: Path) -> None:
    bag, trust = tmp_path / "bag", tmp_path / "trust.toml"
    done = deeds("archive", "1", "2", "-o", str(bag), "--json")
    assert done.code == 0, done.err
    assert done.json["records"] == 2
    assert done.json["left_out"] == done.json["absent_versions"] == 0
    read = bagit.Bag(str(bag))
    read.validate()
    assert read.info["Source-Organization"] == "Aviation"
    count, size = read.info["Payload-Oxum"].split(".")[::-1]
    assert (done.json["files"], done.json["bytes"]) == (int(count), int(size))
    assert deeds("trust", "make", str(trust)).code == 0
    folders = sorted((bag / "data/records").iterdir())
    assert len(folders) == 2
    outcomes = {}
    for folder in folders:
        told = json.loads((folder / "record.json").read_text())
        assert told["record"] == f"0x{folder.name}"
        for version in told["versions"]:
            answer = verified(deeds, bag / "data" / version["evidence"], trust)
            outcomes[told["source_id"], version["version"]] = answer.code
            written = (bag / "data" / version["content"]).read_bytes()
            # What the archive has is what the evidence shows, byte for byte canonical.
            assert parse_canonical(written) == answer.json["fields"]
            assert version["commitment"].startswith("0x")
            schema = (bag / "data" / version["schema"]).read_bytes()
            assert json.loads(schema)["type"] == "object"
        with (folder / "provenance.json").open() as reader:
            document = prov.model.ProvDocument.deserialize(reader, format="json")
        assert len(list(document.get_records(prov.model.ProvActivity))) == 2
        assert "<svg" in (folder / "life.svg").read_text()
    assert outcomes == {("1", 1): 12, ("1", 2): 0, ("2", 1): 13}


def test_files__are_named_by_the_evidence(deeds: Muniment, tmp_path: Path) -> None:
    bag, trust = tmp_path / "bag", tmp_path / "trust.toml"
    assert deeds("archive", "1", "-o", str(bag)).code == 0
    assert deeds("trust", "make", str(trust)).code == 0
    scans = sorted(bag.rglob("*.pdf"))
    assert [each.read_bytes() for each in scans] == [SCAN, SCAN]
    [told] = [json.loads(each.read_text()) for each in bag.rglob("record.json")]
    [file] = told["versions"][1]["files"]
    assert file["digest"] == f"sha256:{hashlib.sha256(SCAN).hexdigest()}"
    evidence = bag / "data" / told["versions"][1]["evidence"]
    answer = verified(deeds, evidence, trust, "--document", str(bag / "data" / file["path"]))
    assert (answer.code, answer.json["document"]) == (0, "scan")


def test_page_and_text__say_how_to_verify_and_what_is_not_proven(
    deeds: Muniment, tmp_path: Path
) -> None:
    bag = tmp_path / "bag"
    assert deeds("archive", "--type", "land-deed", "-o", str(bag)).code == 0
    page, text = (bag / "data/index.html").read_text(), (bag / "data/README.txt").read_text()
    for shown in (page, text):
        for words in (
            "sha256sum --check manifest-sha256.txt",
            "cd data/records/",
            "muniment verify evidence/version-",
            "--document files/version-2/",
            "What is not proven",
            "from whoever",
        ):
            assert words in shown, words
    # The command that the text shows is one that works.
    [folder] = {line.split()[1] for line in text.splitlines() if line.strip().startswith("cd ")}
    [command] = {line.split("muniment", 1)[1] for line in text.splitlines() if "--doc" in line}
    named = command.split()
    assert (bag / folder / named[1]).is_file()
    assert (bag / folder / named[-1]).is_file()
    assert "http" not in page, "the page needs nothing from elsewhere"
    links = [part.split('"')[0] for part in page.split('href="')[1:]]
    assert len(links) > 8
    assert all((bag / "data" / each).is_file() for each in links)


def test_failure__leaves_nothing(
    registrar: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = registrar.record_id("1"), registrar.record_id("2")
    before = set(tmp_path.iterdir())
    monkeypatch.setattr(archiving, "provenance", fail)
    with pytest.raises(OSError, match="full"):
        archive(registrar, [first, second], tmp_path / "bag")
    assert set(tmp_path.iterdir()) == before
    monkeypatch.undo()
    # The disk gives back other bytes than it was given.
    monkeypatch.setattr(bagit.Bag, "validate", fail)
    with pytest.raises(OSError, match="full"):
        archive(registrar, [first], tmp_path / "bag")
    assert set(tmp_path.iterdir()) == before


def fail(*_: object) -> None:
    raise OSError(28, "disk full")


def test_target_that_exists__is_refused_and_untouched(registrar: Registry, tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    bag.mkdir()
    (bag / "mine").write_text("kept")
    with pytest.raises(InvalidInputError, match="there"):
        archive(registrar, [registrar.record_id("1")], bag)
    assert (bag / "mine").read_text() == "kept"
    with pytest.raises(InvalidInputError, match="none"):
        archive(registrar, [], tmp_path / "other")
    with pytest.raises(InvalidInputError, match="nowhere"):
        archive(registrar, [registrar.record_id("1")], tmp_path / "nowhere" / "bag")


def test_handing_over__leaves_access_entries(registrar: Registry, tmp_path: Path) -> None:
    second = registrar.record_id("2")
    archive(registrar, [second], tmp_path / "bag", access=Access("transfer list 7", reader="Grace"))
    (read,) = history(registrar.session, second)
    assert (read.act, read.version, read.purpose) == ("exported", 1, "transfer list 7")


def test_acts_that_are_not_final__are_not_handed_over(
    registrar: Registry, tmp_path: Path, world: World
) -> None:
    first = registrar.record_id("1")
    registrar.revoke(first, "error").wait()
    assert records_of_type(registrar, "land-deed").left_out == 1
    with pytest.raises(StoreError, match="not final"):
        archive(registrar, [first], tmp_path / "bag")
    assert not (tmp_path / "bag").exists()
    world.connection.request("anvil_mine", ["0x3"])
    assert len(archive(registrar, [first], tmp_path / "bag").records) == 1


def test_register_of_a_journal__is_handed_over_by_its_entries(
    opened: Open, tmp_path: Path, world: World
) -> None:
    registry = with_journal(opened, tmp_path)
    imported(registry, write(tmp_path, 5))
    seal(registry)
    world.connection.request("anvil_mine", ["0x3"])
    chosen = records_of_type(registry, "land-deed")
    assert (len(chosen.record_ids), chosen.left_out) == (5, 0)
    done = archive(registry, chosen.record_ids, tmp_path / "bag")
    assert [each.versions[0].absent for each in done.records] == [None] * 5
    evidence = [each.read_bytes() for each in (tmp_path / "bag").rglob("version-1.json")]
    assert len(evidence) == 10, "five contents and five files of evidence"
    shown = (tmp_path / "bag/data" / done.records[0].folder / "life.svg").read_text()
    assert "Sealed: provable" in shown


def test_many_records__ask_a_node_hardly_more_than_one(
    registrar: Registry, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {"holder": "Ada", "parcel": "3"}
    names = [str(number) for number in range(3, 23)]
    made = [registrar.register("land-deed", content, source_id=each) for each in names]
    made[-1].wait()
    registrar.revoke(registrar.record_id("3"), "error").wait()
    world.connection.request("anvil_mine", ["0x3"])
    ids = [registrar.record_id(each) for each in ("1", "2", *names)]
    sent: list[object] = []
    for name in ("make_request", "make_batch_request"):
        real = getattr(HTTPProvider, name)

        def counted(*arguments: Any, real: Any = real) -> Any:
            sent.append(arguments)
            return real(*arguments)

        monkeypatch.setattr(HTTPProvider, name, counted)
    counts = []
    # What a session asks once goes with the first.
    for place, many in enumerate((ids[1:2], ids[:1], ids)):
        sent.clear()
        done = archive(registrar, many, tmp_path / f"bag-{place}")
        counts.append(len(sent))
        assert [len(each.versions) for each in done.records] == [1] * len(many)
    assert 0 < counts[1] <= counts[2] <= counts[1] + 2


def test_what_was_destroyed__is_named(
    deeds: Muniment, opened: Open, tmp_path: Path, world: World
) -> None:
    bag = tmp_path / "bag"
    world.connection.request("evm_increaseTime", ["0x15180"])
    world.connection.request("anvil_mine", ["0x1"])
    assert deeds("dispose", "1", "--propose", "list 7").code == 0
    assert deeds("dispose", "1", "--confirm", role="steward").code == 0
    world.connection.request("anvil_mine", ["0x3"])
    erase_disposed(opened("registrar", operators=True).session)
    done = deeds("archive", "1", "-o", str(bag), "--json")
    assert (done.code, done.json["absent_versions"]) == (0, 2), done.err
    assert "version 2: destroyed" in (bag / "data/README.txt").read_text()
    [told] = [json.loads(each.read_text()) for each in bag.rglob("record.json")]
    assert {each["absent"] for each in told["versions"]} == {"destroyed"}
    trust = tmp_path / "trust.toml"
    assert deeds("trust", "make", str(trust)).code == 0
    [trace] = bag.rglob("trace.json")
    assert verified(deeds, trace, trust).code == 14


def test_bad_input(deeds: Muniment, tmp_path: Path) -> None:
    bag = str(tmp_path / "bag")
    for arguments, words in (
        (["-o", bag], "none, or both"),
        (["1", "--type", "land-deed", "-o", bag], "none, or both"),
        (["--type", "dog-licence", "-o", bag], "record type"),
    ):
        refused = deeds("archive", *arguments)
        assert refused.code == 2
        assert words in refused.err
