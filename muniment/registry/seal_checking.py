# SPDX-License-Identifier: Apache-2.0
"""Seals on chain compared with the root of the entries that the database has."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from muniment.journal.tiles import TILE_WIDTH, RecomputedRoot, encode_bundle
from muniment.registry.findings import Finding
from muniment.registry.session import Session
from muniment.store.tables import seals


def sealed_roots(session: Session, number: int) -> dict[int, bytes]:
    """The roots of a journal's seals on chain, by size, as the mirror has them."""
    with session.database.read() as connection:
        chosen = sa.select(seals.c.size, seals.c.root).where(
            seals.c.agency_id == session.profile.agency.id, seals.c.journal == number
        )
        return {row.size: bytes(row.root) for row in connection.execute(chosen)}


class ComparedSeals:
    """The root of the entries as the database has them, compared at each seal."""

    def __init__(self, sealed: dict[int, bytes]) -> None:
        """Take the roots of the seals, by size."""
        self._left = dict(sorted(sealed.items()))
        self._root = RecomputedRoot()
        self._differing: list[int] = []

    def add(self, entries: list[bytes]) -> None:
        """Take the next entries."""
        at = 0
        ends = list(self._left)
        while at < len(entries):
            until = at + TILE_WIDTH
            for size in ends:
                if self._root.size < size:
                    until = min(until, at + size - self._root.size)
                    break
            part = entries[at:until]
            self._root.add_bundle(encode_bundle(part))
            at += len(part)
            root = self._left.pop(self._root.size, None)
            if root is not None and root != self._root.root():
                self._differing.append(self._root.size)

    def findings(self, number: int) -> Iterator[Finding]:
        """Yield the seals that differ, and those that the entries do not reach."""
        where = f"table journal_entries, journal {number}"
        for size in self._differing:
            yield Finding(where, f"the seal of {size} entries on chain has another root")
        for size in self._left:
            yield Finding(where, f"{size} entries are sealed, {self._root.size} are here")
