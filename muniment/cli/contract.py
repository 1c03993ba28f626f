# SPDX-License-Identifier: Apache-2.0
"""`muniment contract`: the contracts themselves."""

from __future__ import annotations

import dataclasses
import json

import click

from muniment.chain import Connection, find
from muniment.operations.contract_code import verify_code


@click.group()
def contract() -> None:
    """The contracts on chain."""


@contract.command()
@click.option("--rpc", required=True, help="URL of a node.")
@click.option("--chain-id", required=True, type=int, help="Id that the chain must have.")
@click.option("--registry", required=True, help="Address of the record registry.")
@click.option("--shares", help="Address of the share registry, to compare it too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def verify(rpc: str, chain_id: int, registry: str, shares: str | None, as_json: bool) -> None:
    """Recompile the published source and compare it with the code on chain.

    Needs the extra `contract` (py-solc-x) and the pinned compiler. The agency registry is found
    through the record registry. Exit codes: 0 the same, 7 another code, 4 unreachable or no code,
    2 usage.

    Example: muniment contract verify --rpc http://127.0.0.1:8545 --chain-id 7001 --registry 0x…
    """
    connection = Connection(rpc, chain_id)
    block = connection.block()
    registries = find(connection, registry, first_block=0, shares=shares, block=block)
    click.echo("recompiling the published source …", err=True)
    matches = verify_code(connection, registries, block)
    if as_json:
        answer = {
            "block": block.number,
            "contracts": [dataclasses.asdict(match) for match in matches],
            "same": True,
        }
        click.echo(json.dumps(answer))
        return
    for match in matches:
        compared = f"{match.bytes_compared:,} bytes as published"
        click.echo(f"OK  {match.contract} {match.address}: {compared}")
        for name, value in match.immutables.items():
            click.echo(f"    immutable {name} {value}", err=True)
