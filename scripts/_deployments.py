# SPDX-License-Identifier: Apache-2.0
"""Deployment files, accounts and the chain's id, for the scripts beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from ape import accounts, chain
from eth_utils.crypto import keccak

ROOT = Path(__file__).resolve().parent.parent
DEPLOYMENTS = ROOT / "deployments"
_LOCAL_CHAINS = (1337, 31337)


def require_chain(chain_id: int | None) -> int:
    """The connected chain's id, which must be the one that the caller names.

    Ape starts a local node where a custom network's RPC is missing: on any network but the local
    one, a script that is not told the id would deploy to nowhere.
    """
    connected = int(chain.chain_id)
    if chain_id is None:
        if chain.provider.network.name != "local":
            raise click.UsageError("name the chain with --chain-id: this is no local network")
    elif connected != chain_id:
        raise click.ClickException(f"connected to chain {connected}, expected chain {chain_id}")
    return connected


def account_of(alias: str) -> Any:
    """The account of an Ape alias, TEST::n for a development account of a local chain."""
    if alias.startswith("TEST::"):
        # By the id alone: Ape calls every URL "custom", a production chain's too.
        if int(chain.chain_id) not in _LOCAL_CHAINS:
            raise click.ClickException(f"{alias} is a development account: anybody has its key")
        return accounts.test_accounts[int(alias.removeprefix("TEST::"))]
    try:
        return accounts.load(alias)
    except (KeyError, IndexError) as error:
        raise click.ClickException(f"there is no account {alias!r} (ape accounts list)") from error


def address_of(name: str) -> str:
    """An address as it is, or that of an Ape alias."""
    return name if name.startswith("0x") else str(account_of(name).address)


def code_hash(address: str) -> str:
    """keccak256 of the code at an address."""
    return f"0x{keccak(bytes(chain.provider.get_code(address))).hex()}"


def deployment_path(chain_id: int) -> Path:
    """The file of a chain's deployment."""
    return DEPLOYMENTS / f"{chain_id}.json"


def load_deployment(chain_id: int) -> dict[str, Any]:
    """A chain's deployment. Fails when there is none, or when the chain has other code there."""
    path = deployment_path(chain_id)
    if not path.exists():
        raise click.ClickException(f"no deployment on chain {chain_id}: run `ape run deploy` first")
    found: dict[str, Any] = json.loads(path.read_text())
    if not stands(found):
        raise click.ClickException(
            f"{path.relative_to(ROOT)} is of another chain {chain_id}: run `ape run deploy`"
        )
    return found


def stands(deployment: dict[str, Any]) -> bool:
    """Whether the chain has the deployment's code at its addresses."""
    return all(
        code_hash(contract["address"]) == contract["codeHash"]
        for contract in deployment["contracts"].values()
    )


def save_deployment(chain_id: int, contracts: dict[str, dict[str, Any]]) -> Path:
    """Write a chain's deployment, sorted, so that differences are small."""
    path = deployment_path(chain_id)
    path.parent.mkdir(exist_ok=True)
    content = {"chainId": chain_id, "contracts": contracts}
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
    return path
