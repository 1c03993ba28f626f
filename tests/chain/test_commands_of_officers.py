# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""The commands for documents, custody, disposition, officers, types and keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.chain.agency import SCHEMA, Open, opened  # noqa: F401
from tests.chain.command_line import Muniment, content, muniment  # noqa: F401
from tests.chain.conftest import World

DAY = 86_400


def later(world: World, days: int) -> None:
    world.connection.request("evm_increaseTime", [days * DAY])
    world.connection.request("anvil_mine", ["0x3"])


def test_documents(muniment: Muniment, tmp_path: Path, world: World) -> None:
    deed, plan = tmp_path / "deed.pdf", tmp_path / "plan.tif"
    deed.write_bytes(bytes(range(256)) * 5000)
    plan.write_bytes(b"a plan")
    attached = ("--attach", f"scan={deed}", "--attach", f"plan={plan}")
    done = muniment("register", "land-deed", content(tmp_path), "--source-id", "1", *attached)
    assert done.code == 0
    shown = muniment("show", "1", "--json").json["content"]
    assert shown["scan"]["length"] == len(deed.read_bytes())
    out = tmp_path / "out.pdf"
    assert muniment("show", "1", "--extract", "scan", "-o", str(out)).code == 0
    assert out.read_bytes() == deed.read_bytes()
    none = muniment("show", "1", "--extract", "photograph")
    assert none.code == 2
    assert "photograph" in none.err

    world.connection.request("anvil_mine", ["0x3"])
    file, trust = str(tmp_path / "deed.json"), str(tmp_path / "trust.toml")
    assert muniment("evidence", "1", "--field", "scan", "-o", file).code == 0
    assert muniment("trust", "make", trust).code == 0
    verified = ("verify", file, "--trust", trust, "--document")
    assert muniment(*verified, str(deed)).code == 0
    changed = {
        "truncated": deed.read_bytes()[:-1],
        "reordered": deed.read_bytes()[::-1],
        "swapped": plan.read_bytes(),
    }
    for name, data in changed.items():
        (tmp_path / name).write_bytes(data)
        answer = muniment(*verified, str(tmp_path / name))
        assert answer.code == 10, name
        assert "INVALID" in answer.out


def test_custody_and_supersession(muniment: Muniment, tmp_path: Path) -> None:
    for number in "123":
        deed = content(tmp_path, parcel=number)
        assert muniment("register", "land-deed", deed, "--source-id", number).code == 0
    record = muniment("show", "1", "--json").json["record"]
    assert muniment("offer", "1", "--to", "2", role="steward").code == 0
    assert muniment("withdraw", "1", role="steward").code == 0
    assert muniment("offer", "1", "--to", "2", role="steward").code == 0
    assert muniment("decline", record, role="other_steward").code == 0
    assert muniment("offer", "1", "--to", "2", role="steward").code == 0
    bare = muniment("accept", record, role="other_steward")
    assert (bare.code, "--without-content" in bare.err) == (2, True)
    assert muniment("accept", record, "--without-content", role="other_steward").code == 0
    chain = muniment("show", "1", "--json").json["chain"]
    assert (chain["custodian"], chain["offered_to"]) == (2, None)
    gone = muniment("amend", "1", content(tmp_path, holder="Grace"))
    assert gone.code == 18
    assert muniment("supersede", "2", "3").code == 0
    assert muniment("show", "2", "--json").json["chain"]["status"] == "superseded"
    replacement = muniment("trace", "2", "--json").json["acts"][-1]["replacement"]
    assert replacement == muniment("show", "3", "--json").json["record"]
    assert f"superseded by record {replacement}\n" in muniment("trace", "2").out
    again = muniment("supersede", "2", "3")
    assert again.code == 5
    assert "WrongStatus" in again.err


def test_disposition(muniment: Muniment, tmp_path: Path, world: World) -> None:
    muniment("register", "land-deed", content(tmp_path), "--source-id", "1")
    early = muniment("dispose", "1", "--propose", "schedule 4")
    assert early.code == 17
    assert "retained until" in early.err
    later(world, 2)
    [due] = muniment("dispose", "--due", "--json").json
    assert (due["stops"], due["status"]) == ([], "in_force")
    assert due["record"] in muniment("dispose", "--due").out
    assert muniment("dispose", "1", "--propose", "schedule 4", "--expect", "2").code == 2
    assert muniment("dispose", "1", "--propose", "schedule 4").code == 0
    alone = muniment("dispose", "1", "--confirm")
    assert alone.code == 17
    assert "another officer" in alone.err
    assert muniment("dispose", "1", "--confirm", role="steward").code == 0
    assert muniment("show", "1", "--json").json["chain"]["status"] == "disposed"
    for arguments in ((), ("1",), ("1", "--due"), ("--due", "--confirm"), ("1", "--all-due")):
        answer = muniment("dispose", *arguments)
        assert answer.code == 2, arguments
    assert "--propose" in muniment("dispose", "1").err


def test_disposition_of_all_that_is_due(muniment: Muniment, tmp_path: Path, world: World) -> None:
    for number in "123":
        deed = content(tmp_path, parcel=number)
        assert muniment("register", "land-deed", deed, "--source-id", number).code == 0
    later(world, 2)
    muniment("hold", "2", "--case", "K 1", role="hold_authority")
    proposed = muniment("dispose", "--all-due", "--propose", "schedule 4", "--json")
    assert proposed.code == 17
    assert proposed.json["records"] == 2
    [stop] = proposed.json["stopped"]
    assert stop["kind"] == "held"
    again = muniment("dispose", "--all-due", "--propose", "schedule 4", "--json")
    assert (again.json["records"], again.json["already"]) == (0, 2)
    confirmed = muniment("dispose", "--all-due", "--confirm", "--json", role="steward")
    assert confirmed.code == 17
    assert confirmed.json["records"] == 2
    assert muniment("show", "1", "--json").json["chain"]["status"] == "disposed"
    assert muniment("show", "2", "--json").json["chain"]["status"] == "in_force"


