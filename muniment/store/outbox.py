# SPDX-License-Identifier: Apache-2.0
"""The outbox in the database: reading and writing the rows of `outbox_rows.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.store.bulk import insert_rows, update_rows
from muniment.store.outbox_rows import (
    LIVE,
    MAX_BATCH_LIMIT,
    PENDING,
    Act,
    SubmissionRow,
    SubmissionState,
    TransactionRow,
    TransactionState,
    state_of,
)
from muniment.store.outbox_storage import (
    SUBMISSION,
    parts,
    read_submissions,
    stored,
    transaction_of,
)
from muniment.store.rows import with_digest
from muniment.store.tables import carriages, submissions, transactions

_SEVERAL: Final = "multicall(bytes[])"
_CHANGING: Final = [
    submissions.c[name]
    for name in ("state", "batch_limit", "attempts", "found", "refusal", "row_digest")
]
_CHANGING_SENT: Final = [
    transactions.c[name]
    for name in (
        "state",
        "succeeded",
        "block_number",
        "block_hash",
        "gas_used",
        "broadcast_count",
        "broadcast_ms",
        "row_digest",
    )
]
"""What ever changes of a row."""
_OVERTAKEN: Final = (
    "another transaction of the officer's account has taken its place (its nonce): nothing was "
    "written; prepare it anew"
)


def acknowledge(
    connection: Connection, acts: Sequence[Act], now_ms: int, *, prepared: bool = False
) -> list[int]:
    """Add submissions in order and return their ids; they are acknowledged when it is committed.

    With `prepared` they are not acknowledged yet: an officer is to sign them elsewhere.
    """
    first = _next_id(connection, submissions.c.submission_id)
    rows = [
        SubmissionRow(
            submission_id=first + place,
            kind=act.kind,
            record_id=act.record_id,
            version=act.version,
            account=act.account,
            to=str(act.call.to),
            function=act.call.function,
            data=act.call.data,
            state=SubmissionState.PREPARED if prepared else SubmissionState.NEW,
            batch_limit=MAX_BATCH_LIMIT,
            attempts=0,
            found=False,
            refusal=None,
            created_ms=now_ms,
            prepared=prepared,
        )
        for place, act in enumerate(acts)
    ]
    insert_rows(connection, submissions, [_in_order(submissions, row) for row in rows])
    return [row.submission_id for row in rows]


def ready(connection: Connection, account: str | None, limit: int) -> list[SubmissionRow]:
    """Return what may be signed next for an account (None: the agency's OPERATOR lanes), in order.

    Acts on one record go one at a time: the later waits until the earlier is mined or refused.
    """
    return read_submissions(connection, _ready(account, limit, SUBMISSION))


def ready_ids(connection: Connection, account: str | None, limit: int) -> set[int]:
    """Return the ids of what `ready` returns."""
    chosen = _ready(account, limit, [submissions.c.submission_id])
    return set(connection.execute(chosen).scalars())


def _ready(
    account: str | None, limit: int, columns: Sequence[sa.ColumnElement[Any]]
) -> sa.Select[Any]:
    earlier = submissions.alias("earlier")
    return (
        sa.select(*columns)
        .where(
            submissions.c.state == SubmissionState.NEW,
            submissions.c.account.is_(None)
            if account is None
            else submissions.c.account == account,
            ~sa.exists().where(
                earlier.c.record_id == submissions.c.record_id,
                earlier.c.submission_id < submissions.c.submission_id,
                earlier.c.state.in_(PENDING),
            ),
        )
        .order_by(submissions.c.submission_id)
        .limit(limit)
    )


def add_transactions(
    connection: Connection, signed: Sequence[tuple[TransactionRow, Sequence[int]]]
) -> None:
    """Store signed transactions, each with the ids of what it carries; they get their ids here."""
    first = _next_id(connection, transactions.c.transaction_id)
    rows, pairs = [], []
    for place, (row, carried) in enumerate(signed):
        numbered = replace(row, transaction_id=first + place)
        rows.append(stored(transactions, numbered))
        pairs += [
            with_digest(
                carriages,
                {"transaction_id": numbered.transaction_id, "submission_id": submission_id},
            )
            for submission_id in carried
        ]
    if rows:
        connection.execute(sa.insert(transactions), rows)
    if pairs:
        connection.execute(sa.insert(carriages), pairs)


def transactions_of(
    connection: Connection, accounts: Sequence[str], states: Sequence[TransactionState]
) -> list[TransactionRow]:
    """Return the transactions of accounts in some states, by account and nonce."""
    chosen = (
        sa.select(transactions)
        .where(transactions.c.account.in_(accounts), transactions.c.state.in_(states))
        .order_by(transactions.c.account, transactions.c.nonce, transactions.c.transaction_id)
    )
    return [transaction_of(row) for row in connection.execute(chosen).mappings()]


def carried_by(connection: Connection, transaction_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return the ids of the submissions that transactions carry, in order."""
    found: dict[int, list[int]] = {each: [] for each in transaction_ids}
    for part in parts(transaction_ids):
        chosen = (
            sa.select(carriages.c.transaction_id, carriages.c.submission_id)
            .where(carriages.c.transaction_id.in_(part))
            .order_by(carriages.c.submission_id)
        )
        for transaction_id, submission_id in connection.execute(chosen):
            found[transaction_id].append(submission_id)
    return found


def submissions_of(connection: Connection, ids: Sequence[int]) -> dict[int, SubmissionRow]:
    """Return submissions by their ids."""
    found: dict[int, SubmissionRow] = {}
    for part in parts(ids):
        chosen = sa.select(*SUBMISSION).where(submissions.c.submission_id.in_(part))
        found |= {row.submission_id: row for row in read_submissions(connection, chosen)}
    return found


def submission_about(
    connection: Connection, record_id: bytes, version: int, kinds: Sequence[str]
) -> SubmissionRow | None:
    """Return the latest submission of some kinds about a version of a record."""
    chosen = (
        sa.select(*SUBMISSION)
        .where(
            submissions.c.record_id == record_id,
            submissions.c.version == version,
            submissions.c.kind.in_(kinds),
        )
        .order_by(submissions.c.submission_id.desc())
        .limit(1)
    )
    return next(iter(read_submissions(connection, chosen)), None)


def is_enrolled_by(connection: Connection, record_id: bytes) -> bool:
    """Whether an act on a record that enrols it in the same call is on its way."""
    chosen = (
        sa.select(submissions.c.submission_id)
        .where(
            submissions.c.record_id == record_id,
            submissions.c.function == _SEVERAL,
            submissions.c.state.in_(PENDING),
        )
        .limit(1)
    )
    return connection.execute(chosen).first() is not None


def last_of_account(connection: Connection, account: str, kind: str) -> SubmissionRow | None:
    """Return the latest submission of a kind that an account is to send."""
    chosen = (
        sa.select(*SUBMISSION)
        .where(submissions.c.account == account, submissions.c.kind == kind)
        .order_by(submissions.c.submission_id.desc())
        .limit(1)
    )
    return next(iter(read_submissions(connection, chosen)), None)


def submissions_in(
    connection: Connection, states: Sequence[SubmissionState], limit: int | None
) -> list[SubmissionRow]:
    """Return submissions in some states, in order, at most `limit`."""
    chosen = (
        sa.select(*SUBMISSION)
        .where(submissions.c.state.in_(states))
        .order_by(submissions.c.submission_id)
        .limit(limit)
    )
    return read_submissions(connection, chosen)


def retry(connection: Connection, submission_id: int) -> SubmissionRow | None:
    """Let a refused submission go again, and return it; None where there is no refused one, and
    for one that its officer signs elsewhere: it is prepared anew."""
    row = submissions_of(connection, [submission_id]).get(submission_id)
    if row is None or row.state is not SubmissionState.REFUSED or row.prepared:
        return None
    again = replace(row, refusal=None, attempts=0, state=SubmissionState.NEW)
    return follow(connection, {submission_id: again})[0]


def states_of(connection: Connection, ids: Sequence[int]) -> dict[int, SubmissionState]:
    """Return the states of submissions by their ids, which lie close together."""
    chosen = sa.select(submissions.c.submission_id, submissions.c.state).where(
        submissions.c.submission_id.between(min(ids), max(ids))
    )
    wanted = set(ids)
    return {
        row[0]: SubmissionState(row[1]) for row in connection.execute(chosen) if row[0] in wanted
    }


def accounts_of(connection: Connection, ids: Sequence[int]) -> set[tuple[str | None, bool]]:
    """Return which accounts submissions need, and whether to sign; of others between them too."""
    chosen = (
        sa.select(submissions.c.account, submissions.c.state == SubmissionState.NEW)
        .where(
            submissions.c.submission_id.between(min(ids), max(ids)),
            submissions.c.state.in_((*PENDING, SubmissionState.MINED)),
        )
        .distinct()
    )
    return {(row[0], bool(row[1])) for row in connection.execute(chosen)}


def open_accounts(connection: Connection) -> set[tuple[str | None, bool]]:
    """Return all accounts that submissions and transactions wait for, and whether to sign."""
    chosen = (
        sa.select(submissions.c.account, submissions.c.state == SubmissionState.NEW)
        .where(submissions.c.state.in_((*PENDING, SubmissionState.MINED)))
        .distinct()
    )
    found = {(row[0], bool(row[1])) for row in connection.execute(chosen)}
    waiting = (*LIVE, TransactionState.MINED, TransactionState.ABANDONED)
    lanes = sa.select(transactions.c.account).where(transactions.c.state.in_(waiting)).distinct()
    return found | {(account, False) for account in connection.execute(lanes).scalars()}


def count_by_state(connection: Connection) -> dict[str, int]:
    """Return how many submissions are in each state."""
    chosen = sa.select(submissions.c.state, sa.func.count()).group_by(submissions.c.state)
    return {str(row[0]): int(row[1]) for row in connection.execute(chosen)}


def last_submission(connection: Connection) -> int:
    """Return the highest id of a submission, 0 where there is none."""
    return int(
        connection.execute(sa.select(sa.func.max(submissions.c.submission_id))).scalar() or 0
    )


def found_submissions(connection: Connection) -> list[SubmissionRow]:
    """Return submissions that were found on chain, and are not known to be final."""
    chosen = sa.select(*SUBMISSION).where(
        submissions.c.found.is_(True), submissions.c.state == SubmissionState.MINED
    )
    return read_submissions(connection, chosen)


def update_transactions(connection: Connection, rows: Sequence[TransactionRow]) -> None:
    """Write changed transactions back."""
    changed = [stored(transactions, row) for row in rows]
    update_rows(connection, transactions, transactions.c.transaction_id, _CHANGING_SENT, changed)


def update_submissions(connection: Connection, rows: Sequence[SubmissionRow]) -> None:
    """Write changed submissions back."""
    changed = [stored(submissions, row) for row in rows]
    update_rows(connection, submissions, submissions.c.submission_id, _CHANGING, changed)


def follow(connection: Connection, changed: Mapping[int, SubmissionRow]) -> list[SubmissionRow]:
    """Give submissions the states that their transactions give, write them back, return them."""
    carriers = _carriers(connection, list(changed))
    rows = []
    for submission_id, row in changed.items():
        state = state_of(row, carriers[submission_id])
        done = state in (SubmissionState.MINED, SubmissionState.FINAL)
        refusal = None if done else row.refusal
        if state is SubmissionState.REFUSED and refusal is None:
            refusal = _OVERTAKEN
        rows.append(replace(row, state=state, refusal=refusal))
    update_submissions(connection, rows)
    return rows


def carriers_of(connection: Connection, ids: Sequence[int]) -> list[TransactionRow]:
    """Return the transactions that carried submissions, each once."""
    found = _carriers(connection, ids).values()
    return list({row.transaction_id: row for rows in found for row in rows}.values())


def _carriers(connection: Connection, ids: Sequence[int]) -> dict[int, list[TransactionRow]]:
    """The transactions that carried submissions. A hundred share one: it is read once."""
    found: dict[int, list[TransactionRow]] = {each: [] for each in ids}
    pairs: list[tuple[int, int]] = []
    for part in parts(ids):
        chosen = sa.select(carriages.c.submission_id, carriages.c.transaction_id).where(
            carriages.c.submission_id.in_(part)
        )
        pairs += [(row[0], row[1]) for row in connection.execute(chosen)]
    rows: dict[int, TransactionRow] = {}
    for part in parts(sorted({each for _, each in pairs})):
        named = sa.select(transactions).where(transactions.c.transaction_id.in_(part))
        for row in connection.execute(named).mappings():
            rows[row["transaction_id"]] = transaction_of(row)
    for submission_id, transaction_id in pairs:
        found[submission_id].append(rows[transaction_id])
    return found


def next_nonces(connection: Connection, account: str, chain_count: int, wanted: int) -> list[int]:
    """Return the nonces to sign next: no gap, and none that a live transaction has.

    `chain_count` is the number of the account's transactions in the latest block.
    """
    chosen = sa.select(transactions.c.nonce, transactions.c.state).where(
        transactions.c.account == account,
        transactions.c.nonce >= chain_count,
        transactions.c.state != TransactionState.DEAD,
    )
    used: set[int] = set()
    given_up: set[int] = set()
    for nonce, state in connection.execute(chosen):
        (given_up if state == TransactionState.ABANDONED else used).add(nonce)
    # First what was given up and not signed anew: everything behind it waits for it.
    found = sorted(given_up - used)[:wanted]
    following = max(used, default=chain_count - 1) + 1
    return found + list(range(following, following + wanted - len(found)))


def live_count(connection: Connection, account: str) -> int:
    """Return how many of an account's transactions are on their way."""
    chosen = sa.select(sa.func.count()).where(
        transactions.c.account == account, transactions.c.state.in_(LIVE)
    )
    return int(connection.execute(chosen).scalar_one())


def _next_id(connection: Connection, column: sa.Column[int]) -> int:
    # Two writers at once get different ids: SQLite has one writer, PostgreSQL waits here.
    if connection.dialect.name == "postgresql":
        key = {"submission_id": 7302, "transaction_id": 7303}[column.name]
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
    highest = connection.execute(sa.select(sa.func.max(column))).scalar()
    return int(highest or 0) + 1


def _in_order(table: sa.Table, row: SubmissionRow) -> list[Any]:
    values = stored(table, row)
    return [values[column.name] for column in table.columns]
