# SPDX-License-Identifier: Apache-2.0
"""What the outbox's rows say, and how a submission's state follows from its transactions.

A submission is one act that was acknowledged. It gets onto the chain once:

    NEW → SIGNED → MINED → FINAL        and back when a block is undone
     └→ REFUSED (with the reason)              nothing waits behind it

What an officer signs elsewhere (`prepared`) begins as PREPARED and is SIGNED when the officer's
transaction has come. No lane here ever signs it, before or after: where its transaction comes to
nothing it is REFUSED, and prepared anew.

Whether it was sent, its transaction tells: a hundred submissions need not be written for that.
A transaction carries one or many of them, and is SIGNED, SENT, MINED (`succeeded` or not), FINAL,
ABANDONED (another was signed for its nonce; it may still be the one that is mined) or DEAD (that
other one is final). A submission's state is always what its transactions give (`state_of`).
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from muniment.chain.contract import Call

MAX_BATCH_LIMIT: Final = 256


class SubmissionState(enum.StrEnum):
    """Where a submission stands."""

    PREPARED = "PREPARED"
    NEW = "NEW"
    SIGNED = "SIGNED"
    MINED = "MINED"
    FINAL = "FINAL"
    REFUSED = "REFUSED"


class TransactionState(enum.StrEnum):
    """Where a transaction stands."""

    SIGNED = "SIGNED"
    SENT = "SENT"
    MINED = "MINED"
    FINAL = "FINAL"
    ABANDONED = "ABANDONED"
    DEAD = "DEAD"


LIVE: Final = (TransactionState.SIGNED, TransactionState.SENT)
PENDING: Final = (SubmissionState.NEW, SubmissionState.SIGNED)


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be acknowledged: a call, of what kind, on which record and version.

    `account` None lets any lane of the agency's OPERATOR keys send it.
    """

    kind: str
    call: Call
    record_id: bytes | None = None
    version: int | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """A row of `submissions`."""

    submission_id: int
    kind: str
    record_id: bytes | None
    version: int | None
    account: str | None
    to: str
    function: str
    data: bytes
    state: SubmissionState
    batch_limit: int
    attempts: int
    found: bool
    refusal: str | None
    created_ms: int
    prepared: bool = False


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A row of `transactions`."""

    transaction_id: int
    account: str
    nonce: int
    raw: bytes
    hash: bytes
    state: TransactionState
    succeeded: bool | None
    block_number: int | None
    block_hash: bytes | None
    gas_used: int | None
    broadcast_count: int
    broadcast_ms: int
    created_ms: int


def state_of(row: SubmissionRow, carriers: Sequence[TransactionRow]) -> SubmissionState:
    """Return the state of a submission, of all transactions that ever carried it."""
    done = {each.state for each in carriers if each.succeeded}
    if TransactionState.FINAL in done:
        return SubmissionState.FINAL
    if TransactionState.MINED in done:
        return SubmissionState.MINED
    if row.found:
        return (
            SubmissionState.FINAL if row.state is SubmissionState.FINAL else SubmissionState.MINED
        )
    if row.refusal is not None:
        return SubmissionState.REFUSED
    if any(each.state in LIVE for each in carriers):
        return SubmissionState.SIGNED
    if row.prepared:
        return SubmissionState.REFUSED if carriers else SubmissionState.PREPARED
    return SubmissionState.NEW
