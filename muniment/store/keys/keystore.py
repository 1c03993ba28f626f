# SPDX-License-Identifier: Apache-2.0
"""The key store as its callers see it.

with KeyStore.open(url, root_path, passphrase=...) as keys:
    keys.put_secrets({(record_id, 1): new_secret()})
    version = Version(header, content, keys.secret(record_id, 1))
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import KeystoreError
from muniment.record.commitment import Secret
from muniment.record.identifiers import AgencyId, Lineage, RecordId
from muniment.store.keys import (
    epochs,
    journal_secrets,
    named_keys,
    recovery,
    tables,
    version_secrets,
)
from muniment.store.keys.check import KeyFinding, check
from muniment.store.keys.core import Change, Core, require_same_store
from muniment.store.keys.destruction import Destruction
from muniment.store.keys.locks import Passphrase, credential_of
from muniment.store.keys.named_keys import AgencyKey, KeyPurpose, PublicKey
from muniment.store.keys.recovery import DrillReport
from muniment.store.keys.root import RootFile, RootKeys
from muniment.store.keys.rows import Ledger
from muniment.store.keys.version_secrets import Erasure, Place


class KeyStore:
    """An agency's secrets, unlocked. Use it as a context, or `close` it.

    Everything that writes is durable when it returns, and raises `KeystoreError` where the store
    is not what was written, `StoreError` for what the database says (locked, read-only, full).
    One object may be used by several threads, and several processes may have one store open.
    """

    def __init__(self, core: Core) -> None:
        """Take what `create` and `open` made."""
        self._core = core

    @classmethod
    def create(
        cls,
        url: str,
        root_path: Path | str,
        *,
        agency_id: AgencyId,
        lineage: Lineage,
        passphrase: str | None = None,
        key_file: Path | str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> KeyStore:
        """Make a key store with all its keys and return it.

        `url` is a database of its own, ``sqlite:///path`` or ``postgresql://…``; `root_path` is
        where the root file is written, which must not lie in the store's backups. It opens with
        the `passphrase` or with the 32 bytes of `key_file` (`new_key_file` makes one).
        Raises `KeystoreError` when either exists, `InvalidInputError`.
        """
        credential = credential_of(passphrase, key_file)
        keys = RootKeys.new(agency_id, lineage)
        path = Path(root_path)
        if path.exists():
            raise KeystoreError(str(path), "exists already", remedy="open it, or take another name")
        database = tables.connect(url, create=True)
        try:
            with database.write() as connection:
                tables.metadata.create_all(connection)
                _require_empty(connection, database.shown)
                # The root file comes before the commit: keys that nothing opens are worse than
                # a root file of a store that was never made.
                core = Core(database, RootFile.create(path, keys, credential), clock)
                change = Change(connection, Ledger.empty(), core.keyring, 1)
                named_keys.add_first_keys(core, change)
                core.write_state(change, insert=True)
        except BaseException:
            database.close()
            raise
        return cls(core)

    @classmethod
    def open(
        cls,
        url: str,
        root_path: Path | str,
        *,
        passphrase: str | None = None,
        key_file: Path | str | None = None,
        agency_id: AgencyId | None = None,
        lineage: Lineage | None = None,
        clock: Callable[[], float] = time.time,
    ) -> KeyStore:
        """Open a key store that `create` made.

        With `agency_id` and `lineage` a store of another agency or registry is refused. Raises
        `WrongPasswordError`; `KeystoreError` for a missing or damaged root file, a database that
        is no key store, and a root file of another store ("wrong key store").
        """
        root = RootFile.open(Path(root_path), credential_of(passphrase, key_file))
        if agency_id not in (None, root.keys.agency_id):
            raise _wrong(root, f"of agency {root.keys.agency_id}", f"agency {agency_id}")
        if lineage not in (None, root.keys.lineage):
            raise _wrong(root, "of another registry's lineage", f"lineage 0x{lineage.hex()}")
        database = tables.connect(url)
        try:
            with database.read() as connection:
                made = sa.inspect(connection).has_table(tables.state.name)
                row = connection.execute(sa.select(tables.state)).first() if made else None
            require_same_store(row, root.keys, database.shown)
        except BaseException:
            database.close()
            raise
        return cls(Core(database, root, clock))

    # --- secrets of versions ----------------------------------------------------------------------

    def put_secrets(self, secrets: Mapping[Place, Secret]) -> int:
        """Store the secret of each (record id, version) in one transaction, all or none.

        Returns how many were new; one that is there with the same value is left. Raises
        `KeystoreError` for one that is there with another value, `ErasedError` for one that was
        destroyed, `InvalidInputError`.
        """
        return version_secrets.put(self._core, secrets)

    def secret(self, record_id: RecordId, version: int) -> Secret:
        """Return a version's secret. Raises `ErasedError`, `KeystoreError` where there is none."""
        return version_secrets.get(self._core, record_id, version)

    def secrets(self, places: Iterable[Place]) -> dict[Place, Secret]:
        """Return the secrets of those places that have one, in no order.

        What was erased or never stored is left out. Raises `KeystoreError` for a row that does not
        authenticate.
        """
        return version_secrets.get_many(self._core, places)

    def erase(self, record_id: RecordId, versions: Iterable[int]) -> Erasure:
        """Destroy the secrets of these versions for good, and remember that.

        They can neither be read nor stored again. Erasing twice does nothing more. Copies in
        backups of the store stay readable until the wrapping epochs that the result names are
        dropped (`begin_epoch`, `rewrap`, `drop_epoch`) or the backups are gone.
        """
        return version_secrets.erase(self._core, record_id, versions)

    def places(self) -> Iterator[Place]:
        """Yield every (record id, version) that has a secret, in order, to compare with others."""
        return version_secrets.places(self._core)

    def erased(self, places: Iterable[Place]) -> set[Place]:
        """Return those of the places whose secret was destroyed."""
        return version_secrets.erased(self._core, places)

    def erased_places(self) -> Iterator[Place]:
        """Yield every (record id, version) whose secret was destroyed, in order."""
        return version_secrets.erased_places(self._core)

    @property
    def destruction(self) -> Destruction:
        """Many secrets to be destroyed at once, and what is known of those that were."""
        return Destruction(self._core)

    # --- secrets of journal entries -----------------------------------------------------------

    def put_journal_secrets(self, journal: int, first_index: int, secrets: Sequence[bytes]) -> None:
        """Store the secrets of the entries of `journal` from `first_index` on, in one transaction.

        Stretches at or past that index are of entries that were never acknowledged, and go: the
        caller, who alone appends, says so. Raises `KeystoreError` where `first_index` lies inside
        of a stretch, `InvalidInputError`.
        """
        journal_secrets.put(self._core, journal, first_index, secrets)

    def journal_secret(self, journal: int, index: int) -> Secret | None:
        """Return an entry's secret, None where it was destroyed. Raises `KeystoreError`."""
        return journal_secrets.get(self._core, journal, index)

    def journal_secrets_at(self, journal: int, indexes: Collection[int]) -> dict[int, Secret]:
        """Return the secrets of those entries that have one; see `journal_secrets`."""
        return journal_secrets.secrets_at(self._core, journal, indexes)

    def journal_secrets(self, journal: int, start: int, end: int) -> Iterator[Secret | None]:
        """Yield the secrets of the entries from `start` up to `end`, None for those destroyed.

        Ends where the secrets end. Raises `KeystoreError` for a row that does not authenticate.
        """
        return journal_secrets.between(self._core, journal, start, end)

    def erase_journal_secret(self, journal: int, index: int) -> tuple[int, bool] | None:
        """Destroy an entry's secret for good; see `erase` for what stays readable in backups.

        Returns the wrapping epoch that it was under and whether the database's own log was cleared
        too; None where there was no secret any more. `erase` the record's version too: that leaves
        the tombstone.
        """
        return journal_secrets.erase(self._core, journal, index)

    # --- the agency's keys ------------------------------------------------------------------------

    def local_id_key(self) -> bytes:
        """Return the key of local ids: 32 bytes that never change (`derive_local_id`)."""
        return named_keys.symmetric_key(self._core, named_keys.LOCAL_ID)

    def search_key(self) -> bytes:
        """Return the key of search terms: 32 bytes (`muniment.store.search_terms`)."""
        return named_keys.symmetric_key(self._core, named_keys.SEARCH)

    def agency_key(self, purpose: KeyPurpose, epoch: int | None = None) -> AgencyKey:
        """Return the latest agency key for `purpose`, or that of `epoch`.

        Raises `KeystoreError` for an epoch that there is not, or that is retired.
        """
        return named_keys.agency_key(self._core, KeyPurpose(purpose), epoch)

    def rotate_agency_key(self, purpose: KeyPurpose) -> PublicKey:
        """Make a new key for `purpose` and return its public part, to be published on chain.

        The old ones stay until they are retired.
        """
        return named_keys.rotate(self._core, KeyPurpose(purpose))

    def retire_agency_key(self, purpose: KeyPurpose, epoch: int) -> PublicKey:
        """Destroy the private part of an older key; the public part stays, with the time.

        Raises `KeystoreError` for the latest epoch, which is in use.
        """
        return named_keys.retire(self._core, KeyPurpose(purpose), epoch)

    def public_keys(self) -> tuple[PublicKey, ...]:
        """Return the public parts of all agency keys, by purpose and epoch."""
        with self._core.reading() as connection:
            return named_keys.public_keys(connection)

    # --- wrapping epochs --------------------------------------------------------------------------

    def begin_epoch(self) -> int:
        """Make a new wrapping key, write under it from now on, and return its number.

        Make a new recovery copy afterwards: older ones do not open what is written from here on.
        """
        return epochs.begin(self._core)

    def rewrap(self, batch: int = epochs.DEFAULT_BATCH) -> Iterator[int]:
        """Bring rows of older epochs under the present one, a batch a transaction.

        Yields how many each batch re-wrapped; nothing is done unless it is iterated. May be ended
        at any time and run again; others may read and write meanwhile. Raises `KeystoreError` at a
        row that does not authenticate.
        """
        return epochs.rewrap(self._core, batch)

    def drop_epoch(self, epoch: int) -> None:
        """Destroy the wrapping key of an epoch that no row needs any more.

        What backups of the store hold of that epoch is unreadable then, once copies of the root
        file from before are destroyed too. Raises `KeystoreError` while rows need it.
        """
        epochs.drop(self._core, epoch)

    def epochs(self) -> dict[int, int]:
        """Return how many rows each wrapping epoch wraps, by its number."""
        return epochs.used(self._core)

    # --- recovery and checking --------------------------------------------------------------------

    def check(self) -> Iterator[KeyFinding]:
        """Yield everything in the database that is not what was written, each row by name.

        Changed values, moved rows, rows added or taken away. Not noticed: a whole database put
        back as it was earlier, which is authentic; compare `places` and `erased_places` with the
        agency's database for that.
        """
        return check(self._core)

    def export_recovery(self, path: Path | str, passphrase: str) -> None:
        """Write a recovery copy of the root file that opens with its own `passphrase`.

        Raises `KeystoreError` when `path` exists.
        """
        self._core.root.reload()
        self._core.root.copy_to(Path(path), Passphrase(passphrase))

    def drill(self, path: Path | str, passphrase: str) -> DrillReport:
        """Try the recovery copy at `path` on this store and return what it can.

        It unwraps every agency key and a sample of secrets of every epoch and compares them with
        what the live keys say. Raises `WrongPasswordError`, and `KeystoreError` for a copy of
        another store.
        """
        return recovery.drill(self._core, Path(path), Passphrase(passphrase))

    def change_credential(
        self, *, passphrase: str | None = None, key_file: Path | str | None = None
    ) -> None:
        """Lock the root file anew, by a passphrase or a key file; the old one opens it no more.

        The keys stay what they are: somebody who has the old file and its passphrase has them.
        """
        credential = credential_of(passphrase, key_file)
        with self._core.changing():
            self._core.root.reload()
            self._core.root.lock_anew(credential)

    # --- life -------------------------------------------------------------------------------------

    @property
    def agency_id(self) -> AgencyId:
        """The agency whose store this is."""
        return self._core.root.keys.agency_id

    @property
    def lineage(self) -> Lineage:
        """The lineage of the registry that the keys are for: 32 bytes."""
        return self._core.root.keys.lineage

    def close(self) -> None:
        """Give the database's connections back."""
        self._core.database.close()

    def __enter__(self) -> Self:
        """Use as a context, closed at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Name agency and place, no key."""
        return f"KeyStore(agency {self.agency_id}, {self._core.shown!r})"


