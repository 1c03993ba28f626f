# SPDX-License-Identifier: Apache-2.0
"""Records from their events: the three slots that the registry stores, and how many acts led to it.

The state after an act is in the act's event, so nothing of the contract's rules is repeated here
but three: an act closes an offer, an offer changes nothing else, and a lone registration stores no
trace head (SPEC § 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.chain.bindings import RecordRegistry
from muniment.chain.bindings import record_registry as bindings
from muniment.chain.decoding import WORD
from muniment.chain.traces import ACTS, act_of
from muniment.record.state import PLACES, RecordState
from muniment.record.trace import NO_HEAD, act_head, registered_head
from muniment.store.bulk import insert_rows, rows_among
from muniment.store.subjects import placed_events
from muniment.store.tables import holds, records

if TYPE_CHECKING:
    from muniment.store.mirror import NewLog

ID_SIZE: Final = 32
_MANY: Final = 500
_OFFER: Final = ("offered_to", "offer_expires_at")
_OFFER_MASK: Final = sum(((1 << PLACES[name][1]) - 1) << PLACES[name][0] for name in _OFFER)
_COLUMNS: Final = tuple((name, at, (1 << bits) - 1) for name, (at, bits) in PLACES.items())


@dataclass(slots=True)
class _Fold:
    """A record as it stands after some events."""

    word: int
    commitment: bytes
    trace_head: bytes
    act_count: int
    first_block: int
    last_block: int


def fold(connection: Connection, logs: Sequence[NewLog]) -> None:
    """Bring the rows of records forward by logs of the record registry, in order of the chain."""
    stored = _load(connection, _known(connection, logs))
    folds = dict(stored)
    state, commitment = _REGISTERED["state"], _REGISTERED["commitment"]
    for log in logs:
        record_id, block = log.subject, log.block_number
        before = folds.get(record_id)
        if before is None and log.name == "Registered":
            word = int.from_bytes(log.data[state : state + WORD], "big")
            committed = log.data[commitment : commitment + WORD]
            folds[record_id] = _Fold(word, committed, NO_HEAD, 1, block, block)
        else:
            folds[record_id] = _after(connection, before, record_id, log)
    changed = list(stored)
    for start in range(0, len(changed), _MANY):
        part = changed[start : start + _MANY]
        connection.execute(sa.delete(records).where(records.c.record_id.in_(part)))
    # In order of the key: neighbours lie on one page of the table.
    insert_rows(connection, records, [_row(key, folds[key]) for key in sorted(folds)])


def _known(connection: Connection, logs: Sequence[NewLog]) -> set[bytes]:
    """The ids that may have a row already: not those that are registered here for the first time,
    but that one can be held before it is registered."""
    held_before = sa.select(records.c.record_id).where(records.c.issuer == 0)
    waiting = {bytes(each) for each in connection.execute(held_before).scalars()}
    fresh: set[bytes] = set()
    known: set[bytes] = set()
    for log in logs:
        if log.subject in fresh:
            continue
        if log.name == "Registered" and log.subject not in waiting:
            fresh.add(log.subject)
        else:
            known.add(log.subject)
    return known - fresh


def word_of(row: sa.RowMapping | Mapping[str, Any]) -> int:
    """Return the state word of a row of `records`, as the registry stores it."""
    return sum(row[name] << at for name, at, _ in _COLUMNS)


def _after(connection: Connection, before: _Fold | None, record_id: bytes, log: NewLog) -> _Fold:
    block = log.block_number
    first = block if before is None else before.first_block
    event = RecordRegistry.decode_event(log.topics, log.data)
    if isinstance(event, bindings.RecordAdopted):
        for hold in event.holds:
            _place(connection, record_id, hold.authority, hold.case_commitment, block)
        return _Fold(event.state.to_word(), event.commitment, event.trace_head, 0, first, block)
    before = before or _Fold(0, bytes(ID_SIZE), NO_HEAD, 0, first, block)
    if log.name not in ACTS:
        word = before.word
        if isinstance(event, bindings.CustodyOffered):
            word = _with_offer(word, event.to_agency, event.expires_at)
        elif isinstance(event, bindings.CustodyOfferClosed):
            word = _with_offer(word, 0, 0)
        return _Fold(word, before.commitment, before.trace_head, before.act_count, first, block)
    if isinstance(event, bindings.Held):
        _place(connection, record_id, event.authority, event.case_commitment, block)
    if isinstance(event, bindings.Released):
        connection.execute(
            sa.delete(holds).where(
                holds.c.record_id == record_id,
                holds.c.authority == event.authority,
                holds.c.case_commitment == event.case_commitment,
            )
        )
    act = act_of(event)
    head = act_head(_head(record_id, before), act)
    commitment = before.commitment if act.commitment is None else act.commitment
    return _Fold(act.state.to_word(), commitment, head, before.act_count + 1, first, block)


def _head(record_id: bytes, before: _Fold) -> bytes:
    """The head before an act: derived where the registry has stored none."""
    if before.trace_head != NO_HEAD or not before.word:
        return before.trace_head
    return registered_head(record_id, before.commitment, RecordState.from_word(before.word))


def _with_offer(word: int, to_agency: int, expires_at: int) -> int:
    return (
        (word & ~_OFFER_MASK)
        | (to_agency << PLACES["offered_to"][0])
        | (expires_at << PLACES["offer_expires_at"][0])
    )


def _place(
    connection: Connection, record_id: bytes, authority: str, case: bytes, block: int
) -> None:
    values = {
        "record_id": record_id,
        "authority": authority,
        "case_commitment": case,
        "block_number": block,
    }
    connection.execute(sa.insert(holds).values(values))


def _places(name: str) -> dict[str, int]:
    """Where the plain arguments of an event lie in its data."""
    [plan] = [each.plan for each in placed_events("records").values() if each.plan.name == name]
    plain = [each for each in plan.inputs if not each["indexed"]]
    return {str(each["name"]): place * WORD for place, each in enumerate(plain)}


_REGISTERED: Final = _places("Registered")


@lru_cache(maxsize=4096)
def _columns(word: int) -> tuple[int, ...]:
    # Registrations of one batch have the same state.
    return tuple((word >> at) & mask for _, at, mask in _COLUMNS)


def _row(record_id: bytes, fold: _Fold) -> tuple[Any, ...]:
    """A row in the order of the columns of `records`."""
    return (
        record_id,
        *_columns(fold.word),
        fold.commitment,
        fold.trace_head,
        fold.act_count,
        fold.first_block,
        fold.last_block,
    )


def _load(connection: Connection, record_ids: Iterable[bytes]) -> dict[bytes, _Fold]:
    found = {}
    for record_id, *state, commitment, head, acts, first, last in rows_among(
        connection, records, records.c.record_id, list(record_ids)
    ):
        word = sum(value << at for value, (_, at, _) in zip(state, _COLUMNS, strict=True))
        found[bytes(record_id)] = _Fold(word, bytes(commitment), bytes(head), acts, first, last)
    return found
