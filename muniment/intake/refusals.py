# SPDX-License-Identifier: Apache-2.0
"""What converting a cell gives besides a value: a refusal, or that the field is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cell has no value (`reason`), and what would (`expected`), without the cell's text."""

    reason: str
    expected: str


class _Omitted:
    """The field is left out of the record."""

    __slots__ = ()


OMITTED: Final = _Omitted()
