# SPDX-License-Identifier: Apache-2.0
"""The profile of an agency whose registry has taken another one's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from muniment.errors import InvalidInputError
from muniment.registry import Profile

HEAD = """format = "muniment/profile/v1"
database = "sqlite:///a.db"
vault = "vault"
[agency]
id = 1
[keys]
store = "sqlite:///keys.db"
root = "keys.json"
[chain]
id = 7
urls = ["http://127.0.0.1:1"]
"""
REGISTRY = 'registry = "0x{}"\n'
BEFORE = f"""[chain.predecessor]
id = 6
urls = ["http://127.0.0.1:2", "http://127.0.0.1:3"]
{REGISTRY.format("22" * 20)}"""


def written(folder: Path, more: str) -> Path:
    path = folder / "muniment.toml"
    path.write_text(HEAD + REGISTRY.format("11" * 20) + more)
    return path


def test_predecessor__is_read_and_written(tmp_path: Path) -> None:
    profile = Profile.load(written(tmp_path, BEFORE))
    before = profile.chain.predecessor
    assert before is not None
    assert (before.id, before.urls[1], before.first_block) == (6, "http://127.0.0.1:3", 0)
    profile.save()
    assert Profile.load(profile.path) == profile
    assert Profile.load(written(tmp_path, "")).chain.predecessor is None


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (BEFORE.replace("22" * 20, "22"), "chain.predecessor.registry"),
        (BEFORE.replace("id = 6\n", ""), "chain.predecessor.id"),
        (BEFORE + "last_block = 9\n", "chain.predecessor.last_block"),
        ("predecessor = 6\n", "chain.predecessor"),
    ],
)
def test_predecessor_that_is_wrong__is_named(tmp_path: Path, wrong: str, named: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Profile.load(written(tmp_path, wrong))
    assert named in str(caught.value)
