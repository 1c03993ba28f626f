# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""A report of a registry that lives on a chain."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from muniment.analysis.framing import Frames
from muniment.analysis.report import write_report
from muniment.analysis.report_findings import findings
from muniment.errors import InvalidInputError
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.command_line import Muniment, content, muniment  # noqa: F401
from tests.chain.test_frames import ENTRIES, known, registrar  # noqa: F401


def test_findings__are_what_the_frames_say(known: Frames) -> None:
    now = int(time.time()) + 60
    found = findings(known, now - 86_400, now)
    assert found.agency == "Aviation"
    assert found.standing.to_dict() == {"in_force": ENTRIES + 2, "revoked": 1}
    volume = {(row.type, row.agency): row.records for row in found.volume.itertuples()}
    assert volume == {
        ("land-deed", "Aviation"): ENTRIES + 2,
        ("land-deed", "Safety"): 1,
    }
    acts = found.acts.groupby("act")["count"].sum().to_dict()
    assert acts == {
        "registered": 3,
        "amended": 1,
        "held": 1,
        "released": 1,
        "transferred": 1,
        "enrolled": 1,
        "revoked": 1,
    }
    assert found.answers["outcome"].tolist() == ["waiting"]
    assert found.delays["entries"].sum() == ENTRIES
    assert (found.median_delay() or 0) < 60
    assert found.reads.to_dict("records") == [{"purpose": "complaint 7", "reads": 1}]
    assert (found.hold_count, found.type_hold_count) == (0, 0)
    later = findings(known, now, now + 60)
    assert later.acts.empty
    assert later.delays.empty


def test_report__is_a_page_with_plots_and_numbers(known: Frames, tmp_path: Path) -> None:
    now = int(time.time()) + 60
    folder = tmp_path / "report"
    write_report(known, folder, now - 86_400, now)
    page = (folder / "report.html").read_text()
    for words in ("Records by type and custodian", "Reads by purpose", "complaint 7", "Aviation"):
        assert words in page
    assert "Grace" not in page, "nobody is named"
    assert page.count("<svg") == len(list((folder / "figures").glob("*.svg")))
    assert 'src="' not in page
    told = json.loads((folder / "report.json").read_text())
    assert told["headlines"]["Acts"]["value"] == "9"
    with pytest.raises(InvalidInputError, match="there"):
        write_report(known, folder, now - 1, now)
    with pytest.raises(InvalidInputError, match="before"):
        write_report(known, tmp_path / "other", now, now)
    assert not (tmp_path / "other").exists()


def test_command(muniment: Muniment, tmp_path: Path) -> None:
    made = muniment("register", "land-deed", content(tmp_path), "--source-id", "1")
    assert made.code == 0, made.err
    folder = tmp_path / "report"
    done = muniment("report", "-o", str(folder), "--json")
    assert done.code == 0, done.err
    assert done.json["Records in force"] == "1"
    assert "Seal delay: none" in done.err
    again = muniment("report", "-o", str(folder))
    assert again.code == 2
    backwards = muniment("report", "-o", str(tmp_path / "r"), "--since", "2999-01-01")
    assert (backwards.code, "--since" in backwards.err) == (2, True)
