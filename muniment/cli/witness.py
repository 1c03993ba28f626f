# SPDX-License-Identifier: Apache-2.0
"""`muniment witness`: follow blocks and journals from outside of the validators, and co-sign."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import json_option, show_json
from muniment.cli.until_stopped import saying, stopped_by_signals
from muniment.errors import InvalidInputError
from muniment.evidence import pins
from muniment.journal.checkpoints import NoteKey
from muniment.operations.witness import (
    FollowedJournal,
    NamedValidators,
    Witness,
    WitnessSettings,
    create,
)
from muniment.operations.witness.identity import load_identity
from muniment.operations.witness.publication import journal_folder
from muniment.operations.witness.settings import BLOCK_STEP, FILE, PACE_SECONDS, address_in
from muniment.operations.witness.witness import (
    LAST_ROUND,
    name_validators,
    opened_statements,
    said,
)
from muniment.record.instants import in_words

_folder = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def witness() -> None:
    """Follow blocks and journals from outside of the validators, check them, and co-sign them.

    A witness is a folder: settings, key, and the store of what it has signed.
    """


@witness.command()
@_folder
@click.option("--name", required=True, help="A URL without scheme, such as audit.example/w1.")
@click.option(
    "--trust", type=click.Path(path_type=Path), help="Trust file: names chain and validators."
)
@click.option("--chain-id", type=int, help="Where no trust file names it.")
@click.option("--node", "nodes", multiple=True, help="URL of a node; better several.")
@click.option("--validator", "validators", multiple=True, help="Address of one; name them all.")
@click.option("--from", "block", default=0, show_default=True, help="Block they sign from.")
@click.option(
    "--journal", "journals", nargs=2, multiple=True, help="Verifier key, and folder or URL."
)
@click.option("--published", default="published", show_default=True, help="Folder for others.")
@click.option("--pace", default=PACE_SECONDS, show_default=True, help="Seconds between rounds.")
@click.option("--step", default=BLOCK_STEP, show_default=True, help="Heights that are signed.")
@click.option("--unsigned-blocks", is_flag=True, help="For development: nobody signs blocks.")
@json_option
def init(
    folder: Path,
    name: str,
    trust: Path | None,
    chain_id: int | None,
    nodes: tuple[str, ...],
    validators: tuple[str, ...],
    block: int,
    journals: tuple[tuple[str, str], ...],
    published: str,
    pace: int,
    step: int,
    unsigned_blocks: bool,
    as_json: bool,
) -> None:
    """Make a witness in FOLDER: settings, key and store; print its line for trust files.

    The validators' addresses come from the registry's operator, never from a node: by a trust
    file, or one by one with --validator.

    Example: muniment witness init /srv/witness --name audit.example/w1 --trust registry.trust.toml
    --node http://10.0.0.1:8551 --journal "$KEY" https://…
    """
    named = (NamedValidators(block, tuple(map(address_in, validators))),) if validators else ()
    if trust is not None:
        if named or chain_id is not None:
            raise InvalidInputError(
                "--trust", "instead of --chain-id and --validator", "beside them"
            )
        told = pins.load(trust)
        chain_id = told.chain_id
        if told.validators is not None and not unsigned_blocks:
            named = (NamedValidators(told.validators.block, told.validators.addresses),)
    if chain_id is None:
        raise InvalidInputError("--chain-id", "the chain's id, or --trust", "missing")
    settings = WitnessSettings(
        name=name,
        chain_id=chain_id,
        nodes=nodes,
        validators=named,
        journals=tuple(FollowedJournal(NoteKey.from_text(key), source) for key, source in journals),
        published=published,
        pace=pace,
        step=step,
        unsigned_blocks=unsigned_blocks,
    )
    key = create(folder, settings).key.to_text()
    if as_json:
        show_json({"settings": str(folder / FILE), "key": key})
        return
    click.echo(f'[[witnesses]]\nkey = "{key}"')
    click.echo(f"settings: {folder / FILE}; next: muniment witness run {folder}", err=True)


@witness.command()
@_folder
@click.option("--once", is_flag=True, help="One round, then end.")
@json_option
def run(folder: Path, once: bool, as_json: bool) -> None:
    """Follow, check and co-sign, a round each `pace_seconds`, until it is interrupted.

    Notes lie in the folder's `published`, for any web server. With --once the exit code tells: 0
    all is well, 17 something was wrong with a node or a journal, 11 a contradiction was found, or
    stands and nobody has looked at it. With --json each line is an object.

    Example: muniment witness run /srv/witness
    """
    stop, say = stopped_by_signals(), saying(as_json)
    with Witness.open(folder) as opened:
        if not once:
            opened.run(stop, say)
            say("stopped")
            code = ExitCode.OK
        else:
            done = opened.round()
            if as_json:
                show_json(done.to_json())
            for line in said(done):
                click.echo(line, err=True)
            code = ExitCode.FINDINGS if done.faults else ExitCode.OK
        if opened.statements.open_incidents():
            code = ExitCode.CONFLICT
    sys.exit(code)


@witness.command()
@_folder
@json_option
def status(folder: Path, as_json: bool) -> None:
    """Show the key, what was signed last, the last round, and contradictions that stand.

    Asks no node, and works beside a running witness. Exit code as of `run --once`.

    Example: muniment witness status /srv/witness
    """
    settings = WitnessSettings.load(folder)
    identity = load_identity(folder, settings.name)
    with opened_statements(folder, settings, identity) as statements:
        block = statements.last_block()
        signed = {origin: statements.checkpoint(origin) for origin in statements.origins()}
        incidents = statements.open_incidents()
    last = _last_round(folder)
    followed = sorted({*signed, *(each.key.name for each in settings.journals)})
    shown: dict[str, Any] = {
        "name": settings.name,
        "key": identity.key.to_text(),
        "chain_id": settings.chain_id,
        "signatures_checked": not settings.unsigned_blocks,
        "block": None
        if block is None
        else {"number": block.number, "hash": f"0x{block.hash.hex()}", "signed_at": block.time},
        "journals": [
            {
                "origin": origin,
                "size": 0 if (one := signed.get(origin)) is None else one.size,
                "signed_at": None if one is None else one.time,
                "published": journal_folder(origin),
            }
            for origin in followed
        ],
        "contradictions": [
            {"number": e.number, "of": e.subject, "what": e.what, "kept": e.kept, "time": e.time}
            for e in incidents
        ],
        "last_round": last,
    }
    if as_json:
        show_json(shown)
    else:
        _show(shown)
    if incidents:
        sys.exit(ExitCode.CONFLICT)
    if last is not None and last["faults"]:
        sys.exit(ExitCode.FINDINGS)


@witness.command()
@_folder
@click.option("--from", "block", required=True, type=int, help="Block after which they may sign.")
@click.argument("addresses", nargs=-1, required=True)
@json_option
def validators(folder: Path, block: int, addresses: tuple[str, ...], as_json: bool) -> None:
    """Take a new set of validators into the settings: all of its ADDRESSES.

    Only on the word of the registry's operator, by another way than the chain. The earlier set
    counts until the first block that the new one has signed, and never after.

    Example: muniment witness validators /srv/witness --from 81000 0x… 0x… 0x… 0x… 0x…
    """
    name_validators(folder, NamedValidators(block, tuple(map(address_in, addresses))))
    if as_json:
        show_json({"block": block, "validators": len(addresses)})
    click.echo(f"{len(addresses)} validators may sign blocks after {block}", err=True)


@witness.command()
@_folder
@click.argument("number", type=int)
@json_option
def resume(folder: Path, number: int, as_json: bool) -> None:
    """Go on with what contradiction NUMBER (of `status`) has stopped, when it was looked into.

    The height stays barred, and its proof stays where it is.

    Example: muniment witness resume /srv/witness 1
    """
    settings = WitnessSettings.load(folder)
    identity = load_identity(folder, settings.name)
    with opened_statements(folder, settings, identity) as statements:
        done = statements.resume(number, int(time.time()))
    if as_json:
        show_json({"resumed": done.number, "of": done.subject})
    click.echo(f"goes on with {done.subject}", err=True)


def _last_round(folder: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / LAST_ROUND).read_bytes())
    except FileNotFoundError:
        return None
    return found


def _show(shown: dict[str, Any]) -> None:
    click.echo(f"{shown['name']}, chain {shown['chain_id']}\nkey {shown['key']}")
    if not shown["signatures_checked"]:
        click.echo("WITHOUT signatures of validators: for development alone")
    block = shown["block"]
    if block is not None:
        click.echo(f"block {block['number']} {block['hash']}, {_at(block['signed_at'])}")
    for each in shown["journals"]:
        when = "" if each["signed_at"] is None else f", {_at(each['signed_at'])}"
        click.echo(f"{each['origin']}: {each['size']} entries{when}\n  {each['published']}")
    for each in shown["contradictions"]:
        click.echo(f"CONTRADICTION {each['number']}: {each['what']}\n  proof: {each['kept']}")
    last = shown["last_round"]
    if last is None:
        click.echo("no round yet")
        return
    click.echo(f"last round {_at(last['time'])}")
    for each in last["faults"]:
        click.echo(f"  {each['of']}: {each['what']}")


def _at(seconds: int) -> str:
    return f"{in_words(seconds)} UTC"
