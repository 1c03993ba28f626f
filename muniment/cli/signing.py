# SPDX-License-Identifier: Apache-2.0
"""`muniment sign` and `muniment submit`: an act that was prepared elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click

from muniment.chain.accounts import Signer
from muniment.chain.connection import address_of
from muniment.cli.foreign_text import foreign_text
from muniment.cli.options import finish, json_option, opened, profile_option, writing
from muniment.errors import InvalidInputError
from muniment.evidence import TrustFile
from muniment.record.instants import instant
from muniment.registry.prepared.document import (
    PreparedDocument,
    signed_from_json,
    signed_json,
)
from muniment.registry.prepared.signing import Review, TrustedRegistry
from muniment.registry.prepared.signing import review as reviewed
from muniment.registry.prepared.signing import sign as signed
from muniment.registry.profile import Profile
from muniment.store import durable_files

_LARGEST: Final = 64 << 20


@click.command()
@click.argument("prepared", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Else standard output.")
@click.option(
    "--key", type=click.Path(path_type=Path), help="The officer's keystore; else the profile's."
)
@click.option(
    "--trust",
    type=click.Path(path_type=Path),
    help="Where there is no profile: the trust file that names chain and registry.",
)
@click.option("--shares", metavar="ADDRESS", help="With --trust: the share registry.")
@click.option("--nonce", type=int, help="Another nonce than the account had when it was prepared.")
@click.option("--yes", is_flag=True, help="Sign without asking.")
@profile_option
@json_option
def sign(
    prepared: Path,
    output: Path | None,
    key: Path | None,
    trust: Path | None,
    shares: str | None,
    nonce: int | None,
    yes: bool,
    profile: Path,
    as_json: bool,
) -> None:
    """Sign a PREPARED act with the officer's own key. Asks no chain, no database and no gateway.

    What it does is read from the very data that is signed, and shown before anything is signed;
    chain and contracts are those of the profile, or of a trust file. The words and contents in the
    file must be what the data says, else nothing is signed. With --json the review is on stdout,
    and -o names where the signed act goes.

    Example: muniment sign act.json --key steward.json --trust trust.toml -o signed.json
    """
    document = PreparedDocument.from_json(_read(prepared))
    registry, keystore = _trusted(trust, shares, profile if trust is None else None)
    found = reviewed(document, registry)
    for line in _lines(found):
        click.echo(line, err=True)
    chosen = key or keystore
    if chosen is None:
        raise InvalidInputError("--key", "the officer's keystore", "missing")
    if not yes:
        click.confirm("Sign this?", abort=True, err=True)
    raw = signed(found, Signer.from_keystore(chosen), nonce)
    text = json.dumps(signed_json(document.prepared_id, raw))
    if output is not None:
        durable_files.replace(output, f"{text}\n".encode(), mode=0o644)
    if as_json:
        click.echo(json.dumps(_review_json(found) | ({} if output else {"signed": text})))
    elif output is None:
        click.echo(text)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@writing
def submit(file: Path, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Hand in the FILE that `muniment sign` wrote, where its act was prepared.

    It is sent as it is, if it is what was prepared, byte for byte. The officer's key is not needed.

    Example: muniment submit signed.json --wait final
    """
    prepared_id, raw = signed_from_json(_read(file))
    with opened(profile) as registry:
        submissions = registry.prepared.submit(prepared_id, raw)
        finish(registry, submissions, wait, timeout, as_json)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as reader:
            found = reader.read(_LARGEST + 1)
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError(str(path), "a file that can be read", what) from error
    if len(found) > _LARGEST:
        raise InvalidInputError(str(path), f"at most {_LARGEST} bytes", "more")
    return found


def _trusted(
    trust: Path | None, shares: str | None, profile: Path | None
) -> tuple[TrustedRegistry, Path | None]:
    """The registry that the officer means, and the profile's keystore."""
    if trust is not None:
        file = TrustFile.from_bytes(_read(trust))
        records = address_of("registry", f"0x{file.registry.hex()}")
        beside = None if shares is None else address_of("--shares", shares)
        return TrustedRegistry(file.chain_id, records, beside), None
    assert profile is not None, "one of the two is there"
    named = Profile.load(profile)
    chain = named.chain
    beside = None if chain.shares is None else address_of("share registry", chain.shares)
    registry = TrustedRegistry(chain.id, address_of("registry", chain.registry), beside)
    return registry, named.keys.officer


def _lines(found: Review) -> list[str]:
    document = found.document
    lines = [f"On chain {document.chain_id}, as {document.account}:"]
    lines += [f"  {place}. {foreign_text(each)}" for place, each in enumerate(found.sentences, 1)]
    for each in found.opened:
        lines.append(f"Behind 0x{each.commitment.hex()}:")
        lines += [f"  {foreign_text(line)}" for line in each.lines]
    lines += [f"NOT SHOWN: what is behind 0x{each.hex()}" for each in found.unopened]
    lines.append(
        f"Nonce {document.nonce}, gas at most {document.gas}, at {document.gas_price} wei: at most "
        f"{document.gas * document.gas_price} wei. Can be handed in until "
        f"{instant(document.expires_at)}."
    )
    return lines


def _review_json(found: Review) -> dict[str, Any]:
    return {
        "id": f"0x{found.document.prepared_id.hex()}",
        "account": found.document.account,
        "does": list(found.sentences),
        "opened": [
            {"commitment": f"0x{each.commitment.hex()}", "lines": list(each.lines)}
            for each in found.opened
        ],
        "unopened": [f"0x{each.hex()}" for each in found.unopened],
    }
