# SPDX-License-Identifier: Apache-2.0
"""Deploying the contracts: what `ape run deploy` and the demo share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from ape import project

from scripts._deployments import ROOT, code_hash, deployment_path, save_deployment, stands

_FIRST = (bytes(32), "0x" + "00" * 20, bytes(32), 0)


def deploy(account: Any, guardian: str, admin_delay: int, chain_id: int) -> Path:
    """Deploy unless the chain has it already; return the deployment's file."""
    path = deployment_path(chain_id)
    if path.exists():
        if stands(json.loads(path.read_text())):
            click.echo(f"Deployed already: {path.relative_to(ROOT)} stands; nothing changed.")
            return path
        click.echo(f"{path.relative_to(ROOT)} is of another chain {chain_id}; deploying anew.")
    records = account.deploy(project.RecordRegistry, account, admin_delay, guardian, _FIRST)
    agencies = project.AgencyRegistry.at(records.agencyRegistry())
    shares = account.deploy(project.ShareRegistry, records)
    contracts = {}
    for name, contract, made_by in (
        ("RecordRegistry", records, records),
        ("AgencyRegistry", agencies, records),
        ("ShareRegistry", shares, shares),
    ):
        receipt = made_by.creation_metadata.receipt
        contracts[name] = {
            "address": str(contract.address),
            "block": int(receipt.block_number),
            "transaction": str(receipt.txn_hash),
            "codeHash": code_hash(str(contract.address)),
        }
    saved = save_deployment(chain_id, contracts)
    for name, entry in contracts.items():
        click.echo(f"{name} {entry['address']} in block {entry['block']}")
    click.echo(f"wrote {saved.relative_to(ROOT)}")
    return saved
