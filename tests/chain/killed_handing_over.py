# SPDX-License-Identifier: Apache-2.0
"""A process that hands custody over, or takes it over, killed at the nth place where it can matter.

Places as in `killed_at.py`, and after everything that the vault keeps or deletes. With N beyond all
of them it ends, and prints how many there were.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from muniment.record.identifiers import RecordId
from muniment.registry import Registry
from muniment.store.vault.folder import FolderVault
from tests.chain.agency import PASSWORD
from tests.chain.killed_at import Places, watched


def watched_vault(places: Places) -> None:
    """Have everything counted that the vault keeps or deletes."""
    put, delete = FolderVault.put_if_absent, FolderVault.delete

    def counted_put(self: FolderVault, name: str, data: Any) -> bool:
        new = put(self, name, data)
        places.passed()
        return new

    def counted_delete(self: FolderVault, name: str) -> bool:
        found = delete(self, name)
        places.passed()
        return found

    FolderVault.put_if_absent = counted_put  # type: ignore[method-assign]
    FolderVault.delete = counted_delete  # type: ignore[method-assign]


def work(what: str, profile: Path, last: int, package: Path, records: list[RecordId]) -> None:
    """What is done; done again from its beginning, it goes on where it was."""
    with Registry.open(profile, password=PASSWORD) as registry:
        registry.sync()
        places = Places(last)
        watched(places)
        watched_vault(places)
        if what == "offer":
            made = registry.handovers.offer(records, 2, package)
        else:
            made = registry.handovers.accept(package)
        registry.wait(made.submissions, "final", timeout=60)
        registry.sync()
        print(places.count)
