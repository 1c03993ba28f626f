# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""The journal by its commands: opened, imported into, sealed, acted on, closed, repudiated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from muniment.registry import Profile
from muniment.registry.session import address_in
from tests.chain.agency import Open, opened, sealer  # noqa: F401
from tests.chain.command_line import Answer, Muniment, muniment  # noqa: F401
from tests.chain.conftest import World

MAP = 'source_id = "{id}"\n[fields]\nholder = "holder"\nparcel = "parcel"\n'


@pytest.fixture
def command(muniment: Muniment, opened: Open, tmp_path: Path) -> Muniment:
    """Commands of an agency with an open journal."""
    keystore = sealer(tmp_path)
    assert (
        muniment("agency", "add", "operator", address_in(keystore), role="agency_admin").code == 0
    )
    # The profile that is written anew for each role must name the journal too.
    opening = muniment("journal", "open", "--sealer", str(keystore), role="agency_admin")
    assert opening.code == 0, opening.err
    journal = Profile.load(tmp_path / "profile.toml").journal
    assert journal is not None
    return lambda *arguments, **more: muniment(*arguments, journal=journal, **more)


def write(folder: Path, rows: list[str]) -> tuple[str, str]:
    (folder / "rows.csv").write_text("\n".join(["id,holder,parcel", *rows]) + "\n")
    (folder / "map.toml").write_text(MAP)
    return str(folder / "rows.csv"), str(folder / "map.toml")


def imported(command: Muniment, folder: Path, rows: list[str], *more: str) -> Answer:
    file, mapping = write(folder, rows)
    return command("import", "land-deed", file, "--map", mapping, "--json", *more)


def rows_of(count: int, **other: str) -> list[str]:
    return [f"{i},{other.get(f'r{i}', f'Holder {i}')},{i}/7" for i in range(count)]


def test_import__is_sealed_found_and_acted_on(command: Muniment, tmp_path: Path) -> None:
    done = imported(command, tmp_path, rows_of(40))
    assert done.code == 0, done.err
    assert done.json["registered"] == 40
    status = command("journal", "status", "--json").json
    assert (status["acknowledged"], status["provable"]) == (40, 40)
    assert command("show", "7", "--json").json["content"]["holder"] == "Holder 7"
    [found] = command("find", "land-deed", "--field", "holder=holder 7", "--json").json
    assert command("revoke", "7", "--reason", "fraud").code == 0
    acts = command("trace", "7", "--json").json["acts"]
    assert [each["act"] for each in acts] == ["enrolled", "revoked"]
    assert command("show", found["record"], "--json").json["chain"]["status"] == "revoked"
    same = imported(command, tmp_path, rows_of(40))
    assert (same.json["registered"], same.json["unchanged"]) == (0, 40)


def test_import__of_changed_rows(command: Muniment, tmp_path: Path) -> None:
    imported(command, tmp_path, rows_of(5))
    report = tmp_path / "report.ndjson"
    changed = rows_of(6, r2="Another")
    told = imported(command, tmp_path, changed, "--report", str(report))
    assert told.code == 17
    assert told.json == {
        "rows": 6,
        "registered": 1,
        "unchanged": 4,
        "amended": 0,
        "reported": 1,
    }
    [line] = [json.loads(each) for each in report.read_text().splitlines()]
    assert (line["number"], line["source_id"]) == (3, "2")
    again = imported(command, tmp_path, changed, "--report", str(tmp_path / "again.ndjson"))
    assert (again.json["unchanged"], again.json["reported"]) == (5, 1)
    assert imported(command, tmp_path, changed, "--on-change", "refuse").code == 9
    counted = imported(command, tmp_path, changed, "--on-change", "amend", "--dry-run")
    assert counted.json["amended"] == 1
    amended = imported(command, tmp_path, changed, "--on-change", "amend", "--yes")
    assert amended.code == 0, amended.err
    assert amended.json["amended"] == 1
    assert command("show", "2", "--json").json["content"]["holder"] == "Another"
    chain = command("show", "2", "--json").json["chain"]
    assert (chain["status"], chain["version"]) == ("in_force", 2)


