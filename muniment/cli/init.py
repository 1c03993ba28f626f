# SPDX-License-Identifier: Apache-2.0
"""`muniment init`: a profile, with key store and keystores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from muniment.chain.accounts import new_keystore
from muniment.chain.connection import Connection, address_of
from muniment.chain.deployment import find
from muniment.chain.environment import key_store_passphrase, new_password
from muniment.cli.options import json_option, show_json
from muniment.errors import InvalidInputError, UnreachableError
from muniment.evidence.trust import fingerprint
from muniment.record.identifiers import AgencyId, Lineage
from muniment.registry import Registry
from muniment.registry.evidence_making import make_trust
from muniment.registry.profile import AgencyProfile, ChainProfile, KeysProfile, Profile
from muniment.registry.session import Session, address_in, make_stores
from muniment.store.durable_files import write_new
from muniment.store.keys import KeyStore, new_key_file


@click.command()
@click.option("--folder", default=".", type=click.Path(path_type=Path), help="Where all goes.")
@click.option("--rpc", "urls", multiple=True, required=True, help="URL of a node; may be repeated.")
@click.option("--registry", required=True, help="Address of the record registry.")
@click.option("--shares", help="Address of the share registry.")
@click.option("--first-block", default=0, help="The block it was deployed in.")
@click.option(
    "--finality-depth",
    type=int,
    help="Blocks until one is final: 0 with instant finality; without it, as the node says.",
)
@click.option(
    "--handovers",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the validators' hand-overs, for evidence after their set has changed.",
)
@click.option("--agency", "agency_id", type=int, required=True, help="The agency's number.")
@click.option("--source-system", default="agency", show_default=True)
@click.option("--officer", type=click.Path(path_type=Path), help="An existing keystore.")
@click.option("--operator", "operators", multiple=True, type=click.Path(path_type=Path))
@click.option("--new-officer", is_flag=True, help="Make officer.json, a keystore.")
@click.option("--new-operators", default=0, help="Make so many keystores of OPERATOR keys.")
@click.option("--key-file", is_flag=True, help="Open the key store by a file, not a passphrase.")
@click.option("--database", default="sqlite:///muniment.db", show_default=True)
@click.option("--vault", default="vault", show_default=True)
@click.option("--name", default="muniment.toml", show_default=True, help="The profile's file name.")
@json_option
def init(
    folder: Path,
    urls: tuple[str, ...],
    registry: str,
    shares: str | None,
    first_block: int,
    finality_depth: int | None,
    handovers: Path | None,
    agency_id: int,
    source_system: str,
    officer: Path | None,
    operators: tuple[Path, ...],
    new_officer: bool,
    new_operators: int,
    key_file: bool,
    database: str,
    vault: str,
    name: str,
    as_json: bool,
) -> None:
    """Write a profile, with key store, keystores and trust file; say what the admin must grant.

    Passwords come from prompts, or from MUNIMENT_PASSWORD and MUNIMENT_PASSPHRASE (or the files
    that MUNIMENT_PASSWORD_FILE and MUNIMENT_PASSPHRASE_FILE name). Nothing that exists is
    overwritten.

    Example: muniment init --rpc http://127.0.0.1:8545 --registry 0x… --agency 1 --new-officer
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = (folder / name).resolve()
    if path.exists():
        raise InvalidInputError(f"profile {path}", "a file that is not there yet", "there already")
    if officer is not None and new_officer:
        raise InvalidInputError("officer", "either --officer or --new-officer", "both")
    chain, lineage = _chain(urls, registry, shares, first_block, finality_depth)
    chain = replace(chain, handovers=None if handovers is None else handovers.resolve())
    base = path.parent
    database = _inside(base, database)
    vault = vault if "://" in vault else str(base / vault)
    # First: after a mistake in a URL the same command makes all, where keys would be in its way.
    make_stores(database, vault)
    if new_officer:
        officer = base / "officer.json"
        new_keystore(officer, new_password("officer.json"))
    made = list(operators)
    for number in range(1, new_operators + 1):
        keystore = base / f"operator-{number}.json"
        new_keystore(keystore, new_password(keystore.name))
        made.append(keystore)
    opener = base / "key-store.key" if key_file else None
    profile = Profile(
        path=path,
        chain=chain,
        agency=AgencyProfile(agency_id, source_system),
        keys=KeysProfile(
            store=_inside(base, "sqlite:///keys.db"),
            root=base / "keys.json",
            officer=None if officer is None else officer.resolve(),
            operators=tuple(each.resolve() for each in made),
            key_file=opener,
        ),
        database=database,
        vault=vault,
    )
    if opener is not None:
        new_key_file(opener)
    passphrase = None if opener else key_store_passphrase("keys.json", confirm=True)
    KeyStore.create(
        profile.keys.store,
        profile.keys.root,
        agency_id=AgencyId(agency_id),
        lineage=lineage,
        passphrase=passphrase,
        key_file=opener,
    ).close()
    trust_path = base / "trust.toml"
    with Registry(Session(profile)) as opened:
        trust = make_trust(opened.session, days=365, greatest_age_days=30, nodes=chain.urls)
    trust_data = trust.to_bytes()
    write_new(trust_path, trust_data, mode=0o644)
    profile = replace(profile, trust=trust_path)
    profile.save()
    accounts = {
        "officer": None if officer is None else address_in(officer),
        "operators": [address_in(each) for each in made],
    }
    if as_json:
        show_json(
            {
                "profile": str(path),
                "chain": chain.id,
                "trust": str(trust_path),
                "trust_fingerprint": fingerprint(trust_data),
                **accounts,
            }
        )
        return
    click.echo(str(path))
    click.echo(f"chain {chain.id}, registry {chain.registry}, agency {agency_id}", err=True)
    if officer is not None:
        click.echo(f"officer {accounts['officer']}: let the admin give it its roles", err=True)
    for account in accounts["operators"] or ():
        click.echo(f"operator {account}: muniment agency add operator {account}", err=True)
    click.echo(
        f"trust file {trust_path}, as this node says; compare its fingerprint with the operator's "
        f"before you rely on it:\n  {fingerprint(trust_data)}",
        err=True,
    )
    click.echo(
        "keep a copy of the root file apart: muniment keys backup; muniment keys drill", err=True
    )


def _chain(
    urls: tuple[str, ...],
    registry: str,
    shares: str | None,
    first_block: int,
    finality_depth: int | None,
) -> tuple[ChainProfile, Lineage]:
    connection = _first_connection(urls)
    block = connection.block()
    found = find(
        connection,
        address_of("--registry", registry),
        first_block=first_block,
        shares=None if shares is None else address_of("--shares", shares),
        block=block,
    )
    lineage = Lineage(found.records.origin(block=block).lineage)
    chain = ChainProfile(
        id=connection.chain_id,
        urls=urls,
        registry=found.records.address,
        shares=None if found.shares is None else found.shares.address,
        first_block=first_block,
        finality_depth=finality_depth,
    )
    return chain, lineage


def _first_connection(urls: tuple[str, ...]) -> Connection:
    fault: UnreachableError | None = None
    for url in urls:
        try:
            return Connection.to_any_chain(url)
        except UnreachableError as error:
            fault = error
    assert fault is not None, "--rpc is required"
    raise fault


def _inside(folder: Path, url: str) -> str:
    prefix = "sqlite:///"
    if not url.startswith(prefix):
        return url
    return prefix + str(folder / url.removeprefix(prefix))
