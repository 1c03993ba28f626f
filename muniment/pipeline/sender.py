# SPDX-License-Identifier: Apache-2.0
"""The outbox sender: signs, keeps, then sends, and decides by receipts (DESIGN § 7).

    sender = OutboxSender(database, nodes, [Lane(signer.address, signer)], finality_depth=0)
    while sender.step().open:
        ...

Order is everything here. A raw transaction is in the database before a node sees it, so a process
that dies at any point leaves either nothing or bytes that may be sent again without harm. Which
nonce is next is told by the database under the lane's lease, so two processes never sign two
transactions for one. What became of a transaction is told by the receipt of its own hash; what a
node says when it refuses one is never believed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.chain.accounts import UnsignedTransaction
from muniment.chain.connection import Address, Connection
from muniment.chain.contract import Call
from muniment.chain.finality import final_number
from muniment.chain.nodes import Nodes
from muniment.chain.sender import estimate_gas, gas_price
from muniment.errors import ContractError
from muniment.pipeline.batching import Load, after_failure, commitment_of, loads
from muniment.pipeline.lanes import Activity, Lane
from muniment.pipeline.settlement import (
    View,
    call_of,
    is_found,
    look,
    price_of,
    registered_commitments,
    settled,
)
from muniment.store import outbox
from muniment.store.database import Database
from muniment.store.outbox_rows import (
    LIVE,
    PENDING,
    SubmissionRow,
    SubmissionState,
    TransactionRow,
    TransactionState,
)

_OPEN: Final = (*LIVE, TransactionState.MINED, TransactionState.ABANDONED)
_AGAIN_MS: Final = 2_000
_MOST_DOUBLINGS: Final = 5
_SENT_OFTEN: Final = 4
_LIMITS: Final = 4096


class OutboxSender:
    """Brings the outbox of `database` onto the chain of `nodes`, through `lanes`.

    `finality_depth` as in `chain.finality`; `batch` is how many registrations share a transaction.
    """

    def __init__(
        self,
        database: Database,
        nodes: Nodes,
        lanes: Sequence[Lane],
        *,
        finality_depth: int | None = None,
        batch: int = 100,
    ) -> None:
        """Take what is needed; nothing is sent before `step`."""
        self.database = database
        self.nodes = nodes
        self.lanes = tuple(lanes)
        self.finality_depth = finality_depth
        self.batch = batch

    def step(self) -> Activity:
        """Do what can be done now: settle, sign, send. Raises `UnreachableError`, `LeaseLostError`.

        Whatever it raises, what was written stands, and the next step goes on from there.
        """
        settled_count = self._settle()
        signed_count = self._sign()
        sent_count = self._broadcast()
        with self.database.read() as connection:
            open_count = len(outbox.transactions_of(connection, self._accounts, _OPEN))
        return Activity(signed_count, sent_count, settled_count, open_count)

    @property
    def _accounts(self) -> list[str]:
        return [lane.account for lane in self.lanes]

    def _require(self, connection: DatabaseConnection, lanes: Sequence[Lane]) -> None:
        for lane in lanes:
            if lane.lease is not None:
                lane.lease.require(connection)

    # --- what became of them ----------------------------------------------------------------------

    def _settle(self) -> int:
        with self.database.read() as connection:
            rows = outbox.transactions_of(connection, self._accounts, _OPEN)
            found = outbox.found_submissions(connection)
        if found:
            self._confirm_found(found)
        if not rows:
            return 0
        view = self.nodes.read(lambda node: look(node, rows, self.finality_depth))
        changed = settled(rows, view)
        if not changed:
            return 0
        with self.database.read() as connection:
            carried = outbox.carried_by(connection, [row.transaction_id for row in changed])
            ids = sorted({each for part in carried.values() for each in part})
            submissions = outbox.submissions_of(connection, ids)
        standing = self._standing(changed, view, carried, submissions)
        with self.database.write() as connection:
            self._require(connection, self.lanes)
            outbox.update_transactions(connection, changed)
            for row in changed:
                if row.transaction_id in view.failures:
                    self._fail(row, view, carried[row.transaction_id], submissions, standing)
                elif row.succeeded is None:
                    # Undone: why it had failed is not known any more.
                    for each in carried[row.transaction_id]:
                        submissions[each] = replace(submissions[each], refusal=None)
            outbox.follow(connection, submissions)
        return len(changed)

    def _standing(
        self,
        changed: Sequence[TransactionRow],
        view: View,
        carried: Mapping[int, Sequence[int]],
        submissions: Mapping[int, SubmissionRow],
    ) -> dict[int, bytes]:
        """What the registry has for registrations that were refused as already done."""
        doubtful = [
            submissions[each]
            for row in changed
            for each in carried[row.transaction_id]
            if is_found(submissions[each], view.failures.get(row.transaction_id))
        ]
        if not doubtful:
            return {}
        return self.nodes.read(lambda node: registered_commitments(node, doubtful, node.block()))

    def _fail(
        self,
        row: TransactionRow,
        view: View,
        carried: Sequence[int],
        submissions: dict[int, SubmissionRow],
        standing: Mapping[int, bytes],
    ) -> None:
        error = view.failures[row.transaction_id]
        waiting = []
        for each in carried:
            submission = submissions[each]
            committed = commitment_of(submission)
            if committed is not None and standing.get(each) == committed:
                # Sent by a transaction that this database does not know, after a restore perhaps.
                submissions[each] = replace(
                    submission, found=True, state=SubmissionState.MINED, refusal=None
                )
            elif submission.state in PENDING:
                waiting.append(submission)
        if len(waiting) < len(carried) and any(submissions[each].found for each in carried):
            # What was found spoiled it: the others are as good as before.
            return
        for after in after_failure(waiting, error) if waiting else ():
            submissions[after.submission_id] = after

    def _confirm_found(self, rows: Sequence[SubmissionRow]) -> None:
        def ask(node: Connection) -> tuple[dict[int, bytes], dict[int, bytes]]:
            head = node.block()
            final = final_number(node, head, self.finality_depth)
            now = registered_commitments(node, rows, head)
            if final < 0:
                return now, {}
            return now, registered_commitments(node, rows, node.block(final))

        now, final = self.nodes.read(ask)
        changed = []
        for row in rows:
            wanted = commitment_of(row)
            if final.get(row.submission_id) == wanted:
                changed.append(replace(row, state=SubmissionState.FINAL))
            elif now[row.submission_id] != wanted:
                changed.append(replace(row, found=False, state=SubmissionState.NEW))
        with self.database.write() as connection:
            self._require(connection, self.lanes)
            outbox.update_submissions(connection, changed)

    # --- signing ----------------------------------------------------------------------------------

    def _sign(self) -> int:
        return sum(self._sign_lane(lane) for lane in self.lanes if lane.signer is not None)

    def _sign_lane(self, lane: Lane) -> int:
        with self.database.read() as connection:
            room = lane.in_flight - outbox.live_count(connection, lane.account)
            rows = self._ready(connection, lane, room) if room > 0 else []
        if not rows:
            return 0
        made = list(loads(rows, self.batch))[:room]

        def ask(node: Connection) -> tuple[int, int, dict[int, int | ContractError]]:
            count = int(node.request("eth_getTransactionCount", [lane.account, "latest"]), 16)
            price = gas_price(node, Address(lane.account))
            return count, price, _estimates(node, lane.account, made)

        count, price, estimates = self.nodes.read(ask)
        with self.database.write() as connection:
            self._require(connection, [lane])
            # Another process's lane may have taken some of them meanwhile.
            still = self._ready_ids(connection, lane, room)
            signing: list[tuple[Load, int]] = []
            refused: dict[int, SubmissionRow] = {}
            for place, load in enumerate(made):
                gas = load.gas if load.gas is not None else estimates[place]
                if not all(row.submission_id in still for row in load.carried):
                    continue
                if isinstance(gas, ContractError):
                    for row in after_failure(load.carried, gas):
                        refused[row.submission_id] = row
                else:
                    signing.append((load, gas))
            nonces = outbox.next_nonces(connection, lane.account, count, len(signing))
            signed = [
                (self._signed(lane, load.call, gas, nonce, price), load)
                for (load, gas), nonce in zip(signing, nonces, strict=True)
            ]
            outbox.add_transactions(
                connection,
                [(row, [each.submission_id for each in load.carried]) for row, load in signed],
            )
            outbox.update_submissions(
                connection,
                [
                    replace(each, state=SubmissionState.SIGNED)
                    for _, load in signed
                    for each in load.carried
                ],
            )
            outbox.follow(connection, refused)
        return len(signed)

    def _ready(self, connection: DatabaseConnection, lane: Lane, room: int) -> list[SubmissionRow]:
        own = outbox.ready(connection, lane.account, room * self.batch)
        if own or not lane.shared:
            return own
        return outbox.ready(connection, None, room * self.batch)

    def _ready_ids(self, connection: DatabaseConnection, lane: Lane, room: int) -> set[int]:
        own = outbox.ready_ids(connection, lane.account, room * self.batch)
        if own or not lane.shared:
            return own
        return outbox.ready_ids(connection, None, room * self.batch)

    def _signed(self, lane: Lane, call: Call, gas: int, nonce: int, price: int) -> TransactionRow:
        assert lane.signer is not None, "only lanes with a signer sign"
        raw, transaction_hash = lane.signer.sign(
            UnsignedTransaction(self.nodes.chain_id, nonce, gas, price, call.to, call.data)
        )
        return TransactionRow(
            transaction_id=0,
            account=lane.account,
            nonce=nonce,
            raw=raw,
            hash=transaction_hash,
            state=TransactionState.SIGNED,
            succeeded=None,
            block_number=None,
            block_hash=None,
            gas_used=None,
            broadcast_count=0,
            broadcast_ms=0,
            created_ms=_now_ms(),
        )

    # --- sending ----------------------------------------------------------------------------------

    def _broadcast(self) -> int:
        now = _now_ms()
        with self.database.read() as connection:
            rows = outbox.transactions_of(connection, self._accounts, LIVE)
        due = [row for row in rows if _is_due(row, now)]
        if not due:
            return 0
        parameters = [[f"0x{row.raw.hex()}"] for row in due]
        # What a node answers is not looked at: the receipt alone tells.
        self.nodes.read(lambda node: node.request_many("eth_sendRawTransaction", parameters))
        sent = [
            replace(
                row,
                state=TransactionState.SENT,
                broadcast_count=row.broadcast_count + 1,
                broadcast_ms=now,
            )
            for row in due
        ]
        with self.database.write() as connection:
            self._require(connection, self.lanes)
            outbox.update_transactions(connection, sent)
        stuck = [row for row in sent if row.broadcast_count >= _SENT_OFTEN]
        if stuck:
            self._replace_stuck(stuck)
        return len(sent)

    def _replace_stuck(self, rows: Sequence[TransactionRow]) -> None:
        """Sign anew, for the same nonce, what is next in its lane and does not get in.

        That is one which no node keeps, or whose price the blocks have outgrown.

        Of two transactions with one nonce only one can ever be mined, so nothing is done twice.
        """
        signers = {lane.account: lane for lane in self.lanes if lane.signer is not None}
        for row in rows:
            lane = signers.get(row.account)
            if lane is None:
                continue

            def ask(
                node: Connection, row: TransactionRow = row
            ) -> tuple[bool, int, int | ContractError]:
                latest = node.request("eth_getTransactionCount", [row.account, "latest"])
                named = [f"0x{row.hash.hex()}"]
                known = node.request("eth_getTransactionByHash", named) is not None
                price = gas_price(node, Address(row.account))
                to, data = call_of(row.raw)
                gas = _estimate(node, row.account, Call(to, data, ""))
                wanted = not known or price > price_of(row.raw)
                return wanted and int(latest, 16) == row.nonce, price, gas

            is_stuck, price, gas = self.nodes.read(ask)
            if is_stuck:
                self._sign_instead(lane, row, price, gas)

    def _sign_instead(
        self, lane: Lane, row: TransactionRow, price: int, gas: int | ContractError
    ) -> None:
        to, data = call_of(row.raw)
        with self.database.write() as connection:
            self._require(connection, [lane])
            ids = outbox.carried_by(connection, [row.transaction_id])[row.transaction_id]
            carried = outbox.submissions_of(connection, ids)
            if any(each.prepared for each in carried.values()):
                # Its officer signed it elsewhere, and nobody else may sign in its place.
                return
            if isinstance(gas, ContractError):
                # It would fail anyway. The nonce must be filled all the same: by nothing.
                call, limit, taken = Call(Address(lane.account), b"", "nothing"), 21_000, []
                for after in after_failure(list(carried.values()), gas):
                    carried[after.submission_id] = after
            else:
                call, limit, taken = Call(to, data, ""), gas, ids
            outbox.update_transactions(connection, [replace(row, state=TransactionState.ABANDONED)])
            # A gas limit of its own gives it another hash, also where gas costs nothing; a quarter
            # more is what nodes want to let one take another's place.
            limit += 1 + row.transaction_id % _LIMITS
            price = max(price, price_of(row.raw) * 5 // 4)
            replacement = self._signed(lane, call, limit, row.nonce, price)
            outbox.add_transactions(connection, [(replacement, taken)])
            outbox.follow(connection, carried)


def _is_due(row: TransactionRow, now_ms: int) -> bool:
    if row.state is TransactionState.SIGNED or row.broadcast_ms == 0:
        return True
    wait = _AGAIN_MS * 2 ** min(row.broadcast_count - 1, _MOST_DOUBLINGS)
    return bool(now_ms - row.broadcast_ms >= wait)


def _estimates(
    node: Connection, account: str, made: Sequence[Load]
) -> dict[int, int | ContractError]:
    return {
        place: _estimate(node, account, load.call)
        for place, load in enumerate(made)
        if load.gas is None
    }


def _estimate(node: Connection, account: str, call: Call) -> int | ContractError:
    try:
        return estimate_gas(node, Address(account), call)
    except ContractError as error:
        return error


def _now_ms() -> int:
    return int(time.time() * 1000)
