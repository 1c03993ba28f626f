# SPDX-License-Identifier: Apache-2.0
"""What became of transactions: asked of one node in one read, decided by receipts alone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import rlp

from muniment.chain.bindings import RecordRegistry
from muniment.chain.bindings.errors import RecordRegistryAlreadyRegisteredError
from muniment.chain.connection import Address, Block, Connection, RpcError, address_of
from muniment.chain.contract import call_result
from muniment.chain.finality import final_number
from muniment.errors import ContractError
from muniment.pipeline.batching import commitment_of
from muniment.store.outbox_rows import SubmissionRow, TransactionRow, TransactionState

INDEX_LAG_MS: Final = 10_000
"""How long after sending a transaction a missing receipt says nothing."""

_DONE = (TransactionState.MINED, TransactionState.FINAL)


@dataclass(frozen=True, slots=True)
class ReceiptSeen:
    """A receipt: where the transaction stands, and whether it did what it was to do."""

    block_number: int
    block_hash: bytes
    succeeded: bool
    gas_used: int


@dataclass(slots=True)
class View:
    """What one node says of transactions, all of it read in one go.

    `receipts` has None for a transaction that was asked for and is in no block; `failures` the
    contract's error by the id of a failed transaction; `registered` the commitments that the
    registry has for records whose registration was refused as already done.
    """

    head: Block
    final: int
    counts: dict[str, int]
    receipts: dict[bytes, ReceiptSeen | None] = field(default_factory=dict)
    final_counts: dict[str, int] = field(default_factory=dict)
    failures: dict[int, ContractError | None] = field(default_factory=dict)
    asked_ms: int = field(default_factory=lambda: int(time.time() * 1000))


def look(
    connection: Connection, rows: Sequence[TransactionRow], finality_depth: int | None
) -> View:
    """Ask a node about transactions. Raises `UnreachableError`: then nothing was learnt."""
    head = connection.block()
    view = View(head, final_number(connection, head, finality_depth), {})
    accounts = sorted({row.account for row in rows})
    view.counts = _counts(connection, accounts, "latest")
    asked = list(_to_ask(connection, rows, view))
    # Before the receipts: what was in a final block by then has one by now.
    if view.final >= 0:
        view.final_counts = _counts(connection, accounts, hex(view.final))
    answers = connection.request_many(
        "eth_getTransactionReceipt", [[f"0x{row.hash.hex()}"] for row in asked]
    )
    for row, answer in zip(asked, answers, strict=True):
        if isinstance(answer, RpcError):
            raise answer
        view.receipts[row.hash] = _seen(answer)
    for row in asked:
        seen = view.receipts[row.hash]
        if seen is not None and not seen.succeeded and row.succeeded is not False:
            view.failures[row.transaction_id] = _why(connection, row, seen)
    return view


def settled(rows: Sequence[TransactionRow], view: View) -> list[TransactionRow]:
    """Return the transactions that changed, as they are now."""
    changed = []
    filled = {(row.account, row.nonce) for row in rows if _after(row, view).state in _DONE}
    for row in rows:
        after = _after(row, view)
        place = (row.account, row.nonce)
        if after.state in (TransactionState.SIGNED, TransactionState.SENT) and place in filled:
            # The one that was given up for this one is in a block.
            after = replace(after, state=TransactionState.ABANDONED)
        if after.state is TransactionState.ABANDONED and _is_spent(row, view):
            after = replace(after, state=TransactionState.DEAD)
        if after != row:
            changed.append(after)
    return changed


def registered_commitments(
    connection: Connection, rows: Iterable[SubmissionRow], block: Block
) -> dict[int, bytes]:
    """Return the commitments that the registry has for submissions' records, by submission."""
    found = {}
    for row in rows:
        if row.record_id is not None:
            registry = RecordRegistry(connection, row.to)
            found[row.submission_id] = registry.record(row.record_id, block=block).commitment
    return found


