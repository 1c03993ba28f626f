# SPDX-License-Identifier: Apache-2.0

"""Custody with its content, by commands, as two agencies would do it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chain.agency import PASSWORD
from tests.chain.command_line import Answer, answer
from tests.chain.test_custody import registered
from tests.chain.two_agencies import Agencies, Agency, agencies

__all__ = ["agencies"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Runs a command as an agency's steward."""
    monkeypatch.setenv("MUNIMENT_PASSWORD", PASSWORD)

    def as_steward(agency: Agency, *arguments: str) -> Answer:
        agency.open("steward").close()
        monkeypatch.setenv("MUNIMENT_PROFILE", str(agency.folder / "steward.toml"))
        return answer(arguments, "", tmp_path, monkeypatch, capfd)

    return as_steward


def test_hand_over__from_offer_to_closing(agencies: Agencies, tmp_path: Path, run) -> None:
    first, second = agencies
    registrar = first.open("registrar")
    records = [registered(registrar, f"12/{number}") for number in range(3)]
    named = [f"0x{each.hex()}" for each in records]
    package, closing = str(tmp_path / "deeds.custody"), str(tmp_path / "closing.envelope")

    offered = run(first, "offer", "--type", "land-deed", "--to", "2", "-o", package, "--json")
    assert (offered.code, offered.json["offered"], offered.json["left_out"]) == (0, 3, {})
    handover = offered.json["handover"]
    again = run(first, "offer", "--type", "land-deed", "--to", "2", "-o", package, "--json")
    assert (again.json["resumed"], again.json["handover"]) == (True, handover)

    checked = run(second, "custody", "check", package, "--json")
    assert (checked.code, sorted(checked.json["holds"])) == (0, sorted(named))
    assert run(second, "custody", "list", "--json").json == []
    received = run(second, "receive", package)
    assert (received.code, f"hand-over {handover}" in received.err) == (0, True)
    [arrived] = run(second, "custody", "list", "--json").json
    assert (arrived["handover"], arrived["records"]) == (handover, {"arrived": 3})
    assert run(second, "custody", "check", handover, "--json").json == checked.json

    part = run(second, "accept", handover, "--only", named[0], "--json")
    assert (part.code, part.json["taken_in"]) == (0, 1)
    rest = run(second, "accept", package, "--json")
    assert (rest.code, rest.json["taken_in"], rest.json["waiting"]) == (0, 3, 0)
    shown = run(second, "show", named[2])
    assert "Ada Lovelace" in shown.out
    [listed] = run(second, "custody", "list", "--json").json
    assert (listed["records"], listed["agency"]) == ({"outstanding": 3}, 1)

    history = run(first, "history", named[0])
    assert "copy outstanding at agency 1" in history.out
    gone = run(first, "amend", "12/0", str(tmp_path / "none.json"))
    assert gone.code != 0
    closed = run(first, "custody", "close", "12/0", "--destroyed", "-o", closing, "--json")
    assert (closed.code, closed.json["records"]) == (0, 1)
    rest_closed = run(first, "custody", "close", handover, "--destroyed", "-o", closing + "2")
    assert rest_closed.code == 0
    for each in (closing, closing + "2"):
        assert run(second, "receive", each).code == 0
    each = run(second, "custody", "show", handover, "--json").json["each"]
    assert {row["state"] for row in each} == {"destroyed"}
    for agency in agencies:
        assert "copy destroyed" in run(agency, "history", named[0]).out
        assert run(agency, "fsck").code == 0


def test_decline__of_a_package_and_withdrawal(agencies: Agencies, tmp_path: Path, run) -> None:
    first, second = agencies
    registrar = first.open("registrar")
    record = f"0x{registered(registrar, '12/1').hex()}"
    package = str(tmp_path / "deeds.custody")
    offered = run(first, "offer", "12/1", "--to", "2", "-o", package, "--json").json
    assert run(second, "receive", package).code == 0
    assert run(second, "decline", offered["handover"], "--json").json == {"declined": 1}
    # What lay here of it went with the offer.
    assert run(second, "custody", "list", "--json").json == []
    twice = run(second, "decline", package)
    assert (twice.code, "nothing of the package" in twice.err) == (18, True)
    other = str(tmp_path / "other.custody")
    offered = run(first, "offer", "12/1", "--to", "2", "-o", other, "--json").json
    assert run(first, "custody", "withdraw", offered["handover"]).code == 0
    refused = run(second, "accept", other)
    assert refused.code == 18
    assert f"refused: {record}: its custody is not on offer" in refused.err
    missing = run(first, "offer", "12/1", "12/9", "--to", "2", "-o", str(tmp_path / "third"))
    assert missing.code == 18
    assert not (tmp_path / "third").exists()
