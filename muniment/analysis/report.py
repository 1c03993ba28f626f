# SPDX-License-Identifier: Apache-2.0
"""A report for an agency's head, a steward and an auditor: a page, its plots as files, numbers."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from html import escape
from pathlib import Path
from typing import Final

import pandas as pd

from muniment.analysis.framing import Frames
from muniment.analysis.report_findings import Findings, findings
from muniment.analysis.report_plots import Plot, in_page, plots_of
from muniment.errors import InvalidInputError
from muniment.record.instants import day_of
from muniment.store.durable_files import sync_folder

_ROWS: Final = 40


def write_report(known: Frames, target: Path, since: int, until: int) -> Findings:
    """Write a report of the time from `since` to `until` (Unix seconds) to a new folder.

    `report.html` needs nothing else; `figures/` has its plots as SVG and PNG, `report.json` the
    numbers. All or nothing is there in the end. Raises `InvalidInputError`, `UnreachableError`.
    """
    if since >= until:
        raise InvalidInputError("--since", "a time before --until", "none before it")
    target = Path(os.path.abspath(target))  # noqa: PTH100  (a link stays the name it is)
    if os.path.lexists(target):
        raise InvalidInputError("report", "a folder that is not there yet", f"{target}, there")
    if not target.parent.is_dir():
        raise InvalidInputError("report", "a place in a folder that exists", str(target))
    found = findings(known, since, until)
    plots = plots_of(found)
    half = target.with_name(f".{target.name}.{secrets.token_hex(8)}.partial")
    (half / "figures").mkdir(parents=True, mode=0o700)
    try:
        for each in plots:
            (half / "figures" / f"{each.name}.svg").write_text(each.svg)
            (half / "figures" / f"{each.name}.png").write_bytes(each.png)
        (half / "report.json").write_text(_numbers(found, plots))
        (half / "report.html").write_text(_page(found, plots))
        os.sync()
        half.rename(target)
        sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    return found


def _numbers(found: Findings, plots: list[Plot]) -> str:
    tables = {
        each.name: json.loads(each.numbers.to_json(orient="records", date_format="iso"))
        for each in plots
    }
    heads = {name: {"value": value, "meaning": words} for name, value, words in found.headlines()}
    values = {
        "agency": found.agency,
        "since": found.since,
        "until": found.until,
        "headlines": heads,
        "tables": tables,
    }
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"


def _page(found: Findings, plots: list[Plot]) -> str:
    tiles = "".join(
        f'<div class="tile"><div class="name">{escape(name)}</div>'
        f'<div class="number">{escape(value)}</div><div class="words">{escape(words)}</div></div>'
        for name, value, words in found.headlines()
    )
    figures = "\n".join(_figure(each) for each in plots)
    begun, ended = day_of(found.since), day_of(found.until)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Registry report of {escape(found.agency)}, {begun} to {ended}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Registry report of {escape(found.agency)}</h1>
<p class="lead">{begun} to {ended}. Records, acts, holds and shares are the whole registry's, as the
chain has them; seal delays and reads are what this agency has written down.</p>
<div class="tiles">{tiles}</div>
<div class="figures">
{figures}
</div>
</body>
</html>
"""


def _figure(plot: Plot) -> str:
    return (
        f'<figure><h2>{escape(plot.title)}</h2><p class="words">{escape(plot.words)}</p>'
        f'<div role="img" aria-label="{escape(plot.title)}: {escape(plot.words)}">'
        f"{in_page(plot)}</div>"
        f"<details><summary>The numbers</summary>{_table(plot.numbers)}</details></figure>"
    )


def _table(numbers: pd.DataFrame) -> str:
    head = "".join(f"<th>{escape(str(each))}</th>" for each in numbers.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(each))}</td>" for each in row) + "</tr>"
        for row in numbers.head(_ROWS).itertuples(index=False)
    )
    more = len(numbers) - _ROWS
    told = f"<p>And {more:,} more, in report.json.</p>" if more > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{told}"


def _cell(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m}"
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return ""
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1d2329;--muted:#5b6670;--paper:#fff;--rule:#d4dae0;
--panel:#f5f7f9}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf2;--muted:#a4b0bb;--paper:#14181d;
--rule:#2f3840;--panel:#1c2228}}
body{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
color:var(--ink);background:var(--paper);max-width:76rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .4rem}h2{font-size:1.1rem;margin:0}
.lead{color:var(--muted);margin:0 0 1.5rem;max-width:48rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.8rem}
.tile{background:var(--panel);border:1px solid var(--rule);border-radius:10px;padding:.8rem 1rem}
.name,.words{color:var(--muted);font-size:.85rem}.number{font-size:1.7rem;font-weight:650;
font-variant-numeric:tabular-nums;line-height:1.3}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(30rem,1fr));gap:1.2rem;
margin-top:1.6rem}
figure{margin:0;border:1px solid var(--rule);border-radius:10px;padding:1rem 1.1rem;min-width:0}
figure svg{width:100%;height:auto;color:var(--muted)}details{font-size:.85rem}
table{border-collapse:collapse;margin-top:.5rem}th,td{text-align:left;padding:.2rem .8rem .2rem 0;
border-bottom:1px solid var(--rule)}th{color:var(--muted);font-weight:600}
@media (max-width:40rem){.figures{grid-template-columns:1fr}}
"""
