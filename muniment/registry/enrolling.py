# SPDX-License-Identifier: Apache-2.0
"""Enrolling many records with acts on them: each journal's tree is opened once a seal."""

from __future__ import annotations

from muniment.chain.bindings.record_registry import Entry as EntryArgument
from muniment.chain.bindings.record_registry import EntryPlace, Seal
from muniment.chain.contract import Call
from muniment.journal.tiles import TileTree
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
        entry = row.entry
        argument = EntryArgument(
            kind=entry.kind,
            algorithm=entry.algorithm,
            type_id=entry.type_id,
            type_version=entry.type_version,
            time=entry.time,
            local_id=entry.local_id,
            commitment=entry.commitment,
        )
        place = EntryPlace(row.agency_id, row.journal, row.index)
        proof = tree.inclusion_proof(row.index)
        records = self._session.records
        return records.multicall([records.enrol(place, argument, seal, proof), call])
