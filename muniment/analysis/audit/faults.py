# SPDX-License-Identifier: Apache-2.0
"""What an audit finds: one row of `findings` a fault, named so that somebody can go and look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """Kinds of faults. Readers of the Parquet rely on the names."""

    ROOT = "root"
    """The entries give another root than the chain has."""
    ENTRY = "entry"
    """An entry is not the one that was sealed."""
    GAP = "gap"
    """Entries are not there."""
    TILE = "tile"
    """A hash tile is missing, or is not what the entries make."""
    FORM = "form"
    """What was sealed is no entry, or claims a time after its seal."""
    DUPLICATE = "duplicate"
    """A record is registered a second time."""
    PACK = "pack"
    """An entry's encrypted content is missing, or is that of something else."""
    CONTENT = "content"
    """An entry's content does not decrypt, or does not make its commitment."""
    SECRET = "secret"  # noqa: S105  (a kind's name)
    """The key store has no secret of an entry."""
    CHECKPOINT = "checkpoint"
    """The journal's checkpoint is not what the chain says."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Entries `first` to `last` of the journal (-1 for both where it is of no entry), what is wrong
    with them, what was `expected` and what was `found`, and the file in which it is."""

    first: int
    last: int
    kind: Kind
    what: str
    expected: str = ""
    found: str = ""
    file: str = ""

    def row(self, agency: int, journal: int) -> tuple[object, ...]:
        """Return the row of `findings`."""
        first, last, kind, *texts = astuple(self)
        return (agency, journal, first, last, str(kind), *texts)

    def line(self) -> str:
        """Return it for people."""
        where = self.file or "the journal"
        if self.first >= 0:
            many = self.last > self.first
            where = f"entries {self.first} to {self.last}" if many else f"entry {self.first}"
            where += f" ({self.file})" if self.file else ""
        shown = f": expected {self.expected}, found {self.found}" if self.expected else ""
        return f"{self.kind}, {where}: {self.what}{shown}"


FINDINGS: Final = (
    "agency int, journal int, first_index long, last_index long, kind string, what string, "
    "expected string, found string, file string"
)


def runs(indexes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of each run of ascending numbers that follow one another."""
    start = 0
    for place in range(1, len(indexes) + 1):
        if place == len(indexes) or indexes[place] != indexes[place - 1] + 1:
            yield indexes[start], indexes[place - 1]
            start = place
