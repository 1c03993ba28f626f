# SPDX-License-Identifier: Apache-2.0
"""Text of others: shown as it is, unless a terminal would take it for something else."""

from __future__ import annotations

import pytest

from muniment.cli.foreign_text import foreign_text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Ἀριάδνη, 12\u00a0§ – 文書", "Ἀριάδνη, 12\u00a0§ – 文書"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("one\nagency 1  accepted", "one\\nagency 1  accepted"),
        ("a\x9bm", "a\\x9bm"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ({"a": ["\u2028", 1, None]}, '{"a": ["\\u2028", 1, null]}'),
        (5, "5"),
    ],
)
def test_what_is_invisible__is_escaped(value: object, shown: str) -> None:
    assert foreign_text(value) == shown
