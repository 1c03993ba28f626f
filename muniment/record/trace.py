# SPDX-License-Identifier: Apache-2.0
"""Traces: a record's acts in order, and the registry's hash chain of them (SPEC § 5)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NewType

from muniment.errors import RecordError
from muniment.record.commitment import Commitment
from muniment.record.identifiers import AgencyId, RecordId
from muniment.record.keccak import keccak
from muniment.record.state import RecordState

TraceHead = NewType("TraceHead", bytes)
"""Hash chain of all acts of a record: 32 bytes, zero where there is none."""

REGISTERED_TAG: Final = keccak(b"muniment.trace.registered.v1")
ACT_TAG: Final = keccak(b"muniment.trace.act.v1")
NO_HEAD: Final = TraceHead(bytes(32))


class ActKind(enum.IntEnum):
    """What an act did. The numbers are part of the trace head."""

    REGISTERED = 1
    ENROLLED = 2
    AMENDED = 3
    SUPERSEDED = 4
    REVOKED = 5
    HELD = 6
    RELEASED = 7
    TRANSFERRED = 8
    DISPOSED = 9


@dataclass(frozen=True, slots=True)
class Act:
    """One act, as its event tells it.

    `agency_id` 0 for holds; `account` 20 bytes; `state` after the act; `argument` 32 bytes by kind
    (SPEC § 5); `commitment` where the act set one; `sequence` the event's number.
    """

    kind: ActKind
    record_id: RecordId
    agency_id: AgencyId
    account: bytes
    state: RecordState
    argument: bytes
    sequence: int
    commitment: Commitment | None = None


@dataclass(frozen=True, slots=True)
class Adopted:
    """What a registry took over of a record from its predecessor: the three slots as they stood
    there, the state without an offer (docs/SPEC.md § 9). Its trace goes on from there."""

    state: RecordState
    commitment: bytes
    trace_head: bytes

    def head(self, record_id: bytes) -> TraceHead:
        """Return the head that the next act follows: derived where none was stored."""
        if self.trace_head == NO_HEAD and self.state.to_word():
            return registered_head(record_id, self.commitment, self.state)
        return TraceHead(self.trace_head)


class TraceMismatchError(RecordError):
    """The acts and what stands on chain contradict one another: an act is missing or forged."""

    def __init__(self, record_id: bytes, what: str, chain: object, acts: object) -> None:
        super().__init__(
            f"trace of record 0x{record_id.hex()}: {what} on chain is {_shown(chain)}, "
            f"the acts give {_shown(acts)}",
            expected="acts that lead exactly to what stands on chain",
            remedy="read the logs again from another node; if it persists, acts were withheld",
        )
        self.record_id = record_id
        self.chain = chain
        self.acts = acts


def registered_head(record_id: bytes, commitment: bytes, state: RecordState) -> TraceHead:
    """Return the head that direct registration of an untouched id gives."""
    return TraceHead(
        keccak(REGISTERED_TAG + record_id + commitment + state.hashed_word().to_bytes(32, "big"))
    )


def act_head(previous: bytes, act: Act) -> TraceHead:
    """Return the head after `act`, of the head before it (32 zero bytes when there was none)."""
    return TraceHead(
        keccak(
            ACT_TAG
            + previous
            + act.record_id
            + int(act.kind).to_bytes(32, "big")
            + act.agency_id.to_bytes(32, "big")
            + act.account.rjust(32, b"\0")
            + act.state.to_word().to_bytes(32, "big")
            + act.argument
        )
    )


def trace_head(acts: Sequence[Act], start: TraceHead = NO_HEAD) -> TraceHead:
    """Return the head of acts in order, `start` the one before them; zero of none."""
    head = start
    for act in acts:
        if act.kind is ActKind.REGISTERED and head == NO_HEAD:
            head = registered_head(act.record_id, act.argument, act.state)
        else:
            head = act_head(head, act)
    return head


def verify_trace(
    record_id: bytes,
    acts: Sequence[Act],
    commitment: bytes,
    state: RecordState,
    stored_head: bytes,
    adopted: Adopted | None = None,
) -> TraceHead:
    """Check acts against a record's three slots of one block (SPEC § 5) and return the head.

    With `adopted` they are those since a registry took the record over, and it is what they follow:
    another one leads to another head. Raises `TraceMismatchError` that names what differs.
    """
    if any(act.record_id != record_id for act in acts):
        raise TraceMismatchError(record_id, "record id", record_id, "acts of other records")
    if any(later.sequence <= act.sequence for act, later in pairwise(acts)):
        raise TraceMismatchError(record_id, "order", "by sequence number", "another order")
    # The head of a registration is made without them, so they would not show there.
    if any(act.state.hashed_word() != act.state.to_word() for act in acts):
        raise TraceMismatchError(record_id, "state after an act", "no offer of custody", "one")
    head = trace_head(acts, NO_HEAD if adopted is None else adopted.head(record_id))
    derived = adopted is None and len(acts) == 1 and acts[0].kind is ActKind.REGISTERED
    expected = NO_HEAD if derived else head
    if adopted is not None and not acts:
        # Not derived either, where nothing was done since.
        expected = TraceHead(adopted.trace_head)
    if stored_head != expected:
        raise TraceMismatchError(record_id, "trace head", stored_head, expected)
    before = 0 if adopted is None else adopted.state.to_word()
    last_state = acts[-1].state.to_word() if acts else before
    if state.hashed_word() != last_state:
        raise TraceMismatchError(record_id, "state", state.hashed_word(), last_state)
    first = bytes(32) if adopted is None else adopted.commitment
    committed = next((act.commitment for act in reversed(acts) if act.commitment), first)
    if commitment != committed:
        raise TraceMismatchError(record_id, "commitment", commitment, committed)
    return head


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return f"0x{value:064x}" if isinstance(value, int) else str(value)
