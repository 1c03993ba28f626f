# SPDX-License-Identifier: Apache-2.0
"""Making backups: each kind into a folder of its own, with a manifest, and a row that says when it
is deleted at the latest."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from muniment.errors import InvalidInputError, KeystoreError
from muniment.registry.backups import databases, vaults
from muniment.registry.backups.manifest import (
    NAME,
    BackedUp,
    BackupError,
    BackupKind,
    Manifest,
    digest_of,
)
from muniment.registry.exchange.keeping import PREFIX as ENVELOPES
from muniment.registry.exchange.keeping import file_name
from muniment.registry.session import Session
from muniment.store import backup_rows, envelopes
from muniment.store.backup_rows import BackupRow
from muniment.store.durable_files import PRIVATE_FOLDER
from muniment.store.keys import wrapping_epochs

_DAY_MS: Final = 86_400_000

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: how many files or objects it has, how many of them were copied now,
    of how many bytes, and when it is deleted at the latest (Unix milliseconds)."""

    kind: BackupKind
    files: int
    copied: int
    size: int
    dies_ms: int


def make_backup(
    session: Session,
    kind: BackupKind,
    folder: Path,
    *,
    keep_days: int | None = None,
    tell: Tell = lambda _: None,
) -> Made:
    """Back one kind up into a folder: a new or empty one, or that of a backup before, which it
    takes the place of; a vault's is brought up to date.

    `keep_days` says after how many days at most it is deleted, the profile's by default. Raises
    `InvalidInputError`, `BackupError`, and what the stores raise.
    """
    days = _days(session, keep_days)
    lineage = identity(session)
    before = _require_own_place(kind, folder)
    if before is not None:
        before.require(kind, session.profile.agency.id, lineage, folder)
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    now_ms = int(time.time() * 1000)
    epochs: tuple[int, ...] = ()
    if kind is BackupKind.KEYS:
        epochs = tuple(sorted(wrapping_epochs(session.profile.keys.store)))
    dies_ms = now_ms + days * _DAY_MS
    with session.database.write() as connection:
        # Before the copy: one that is there and not known would outlive what certificates say.
        row = BackupRow(str(kind), str(folder.resolve()), now_ms, dies_ms, epochs)
        backup_rows.add(connection, row)
    known = {} if before is None else before.files
    if kind is BackupKind.VAULT:
        copied, files = vaults.copy_out(session.vault, folder, known, tell)
        vaults.forget(folder, files, _dropped(session, files))
        form, count, size = vaults.OBJECTS, copied.objects, copied.size
    else:
        url = _url(session, kind)
        form = databases.form_of(url)
        name = f"{now_ms}-{databases.file_of(form)}"
        databases.copy_out(url, folder / name)
        files = {name: digest_of(folder / name)}
        count, size = 1, files[name].size
    manifest = Manifest(kind, form, session.profile.agency.id, lineage, now_ms, files)
    manifest.write(folder)
    if kind is not BackupKind.VAULT:
        _remove_before(folder, known, files)
    return Made(kind, len(files), count, size, dies_ms)


def identity(session: Session) -> bytes:
    """Return the lineage that the profile's root file names, without opening it: 32 bytes.

    Raises `KeystoreError`.
    """
    path = session.profile.keys.root
    try:
        lineage = bytes.fromhex(json.loads(path.read_text())["lineage"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeystoreError(
            str(path),
            "it is missing, or no root file",
            expected="the root file of the key store",
            remedy="bring it back first: `muniment keys restore`",
        ) from error
    return lineage


def _dropped(session: Session, names: Collection[str]) -> list[str]:
    """Those of a vault's objects that are envelopes which were dropped on purpose.

    A custody package has the secrets of its records in it: it lives no longer in a backup than
    here.
    """
    with session.database.read() as connection:
        kept = {file_name(row.digest) for row in envelopes.find(connection) if row.is_kept}
    return [name for name in names if name.startswith(ENVELOPES) and name not in kept]


def _days(session: Session, keep_days: int | None) -> int:
    named = session.profile.backups
    days = keep_days if keep_days is not None else (None if named is None else named.keep_days)
    if days is None or days < 1:
        raise InvalidInputError(
            "--keep-days",
            "after how many days the backup is deleted at the latest, from 1 on",
            "missing" if days is None else str(days),
            remedy="give it, or write [backups] keep_days into the profile",
        )
    return days


def _url(session: Session, kind: BackupKind) -> str:
    profile = session.profile
    return profile.database if kind is BackupKind.DATABASE else profile.keys.store


def _require_own_place(kind: BackupKind, folder: Path) -> Manifest | None:
    """Return the manifest of the backup before. Raises `BackupError` where the place is not its
    own: something else, or beside the other kinds, with which it is everything."""
    before = Manifest.read(folder)
    if before is None and folder.exists() and not _is_begun(kind, folder):
        raise BackupError(
            f"{folder} holds something else",
            expected="a new or empty folder, or a backup of the same kind",
            remedy="name another folder",
        )
    for beside in sorted(folder.absolute().parent.glob(f"*/{NAME}")):
        if beside.parent == folder.absolute():
            continue
        other = Manifest.read(beside.parent)
        kinds = {kind, other.kind if other is not None else kind}
        if BackupKind.KEYS in kinds and len(kinds) > 1:
            raise BackupError(
                f"a backup of the {other.kind if other else kind} lies beside it, in "
                f"{beside.parent}",
                expected="the key store's backups in a place of their own: with the others they "
                "are everything",
                remedy="name a folder elsewhere, on another disk or machine",
            )
    return before


def _is_begun(kind: BackupKind, folder: Path) -> bool:
    """Whether a folder is empty, or has what an interrupted backup of this kind left."""
    left = {each.name for each in folder.iterdir()}
    if kind is BackupKind.VAULT:
        return left <= {vaults.OBJECTS}
    return all(name.endswith((".half", "-store.db", "-store.dump")) for name in left)


def _remove_before(folder: Path, known: dict[str, BackedUp], files: dict[str, BackedUp]) -> None:
    """Remove copies that this one takes the place of, and what interrupted ones left."""
    for path in folder.iterdir():
        is_copy = path.name.endswith(("-store.db", "-store.dump", ".half"))
        if (path.name in known or is_copy) and path.name not in files and path.name != NAME:
            path.unlink()
