# SPDX-License-Identifier: Apache-2.0
"""`muniment fsck`, `rebuild` and `status`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from muniment.cli.chain_view import chain_json, chain_lines
from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import json_option, opened, profile_option, show_json
from muniment.registry.checking import check
from muniment.registry.rebuilding import rebuild as rebuild_database
from muniment.registry.repairing import repair
from muniment.registry.standing_of_chain import chain_standing
from muniment.registry.standing_of_parts import parts


@contextmanager
def _telling(label: str) -> Iterator[Callable[[str, int], None]]:
    """Show on a terminal what is being looked at."""
    console = Console(stderr=True)
    with console.status(label) if sys.stderr.isatty() else _nothing():

        def tell(what: str, count: int) -> None:
            if sys.stderr.isatty():
                console.print(f"{what}: {count:,}", end="\r")

        yield tell


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@click.command()
@click.option("--repair", "mend", is_flag=True, help="Restore what can be derived.")
@profile_option
@json_option
def fsck(mend: bool, profile: Path, as_json: bool) -> None:
    """Compare database, vault, key store and chain, and name everything that differs.

    All content is decrypted and compared with its commitment, the mirror with one made anew from
    the chain, and journals with their seals. Nothing is changed, but with --repair: then the
    database and the tiles of journals are made anew where they differ, and nothing else is touched.
    Exit code 17 when something was found, or is left.

    Example: muniment fsck --profile aviation.toml
    """
    with opened(profile) as registry, _telling("checking") as tell:
        found = list(check(registry.session, tell=tell))
        if mend and found:
            for each in found:
                click.echo(f"found: {each.where}: {each.what}", err=True)
            done = repair(registry.session, found, tell=tell)
            if done.database:
                click.echo("the database was made anew", err=True)
            if done.files:
                click.echo(f"{done.files} files of journals were made anew", err=True)
            found = list(done.left)
    for each in found:
        if as_json:
            show_json(dataclasses.asdict(each))
        else:
            click.echo(f"{each.where}: {each.what}")
    click.echo(f"{len(found)} findings" if found else "all is as it must be", err=True)
    sys.exit(ExitCode.FINDINGS if found else ExitCode.OK)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@profile_option
@json_option
def rebuild(yes: bool, profile: Path, as_json: bool) -> None:
    """Make the database anew from chain, vault and key store; it may be damaged, or gone.

    What was acknowledged and is not on chain yet is in the vault, and goes out again. Officers'
    acts other than content wait in the database alone: they stay where their rows are intact. No
    daemon may run meanwhile.

    Example: muniment rebuild --yes
    """
    if not yes:
        click.confirm("The database is emptied first. Go on?", abort=True, err=True)
    with opened(profile) as registry, _telling("rebuilding") as tell:
        done = rebuild_database(registry.session, tell=tell)
    values = dataclasses.asdict(done)
    if as_json:
        show_json(values)
        return
    for name, count in values.items():
        click.echo(f"{name.replace('_', ' '):16} {count:,}")


@click.command()
@profile_option
@json_option
def status(profile: Path, as_json: bool) -> None:
    """Show how chain and parts stand: blocks, validators, nodes, mirror, outbox, leases.

    Where validators sign the blocks: who proposed the last one, who has had no part in the last 60,
    and, when no block comes, since when, who is not heard of, and what to do. Exit code 4 when no
    node answers, or the chain stands still.

    Example: muniment status --json
    """
    with opened(profile) as registry:
        chain = chain_standing(registry.session.profile.chain)
        found = parts(registry.session, chain)
    if as_json:
        show_json({**found, "chain": chain_json(chain)})
    else:
        for name, value in found.items():
            if name == "nodes":
                for word, told in chain_lines(chain):
                    click.echo(f"{word:10} {told}")
                continue
            if isinstance(value, dict):
                shown = ", ".join(f"{key} {each}" for key, each in value.items()) or "none"
            else:
                shown = str(value)
            click.echo(f"{name:10} {shown}")
    works = chain.head is not None and not chain.stands_still
    sys.exit(ExitCode.OK if works else ExitCode.UNREACHABLE)
