# SPDX-License-Identifier: Apache-2.0
"""Final states: what a registry leaves to its successor, under one root that anybody recomputes.

    states = read_final_states(registries, block)
    states.root()                      # what the successor's origin must say
    for call in states.adoptions(successor.records, range(len(states.leaves))): ...

The leaves (contracts/records/Succession.sol) are records by their ids, then journals by agency and
number, then holds on types by agency, type, authority and case; a record's holds by authority and
case. Each is ABI-encoded behind its kind; the tree is RFC 9162's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode

from muniment.chain.bindings import RecordRegistry
from muniment.chain.bindings import record_registry as events
from muniment.chain.bindings.record_registry import Hold, JournalHead, Record
from muniment.chain.connection import Block
from muniment.chain.contract import Call
from muniment.chain.deployment import Registries
from muniment.chain.log_reader import LogReader
from muniment.errors import ChainError, ProofError
from muniment.journal.merkle import Tree, hash_leaf

_RECORD: Final = 1
_JOURNAL: Final = 2
_TYPE_HOLD: Final = 3


class NotFrozenError(ChainError):
    """The registry still takes writes: its states are not final."""

    def __init__(self) -> None:
        super().__init__(
            "the registry is not paused",
            expected="a registry whose states move no more",
            remedy="announce the succession, wait for its notice, pause: docs/guides/succession.md",
        )


class OtherFinalStatesError(ProofError):
    """A successor's origin names other final states than its predecessor has."""

    def __init__(self, named: tuple[bytes, int], found: FinalStates) -> None:
        super().__init__(
            f"the successor names the root 0x{named[0].hex()} of {named[1]} states, its "
            f"predecessor's {len(found)} have 0x{found.root().hex()}",
            expected="one root",
            remedy="a guardian cancels the succession; nobody adopts from this root",
            expected_root=named[0],
            computed_root=found.root(),
        )


@dataclass(frozen=True, slots=True)
class FinalRecord:
    """A record's three slots and its open holds."""

    record_id: bytes
    stored: Record
    holds: tuple[Hold, ...]

    @property
    def name(self) -> object:
        """What tells it from all others."""
        return self.record_id

    def leaf(self) -> bytes:
        """Return what is hashed into the tree."""
        stored = self.stored
        return encode(
            ["uint8", "bytes32", "(bytes32,uint256,bytes32)", "(address,bytes32)[]"],
            [
                _RECORD,
                self.record_id,
                (stored.commitment, stored.state.to_word(), stored.trace_head),
                [(each.authority, each.case_commitment) for each in self.holds],
            ],
        )

    def adoption(self, records: RecordRegistry, index: int, proof: list[bytes]) -> Call:
        """Return the call that takes it over."""
        return records.adopt_record(self.record_id, self.stored, self.holds, index, proof)


@dataclass(frozen=True, slots=True)
class FinalJournal:
    """A journal's head, and the hash of its last seal (zero before the first)."""

    agency_id: int
    journal: int
    head: JournalHead
    seal_hash: bytes

    @property
    def name(self) -> object:
        """What tells it from all others."""
        return self.agency_id, self.journal

    def leaf(self) -> bytes:
        """Return what is hashed into the tree."""
        head = self.head
        return encode(
            ["uint8", "uint32", "uint32", "(uint64,uint64,bool,bool)", "bytes32"],
            [
                _JOURNAL,
                self.agency_id,
                self.journal,
                (head.size, head.repudiated_from, head.opened, head.closed),
                self.seal_hash,
            ],
        )

    def adoption(self, records: RecordRegistry, index: int, proof: list[bytes]) -> Call:
        """Return the call that takes it over."""
        return records.adopt_journal(
            self.agency_id, self.journal, self.head, self.seal_hash, index, proof
        )


@dataclass(frozen=True, slots=True)
class FinalTypeHold:
    """A hold on all records of a type."""

    agency_id: int
    type_id: int
    hold: Hold

    @property
    def name(self) -> object:
        """What tells it from all others."""
        return self.agency_id, self.type_id, self.hold

    def leaf(self) -> bytes:
        """Return what is hashed into the tree."""
        return encode(
            ["uint8", "uint32", "uint16", "(address,bytes32)"],
            [
                _TYPE_HOLD,
                self.agency_id,
                self.type_id,
                (self.hold.authority, self.hold.case_commitment),
            ],
        )

    def adoption(self, records: RecordRegistry, index: int, proof: list[bytes]) -> Call:
        """Return the call that takes it over."""
        return records.adopt_type_hold(self.agency_id, self.type_id, self.hold, index, proof)


FinalState = FinalRecord | FinalJournal | FinalTypeHold


