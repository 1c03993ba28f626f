# SPDX-License-Identifier: Apache-2.0
"""The SPEC's worked example is the vectors', and the vectors are what their generator makes."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"


def test_chain_vectors__are_what_the_generator_makes() -> None:
    spec = importlib.util.spec_from_file_location("generate_chain", VECTORS / "generate_chain.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (VECTORS / "chain.json").read_text() == module.text()


def test_worked_example__shows_the_vectors() -> None:
    text = (ROOT / "docs" / "SPEC.md").read_text()
    vectors = json.loads((VECTORS / "chain.json").read_text())
    trace = vectors["traces"][0]
    for value in (vectors["lineage"], trace["recordId"]):
        assert value in text
    for act in trace["acts"]:
        assert act["state"] in text
        assert act["traceHead"] in text
