# SPDX-License-Identifier: Apache-2.0
"""Which submissions share a transaction, and what became of them when it failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from muniment.chain.connection import Address
from muniment.chain.contract import Call
from muniment.errors import ContractError
from muniment.store.outbox_rows import SubmissionRow

REGISTER: Final = "register(uint32,uint16,uint16,uint8,bytes32,bytes32)"
REGISTER_MANY: Final = "registerMany(uint32,uint16,uint16,uint8,bytes32[],bytes32[])"
SEVERAL: Final = "multicall(bytes[])"
_MANY_SELECTOR: Final = keccak(text=REGISTER_MANY)[:4]
_SEVERAL_SELECTOR: Final = keccak(text=SEVERAL)[:4]
_WORD: Final = 32
# Selector, then agency, type, its version, algorithm: what all of one batch share.
_SHARED: Final = slice(4, 4 + 4 * _WORD)
_LOCAL_ID: Final = slice(4 + 4 * _WORD, 4 + 5 * _WORD)
_COMMITMENT: Final = slice(4 + 5 * _WORD, 4 + 6 * _WORD)

MAX_ATTEMPTS: Final = 3
"""How often a submission is tried that fails without a reason."""

# Measured: 81,443 gas for one registration, 48,487 each of many (docs/performance.md). A limit is
# room in a block that others cannot have, so it is not much more.
_GAS_ALONE: Final = 150_000
_GAS_BATCH: Final = 150_000
_GAS_EACH: Final = 60_000

# Officers' acts that come by the thousand, each on a record of its own. Measured: 90,000 gas for a
# proposal among many, 48,000 for a confirmation, 140,000 more where the record is enrolled first;
# 40,000 for an offer alone, 67,000 for an acceptance.
PROPOSE: Final = "propose disposition"
DISPOSE: Final = "dispose"
OFFER: Final = "offer"
ACCEPT: Final = "accept"
DECLINE: Final = "decline"
WITHDRAW: Final = "withdraw"
_GAS_OF_ACT: Final = {
    PROPOSE: 110_000,
    DISPOSE: 75_000,
    OFFER: 60_000,
    ACCEPT: 90_000,
    DECLINE: 50_000,
    WITHDRAW: 50_000,
}
_GAS_ENROL: Final = 140_000
_GAS_ROOM: Final = 12_000_000
"""Most gas of several acts together: nodes take no transaction of more than 2^24 (EIP-7825)."""


@dataclass(frozen=True, slots=True)
class Load:
    """One transaction to be: its call, what it carries, and its gas where no estimate is needed."""

    call: Call
    carried: tuple[SubmissionRow, ...]
    gas: int | None


def loads(rows: Sequence[SubmissionRow], batch: int) -> Iterator[Load]:
    """Yield the transactions that submissions make, in order.

    Registrations of one type that stand side by side share one, and so do acts of one kind of
    disposition and custody, at most `batch` and at most what each of them may share.
    """
    group: list[SubmissionRow] = []
    room = gas = 0
    for row in rows:
        needed = _gas_of_act(row)
        fits = len(group) < min(room, row.batch_limit) and gas + needed <= _GAS_ROOM
        if group and not (fits and _fits(group[0], row)):
            yield _load(group)
            group, gas = [], 0
        room = min(room, row.batch_limit) if group else min(batch, row.batch_limit)
        gas += needed
        group.append(row)
    if group:
        yield _load(group)


def commitment_of(row: SubmissionRow) -> bytes | None:
    """Return the commitment that a registration brings, None for other acts."""
    return row.data[_COMMITMENT] if row.function == REGISTER else None


def after_failure(
    rows: Sequence[SubmissionRow], error: ContractError | None
) -> list[SubmissionRow]:
    """Return the submissions of a failed transaction as they go on: refused, or to be sent again.

    One that spoiled a batch goes on alone, so that the others do not wait behind it. An error that
    names no record of the batch is about what all of it shares (type, role, pause): all are
    refused. Where there is no reason at all, the batch is halved.
    """
    if len(rows) == 1 and not rows[0].prepared:
        row = rows[0]
        if error is not None:
            return [replace(row, refusal=refusal_of(error))]
        if row.attempts + 1 >= MAX_ATTEMPTS:
            what = f"failed {MAX_ATTEMPTS} times in its block, without a reason"
            return [replace(row, attempts=row.attempts + 1, refusal=what)]
        return [replace(row, attempts=row.attempts + 1)]
    if rows[0].prepared:
        # Its officer signed all of it at once: no part of it can be sent without the others.
        what = "it failed in its block, without a reason" if error is None else refusal_of(error)
        return [replace(row, refusal=what) for row in rows]
    named = set() if error is None else set(map(_hashable, error.arguments.values()))
    if any(row.record_id in named for row in rows):
        return [replace(row, batch_limit=1) if row.record_id in named else row for row in rows]
    if error is not None:
        return [replace(row, refusal=refusal_of(error)) for row in rows]
    return [replace(row, batch_limit=max(1, len(rows) // 2)) for row in rows]


def refusal_of(error: ContractError) -> str:
    """Return why the registry refused, as it is kept with the submission."""
    return str(error)


def _fits(first: SubmissionRow, row: SubmissionRow) -> bool:
    if row.to != first.to:
        return False
    if row.function == first.function == REGISTER:
        return row.data[_SHARED] == first.data[_SHARED]
    return row.kind == first.kind and first.kind in _GAS_OF_ACT


def _gas_of_act(row: SubmissionRow) -> int:
    """What an act takes at most that several are sent of together, 0 for other acts."""
    alone = _GAS_OF_ACT.get(row.kind, 0)
    return alone + _GAS_ENROL if alone and row.function == SEVERAL else alone


def _load(group: Sequence[SubmissionRow]) -> Load:
    first = group[0]
    to = Address(first.to)
    retried = any(row.attempts for row in group)
    if len(group) == 1:
        gas = _GAS_ALONE if first.function == REGISTER and not retried else None
        return Load(Call(to, first.data, first.function), tuple(group), gas)
    if first.function != REGISTER:
        data = _SEVERAL_SELECTOR + encode(["bytes[]"], [[row.data for row in group]])
        gas = None if retried else _GAS_BATCH + sum(map(_gas_of_act, group))
        return Load(Call(to, data, SEVERAL), tuple(group), gas)
    count = len(group).to_bytes(_WORD, "big")
    ids = (6 * _WORD).to_bytes(_WORD, "big")
    commitments = (7 * _WORD + len(group) * _WORD).to_bytes(_WORD, "big")
    data = b"".join(
        (
            _MANY_SELECTOR,
            first.data[_SHARED],
            ids,
            commitments,
            count,
            *(row.data[_LOCAL_ID] for row in group),
            count,
            *(row.data[_COMMITMENT] for row in group),
        )
    )
    gas = None if retried else _GAS_BATCH + _GAS_EACH * len(group)
    return Load(Call(to, data, REGISTER_MANY), tuple(group), gas)


def _hashable(value: object) -> object:
    return value if isinstance(value, bytes) else None
