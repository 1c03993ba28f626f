# SPDX-License-Identifier: Apache-2.0
"""What `fsck` finds, and what it can be restored from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from muniment.store.journal_files import PREFIX as JOURNALS

Tell = Callable[[str, int], None]
"""Is told the part that is looked at, and how many of it are done."""

_DATABASE: Final = ("table ", "the mirror", "version ", "entry ")
_JOURNAL_FILE: Final = f"file {JOURNALS}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be: `where` (a table and row, a file), and `what`."""

    where: str
    what: str

    @property
    def is_of_database(self) -> bool:
        """Whether the chain, the vault and the key store tell what the database must say there."""
        return self.where.startswith(_DATABASE)

    @property
    def is_of_journal_files(self) -> bool:
        """Whether the database's entries tell what the file must be."""
        return self.where.startswith(_JOURNAL_FILE)
