# SPDX-License-Identifier: Apache-2.0
"""Taking what an officer has signed: compared with what was prepared, then put into the outbox.

The raw transaction is in the database before any node sees it, like each that is signed here, and
the sender treats it as its own but for one thing: nobody here can sign it anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.chain.connection import Connection
from muniment.chain.signed import SignedTransaction
from muniment.errors import ConflictError
from muniment.registry.prepared.errors import (
    NonceError,
    NotAsPreparedError,
    PreparedActError,
    UnknownPreparedActError,
)
from muniment.registry.prepared.versions import close, is_taken
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store import outbox, prepared
from muniment.store.outbox_rows import SubmissionState, TransactionRow, TransactionState
from muniment.store.prepared import PreparedRow, PreparedState
from muniment.store.versions import NewVersion, add_versions, order_registrations


def submit_signed(session: Session, prepared_id: bytes, raw: bytes) -> list[Submission]:
    """Put what an officer has signed into the outbox, and return what it carries.

    It must be what was prepared, byte for byte: chain, contract, data, account, no value, at least
    the gas that it takes, and the account's next nonce. The same transaction again gives the same
    submissions. Raises `RawTransactionError`, `UnknownPreparedActError`, `NotAsPreparedError`,
    `NonceError`, `PreparedActError` for what expired or was signed with another transaction,
    `ConflictError` where the version came in another way meanwhile, `UnreachableError`.
    """
    signed = SignedTransaction.from_raw(raw)
    with session.database.read() as connection:
        row = prepared.of_id(connection, prepared_id)
        if row is None:
            raise UnknownPreparedActError
        before = _before(connection, row, signed)
    _require_just_so(session, row, signed)
    if before is not None:
        return _submissions(session, before)

    def ask(node: Connection) -> int:
        return int(node.request("eth_getTransactionCount", [row.account, "latest"]), 16)

    count = session.nodes.read(ask)
    taken: NewVersion | None = None
    with session.database.write() as connection:
        order_registrations(connection)
        now = prepared.of_id(connection, prepared_id)
        if now is None:
            raise UnknownPreparedActError
        ids = prepared.submission_ids(connection, prepared_id)
        if _before(connection, now, signed) is not None:
            return _submissions(session, ids)
        new = prepared.versions_of_act(connection, prepared_id)
        taken = next((each for each in new if is_taken(connection, each.row)), None)
        if taken is None:
            _take(connection, now, signed, count, ids, new)
    if taken is not None:
        close(session, row, PreparedState.DISCARDED)
        source = taken.row.source_system or "", taken.row.source_id or ""
        raise ConflictError(*source, taken.row.record_id, taken.row.version)
    return _submissions(session, ids)


def _before(
    connection: DatabaseConnection, row: PreparedRow, signed: SignedTransaction
) -> list[int] | None:
    """The submissions that this very transaction carries already; None where it is to be taken.

    Raises `PreparedActError` for an act that cannot be signed any more.
    """
    expired = "its time is over: prepare it anew"
    if row.state is PreparedState.SIGNED:
        ids = prepared.submission_ids(connection, row.prepared_id)
        hashes = {each.hash for each in outbox.carriers_of(connection, ids)}
        if signed.hash in hashes:
            return ids
        raise PreparedActError(
            "the act was signed already, with another transaction",
            expected="one signature of one act",
            remedy="look what became of it; prepare it anew where that came to nothing",
        )
    if row.state is not PreparedState.UNSIGNED:
        what = expired if row.state is PreparedState.EXPIRED else "it was discarded"
        raise PreparedActError(f"the act cannot be signed: {what}", expected="an act that waits")
    if row.gas == 0:
        what = "the act was not prepared to its end: prepare it again"
        raise PreparedActError(what, expected="an act that a node has measured")
    if row.expires_ms <= time.time() * 1000:
        raise PreparedActError(f"the act cannot be signed: {expired}", expected="an act that waits")
    return None


def _require_just_so(session: Session, row: PreparedRow, signed: SignedTransaction) -> None:
    wanted = session.profile.chain.id
    if signed.chain_id != wanted:
        raise NotAsPreparedError("chain", str(wanted), str(signed.chain_id))
    if signed.signer != row.account:
        raise NotAsPreparedError("signer", row.account, signed.signer)
    if signed.to != row.to:
        raise NotAsPreparedError("contract", row.to, str(signed.to))
    if signed.data != row.data:
        raise NotAsPreparedError("data", "the data that was prepared, byte for byte", "another")
    if signed.value:
        raise NotAsPreparedError("value", "0", str(signed.value))
    if signed.gas < row.gas:
        raise NotAsPreparedError("gas limit", f"{row.gas} or more", str(signed.gas))


def _take(
    connection: DatabaseConnection,
    row: PreparedRow,
    signed: SignedTransaction,
    count: int,
    ids: Sequence[int],
    new: Sequence[NewVersion],
) -> None:
    [nonce] = outbox.next_nonces(connection, row.account, count, 1)
    if signed.nonce != nonce:
        raise NonceError(signed.nonce, nonce)
    add_versions(connection, new)
    prepared.drop_versions(connection, [row.prepared_id])
    outbox.add_transactions(
        connection,
        [
            (
                TransactionRow(
                    transaction_id=0,
                    account=row.account,
                    nonce=nonce,
                    raw=signed.raw,
                    hash=signed.hash,
                    state=TransactionState.SIGNED,
                    succeeded=None,
                    block_number=None,
                    block_hash=None,
                    gas_used=None,
                    broadcast_count=0,
                    broadcast_ms=0,
                    created_ms=int(time.time() * 1000),
                ),
                ids,
            )
        ],
    )
    rows = outbox.submissions_of(connection, ids)
    outbox.update_submissions(
        connection, [replace(each, state=SubmissionState.SIGNED) for each in rows.values()]
    )
    prepared.update(connection, replace(row, state=PreparedState.SIGNED))


def _submissions(session: Session, ids: Sequence[int]) -> list[Submission]:
    with session.database.read() as connection:
        rows = outbox.submissions_of(connection, ids)
    return [
        Submission(each, rows[each].kind, rows[each].record_id, rows[each].version, session)
        for each in ids
    ]
