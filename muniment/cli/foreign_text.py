# SPDX-License-Identifier: Apache-2.0
"""What others wrote, shown so that a terminal takes none of it for a command or another line."""

from __future__ import annotations

import json
import unicodedata
from typing import Final

_JOINERS: Final = "\u200c\u200d"
"""They are invisible, and words of many languages need them."""


def foreign_text(value: object) -> str:
    """Return a text as it is, or another value as JSON, with what is no visible character
    escaped: controls, line ends, marks that turn the direction of writing."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(each if _is_visible(each) else _escaped(each) for each in text)


def _is_visible(character: str) -> bool:
    return (
        character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs"
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
