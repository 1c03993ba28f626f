# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""`muniment sync`: an SQLite register that is followed while others write it."""

from __future__ import annotations

import itertools
import json
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muniment.registry import Registry
from tests.chain.agency import PASSWORD, opened  # noqa: F401
from tests.chain.command_line import Answer, Muniment, muniment  # noqa: F401
from tests.chain.conftest import World
from tests.chain.deeds import MAP, WATERMARK, Deeds, assert_followed
from tests.chain.forked import Forked
from tests.chain.killed_following import work
from tests.chain.test_journal_commands import command  # noqa: F401
from tests.chain.test_journal_kills import expired
from tests.chain.test_processes import environment, start, until

RETYPED = (
    "ALTER TABLE deed RENAME TO old; CREATE TABLE deed AS SELECT id, holder, "
    "CAST(parcel AS INT) AS parcel, changed FROM old"
)
Follow = Callable[..., Answer]


@pytest.fixture
def deeds(tmp_path: Path) -> Deeds:
    register = Deeds(f"sqlite:///{tmp_path}/register.db")
    register.make()
    return register


@pytest.fixture
def follow(command: Muniment, deeds: Deeds, tmp_path: Path) -> Follow:
    """Makes a pass by a mapping."""

    def run(mapping: str, *more: str, code: int = 0) -> Answer:
        path = tmp_path / "map.toml"
        path.write_text(mapping)
        answer = command("sync", "land-deed", deeds.url, "--map", str(path), "--json", *more)
        assert answer.code == code, answer.err
        return answer

    return run


def tally(answer: Answer) -> dict[str, int]:
    """The counts of a pass that are not nought."""
    return {name: count for name, count in answer.json.items() if type(count) is int and count}


def holder(command: Muniment, source_id: str) -> str:
    return str(command("show", source_id, "--json").json["content"]["holder"])


def reasons(path: Path) -> dict[str | None, str]:
    """What a report says, by source id."""
    lines = [json.loads(each) for each in path.read_text().splitlines()]
    return {each["source_id"]: each["reason"] for each in lines}


def test_table__is_followed_row_by_row(command: Muniment, deeds: Deeds, follow: Follow) -> None:
    deeds.fill(6)
    assert tally(follow(MAP, "--dry-run")) == {"rows": 6, "new": 6}
    assert command("sync", "status", "--json").json == []
    assert tally(follow(MAP)) == {"rows": 6, "new": 6}
    _, shown = command("sync", "status").out.splitlines()
    assert shown.split()[1:3] == ["6", "0"]
    assert command("journal", "status", "--json").json["provable"] == 6
    deeds.put(2, "Another")
    deeds.put(7, "Holder 7")
    deeds.remove(5)
    wanted = {"rows": 6, "new": 1, "changed": 1, "unchanged": 4, "vanished": 1}
    assert tally(follow(MAP, "--dry-run")) == wanted
    assert tally(follow(MAP)) == wanted
    assert (holder(command, "2"), holder(command, "7")) == ("Another", "Holder 7")
    chain = command("show", "2", "--json").json["chain"]
    assert (chain["status"], chain["version"]) == ("in_force", 2)
    # The record of what vanished is as it was.
    assert holder(command, "5") == "Holder 5"
    assert tally(follow(MAP)) == {"rows": 6, "unchanged": 6}
    checked = command("fsck")
    assert checked.code == 0, checked.out


def test_content_that_was_there_before__is_a_version_again(
    command: Muniment, deeds: Deeds, follow: Follow
) -> None:
    """An import takes a first version's content for nothing new; here the row says so now."""
    for name in ("Ada", "Grace", "Ada"):
        deeds.put(1, name)
        follow(MAP)
        assert holder(command, "1") == name
    assert command("show", "1", "--json").json["chain"]["version"] == 3


def test_direct__goes_by_transactions(command: Muniment, deeds: Deeds, follow: Follow) -> None:
    deeds.fill(3)
    assert tally(follow(MAP, "--direct")) == {"rows": 3, "new": 3}
    deeds.put(3, "Another")
    assert tally(follow(MAP, "--direct")) == {"rows": 3, "changed": 1, "unchanged": 2}
    assert command("show", "3", "--json").json["chain"]["version"] == 2
    assert command("journal", "status", "--json").json["acknowledged"] == 0


