# SPDX-License-Identifier: Apache-2.0
"""The agency's few keys: local ids, searching, encryption, messages, journal checkpoints."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy.engine import Connection

from muniment.errors import InvalidInputError, KeystoreError
from muniment.store.keys.core import Change, Core
from muniment.store.keys.rows import NamedRow, NotAuthenticError
from muniment.store.keys.tables import named_keys

LOCAL_ID: Final = "local-id"
SEARCH: Final = "search"


class KeyPurpose(StrEnum):
    """What an agency key pair is for, as the contract's `KeyPurpose` has it; see `number`."""

    ENCRYPTION = "encryption"
    """X25519 (RFC 7748): deliveries are encrypted to it."""
    MESSAGES = "messages"
    """Ed25519 (RFC 8032): signs messages and deliveries."""
    CHECKPOINTS = "checkpoints"
    """Ed25519 (RFC 8032): signs journal checkpoints."""

    @property
    def number(self) -> int:
        """The number in the contract: encryption 0, messages 1, checkpoints 2."""
        return list(KeyPurpose).index(self)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public part of an agency key: 32 raw bytes, and since when (and until when) it is used.

    `epoch` counts from 1 for each purpose, as on chain; `made_at` and `retired_at` are seconds
    since 1970, the latter None while the key is in use.
    """

    purpose: KeyPurpose
    epoch: int
    public: bytes
    made_at: int
    retired_at: int | None


@dataclass(frozen=True, slots=True)
class AgencyKey(PublicKey):
    """An agency key with its `private` part: 32 raw bytes, never shown."""

    private: bytes = field(repr=False)

    def x25519(self) -> X25519PrivateKey:
        """Return the key of purpose encryption. Raises `InvalidInputError` for another."""
        if self.purpose is not KeyPurpose.ENCRYPTION:
            raise InvalidInputError("agency key", "one for encryption", f"one for {self.purpose}")
        return X25519PrivateKey.from_private_bytes(self.private)

    def ed25519(self) -> Ed25519PrivateKey:
        """Return the key of a purpose that signs. Raises `InvalidInputError` for another."""
        if self.purpose is KeyPurpose.ENCRYPTION:
            raise InvalidInputError("agency key", "one that signs", f"one for {self.purpose}")
        return Ed25519PrivateKey.from_private_bytes(self.private)


def add_first_keys(core: Core, change: Change) -> None:
    """Write epoch 1 of every key of a new store."""
    for purpose in (LOCAL_ID, SEARCH):
        _insert(core, change, purpose, 1, b"", secrets.token_bytes(32))
    for pair in KeyPurpose:
        _insert_pair(core, change, pair, 1)


def symmetric_key(core: Core, purpose: str) -> bytes:
    """Return the agency's local-id or search key: 32 bytes, which the store is asked for once."""
    found = core.symmetric_keys.get(purpose)
    if found is not None:
        return found
    with core.reading() as connection:
        row = _find(connection, purpose, 1)
    if row is None:
        raise core.not_authentic(f"the {purpose} key")
    return core.symmetric_keys.setdefault(purpose, _unwrap(core, row))


def agency_key(core: Core, purpose: KeyPurpose, epoch: int | None) -> AgencyKey:
    """Return an agency key. See `KeyStore.agency_key`."""
    with core.reading() as connection:
        row = _find(connection, purpose, epoch)
    which = f"agency key for {purpose}" + (f", epoch {epoch}" if epoch else "")
    if row is None:
        raise KeystoreError(
            core.shown, f"it holds no {which}", remedy="`muniment keys` lists the epochs"
        )
    private = _unwrap(core, row)
    public = public_of(row)
    if public.retired_at is not None:
        raise KeystoreError(
            core.shown,
            f"the {which} is retired: its private part was destroyed",
            expected="an epoch that is not retired",
        )
    return AgencyKey(public.purpose, public.epoch, public.public, public.made_at, None, private)


def rotate(core: Core, purpose: KeyPurpose) -> PublicKey:
    """Make the next epoch of an agency key. See `KeyStore.rotate_agency_key`."""
    with core.changing() as change:
        latest = change.connection.execute(
            sa.select(sa.func.max(named_keys.c.key_epoch)).where(named_keys.c.purpose == purpose)
        ).scalar()
        row = _insert_pair(core, change, purpose, (latest or 0) + 1)
    return public_of(row)


