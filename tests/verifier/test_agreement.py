# SPDX-License-Identifier: Apache-2.0
"""Two verifiers, written apart from each other, say the same of every file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from muniment.evidence import TrustFile
from tests.verifier.agreement import write
from tests.verifier.good_vectors import VECTORS
from tests.verifier.trust_files import cases as trust_cases


def compare(compiled: Path, path: Path) -> dict[str, Any]:
    done = subprocess.run(
        ["node", ".build/tests/agreement.js", str(path)],
        cwd=compiled,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    counted: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return counted


def agree(compiled: Path, folder: Path, count: int, seed: int) -> None:
    counts = write(count, seed, folder / "cases.ndjson")
    counted = compare(compiled, folder / "cases.ndjson")
    assert counted["differing"] == 0
    # On top of those are the ones on the edges of the form.
    assert counted["compared"] > count
    assert sum(counted["steps"].values()) == sum(counts.values())
    # Mutants that all fail at the first step would show nothing.
    assert {f"invalid {step}" for step in (1, 3, 4, 5, 6, 7, 8, 9, 12)} <= set(counts)
    assert {"valid", "revoked", "superseded", "conflict", "unknown 2", "unknown 5"} <= set(counts)


def test_500_mutated_files__have_the_same_verdicts(compiled: Path, tmp_path: Path) -> None:
    agree(compiled, tmp_path, 500, seed=20_261_128)


@pytest.mark.slow
def test_10000_mutated_files__have_the_same_verdicts(compiled: Path, tmp_path: Path) -> None:
    agree(compiled, tmp_path, 10_000, seed=20_261_129)


def test_another_verdict__is_found(compiled: Path, tmp_path: Path) -> None:
    """The comparison compares."""
    write(20, 1, tmp_path / "cases.ndjson", edges=False)
    lines = (tmp_path / "cases.ndjson").read_text().splitlines()
    changed = json.loads(lines[-1])
    changed["verdicts"][0]["outcome"] = "stale"
    (tmp_path / "cases.ndjson").write_text("\n".join([*lines[:-1], json.dumps(changed)]) + "\n")
    with pytest.raises(AssertionError, match='"differing":1'):
        compare(compiled, tmp_path / "cases.ndjson")


def test_mutated_trust_files__are_taken_and_refused_alike(compiled: Path, tmp_path: Path) -> None:
    accepted = 0
    path = tmp_path / "trusts.ndjson"
    with path.open("w", encoding="utf-8") as out:
        for text in trust_cases(1_000, seed=7, folder=VECTORS):
            try:
                TrustFile.from_bytes(text.encode())
                taken = True
            except Exception:  # noqa: BLE001  (whatever it is, the file was not taken)
                taken = False
            accepted += taken
            out.write(json.dumps({"text": text, "taken": taken}) + "\n")
    assert 100 < accepted < 900
    done = subprocess.run(
        ["node", ".build/tests/trust_agreement.js", str(path)],
        cwd=compiled,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"compared": 1_000, "differing": 0}
