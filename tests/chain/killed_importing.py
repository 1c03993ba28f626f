# SPDX-License-Identifier: Apache-2.0
"""A process that imports into the journal and seals it, and meets a fault at the nth place.

With the fault `kill` such a place lies after each commit of the databases, after each object that
is put into the vault, and before and after the checkpoint is replaced: between two of them nothing
happens that lasts. With `EIO` or `ENOSPC` it is each fsync of the vault, which fails with that
error. With N of 0 it ends, and prints how many places there were.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from muniment.intake.batches import Batch
from muniment.intake.mapping import FieldMapping
from muniment.intake.plans import FieldSource
from muniment.intake.sources import Source
from muniment.registry import Registry, Stage
from muniment.registry.journal_import import import_by_journal
from muniment.registry.journals import wait_sealed
from muniment.store.vault.folder import FolderVault
from tests.chain.agency import PASSWORD
from tests.chain.killed_at import Places, count_commits

ROWS_A_BATCH = 20


class SmallBatches(Source):
    """A source whose batches are small, so that an import has several commits."""

    def batches(self, skip: int = 0) -> Iterator[Batch]:
        for batch in super().batches(skip):
            for start in range(0, len(batch.numbers), ROWS_A_BATCH):
                yield batch.only(set(batch.numbers[start : start + ROWS_A_BATCH]))


def watched(places: Places) -> None:
    put, put_many = FolderVault.put_if_absent, FolderVault.put_many
    replace = FolderVault.replace

    def counted_put(self: FolderVault, name: str, data: Any) -> bool:
        new = put(self, name, data)
        places.passed()
        return new

    def counted_many(self: FolderVault, objects: Sequence[tuple[str, bytes]]) -> None:
        for each in objects:
            put_many(self, [each])
            places.passed()

    def counted_replace(self: FolderVault, name: str, data: bytes) -> None:
        places.passed()
        replace(self, name, data)
        places.passed()

    count_commits(places)
    FolderVault.put_if_absent = counted_put  # type: ignore[method-assign]
    FolderVault.put_many = counted_many  # type: ignore[method-assign]
    FolderVault.replace = counted_replace  # type: ignore[method-assign]


def failing(places: Places, code: int) -> None:
    """Let the fsync at the place fail, as a disk does that is full or broken."""
    honest = os.fsync

    def fsync(descriptor: int) -> None:
        places.count += 1
        if places.count == places.last:
            raise OSError(code, os.strerror(code))
        honest(descriptor)

    os.fsync = fsync


def work(profile: Path, last: int, file: Path, fault: str) -> None:
    """Import and seal; done again, it goes on where it was."""
    with Registry.open(profile, password=PASSWORD) as registry:
        places = Places(last)
        if fault == "kill":
            watched(places)
        else:
            failing(places, getattr(errno, fault))
        fields = {name: FieldSource(name) for name in ("holder", "parcel")}
        done = import_by_journal(
            registry.session,
            registry.session.record_types.latest("land-deed"),
            SmallBatches("csv", file),
            FieldMapping("{id}", fields),
            1,
            workers=1,
        )
        wait_sealed(registry.session, 1, done.size, Stage.PROVABLE, timeout=60)
        print(places.count)
