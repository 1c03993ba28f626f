# SPDX-License-Identifier: Apache-2.0
"""What evidence needs of the chain: slots, traces, entries, seals, of one node in one block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from muniment.chain.anchors import ProvenSlots, header_of, proven_slots
from muniment.chain.connection import Block, Connection
from muniment.chain.engines import Engine, engine_of
from muniment.chain.traces import Trace, TracedAct, read_traces
from muniment.evidence import Anchor, EvidentEntry
from muniment.proof import (
    journal_head_slot,
    record_slots,
    seal_slot,
    successor_slot,
    type_head_slot,
)
from muniment.proof.istanbul import KIND, IstanbulHeader
from muniment.record.identifiers import RecordId
from muniment.record.state import RecordState, Status
from muniment.registry.consensus import needed_handovers
from muniment.registry.evidence_soundness import AdoptedRecordError
from muniment.registry.journal_evidence import JournalProver
from muniment.registry.session import Session
from muniment.store.journal_rows import EntryRow


@dataclass(frozen=True, slots=True)
class Read:
    """What a node says of records in one block: each has a trace, or an entry, or both.

    The `anchor` is of all of them; `nodes` are those that each one's slots hang on.
    """

    anchor: Anchor
    block: Block
    traces: dict[RecordId, Trace]
    entries: dict[RecordId, EvidentEntry]
    nodes: dict[RecordId, set[bytes]]

    def acts(self, record_id: RecordId) -> Sequence[TracedAct]:
        """Return the acts of a record, in order."""
        trace = self.traces.get(record_id)
        return () if trace is None else trace.acts

    def latest_version(self, record_id: RecordId) -> int:
        """Return a record's latest version, 0 where it has none."""
        if record_id in self.entries:
            return 1
        return self.traces[record_id].state.version

    def anchor_of(self, record_id: RecordId) -> Anchor:
        """Return the anchor of one of the records alone."""
        return replace(self.anchor, nodes=tuple(sorted(self.nodes[record_id])))


class Reader:
    """Reads from one node in one block; many slots in one request."""

    def __init__(
        self,
        session: Session,
        node: Connection,
        block: Block,
        checkpoint: bytes | None = None,
        witnessed: bytes | None = None,
    ) -> None:
        """Take where to look, the checkpoint that is to go with entries, and the note of witnesses
        who saw the block."""
        self._session = session
        self._witnessed = witnessed
        self._node = node
        self._block = block
        self._registries = session.registries(node, block)
        self._address = self._registries.records.address
        self.prover = JournalProver(session, node, block, checkpoint)

    def read(
        self,
        ids: Sequence[RecordId],
        rows: Mapping[RecordId, EntryRow],
        progress: Callable[[int], None] | None = None,
        given: Mapping[RecordId, EvidentEntry] | None = None,
    ) -> Read:
        """Return what there is of records; `rows` are those that a journal here registered, `given`
        the entries of those that another agency's did.

        Raises `AdoptedRecordError`, `NoProofsError`, `NotSealedError`, `TraceMismatchError`,
        `UnreachableError`.
        """
        slots = {each: {*record_slots(each)} for each in ids}
        records = self._prove([slot for each in slots.values() for slot in each])
        known = given or {}
        acted_on = [
            each
            for each in ids
            if (each not in rows and each not in known)
            or any(records.words[slot] for slot in slots[each])
        ]
        traces = read_traces(self._registries, acted_on, self._block, records.words)
        for each, trace in traces.items():
            if trace.adoption is not None:
                raise AdoptedRecordError(each)
        entries: dict[RecordId, EvidentEntry] = {}
        more = {each: {successor_slot()} for each in ids}
        for place, each in enumerate(ids, start=1):
            row, entry, state = rows.get(each), known.get(each), RecordState()
            if each in traces:
                state = traces[each].state
            if row is not None and state.status is Status.NONE:
                entry = self.prover.entry(row)
            if entry is not None and state.status is Status.NONE:
                entries[each] = entry
                more[each] |= slots_of(entry)
            elif state.type_id:
                more[each].add(type_head_slot(state.issuer, state.type_id))
            if progress is not None:
                progress(place)
        others = self._prove(sorted(set().union(*more.values())))
        nodes = {each: records.nodes(slots[each]) | others.nodes(more[each]) for each in ids}
        whole = self.anchor(set().union(*nodes.values()))
        return Read(whole, self._block, traces, entries, nodes)

    def anchor(self, nodes: set[bytes]) -> Anchor:
        """Return the anchor that these trie nodes hang on. Raises `NoHandOverError`."""
        header = header_of(self._node, self._block)
        registry = bytes.fromhex(self._address[2:])
        plain = Anchor(self._node.chain_id, registry, header, tuple(sorted(nodes)))
        if engine_of(self._node) is not Engine.ISTANBUL:
            return plain
        handovers = needed_handovers(self._session, IstanbulHeader.from_rlp(header))
        return replace(plain, engine=KIND, handovers=handovers, witnessed=self._witnessed)

    def prove(self, slots: set[int]) -> set[bytes]:
        """Return the trie nodes that prove what is in slots."""
        return self._prove(sorted(slots)).nodes(slots)

    def _prove(self, slots: Sequence[int]) -> ProvenSlots:
        return proven_slots(self._node, self._address, slots, self._block)


def slots_of(entry: EvidentEntry) -> set[int]:
    """Return the slots that say whether an entry counts, and what holds are on its type."""
    return {
        seal_slot(entry.agency_id, entry.journal, entry.seal.size),
        journal_head_slot(entry.agency_id, entry.journal),
        type_head_slot(entry.agency_id, entry.entry.type_id),
    }
