# SPDX-License-Identifier: Apache-2.0
"""A report's plots: of much, of little and of nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd

from muniment.analysis.report_findings import Findings
from muniment.analysis.report_plots import in_page, plots_of

START, END = 1_767_225_600, 1_795_824_000


def busy(types: int = 14) -> Findings:
    months = pd.date_range("2025-12-01", "2026-11-01", freq="MS", tz="UTC")
    rng = np.random.default_rng(7)
    acts = [
        {"month": month, "act": act, "count": int(rng.integers(5, 60 * weight))}
        for month in months
        for act, weight in (("registered", 40), ("amended", 8), ("revoked", 1), ("transferred", 2))
    ]
    volume = [
        {"type": f"type-{place}", "agency": agency, "records": int(rng.integers(1, 1000))}
        for place in range(types)
        for agency in ("Land registry", "Archive <state>", "Costs $5 & more")
    ]
    allowed = rng.integers(24, 400, 40).astype(float)
    hours = allowed * rng.uniform(0.1, 1.4, 40)
    return Findings(
        since=START,
        until=END,
        agency="Land registry",
        standing=pd.Series({"in_force": 41_210, "revoked": 12}),
        volume=pd.DataFrame(volume),
        acts=pd.DataFrame(acts),
        retention=pd.DataFrame({"year": [2026.0, 2027.0, 2030.0], "records": [40, 210, 3000]}),
        due=17,
        hold_count=3,
        type_hold_count=1,
        answers=pd.DataFrame(
            {
                "hours": [*hours, None],
                "allowed": [*allowed, 30.0],
                "outcome": [*np.where(hours <= allowed, "in time", "late"), "waiting"],
            }
        ),
        delays=pd.DataFrame({"seconds": rng.gamma(2, 2, 300), "entries": [1000] * 300}),
        reads=pd.DataFrame({"purpose": ["complaint", "court file"], "reads": [41, 7]}),
    )


def quiet() -> Findings:
    return Findings(
        since=START,
        until=END,
        agency="Archive",
        standing=pd.Series(dtype=int),
        volume=pd.DataFrame({"type": [], "agency": [], "records": []}),
        acts=pd.DataFrame({"month": [], "act": [], "count": []}),
        retention=pd.DataFrame({"year": [], "records": []}),
        due=0,
        hold_count=0,
        type_hold_count=0,
        answers=pd.DataFrame({"hours": [], "allowed": [], "outcome": []}),
        delays=pd.DataFrame({"seconds": [], "entries": []}),
        reads=pd.DataFrame({"purpose": [], "reads": []}),
    )


def test_plots__of_a_busy_agency() -> None:
    plots = plots_of(busy())
    assert [each.name for each in plots] == [
        "volume",
        "acts",
        "seal-delay",
        "answers",
        "retention",
        "reads",
    ]
    for each in plots:
        root = ET.fromstring(each.svg)
        shown = "".join(root.itertext())
        assert shown.strip()
        assert each.png.startswith(b"\x89PNG")
        assert "currentColor" in in_page(each)
    volume = plots[0]
    shown = "".join(ET.fromstring(volume.svg).itertext())
    assert "other types" in shown
    assert "Archive <state>" in shown
    assert "$5 & more" in shown, "a dollar sign is no formula"
    # All that there is, whatever was put together.
    assert f"{busy().volume['records'].sum():,}" in volume.words


def test_plots__are_the_same_of_the_same() -> None:
    first, second = plots_of(busy()), plots_of(busy())
    assert [each.svg for each in first] == [each.svg for each in second]
    names = [part.split('"')[0] for each in first for part in each.svg.split('<clipPath id="')[1:]]
    assert len(names) == len(set(names)), "several plots go into one page"


def test_nothing_happened__has_headlines_and_no_plot() -> None:
    assert plots_of(quiet()) == []
    values = {name: value for name, value, _ in quiet().headlines()}
    assert values["Acts"] == "0"
    assert values["Seal delay"] == "none"
    assert values["Requests answered in time"] == "none"


def test_delays__are_weighed_by_entries() -> None:
    delays = pd.DataFrame({"seconds": [9.0, 1.0, 3.0], "entries": [1, 97, 2]})
    found = Findings(**{**{n: getattr(quiet(), n) for n in Findings.__slots__}, "delays": delays})
    assert found.median_delay() == 1.0
    assert found.delay_within(0.98) == 3.0
    assert found.delay_within(1.0) == 9.0
