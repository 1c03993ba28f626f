# SPDX-License-Identifier: Apache-2.0
"""Records from their events: the three slots that the registry stores, and how many acts led to it.

The state after an act is in the act's event, so nothing of the contract's rules is repeated here
but three: an act closes an offer, an offer changes nothing else, and a lone registration stores no
trace head (SPEC § 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.chain.bindings import RecordRegistry
from muniment.chain.bindings import record_registry as bindings
from muniment.chain.decoding import WORD
from muniment.chain.traces import ACTS, act_of
from muniment.record.state import PLACES, RecordState
from muniment.record.trace import NO_HEAD, act_head, registered_head
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
    stored = _load(connection, {log.subject for log in logs})
    folds = dict(stored)
    for log in logs:
        record_id = log.subject
        before = folds.get(record_id)
        folds[record_id] = _after(connection, before, record_id, log)
    fresh = [_row(key, each) for key, each in folds.items() if key not in stored]
    changed = [_row(key, each) for key, each in folds.items() if key in stored]
    if fresh:
        connection.execute(sa.insert(records), fresh)
    if changed:
        names = [column.name for column in records.columns if column.name != "record_id"]
        statement = (
            sa.update(records)
            .where(records.c.record_id == sa.bindparam("key"))
            .values({name: sa.bindparam(f"new_{name}") for name in names})
        )
        connection.execute(
            statement,
            [
                {"key": row["record_id"], **{f"new_{name}": row[name] for name in names}}
                for row in changed
            ],
        )


def word_of(row: sa.RowMapping | Mapping[str, Any]) -> int:
    """Return the state word of a row of `records`, as the registry stores it."""
    return sum(row[name] << at for name, at, _ in _COLUMNS)


def _after(connection: Connection, before: _Fold | None, record_id: bytes, log: NewLog) -> _Fold:
    block = log.block_number
    first = block if before is None else before.first_block
    places = _places(log.topics[:WORD])
    if before is None and log.name == "Registered":
        word = _word(log.data, places["state"])
        commitment = _bytes(log.data, places["commitment"])
        return _Fold(word, commitment, NO_HEAD, 1, first, block)
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


@cache
def _places(topic: bytes) -> Mapping[str, int]:
    """Where an event's plain arguments lie in its data."""
    plain = [each for each in placed_events("records")[topic].plan.inputs if not each["indexed"]]
    return {str(each["name"]): place * WORD for place, each in enumerate(plain)}


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(_bytes(data, at), "big")


def _bytes(data: bytes, at: int) -> bytes:
    return data[at : at + WORD]


def _row(record_id: bytes, fold: _Fold) -> dict[str, Any]:
    word = fold.word
    row: dict[str, Any] = {name: (word >> at) & mask for name, at, mask in _COLUMNS}
    row["record_id"] = record_id
    row["commitment"] = fold.commitment
    row["trace_head"] = fold.trace_head
    row["act_count"] = fold.act_count
    row["first_block"] = fold.first_block
    row["last_block"] = fold.last_block
    return row


def _load(connection: Connection, record_ids: Iterable[bytes]) -> dict[bytes, _Fold]:
    wanted = list(record_ids)
    found = {}
    for start in range(0, len(wanted), _MANY):
        chosen = sa.select(records).where(records.c.record_id.in_(wanted[start : start + _MANY]))
        for row in connection.execute(chosen).mappings():
            found[bytes(row["record_id"])] = _Fold(
                word_of(row),
                bytes(row["commitment"]),
                bytes(row["trace_head"]),
                row["act_count"],
                row["first_block"],
                row["last_block"],
            )
    return found