def test_register_that_was_imported_before__is_gone_on_with(
    command: Muniment, deeds: Deeds, follow: Follow, tmp_path: Path
) -> None:
    deeds.fill(4)
    (tmp_path / "import.toml").write_text(MAP.partition("[sync]")[0])
    query = ("--query", "SELECT * FROM deed ORDER BY id", "--map", str(tmp_path / "import.toml"))
    arguments = ("import", "land-deed", deeds.url, *query)
    assert command(*arguments).code == 0
    deeds.put(2, "Another")
    told = command(*arguments, "--on-change", "amend", "--dry-run")
    assert "0 would register, 3 unchanged, 1 would amend" in told.out
    wanted = {"rows": 4, "changed": 1, "unchanged": 3}
    assert tally(follow(MAP, "--dry-run")) == wanted
    assert tally(follow(MAP)) == wanted


# --- watermarks -----------------------------------------------------------------------------------


def test_watermark__reads_what_changed_and_the_overlap(
    command: Muniment, deeds: Deeds, follow: Follow
) -> None:
    mapping = WATERMARK + "overlap = 3\n"
    deeds.fill(20)
    assert follow(mapping).json["kind"] == "comparison"
    deeds.put(21, "Holder 21")
    deeds.put(3, "Another")
    # It was committed after others with higher numbers: the overlap finds it.
    deeds.put(30, "Late", changed=18)
    done = follow(mapping)
    assert done.json["kind"] == "watermark"
    # 17 to 22, and 18 twice.
    assert tally(done) == {"rows": 7, "new": 2, "changed": 1, "unchanged": 4}
    # Behind the overlap a comparison finds it, and says what that means; as what was deleted.
    deeds.put(31, "Too late", changed=2)
    deeds.remove(8)
    assert tally(follow(mapping)).keys() == {"rows", "unchanged"}
    compared = follow(mapping, "--compare")
    assert tally(compared) == {"rows": 22, "new": 1, "unchanged": 21, "vanished": 1}
    assert "1 rows changed behind the watermark" in compared.err


def test_row_without_watermark__is_read_in_each_pass(
    command: Muniment, deeds: Deeds, follow: Follow
) -> None:
    deeds.fill(5)
    deeds.run("INSERT INTO deed VALUES (9, 'Unmarked', '9/7', NULL)")
    mapping = WATERMARK + "overlap = 0\n"
    assert tally(follow(mapping)) == {"rows": 6, "new": 6}
    deeds.run("UPDATE deed SET holder = 'Another' WHERE id = 9")
    done = follow(mapping)
    assert tally(done) == {"rows": 2, "changed": 1, "unchanged": 1}
    assert "1 rows without a watermark" in done.err


def test_watermark_that_goes_back__is_told_and_all_is_compared(
    command: Muniment, deeds: Deeds, follow: Follow
) -> None:
    deeds.fill(9)
    follow(WATERMARK)
    deeds.run("UPDATE deed SET changed = changed - 9, holder = 'Restored' WHERE id > 6")
    done = follow(WATERMARK)
    assert "the watermark went back" in done.err
    assert tally(done) == {"rows": 9, "changed": 3, "unchanged": 6}
    # And goes on from there.
    deeds.put(1, "Another", changed=7)
    done = follow(WATERMARK + "overlap = 0\n")
    assert tally(done) == {"rows": 2, "changed": 1, "unchanged": 1}


# --- what vanished --------------------------------------------------------------------------------


def test_vanished_row_of_another_source_system__is_decided_of_by_its_source_id(
    command: Muniment, deeds: Deeds, follow: Follow
) -> None:
    deeds.fill(3)
    for system in ("land-register", "cadastre"):
        follow(f'source_system = "{system}"\n{MAP}')
    deeds.remove(1)
    follow(f'source_system = "land-register"\n{MAP}')
    assert command("sync", "decide", "1", "--keep").code == 0
    assert command("sync", "vanished", "--json").json == []
    follow(f'source_system = "cadastre"\n{MAP}')
    again = command("sync", "decide", "1", "--keep")
    assert (again.code, "in several syncs" in again.err) == (2, True), again.err
    [waits] = command("sync", "vanished", "--json").json
    assert command("sync", "decide", waits["record"], "--keep").code == 0


