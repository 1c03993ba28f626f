# SPDX-License-Identifier: Apache-2.0
"""The published source: one solc standard-JSON input of all contracts, and what it compiles to."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import solcx
import yaml

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ("RecordRegistry", "AgencyRegistry", "ShareRegistry", "Signpost")
_IMPORT = re.compile(r'^\s*(?:import\b[^;"]*|\}\s*from\s*)"([^"]+)";', re.MULTILINE)


def standard_input() -> dict[str, Any]:
    """Every source that the contracts reach, and the settings of ape-config.yaml."""
    settings = yaml.safe_load((ROOT / "ape-config.yaml").read_text())["solidity"]
    sources: dict[str, dict[str, str]] = {}
    waiting = [f"contracts/{name}.sol" for name in CONTRACTS]
    while waiting:
        name = waiting.pop()
        if name in sources:
            continue
        folder = ROOT if name.startswith("contracts/") else ROOT / "node_modules"
        text = (folder / name).read_text()
        sources[name] = {"content": text}
        for target in _IMPORT.findall(text):
            relative = target.startswith(".")
            path = (Path("/", name).parent / target).resolve() if relative else Path("/", target)
            waiting.append(str(path).lstrip("/"))
    return {
        "language": "Solidity",
        "settings": {
            "evmVersion": settings["evm_version"],
            "optimizer": {"enabled": True, "runs": settings["optimization_runs"]},
            "outputSelection": {
                "*": {
                    "*": [
                        "abi",
                        "devdoc",
                        "userdoc",
                        "evm.bytecode.object",
                        "evm.deployedBytecode.object",
                        "evm.deployedBytecode.immutableReferences",
                    ]
                }
            },
        },
        "sources": dict(sorted(sources.items())),
    }


def compiler_version() -> str:
    """The pinned solc's version, for example 0.8.30."""
    return str(yaml.safe_load((ROOT / "ape-config.yaml").read_text())["solidity"]["version"])


def compiled(source: dict[str, Any]) -> dict[str, Any]:
    """What py-solc-x and the pinned compiler make of it: solc's output by source and contract."""
    output: dict[str, Any] = solcx.compile_standard(
        json.loads(json.dumps(source)), solc_version=compiler_version()
    )
    contracts: dict[str, Any] = output["contracts"]
    return contracts


def artifact(name: str, contracts: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """What the package keeps of a contract."""
    contract = contracts[f"contracts/{name}.sol"][name]
    deployed = contract["evm"]["deployedBytecode"]
    return {
        "abi": contract["abi"],
        "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
        "compiler": {
            "version": compiler_version(),
            "settings": {
                key: value for key, value in source["settings"].items() if key != "outputSelection"
            },
        },
        "contractName": name,
        "deployedBytecode": "0x" + deployed["object"],
        "immutableReferences": deployed["immutableReferences"],
    }
