# SPDX-License-Identifier: Apache-2.0
"""A journal in memory whose files can be damaged, with its seals; audited range by range."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from muniment.analysis.audit.faults import Fault
from muniment.analysis.audit.folding import RangeRoots, fold, high_tiles, suspects
from muniment.analysis.audit.hashing import hash_ranges
from muniment.analysis.audit.judging import judge
from muniment.analysis.audit.places import JournalPlace
from muniment.analysis.audit.plan import AuditPlan, SealedRoot, SealTable
from muniment.analysis.audit.views import RangeView
from muniment.journal.checkpoints import Checkpoint
from muniment.journal.entry import Entry, EntryKind
from muniment.journal.tiles import GrowingEdge
from muniment.record.commitment import Commitment
from muniment.record.identifiers import LocalId, TypeId

TIME = 1_700_000_000
LINEAGE = bytes(range(32))


def entry(number: int, *, commitment: bytes | None = None, time: int = TIME) -> bytes:
    """An entry of its own for each number."""
    return Entry(
        EntryKind.REGISTRATION,
        1,
        TypeId(1),
        1,
        time,
        LocalId(hashlib.sha256(b"id %d" % number).digest()),
        Commitment(commitment or hashlib.sha256(b"content %d" % number).digest()),
    ).to_bytes()


@dataclass
class Journal:
    """The files of a journal in a folder, and its seals."""

    folder: Path
    seals: list[SealedRoot]
    stored: int
    bits: int = 8

    @property
    def plan(self) -> AuditPlan:
        place = JournalPlace(str(self.folder))
        return AuditPlan(place, 1, 7, LINEAGE, self.stored, SealTable(self.seals), self.bits)

    def change(self, path: str, at: int, data: bytes) -> None:
        """Put other bytes into a file."""
        file = self.folder / path
        held = bytearray(file.read_bytes())
        held[at : at + len(data)] = data
        file.write_bytes(held)

    def audit(self) -> list[Fault]:
        """All that the audit of the tree finds, without Spark."""
        plan = self.plan
        rows = [
            batch.to_pylist()[0] for batch in hash_ranges(plan, range(plan.ranges), 1, 0x9E37 | 1)
        ]
        ranges = [
            RangeRoots(
                row["entry_root"],
                row["tile_root"],
                row["node_root"],
                row["entry_prefixes"],
                row["tile_prefixes"],
                row["suspect"],
            )
            for row in rows
        ]
        folded = fold(plan, ranges)
        read = plan.place.reader()
        found = [*folded.faults, *high_tiles(plan, folded.proven, read)]
        for number, proven in suspects(ranges, folded):
            found += judge(plan, RangeView(plan, number, read), proven)
        return found


def journal(
    folder: Path,
    entries: Sequence[bytes],
    sealed: Sequence[int],
    *,
    bits: int = 8,
    sealed_at: int = TIME,
) -> Journal:
    """Write a journal's files as a sequencer does, sealed at sizes."""
    edge, seals, at = GrowingEdge(), [], 0
    sizes = [*sealed, len(entries)] if sealed[-1] < len(entries) else list(sealed)
    for size in sizes:
        for path, data in [*edge.append(entries[at:size]), *edge.partial_files()]:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        at = size
        if size in sealed:
            seals.append(SealedRoot(size, edge.root(), sealed_at))
    note = Checkpoint(f"muniment/{LINEAGE.hex()}/1/7", edge.size, edge.root()).body().encode()
    (folder / "checkpoint").write_bytes(note)
    return Journal(folder, seals, edge.size, bits)
