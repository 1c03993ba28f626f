# SPDX-License-Identifier: Apache-2.0
"""A record's trace from the logs, checked against its slots on chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from muniment.chain.bindings import record_registry as events
from muniment.chain.bindings.record_registry import Hold, Record
from muniment.chain.connection import Block, RpcError, block_parameter
from muniment.chain.contract import Event, LoggedEvent, topic_of
from muniment.chain.decoding import WORD
from muniment.chain.deployment import Registries
from muniment.chain.log_reader import LogReader
from muniment.proof import record_slots
from muniment.record.commitment import Commitment
from muniment.record.identifiers import AgencyId, RecordId
from muniment.record.state import RecordState
from muniment.record.trace import (
    Act,
    ActKind,
    Adopted,
    TraceHead,
    TraceMismatchError,
    verify_trace,
)

ACTS = (
    "Registered",
    "Enrolled",
    "Amended",
    "Superseded",
    "Revoked",
    "Held",
    "Released",
    "Transferred",
    "Disposed",
)
"""The names of the events that tell acts."""
_ADOPTED: Final = "RecordAdopted"
_TOGETHER: Final = 100
"""Records whose logs are asked for together."""


@dataclass(frozen=True, slots=True)
class TracedAct:
    """An act, the event that told it, and where it stands: `block_number`, `time` (Unix seconds),
    transaction (32 bytes)."""

    act: Act
    event: Event
    block_number: int
    time: int
    transaction_hash: bytes

    @property
    def replacement(self) -> RecordId | None:
        """The record that took the place of this one, by an act that superseded it."""
        event = self.event
        return RecordId(event.replacement_id) if isinstance(event, events.Superseded) else None


@dataclass(frozen=True, slots=True)
class Adoption:
    """How a registry took a record over: what was `adopted`, the `holds` that stood, and where
    that is told."""

    adopted: Adopted
    holds: tuple[Hold, ...]
    block_number: int
    transaction_hash: bytes


@dataclass(frozen=True, slots=True)
class Trace:
    """All acts of a record up to `block`, whose hash chain is the `head` that the chain has.

    With an `adoption` they are those since then; the predecessor has the ones before.
    """

    record_id: RecordId
    block: Block
    acts: tuple[TracedAct, ...]
    commitment: Commitment
    state: RecordState
    head: TraceHead
    adoption: Adoption | None = None


def read_trace(registries: Registries, record_id: bytes, block: Block) -> Trace:
    """Return the complete trace of a record at `block`.

    The head is recomputed from the acts' events and compared with the record's slots at the same
    block, so that a node can neither leave out nor add an act. Raises `TraceMismatchError`, and the
    log reader's errors. The trace of a record that a successor has adopted goes on from the head
    that it had at the registry before; that it was this one is the node's word.
    """
    records = registries.records
    logged = _logged(registries, [record_id], block)
    stored = records.record(record_id, block=block)
    return _trace(registries, record_id, logged, stored, block)


def read_traces(
    registries: Registries,
    record_ids: Sequence[RecordId],
    block: Block,
    words: Mapping[int, int] | None = None,
) -> dict[RecordId, Trace]:
    """Return the traces of many records in a few requests; see `read_trace`.

    `words` are what their slots have in the block, where the caller knows it.
    """
    known = _words(registries, record_ids, block) if words is None else words
    logged: dict[bytes, list[LoggedEvent]] = {each: [] for each in record_ids}
    for start in range(0, len(record_ids), _TOGETHER):
        for each in _logged(registries, record_ids[start : start + _TOGETHER], block):
            logged[each.event.record_id].append(each)  # type: ignore[attr-defined]
    found = {}
    for record_id in record_ids:
        commitment, state, head = (known[slot] for slot in record_slots(record_id))
        stored = Record(
            commitment.to_bytes(WORD, "big"),
            RecordState.from_word(state),
            head.to_bytes(WORD, "big"),
        )
        found[record_id] = _trace(registries, record_id, logged[record_id], stored, block)
    return found


def _logged(registries: Registries, record_ids: Sequence[bytes], block: Block) -> list[LoggedEvent]:
    """The events of acts on records, in order of the chain."""
    records = registries.records
    wanted = [f"0x{each.hex()}" for each in record_ids]
    topics = [[topic_of("RecordRegistry", name) for name in (*ACTS, _ADOPTED)], wanted]
    reader = LogReader(records.connection, [records])
    return list(reader.read(registries.first_block, block, topics=topics))


def _words(registries: Registries, record_ids: Sequence[RecordId], block: Block) -> dict[int, int]:
    """What the slots of records have in a block."""
    records = registries.records
    slots = [slot for each in record_ids for slot in record_slots(each)]
    answers = records.connection.request_many(
        "eth_getStorageAt", [[records.address, hex(slot), block_parameter(block)] for slot in slots]
    )
    for answer in answers:
        if isinstance(answer, RpcError):
            raise answer
    return {slot: int(answer, 16) for slot, answer in zip(slots, answers, strict=True)}


def _trace(
    registries: Registries,
    record_id: bytes,
    logged: Sequence[LoggedEvent],
    stored: Record,
    block: Block,
) -> Trace:
    adoption, logged = _adoption(logged)
    if adoption is not None and not registries.is_successor():
        # By it a node could leave the first acts out.
        raise TraceMismatchError(record_id, "adoption", "none: the first registry", "one")
    if any(isinstance(each.event, events.RecordAdopted) for each in logged):
        raise TraceMismatchError(record_id, "adoption", "before all acts", "after one")
    acts = [act_of(each.event) for each in logged]
    adopted = None if adoption is None else adoption.adopted
    slots = (stored.commitment, stored.state, stored.trace_head)
    head = verify_trace(record_id, acts, *slots, adopted)
    traced = tuple(
        TracedAct(act, each.event, each.block_number, act.state.updated_at, each.transaction_hash)
        for act, each in zip(acts, logged, strict=True)
    )
    commitment = Commitment(stored.commitment)
    return Trace(RecordId(record_id), block, traced, commitment, stored.state, head, adoption)


def _adoption(logged: Sequence[LoggedEvent]) -> tuple[Adoption | None, Sequence[LoggedEvent]]:
    """How a record was taken over, and the events since. Only an id without acts is adopted."""
    if not logged or not isinstance(event := logged[0].event, events.RecordAdopted):
        return None, logged
    adopted = Adopted(event.state, event.commitment, event.trace_head)
    first = logged[0]
    adoption = Adoption(adopted, event.holds, first.block_number, first.transaction_hash)
    return adoption, logged[1:]


def act_of(event: Event) -> Act:
    """Return the act that an event tells, with the argument that its hash contains (SPEC § 5)."""
    if isinstance(event, events.Registered):
        # On an id that was held before, the head names the agency: the state's issuer.
        return _act(ActKind.REGISTERED, event, event.state.issuer, event.commitment)
    if isinstance(event, events.Enrolled):
        argument = keccak(
            encode(
                ["bytes32", "bytes32", "uint32", "uint64", "uint64"],
                [event.commitment, event.leaf_hash, event.journal, event.index, event.seal_size],
            )
        )
        return _act(ActKind.ENROLLED, event, event.agency_id, argument)
    if isinstance(event, events.Amended):
        return _act(ActKind.AMENDED, event, event.agency_id, event.commitment)
    if isinstance(event, events.Superseded):
        return _act(ActKind.SUPERSEDED, event, event.agency_id, event.replacement_id)
    if isinstance(event, events.Revoked):
        return _act(ActKind.REVOKED, event, event.agency_id, event.reason.to_bytes(32, "big"))
    if isinstance(event, events.Held):
        return _act(ActKind.HELD, event, 0, event.case_commitment)
    if isinstance(event, events.Released):
        return _act(ActKind.RELEASED, event, 0, event.case_commitment)
    if isinstance(event, events.Transferred):
        argument = event.from_agency.to_bytes(32, "big")
        return _act(ActKind.TRANSFERRED, event, event.agency_id, argument)
    if isinstance(event, events.Disposed):
        argument = keccak(encode(["address", "bytes32"], [event.proposer, event.mandate]))
        return _act(ActKind.DISPOSED, event, event.agency_id, argument)
    raise TypeError(f"{type(event).__name__} is no act")


_ActEvent = (
    events.Registered
    | events.Enrolled
    | events.Amended
    | events.Superseded
    | events.Revoked
    | events.Held
    | events.Released
    | events.Transferred
    | events.Disposed
)


def _act(kind: ActKind, event: _ActEvent, agency_id: int, argument: bytes) -> Act:
    account = (
        event.authority if isinstance(event, (events.Held, events.Released)) else event.account
    )
    commitment = getattr(event, "commitment", None)
    return Act(
        kind=kind,
        record_id=RecordId(event.record_id),
        agency_id=AgencyId(agency_id),
        account=bytes.fromhex(account[2:]),
        state=event.state,
        argument=argument,
        sequence=event.sequence,
        commitment=None if commitment is None else Commitment(commitment),
    )
