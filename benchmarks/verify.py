# SPDX-License-Identifier: Apache-2.0
"""Verifying evidence, one file and a bundle, and what the bytes of a file are spent on.

The files are made of real reports on an Anvil whose registry has `count` records, for the depth of
its storage trie decides how many nodes a proof has. Evidence under validators' signatures is that
of tests/vectors, taken from a real network, so that none is needed.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.local_agency import local_agency
from benchmarks.local_registry import local_registry
from muniment.evidence import TrustFile, Verifier
from muniment.registry.evidence_making import make_trust

_VECTORS = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "evidence"


def measure(count: int, bundle: int) -> dict[str, float]:
    """Return flat figures of evidence from a registry of `count` records."""
    with local_registry() as local, tempfile.TemporaryDirectory() as name:
        registry, ids = local_agency(local, Path(name), count)
        fields = ["airport", "date", "species"]
        one = registry.evidence(ids[count // 2], fields=fields)
        many = registry.evidence_bundle(ids[:bundle], fields=fields)
        made = make_trust(registry.session, days=1, greatest_age_days=1, nodes=())
        trust = TrustFile.from_bytes(made.to_bytes())
        registry.close()
    verifier = Verifier(trust, now=int(time.time()))
    one_ms = _milliseconds(lambda: verifier.verify(one), 200)
    many_ms = _milliseconds(lambda: verifier.verify(many), 5)
    assert {str(each.outcome) for each in verifier.verify(one) + verifier.verify(many)} == {"valid"}
    parts = _sizes(json.loads(one))
    return {
        "records": count,
        "verify_milliseconds": round(one_ms, 2),
        "verify_bundle_milliseconds_each": round(many_ms / bundle, 3),
        "bundle_records": bundle,
        "evidence_bytes": len(one),
        **{f"evidence_bytes_{part}": size for part, size in parts.items()},
        "evidence_bytes_in_bundle_each": round(len(many) / bundle),
    }


def measure_consensus() -> dict[str, float]:
    """Return flat figures of evidence whose block validators signed: four signatures are recovered,
    and with hand-overs and witnesses those of the documents too."""
    trust = TrustFile.from_bytes((_VECTORS / "consensus-trust.toml").read_bytes())
    cases = json.loads((_VECTORS / "cases.json").read_text())["cases"]
    verifier = Verifier(trust, now=cases["consensus.json"]["now"])
    one, after = ((_VECTORS / f"consensus{name}.json").read_bytes() for name in ("", "-after"))
    assert {str(each.outcome) for each in verifier.verify(one) + verifier.verify(after)} == {
        "valid"
    }
    file, anchor = json.loads(one), json.loads(after)["anchor"]
    return {
        "consensus_verify_milliseconds": round(_milliseconds(lambda: verifier.verify(one), 200), 2),
        "consensus_verify_after_handovers_milliseconds": round(
            _milliseconds(lambda: verifier.verify(after), 200), 2
        ),
        "consensus_evidence_bytes": len(one),
        **{f"consensus_evidence_bytes_{part}": size for part, size in _sizes(file).items()},
        "consensus_evidence_bytes_handover_each": round(
            _size(anchor["handovers"]) / len(anchor["handovers"])
        ),
        "consensus_evidence_bytes_witnessed": _size(anchor["witnessed"]),
    }


def _sizes(file: dict[str, Any]) -> dict[str, int]:
    anchor, record = file["anchor"], file["record"]
    return {
        "header": _size(anchor["header"]),
        "nodes": _size(anchor["nodes"]),
        "trace": _size(record["trace"]),
        "digests": _size(record["content"]["digests"]),
        "fields": _size(record["content"]["fields"]),
    }


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def _milliseconds(doing: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        doing()
        times.append(time.perf_counter() - start)
    return 1000 * median(times)
