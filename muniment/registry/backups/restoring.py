# SPDX-License-Identifier: Apache-2.0
"""Bringing backups back: beside what is there, checked, then in its place.

A key store comes back with what was destroyed since: before anybody can read it, the chain's
dispositions are replayed on the copy, and whatever the store that it replaces had destroyed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from muniment.chain.bindings.record_registry import Disposed, Enrolled
from muniment.chain.connection import Connection
from muniment.chain.contract import topic_of
from muniment.chain.finality import final_number
from muniment.chain.log_reader import LogReader
from muniment.errors import MunimentError, UnreachableError
from muniment.record.identifiers import RecordId
from muniment.registry.backups import databases, vaults
from muniment.registry.backups.making import identity
from muniment.registry.backups.manifest import BackupError, BackupKind, Manifest, require_whole
from muniment.registry.mirroring import sync
from muniment.registry.session import Session
from muniment.store import dispositions, journal_rows
from muniment.store.keys import KeyStore, Place
from muniment.store.vault import open_vault

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back: how many files or objects, how many were there already, and of how
    many versions the secrets were destroyed again."""

    kind: BackupKind
    files: int
    there: int
    destroyed: int


@dataclass(frozen=True, slots=True)
class _Replayed:
    """What the chain says was disposed of for good, and the entries of journals among it."""

    record_ids: frozenset[RecordId]
    entries: dict[int, list[int]]


def restore_backup(
    session: Session,
    kind: BackupKind,
    folder: Path,
    *,
    replace: bool = False,
    tell: Tell = lambda _: None,
) -> Restored:
    """Bring a backup back.

    What is live is overwritten only with `replace`, and only as a whole; objects of a vault are
    added to what is there. A key store needs the chain: raises `UnreachableError`. Raises
    `BackupError`, `KeystoreError`.
    """
    manifest = Manifest.read(folder)
    if manifest is None:
        raise BackupError(
            f"{folder} holds no backup",
            expected="a folder that `muniment backup` wrote, whole",
            remedy="check the path; a backup that was interrupted has no manifest",
        )
    manifest.require(kind, session.profile.agency.id, identity(session), folder)
    if kind is BackupKind.VAULT:
        with contextlib.closing(open_vault(session.profile.vault)) as vault:
            brought = vaults.bring_back(folder, manifest.files, vault, tell)
        return Restored(kind, brought.objects, brought.there, 0)
    copies = [require_whole(folder, name, each) for name, each in manifest.files.items()]
    if len(copies) != 1:
        raise BackupError(
            f"backup {folder} has {len(copies)} files", expected="one", remedy="use another backup"
        )
    if kind is BackupKind.DATABASE:
        _database(session, manifest, copies[0], replace=replace)
        return Restored(kind, 1, 0, 0)
    return Restored(kind, 1, 0, _keys(session, manifest, copies[0], replace=replace))


def catch_up(session: Session) -> bool:
    """Bring a restored database up to the chain, and erase what was disposed of since; return
    whether a node answered."""
    try:
        sync(session)
    except UnreachableError:
        return False
    return True


def _database(session: Session, manifest: Manifest, copy: Path, *, replace: bool) -> None:
    url = session.profile.database
    _require_place(url, manifest.form, replace=replace)
    if manifest.form == databases.POSTGRESQL:
        databases.bring_in(copy, url)
        return
    with databases.brought_beside(copy, databases.path_of(url)):
        pass


