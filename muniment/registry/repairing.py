# SPDX-License-Identifier: Apache-2.0
"""`fsck --repair`: what can be derived is derived anew; nothing else is touched.

The database follows from chain, vault and key store; a journal's tiles, bundles and checkpoint
follow from its entries. Packs, secrets and what is on chain follow from nothing: they come back
from a copy or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from muniment.registry.checking import check
from muniment.registry.findings import Finding, Tell
from muniment.registry.journal_file_checking import restore_files
from muniment.registry.rebuilding import rebuild
from muniment.registry.session import Session
from muniment.store import journal_rows


@dataclass(frozen=True, slots=True)
class Repaired:
    """Whether the database was made anew, how many files of journals were, and what is `left`."""

    database: bool
    files: int
    left: tuple[Finding, ...]


def repair(session: Session, found: Sequence[Finding], *, tell: Tell) -> Repaired:
    """Restore what `found` (by `check`) names and can be derived, and check once more.

    Raises `LeaseHeldError` while a daemon or an import works, `UnreachableError`.
    """
    database = any(each.is_of_database for each in found)
    if database:
        rebuild(session, tell=tell)
        found = list(check(session, tell=tell))
    files = 0
    wanting = [each for each in found if each.is_of_journal_files]
    if wanting and not any(each.is_of_database for each in found):
        with session.database.read() as connection:
            journals = journal_rows.journals_kept(connection)
        for number in journals:
            files += restore_files(session, number)
        found = list(check(session, tell=tell))
    return Repaired(database, files, tuple(found))
