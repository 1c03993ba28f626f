# SPDX-License-Identifier: Apache-2.0
"""The demo of the client: an agency's day by commands, on a chain that stays.

`python -m toolchain.client_demo up` does it, `down` ends the node and removes what was made. All
lies in .build/demo; the password there is worth nothing.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import click

from muniment.chain import Connection, Sender, Signer, deploy
from muniment.chain.deployment import Registries
from muniment.registry.session import address_in
from network.handing_over import folder_of
from network.members import Network
from network.running import start, wait_for_blocks
from toolchain.exchange_demo import Party, Shell, exchange
from toolchain.local_chain import (
    CHAIN_ID,
    MNEMONIC,
    ROOT,
    anvil_program,
    development_keys,
    free_port,
    wait_for_anvil,
)
from toolchain.served_demo import serve as serve_pages

FOLDER = ROOT / ".build" / "demo"
REPORTS = ROOT / "node_modules" / "vega-datasets" / "data" / "birdstrikes.csv"
MAPPING = ROOT / "data" / "wildlife-strike.map.toml"
SCHEMA = ROOT / "data" / "schemas" / "wildlife-strike.json"


@click.group()
def main() -> None:
    """The demo of the client."""


@main.command()
def down() -> None:
    """End the demo's node, and remove what the demo made."""
    for name, what in (("gateway.pid", "gateway"), ("anvil.pid", "node")):
        pid = FOLDER / name
        if pid.exists():
            try:
                os.kill(int(pid.read_text()), signal.SIGTERM)
            except (ProcessLookupError, ValueError):
                click.echo(f"the {what} had ended already", err=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    click.echo("the demo is gone")


@main.command()
@click.option(
    "--network",
    "validators",
    type=click.Path(exists=True, path_type=Path),
    help="A folder of validators (python -m network), instead of a chain for this demo alone.",
)
@click.option("--serve", is_flag=True, help="Leave a gateway with its pages, too.")
def up(validators: Path | None, *, serve: bool) -> None:
    """Start a chain, and do an agency's day on it."""
    if FOLDER.exists():
        main.commands["down"].callback()  # type: ignore[misc]
    FOLDER.mkdir(parents=True)
    password = FOLDER / "password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_hex(8))
    url = _start() if validators is None else _validators(validators)
    keys = development_keys(3)
    registries = _deploy(url, keys)
    environment = {
        "MUNIMENT_PASSWORD_FILE": str(password),
        "MUNIMENT_PROFILE": str(FOLDER / "muniment.toml"),
    }
    (FOLDER / "environment").write_text(
        "".join(f"export {name}={value}\n" for name, value in environment.items())
        + f'export PATH="{ROOT}/.venv/bin:$PATH"\n'
    )
    say = Shell(environment)
    shares = registries.shares
    click.echo("\nAn agency sets up: profile, key store, keystores, trust file.")
    say(
        "init",
        "--folder",
        str(FOLDER),
        "--rpc",
        url,
        "--registry",
        registries.records.address,
        "--shares",
        shares.address if shares else "",
        "--first-block",
        str(registries.first_block),
        *(("--finality-depth", "0") if validators is None else ()),
        *(() if validators is None else ("--handovers", str(folder_of(Network.at(validators))))),
        "--agency",
        "1",
        "--source-system",
        "faa-strikes",
        "--new-officer",
        "--new-operators",
        "2",
        "--key-file",
    )
    _appoint(url, keys[2], registries)
    click.echo("\nIts admin publishes a record type; two of its fields can be searched.")
    say(
        "type",
        "publish",
        "wildlife-strike",
        str(SCHEMA),
        "--number",
        "1",
        "--retention",
        "3650",
        "--sharing",
        "conditional",
        "--searchable",
        "airport",
        "--searchable",
        "species",
    )
    click.echo("\nIt opens a journal, which a key of its own seals.")
    say("journal", "open", "--sealer", str(FOLDER / "operator-2.json"))
    click.echo("\nThe whole register, 10,000 real wildlife-strike reports, goes into the journal.")
    say("import", "wildlife-strike", str(REPORTS), "--map", str(MAPPING))
    say("journal", "status")
    click.echo("\nFound by a field, of which the database has a keyed hash alone.")
    say(
        "find",
        "wildlife-strike",
        "--field",
        "airport=BARKSDALE AIR FORCE BASE ARPT",
        "--limit",
        "3",
    )
    click.echo(
        "\nEvidence of one report: its entry under a seal, and that nothing was done to it since; "
        "two fields shown, the others hidden."
    )
    evidence, trust = FOLDER / "strike.json", FOLDER / "trust.toml"
    say("evidence", "17", "--field", "airport", "--field", "date", "-o", str(evidence))
    current = trust
    if validators is None:
        # The trust file of `init` pins a block before the record's: the operator makes a new one.
        current = FOLDER / "registry.trust.toml"
        say("trust", "make", str(current))
    else:
        click.echo(
            "\nThe trust file of the set-up is older than the record. It names the validators, "
            "whose signatures are in the evidence: no node is asked."
        )
    say("verify", str(evidence), "--trust", str(current), "--offline")
    click.echo("\nOne value is changed in the file.")
    changed = FOLDER / "changed.json"
    changed.write_bytes(evidence.read_bytes().replace(b"1990", b"1991", 1))
    say("verify", str(changed), "--trust", str(current), "--offline", code=10)
    click.echo("\nThe report is revoked, which enrols it on chain; new evidence says so.")
    say("revoke", "17", "--reason", "error")
    say("evidence", "17", "-o", str(FOLDER / "revoked.json"))
    say("verify", str(FOLDER / "revoked.json"), "--trust", str(trust), code=13)
    exchange(say, Party(url, FOLDER, registries, keys), warp=validators is None)
    click.echo("\nEverything is compared with everything else.")
    say("fsck")
    if serve:
        serve_pages(say, FOLDER, {**os.environ, **environment}, current)
    click.echo(
        "\nThe node and the profile stay. Try:\n\n"
        "  . .build/demo/environment\n"
        "  muniment trace 17\n"
        "  muniment history 18\n"
        "  muniment trace 18 --svg -o life.svg\n"
        "  muniment find wildlife-strike --state revoked\n"
        "  muniment show 18\n\n"
        "make demo-down ends it."
    )


def _start() -> str:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [anvil_program(), "--port", str(port), "--silent", "--chain-id", str(CHAIN_ID)]
    command += ["--mnemonic", MNEMONIC, "--gas-price", "0", "--block-base-fee-per-gas", "0"]
    command += ["--gas-limit", "300000000"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    (FOLDER / "anvil.pid").write_text(str(process.pid))
    wait_for_anvil(url, process)
    click.echo(f"a chain for this demo: {url} (process {process.pid})")
    return url


def _validators(folder: Path) -> str:
    """The first of a network's nodes; those of this host are started where they do not run."""
    network = Network.at(folder)
    start(network, network.own())
    top = wait_for_blocks(network, network.own())
    first = network.own()[0]
    click.echo(f"chain {network.chain_id} of {len(network.validators())} validators, block {top}")
    return first.url


def _deploy(url: str, keys: list[bytes]) -> Registries:
    connection = Connection.to_any_chain(url)
    admin, guardian, agency_admin = (Signer.from_key(key) for key in keys)
    sender = Sender(connection, admin)
    registries = deploy(
        sender, registry_admin=admin.address, guardian=guardian.address, admin_delay=86_400
    )
    sender.send(registries.agencies.create_agency("Aviation Authority", agency_admin.address))
    click.echo(f"deployed: the registry {registries.records.address}, with one agency")
    return registries


def _appoint(url: str, admin_key: bytes, registries: Registries) -> None:
    """The agency's first admin gives the new officer and the machine their roles."""
    connection = Connection.to_any_chain(url)
    admin, agencies = Sender(connection, Signer.from_key(admin_key)), registries.agencies
    officer, machines = FOLDER / "officer.json", FOLDER.glob("operator-*.json")
    for kind, keystore in ((1, officer), (2, officer), *((4, each) for each in machines)):
        role = agencies.role_of_kind(kind, 1, block=connection.block())
        admin.send(agencies.grant_role(role, address_in(Path(keystore))))
    click.echo("the admin has made the officer admin and registrar, the machines operators")


if __name__ == "__main__":
    main()
