# SPDX-License-Identifier: Apache-2.0
"""Writes cases with what the Python verifier says of each, for the other verifier to compare.

python -m tests.verifier.agreement COUNT SEED OUT.ndjson
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from muniment.evidence import Outcome, TrustFile, Verdict, Verifier
from tests.verifier.good_vectors import VECTORS, Case
from tests.verifier.mutations import boundaries, cases


def judged(verdict: Verdict) -> dict[str, Any]:
    """What two verifiers must say alike."""
    return {
        "record": "" if verdict.step == 1 else verdict.record_id.hex(),
        "outcome": str(verdict.outcome),
        "step": verdict.step,
        "done": verdict.done,
        "fields": verdict.fields,
        "holds": verdict.holds,
        "type_holds": verdict.type_holds,
        "version": verdict.version,
        "latest_version": verdict.latest_version,
        "witnesses": verdict.witnesses,
        "committers": verdict.committers,
        "block_witnesses": verdict.block_witnesses,
        "superseded_by": verdict.superseded_by,
        "revocation_reason": verdict.revocation_reason,
    }


def lines(chosen: Iterable[Case]) -> Iterable[str]:
    """A line a case; trust files stand in the first."""
    trusts = {
        name: (VECTORS / name).read_bytes() for name in ("trust.toml", "consensus-trust.toml")
    }
    yield json.dumps({name: base64.b64encode(data).decode() for name, data in trusts.items()})
    files = {name: TrustFile.from_bytes(data) for name, data in trusts.items()}
    for case in chosen:
        trust = files[case.trust]
        if case.pinned is not None:
            number, digest = case.pinned
            trust = replace(trust, blocks={number: bytes.fromhex(digest)})
        verdicts = Verifier(trust, now=case.now).verify(case.data)
        yield json.dumps(
            {
                "name": case.name,
                "data": base64.b64encode(case.data).decode(),
                "trust": case.trust,
                "now": case.now,
                "pinned": case.pinned,
                "verdicts": [judged(each) for each in verdicts],
            }
        )


def write(count: int, seed: int, path: Path, *, edges: bool = True) -> dict[str, int]:
    """Write the cases; return how many verdicts there are of each outcome and step.

    With `edges` those on the edges of the form come on top of `count`.
    """
    chosen = chain(boundaries() if edges else (), cases(count, seed))
    counts: dict[str, int] = {}
    with path.open("w", encoding="utf-8") as out:
        for line in lines(chosen):
            out.write(line + "\n")
            for each in json.loads(line).get("verdicts", ()):
                refused = each["outcome"] in {Outcome.INVALID, Outcome.UNKNOWN}
                name = f"{each['outcome']} {each['step']}" if refused else each["outcome"]
                counts[name] = counts.get(name, 0) + 1
    return counts


if __name__ == "__main__":
    print(json.dumps(write(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])), indent=1))
