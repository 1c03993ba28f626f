# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""The commands: payload on stdout, talk on stderr, documented exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from muniment.evidence import TrustFile
from muniment.registry import Profile
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.command_line import Muniment, content, muniment  # noqa: F401
from tests.chain.conftest import World


def test_day_of_an_agency(muniment: Muniment, tmp_path: Path, world: World) -> None:
    first = muniment("register", "land-deed", content(tmp_path), "--source-id", "1", "--json")
    assert first.code == 0
    assert first.json["stage"] == "provable"
    record = first.json["record"]
    same = muniment("register", "land-deed", content(tmp_path), "--source-id", "1", "--json")
    assert same.json["submission"] == first.json["submission"]
    other = muniment("register", "land-deed", content(tmp_path, holder="B"), "--source-id", "1")
    assert other.code == 9
    assert "'1' of 'land-register'" in other.err
    assert other.out == ""

    shown = muniment("show", "1", "--json").json
    assert (shown["record"], shown["content"]["holder"]) == (record, "Ada")
    found = muniment("find", "land-deed", "--field", "holder=ada", "--json").json
    assert [each["record"] for each in found] == [record]
    assert muniment("find", "land-deed", "--field", "holder=Nobody", "--json").json == []
    refused = muniment("find", "land-deed", "--field", "parcel=12/345")
    assert refused.code == 2
    assert "holder" in refused.err

    assert muniment("amend", "1", content(tmp_path, holder="Grace")).code == 0
    assert muniment("hold", "1", "--case", "K 7/26", role="hold_authority").code == 0
    held = muniment("revoke", "1", "--reason", "fraud")
    assert held.code == 5
    assert "Held" in held.err
    assert muniment("release", "1", "--case", "K 7/26", role="hold_authority").code == 0
    assert muniment("revoke", "1", "--reason", "fraud").code == 0
    acts = muniment("trace", "1", "--json").json["acts"]
    assert [each["act"] for each in acts] == [
        "registered",
        "amended",
        "held",
        "released",
        "revoked",
    ]
    assert muniment("find", "--state", "revoked", "--json").json[0]["record"] == record

    status = muniment("status", "--json").json
    assert status["outbox"].get("REFUSED") == 1
    assert muniment("fsck").code == 0
    del world


def test_evidence__verified_by_pinned_trust(
    muniment: Muniment, tmp_path: Path, world: World
) -> None:
    assert muniment("register", "land-deed", content(tmp_path), "--source-id", "1").code == 0
    world.connection.request("anvil_mine", ["0x3"])
    file, trust = str(tmp_path / "e.json"), str(tmp_path / "trust.toml")
    assert muniment("evidence", "1", "--field", "parcel", "-o", file).code == 0
    assert muniment("trust", "make", trust).code == 0
    nothing = muniment("verify", file)
    assert nothing.code == 2
    assert "none is pinned" in nothing.err
    unconfirmed = muniment("trust", "pin", trust)
    assert unconfirmed.code == 2
    wrong = muniment("trust", "pin", trust, "--fingerprint", "00" * 32)
    assert wrong.code == 2
    fingerprint = muniment("trust", "show", trust, "--json").json["fingerprint"]
    assert muniment("trust", "pin", trust, "--fingerprint", fingerprint).code == 0
    valid = muniment("verify", file, "--json")
    assert valid.code == 0
    assert valid.json["fields"] == {"parcel": "12/345"}
    assert "Ada" not in Path(file).read_text()

    changed = tmp_path / "changed.json"
    changed.write_bytes(Path(file).read_bytes().replace(b"12/345", b"12/346"))
    invalid = muniment("verify", str(changed), "--json")
    assert (invalid.code, invalid.json["step"]) == (10, 9)
    expired = tmp_path / "expired.toml"
    expired.write_text(Path(trust).read_text().replace("2027", "2020").replace("2028", "2020"))
    assert TrustFile.from_bytes(expired.read_bytes()).expires < 1_700_000_000
    unknown = muniment("verify", file, "--trust", str(expired))
    assert unknown.code == 15
    assert "expired" in unknown.out
    elsewhere = tmp_path / "elsewhere.toml"
    registry = world.registries.records.address.lower()
    elsewhere.write_text(Path(trust).read_text().replace(registry, "0x" + "11" * 20))
    assert muniment("verify", file, "--trust", str(elsewhere)).code == 15


