# SPDX-License-Identifier: Apache-2.0
"""Tables of gas: ours beside the limits, and ours beside the peers'."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from benchmarks.gas import LIMITS
from benchmarks.peers import COMPARED


def _table(title: str, words: str, *numbers: str) -> Table:
    table = Table(title=title, box=None, header_style="bold", title_justify="left")
    table.add_column(words)
    for number in numbers:
        table.add_column(number, justify="right")
    return table


def limits_table(measured: Mapping[str, int]) -> Table:
    """Return our numbers beside their limits."""
    table = _table("Muniment, measured now", "what", "measured", "limit", "left")
    for name, value in measured.items():
        limit = LIMITS.get(name)
        beside = (f"{limit:,}", f"{limit - value:,}") if limit is not None else ("", "")
        table.add_row(name, f"{value:,}", *beside)
    return table


def peers_table(measured: Mapping[str, int], beside: Mapping[str, int], source: str) -> Table:
    """Return our numbers beside the peers', with how many times ours theirs is."""
    table = _table(f"Peers, {source}", "act", "Muniment", "peer's gas", "times ours")
    table.add_column("peer's act")
    for act, names in COMPARED.items():
        for name in names:
            times = f"{beside[name] / measured[act]:.2f}"
            table.add_row(act, f"{measured[act]:,}", f"{beside[name]:,}", times, name)
    return table


def print_tables(measured: Mapping[str, int], beside: Mapping[str, int], source: str) -> None:
    """Print both tables."""
    console = Console(width=max(132, Console().width))
    console.print(limits_table(measured))
    console.print()
    console.print(peers_table(measured, beside, source))
