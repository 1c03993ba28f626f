# SPDX-License-Identifier: Apache-2.0
"""Evidence of journal records: how large, how quickly made in bulk, how quickly verified."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.importing import import_flights
from benchmarks.journal_agency import journal_agency
from benchmarks.local_registry import local_registry
from muniment.evidence import EvidenceFile, TrustFile, Verifier
from muniment.registry import Stage
from muniment.registry.bulk_evidence import BUNDLE, evidence_bundles, provable_records
from muniment.registry.evidence_making import make_trust
from muniment.registry.journals import wait_sealed
from muniment.registry.sealing import progress_of

_SHOWN = ("departure", "origin", "destination")
_BUNDLES = 10


def measure(records: int) -> dict[str, float]:
    """Return flat figures of evidence from a journal of so many flights."""
    with (
        local_registry() as local,
        tempfile.TemporaryDirectory() as name,
        ExitStack() as closing,
    ):
        registry = journal_agency(local, Path(name), closing)
        session = registry.session
        import_flights(registry, records)
        size = progress_of(session, 1).acknowledged
        wait_sealed(session, 1, size, Stage.FINAL, timeout=600)
        ids = provable_records(session).record_ids
        middle = ids[len(ids) // 2]
        one = registry.evidence(middle, fields=_SHOWN)
        text = registry.proof_text(middle)
        chosen = ids[: _BUNDLES * BUNDLE]
        start = time.perf_counter()
        bundles = list(evidence_bundles(session, chosen, fields=_SHOWN))
        made = len(chosen) / (time.perf_counter() - start)
        trust = TrustFile.from_bytes(
            make_trust(session, days=1, greatest_age_days=1, nodes=()).to_bytes()
        )
    verifier = Verifier(trust, now=int(time.time()))
    verdicts = verifier.verify(one) + verifier.verify(bundles[0])
    assert {str(each.outcome) for each in verdicts} == {"valid"}
    in_bundle = len(EvidenceFile.from_bytes(bundles[0]).records)
    entry = EvidenceFile.from_bytes(one).records[0].entry
    assert entry is not None
    record_id, lineage = entry.record_id(trust.record_lineage), trust.record_lineage
    sealed = int.from_bytes(entry.seal.hash, "big")
    head = ((1 << 64) - 1) << 64

    def merkle() -> None:
        entry.require(record_id, lineage, sealed, head)

    return {
        "records": size,
        "proof_bytes": len(text),
        "evidence_bytes": len(one),
        "evidence_bytes_entry": len(json.dumps(json.loads(one)["record"]["entry"])),
        "evidence_bytes_in_bundle_each": round(len(bundles[0]) / in_bundle),
        "made_per_second": round(made),
        "verify_milliseconds": round(_milliseconds(lambda: verifier.verify(one), 200), 2),
        "bundle_milliseconds": round(
            _milliseconds(lambda: verifier.verify(bundles[0]), 5) / in_bundle, 3
        ),
        "merkle_milliseconds": round(_milliseconds(merkle, 1000), 3),
    }


def _milliseconds(doing: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        doing()
        times.append(time.perf_counter() - start)
    return 1000 * median(times)