def test_vanished_rows__wait_for_a_decision(
    command: Muniment, deeds: Deeds, follow: Follow, world: World
) -> None:
    deeds.fill(6)
    follow(MAP)
    for number in (1, 2, 3, 4):
        deeds.remove(number)
    assert tally(follow(MAP))["vanished"] == 4
    # They are told once, and wait.
    assert tally(follow(MAP)) == {"rows": 2, "unchanged": 2}
    assert command("sync", "decide", "5", "--keep").code == 2
    assert command("sync", "decide", "1", "--keep").code == 0
    assert command("sync", "decide", "2", "--revoke", "ended").code == 0
    assert command("show", "2", "--json").json["chain"]["status"] == "revoked"
    # What may not be destroyed yet waits on.
    proposal = ("sync", "decide", "3", "--propose", "schedule 4")
    stopped = command(*proposal)
    assert (stopped.code, "retained until" in stopped.err) == (17, True), stopped.err
    assert "3" in {each["source_id"] for each in command("sync", "vanished", "--json").json}
    world.connection.request("evm_increaseTime", [hex(2 * 86_400)])
    world.connection.request("evm_mine", [])
    proposed = command(*proposal)
    assert proposed.code == 0, proposed.err
    assert [each["source_id"] for each in command("sync", "vanished", "--json").json] == ["4"]
    every = command("sync", "vanished", "--all", "--json").json
    assert {each["source_id"]: each["decision"] for each in every} == {
        "1": "keep",
        "2": "revoke",
        "3": "dispose",
        "4": None,
    }
    # A second time nothing is revoked again.
    assert command("sync", "decide", "2", "--revoke", "ended", "--json").json == []
    # What is there again is marked no longer; what was revoked says so when it is other.
    deeds.put(1, "Holder 1")
    deeds.put(4, "Changed")
    deeds.put(2, "Changed")
    done = follow(MAP, code=17)
    assert tally(done) == {"rows": 5, "changed": 1, "unchanged": 3, "back": 3, "reported": 1}
    [left] = command("sync", "vanished", "--all", "--json").json
    assert left["source_id"] == "3"


# --- trouble --------------------------------------------------------------------------------------


def test_key_that_comes_twice__is_reported_and_the_rest_goes_through(
    command: Muniment, deeds: Deeds, follow: Follow, tmp_path: Path
) -> None:
    deeds.run("DROP TABLE deed")
    deeds.make("NULL")
    deeds.fill(4)
    follow(MAP)
    deeds.run("INSERT INTO deed VALUES (2, 'Twin', '2/7', 9), (NULL, 'Nobody', '0', 9)")
    deeds.run("INSERT INTO deed VALUES (5, 'Five', '5/7', 9), (5, 'Six', '5/7', 9)")
    report = tmp_path / "bad.ndjson"
    done = follow(MAP, "--report", str(report), code=17)
    assert tally(done) == {"rows": 8, "unchanged": 3, "reported": 5}
    assert holder(command, "2") == "Holder 2"
    assert "comes twice" in reasons(report)["2"]
    assert "comes twice" in reasons(report)["5"]
    assert "empty" in reasons(report)[None]
    assert "Twin" not in report.read_text()
    # Which of them was meant is for the source to say; then they go through.
    deeds.run("DELETE FROM deed WHERE holder IN ('Twin', 'Six') OR id IS NULL")
    assert tally(follow(MAP)) == {"rows": 5, "new": 1, "unchanged": 4}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER TABLE deed DROP COLUMN parcel", "parcel"),
        ("DROP TABLE deed", "table deed is not one"),
        (RETYPED, "column 'parcel' was of TEXT"),
    ],
)
def test_source_that_is_not_what_it_was__is_an_error_and_nothing_is_taken(
    command: Muniment, deeds: Deeds, follow: Follow, change: str, told: str
) -> None:
    deeds.fill(3)
    follow(MAP)
    for statement in change.split("; "):
        deeds.run(statement)
    refused = follow(MAP, code=2)
    assert told in refused.err
    assert holder(command, "2") == "Holder 2"
    assert command("sync", "vanished", "--json").json == []


