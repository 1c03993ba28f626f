# SPDX-License-Identifier: Apache-2.0
"""Traces of many records at one block: events of the mirror, proven by the records' slots there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from muniment.chain.connection import Connection, RpcError, block_parameter
from muniment.chain.traces import ACTS, act_of
from muniment.errors import RecordError
from muniment.exchange.errors import CustodyError
from muniment.proof.slots import record_slots
from muniment.record.identifiers import RecordId
from muniment.record.state import RecordState, Status
from muniment.record.trace import Act, TraceHead, verify_trace
from muniment.registry.custody.outcomes import FinalBlock
from muniment.registry.mirroring import sync
from muniment.registry.session import Session
from muniment.store import mirror
from muniment.store.folding import event_of

_PATIENCE: Final = 3


@dataclass(frozen=True, slots=True)
class Proven:
    """All acts of a record, the state they lead to, and the head of their hash chain."""

    acts: tuple[Act, ...]
    state: RecordState
    commitment: bytes
    head: TraceHead

    @property
    def versions(self) -> list[Act]:
        """The acts that brought content, in order: the k-th brought version k."""
        return [act for act in self.acts if act.commitment is not None]


def mirrored_block(session: Session) -> FinalBlock:
    """Bring the mirror up to the chain's head, and return the block that traces are proven at.

    Where another process does it, or one that did has just ended, it waits for that. Raises
    `CustodyError` where the mirror stays behind: what it does not have would be taken for missing.
    """

    def head(node: Connection) -> int:
        return node.block().number

    wanted = session.nodes.read(head)
    for _ in range(_PATIENCE):
        sync(session)
        with session.database.read() as connection:
            final, _ = mirror.heights(connection)
            top = mirror.top_block(connection)
        if top is not None and top.number >= wanted:
            return FinalBlock(final, top.timestamp, top.number)
    raise CustodyError(
        f"the mirror has not block {wanted} yet",
        "a mirror that is up to date",
        remedy="try again in some seconds; `muniment status` says who brings it up to date",
    )


def proven_traces(
    session: Session, record_ids: Sequence[RecordId], number: int
) -> dict[RecordId, Proven | RecordError]:
    """Return the traces of some records (at most 500) at block `number`, which the mirror has.

    In place of one that does not hold stands the error that says so: a node that withholds an act
    can hide none.
    """
    with session.database.read() as connection:
        acts: dict[RecordId, list[Act]] = {each: [] for each in record_ids}
        for log in mirror.logs_of(connection, record_ids):
            if log.name in ACTS and log.block_number <= number:
                acts[RecordId(log.subject)].append(act_of(event_of(log)))
    registry = session.profile.chain.registry
    asked = [
        [registry, hex(slot), block_parameter(number)]
        for each in record_ids
        for slot in record_slots(each)
    ]

    def read(node: Connection) -> list[int]:
        words = []
        for answer in node.request_many("eth_getStorageAt", asked):
            if isinstance(answer, RpcError):
                raise answer
            words.append(int(answer, 16))
        return words

    words = session.nodes.read(read)
    found: dict[RecordId, Proven | RecordError] = {}
    for place, record_id in enumerate(record_ids):
        commitment, state_word, head = words[3 * place : 3 * place + 3]
        try:
            found[record_id] = _proven(record_id, acts[record_id], commitment, state_word, head)
        except RecordError as error:
            found[record_id] = error
    return found


def _proven(record_id: RecordId, acts: list[Act], commitment: int, word: int, head: int) -> Proven:
    state = RecordState.from_word(word)
    committed = commitment.to_bytes(32, "big")
    proven = verify_trace(record_id, acts, committed, state, head.to_bytes(32, "big"))
    if state.status is Status.NONE:
        return Proven((), state, committed, proven)
    return Proven(tuple(acts), state, committed, proven)
