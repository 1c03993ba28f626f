# SPDX-License-Identifier: Apache-2.0
"""Small numbers of a row in one: the databases' drivers take as long for a column as for a value.

Packed by SQL and unpacked whole columns at a time, a row of fourteen columns costs what one of
eight does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from muniment.analysis.arrow_columns import Numbers, numbers


@dataclass(frozen=True, slots=True)
class Packed:
    """Columns of a table in one number of 64 bits, the first one highest.

    `sizes` has how many bits each takes, as the chain's own form of a state bounds them.
    """

    name: str
    sizes: tuple[tuple[sa.Column[int], int], ...]

    @property
    def expression(self) -> sa.Label[int]:
        """What SQL selects, under this name."""
        (found, _), *others = self.sizes
        packed: sa.ColumnElement[int] = found
        for column, size in others:
            packed = packed.op("<<")(sa.literal_column(str(size))).op("|")(column)
        return packed.label(self.name)

    def unpacked(self, batch: Any) -> dict[str, Numbers]:
        """Return the columns by their names."""
        left = numbers(batch.column(self.name)).view(np.uint64)
        found = {}
        for column, size in reversed(self.sizes):
            found[column.name] = (left & np.uint64((1 << size) - 1)).astype(np.int64)
            left = left >> np.uint64(size)
        return found