def test_changed_row_with_a_file__is_amended_with_it(command: Muniment, tmp_path: Path) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text(MAP + 'scan = { column = "scan", kind = "file" }\n')
    for name, text in (("1.txt", "first"), ("2.txt", "second")):
        (tmp_path / name).write_text(text)

    def run(*rows: str) -> Answer:
        file = tmp_path / "rows.csv"
        file.write_text("\n".join(["id,holder,parcel,scan", *rows]) + "\n")
        way = ("--map", str(mapping), "--on-change", "amend", "--yes", "--json")
        return command("import", "land-deed", str(file), *way)

    assert run("1,Ada,1/7,1.txt", "2,Grace,2/7,1.txt").json["registered"] == 2
    amended = run("1,Ada,1/7,1.txt", "2,Another,2/7,2.txt")
    assert amended.code == 0, amended.err
    assert (amended.json["unchanged"], amended.json["amended"]) == (1, 1)
    out = tmp_path / "extracted"
    assert command("show", "2", "--extract", "scan", "-o", str(out)).code == 0
    assert out.read_text() == "second"
    # The path is the same, what lies there is not.
    (tmp_path / "2.txt").write_text("third")
    assert run("2,Another,2/7,2.txt").json["amended"] == 1
    assert run("2,Another,2/7,2.txt").json["unchanged"] == 1


def test_poison_rows__are_reported_and_the_others_go_through(
    command: Muniment, tmp_path: Path
) -> None:
    report = tmp_path / "bad.ndjson"
    bad = [*rows_of(10), "11,,", "12,x", "0,Twice,0"]
    told = imported(command, tmp_path, bad, "--report", str(report))
    assert told.code == 17
    assert told.json["registered"] == 10
    numbers = [json.loads(each)["number"] for each in report.read_text().splitlines()]
    assert numbers == [11, 12, 13]
    file, mapping = write(tmp_path, bad)
    retried = command(
        "import", "land-deed", file, "--map", mapping, "--json", "--retry", str(report)
    )
    assert (retried.json["registered"], retried.json["reported"]) == (0, 3)


def test_direct__goes_by_transactions(command: Muniment, tmp_path: Path) -> None:
    done = imported(command, tmp_path, rows_of(3), "--direct")
    assert done.json["registered"] == 3
    assert command("show", "1", "--json").json["chain"]["status"] == "in_force"
    assert command("journal", "status", "--json").json["acknowledged"] == 0
    # What is registered directly is not appended too.
    again = imported(command, tmp_path, rows_of(4))
    assert (again.json["registered"], again.json["unchanged"]) == (1, 3)


@pytest.mark.parametrize("way", [[], ["--direct"]], ids=["by_the_journal", "directly"])
def test_register_with_records_that_were_destroyed__goes_through_without_them(
    command: Muniment, tmp_path: Path, world: World, way: list[str]
) -> None:
    for number, first in enumerate(([], ["--direct"])):
        rows = [f"{number},Holder {number},{number}/7"]
        assert imported(command, tmp_path, rows, *first).code == 0
    # What came by the journal needs to be on chain to be disposed of.
    world.connection.request("evm_increaseTime", [hex(2 * 86_400)])
    world.connection.request("evm_mine", [])
    for number in ("0", "1"):
        assert command("dispose", number, "--propose", "schedule 4").code == 0
        assert command("dispose", number, "--confirm", role="steward").code == 0
    world.connection.request("anvil_mine", ["0x3"])
    assert command("show", "0", "--json").json["chain"]["status"] == "disposed"
    report = tmp_path / "report.ndjson"
    for options in (["--dry-run"], ["--on-change", "amend", "--yes"], []):
        done = imported(command, tmp_path, rows_of(3), *way, "--report", str(report), *options)
        assert done.code == 17, done.err
        assert done.json["reported"] == 2, options
        assert done.json["registered"] + done.json["unchanged"] == 1
        reasons = [json.loads(each)["reason"] for each in report.read_text().splitlines()]
        assert all("disposed of" in each for each in reasons), reasons
    deed = tmp_path / "deed.json"
    deed.write_text('{"holder": "Holder 1", "parcel": "1/7"}')
    alone = command("register", "land-deed", str(deed), "--source-id", "1")
    assert (alone.code, "was destroyed" in alone.err) == (6, True), alone.err


