# SPDX-License-Identifier: Apache-2.0
"""Leases: exactly one process at a time sends for a key, indexes a chain, seals a journal.

A lease is a row with a holder and an end. Its holder renews it; when the holder dies, it runs out
and another takes it. Time is the database's (PostgreSQL) or the machine's (SQLite, one machine).

A process that was stopped and wakes up may still believe it holds a lease. So whatever must not be
done twice is written in a transaction that asks `Lease.require` first: the row is locked until the
transaction ends, and its token grows with every holder (a fencing token).
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import StoreError
from muniment.store.database import VIEW, Database
from muniment.store.rows import with_digest
from muniment.store.tables import leases

TTL_SECONDS: Final = 3.0
"""How long a dead holder's lease stands. Another takes over within 5 s."""


class LeaseLostError(StoreError):
    """Lease `name` is another process's by now; nothing was written."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the lease {name!r} is another process's",
            expected="to hold it",
            remedy="nothing was lost: the other process goes on with the work",
        )
        self.name = name


class LeaseHeldError(StoreError):
    """Lease `name` is held by another process that is alive."""

    def __init__(self, name: str, holder: str) -> None:
        super().__init__(
            f"the lease {name!r} is held by {holder}",
            expected="nobody else to do this",
            remedy="let the other process do it, or end it and wait some seconds",
        )
        self.name = name
        self.holder = holder


class Lease:
    """A lease that was taken: `acquire` makes it; `require` it in each write."""

    def __init__(self, database: Database, name: str, holder: str, token: int) -> None:
        """Take the values of the row that `acquire` wrote."""
        self.name = name
        self.holder = holder
        self.token = token
        self._database = database
        self._stop = threading.Event()
        self._keeper: threading.Thread | None = None

    @classmethod
    def acquire(cls, database: Database, name: str, *, holder: str = "") -> Lease | None:
        """Return the lease, or None while another process that is alive holds it.

        `holder` is shown to people; a random part makes it this process's own.
        """
        mine = f"{holder or 'process'} {uuid.uuid4().hex[:12]}"
        with database.write() as connection:
            now = _now_ms(connection)
            row = connection.execute(_row(name)).mappings().one_or_none()
            if row is not None and row["expires_ms"] > now:
                return None
            token = 1 if row is None else row["token"] + 1
            if row is None:
                # Two that insert at once: one of them gets None on the next try.
                try:
                    with connection.begin_nested():
                        connection.execute(sa.insert(leases), [_values(name, mine, token, now)])
                except sa.exc.IntegrityError:
                    return None
            else:
                connection.execute(
                    sa.update(leases).where(leases.c.name == name),
                    [_values(name, mine, token, now)],
                )
        return cls(database, name, mine, token)

    def require(self, connection: Connection) -> None:
        """Raise `LeaseLostError` unless this process holds the lease until the transaction ends.

        In one that only reads: unless it held it when that began.
        """
        # PostgreSQL gives a lock on a row to nobody whose view of it a renewal has overtaken.
        is_view = connection.get_execution_options().get(VIEW, False)
        chosen = sa.select(leases).where(leases.c.name == self.name) if is_view else _row(self.name)
        row = connection.execute(chosen).mappings().one_or_none()
        if row is None or (row["holder"], row["token"]) != (self.holder, self.token):
            raise LeaseLostError(self.name)

    def renew(self) -> None:
        """Hold it for another while. Raises `LeaseLostError`."""
        with self._database.write() as connection:
            self.require(connection)
            values = _values(self.name, self.holder, self.token, _now_ms(connection))
            connection.execute(sa.update(leases).where(leases.c.name == self.name), [values])

    def release(self) -> None:
        """Let others have it at once, where the database can be written; else it runs out."""
        self._stop.set()
        if self._keeper is not None:
            self._keeper.join()
        # What the block was ended by counts more than a lease that ends by itself.
        with suppress(StoreError), self._database.write() as connection:
            self.require(connection)
            values = _values(self.name, self.holder, self.token, 0, ttl=0.0)
            connection.execute(sa.update(leases).where(leases.c.name == self.name), [values])

    @contextmanager
    def kept(self) -> Iterator[Lease]:
        """Renew it in the background for the block, then release it."""
        self._keeper = threading.Thread(target=self._keep, name=f"lease {self.name}", daemon=True)
        self._keeper.start()
        try:
            yield self
        finally:
            self.release()

    def _keep(self) -> None:
        while not self._stop.wait(TTL_SECONDS / 3):
            try:
                self.renew()
            except LeaseLostError:
                return
            except StoreError:
                # The database is away for a moment: `require` tells whether the lease outlived it.
                continue


@contextmanager
def held(
    database: Database, name: str, *, holder: str = "", wait_seconds: float = 0.0
) -> Iterator[Lease]:
    """Hold a lease for the block. Raises `LeaseHeldError` when it isn't free within the wait."""
    deadline = time.monotonic() + wait_seconds
    while (lease := Lease.acquire(database, name, holder=holder)) is None:
        if time.monotonic() >= deadline:
            raise LeaseHeldError(name, holder_of(database, name) or "another process")
        time.sleep(0.1)
    with lease.kept():
        yield lease


def holder_of(database: Database, name: str) -> str | None:
    """Return who holds a lease now, None when nobody does."""
    with database.read() as connection:
        row = connection.execute(sa.select(leases).where(leases.c.name == name)).mappings().first()
        alive = row is not None and row["expires_ms"] > _now_ms(connection)
        return str(row["holder"]) if row is not None and alive else None


def _row(name: str) -> sa.Select[tuple[object, ...]]:
    # SQLite has no row locks and needs none: its write transaction is the only one.
    return sa.select(leases).where(leases.c.name == name).with_for_update()


def _values(
    name: str, holder: str, token: int, now: int, ttl: float = TTL_SECONDS
) -> dict[str, object]:
    expires = now + int(ttl * 1000)
    return with_digest(
        leases, {"name": name, "holder": holder, "token": token, "expires_ms": expires}
    )


def _now_ms(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        seconds = connection.execute(
            sa.text("SELECT extract(epoch FROM clock_timestamp())")
        ).scalar_one()
        return int(seconds * 1000)
    return int(time.time() * 1000)
