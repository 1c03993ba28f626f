# SPDX-License-Identifier: Apache-2.0
"""Many requests in one body: never more than a server takes."""

from __future__ import annotations

from typing import Any

import pytest

from muniment.chain.connection import _LONGEST, _portions


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], []),
        ([1] * 5, [3, 2]),
        ([_LONGEST] * 2, [1, 1]),
        ([_LONGEST + 1], [1]),
        ([_LONGEST // 2] * 5, [2, 2, 1]),
        ([1, _LONGEST, 1], [1, 1, 1]),
    ],
)
def test_requests__are_parted_by_count_and_length(lengths: list[int], expected: list[int]) -> None:
    asked: list[list[Any]] = [["x" * each, False] for each in lengths]
    parts = list(_portions(asked, 3))
    assert [len(part) for part in parts] == expected
    assert [each for part in parts for each in part] == asked