def test_close_and_repudiate(command: Muniment, tmp_path: Path) -> None:
    imported(command, tmp_path, rows_of(6))
    assert command("journal", "close", "2", role="agency_admin").code == 5
    closed = command("journal", "repudiate", "1", "--from", "4", role="agency_admin")
    assert closed.code == 0, closed.err
    refused = command("revoke", "5", "--reason", "fraud")
    assert refused.code == 5
    assert "Repudiated" in refused.err
    assert command("revoke", "3", "--reason", "fraud").code == 0


def test_closed_and_opened_again__each_journal_proves_its_own(
    command: Muniment, muniment: Muniment, world: World, tmp_path: Path
) -> None:
    imported(command, tmp_path, rows_of(6))
    evidence, trust = tmp_path / "2.json", str(tmp_path / "trust.toml")
    assert command("journal", "close", "1", role="agency_admin").code == 0
    profile = tmp_path / "profile.toml"
    assert Profile.load(profile).journal is None
    # A key that seals nothing else, for the next one.
    keystore = sealer(tmp_path, 1)
    officer = address_in(keystore)
    assert muniment("agency", "add", "operator", officer, role="agency_admin").code == 0
    opening = muniment("journal", "open", "--sealer", str(keystore), role="agency_admin")
    assert opening.code == 0, opening.err
    journal = Profile.load(profile).journal
    assert journal is not None
    assert journal.number == 2
    file, mapping = write(tmp_path, rows_of(9))
    arguments = ("import", "land-deed", file, "--map", mapping, "--json")
    more = muniment(*arguments, journal=journal)
    assert more.code == 0, more.err
    # What stands in the first one is not entered a second time.
    assert (more.json["registered"], more.json["unchanged"]) == (3, 6)
    world.connection.request("anvil_mine", ["0x3"])
    assert muniment("trust", "make", trust, journal=journal).code == 0
    for record, number in (("2", 1), ("8", 2)):
        evidence = tmp_path / f"{record}.json"
        made = muniment("evidence", record, "-o", str(evidence), journal=journal)
        assert made.code == 0, made.err
        verdict = muniment("verify", str(evidence), "--trust", trust, "--json")
        assert (verdict.code, verdict.json["journal"]) == (0, number)
    assert muniment("revoke", "2", "--reason", "fraud", journal=journal).code == 0
    assert muniment("revoke", "8", "--reason", "fraud", journal=journal).code == 0
    # Of a disowned entry no evidence is made, and the other journal's stand.
    disowned = ("journal", "repudiate", "1", "--from", "4")
    assert muniment(*disowned, role="agency_admin", journal=journal).code == 0
    assert Profile.load(profile).journal == journal
    world.connection.request("anvil_mine", ["0x3"])
    refused = muniment("evidence", "5", journal=journal)
    assert refused.code != 0
    assert "disowned the entries of journal 1 from 4 on" in refused.err
    # Of a chain without validators' signatures a trust file names the block itself.
    trust = str(tmp_path / "later.toml")
    assert muniment("trust", "make", trust, journal=journal).code == 0
    for record in ("3", "7"):
        evidence = tmp_path / f"{record}.json"
        assert muniment("evidence", record, "-o", str(evidence), journal=journal).code == 0
        assert muniment("verify", str(evidence), "--trust", trust).code == 0
