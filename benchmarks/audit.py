# SPDX-License-Identifier: Apache-2.0
"""The audit of a journal on Spark with two workers of this machine."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from muniment.analysis.audit.cache import Cache
from muniment.analysis.audit.places import JournalPlace
from muniment.analysis.audit.plan import AuditPlan, SealedRoot, SealTable
from muniment.analysis.audit.running import audit_tree
from muniment.analysis.audit.spark import spark_session
from muniment.journal.entry import Entry, EntryKind
from muniment.journal.tiles import File, GrowingEdge
from muniment.record.commitment import Commitment
from muniment.record.identifiers import LocalId, TypeId

MASTER: Final = "local[2]"
_BATCH: Final = 50_000
_ROUNDS: Final = 3
_TIME: Final = 1_700_000_000


def measure(records: int) -> dict[str, float]:
    """Return how many entries of a journal of so many, in a folder, are audited in a second.

    Every entry is read and hashed, every subtree's root compared and folded to a seal every 50,000
    entries, and every id compared with all others. The session's start stands apart; the median of
    three rounds counts, after one that starts the workers.
    """
    with tempfile.TemporaryDirectory() as name:
        plan = _journal(Path(name), records)
        begun = time.perf_counter()
        with spark_session(MASTER, {}) as spark:
            spark.range(1).count()
            started = time.perf_counter() - begun
            seconds = []
            for turn in range(_ROUNDS + 1):
                with Cache() as cache:
                    tree = audit_tree(spark, plan, cache)
                if tree.faults or tree.findings:
                    raise AssertionError("a sound journal has faults")
                if turn:
                    seconds.append(tree.seconds)
    return {
        "audit_records": records,
        "audit_leaves_per_second": round(records / statistics.median(seconds)),
        "spark_session_seconds": round(started, 2),
    }


def _journal(folder: Path, records: int) -> AuditPlan:
    """A journal's files, as `muniment mirror` keeps them."""
    edge = GrowingEdge()
    seals = []
    for start in range(0, records, _BATCH):
        count = min(_BATCH, records - start)
        ids = os.urandom(64 * count)
        head = Entry(
            EntryKind.REGISTRATION,
            1,
            TypeId(1),
            1,
            _TIME,
            LocalId(bytes(32)),
            Commitment(bytes(32)),
        ).to_bytes()[:14]
        _write(folder, edge.append([head + ids[at : at + 64] for at in range(0, 64 * count, 64)]))
        seals.append(SealedRoot(edge.size, edge.root(), _TIME))
    _write(folder, [*edge.partial_files(), ("checkpoint", b"")])
    place = JournalPlace(str(folder))
    return AuditPlan(place, 1, 1, bytes(32), records, SealTable(seals))


def _write(folder: Path, files: list[File]) -> None:
    for path, data in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
