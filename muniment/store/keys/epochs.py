# SPDX-License-Identifier: Apache-2.0
"""Wrapping epochs: how copies of erased secrets become unreadable, in backups too.

A new epoch has a new wrapping key; rows are re-wrapped under it batch by batch; then the old key
is dropped, and every backup made before holds only what nobody can unwrap any more (as soon as
copies of the root file that still have the key are gone, recovery copies among them).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import KeystoreError
from muniment.store.keys import journal_secrets as journal_secrets_
from muniment.store.keys.core import Change, Core
from muniment.store.keys.named_keys import all_rows, named_row, write_again
from muniment.store.keys.rows import NamedRow, NotAuthenticError
from muniment.store.keys.tables import connect, journal_secrets, named_keys, version_secrets

DEFAULT_BATCH: Final = 5000


def begin(core: Core) -> int:
    """Begin an epoch. See `KeyStore.begin_epoch`."""
    with core.changing() as change:
        # Another process may have locked the file anew, which ours must not undo.
        core.root.reload()
        keys, number = core.root.keys.with_new_epoch()
        # Before the commit: what is wrapped under an epoch must never wait for its key. A crash
        # in between leaves a key too many, which the next epoch skips.
        core.save_root(keys)
        change.keyring, change.epoch = core.keyring, number
        change.ledger.seals = 0
    return number


def rewrap(core: Core, batch: int) -> Iterator[int]:
    """Re-wrap rows of older epochs. See `KeyStore.rewrap`."""
    with core.changing() as change:
        named = [row for row in all_rows(change.connection) if row.epoch != change.epoch]
        for row in named:
            _rewrap_named(core, change, named_row(row), row.wrapped)
    if named:
        yield len(named)
    after: tuple[bytes, int] | None = (b"", 0)
    while after is not None:
        with core.changing() as change:
            after, count = _rewrap_secrets(core, change, after, batch)
        if count:
            yield count
    yield from journal_secrets_.rewrap(core)


def drop(core: Core, number: int) -> None:
    """Drop an epoch. See `KeyStore.drop_epoch`."""
    with core.changing() as change:
        core.root.reload()
        if number not in core.root.keys.epochs:
            raise KeystoreError(
                str(core.root.path), f"it has no epoch {number}", remedy="list the epochs"
            )
        if number == change.epoch:
            raise KeystoreError(
                core.shown,
                f"epoch {number} is the one that is written under",
                expected="an older epoch",
                remedy="begin a new epoch and re-wrap first",
            )
        if _is_used(change.connection, number):
            raise KeystoreError(
                core.shown,
                f"rows are still wrapped under epoch {number}",
                expected="an epoch that no row needs",
                remedy="re-wrap until nothing is left (muniment keys rewrap)",
            )
        core.save_root(core.root.keys.without_epoch(number))


def used(core: Core) -> dict[int, int]:
    """Return how many rows each epoch that the root file has, or a row names, wraps."""
    found: dict[int, int] = dict.fromkeys(core.root.keys.epochs, 0)
    with core.reading() as connection:
        for table in (version_secrets, journal_secrets, named_keys):
            grouped = sa.select(table.c.epoch, sa.func.count()).group_by(table.c.epoch)
            for epoch, count in connection.execute(grouped):
                found[epoch] = found.get(epoch, 0) + count
    return dict(sorted(found.items()))


def named_at(url: str) -> frozenset[int]:
    """Return the wrapping epochs that rows of the store at `url` are under, without unlocking it.

    Raises `KeystoreError`, `StoreError`.
    """
    database = connect(url)
    try:
        with database.read() as connection:
            return frozenset(
                epoch
                for table in (version_secrets, journal_secrets, named_keys)
                for epoch in connection.execute(sa.select(table.c.epoch).distinct()).scalars()
            )
    finally:
        database.close()


def _is_used(connection: Connection, number: int) -> bool:
    return any(
        connection.execute(sa.select(table.c.epoch).where(table.c.epoch == number).limit(1)).first()
        is not None
        for table in (version_secrets, journal_secrets, named_keys)
    )


def _rewrap_named(core: Core, change: Change, row: NamedRow, wrapped: bytes) -> None:
    try:
        key = core.keyring_for(row.epoch).unwrap_named(row, wrapped)
    except NotAuthenticError:
        raise core.not_authentic(f"the key for {row.purpose}, epoch {row.key_epoch}") from None
    fresh = NamedRow(
        row.purpose, row.key_epoch, row.public, row.made_at, row.retired_at, change.epoch
    )
    write_again(change, fresh, key)


def _rewrap_secrets(
    core: Core, change: Change, after: tuple[bytes, int], batch: int
) -> tuple[tuple[bytes, int] | None, int]:
    """Re-wrap the next rows past a place; return the last one's place, None at the end."""
    table = version_secrets
    record_id, version = after
    rows = change.connection.execute(
        sa.select(table)
        .where(
            table.c.epoch != change.epoch,
            sa.or_(
                table.c.record_id > record_id,
                sa.and_(table.c.record_id == record_id, table.c.version > version),
            ),
        )
        .order_by(table.c.record_id, table.c.version)
        .limit(batch)
    ).all()
    change.count_seals(len(rows))
    fresh = []
    for row in rows:
        place = (bytes(row.record_id), row.version)
        try:
            keyring = core.keyring_for(row.epoch)
            secret = keyring.unwrap_secret(row.epoch, *place, row.wrapped)
        except NotAuthenticError:
            what = f"the secret of version {row.version} of record 0x{row.record_id.hex()}"
            raise core.not_authentic(what) from None
        wrapped = change.keyring.wrap_secret(change.epoch, *place, secret)
        fresh.append({"r": place[0], "v": place[1], "e": change.epoch, "w": wrapped})
    if not fresh:
        return None, 0
    change.connection.execute(
        table.update()
        .where(table.c.record_id == sa.bindparam("r"), table.c.version == sa.bindparam("v"))
        .values(epoch=sa.bindparam("e"), wrapped=sa.bindparam("w")),
        fresh,
    )
    return (fresh[-1]["r"], fresh[-1]["v"]), len(fresh)
