# SPDX-License-Identifier: Apache-2.0
"""Conflict files, made by whoever has a copy of the journal: see `evidence/conflicts.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from muniment.chain.connection import Block, Connection
from muniment.chain.finality import final_number
from muniment.chain.traces import TracedAct, read_trace
from muniment.errors import InvalidInputError
from muniment.evidence import Anchor, ConflictFile, EvidentEntry
from muniment.journal.entry import Entry
from muniment.journal.tiles import TileTree
from muniment.proof import journal_head_slot, record_slots, seal_slot, successor_slot
from muniment.record.identifiers import RecordId
from muniment.registry.evidence_making import evident_act
from muniment.registry.evidence_reading import Reader
from muniment.registry.evidence_soundness import Unchecked, require_sound, trust_of_itself
from muniment.registry.journal_evidence import evident_entry, seals_of
from muniment.registry.session import Session

_BOTH: Final = 2


def make_conflict(
    session: Session, folder: Path, agency_id: int, journal: int, indexes: Sequence[int]
) -> bytes:
    """Return the proof that an agency registered a record twice.

    `folder` is a copy of its journal (tlog-tiles), `indexes` are those of two entries in it, or of
    one whose record was registered by a transaction too. Raises `InvalidInputError` for entries
    that register different records or that no final seal covers, `UnprovableError` for what is no
    conflict, `NoProofsError`, `UnreachableError`.
    """
    if not 1 <= len(set(indexes)) == len(indexes) <= _BOTH:
        raise InvalidInputError("indexes", "one or two entries", str(len(indexes)))
    depth = session.profile.chain.finality_depth

    def read(node: Connection) -> tuple[Anchor, Block, list[EvidentEntry], Sequence[TracedAct]]:
        block = node.block(final_number(node, node.block(), depth))
        seals = seals_of(session, node, block, agency_id, journal)
        covering = [seal for seal in seals if seal.size > max(indexes)]
        if not covering:
            raise InvalidInputError("indexes", "entries that are sealed for good", str(indexes))
        seal = covering[-1]
        tree = TileTree(lambda path: (folder / path).read_bytes(), seal.size)
        entries = [
            evident_entry(
                tree, seal, (agency_id, journal, index), Entry.from_bytes(tree.entry(index))
            )
            for index in sorted(indexes)
        ]
        record_id = entries[0].record_id(session.lineage)
        slots = {successor_slot(), journal_head_slot(agency_id, journal)}
        slots.add(seal_slot(agency_id, journal, seal.size))
        acts: Sequence[TracedAct] = ()
        if len(entries) < _BOTH:
            slots |= set(record_slots(record_id))
            acts = read_trace(session.registries(node, block), record_id, block).acts
        reader = Reader(session, node, block)
        return reader.anchor(reader.prove(slots)), block, entries, acts

    anchor, block, entries, acts = session.nodes.read(read)
    ids = {each.record_id(session.lineage) for each in entries}
    if len(ids) > 1:
        raise InvalidInputError("indexes", "entries of one record", "entries of two")
    record_id = RecordId(ids.pop())
    if len(entries) < _BOTH and not acts:
        raise InvalidInputError("indexes", "a record that is on chain too, or two entries", "one")
    trace = tuple(evident_act(each) for each in acts)
    data = ConflictFile(anchor, record_id, tuple(entries), trace).to_bytes()
    require_sound(Unchecked(data, trust_of_itself(session, anchor, block), block))
    return data
