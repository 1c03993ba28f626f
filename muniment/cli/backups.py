# SPDX-License-Identifier: Apache-2.0
"""`muniment backup` and `restore`: database, key store and vault, apart."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.options import json_option, opened, profile_option, progress_bar, show_json
from muniment.record.instants import day_of, instant
from muniment.registry.backups.making import make_backup
from muniment.registry.backups.manifest import BackupKind
from muniment.registry.backups.restoring import catch_up, restore_backup

_kind = click.argument("kind", type=click.Choice([str(each) for each in BackupKind]))
_folder = click.Path(path_type=Path, file_okay=False)


@click.command()
@_kind
@click.argument("target", type=_folder)
@click.option("--keep-days", type=int, help="Deleted after so many days at most; else the profile.")
@profile_option
@json_option
def backup(kind: str, target: Path, keep_days: int | None, profile: Path, as_json: bool) -> None:
    """Back up the database, the keys or the vault into folder TARGET, while everything runs.

    Each has a place of its own: all together are everything, the root file apart (`muniment keys
    backup`). A later backup into the same folder takes the place of the one before; a vault's takes
    what is new. Certificates of disposition name the day on which the last backup dies: delete it
    by then.

    \b
    Example: muniment backup database /backup/daily/database --keep-days 365
             muniment backup keys /safe/keys-2026-11-28 --keep-days 14
             muniment backup vault /backup/vault --keep-days 3650
    """
    with opened(profile) as registry, progress_bar(kind, None) as tell:
        made = make_backup(
            registry.session, BackupKind(kind), target, keep_days=keep_days, tell=tell
        )
    dies = made.dies_ms / 1000
    if as_json:
        show_json(
            {
                "kind": kind,
                "target": str(target),
                "files": made.files,
                "copied": made.copied,
                "bytes": made.size,
                "delete_by": instant(dies),
            }
        )
    told = f"{made.copied:,} of {made.files:,} files copied, {made.size:,} bytes"
    click.echo(f"{target}: {told}; delete it by {day_of(dies)}", err=True)


@click.command()
@_kind
@click.argument("source", type=_folder)
@click.option("--replace", is_flag=True, help="In the place of a live store.")
@profile_option
@json_option
def restore(kind: str, source: Path, replace: bool, profile: Path, as_json: bool) -> None:
    """Bring the database, the keys or the vault back from folder SOURCE.

    Every file is compared with the backup's manifest. Nothing that is live is overwritten without
    --replace, and then as a whole: no daemon may run. Objects of the vault are added to what is
    there. A key store needs the chain: before anything can be read, whatever was disposed of since
    is destroyed again. Bring the root file back first (`muniment keys restore`), then the keys, the
    database, the vault; then run `muniment fsck`.

    \b
    Example: muniment restore keys /safe/keys-2026-11-28
             muniment restore database /backup/daily/database --replace
    """
    with opened(profile) as registry:
        with progress_bar(kind, None) as tell:
            done = restore_backup(
                registry.session, BackupKind(kind), source, replace=replace, tell=tell
            )
        if done.kind is BackupKind.DATABASE and not catch_up(registry.session):
            click.echo("no node answers: the next command brings it up to date", err=True)
    if as_json:
        show_json(
            {
                "kind": kind,
                "files": done.files,
                "there": done.there,
                "destroyed_again": done.destroyed,
            }
        )
    if done.destroyed:
        click.echo(f"{done.destroyed:,} secrets were destroyed since, and are again", err=True)
    click.echo(f"{kind}: {done.files:,} files brought back; next: muniment fsck", err=True)
