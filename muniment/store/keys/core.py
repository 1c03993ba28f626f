# SPDX-License-Identifier: Apache-2.0
"""Transactions of the key store: one reader's view, one writer at a time, the ledger kept.

Whoever writes holds the lock on the store's one state row, so all writers come one after the
other, of whatever process: what they check still holds when they write.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from muniment.errors import KeystoreError
from muniment.store.database import Database
from muniment.store.keys import tables
from muniment.store.keys.root import RootFile, RootKeys
from muniment.store.keys.rows import MAX_SEALS, Keyring, Ledger, NotAuthenticError

STATE_ID: Final = 1


@dataclass(slots=True)
class Change:
    """A write transaction: its connection, the ledger to keep, and the epoch to write under."""

    connection: Connection
    ledger: Ledger
    keyring: Keyring
    epoch: int

    def count_seals(self, number: int) -> None:
        """Count encryptions under the epoch's key. Raises `KeystoreError` at their limit."""
        self.ledger.seals += number
        if self.ledger.seals > MAX_SEALS:
            raise KeystoreError(
                "key store",
                f"epoch {self.epoch} has encrypted as often as its key may",
                expected=f"at most {MAX_SEALS} encryptions",
                remedy="begin a new epoch (muniment keys begin-epoch)",
            )


class Core:
    """The store's database and its unlocked root file."""

    def __init__(
        self, database: Database, root: RootFile, clock: Callable[[], float] = time.time
    ) -> None:
        """Take what `KeyStore` opened; `clock` gives seconds since 1970."""
        self.database = database
        self.root = root
        self.clock = clock
        self.keyring = Keyring(root.keys)
        # They never change, are asked for with each record, and who has the keyring has them.
        self.symmetric_keys: dict[str, bytes] = {}

    @property
    def shown(self) -> str:
        """The database's URL without its password."""
        return self.database.shown

    def now(self) -> int:
        """Return whole seconds since 1970."""
        return int(self.clock())

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection on which all that is read is of one moment."""
        with self.database.read() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Change]:
        """A transaction that is durable when the block ends, or did nothing.

        Raises `KeystoreError` where the state row is not what was written: nothing is added to a
        store that somebody changed.
        """
        with self.database.write() as connection:
            row = connection.execute(
                sa.select(tables.state).where(tables.state.c.id == STATE_ID).with_for_update()
            ).one_or_none()
            require_same_store(row, self.root.keys, self.shown)
            assert row is not None
            keyring = self.keyring_for(row.epoch)
            try:
                ledger = keyring.open_ledger(row.ledger, identity_of(row))
            except NotAuthenticError:
                raise _changed(self.shown, "its ledger") from None
            change = Change(connection, ledger, keyring, row.epoch)
            before = ledger.to_bytes()
            yield change
            if ledger.to_bytes() != before or change.epoch != row.epoch:
                ledger.changes += 1
                self.write_state(change, insert=False)

    def write_state(self, change: Change, *, insert: bool) -> None:
        """Write the state row with the sealed ledger."""
        keys = change.keyring.keys
        row = SimpleNamespace(
            id=STATE_ID,
            format=tables.STORE_FORMAT,
            store_id=keys.store_id,
            agency_id=keys.agency_id,
            lineage=keys.lineage,
            epoch=change.epoch,
        )
        row.ledger = change.keyring.seal_ledger(change.ledger, identity_of(row))
        statement = tables.state.insert() if insert else tables.state.update()
        change.connection.execute(statement.values(**vars(row)))

    def keyring_for(self, epoch: int) -> Keyring:
        """Return a keyring that has the key of `epoch`, reading the root file again if need be.

        Another process may have begun the epoch. Raises `KeystoreError`.
        """
        if not self.keyring.has_epoch(epoch):
            self.root.reload()
            self.keyring = Keyring(self.root.keys)
        if not self.keyring.has_epoch(epoch):
            raise KeystoreError(
                str(self.root.path),
                f"it lacks the key of epoch {epoch}, under which the store was written",
                expected="a root file as new as the store",
                remedy="use the newest root file or recovery copy; an epoch that was dropped "
                "is gone",
            )
        return self.keyring

    def save_root(self, keys: RootKeys) -> None:
        """Write the root file with `keys`, durably, and use them from now on."""
        self.root.save(keys)
        self.keyring = Keyring(keys)

    def not_authentic(self, what: str) -> KeystoreError:
        """Return the error for a stored value that is not what was written."""
        return _changed(self.shown, what)


def identity_of(row: Any) -> bytes:
    """Return all columns of a state row but the ledger, each with its length."""
    parts = []
    for column in tables.state.columns:
        if column.name != "ledger":
            value = getattr(row, column.name)
            data = bytes(value) if isinstance(value, bytes) else str(value).encode()
            parts += [len(data).to_bytes(4, "big"), data]
    return b"".join(parts)


def require_same_store(row: Row[Any] | None, keys: RootKeys, shown: str) -> None:
    """Raise `KeystoreError` unless the state row is of the root file's store."""
    if row is None:
        raise KeystoreError(
            shown,
            "it is empty: making it was interrupted, or it is no key store",
            expected="the store that the root file was made with",
            remedy="check the URL; after an interrupted start, remove the root file and start anew",
        )
    if row.format != tables.STORE_FORMAT:
        raise KeystoreError(
            shown,
            "it has another format",
            expected=tables.STORE_FORMAT,
            remedy="use the release of Muniment that made it, or a newer one",
        )
    of_row = (bytes(row.store_id), row.agency_id, bytes(row.lineage))
    if of_row != (keys.store_id, keys.agency_id, keys.lineage):
        raise KeystoreError(
            shown,
            f"wrong key store: it is store {bytes(row.store_id).hex()} of agency {row.agency_id}",
            expected=f"store {keys.store_id.hex()} of agency {keys.agency_id}, which the root "
            "file opens",
            remedy="check the profile: database and root file must belong together",
        )


def _changed(shown: str, what: str) -> KeystoreError:
    return KeystoreError(
        shown,
        f"{what} does not authenticate: it was changed, or moved from elsewhere",
        expected="what was written",
        remedy="run `muniment fsck`, which names every such row, and restore the store from a "
        "backup",
    )