def test_change_that_is_meant__is_accepted(command: Muniment, deeds: Deeds, follow: Follow) -> None:
    deeds.fill(3)
    follow(MAP)
    other = MAP.replace(
        'parcel = "parcel"', 'parcel = { column = "parcel", values = { "2/7" = "2/8" } }'
    )
    assert "another mapping" in follow(other, code=2).err
    assert tally(follow(other, "--dry-run")) == {"rows": 3, "changed": 1, "unchanged": 2}
    accepted = follow(other, "--accept-changes")
    assert tally(accepted) == {"rows": 3, "changed": 1, "unchanged": 2}
    assert tally(follow(other)) == {"rows": 3, "unchanged": 3}
    deeds.run("ALTER TABLE deed ADD COLUMN remark TEXT")
    assert "column 'remark' is new" in follow(other).err
    assert follow(other).json["notices"] == []
    query = MAP.replace('table = "deed"', 'query = "SELECT * FROM deed WHERE id < 3"')
    assert "another table or query" in follow(query, code=2).err


@pytest.mark.parametrize(
    ("url", "mapping", "told"),
    [
        (None, MAP.replace("{id}", "{number}"), "source_id"),
        (None, MAP.replace('table = "deed"', ""), "either table or query"),
        (None, MAP + 'watermark = "nothing"\n', "'nothing', which it has not"),
        (None, MAP + 'watermark = "holder"\n', "sync watermark"),
        (None, MAP + 'key = ["holder"]\n', "the columns of source_id"),
        (None, MAP.replace("[sync]\n", "[sync]\ncolour = 1\n"), "sync.colour"),
        ("sqlite:////nowhere/at.db", MAP, "no such file"),
        ("mysql://reader:hush@127.0.0.1/deeds", MAP, "driver"),
        ("postgresql://reader:hush@127.0.0.1:1/deeds", MAP, "does not answer"),
    ],
)
def test_what_cannot_be_followed__is_an_error_that_says_why(
    command: Muniment, deeds: Deeds, tmp_path: Path, url: str | None, mapping: str, told: str
) -> None:
    deeds.fill(1)
    (tmp_path / "map.toml").write_text(mapping)
    answer = command("sync", "land-deed", url or deeds.url, "--map", str(tmp_path / "map.toml"))
    assert answer.code == (4 if ":1/" in (url or "") else 2), answer.err
    assert told in answer.err
    assert "next: " in answer.err or "expected" in answer.err
    assert "hush" not in answer.err
    assert command("sync", "vanished", "--json").json == []


def test_record_that_may_not_change__is_reported_and_tried_again(
    command: Muniment, deeds: Deeds, follow: Follow, tmp_path: Path
) -> None:
    deeds.fill(3)
    follow(MAP)
    report = tmp_path / "bad.ndjson"
    placed = command("hold", "1", "--case", "4 K 12/26", role="hold_authority")
    assert placed.code == 0, placed.err
    assert command("revoke", "2", "--reason", "fraud").code == 0
    for number in (1, 2, 3):
        deeds.put(number, "Another")
    assert tally(follow(MAP, "--report", str(report), code=17)) == {
        "rows": 3,
        "changed": 1,
        "reported": 2,
    }
    assert reasons(report) == {"1": "its record is held", "2": "its record is revoked"}
    assert command("release", "1", "--case", "4 K 12/26", role="hold_authority").code == 0
    assert tally(follow(MAP, code=17)) == {"rows": 3, "changed": 1, "unchanged": 1, "reported": 1}
    assert holder(command, "1") == "Another"


def test_row_that_the_type_refuses__is_reported_and_tried_again(
    command: Muniment, deeds: Deeds, follow: Follow, tmp_path: Path
) -> None:
    deeds.fill(2)
    follow(MAP)
    report = tmp_path / "bad.ndjson"
    deeds.run("INSERT INTO deed VALUES (3, NULL, '3/7', 3)")
    deeds.run("UPDATE deed SET parcel = NULL WHERE id = 1")
    done = follow(MAP, "--report", str(report), code=17)
    assert tally(done) == {"rows": 3, "unchanged": 1, "reported": 2}
    assert set(reasons(report)) == {"1", "3"}
    deeds.run("UPDATE deed SET holder = 'Three', parcel = '1/9'")
    assert tally(follow(MAP)) == {"rows": 3, "new": 1, "changed": 2}


