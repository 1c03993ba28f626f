# SPDX-License-Identifier: Apache-2.0
"""The good vectors that mutated files are made of, and the cases that become of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "evidence"
TABLE = json.loads((VECTORS / "cases.json").read_text())

Json = Any


@dataclass(frozen=True)
class Case:
    """One file to judge: under which trust file and at what time; `pinned` adds a trusted block."""

    name: str
    data: bytes
    trust: str
    now: int
    pinned: tuple[int, str] | None = None


@dataclass(frozen=True)
class Source:
    """A good vector."""

    name: str
    data: bytes
    trust: str
    now: int


def sources() -> list[Source]:
    """All good vectors; of the long ones as many as of the others."""
    return [
        Source(
            name,
            (VECTORS / name).read_bytes(),
            case.get("trust", "trust.toml"),
            case.get("now", TABLE["now"]),
        )
        for name, case in sorted(TABLE["cases"].items())
        if not name.endswith("_fail.json")
    ]


def of(source: Source, data: bytes, **changes: Any) -> Case:
    return Case(source.name, data, source.trust, changes.pop("now", source.now), **changes)


def spelled(value: Json) -> bytes:
    """As RFC 8785 spells it, but whatever the value is: verifiers are to refuse it, not writers."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")