def retire(core: Core, purpose: KeyPurpose, epoch: int) -> PublicKey:
    """Destroy the private part of an old agency key. See `KeyStore.retire_agency_key`."""
    with core.changing() as change:
        row = _find(change.connection, purpose, epoch)
        latest = _find(change.connection, purpose, None)
        if row is None or latest is None:
            raise KeystoreError(core.shown, f"it holds no key for {purpose}, epoch {epoch}")
        _unwrap(core, row)
        before = named_row(row)
        if before.retired_at:
            return public_of(row)
        if latest.key_epoch == epoch:
            raise KeystoreError(
                core.shown,
                f"epoch {epoch} of the key for {purpose} is the one in use",
                expected="an older epoch",
                remedy="rotate the key first",
            )
        after = NamedRow(
            before.purpose,
            before.key_epoch,
            before.public,
            before.made_at,
            core.now(),
            change.epoch,
        )
        tally = change.ledger.tallies["named_keys"]
        tally.remove(change.keyring.named_mark(before))
        tally.add(change.keyring.named_mark(after))
        write_again(change, after, b"")
    return PublicKey(purpose, epoch, after.public, after.made_at, after.retired_at)


def write_again(change: Change, row: NamedRow, key: bytes) -> None:
    """Replace a stored key by one of the same purpose and epoch, wrapped anew."""
    change.count_seals(1)
    table = named_keys
    change.connection.execute(
        table.update()
        .where(table.c.purpose == row.purpose, table.c.key_epoch == row.key_epoch)
        .values(
            retired_at=row.retired_at,
            epoch=row.epoch,
            wrapped=change.keyring.wrap_named(row, key),
        )
    )


def all_rows(connection: Connection) -> Sequence[Any]:
    """Return every stored key, in order."""
    return connection.execute(
        sa.select(named_keys).order_by(named_keys.c.purpose, named_keys.c.key_epoch)
    ).all()


def public_keys(connection: Connection) -> tuple[PublicKey, ...]:
    """Return the public parts of the agency keys by purpose and epoch."""
    pairs = set(KeyPurpose)
    return tuple(public_of(row) for row in all_rows(connection) if row.purpose in pairs)


def public_of(row: Any) -> PublicKey:
    """Return the public part of a row."""
    return PublicKey(
        KeyPurpose(row.purpose),
        row.key_epoch,
        bytes(row.public),
        row.made_at,
        row.retired_at or None,
    )


def named_row(row: Any) -> NamedRow:
    """Return the columns of a stored row that are bound to its ciphertext."""
    return NamedRow(
        row.purpose, row.key_epoch, bytes(row.public), row.made_at, row.retired_at, row.epoch
    )


def _find(connection: Connection, purpose: str, epoch: int | None) -> Any:
    statement = sa.select(named_keys).where(named_keys.c.purpose == str(purpose))
    if epoch is not None:
        statement = statement.where(named_keys.c.key_epoch == epoch)
    return connection.execute(statement.order_by(named_keys.c.key_epoch.desc())).first()


def _unwrap(core: Core, row: Any) -> bytes:
    try:
        return core.keyring_for(row.epoch).unwrap_named(named_row(row), row.wrapped)
    except NotAuthenticError:
        what = f"the key for {row.purpose}, epoch {row.key_epoch}"
        raise core.not_authentic(what) from None


def _insert_pair(core: Core, change: Change, purpose: KeyPurpose, epoch: int) -> Any:
    pair = (
        X25519PrivateKey.generate()
        if purpose is KeyPurpose.ENCRYPTION
        else Ed25519PrivateKey.generate()
    )
    public = pair.public_key().public_bytes_raw()
    return _insert(core, change, purpose, epoch, public, pair.private_bytes_raw())


def _insert(
    core: Core, change: Change, purpose: str, epoch: int, public: bytes, private: bytes
) -> NamedRow:
    row = NamedRow(str(purpose), epoch, public, core.now(), 0, change.epoch)
    change.count_seals(1)
    change.ledger.tallies["named_keys"].add(change.keyring.named_mark(row))
    change.connection.execute(
        named_keys.insert().values(
            purpose=row.purpose,
            key_epoch=row.key_epoch,
            public=row.public,
            made_at=row.made_at,
            retired_at=row.retired_at,
            epoch=row.epoch,
            wrapped=change.keyring.wrap_named(row, private),
        )
    )
    return row