# --- while others write ---------------------------------------------------------------------------


def passes(process: subprocess.Popen[str], count: int) -> list[dict[str, Any]]:
    """What the next passes of a process say."""
    assert process.stdout is not None
    return [json.loads(process.stdout.readline()) for _ in range(count)]


@pytest.mark.parametrize(
    ("mapping", "seed"),
    [(WATERMARK + "overlap = 5\n", 1), pytest.param(MAP, 2, marks=pytest.mark.slow)],
    ids=["watermark", "comparison"],
)
def test_killed_while_others_write__nothing_lost_nothing_twice(
    deeds: Deeds, follow: Follow, tmp_path: Path, mapping: str, seed: int
) -> None:
    deeds.fill(20)
    follow(mapping)
    with Registry.open(tmp_path / "profile.toml", password=PASSWORD) as registry:
        killed(registry, deeds, tmp_path, seed)
        follow(mapping, "--compare")
        assert_followed(registry, deeds)


def killed(registry: Registry, deeds: Deeds, folder: Path, seed: int) -> None:
    """Follow, be killed at some moments while others write, and go on until told to stop."""
    chance = random.Random(seed)
    mapping = str(folder / "map.toml")
    arguments = ("sync", "land-deed", deeds.url, "--map", mapping, "--json", "--every", "0.1")
    with deeds.written(30, seed):
        for _ in range(3):
            process = start(folder, *arguments)
            passes(process, 1)
            time.sleep(chance.uniform(0.0, 2.0))
            process.send_signal(signal.SIGKILL)
            process.wait()
            expired(registry)
        last = start(folder, *arguments)
        passes(last, 2)
    last.send_signal(signal.SIGTERM)
    _, said = last.communicate(timeout=60)
    assert (last.returncode, "stopped" in said) == (0, True), said


@pytest.mark.slow
@pytest.mark.parametrize("part", range(3))
def test_killed_after_every_commit__content_that_came_back_is_not_missed(
    deeds: Deeds, follow: Follow, tmp_path: Path, part: int
) -> None:
    """Each round a row is added, one is deleted and one changes, a pass is killed at one of its
    commits, and the changed row is as before when the next pass comes."""
    deeds.fill(3)
    follow(MAP)
    (tmp_path / "map.toml").write_text(MAP)
    with Registry.open(tmp_path / "profile.toml", password=PASSWORD) as registry:
        for round_, place in enumerate(itertools.count(1 + part, 3)):
            deeds.put(1, f"Changed {round_}")
            deeds.put(10 + round_, "New")
            deeds.remove(9 + round_)
            killed_at = worked(tmp_path, deeds, place)
            deeds.put(1, "Holder 1")
            expired(registry)
            again = worked(tmp_path, deeds, 0)
            assert again.returncode == 0, again.stderr
            assert_followed(registry, deeds)
            if killed_at.returncode == 0:
                break
            assert killed_at.returncode == -signal.SIGKILL, killed_at.stderr
    assert place > 4


def worked(folder: Path, deeds: Deeds, place: int) -> subprocess.CompletedProcess[str]:
    """A pass in a process of its own, which dies at a place."""
    arguments = (folder / "profile.toml", place, deeds.url, folder / "map.toml")
    return Forked(work, *arguments, environment=environment(folder)).ended(300)


def test_source_that_is_away__is_waited_for(
    command: Muniment, deeds: Deeds, follow: Follow, tmp_path: Path
) -> None:
    deeds.fill(3)
    follow(MAP)
    arguments = ("sync", "land-deed", deeds.url, "--map", str(tmp_path / "map.toml"), "--json")
    process = start(tmp_path, *arguments, "--every", "0.2")
    passes(process, 1)
    with deeds.engine.connect() as connection:
        # As another program does that rewrites its file.
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        assert process.stderr is not None
        assert "does not answer" in process.stderr.readline()
        connection.rollback()
    deeds.put(4, "Holder 4")
    until(lambda: passes(process, 1)[0]["new"], 60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert holder(command, "4") == "Holder 4"
