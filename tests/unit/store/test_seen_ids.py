# SPDX-License-Identifier: Apache-2.0
"""The filter forgets nothing, and seldom takes a new id for a seen one."""

from __future__ import annotations

import hashlib

from muniment.store.seen_ids import SeenIds


def ids(start: int, end: int) -> list[bytes]:
    return [hashlib.sha256(b"%d" % number).digest() for number in range(start, end)]


def test_what_was_added__is_always_found() -> None:
    seen = SeenIds(bits=16)
    seen.add(ids(0, 20_000))
    assert seen.perhaps(ids(0, 20_000)) == ids(0, 20_000)
    assert seen.is_full


def test_new_ids__are_seldom_taken_for_seen_ones() -> None:
    seen = SeenIds(bits=16)
    seen.add(ids(0, 5_000))
    assert not seen.is_full
    assert len(seen.perhaps(ids(100_000, 110_000))) < 400
    assert SeenIds().perhaps(ids(0, 10)) == []
