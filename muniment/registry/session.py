# SPDX-License-Identifier: Apache-2.0
"""What a profile names, opened when it is first needed and closed together."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.chain import environment
from muniment.chain.accounts import Signer
from muniment.chain.bindings import AgencyRegistry, RecordRegistry, ShareRegistry
from muniment.chain.connection import Address, Block, Connection, Unconnected, address_of
from muniment.chain.deployment import Registries, find
from muniment.chain.journals import Predecessor
from muniment.chain.nodes import Nodes
from muniment.errors import InvalidInputError, KeystoreError
from muniment.record.identifiers import AgencyId, Lineage, derive_lineage
from muniment.registry.profile import Profile
from muniment.registry.record_types import RecordTypes
from muniment.store import outbox
from muniment.store.database import Database
from muniment.store.keys import KeyStore
from muniment.store.outbox_rows import Act
from muniment.store.vault import Vault, open_vault
from muniment.store.versions import NewVersion, add_versions


class Session:
    """The parts of one agency's registry. Nothing is opened before it is asked for."""

    def __init__(
        self,
        profile: Profile,
        *,
        passphrase: str | None = None,
        password: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        """Take a profile; `passphrase` opens the key store, `password` the keystores of accounts.

        Where one is None it comes from the environment or its file, else from a prompt.
        """
        self.profile = profile
        self._passphrase = passphrase
        self._password = password
        self._timeout = timeout
        self._closing = ExitStack()
        self._signers: dict[Path, Signer] = {}
        self._types: dict[int, RecordTypes] = {}

    def again(self, *, timeout: float) -> Session:
        """Return another session of the same profile, for another part of the same process; it
        waits `timeout` seconds for a node, and is closed by itself."""
        return self.unopened()(timeout=timeout)

    def unopened(self) -> partial[Session]:
        """Return what makes this session anew in another process, with nothing of it open.

        It has the passphrases and passwords that this one was told: hand it over by a pipe alone.
        """
        return partial(
            Session,
            self.profile,
            passphrase=self._passphrase,
            password=self._password,
            timeout=self._timeout,
        )

    def close(self) -> None:
        """Close what was opened."""
        self._closing.close()

    # --- what lies where --------------------------------------------------------------------------

    @cached_property
    def database(self) -> Database:
        """The database that `muniment init` made, its tables brought to this release's form."""
        database = Database.open(self.profile.database, create=False)
        self._closing.callback(database.close)
        return database

    @cached_property
    def keys(self) -> KeyStore:
        """The key store, unlocked."""
        keys = self.keys_at(self.profile.keys.store)
        self._closing.callback(keys.close)
        return keys

    def ask(self) -> None:
        """Have the key store's passphrase asked for now, where one is needed, and open nothing."""
        named = self.profile.keys
        if named.key_file is None:
            self._passphrase = environment.key_store_passphrase(named.root.name, self._passphrase)

    def keys_at(self, url: str) -> KeyStore:
        """Return a copy of the key store, unlocked by the profile's root file; the caller closes
        it."""
        named = self.profile.keys
        self.ask()
        return KeyStore.open(
            url,
            named.root,
            passphrase=self._passphrase if named.key_file is None else None,
            key_file=named.key_file,
            agency_id=AgencyId(self.profile.agency.id),
        )

    @cached_property
    def vault(self) -> Vault:
        """The vault that `muniment init` made."""
        vault = open_vault(self.profile.vault, create=False)
        self._closing.callback(vault.close)
        return vault

    @property
    def record_types(self) -> RecordTypes:
        """The record types that the agency registers by."""
        return self.types_of(self.profile.agency.id)

    def types_of(self, agency_id: int) -> RecordTypes:
        """Return the record types of an agency that are known here: its own, or others'."""
        if agency_id not in self._types:
            self._types[agency_id] = RecordTypes(self.vault, agency_id)
        return self._types[agency_id]

    @cached_property
    def predecessor(self) -> Predecessor | None:
        """The registry before, where the profile names one."""
        before = self.profile.chain.predecessor
        if before is None:
            return None
        nodes = Nodes(before.urls, before.id, timeout=self._timeout)
        return Predecessor(nodes, before.registry, before.first_block)

    @property
    def own_lineage(self) -> Lineage:
        """The lineage that begins with the profile's registry: another one than `lineage` where it
        is a successor."""
        chain = self.profile.chain
        return derive_lineage(chain.id, bytes.fromhex(chain.registry[2:]))

    @property
    def lineage(self) -> Lineage:
        """The lineage that record ids derive from."""
        return self.keys.lineage

    # --- what is acknowledged ---------------------------------------------------------------------

    def acknowledge(
        self, connection: DatabaseConnection, acts: Sequence[Act], new: Sequence[NewVersion] = ()
    ) -> list[int]:
        """Put acts into the outbox, with the versions that they bring, and return the ids of their
        submissions; they are acknowledged when the transaction is committed."""
        add_versions(connection, new)
        return outbox.acknowledge(connection, acts, int(time.time() * 1000))

    # --- the chain --------------------------------------------------------------------------------

    @cached_property
    def nodes(self) -> Nodes:
        """The chain's nodes."""
        chain = self.profile.chain
        return Nodes(chain.urls, chain.id, timeout=self._timeout)

    def registries(self, connection: Connection, block: Block | None = None) -> Registries:
        """Return the contracts, read through one connection. Raises `NoCodeError`."""
        chain = self.profile.chain
        found = find(
            connection,
            chain.registry,
            first_block=chain.first_block,
            shares=chain.shares,
            block=block,
        )
        # Asked when something was adopted: the lineage is in the key store.
        return replace(found, is_successor=lambda: self.lineage != self.own_lineage)

    @cached_property
    def records(self) -> RecordRegistry:
        """The record registry, to make calls of; read through `nodes`."""
        return RecordRegistry(Unconnected(), self.profile.chain.registry)

    @cached_property
    def agencies(self) -> AgencyRegistry:
        """The agency registry, to make calls of."""
        address = self.nodes.read(
            lambda connection: self.registries(connection, connection.block()).agencies.address
        )
        return AgencyRegistry(Unconnected(), address)

    @cached_property
    def shares(self) -> ShareRegistry:
        """The share registry, to make calls of. Raises `InvalidInputError` where none is named."""
        address = self.profile.chain.shares
        if address is None:
            raise InvalidInputError(
                "profile chain.shares",
                "the share registry's address",
                "missing",
                remedy="add it to the profile: whoever deployed the registry knows it",
            )
        return ShareRegistry(Unconnected(), address)

    # --- accounts ---------------------------------------------------------------------------------

    @property
    def officer(self) -> Address:
        """The officer's address, read from the keystore without opening it.

        Raises `InvalidInputError` when the profile names no officer, `KeystoreError`.
        """
        if self.profile.keys.officer is None:
            raise InvalidInputError(
                "profile keys.officer",
                "the keystore of the officer who acts",
                "missing",
                remedy="add it to the profile: human acts are signed with the officer's own key",
            )
        return address_in(self.profile.keys.officer)

    def signer(self, keystore: Path) -> Signer:
        """Return an unlocked account; each is unlocked once. Raises `KeystoreError`."""
        if keystore not in self._signers:
            self._signers[keystore] = Signer.from_keystore(keystore, self._password)
        return self._signers[keystore]

    @property
    def knows_password(self) -> bool:
        """Whether keystores are opened without asking anybody for their password."""
        return self._password is not None or environment.password() is not None

    def keystores(self) -> dict[Address, Path]:
        """Return the profile's keystores by their addresses, OPERATOR keys first."""
        named = self.profile.keys
        officer = () if named.officer is None else (named.officer,)
        return {address_in(path): path for path in (*named.operators, *self._sealers, *officer)}

    def operators(self) -> set[Address]:
        """Return the addresses of the profile's OPERATOR keys that registrations go by."""
        return {address_in(path) for path in self.profile.keys.operators}

    def machines(self) -> set[Address]:
        """Return the addresses that no officer holds: OPERATOR keys, the journals' among them."""
        return self.operators() | {address_in(path) for path in self._sealers}

    @property
    def _sealers(self) -> list[Path]:
        journals = (self.profile.journal, self.profile.reads)
        return [each.sealer for each in journals if each is not None]


def make_stores(database: str, vault: str) -> None:
    """Make the database and the vault of a new profile, where they are not there yet.

    A session makes neither: a mistake in a URL, or a disk that is not mounted, must not pass for an
    agency without records. Raises `InvalidInputError`, `StoreError`.
    """
    Database.open(database).close()
    open_vault(vault).close()


def address_in(keystore: Path) -> Address:
    """Return the address that a keystore file names. Raises `KeystoreError`."""
    try:
        stored = json.loads(keystore.read_text())
        return address_of("keystore address", "0x" + str(stored["address"]).removeprefix("0x"))
    except OSError as error:
        what = error.strerror or "cannot be read"
        remedy = "check the profile's keys.officer and keys.operators"
        raise KeystoreError(str(keystore), what, remedy=remedy) from error
    except (ValueError, KeyError, TypeError, InvalidInputError) as error:
        raise KeystoreError(str(keystore), "names no address", expected="a keystore") from error