def test_evidence_with_commands_to_a_terminal__is_shown_without_them(
    muniment: Muniment, tmp_path: Path, world: World
) -> None:
    deed = content(tmp_path, holder="Ada\n  holds       0\x1b[2J")
    assert muniment("register", "land-deed", deed, "--source-id", "1").code == 0
    world.connection.request("anvil_mine", ["0x3"])
    file, trust = str(tmp_path / "deed.evidence.json"), str(tmp_path / "now.toml")
    assert muniment("evidence", "1", "--field", "holder", "-o", file).code == 0
    assert muniment("trust", "make", trust).code == 0
    verified = muniment("verify", file, "--trust", trust)
    assert verified.code == 0, verified.err
    for shown in (verified, muniment("show", "1")):
        assert "  holder: Ada\\n  holds       0\\x1b[2J\n" in shown.out


def test_import__reports_what_is_bad_and_does_the_rest(muniment: Muniment, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,holder,parcel\n1,A,1\n2,B\n3,,3\n4,D,4\n")
    (tmp_path / "map.toml").write_text(
        'source_id = "{id}"\n[fields]\nholder = "holder"\nparcel = "parcel"\n'
    )
    rows = ("import", "land-deed", str(tmp_path / "rows.csv"), "--map", str(tmp_path / "map.toml"))
    report = tmp_path / "report.ndjson"
    done = muniment(*rows, "--report", str(report), "--json")
    assert done.code == 17
    assert (done.json["registered"], done.json["reported"]) == (2, 2)
    told = [json.loads(line) for line in report.read_text().splitlines()]
    assert [each["line"] for each in told] == [3, 4]
    assert "holder" in told[1]["reason"]
    again = muniment(*rows, "--json", "--report", str(tmp_path / "again.ndjson"))
    assert (again.json["registered"], again.json["unchanged"]) == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("show", "no such"), 0, "no content of record"),
        (("show", "0x12"), 2, "64 hex digits"),
        (("register", "permit", "-", "--source-id", "1"), 2, "permit"),
        (("find", "--state", "lost"), 2, "lost"),
        (("evidence", "1", "2"), 2, "--bundle"),
        (("evidence", "never"), 0, ""),
        (("verify", "/nowhere"), 2, "/nowhere"),
        (("trust", "show", "/nowhere"), 2, "/nowhere"),
        (("import", "land-deed", "/nowhere.csv", "--source-id", "{id}"), 2, "nowhere"),
        (("outbox", "retry", "99"), 2, "99"),
        (("agency", "add", "king", "0x" + "11" * 20), 2, "king"),
        (("nothing",), 2, "nothing"),
    ],
)
def test_bad_input__names_what_is_wrong(
    muniment: Muniment, arguments: tuple[str, ...], code: int, told: str
) -> None:
    answer = muniment(*arguments, given="{}")
    assert answer.code == code
    assert told in answer.err + answer.out
    assert "Traceback" not in answer.err


def test_wrong_key_store__is_refused(muniment: Muniment, tmp_path: Path) -> None:
    muniment("status")
    (tmp_path / "key").chmod(0o600)
    whole = (tmp_path / "key").read_bytes()
    (tmp_path / "key").write_bytes(b"x" * 32)
    answer = muniment("register", "land-deed", content(tmp_path), "--source-id", "1")
    (tmp_path / "key").write_bytes(whole)
    assert answer.code == 6


def test_node_away__is_exit_code_4(muniment: Muniment, tmp_path: Path) -> None:
    muniment("status")
    path = tmp_path / "profile.toml"
    text = path.read_text()
    away = tmp_path / "away.toml"
    away.write_text(text.replace(Profile.load(path).chain.urls[0], "http://127.0.0.1:9"))
    assert muniment("trace", "1", "--profile", str(away)).code == 4
    assert muniment("status", "--profile", str(away)).code == 4
    told = muniment(
        "register",
        "land-deed",
        content(tmp_path),
        "--source-id",
        "1",
        "--profile",
        str(away),
        "--wait",
        "acknowledged",
        "--json",
    )
    assert (told.code, told.json["stage"]) == (0, "acknowledged")
