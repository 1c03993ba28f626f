# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""`muniment sync`: an SQLite register that is followed while others write it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.command_line import Answer, Muniment, muniment  # noqa: F401
from tests.chain.test_journal_commands import command  # noqa: F401

MAP = """
source_id = "{id}"
[fields]
holder = "holder"
parcel = "parcel"
[sync]
table = "deed"
"""
WATERMARK = MAP + 'watermark = "changed"\noverlap = 2\n'


class Register:
    """The source: a table of deeds, each row with the number of its last change."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "register.db"
        self.changes = 0
        self.run(
            "CREATE TABLE deed (id INTEGER PRIMARY KEY, holder TEXT, parcel TEXT, changed INTEGER)"
        )

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def run(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.path, timeout=60)) as connection, connection:
            connection.execute(statement, values)

    def put(self, number: int, holder: str, changed: int | None = None) -> None:
        self.changes += 1
        row = (number, holder, f"{number}/7", self.changes if changed is None else changed)
        self.run("INSERT OR REPLACE INTO deed VALUES (?, ?, ?, ?)", *row)

    def fill(self, count: int) -> None:
        for number in range(1, count + 1):
            self.put(number, f"Holder {number}")


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(tmp_path)


def followed(
    command: Muniment, register: Register, mapping: str, *more: str, code: int = 0
) -> Answer:
    """What a pass ends with."""
    path = register.path.with_name("map.toml")
    path.write_text(mapping)
    answer = command(
        *("sync", "land-deed", register.url, "--map", str(path), "--json", *more),
    )
    assert answer.code == code, answer.err
    return answer


def tally(answer: Answer) -> dict[str, int]:
    return {name: count for name, count in answer.json.items() if type(count) is int and count}


def holder(command: Muniment, source_id: str) -> str:
    return str(command("show", source_id, "--json").json["content"]["holder"])


def test_table__is_followed_row_by_row(command: Muniment, register: Register) -> None:
    register.fill(6)
    counted = followed(command, register, MAP, "--dry-run")
    assert tally(counted) == {"rows": 6, "new": 6}
    first = followed(command, register, MAP)
    assert tally(first) == {"rows": 6, "new": 6}
    assert command("journal", "status", "--json").json["provable"] == 6
    register.put(2, "Another")
    register.put(7, "Holder 7")
    register.run("DELETE FROM deed WHERE id = 5")
    counted = followed(command, register, MAP, "--dry-run")
    wanted = {"rows": 6, "new": 1, "changed": 1, "unchanged": 4, "vanished": 1}
    assert tally(counted) == wanted
    assert tally(followed(command, register, MAP)) == wanted
    assert (holder(command, "2"), holder(command, "7")) == ("Another", "Holder 7")
    chain = command("show", "2", "--json").json["chain"]
    assert (chain["status"], chain["version"]) == ("in_force", 2)
    [row] = command("sync", "vanished", "--json").json
    assert (row["source_id"], row["decision"]) == ("5", None)
    assert command("show", "5", "--json").json["content"]["holder"] == "Holder 5"
    assert tally(followed(command, register, MAP)) == {"rows": 6, "unchanged": 6}
    checked = command("fsck")
    assert checked.code == 0, checked.out