def public_keys(url: str) -> tuple[PublicKey, ...]:
    """Return the public parts of the agency keys of the store at `url`, without unlocking it.

    Nothing proves that they were not changed: that takes the root file, or the chain, where the
    agency published them. Raises `KeystoreError`, `StoreError`.
    """
    database = tables.connect(url)
    try:
        with database.read() as connection:
            if not sa.inspect(connection).has_table(tables.state.name):
                raise KeystoreError(database.shown, "is no key store")
            return named_keys.public_keys(connection)
    finally:
        database.close()


def restore_root_file(
    copy: Path | str,
    copy_passphrase: str,
    root_path: Path | str,
    *,
    passphrase: str | None = None,
    key_file: Path | str | None = None,
) -> None:
    """Write a new root file at `root_path` from the recovery copy at `copy`.

    Raises `WrongPasswordError`; `KeystoreError` when `root_path` exists: a live root file may be
    newer than the copy and is never overwritten.
    """
    recovery.restore(
        Path(copy),
        Passphrase(copy_passphrase),
        Path(root_path),
        credential_of(passphrase, key_file),
    )


def _require_empty(connection: Connection, shown: str) -> None:
    if connection.execute(sa.select(tables.state.c.id)).first() is not None:
        raise KeystoreError(
            shown,
            "it holds a key store already",
            expected="an empty database",
            remedy="open that one, or name another database",
        )


def _wrong(root: RootFile, actual: str, wanted: str) -> KeystoreError:
    return KeystoreError(
        str(root.path),
        f"wrong key store: it is {actual}",
        expected=wanted,
        remedy="check the profile: key store, agency and registry must belong together",
    )
