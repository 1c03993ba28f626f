# SPDX-License-Identifier: Apache-2.0
"""Recovery copies of the root file, and the drill that proves one usable."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import KeystoreError
from muniment.store.keys.core import Core
from muniment.store.keys.journal_secrets import stretch_of
from muniment.store.keys.locks import Credential
from muniment.store.keys.named_keys import all_rows, named_row
from muniment.store.keys.root import RootFile
from muniment.store.keys.rows import Keyring, NotAuthenticError
from muniment.store.keys.tables import journal_secrets, version_secrets

SAMPLE: Final = 64
"""Secrets of each epoch that a drill unwraps with both keys."""


@dataclass(frozen=True, slots=True)
class DrillReport:
    """What a drill found of a recovery copy.

    `epochs` are those of the copy; `missing` those of the store that it lacks; `dropped` those that
    it has and the store dropped, for which it must be destroyed; `compared` is the number of rows
    that it unwrapped as the live keys did, `failed` names those that it did not. `usable` says
    whether the copy alone would bring everything back.
    """

    epochs: tuple[int, ...]
    missing: tuple[int, ...]
    dropped: tuple[int, ...]
    compared: int
    failed: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Whether nothing is missing and nothing failed."""
        return not self.missing and not self.failed


def drill(core: Core, path: Path, credential: Credential) -> DrillReport:
    """Try a recovery copy on this store. See `KeyStore.drill`."""
    copy = RootFile.open(path, credential)
    live = core.root.keys
    if (copy.keys.store_id, copy.keys.agency_id, copy.keys.lineage) != (
        live.store_id,
        live.agency_id,
        live.lineage,
    ):
        raise KeystoreError(
            str(path),
            f"wrong key store: it is a copy for store {copy.keys.store_id.hex()}",
            expected=f"a copy for store {live.store_id.hex()}",
        )
    core.root.reload()
    failed = [] if hmac.compare_digest(copy.keys.ledger, live.ledger) else ["the ledger key"]
    compared = 0
    keyring = Keyring(copy.keys)
    with core.reading() as connection:
        for what, epoch, same in _comparisons(core, connection, keyring):
            if keyring.has_epoch(epoch):
                compared += same
                failed += [] if same else [what]
    here, there = set(copy.keys.epochs), set(core.root.keys.epochs)
    return DrillReport(
        tuple(sorted(here)),
        tuple(sorted(there - here)),
        tuple(sorted(here - there)),
        compared,
        tuple(failed),
    )


def restore(
    copy: Path, copy_credential: Credential, root_path: Path, credential: Credential
) -> None:
    """Write a root file from a recovery copy. See `restore_root_file`."""
    RootFile.open(copy, copy_credential).copy_to(root_path, credential)


def _comparisons(
    core: Core, connection: Connection, copy: Keyring
) -> Iterator[tuple[str, int, bool]]:
    """Yield what was compared, its epoch, and whether both keyrings read the same."""
    for row in all_rows(connection):
        named = named_row(row)
        what = f"the key for {row.purpose}, epoch {row.key_epoch}"
        yield (
            what,
            row.epoch,
            _same(
                lambda ring, named=named, row=row: ring.unwrap_named(named, row.wrapped),
                core.keyring_for(row.epoch),
                copy,
            ),
        )
    for row in connection.execute(sa.select(journal_secrets).limit(SAMPLE)):
        stretch = stretch_of(row)
        yield (
            f"the secrets of journal {row.journal} from entry {row.first_index}",
            row.epoch,
            _same(
                lambda ring, stretch=stretch, row=row: ring.unwrap_stretch(
                    row.epoch, stretch, row.wrapped
                ),
                core.keyring_for(row.epoch),
                copy,
            ),
        )
    table = version_secrets
    epochs = connection.execute(sa.select(table.c.epoch).distinct()).scalars().all()
    for epoch in sorted(epochs):
        sample = sa.select(table).where(table.c.epoch == epoch).limit(SAMPLE)
        for row in connection.execute(sample):
            what = f"the secret of version {row.version} of record 0x{row.record_id.hex()}"
            yield (
                what,
                epoch,
                _same(
                    lambda ring, row=row: ring.unwrap_secret(
                        row.epoch, row.record_id, row.version, row.wrapped
                    ),
                    core.keyring_for(epoch),
                    copy,
                ),
            )


def _same(unwrap: Any, live: Keyring, copy: Keyring) -> bool:
    try:
        return hmac.compare_digest(unwrap(live), unwrap(copy))
    except NotAuthenticError:
        return False
