# SPDX-License-Identifier: Apache-2.0
"""Enrolling many records with acts on them: each journal's tree is opened once a seal."""

from __future__ import annotations

from muniment.chain.bindings.record_registry import Seal
from muniment.chain.contract import Call
from muniment.journal.tiles import TileTree
from muniment.registry.journal_records import enrol_call
from muniment.registry.session import Session
from muniment.store.journal_files import JournalFiles
from muniment.store.journal_rows import EntryRow


class Enrolling:
    """Makes calls that enrol a record that stands in a journal alone before they act on it."""

    def __init__(self, session: Session) -> None:
        """Take where the journals lie."""
        self._session = session
        self._trees: dict[tuple[int, int], TileTree] = {}

    def first(self, row: EntryRow | None, seal: Seal | None, call: Call) -> Call:
        """Return a call that enrols the record of an entry under a seal first; `call` itself where
        there is nothing to enrol."""
        if row is None or seal is None:
            return call
        tree = self._trees.get((row.journal, seal.size))
        if tree is None:
            tree = JournalFiles(self._session.vault, row.journal).tree(seal.size)
            self._trees[row.journal, seal.size] = tree
        enrol = enrol_call(self._session, row, seal, tree.inclusion_proof(row.index))
        return self._session.records.multicall([enrol, call])
