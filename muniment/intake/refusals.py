# SPDX-License-Identifier: Apache-2.0
"""What converting a cell gives besides a value: a refusal, or that the field is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from muniment.record.columns import ABSENT


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cell has no value (`reason`), and what would (`expected`), without the cell's text."""

    reason: str
    expected: str


OMITTED: Final = ABSENT
"""The field is left out of the record."""
