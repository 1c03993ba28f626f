# SPDX-License-Identifier: Apache-2.0
"""Checking every row of the key store: whatever was changed, added or taken away is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import KeystoreError, MunimentError
from muniment.store.keys import tables
from muniment.store.keys.core import STATE_ID, Core, identity_of, require_same_store
from muniment.store.keys.journal_secrets import stretch_of
from muniment.store.keys.named_keys import LOCAL_ID, SEARCH, KeyPurpose, all_rows, named_row
from muniment.store.keys.rows import Keyring, Ledger, NotAuthenticError, Tally

_PAGE: Final = 1000
_NOT_WRITTEN: Final = "does not authenticate: a value was changed, or the row is of elsewhere"


@dataclass(frozen=True, slots=True)
class KeyFinding:
    """Something wrong: in `table`, at `row` (its key in words; empty for the table), `what`."""

    table: str
    row: str
    what: str

    def __str__(self) -> str:
        """Return one line."""
        return f"key store, {self.table}{', ' if self.row else ''}{self.row}: {self.what}"


def check(core: Core) -> Iterator[KeyFinding]:
    """Yield all that is wrong. See `KeyStore.check`."""
    with core.reading() as connection:
        ledger = None
        for row in connection.execute(sa.select(tables.state)).all():
            try:
                ledger = _check_state(core, row) or ledger
            except NotAuthenticError:
                yield KeyFinding(tables.state.name, f"id {row.id}", _NOT_WRITTEN)
            except MunimentError as error:
                yield KeyFinding(tables.state.name, f"id {row.id}", error.what)
        if ledger is None:
            yield KeyFinding(tables.state.name, "", "there is no ledger to count the rows by")
        for table, check_rows in _CHECKS.items():
            found, named = Tally(), False
            for finding in check_rows(core, connection, found):
                named = True
                yield finding
            if ledger is not None:
                yield from _compare(table, ledger.tallies[table], found, explained=named)


def _check_state(core: Core, row: Any) -> Ledger | None:
    """Return the ledger of the state row. Raises where it is not what was written."""
    if row.id != STATE_ID:
        raise KeystoreError(core.shown, "there is one row too many")
    require_same_store(row, core.root.keys, core.shown)
    return core.keyring_for(row.epoch).open_ledger(row.ledger, identity_of(row))


def _check_secrets(core: Core, connection: Connection, tally: Tally) -> Iterator[KeyFinding]:
    table = tables.version_secrets
    for row in _pages(connection, table):
        place = _place_in_words(row)
        try:
            keyring = _keyring(core, row.epoch)
            keyring.unwrap_secret(row.epoch, row.record_id, row.version, row.wrapped)
            tally.add(keyring.place_mark(table.name, row.record_id, row.version))
        except NotAuthenticError:
            tally.rows += 1
            yield KeyFinding(table.name, place, _NOT_WRITTEN)


def _check_tombstones(core: Core, connection: Connection, tally: Tally) -> Iterator[KeyFinding]:
    table, keyring = tables.tombstones, core.keyring
    for row in _pages(connection, table):
        try:
            keyring.require_tombstone(row.record_id, row.version, row.erased_at, row.tag)
            tally.add(keyring.place_mark(table.name, row.record_id, row.version))
        except NotAuthenticError:
            tally.rows += 1
            yield KeyFinding(table.name, _place_in_words(row), _NOT_WRITTEN)


def _check_journal(core: Core, connection: Connection, tally: Tally) -> Iterator[KeyFinding]:
    table = tables.journal_secrets
    for row in _pages(connection, table):
        try:
            keyring, stretch = _keyring(core, row.epoch), stretch_of(row)
            keyring.unwrap_stretch(row.epoch, stretch, row.wrapped)
            tally.add(keyring.stretch_mark(stretch))
        except NotAuthenticError:
            tally.rows += 1
            where = f"journal {row.journal}, from entry {row.first_index}"
            yield KeyFinding(table.name, where, _NOT_WRITTEN)


def _check_named(core: Core, connection: Connection, tally: Tally) -> Iterator[KeyFinding]:
    missing = {LOCAL_ID, SEARCH, *KeyPurpose}
    name = tables.named_keys.name
    for row in all_rows(connection):
        missing.discard(row.purpose)
        try:
            keyring = _keyring(core, row.epoch)
            keyring.unwrap_named(named_row(row), row.wrapped)
            tally.add(keyring.named_mark(named_row(row)))
        except NotAuthenticError:
            tally.rows += 1
            yield KeyFinding(name, f"{row.purpose}, epoch {row.key_epoch}", _NOT_WRITTEN)
    for purpose in sorted(missing):
        yield KeyFinding(name, purpose, "there is no such key")


def _compare(table: str, wanted: Tally, counted: Tally, *, explained: bool) -> Iterator[KeyFinding]:
    """Compare a table with the ledger; rows that were named explain another sum."""
    if counted.rows != wanted.rows:
        what = f"it holds {counted.rows} rows where {wanted.rows} were written"
        yield KeyFinding(table, "", what)
    elif counted.total != wanted.total and not explained:
        yield KeyFinding(table, "", "its rows are not those that were written")


_CHECKS: Final[Mapping[str, Callable[[Core, Connection, Tally], Iterator[KeyFinding]]]] = {
    "version_secrets": _check_secrets,
    "tombstones": _check_tombstones,
    "named_keys": _check_named,
    "journal_secrets": _check_journal,
}


def _keyring(core: Core, epoch: int) -> Keyring:
    """The keyring, which may be without the key of this epoch: then nothing authenticates."""
    return core.keyring_for(epoch) if core.keyring.has_epoch(epoch) else core.keyring


def _pages(connection: Connection, table: sa.Table) -> Iterator[Any]:
    return iter(connection.execution_options(yield_per=_PAGE).execute(sa.select(table)))


def _place_in_words(row: Any) -> str:
    return f"version {row.version} of record 0x{bytes(row.record_id).hex()}"
