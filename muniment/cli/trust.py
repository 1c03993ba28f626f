# SPDX-License-Identifier: Apache-2.0
"""`muniment trust`: trust files, shown, pinned, and for the registry's operator made and signed."""

from __future__ import annotations

import getpass
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.cli.foreign_text import foreign_text
from muniment.cli.options import json_option, opened, profile_option, show_json
from muniment.errors import InvalidInputError
from muniment.evidence import TrustFile, pins
from muniment.evidence.trust import sign as sign_trust
from muniment.journal.checkpoints import NoteKey
from muniment.record.instants import in_words
from muniment.registry.evidence_making import make_trust
from muniment.store.durable_files import write_new

_file = click.argument("file", type=click.Path(path_type=Path))


@click.group()
def trust() -> None:
    """Trust files: what verifiers of evidence are told to trust."""


@trust.command()
@_file
@json_option
def show(file: Path, as_json: bool) -> None:
    """Show a trust FILE and its fingerprint, to compare with what the operator publishes.

    Example: muniment trust show registry.trust.toml
    """
    _show(pins.load(file), as_json)


@trust.command()
@_file
@click.option("--fingerprint", help="As the operator has told it, by another way than the file.")
@json_option
def pin(file: Path, fingerprint: str | None, as_json: bool) -> None:
    """Pin a trust FILE: `muniment verify` uses it from now on for its registry.

    A file that takes a pinned one's place and is signed by the operator whom that one names needs
    no --fingerprint.

    Example: muniment trust pin registry.trust.toml --fingerprint 3f0c…
    """
    _show(pins.pin(file, fingerprint), as_json)


@trust.command()
@_file
@click.option("--days", default=365, show_default=True, help="Until it expires.")
@click.option("--greatest-age", default=30, show_default=True, help="Of a block, in days.")
@click.option("--node", "nodes", multiple=True, help="URL of a node that verifiers may ask.")
@click.option("--operator", help="Public key of whoever signs it, in hex.")
@click.option(
    "--witness", "witnesses", multiple=True, help="Verifier key of a witness; may be repeated."
)
@click.option("--witnesses-needed", default=1, show_default=True, help="How many must vouch.")
@profile_option
@json_option
def make(
    file: Path,
    days: int,
    greatest_age: int,
    nodes: tuple[str, ...],
    operator: str | None,
    witnesses: tuple[str, ...],
    witnesses_needed: int,
    profile: Path,
    as_json: bool,
) -> None:
    """Write a trust FILE of what the profile's node says now. For the registry's operator.

    Example: muniment trust make registry.trust.toml --operator 8a2f…; muniment trust sign …
    """
    with opened(profile) as registry:
        made = make_trust(registry.session, days=days, greatest_age_days=greatest_age, nodes=nodes)
    key = bytes.fromhex(operator) if operator else None
    data = replace(
        made,
        operator=key,
        witnesses=tuple(map(NoteKey.from_text, witnesses)),
        witnesses_needed=witnesses_needed if witnesses else 0,
    ).to_bytes()
    # What is refused when it is read is not written.
    whole = TrustFile.from_bytes(data)
    write_new(file, data, mode=0o644)
    _show(whole, as_json)


@trust.command()
@_file
@click.option(
    "--key", required=True, type=click.Path(path_type=Path), help="Ed25519 private key, PEM."
)
@json_option
def sign(file: Path, key: Path, as_json: bool) -> None:
    """Sign a trust FILE: writes FILE.sig beside it.

    Example: openssl genpkey -algorithm ed25519 -out operator.pem;
    muniment trust sign registry.trust.toml --key operator.pem
    """
    private = _private_key(key)
    public = private.public_key().public_bytes_raw()
    data = file.read_bytes()
    if TrustFile.from_bytes(data).operator != public:
        raise InvalidInputError(
            "trust file operator", f"{public.hex()}, the key that signs", "another or none"
        )
    beside = file.with_name(file.name + pins.SIGNATURE_SUFFIX)
    write_new(beside, sign_trust(data, private).hex().encode() + b"\n", mode=0o644)
    if as_json:
        show_json({"signature": str(beside), "operator": public.hex()})
    else:
        click.echo(str(beside))


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        data = path.read_bytes()
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError(f"key {path}", "a readable file", what) from error
    try:
        password = None
        if b"ENCRYPTED" in data:
            password = getpass.getpass(f"password of {path}: ").encode()
        found = serialization.load_pem_private_key(data, password)
    except (ValueError, TypeError) as error:
        raise InvalidInputError(f"key {path}", "a PEM private key", "something else") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise InvalidInputError(f"key {path}", "an Ed25519 key", "another kind")
    return found


def _show(shown: TrustFile, as_json: bool) -> None:
    expires = f"{in_words(shown.expires)} UTC"
    values = {
        "fingerprint": shown.fingerprint,
        "chain_id": shown.chain_id,
        "registry": f"0x{shown.registry.hex()}",
        "code_hash": f"0x{shown.code_hash.hex()}",
        "expires": expires,
        "greatest_age_days": shown.greatest_age / 86_400,
        "operator": None if shown.operator is None else shown.operator.hex(),
        "nodes": list(shown.nodes),
        "blocks": {str(number): f"0x{value.hex()}" for number, value in shown.blocks.items()},
        "validators": None
        if shown.validators is None
        else {
            "block": shown.validators.block,
            "addresses": [f"0x{each.hex()}" for each in shown.validators.addresses],
        },
        "witnesses": [each.to_text() for each in shown.witnesses],
        "witnesses_needed": shown.witnesses_needed,
        "agencies": {str(key): name for key, name in shown.agencies.items()},
    }
    if as_json:
        show_json(values)
        return
    for name, value in values.items():
        click.echo(f"{name:18} {_words(value)}")


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return (
            ", ".join(f"{foreign_text(name)} {_words(each)}" for name, each in value.items())
            or "none"
        )
    if isinstance(value, list):
        return ", ".join(map(foreign_text, value)) or "none"
    return "none" if value is None else foreign_text(value)
