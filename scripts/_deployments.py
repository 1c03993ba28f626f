# SPDX-License-Identifier: Apache-2.0
"""Deployment files, accounts and the chain's id, for the scripts beside this file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
from ape import accounts, chain
from ape_accounts.accounts import InvalidPasswordError, KeyfileAccount
from eth_utils.crypto import keccak

from muniment.chain import environment
from muniment.errors import KeystoreError

ROOT = Path(__file__).resolve().parent.parent
DEPLOYMENTS = ROOT / "deployments"
_LOCAL_CHAINS = (1337, 31337)


def connected_chain() -> int:
    """The id that the connected node gives.

    Asked of the node itself: for `ethereum:custom:URL` and `ethereum:local:URL`, Ape 0.8.51 says
    1337 whatever the node says, and would sign for that chain.
    """
    connected = int(str(chain.provider.make_request("eth_chainId", [])), 16)
    if connected != int(chain.chain_id):
        raise click.ClickException(
            f"the node is of chain {connected}, and Ape takes it for chain {chain.chain_id}: "
            "give the plain URL, --network http://..."
        )
    return connected


def require_chain(chain_id: int | None) -> int:
    """The connected chain's id, which must be the one that the caller names.

    Ape starts a local node where a custom network's RPC is missing: on any network but the local
    one, a script that is not told the id would deploy to nowhere.
    """
    connected = connected_chain()
    if chain_id is None:
        if chain.provider.network.name != "local" or connected not in _LOCAL_CHAINS:
            raise click.UsageError("name the chain with --chain-id: this is no local network")
    elif connected != chain_id:
        raise click.ClickException(f"connected to chain {connected}, expected chain {chain_id}")
    return connected


def account_of(alias: str) -> Any:
    """The account of an Ape alias, ready to sign; TEST::n for a development account.

    A keystore's password is that of APE_ACCOUNTS_<alias>_PASSPHRASE, or else of MUNIMENT_PASSWORD
    or the file that MUNIMENT_PASSWORD_FILE names: a script asks nothing. Call `require_chain`
    first: the account signs what the script sends from then on.
    """
    account = _loaded(alias)
    if isinstance(account, KeyfileAccount) and account.locked:
        own = f"APE_ACCOUNTS_{alias}_PASSPHRASE"
        try:
            given = os.environ.get(own) or environment.password()
        except KeystoreError as error:
            raise click.ClickException(error.diagnostics()) from error
        if not given:
            raise click.ClickException(
                f"no password for account {alias!r}: set {own}, "
                f"{environment.PASSWORD} or {environment.PASSWORD_FILE}"
            )
        try:
            account.set_autosign(True, passphrase=given)
        except InvalidPasswordError as error:
            raise click.ClickException(f"wrong password for account {alias!r}") from error
    return account


def address_of(name: str) -> str:
    """An address as it is, or that of an Ape alias, for which no password is needed."""
    return name if name.startswith("0x") else str(_loaded(name).address)


def _loaded(alias: str) -> Any:
    if alias.startswith("TEST::"):
        # By the id alone: Ape calls every URL "custom", a production chain's too.
        if connected_chain() not in _LOCAL_CHAINS:
            raise click.ClickException(f"{alias} is a development account: anybody has its key")
        return accounts.test_accounts[int(alias.removeprefix("TEST::"))]
    try:
        return accounts.load(alias)
    except (KeyError, IndexError) as error:
        raise click.ClickException(f"there is no account {alias!r} (ape accounts list)") from error


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