def is_found(row: SubmissionRow, error: ContractError | None) -> bool:
    """Whether a refusal may mean that this very registration stands on chain already."""
    already = isinstance(error, RecordRegistryAlreadyRegisteredError)
    return already and commitment_of(row) is not None


def call_of(raw: bytes) -> tuple[Address | None, bytes]:
    """Return the contract and the data of a raw transaction."""
    fields = rlp.decode(raw)
    to, data = bytes(fields[3]), bytes(fields[5])
    return (address_of("transaction's to", f"0x{to.hex()}") if to else None), data


def price_of(raw: bytes) -> int:
    """Return the gas price of a raw transaction, in wei."""
    return int.from_bytes(bytes(rlp.decode(raw)[1]), "big")


def _to_ask(
    connection: Connection, rows: Sequence[TransactionRow], view: View
) -> Iterable[TransactionRow]:
    """The transactions whose receipts can have changed."""
    mined = [row for row in rows if row.state is TransactionState.MINED]
    undone = False
    if mined:
        # A reorganisation replaces the end of the chain: the highest block tells for all.
        highest = max(mined, key=lambda row: row.block_number or 0)
        found = connection.request("eth_getBlockByNumber", [hex(highest.block_number or 0), False])
        undone = found is None or bytes.fromhex(found["hash"][2:]) != highest.block_hash
    for row in rows:
        if row.state is TransactionState.MINED:
            if undone or (row.block_number or 0) <= view.final:
                yield row
        elif row.nonce < view.counts[row.account]:
            yield row


def _after(row: TransactionRow, view: View) -> TransactionRow:
    if row.hash not in view.receipts:
        return row
    seen = view.receipts[row.hash]
    if seen is not None:
        final = seen.block_number <= view.final
        return replace(
            row,
            state=TransactionState.FINAL if final else TransactionState.MINED,
            succeeded=seen.succeeded,
            block_number=seen.block_number,
            block_hash=seen.block_hash,
            gas_used=seen.gas_used,
        )
    if row.state is TransactionState.MINED:
        # Its block was undone: it goes out again at once.
        return replace(
            row,
            state=TransactionState.SENT,
            succeeded=None,
            block_number=None,
            block_hash=None,
            gas_used=None,
            broadcast_ms=0,
        )
    if _is_spent(row, view):
        return replace(row, state=TransactionState.ABANDONED)
    return row


def _is_spent(row: TransactionRow, view: View) -> bool:
    """Whether another transaction has taken the nonce for good.

    Nodes have a block before they find its transactions by their hashes, so what was sent just now
    is left alone for some seconds.
    """
    return (
        row.nonce < view.final_counts.get(row.account, 0)
        and view.receipts.get(row.hash, ...) is None
        and view.asked_ms - row.broadcast_ms >= INDEX_LAG_MS
    )


def _counts(connection: Connection, accounts: Sequence[str], block: str) -> dict[str, int]:
    answers = connection.request_many(
        "eth_getTransactionCount", [[account, block] for account in accounts]
    )
    counts = {}
    for account, answer in zip(accounts, answers, strict=True):
        if isinstance(answer, RpcError):
            raise answer
        counts[account] = int(answer, 16)
    return counts


def _seen(answer: Any) -> ReceiptSeen | None:
    if answer is None:
        return None
    return ReceiptSeen(
        block_number=int(answer["blockNumber"], 16),
        block_hash=bytes.fromhex(answer["blockHash"][2:]),
        succeeded=int(answer["status"], 16) == 1,
        gas_used=int(answer["gasUsed"], 16),
    )


def _why(connection: Connection, row: TransactionRow, seen: ReceiptSeen) -> ContractError | None:
    """Replayed on the block before, a failed transaction tells why; None where it does not fail."""
    to, data = call_of(row.raw)
    try:
        call_result(connection, to, data, seen.block_number - 1, Address(row.account))
    except ContractError as error:
        return error
    except RpcError:
        return None
    return None
