# SPDX-License-Identifier: Apache-2.0
"""`ape run demo`: the main job, from nothing, on a local chain, with real reports."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from ape import accounts as ape_accounts
from ape import chain as ape_chain
from ape.cli import ConnectedProviderCommand

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from muniment.chain import Connection, find
from scripts._agency_setup import set_up
from scripts._demo import Demo, say, section
from scripts._deploying import deploy
from scripts._deployments import ROOT, load_deployment, require_chain


@click.command(cls=ConnectedProviderCommand)
@click.option("--records", type=click.IntRange(10, 5000), default=1000, show_default=True)
def cli(records: int) -> None:
    """Do the main job on a local chain: register, amend, hold, hand over, revoke, trace, check.

    Uses real wildlife-strike reports of the US Federal Aviation Administration (vega-datasets).
    """
    if ape_chain.provider.network.name != "local":
        raise click.UsageError("the demo uses development accounts: run it on a local network")
    chain_id = require_chain(None)
    section("0. Contracts and agencies")
    guardian = str(ape_accounts.test_accounts[1].address)
    deploy(ape_accounts.test_accounts[0], guardian, 86_400, chain_id)
    deployment = load_deployment(chain_id)
    set_up(ROOT / "data" / "agencies.toml", deployment)
    contracts = deployment["contracts"]
    url = str(ape_chain.provider.http_uri)
    registries = find(
        Connection(url, chain_id),
        contracts["RecordRegistry"]["address"],
        first_block=contracts["RecordRegistry"]["block"],
        shares=contracts["ShareRegistry"]["address"],
    )
    demo = Demo(url, chain_id, registries)
    reports = demo.register(records)
    followed = demo.amend(reports[4])
    demo.hold(followed)
    demo.transfer(followed)
    demo.revoke(reports[7])
    demo.trace(followed)
    demo.disclose(followed)
    demo.journal(records, min(1000, 10_000 - records))
    section("What to try next")
    say("make test                              everything that is promised, tried")
    say(
        "make bench                             what each act costs, beside EAS and OpenAttestation"
    )
    say("docs/SPEC.md, docs/architecture.md     how it works, and where to change what")
