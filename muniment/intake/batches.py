# SPDX-License-Identifier: Apache-2.0
"""Batches: some thousand rows of a source, column by column, and what could not be read of it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final

from muniment.errors import MunimentError

BATCH_ROWS: Final = 4_096
LONGEST_CELL: Final = 1 << 24
"""Characters of a cell, or bytes of a value: greater ones are files."""


class SourceUnreachableError(MunimentError):
    """The database of a source does not answer, from the start or half way through its rows."""

    exit_code: ClassVar[int] = 4


class _Missing:
    """What stands in a column for a row that has no such column at all."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""The cell of a JSON row without such a member, which is neither null nor empty."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why the row `number`, on `line`, is not taken. Names a `column` if one is to blame.

    `reason` says what is wrong and `expected` what would be right; neither has the value.
    """

    line: int
    number: int
    column: str | None
    reason: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a source, in its order.

    `numbers` are those of the rows (from 1, rows with faults counted), `lines` the lines of the
    file that they begin on (the number again where a source has no lines), `columns` the values
    by name, each list as long as `numbers`: text of delimited files, else Python values, `MISSING`
    where a JSON row has no such member. `faults` are the rows between that cannot be read.
    `null_is_empty` says that None is the source's word for an empty cell (it is a value in JSON).
    """

    numbers: list[int]
    lines: list[int]
    columns: Mapping[str, list[Any]]
    faults: list[RowFault] = field(default_factory=list)
    null_is_empty: bool = False

    def only(self, wanted: Container[int]) -> Batch:
        """Return the rows and faults whose numbers are `wanted`."""
        places = [place for place, number in enumerate(self.numbers) if number in wanted]
        faults = [fault for fault in self.faults if fault.number in wanted]
        if len(places) == len(self.numbers) and len(faults) == len(self.faults):
            return self
        return replace(
            self,
            numbers=[self.numbers[place] for place in places],
            lines=[self.lines[place] for place in places],
            columns={
                name: [values[place] for place in places] for name, values in self.columns.items()
            },
            faults=faults,
        )

    def last_number(self) -> int:
        """Return the number of the last row, good or not; 0 if there is none."""
        faulty = self.faults[-1].number if self.faults else 0
        return max(faulty, self.numbers[-1] if self.numbers else 0)


def after(batches: Iterable[Batch], skip: int) -> Iterator[Batch]:
    """Yield what comes after the first `skip` rows."""
    for batch in batches:
        if batch.last_number() <= skip:
            continue
        first = min(batch.numbers[:1] + [fault.number for fault in batch.faults[:1]])
        yield batch if first > skip else batch.only(range(skip + 1, batch.last_number() + 1))


def from_columns(columns: Mapping[str, list[Any]], before: int, rows: int) -> Batch:
    """Return a batch of a source without lines, whose None are empty, after so many rows."""
    numbers = list(range(before + 1, before + rows + 1))
    return Batch(numbers, numbers, columns, null_is_empty=True)
