# SPDX-License-Identifier: Apache-2.0
"""`python -m devservers`: see `--help`, and README.md."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from devservers.hadoop import Hadoop
from devservers.postgres import Postgres
from muniment.errors import MunimentError

# Outside of the tree: Ape copies the tree, and `make clean` must not take anybody's data.
_STATE = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
_FOLDER = _STATE / "muniment" / "devservers"
KINDS: Final = ("hdfs", "hbase", "postgres")
TABLE: Final = "muniment"


class _Group(click.Group):
    """Errors of ours in their own words, with their exit codes."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except MunimentError as error:
            click.echo(error.diagnostics(), err=True)
            sys.exit(error.exit_code)


class _Kinds(click.ParamType):
    """Kinds of servers with commas between them."""

    name = "kinds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return them in the order in which they start."""
        chosen = str(value).split(",")
        for each in chosen:
            if each not in KINDS:
                self.fail(f"{each!r} is none of {', '.join(KINDS)}", param, ctx)
        return tuple(kind for kind in KINDS if kind in chosen)


@click.group(cls=_Group)
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=_FOLDER,
    help="Where they keep data and logs; ${XDG_STATE_HOME:-~/.local/state}/muniment/devservers "
    "by default.",
)
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """HDFS, HBase and PostgreSQL on this machine's loopback. README.md says what they are for."""
    context.obj = folder


@main.command()
@click.option("--only", type=_Kinds(), default=",".join(KINDS), help="Some, with commas between.")
@click.pass_obj
def start(folder: Path, only: Sequence[str]) -> None:
    """Start the servers, wait until each answers, and print their URLs."""
    hadoop, postgres = Hadoop(folder), _postgres(folder)
    if "postgres" in only:
        postgres.start()
        click.echo(f"PostgreSQL  {_plain(postgres.url)}")
    if "hdfs" in only or "hbase" in only:
        hadoop.start_hdfs()
        click.echo(f"HDFS        {hadoop.hdfs_url}/muniment")
    if "hbase" in only:
        hadoop.start_hbase()
        hadoop.make_table(TABLE)
        click.echo(f"HBase       {hadoop.hbase_url}/{TABLE}")


@main.command()
@click.pass_obj
def status(folder: Path) -> None:
    """Say which run. Exits with 1 where none does."""
    hadoop, postgres = Hadoop(folder), _postgres(folder)
    running = dict(hadoop.processes.running())
    if postgres.pid is not None:
        running["postgres"] = postgres.pid
    for name, pid in running.items():
        click.echo(f"{name:<16}{pid}")
    if not running:
        click.echo("none runs")
        sys.exit(1)


@main.command()
@click.pass_obj
def stop(folder: Path) -> None:
    """Stop them all. Their data stay."""
    ended = Hadoop(folder).stop()
    if _postgres(folder).stop():
        ended.append("postgres")
    click.echo(f"stopped: {', '.join(ended) or 'none was running'}")


@main.command()
@click.argument("name")
@click.pass_obj
def table(folder: Path, name: str) -> None:
    """Make a table NAME in HBase that a vault can lie in, split in 16 regions."""
    Hadoop(folder).make_table(name)
    click.echo(f"{Hadoop(folder).hbase_url}/{name}")


def _postgres(folder: Path) -> Postgres:
    """PostgreSQL does not run as root, and its own account may enter no folder of root's."""
    if os.geteuid() != 0:
        return Postgres(folder / "postgres")
    key = hashlib.sha256(bytes(folder.absolute())).hexdigest()[:16]
    return Postgres(Path("/var/tmp") / f"muniment-postgres-{key}")


def _plain(url: str) -> str:
    return url.replace("postgresql+pg8000", "postgresql")


if __name__ == "__main__":
    main()
