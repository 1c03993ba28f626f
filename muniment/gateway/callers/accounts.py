# SPDX-License-Identifier: Apache-2.0
"""Officers' accounts: who may sign in, and by what. What they may do their roles on chain say.

An account names the officer's address on chain. It holds no key: acts are signed in the officer's
own browser or command line.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from muniment.chain.connection import Address, address_of
from muniment.errors import InvalidInputError
from muniment.gateway.callers.account import Account
from muniment.gateway.callers.scopes import OF_ROLES, Scope
from muniment.store.database import Database
from muniment.store.gateway_tables import officer_accounts, web_sessions
from muniment.store.rows import with_digest
from muniment.store.tables import officers

LEAST_PASSWORD: Final = 12
_MOST_PASSWORD: Final = 1024
_name: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}").fullmatch
# RFC 9106, the second recommended choice: 64 MiB, three passes.
_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
# Each takes 64 MiB while it is looked at.
_AT_ONCE: Final = threading.Semaphore(2)
# Whoever is unknown costs as much time as whoever is known.
_NOBODY: Final = _HASHER.hash("nobody")


def add_account(
    database: Database,
    name: str,
    address: str,
    *,
    password: str | None = None,
    openid_subject: str | None = None,
) -> Account:
    """Add an account that signs in by a password, by OpenID Connect, or both.

    Raises `InvalidInputError`, for a name or a subject that is taken too.
    """
    if not _name(name):
        expected = "lower-case letters, digits and . _ @ -, at most 64"
        raise InvalidInputError("account name", expected, "another text")
    if password is None and not openid_subject:
        raise InvalidInputError("account", "a password or a subject of OpenID Connect", "neither")
    row = {
        "name": name,
        "address": address_of("account address", address),
        "password_hash": None if password is None else _hashed(password),
        "openid_subject": openid_subject or None,
        "created_ms": int(time.time() * 1000),
        "disabled_ms": None,
    }
    try:
        with database.write() as connection:
            connection.execute(sa.insert(officer_accounts), [with_digest(officer_accounts, row)])
    except sa.exc.IntegrityError:
        raise InvalidInputError("account", "a name and a subject of its own", "taken") from None
    return _account(row)


def set_password(database: Database, name: str, password: str) -> Account:
    """Give an account another password, end its sessions, and return it. Raises
    `InvalidInputError`."""
    return _change(database, name, password_hash=_hashed(password))


def disable_account(database: Database, name: str) -> Account:
    """Let an account sign in no more, end its sessions, and return it. Raises
    `InvalidInputError`."""
    return _change(database, name, disabled_ms=int(time.time() * 1000))


def list_accounts(database: Database) -> list[Account]:
    """Return all accounts, by name."""
    with database.read() as connection:
        chosen = sa.select(officer_accounts).order_by(officer_accounts.c.name)
        return [_account(row) for row in connection.execute(chosen).mappings()]


def account_named(database: Database, name: str) -> Account | None:
    """Return an account that may sign in, None where there is none."""
    return _find(database, officer_accounts.c.name == name)


def account_of_subject(database: Database, subject: str) -> Account | None:
    """Return the account that a subject of OpenID Connect signs in to."""
    return _find(database, officer_accounts.c.openid_subject == subject)


def account_by_password(database: Database, name: str, password: str) -> Account | None:
    """Return the account that name and password open, None where they open none."""
    with database.read() as connection:
        chosen = sa.select(officer_accounts).where(officer_accounts.c.name == name)
        row = connection.execute(chosen).mappings().one_or_none()
    stored = None if row is None else row["password_hash"]
    try:
        with _AT_ONCE:
            _HASHER.verify(stored or _NOBODY, password[:_MOST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return None
    if row is None or stored is None or row["disabled_ms"] is not None:
        return None
    return _account(row)


def roles_of(database: Database, agency_id: int, address: Address) -> tuple[str, ...]:
    """Return the roles of an account in the agency, as the mirror of the chain has them."""
    with database.read() as connection:
        here = sa.select(officers.c.role).where(
            officers.c.account == address, officers.c.agency_id.in_([0, agency_id])
        )
        return tuple(sorted(str(each).lower() for each in connection.execute(here).scalars()))


def scopes_of_roles(roles: tuple[str, ...]) -> frozenset[Scope]:
    """Return what an officer of these roles may ask for."""
    none: frozenset[Scope] = frozenset()
    return none.union(*(OF_ROLES.get(each, none) for each in roles))


def _change(database: Database, name: str, **values: Any) -> Account:
    with database.write() as connection:
        mine = officer_accounts.c.name == name
        row = connection.execute(sa.select(officer_accounts).where(mine)).mappings().one_or_none()
        if row is None:
            raise InvalidInputError("account", "the name of one that there is", "unknown")
        plain = {key: value for key, value in row.items() if key != "row_digest"}
        changed = with_digest(officer_accounts, plain | values)
        connection.execute(sa.update(officer_accounts).where(mine), [changed])
        connection.execute(sa.delete(web_sessions).where(web_sessions.c.name == name))
    return _account(changed)


def _find(database: Database, which: sa.ColumnElement[bool]) -> Account | None:
    with database.read() as connection:
        chosen = sa.select(officer_accounts).where(which, officer_accounts.c.disabled_ms.is_(None))
        row = connection.execute(chosen).mappings().one_or_none()
    return None if row is None else _account(row)


def _account(row: Mapping[str, Any] | sa.RowMapping) -> Account:
    return Account(
        row["name"],
        Address(row["address"]),
        row["password_hash"] is not None,
        row["openid_subject"],
        row["created_ms"],
        row["disabled_ms"],
    )


def _hashed(password: str) -> str:
    if not LEAST_PASSWORD <= len(password) <= _MOST_PASSWORD:
        expected = f"{LEAST_PASSWORD} to {_MOST_PASSWORD} characters"
        raise InvalidInputError("account password", expected, "shorter or longer")
    return _HASHER.hash(password)
