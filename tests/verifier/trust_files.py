# SPDX-License-Identifier: Apache-2.0
"""Mutated trust files: lines dropped, doubled and moved, values changed for others."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

VALUES = (
    *(
        "0",
        "1",
        "2",
        "-1",
        "22",
        "4294967296",
        "9007199254740991",
        "9007199254740992",
        "1.5",
        "true",
    ),
    *('""', '"x"', '"0x00"', "[]", "[1]", "[1, 2]", "[3]", "[1, 1]", "[true]", '["x"]', "{}"),
    *("2036-11-20T16:42:05Z", "2036-11-20T16:42:05+08:00", "2036-11-20T16:42:05", "2036-11-20"),
    *("2036-02-30T00:00:00Z", "2036-11-20 16:42:05.5Z", "16:42:05", "1_000", "0x10", "+5"),
    *('"https://node.example"', '["https://node.example"]', '["ftp://node.example"]'),
    *('"muniment/trust/v1"', '"muniment/storage/v1"', f'"0x{"ab" * 20}"', f'"0x{"AB" * 32}"'),
    *(
        f'"0x{"ab" * 32}"',
        f'"{"ab" * 32}"',
        f'["0x{"ab" * 20}"]',
        f'["0x{"ab" * 20}", "0x{"aa" * 20}"]',
    ),
)
LINES = (
    *("note = 1", f'operator = "{"ab" * 32}"', f'lineage = "0x{"cd" * 32}"', "[chain]", "[other]"),
    *(
        "[[blocks]]",
        "number = 21",
        "[[agencies]]",
        "id = 1",
        'name = "Another"',
        "witnesses_needed = 1",
    ),
    *("witnesses_needed = 3", "# a remark", "", "[validators]", "block = 1"),
)

SHAPES = ("value", "value", "value", "drop", "twice", "add", "move", "letter", "remark")


def cases(count: int, seed: int, folder: Path) -> Iterator[str]:
    """So many texts made from the trust files of the vectors."""
    chance = random.Random(seed)
    texts = [(folder / name).read_text() for name in ("trust.toml", "consensus-trust.toml")]
    for _ in range(count):
        lines = chance.choice(texts).splitlines()
        for _change in range(chance.choice((0, 1, 1, 1, 2))):
            change(chance, lines)
        yield "\n".join(lines) + "\n"


def change(chance: random.Random, lines: list[str]) -> None:
    where = chance.randrange(len(lines))
    named = re.match(r"(\w+) = ", lines[where])
    shape = chance.choice(SHAPES)
    if shape == "value" and named:
        lines[where] = f"{named[1]} = {chance.choice(VALUES)}"
    elif shape == "drop":
        del lines[where]
    elif shape == "twice":
        lines.insert(where, lines[where])
    elif shape == "add":
        lines.insert(where, chance.choice(LINES))
    elif shape == "move":
        lines.insert(chance.randrange(len(lines)), lines.pop(where))
    elif shape == "letter" and lines[where]:
        at = chance.randrange(len(lines[where]))
        letter = chance.choice('0aF"=[]#.é\t')
        lines[where] = lines[where][:at] + letter + lines[where][at + 1 :]
    else:
        lines[where] += "  # a remark"
