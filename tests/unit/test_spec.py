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


def test_example_of_the_exchange__is_the_vectors() -> None:
    text = (ROOT / "docs" / "spec" / "exchange.md").read_text()
    vectors = json.loads((VECTORS / "exchange" / "envelopes.json").read_text())
    [case] = [each for each in vectors["cases"] if each["name"] == "delivery"]
    data = bytes.fromhex(case["envelope"])
    header_ends = 12 + int.from_bytes(data[8:12], "big")
    frame, statement = data[header_ends + 80 :], data[-136:]
    body_ends = 82 + int.from_bytes(frame[:4], "big")
    shown = {
        "sender": f"Ed25519, private {vectors['senderPrivate']}",
        "recipient": f"X25519, private {vectors['recipientPrivate']}",
        "header": data[12:header_ends].decode(),
        "file key": vectors["fileKey"],
        "wrapped key": data[header_ends : header_ends + 80].hex(),
        "first frame": frame[:4].hex(),
        "": [frame[4:82].hex(), frame[82:body_ends].hex()],
        "count": statement[:8].hex(),
        "root": statement[8:40].hex(),
        "digest": statement[40:72].hex(),
        "signature": statement[72:].hex(),
        "envelope digest": case["digest"],
    }
    example = text.split("```")[1].strip("\n").splitlines()
    expected = [
        (name, value)
        for name, values in shown.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    for line, (name, value) in zip(example, expected, strict=True):
        assert line == f"{name:<13} {value}", name
