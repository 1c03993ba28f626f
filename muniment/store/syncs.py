# SPDX-License-Identifier: Apache-2.0
"""What is remembered of the sources that are followed: see `store/sync_tables.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import StoreError
from muniment.record.identifiers import RecordId
from muniment.store.bulk import insert_rows
from muniment.store.rows import DIGEST, is_intact, with_digest
from muniment.store.sync_tables import synced_rows, syncs

UNKNOWN: Final = b""
"""The mark of a row whose content is being taken over at this moment, or was when a process
died."""
_MANY: Final = 500
_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far a sync is: the row of `syncs`. `shape` and `watermark` are JSON texts."""

    sync_id: int
    name: str
    shape: str
    watermark: str | None = None
    compared_ms: int | None = None
    passed_ms: int | None = None
    next_number: int = 0


@dataclass(frozen=True, slots=True)
class SyncedRow:
    """A row of `synced_rows`: a source's row that has a record."""

    record_id: RecordId
    sync_id: int
    number: int
    mark: bytes
    vanished_ms: int | None = None
    decision: str | None = None


def states(connection: Connection) -> list[SyncState]:
    """Return all syncs, by name. Raises `StoreError` for a damaged row."""
    return [
        _state(row)
        for row in connection.execute(sa.select(syncs).order_by(syncs.c.name)).mappings()
    ]


def state_of(connection: Connection, name: str) -> SyncState | None:
    """Return a sync, None where there was none by this name. Raises `StoreError`."""
    chosen = sa.select(syncs).where(syncs.c.name == name)
    row = connection.execute(chosen).mappings().one_or_none()
    return None if row is None else _state(row)


def begin(connection: Connection, name: str, shape: str) -> SyncState:
    """Add a sync that was never there."""
    highest = connection.execute(sa.select(sa.func.max(syncs.c.sync_id))).scalar()
    state = SyncState((highest or 0) + 1, name, shape)
    connection.execute(sa.insert(syncs), with_digest(syncs, _plain(state)))
    return state


def write_state(connection: Connection, state: SyncState) -> None:
    """Write how far a sync is."""
    values = with_digest(syncs, _plain(state))
    connection.execute(sa.update(syncs).where(syncs.c.sync_id == state.sync_id), [values])


def rows_of(
    connection: Connection, sync_id: int, record_ids: Sequence[bytes]
) -> dict[RecordId, SyncedRow]:
    """Return what is known of the rows of some records, by record id."""
    found = {}
    for start in range(0, len(record_ids), _MANY):
        chosen = sa.select(synced_rows).where(
            synced_rows.c.record_id.in_(record_ids[start : start + _MANY]),
            synced_rows.c.sync_id == sync_id,
        )
        for row in connection.execute(chosen).mappings():
            # A damaged row is none: its record is looked at again.
            if is_intact(synced_rows, row):
                made = _row(row)
                found[made.record_id] = made
    return found


def add_rows(connection: Connection, rows: Iterable[SyncedRow]) -> None:
    """Add rows, in the place of damaged ones of theirs."""
    new = list(rows)
    ids = [each.record_id for each in new]
    for start in range(0, len(ids), _MANY):
        connection.execute(
            sa.delete(synced_rows).where(
                synced_rows.c.record_id.in_(ids[start : start + _MANY]),
                synced_rows.c.sync_id == new[0].sync_id,
            )
        )
    names = [column.name for column in synced_rows.columns]
    made = [with_digest(synced_rows, _plain(each)) for each in new]
    insert_rows(connection, synced_rows, [tuple(each[name] for name in names) for each in made])


def change_rows(connection: Connection, rows: Iterable[SyncedRow]) -> None:
    """Write rows anew that are there."""
    changed = [with_digest(synced_rows, _plain(each)) for each in rows]
    if not changed:
        return
    names = ("mark", "vanished_ms", "decision", DIGEST)
    update = (
        sa.update(synced_rows)
        .where(
            synced_rows.c.record_id == sa.bindparam("r"), synced_rows.c.sync_id == sa.bindparam("s")
        )
        .values({name: sa.bindparam(f"to_{name}") for name in names})
    )
    connection.execute(
        update,
        [
            {"r": each["record_id"], "s": each["sync_id"]}
            | {f"to_{name}": each[name] for name in names}
            for each in changed
        ],
    )


def all_rows(connection: Connection, sync_id: int) -> Iterator[list[SyncedRow]]:
    """Yield all rows of a sync, some thousand at a time."""
    chosen = sa.select(synced_rows).where(synced_rows.c.sync_id == sync_id)
    found = connection.execution_options(yield_per=_PAGE).execute(chosen).mappings()
    for part in found.partitions(_PAGE):
        yield [_row(row) for row in part]


def vanished_rows(
    connection: Connection, sync_id: int | None = None, *, decided: bool = False
) -> list[SyncedRow]:
    """Return the rows that vanished, of one sync or all, the earliest first: those that wait for a
    decision, and with `decided` the others too."""
    chosen = sa.select(synced_rows).where(synced_rows.c.vanished_ms.is_not(None))
    if sync_id is not None:
        chosen = chosen.where(synced_rows.c.sync_id == sync_id)
    if not decided:
        chosen = chosen.where(synced_rows.c.decision.is_(None))
    ordered = chosen.order_by(synced_rows.c.vanished_ms, synced_rows.c.number)
    return [_row(row) for row in connection.execute(ordered).mappings()]


def vanished_of(connection: Connection, record_id: bytes) -> list[SyncedRow]:
    """Return the rows of a record that vanished: one, unless several syncs follow it."""
    chosen = sa.select(synced_rows).where(
        synced_rows.c.record_id == record_id, synced_rows.c.vanished_ms.is_not(None)
    )
    return [_row(row) for row in connection.execute(chosen).mappings()]


def count_rows(connection: Connection, sync_id: int) -> int:
    """Return how many rows of a source have records."""
    chosen = sa.select(sa.func.count()).where(synced_rows.c.sync_id == sync_id)
    return int(connection.execute(chosen).scalar_one())


def decide(connection: Connection, rows: Iterable[SyncedRow], decision: str | None) -> None:
    """Write down what was decided of vanished rows, None where that was taken back."""
    change_rows(connection, [replace(each, decision=decision) for each in rows])


def forget_records(connection: Connection, record_ids: Sequence[bytes]) -> None:
    """Take away what is remembered of the rows of erased records."""
    for start in range(0, len(record_ids), _MANY):
        part = record_ids[start : start + _MANY]
        connection.execute(sa.delete(synced_rows).where(synced_rows.c.record_id.in_(part)))


def _plain(made: SyncState | SyncedRow) -> dict[str, Any]:
    return {name: getattr(made, name) for name in type(made).__slots__}


def _state(row: Mapping[str, Any] | sa.RowMapping) -> SyncState:
    if not is_intact(syncs, row):
        raise StoreError(
            "a row of the table syncs was damaged",
            expected="what was written",
            remedy="bring the database back from its backup, or delete the row: the sync then "
            "begins anew, registers nothing twice, and knows no longer what vanished before",
        )
    return SyncState(**{name: row[name] for name in SyncState.__slots__})


def _row(row: Mapping[str, Any] | sa.RowMapping) -> SyncedRow:
    values = {name: row[name] for name in SyncedRow.__slots__}
    return SyncedRow(
        **{
            **values,
            "record_id": RecordId(bytes(values["record_id"])),
            "mark": bytes(values["mark"]),
        }
    )
