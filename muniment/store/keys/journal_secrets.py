# SPDX-License-Identifier: Apache-2.0
"""The secrets of journal entries: a row for each stretch of entries that were appended together.

A register of millions comes in stretches of thousands. Their secrets are wrapped together, in
order, so that storing one costs next to nothing and the table only grows at its end. One of them is
destroyed by wrapping the others anew: its place holds zeros from then on, and the row's next
revision makes the earlier row no authentic one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import InvalidInputError, KeystoreError
from muniment.record.commitment import Secret
from muniment.record.identifiers import require_uint
from muniment.store.keys.core import Change, Core
from muniment.store.keys.rows import NotAuthenticError, Stretch
from muniment.store.keys.tables import journal_secrets
from muniment.store.keys.version_secrets import forget_deleted

SECRET_SIZE: Final = 32
MAX_STRETCH: Final = 1 << 16
"""Most entries of a row: 2 MiB of secrets."""

_DESTROYED: Final = bytes(SECRET_SIZE)
_TALLY: Final = "journal_secrets"


def stretch_of(row: Any) -> Stretch:
    """Return what a row says of itself."""
    return Stretch(row.journal, row.first_index, row.count, row.revision)


def put(core: Core, journal: int, first_index: int, secrets: Sequence[bytes]) -> None:
    """Store the secrets of new entries. See `KeyStore.put_journal_secrets`."""
    require_uint("journal", journal, 32, least=1)
    require_uint("first index", first_index, 63)
    if not 1 <= len(secrets) <= MAX_STRETCH:
        raise InvalidInputError("secrets", f"1 to {MAX_STRETCH}", str(len(secrets)))
    joined = b"".join(secrets)
    if len(joined) != SECRET_SIZE * len(secrets) or _DESTROYED in secrets:
        raise InvalidInputError("secrets", "32 random bytes each", "others")
    stretch = Stretch(journal, first_index, len(secrets), 0)
    with core.changing() as change:
        _require_outside(core, change.connection, journal, first_index)
        tally = change.ledger.tallies[_TALLY]
        for row in change.connection.execute(_from(journal, first_index)).all():
            tally.remove(change.keyring.stretch_mark(stretch_of(row)))
        change.connection.execute(
            sa.delete(journal_secrets).where(
                journal_secrets.c.journal == journal,
                journal_secrets.c.first_index >= first_index,
            )
        )
        _write(change, stretch, joined, insert=True)


def get(core: Core, journal: int, index: int) -> Secret | None:
    """Return an entry's secret, None where it was destroyed. See `KeyStore.journal_secret`."""
    for secret in between(core, journal, index, index + 1):
        return secret
    raise KeystoreError(
        core.shown,
        f"it holds no secret of entry {index} of journal {journal}",
        expected="an entry that this agency made",
        remedy="restore the key store if it is older than the database",
    )


def between(core: Core, journal: int, start: int, end: int) -> Iterator[Secret | None]:
    """Yield secrets in order. See `KeyStore.journal_secrets`."""
    at = start
    while at < end:
        with core.reading() as connection:
            row = connection.execute(_around(journal, at)).first()
        if row is None or at >= _end(core, row):
            return
        joined = _unwrap(core, row)
        for place in range(at - row.first_index, min(row.count, end - row.first_index)):
            secret = joined[SECRET_SIZE * place : SECRET_SIZE * (place + 1)]
            yield None if secret == _DESTROYED else Secret(secret)
        at = _end(core, row)


def erase(core: Core, journal: int, index: int) -> tuple[int, bool] | None:
    """Destroy an entry's secret. See `KeyStore.erase_journal_secret`."""
    found = epochs_of(core, journal, [index])
    return (found[index], erase_many(core, journal, [index])) if found else None


def erase_many(core: Core, journal: int, indexes: Collection[int]) -> bool:
    """Destroy entries' secrets, each stretch once. See `Destruction.destroy_entries`."""
    left = sorted(set(indexes))
    while left:
        with core.changing() as change:
            row = change.connection.execute(_around(journal, left[0])).first()
            if row is None or left[0] >= _end(core, row):
                del left[0]
                continue
            here = left[: bisect_left(left, _end(core, row))]
            before, joined = stretch_of(row), bytearray(_unwrap(core, row))
            kept = bytes(joined)
            for index in here:
                place = SECRET_SIZE * (index - row.first_index)
                joined[place : place + SECRET_SIZE] = _DESTROYED
            if joined != kept:
                change.ledger.tallies[_TALLY].remove(change.keyring.stretch_mark(before))
                after = Stretch(
                    before.journal, before.first_index, before.count, before.revision + 1
                )
                _write(change, after, bytes(joined), insert=False)
        del left[: len(here)]
    return forget_deleted(core)


