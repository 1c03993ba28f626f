# SPDX-License-Identifier: Apache-2.0
"""The secrets of versions: put once, read by the million, destroyed for good.

A statement names at most `_CHUNK` records, for databases bound the parameters of one.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import ErasedError, KeystoreError
from muniment.record.commitment import Secret
from muniment.record.identifiers import RecordId, require_bytes, require_uint
from muniment.store.keys.core import Change, Core
from muniment.store.keys.rows import Keyring, NotAuthenticError
from muniment.store.keys.tables import tombstones, version_secrets

Place = tuple[RecordId, int]
"""A record id (32 bytes) and a version (`uint16` from 1)."""

_CHUNK: Final = 500
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Erasure:
    """What `erase` did to `record_id`.

    `destroyed` names the versions whose secrets it destroyed, `already` those destroyed before,
    `absent` those that had none (they can get none any more either). `epochs` are the wrapping
    epochs of what was destroyed: copies in backups are readable until these are dropped.
    `cleared` says whether the database's own log was cleared too, which PostgreSQL cannot.
    """

    record_id: RecordId
    destroyed: tuple[int, ...]
    already: tuple[int, ...]
    absent: tuple[int, ...]
    epochs: tuple[int, ...]
    cleared: bool


def put(core: Core, secrets: Mapping[Place, Secret]) -> int:
    """Store what is not there yet; return how many that were. See `KeyStore.put_secrets`."""
    for (record_id, version), secret in secrets.items():
        _require_place(record_id, version)
        require_bytes("secret", secret, 32)
    if not secrets:
        return 0
    with core.changing() as change:
        return _put(core, change, secrets)


def _put(core: Core, change: Change, secrets: Mapping[Place, Secret]) -> int:
    if change.ledger.tallies["tombstones"].rows:
        for record_id, version in _present(change.connection, tombstones, secrets):
            raise ErasedError(record_id, version)
    stored = {
        (row.record_id, row.version): row
        for row in _rows(change.connection, version_secrets, secrets)
    }
    for (record_id, version), row in stored.items():
        if _unwrap(core, row) != secrets[record_id, version]:
            raise KeystoreError(
                core.shown,
                f"version {version} of record 0x{record_id.hex()} has another secret already",
                expected="the same secret, or a version that has none",
                remedy="read the stored secret and use that; secrets are never replaced",
            )
    fresh = [place for place in secrets if place not in stored]
    change.count_seals(len(fresh))
    tally, keyring, epoch = change.ledger.tallies["version_secrets"], change.keyring, change.epoch
    rows = []
    for record_id, version in fresh:
        wrapped = keyring.wrap_secret(epoch, record_id, version, secrets[record_id, version])
        tally.add(keyring.place_mark("version_secrets", record_id, version))
        rows.append(
            {"record_id": record_id, "version": version, "epoch": epoch, "wrapped": wrapped}
        )
    if rows:
        # What is returned is not needed, but makes SQLAlchemy send a thousand rows a statement.
        change.connection.execute(
            version_secrets.insert().returning(version_secrets.c.version), rows
        )
    return len(rows)


def readmit(core: Core, secrets: Mapping[Place, Secret]) -> int:
    """Take tombstones away and store secrets in their places. See `Destruction.readmit`."""
    for (record_id, version), secret in secrets.items():
        _require_place(record_id, version)
        require_bytes("secret", secret, 32)
    if not secrets:
        return 0
    with core.changing() as change:
        keyring, tally = change.keyring, change.ledger.tallies["tombstones"]
        found = list(_rows(change.connection, tombstones, secrets)) if tally.rows else []
        for row in found:
            _require_tombstone(core, keyring, row)
            table = tombstones
            change.connection.execute(
                table.delete().where(
                    table.c.record_id == row.record_id, table.c.version == row.version
                )
            )
            tally.remove(keyring.place_mark("tombstones", row.record_id, row.version))
        _put(core, change, secrets)
        return len(found)


def get(core: Core, record_id: RecordId, version: int) -> Secret:
    """Return one secret. See `KeyStore.secret`."""
    found = get_many(core, [(record_id, version)])
    if found:
        return found[record_id, version]
    with core.reading() as connection:
        if any(_present(connection, tombstones, [(record_id, version)])):
            raise ErasedError(record_id, version)
    raise KeystoreError(
        core.shown,
        f"it holds no secret of version {version} of record 0x{record_id.hex()}",
        expected="a version that this agency made or received",
        remedy="check record id and version; restore the key store if it is older than the "
        "database",
    )


def get_many(core: Core, places: Iterable[Place]) -> dict[Place, Secret]:
    """Return the secrets that are there. See `KeyStore.secrets`."""
    wanted = dict.fromkeys(places)
    for record_id, version in wanted:
        _require_place(record_id, version)
    with core.reading() as connection:
        return {
            (RecordId(row.record_id), row.version): _unwrap(core, row)
            for row in _rows(connection, version_secrets, wanted)
        }


def erase(core: Core, record_id: RecordId, versions: Iterable[int]) -> Erasure:
    """Destroy secrets and leave tombstones. See `KeyStore.erase`."""
    wanted = sorted(set(versions))
    places: list[Place] = [(record_id, version) for version in wanted]
    epochs, already, cleared = _erase(core, places)
    stored = {version: epoch for (_, version), epoch in epochs.items()}
    before = {version for _, version in already}
    return Erasure(
        record_id,
        tuple(sorted(stored)),
        tuple(sorted(before)),
        tuple(version for version in wanted if version not in stored and version not in before),
        tuple(sorted(set(stored.values()))),
        cleared,
    )


def erase_many(core: Core, places: Collection[Place]) -> bool:
    """Destroy the secrets of many places in one transaction. See `Destruction.destroy`."""
    return _erase(core, list(dict.fromkeys(places)))[2]


def _erase(core: Core, places: Sequence[Place]) -> tuple[dict[Place, int], set[Place], bool]:
    """Destroy; return the epochs of what was there, what was destroyed before, and whether the
    database's own log was cleared."""
    for place in places:
        _require_place(*place)
    with core.changing() as change:
        rows = _rows(change.connection, version_secrets, places)
        stored = {(RecordId(row.record_id), row.version): row.epoch for row in rows}
        already = set(_present(change.connection, tombstones, places))
        keyring, tallies, now = change.keyring, change.ledger.tallies, core.now()
        for place in stored:
            _delete(change.connection, *place)
            tallies["version_secrets"].remove(keyring.place_mark("version_secrets", *place))
        fresh = [place for place in places if place not in already]
        for place in fresh:
            tallies["tombstones"].add(keyring.place_mark("tombstones", *place))
        if fresh:
            change.connection.execute(
                tombstones.insert(),
                [
                    {
                        "record_id": record_id,
                        "version": version,
                        "erased_at": now,
                        "tag": keyring.tombstone_tag(record_id, version, now),
                    }
                    for record_id, version in fresh
                ],
            )
    return stored, already, forget_deleted(core)


