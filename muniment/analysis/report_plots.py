# SPDX-License-Identifier: Apache-2.0
"""The plots of a report, in colours that no kind of colour blindness takes for one another."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter, StrMethodFormatter

from muniment.analysis.report_findings import Findings

_INK: Final = "#4b5763"
"""Text and axes; in a page it takes the page's colour."""
_COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a8f94")
_STYLE: Final[dict[str, Any]] = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "text.color": _INK,
    "svg.fonttype": "none",
}
_MOST: Final = 10
_LABELS: Final = 6


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot: its file's name, its title, what it shows, in words, SVG, PNG, and its numbers."""

    name: str
    title: str
    words: str
    svg: str
    png: bytes
    numbers: pd.DataFrame


def plots_of(found: Findings) -> list[Plot]:
    """Return the plots of a report, but those that would show nothing."""
    made = [
        _plot("volume", "Records by type and custodian", found.volume, _volume),
        _plot("acts", "Acts by month", found.acts, _acts),
        _plot("seal-delay", "From acknowledged to sealed", found.delays, _delays),
        _plot("answers", "Answers to share requests", found.answers, _answers),
        _plot("retention", "Records whose retention ends, by year", found.retention, _retention),
        _plot("reads", "Reads by purpose", found.reads, _reads),
    ]
    return [each for each in made if each is not None]


def _plot(
    name: str, title: str, numbers: pd.DataFrame, draw: Callable[[Any, pd.DataFrame], str]
) -> Plot | None:
    if numbers.empty:
        return None
    # The salt keeps identifiers of several plots in one page apart, and files the same each time.
    with mpl.rc_context({**_STYLE, "svg.hashsalt": f"muniment {name}"}):
        figure = Figure(figsize=(7.2, 3.4), layout="constrained")
        axes = figure.add_subplot()
        words = draw(axes, numbers)
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), ScalarFormatter):
                axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        svg, png = io.StringIO(), io.BytesIO()
        figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
        figure.savefig(png, format="png", dpi=160, facecolor="white")
    text = svg.getvalue()
    return Plot(name, title, words, text[text.index("<svg") :], png.getvalue(), numbers)


def in_page(plot: Plot) -> str:
    """Return a plot's SVG for a page, whose text colour it takes."""
    return plot.svg.replace(_INK, "currentColor")


def _volume(axes: Any, numbers: pd.DataFrame) -> str:
    table = numbers.pivot_table(
        index="type", columns="agency", values="records", aggfunc="sum", fill_value=0
    )
    table = _most(table.loc[table.sum(axis=1).sort_values().index], "other types")
    table = _most(table.T.loc[table.sum().sort_values().index], "other agencies").T
    _stacked_bars(axes, table, horizontal=True)
    axes.set_xlabel("records")
    top = numbers.groupby("type")["records"].sum().idxmax()
    return f"{table.to_numpy().sum():,.0f} records; of no type more than of {top}."


def _acts(axes: Any, numbers: pd.DataFrame) -> str:
    table = numbers.pivot_table(
        index="month", columns="act", values="count", aggfunc="sum", fill_value=0
    )
    table = table.reindex(
        pd.date_range(table.index.min(), table.index.max(), freq="MS"), fill_value=0
    )
    table.index = table.index.strftime("%b %Y")
    _stacked_bars(axes, table[table.sum().sort_values(ascending=False).index], horizontal=False)
    axes.set_ylabel("acts")
    axes.set_xticks(range(0, len(table), -(-len(table) // _LABELS)))
    return f"{table.to_numpy().sum():,.0f} acts in {len(table):,} months."


def _delays(axes: Any, numbers: pd.DataFrame) -> str:
    axes.hist(numbers["seconds"], weights=numbers["entries"], bins=30, color=_COLOURS[0])
    axes.set_xlabel("seconds from acknowledged to sealed")
    axes.set_ylabel("entries")
    return f"{numbers['entries'].sum():,.0f} entries of this agency's journals."


def _answers(axes: Any, numbers: pd.DataFrame) -> str:
    answered = numbers.dropna(subset=["hours"])
    limit = max(answered["hours"].max() if len(answered) else 0, 1)
    colours = {"in time": _COLOURS[0], "late": _COLOURS[5]}
    for outcome, colour in colours.items():
        of_it = answered[answered["outcome"] == outcome]
        axes.scatter(
            of_it["allowed"] / 24,
            of_it["hours"] / 24,
            s=26,
            color=colour,
            marker="o" if outcome == "in time" else "X",
            label=f"{outcome} ({len(of_it):,})",
        )
    line = max(limit, float(numbers["allowed"].max())) / 24
    axes.plot([0, line], [0, line], color=_INK, linewidth=1, linestyle="--", label="the deadline")
    axes.set_xlabel("days allowed")
    axes.set_ylabel("days taken")
    axes.legend(frameon=False)
    counts = numbers["outcome"].value_counts()
    return ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items()) + "."


def _retention(axes: Any, numbers: pd.DataFrame) -> str:
    # Years in which nothing ends have their place too.
    years = numbers.set_index(numbers["year"].astype(int))["records"]
    years = years.reindex(range(years.index.min(), years.index.max() + 1), fill_value=0)
    axes.bar([str(each) for each in years.index], years, color=_COLOURS[2])
    axes.set_ylabel("records")
    return f"{numbers['records'].sum():,.0f} records in these years; holds may keep some longer."


def _reads(axes: Any, numbers: pd.DataFrame) -> str:
    table = numbers.set_index("purpose")[["reads"]].sort_values("reads")
    shown = _most(table, "other purposes")
    axes.barh([_short(each) for each in shown.index], shown["reads"], color=_COLOURS[0])
    axes.set_xlabel("reads")
    return f"{numbers['reads'].sum():,.0f} reads, for {len(numbers):,} purposes."


def _most(table: pd.DataFrame, rest: str) -> pd.DataFrame:
    """The last and greatest rows of a table; what is before them together."""
    if len(table) <= _MOST:
        return table
    others = table.iloc[: -_MOST + 1].sum().to_frame(rest).T
    return pd.concat([others, table.iloc[-_MOST + 1 :]])


def _stacked_bars(axes: Any, table: pd.DataFrame, *, horizontal: bool) -> None:
    names, base = [_short(str(each)) for each in table.index], pd.Series(0.0, index=table.index)
    for place, column in enumerate(table.columns):
        colour, label = _COLOURS[place % len(_COLOURS)], _short(str(column))
        # Beyond the colours that there are, hatching tells them apart.
        hatch = "///" if place >= len(_COLOURS) else None
        given = {"color": colour, "label": label, "hatch": hatch}
        if horizontal:
            axes.barh(names, table[column], left=base, **given)
        else:
            axes.bar(names, table[column], bottom=base, **given)
        base = base + table[column]
    if len(table.columns) > 1:
        # Over the plot, where no bar is.
        axes.legend(
            frameon=False, fontsize=9, ncols=4, loc="lower left", bbox_to_anchor=(0, 1), borderpad=0
        )


def _short(text: str) -> str:
    # A dollar sign would begin a formula.
    return (text if len(text) <= 36 else f"{text[:35]}…").replace("$", r"\$")
