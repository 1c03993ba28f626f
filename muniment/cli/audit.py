# SPDX-License-Identifier: Apache-2.0
"""`muniment audit`: a whole journal against the chain, on Spark."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from muniment.chain.connection import Connection, address_of
from muniment.chain.nodes import Nodes
from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import json_option, opened, pairs, profile_option, show_json
from muniment.errors import InvalidInputError
from muniment.record.commitment import Secret


@dataclass(frozen=True, slots=True)
class _Chain:
    """Where the seals are read."""

    nodes: Nodes
    registry: str
    first_block: int
    agency: int


@click.command()
@click.argument("source", required=False)
@click.option(
    "--spark", "master", required=True, metavar="MASTER", help="local[2], spark://…, yarn."
)
@click.option(
    "-o", "--output", required=True, metavar="PLACE", help="Folder or URL, not there yet."
)
@click.option("--journal", type=click.IntRange(min=1), help="Its number; else the profile's.")
@click.option("--vault", metavar="URL", help="Where the packs lie, if not at SOURCE.")
@click.option("--entries", is_flag=True, help="Write a table of all entries too.")
@click.option("--commitments", metavar="all|N", help="Open all contents, or N drawn by lot.")
@click.option("--seed", type=int, help="Draw the same sample again.")
@click.option(
    "--secrets-to-executors", "spread", is_flag=True, help="Let executors open the contents."
)
@click.option("--config", multiple=True, metavar="NAME=VALUE", help="A setting of Spark.")
@click.option("--node", multiple=True, metavar="URL", help="Instead of a profile: a node,")
@click.option("--registry", metavar="ADDRESS", help="… the record registry,")
@click.option("--agency", type=click.IntRange(min=1), help="… the journal's agency,")
@click.option("--first-block", type=int, default=0, help="… and where the registry's events begin.")
@profile_option
@json_option
def audit(
    source: str | None,
    master: str,
    output: str,
    journal: int | None,
    vault: str | None,
    entries: bool,
    commitments: str | None,
    seed: int | None,
    spread: bool,
    config: tuple[str, ...],
    node: tuple[str, ...],
    registry: str | None,
    agency: int | None,
    first_block: int,
    profile: Path,
    as_json: bool,
) -> None:
    """Recompute a whole journal and compare it with its seals on chain, on a Spark MASTER.

    SOURCE is a vault, or a copy of a journal as `muniment mirror` keeps it: a folder, hdfs://,
    hbase://, or what fsspec reads; without it the profile's vault. Every entry is hashed and every
    id compared with all others; where the packs lie there too, they are compared with the entries.
    Executors read SOURCE themselves. Findings are written as Parquet below --output, with a page
    that tells.

    --commitments needs the key store. Without --secrets-to-executors contents are opened in this
    process alone. Exit code 17 when something is found.

    \b
    Example: muniment audit /srv/mirrors/agency-1 --spark 'local[4]' -o audit-2026 --journal 1
             muniment audit hdfs://nn:9000/vault --spark yarn -o hdfs://nn:9000/audits/7
               --commitments 10000
    """
    from muniment.analysis.audit.spark import spark_package  # noqa: PLC0415  (an extra)

    for name in ("pyspark", "pyarrow", "numpy"):
        spark_package(name)
    from muniment.analysis.audit.auditing import Openings  # noqa: PLC0415

    if spread and commitments is None:
        raise InvalidInputError("--secrets-to-executors", "--commitments beside it", "alone")
    count = None if commitments is None else _count(commitments)
    place = _new_place(output)
    settings = pairs("--config", config)
    with ExitStack() as stack:
        openings = None
        if node:
            if commitments is not None:
                what = "without a key store"
                raise InvalidInputError("--commitments", "a profile of the agency", what)
            chain = _named(node, registry, first_block, agency)
        else:
            session = stack.enter_context(opened(profile)).session
            chain = _Chain(
                session.nodes,
                session.profile.chain.registry,
                session.profile.chain.first_block,
                session.profile.agency.id,
            )
            source = session.profile.vault if source is None else source
            if journal is None and session.profile.journal is not None:
                journal = session.profile.journal.number
            if commitments is not None:
                keys = session.keys

                def between(start: int, end: int) -> Iterator[Secret | None]:
                    return keys.journal_secrets(journal or 0, start, end)

                chosen = secrets.randbits(32) if seed is None else seed
                openings = Openings(between, count, chosen, spread)
        if source is None or journal is None:
            missing = "SOURCE" if source is None else "--journal"
            raise InvalidInputError(missing, "which journal is to be audited", "missing")
        found = _audited(
            chain, source, journal, vault, master, place, settings, openings, entries, _tell
        )
    if as_json:
        show_json(found[0])
    else:
        click.echo(found[1], nl=False)
    sys.exit(ExitCode.FINDINGS if found[0]["findings"] else ExitCode.OK)


def _audited(
    chain: _Chain,
    source: str,
    journal: int,
    vault: str | None,
    master: str,
    output: str,
    settings: dict[str, str],
    openings: Any,
    entries: bool,
    tell: Callable[[str], None],
) -> tuple[dict[str, Any], str]:
    from muniment.analysis.audit.auditing import audit_journal  # noqa: PLC0415  (an extra)
    from muniment.analysis.audit.beginning import plan_of  # noqa: PLC0415
    from muniment.analysis.audit.places import absolute  # noqa: PLC0415
    from muniment.analysis.audit.spark import spark_session  # noqa: PLC0415
    from muniment.analysis.audit.summary import summary_json, summary_page  # noqa: PLC0415

    begun = plan_of(
        chain.nodes,
        address_of("--registry", chain.registry),
        chain.agency,
        journal,
        absolute(source),
        first_block=chain.first_block,
    )
    packs = vault or (begun.plan.place.url if begun.plan.place.is_vault else None)
    if openings is not None and packs is None:
        raise InvalidInputError("--vault", "where the contents lie", "missing")
    tell("starting Spark")
    spread = openings is not None and openings.to_executors
    with spark_session(master, settings, secrets=spread) as spark:
        done = audit_journal(
            spark,
            begun.plan,
            output,
            packs=packs,
            openings=openings,
            entries=entries,
            faults=begun.faults,
            tell=tell,
        )
    values, page = (
        summary_json(done, begun.chain),
        summary_page(done, begun.chain, output.removeprefix("file://")),
    )
    if output.startswith("file://"):
        folder = Path(output.removeprefix("file://"))
        (folder / "summary.md").write_text(page, encoding="utf-8")
        (folder / "summary.json").write_text(f"{json.dumps(values)}\n", encoding="utf-8")
    return values, page


def _named(
    node: tuple[str, ...], registry: str | None, first_block: int, agency: int | None
) -> _Chain:
    if registry is None or agency is None:
        missing = "--registry" if registry is None else "--agency"
        raise InvalidInputError(missing, "registry and agency, beside --node", "missing")
    chain_id = Connection.to_any_chain(node[0]).chain_id
    return _Chain(Nodes(node, chain_id), registry, first_block, agency)


def _new_place(output: str) -> str:
    """The URL of what is written."""
    if "://" in output:
        return output.rstrip("/")
    folder = os.path.abspath(output)  # noqa: PTH100  (a link stays the name it is)
    if os.path.lexists(folder):
        raise InvalidInputError("--output", "a folder that is not there yet", f"{output}, there")
    # Whether it can be made is better known before everything is hashed.
    Path(folder).mkdir()
    Path(folder).rmdir()
    return f"file://{folder}"


def _count(text: str) -> int | None:
    """How many contents are opened, None for all."""
    if text == "all":
        return None
    if not text.isascii() or not text.isdecimal() or not int(text):
        raise InvalidInputError("--commitments", "all, or a number from 1 on", f"{text!r}")
    return int(text)


def _tell(what: str) -> None:
    click.echo(what, err=True)
