# SPDX-License-Identifier: Apache-2.0
"""Destroying many secrets at once, and what is known of them before and after.

A register that is disposed of has hundreds of thousands of secrets: each of them alone would cost
a transaction and, of a journal, its whole stretch wrapped anew. What was destroyed comes back in
one way only: with the custody of its record, from the agency that had it meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from muniment.record.commitment import Secret
from muniment.store.keys import journal_secrets, version_secrets
from muniment.store.keys.core import Core
from muniment.store.keys.version_secrets import Place


class Destruction:
    """The secrets of a key store, to be destroyed; `KeyStore.destruction` makes it.

    Everything is durable when it returns, and may be done again. Raises what `KeyStore` raises.
    """

    def __init__(self, core: Core) -> None:
        """Take an open store."""
        self._core = core

    def epochs(self, places: Collection[Place]) -> dict[Place, int]:
        """Return the wrapping epochs that versions' secrets are under now; of those without, none.

        Until an epoch is dropped, backups of the store can be read that were made under it.
        """
        return version_secrets.epochs_of(self._core, places)

    def entry_epochs(self, journal: int, indexes: Collection[int]) -> dict[int, int]:
        """Return the same of a journal's entries, by index; of those destroyed, none."""
        return journal_secrets.epochs_of(self._core, journal, indexes)

    def destroy(self, places: Collection[Place]) -> bool:
        """Destroy the secrets of versions, all or none, and leave a tombstone of each.

        Returns whether the database's own log was cleared too, which PostgreSQL cannot.
        """
        return version_secrets.erase_many(self._core, places)

    def destroy_entries(self, journal: int, indexes: Collection[int]) -> bool:
        """Destroy the secrets of a journal's entries, a stretch a transaction; see `destroy`.

        `destroy` the records' first versions too: that leaves the tombstones.
        """
        return journal_secrets.erase_many(self._core, journal, indexes)

    def times(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return when secrets were destroyed, in Unix seconds; each tombstone is authenticated.

        Raises `KeystoreError` for one that is not what was written.
        """
        return version_secrets.erased_at(self._core, places)

    def readmit(self, secrets: Mapping[Place, Secret]) -> int:
        """Store secrets in one transaction, and take the tombstones in their places away.

        For records alone whose custody came to this agency, which the chain proves: destroyed by a
        former custodian is not disposed of. Returns how many tombstones went; a secret that is
        there with the same value is left. Raises `KeystoreError` for one with another value, and
        for a tombstone that is not what was written.
        """
        return version_secrets.readmit(self._core, secrets)