def _keys(session: Session, manifest: Manifest, copy: Path, *, replace: bool) -> int:
    url = session.profile.keys.store
    _require_place(url, manifest.form, replace=replace)
    if manifest.form != databases.SQLITE:
        raise BackupError(
            "a key store of PostgreSQL is not brought back in its place",
            expected="a copy in which nothing can be read before dispositions are replayed",
            remedy="restore it with pg_restore into a database that nobody else may open, bring "
            "that under the profile, and run any command that looks at the chain",
        )
    replayed = _dispositions(session)
    before = _destroyed_before(session) if replace else set()
    with (
        databases.brought_beside(copy, databases.path_of(url)) as beside,
        contextlib.closing(session.keys_at(f"sqlite:///{beside}")) as keys,
    ):
        count = _destroy_again(session, keys, replayed, before)
        for finding in keys.check():
            raise BackupError(
                f"the backup's key store is damaged: {finding}",
                expected="rows that are as they were written",
                remedy="use another backup",
            )
    with session.database.write() as connection:
        dispositions.begin_again(connection)
    return count


def _dispositions(session: Session) -> _Replayed:
    """What the chain says was disposed of, up to its final block; read from the first on.

    Raises `UnreachableError`: without the chain nobody knows.
    """
    topics = [topic_of("RecordRegistry", each.__name__) for each in (Disposed, Enrolled)]

    def read(node: Connection) -> _Replayed:
        head = node.block()
        final = final_number(node, head, session.profile.chain.finality_depth)
        if final < 0:
            return _Replayed(frozenset(), {})
        registries = session.registries(node, head)
        reader = LogReader(node, [registries.records])
        disposed: set[RecordId] = set()
        enrolled: dict[RecordId, tuple[int, int]] = {}
        block = node.block(final)
        for each in reader.read(registries.first_block, block, topics=[topics]):
            if isinstance(each.event, Disposed):
                disposed.add(RecordId(each.event.record_id))
            elif (
                isinstance(each.event, Enrolled)
                and each.event.agency_id == session.profile.agency.id
            ):
                place = (each.event.journal, each.event.index)
                enrolled[RecordId(each.event.record_id)] = place
        entries: dict[int, list[int]] = {}
        for record_id in disposed & enrolled.keys():
            journal, index = enrolled[record_id]
            entries.setdefault(journal, []).append(index)
        return _Replayed(frozenset(disposed), entries)

    return session.nodes.read(read)


def _destroyed_before(session: Session) -> set[Place]:
    """What the key store that is replaced had destroyed, where it still opens."""
    try:
        with contextlib.closing(session.keys_at(session.profile.keys.store)) as keys:
            return set(keys.erased_places())
    except MunimentError:
        # Damaged or gone: that is why another takes its place. The chain tells of dispositions.
        return set()


def _destroy_again(
    session: Session, keys: KeyStore, replayed: _Replayed, before: Collection[Place]
) -> int:
    """Destroy what was destroyed since the backup was made; return of how many versions."""
    disposed = {place for place in keys.places() if place[0] in replayed.record_ids}
    places = disposed | set(before)
    entries = {journal: set(indexes) for journal, indexes in replayed.entries.items()}
    with session.database.read() as connection:
        first = sorted({record_id for record_id, version in before if version == 1})
        rows = journal_rows.entries_of(connection, first)
        known = journal_rows.entries_of(connection, sorted(replayed.record_ids))
    for record_id, row in (rows | known).items():
        entries.setdefault(row.journal, set()).add(row.index)
        places.add((record_id, 1))
    destruction = keys.destruction
    count = len(destruction.epochs(places))
    destruction.destroy(places)
    for journal, indexes in entries.items():
        count += len(destruction.entry_epochs(journal, indexes))
        destruction.destroy_entries(journal, indexes)
    return count


def _require_place(url: str, form: str, *, replace: bool) -> None:
    if databases.form_of(url) != form:
        raise BackupError(
            f"the backup is of {form}, the profile names {databases.form_of(url)}",
            expected="a database of the same kind",
            remedy="name such a one in the profile; a database can also be made anew: `muniment "
            "rebuild`",
        )
    if not replace and not databases.is_empty(url):
        raise BackupError(
            "there is a live store in its place",
            expected="nothing there, or --replace",
            remedy="look whether it is really lost; --replace overwrites it as a whole",
        )
