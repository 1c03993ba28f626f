# SPDX-License-Identifier: Apache-2.0
"""What the package keeps of the contracts, written by `ape run export`."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

CONTRACTS = ("RecordRegistry", "AgencyRegistry", "ShareRegistry", "Signpost")


@cache
def artifact(name: str) -> dict[str, Any]:
    """Return ABI, code and compiler settings of a contract, by its name in `CONTRACTS`."""
    loaded: dict[str, Any] = json.loads(
        resources.files(__name__).joinpath(f"{name}.json").read_text()
    )
    return loaded


@cache
def standard_input() -> dict[str, Any]:
    """Return the published source as a solc standard-JSON input."""
    text = resources.files(__name__).joinpath("standard-input.json").read_text()
    loaded: dict[str, Any] = json.loads(text)
    return loaded