def secrets_at(core: Core, journal: int, indexes: Collection[int]) -> dict[int, Secret]:
    """Return the secrets of entries that are there. See `KeyStore.journal_secrets_at`."""
    return {index: Secret(secret) for index, secret, _ in _present(core, journal, indexes)}


def epochs_of(core: Core, journal: int, indexes: Collection[int]) -> dict[int, int]:
    """Return the wrapping epochs of secrets that are there. See `Destruction.entry_epochs`."""
    return {index: epoch for index, _, epoch in _present(core, journal, indexes)}


def _present(
    core: Core, journal: int, indexes: Collection[int]
) -> Iterator[tuple[int, bytes, int]]:
    """Those of the entries that have a secret, with it and its wrapping epoch; each stretch is
    opened once."""
    left = sorted(set(indexes))
    with core.reading() as connection:
        while left:
            row = connection.execute(_around(journal, left[0])).first()
            if row is None or left[0] >= _end(core, row):
                del left[0]
                continue
            here = left[: bisect_left(left, _end(core, row))]
            joined = _unwrap(core, row)
            for index in here:
                place = SECRET_SIZE * (index - row.first_index)
                secret = joined[place : place + SECRET_SIZE]
                if secret != _DESTROYED:
                    yield index, secret, row.epoch
            del left[: len(here)]


def rewrap(core: Core) -> Iterator[int]:
    """Bring rows of older epochs under the present one, a row a transaction."""
    while True:
        with core.changing() as change:
            older = sa.select(journal_secrets).where(journal_secrets.c.epoch != change.epoch)
            row = change.connection.execute(older.limit(1)).first()
            if row is None:
                return
            change.count_seals(1)
            _set(change, stretch_of(row), _unwrap(core, row))
        yield 1


def _write(change: Change, stretch: Stretch, joined: bytes, *, insert: bool) -> None:
    change.count_seals(1)
    change.ledger.tallies[_TALLY].add(change.keyring.stretch_mark(stretch))
    if not insert:
        _set(change, stretch, joined)
        return
    change.connection.execute(
        sa.insert(journal_secrets).values(
            journal=stretch.journal,
            first_index=stretch.first_index,
            count=stretch.count,
            revision=stretch.revision,
            epoch=change.epoch,
            wrapped=change.keyring.wrap_stretch(change.epoch, stretch, joined),
        )
    )


def _set(change: Change, stretch: Stretch, joined: bytes) -> None:
    change.connection.execute(
        sa.update(journal_secrets)
        .where(
            journal_secrets.c.journal == stretch.journal,
            journal_secrets.c.first_index == stretch.first_index,
        )
        .values(
            revision=stretch.revision,
            epoch=change.epoch,
            wrapped=change.keyring.wrap_stretch(change.epoch, stretch, joined),
        )
    )


def _unwrap(core: Core, row: Any) -> bytes:
    try:
        return core.keyring_for(row.epoch).unwrap_stretch(row.epoch, stretch_of(row), row.wrapped)
    except NotAuthenticError:
        raise _changed(core, row) from None


def _end(core: Core, row: Any) -> int:
    """The index after a row's last entry; SQLite lets anybody write texts for numbers."""
    if not isinstance(row.count, int) or not isinstance(row.first_index, int):
        raise _changed(core, row)
    return row.first_index + row.count


def _changed(core: Core, row: Any) -> KeystoreError:
    return core.not_authentic(
        f"the row of the secrets of journal {row.journal} from entry {row.first_index}"
    )


def _require_outside(core: Core, connection: Connection, journal: int, first_index: int) -> None:
    if first_index == 0:
        return
    row = connection.execute(_around(journal, first_index - 1)).first()
    if row is None or _end(core, row) != first_index:
        raise KeystoreError(
            core.shown,
            f"its secrets of journal {journal} do not end before entry {first_index}",
            expected="the secrets of all entries before, and stretches that end there",
            remedy="restore the key store that belongs to the database",
        )


def _from(journal: int, first_index: int) -> sa.Select[Any]:
    return sa.select(journal_secrets).where(
        journal_secrets.c.journal == journal, journal_secrets.c.first_index >= first_index
    )


def _around(journal: int, index: int) -> sa.Select[Any]:
    """The last row that begins at or before an index."""
    return (
        sa.select(journal_secrets)
        .where(journal_secrets.c.journal == journal, journal_secrets.c.first_index <= index)
        .order_by(journal_secrets.c.first_index.desc())
        .limit(1)
    )