def test_officers(muniment: Muniment, world: World) -> None:
    def registrars() -> list[str]:
        officers = muniment("agency", "list", "--json").json
        return sorted(each["account"].lower() for each in officers if each["role"] == "registrar")

    newcomer, other = "0x" + "11" * 20, "0x" + "22" * 20
    [before] = registrars()
    assert muniment("agency", "add", "registrar", newcomer, role="agency_admin").code == 0
    assert registrars() == sorted([before, newcomer])
    assert (
        muniment(
            "agency", "replace", "registrar", newcomer, "--by", other, role="agency_admin"
        ).code
        == 0
    )
    assert muniment("agency", "remove", "registrar", other, role="agency_admin").code == 0
    assert registrars() == [before]
    refused = muniment("agency", "add", "registrar", newcomer)
    assert refused.code == 5
    bad = muniment("agency", "add", "registrar", "0x12", role="agency_admin")
    assert bad.code == 2
    assert "0x12" in bad.err

    assert muniment("agency", "schedule-admin", "1", newcomer, role="registry_admin").code == 0
    assert muniment("agency", "cancel-admin", "1", role="agency_admin").code == 0
    assert muniment("agency", "execute-admin", "1", role="registry_admin").code == 5
    assert muniment("agency", "schedule-admin", "1", newcomer, role="registry_admin").code == 0
    later(world, 8)
    assert muniment("agency", "execute-admin", "1", role="registry_admin").code == 0
    officers = muniment("agency", "list", "--json").json
    assert [(each["role"], each["account"].lower()) for each in officers] == [("admin", newcomer)]


def test_types(muniment: Muniment, tmp_path: Path) -> None:
    schema = tmp_path / "deed.json"
    schema.write_text(json.dumps(SCHEMA))
    made = ("permit", str(schema), "--number", "3", "--searchable", "holder")
    publish = muniment("type", "publish", *made, role="agency_admin", given="")
    assert publish.code == 0
    again = muniment("type", "publish", *made, "--json", role="agency_admin")
    assert (again.code, again.json) == (0, [])
    listed = muniment("type", "list", "--json").json
    assert [each["name"] for each in listed] == ["land-deed", "permit"]
    shown = muniment("type", "show", "permit", "--json").json
    assert shown["schema"] == SCHEMA
    assert json.loads(muniment("type", "show", "permit").out) == SCHEMA
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**SCHEMA, "required": ["holder"]}))
    differs = muniment("type", "add", "permit", str(other), "--number", "3")
    assert differs.code in (2, 9)
    assert muniment("register", "permit", content(tmp_path), "--source-id", "1").code == 0


def test_keys(muniment: Muniment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUNIMENT_RECOVERY_PASSPHRASE", "a passphrase of its own")
    muniment("register", "land-deed", content(tmp_path), "--source-id", "1")
    published = muniment("keys", "publish", "--json", role="agency_admin")
    assert published.code == 0
    assert muniment("keys", "publish", "--json", role="agency_admin").json == []
    assert muniment("keys", "rotate", "encryption", "--json").json["epoch"] == 2
    assert muniment("keys", "publish", role="agency_admin").code == 0
    copy = str(tmp_path / "copy")
    assert muniment("keys", "backup", copy, "--json").json == {"written": copy}
    drilled = muniment("keys", "drill", copy, "--json").json
    assert drilled["usable"] is True
    assert drilled["compared"] > 0
    (tmp_path / "root.json").unlink()
    assert muniment("show", "1").code == 6
    assert muniment("keys", "restore", copy, "--json").code == 0
    assert muniment("show", "1").code == 0
    rewrapped = muniment("keys", "rewrap", "--json").json
    assert rewrapped["secrets"] > 0
    assert muniment("show", "1").code == 0
    stale = muniment("keys", "drill", copy)
    assert stale.code == 6
    assert "NOT usable" in stale.out
    assert muniment("fsck", "--json").out == ""


def test_refused_and_sent_again(muniment: Muniment, tmp_path: Path) -> None:
    muniment("register", "land-deed", content(tmp_path), "--source-id", "1")
    muniment("hold", "1", "--case", "K 1", role="hold_authority")
    assert muniment("revoke", "1", "--reason", "fraud").code == 5
    [refused] = [
        each for each in muniment("outbox", "list", "--json").json if each["state"] == "REFUSED"
    ]
    assert "Held" in refused["refusal"]
    muniment("release", "1", "--case", "K 1", role="hold_authority")
    assert muniment("outbox", "retry", str(refused["submission"])).code == 0
    assert muniment("show", "1", "--json").json["chain"]["status"] == "revoked"
    assert muniment("outbox", "flush", "--json").json["submissions"] == 0


def test_rebuild(muniment: Muniment, tmp_path: Path, world: World) -> None:
    muniment("register", "land-deed", content(tmp_path), "--source-id", "1")
    world.connection.request("anvil_mine", ["0x3"])
    assert muniment("outbox", "flush", "--final").code == 0
    before = muniment("find", "land-deed", "--field", "holder=ada", "--json").json
    for file in tmp_path.glob("muniment.db*"):
        file.unlink()
    assert muniment("rebuild", "--yes").code == 0
    assert muniment("find", "land-deed", "--field", "holder=ada", "--json").json == before
    assert muniment("fsck").code == 0
