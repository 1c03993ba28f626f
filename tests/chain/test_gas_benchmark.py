# SPDX-License-Identifier: Apache-2.0
"""`python -m benchmarks gas`: one flat object of numbers, limits that hold, a check that fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import gas, gas_tables, peers

ROOT = Path(__file__).resolve().parents[2]
PROMISED = {
    "register": 82_000,
    "register_many_each": 48_500,
    "seal_journal": 115_000,
    "amend_first": 73_000,
    "amend_later": 56_000,
    "custody": 110_000,
    "enrol_and_revoke": 152_000,
}


@pytest.fixture(scope="module")
def printed() -> str:
    command = [sys.executable, "-m", "benchmarks", "gas", "--json"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def measured(printed: str) -> dict[str, int]:
    answer: dict[str, int] = json.loads(printed)
    return answer


def test_json__is_one_flat_object_of_whole_numbers(printed: str, measured: dict[str, int]) -> None:
    assert printed.count("\n") == 1
    assert isinstance(measured, dict)
    assert {type(value) for value in measured.values()} == {int}


def test_json__has_every_promised_act_within_its_limit(measured: dict[str, int]) -> None:
    assert gas.LIMITS == PROMISED
    assert {name: measured[name] <= limit for name, limit in PROMISED.items()} == dict.fromkeys(
        PROMISED, True
    )


def test_journal_acts__have_the_depths_that_the_limits_are_for(measured: dict[str, int]) -> None:
    assert measured["seal_journal_proof_nodes"] == 21
    assert measured["enrol_depth"] == 17


def test_contracts__fit_and_their_bytes_add_up(measured: dict[str, int]) -> None:
    for contract in ("RecordRegistry", "AgencyRegistry", "ShareRegistry"):
        left = measured[f"bytes_left_{contract}"]
        assert left >= 0
        assert left + measured[f"bytes_{contract}"] == 24_576


def test_measuring_again__gives_the_snapshot(measured: dict[str, int]) -> None:
    assert gas.faults(measured) == []


def test_check__names_a_number_past_its_limit(measured: dict[str, int]) -> None:
    found = gas.faults(measured | {"register": 82_001})
    assert found[0] == "register: 82,001 gas is more than 82,000"
    assert found[1].startswith(f"register: 82001 now, {measured['register']} in gas-snapshot.json")
    assert len(found) == 2


def test_check__names_a_number_that_is_gone_or_new(measured: dict[str, int]) -> None:
    changed = {name: value for name, value in measured.items() if name != "supersede"}
    lines = gas.faults(changed | {"another": 1})
    assert [line.split(":")[0] for line in lines] == ["another", "supersede"]


def test_check__exits_with_1_when_the_snapshot_differs(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from benchmarks import __main__, gas\n"
        "gas.SNAPSHOT = pathlib.Path(sys.argv.pop())\n"
        "__main__.main()\n"
    )
    other = tmp_path / "gas-snapshot.json"
    other.write_text(json.dumps(json.loads(gas.SNAPSHOT.read_text()) | {"offer": 1}))
    result = subprocess.run(
        [sys.executable, "-c", program, "gas", "--check", str(other)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stderr
    assert result.stderr.startswith("offer: ")


def test_peers_table__has_each_compared_act_of_the_snapshot(measured: dict[str, int]) -> None:
    kept = peers.snapshot()
    rows = [(act, name) for act, names in peers.COMPARED.items() for name in names]
    assert all(act in measured and name in kept for act, name in rows)
    assert gas_tables.peers_table(measured, kept, "kept").row_count == len(rows)