def epochs_of(core: Core, places: Iterable[Place]) -> dict[Place, int]:
    """Return the wrapping epochs of secrets that are there. See `Destruction.epochs`."""
    with core.reading() as connection:
        return {
            (RecordId(row.record_id), row.version): row.epoch
            for row in _rows(connection, version_secrets, places)
        }


def erased_at(core: Core, places: Iterable[Place]) -> dict[Place, int]:
    """Return when secrets were destroyed. See `Destruction.times`."""
    found: dict[Place, int] = {}
    with core.reading() as connection:
        for row in _rows(connection, tombstones, places):
            _require_tombstone(core, core.keyring, row)
            found[RecordId(row.record_id), row.version] = row.erased_at
    return found


def places(core: Core) -> Iterator[Place]:
    """Yield every place that has a secret, in order. See `KeyStore.places`."""
    yield from _all_places(core, version_secrets)


def erased(core: Core, places: Iterable[Place]) -> set[Place]:
    """Return those of the places that have a tombstone. See `KeyStore.erased`."""
    with core.reading() as connection:
        return set(_present(connection, tombstones, places))


def erased_places(core: Core) -> Iterator[Place]:
    """Yield every place whose secret was destroyed, in order."""
    yield from _all_places(core, tombstones)


def forget_deleted(core: Core) -> bool:
    """Clear away what the database keeps of deleted rows; return whether it let us.

    SQLite's log still holds the pages from before; truncating it takes them away, unless somebody
    reads just now. PostgreSQL keeps dead rows until a VACUUM, and their bytes until the space is
    used again, so there the answer is always False.
    """
    engine = core.database.engine
    if not core.database.is_sqlite:
        with (
            contextlib.suppress(sa.exc.DBAPIError),
            engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            connection.exec_driver_sql("VACUUM version_secrets")
        return False
    # A transaction of our own would keep the log from being truncated.
    raw = engine.raw_connection()
    try:
        busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:
        return False
    finally:
        raw.close()
    return not busy


def chunks(items: Iterable[_Item], size: int = _CHUNK) -> Iterator[list[_Item]]:
    """Yield `items` in lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _delete(connection: Connection, record_id: RecordId, version: int) -> None:
    table = version_secrets
    connection.execute(
        table.delete().where(table.c.record_id == record_id, table.c.version == version)
    )


def _require_tombstone(core: Core, keyring: Keyring, row: Any) -> None:
    try:
        keyring.require_tombstone(row.record_id, row.version, row.erased_at, row.tag)
    except NotAuthenticError:
        what = f"the tombstone of version {row.version} of record 0x{row.record_id.hex()}"
        raise core.not_authentic(what) from None


def _unwrap(core: Core, row: Any) -> Secret:
    try:
        return Secret(
            core.keyring_for(row.epoch).unwrap_secret(
                row.epoch, row.record_id, row.version, row.wrapped
            )
        )
    except NotAuthenticError:
        what = f"the secret of version {row.version} of record 0x{row.record_id.hex()}"
        raise core.not_authentic(what) from None


def _rows(connection: Connection, table: sa.Table, wanted: Iterable[Place]) -> Iterator[Any]:
    """Yield the rows of the wanted places."""
    places = wanted if isinstance(wanted, Mapping | set) else dict.fromkeys(wanted)
    records = dict.fromkeys(record_id for record_id, _ in places)
    for chunk in chunks(records):
        for row in connection.execute(sa.select(table).where(table.c.record_id.in_(chunk))):
            if (row.record_id, row.version) in places:
                yield row


def _present(connection: Connection, table: sa.Table, wanted: Iterable[Place]) -> Iterator[Place]:
    for row in _rows(connection, table, wanted):
        yield RecordId(row.record_id), row.version


def _all_places(core: Core, table: sa.Table) -> Iterator[Place]:
    statement = sa.select(table.c.record_id, table.c.version).order_by(*table.primary_key)
    with core.reading() as connection:
        for row in connection.execution_options(yield_per=1000).execute(statement):
            yield RecordId(row.record_id), row.version


def _require_place(record_id: bytes, version: int) -> None:
    require_bytes("record id", record_id, 32)
    require_uint("version", version, 16, least=1)