class FinalStates:
    """All final states of a registry, in the order of their leaves."""

    def __init__(self, states: Iterable[FinalState]) -> None:
        """Take the states in order."""
        self.states = tuple(states)
        self._tree = Tree()
        for each in self.states:
            self._tree.append(hash_leaf(each.leaf()))

    def __len__(self) -> int:
        """How many there are."""
        return len(self.states)

    def root(self) -> bytes:
        """Return the root (32 bytes) that the successor's origin names."""
        return self._tree.root()

    def adoptions(self, records: RecordRegistry, indexes: Iterable[int]) -> Iterator[Call]:
        """Yield the calls that take the states of these indexes over."""
        for index in indexes:
            proof = self._tree.inclusion_proof(index)
            yield self.states[index].adoption(records, index, proof)


def read_final_states(
    registries: Registries,
    block: Block,
    *,
    require_frozen: bool = True,
    tell: Callable[[int], None] = lambda _: None,
) -> FinalStates:
    """Return the final states of a registry as of a block, read from one node.

    What there is comes from all logs, whose numbers have no gap; what it is comes from the
    contract's own storage at the block. `tell` is told how many states were read. Raises
    `NotFrozenError`, `MissingEventError`, `UnreachableError`.
    """
    records = registries.records
    if require_frozen and not records.paused_since(block=block):
        raise NotFrozenError
    named = _Named()
    logged = LogReader(records.connection, [records, registries.agencies]).read_all(
        registries.first_block, block
    )
    for each in logged:
        named.take(each.event)
    found: list[FinalState] = []
    for record_id in sorted(named.holds):
        stored = records.record(record_id, block=block)
        holds = tuple(sorted(named.holds[record_id], key=_hold_order))
        found.append(FinalRecord(record_id, stored, holds))
        tell(len(found))
    for agency_id, journal in sorted(named.journals):
        head = records.journal_head(agency_id, journal, block=block)
        seal_hash = bytes(32)
        if head.size:
            seal_hash = records.seal_hash_of(agency_id, journal, head.size, block=block)
        found.append(FinalJournal(agency_id, journal, head, seal_hash))
    for agency_id, type_id, hold in sorted(
        named.type_holds, key=lambda each: (each[0], each[1], _hold_order(each[2]))
    ):
        found.append(FinalTypeHold(agency_id, type_id, hold))
    return FinalStates(found)


def require_origin(records: RecordRegistry, states: FinalStates, block: Block) -> None:
    """Compare a successor's origin with what its predecessor leaves.

    Raises `OtherFinalStatesError`.
    """
    origin = records.origin(block=block)
    if (origin.final_states_root, origin.final_states_count) != (states.root(), len(states)):
        named = origin.final_states_root, origin.final_states_count
        raise OtherFinalStatesError(named, states)


def not_adopted(registries: Registries, states: FinalStates, block: Block) -> list[int]:
    """Return the indexes of what the successor has not taken over yet."""
    records = registries.records
    if not records.adoption_remaining(block=block):
        return []
    logged = LogReader(records.connection, [records]).read(registries.first_block, block)
    there: set[object] = set()
    for each in logged:
        event = each.event
        if isinstance(event, events.RecordAdopted):
            there.add(event.record_id)
        elif isinstance(event, events.JournalAdopted):
            there.add((event.agency_id, event.journal))
        elif isinstance(event, events.TypeHeld):
            # Until all is adopted a type is held by adoption alone.
            hold = Hold(event.authority, event.case_commitment)
            there.add((event.agency_id, event.type_id, hold))
    return [index for index, each in enumerate(states.states) if each.name not in there]


class _Named:
    """What the events of a registry name: ids with their open holds, journals, holds on types."""

    def __init__(self) -> None:
        self.holds: dict[bytes, set[Hold]] = {}
        self.journals: set[tuple[int, int]] = set()
        self.type_holds: set[tuple[int, int, Hold]] = set()

    def take(self, event: object) -> None:
        """Go on by one event."""
        if isinstance(event, events.Registered | events.Enrolled):
            self.holds.setdefault(event.record_id, set())
        elif isinstance(event, events.Held):
            hold = Hold(event.authority, event.case_commitment)
            self.holds.setdefault(event.record_id, set()).add(hold)
        elif isinstance(event, events.Released):
            self.holds[event.record_id].discard(Hold(event.authority, event.case_commitment))
        elif isinstance(event, events.RecordAdopted):
            self.holds[event.record_id] = set(event.holds)
        elif isinstance(event, events.JournalOpened | events.JournalAdopted):
            self.journals.add((event.agency_id, event.journal))
        elif isinstance(event, events.TypeHeld):
            hold = Hold(event.authority, event.case_commitment)
            self.type_holds.add((event.agency_id, event.type_id, hold))
        elif isinstance(event, events.TypeReleased):
            hold = Hold(event.authority, event.case_commitment)
            self.type_holds.discard((event.agency_id, event.type_id, hold))


def _hold_order(hold: Hold) -> tuple[str, bytes]:
    return hold.authority.lower(), hold.case_commitment
