# SPDX-License-Identifier: Apache-2.0
"""A registry on an Anvil of its own, with one agency, its officers and one record type."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from muniment.chain import Connection, Registries, Sender, Signer, deploy
from muniment.record import Sharing
from toolchain.local_chain import CHAIN_ID, anvil, development_keys

_ROLES = ("registry_admin", "guardian", "agency_admin", "registrar", "steward", "operator")


@dataclass(frozen=True)
class LocalRegistry:
    """A deployment, and the keys of its officers by role."""

    connection: Connection
    registries: Registries
    keys: dict[str, bytes]

    def sender(self, role: str) -> Sender:
        """A sender of an officer's transactions."""
        return Sender(self.connection, Signer.from_key(self.keys[role]))

    @staticmethod
    def word(text: str) -> bytes:
        """32 bytes that look random and are the same in every run."""
        return hashlib.sha256(text.encode()).digest()


@contextmanager
def local_registry(*options: str) -> Iterator[LocalRegistry]:
    """Run an Anvil with a deployed registry."""
    with anvil(*options) as url:
        yield deployed_registry(Connection(url, CHAIN_ID))


def deployed_registry(connection: Connection) -> LocalRegistry:
    """Deploy a registry, with one agency, its officers and one record type."""
    keys = dict(zip(_ROLES, development_keys(len(_ROLES)), strict=True))
    signers = {role: Signer.from_key(key) for role, key in keys.items()}
    admin = Sender(connection, signers["registry_admin"])
    registries = deploy(
        admin,
        registry_admin=signers["registry_admin"].address,
        guardian=signers["guardian"].address,
        admin_delay=0,
    )
    agencies = registries.agencies
    admin.send(agencies.create_agency("Agency", signers["agency_admin"].address))
    agency_admin = Sender(connection, signers["agency_admin"])
    for kind, role in ((2, "registrar"), (3, "steward"), (4, "operator")):
        role_id = agencies.role_of_kind(kind, 1, block=connection.block())
        agency_admin.send(agencies.grant_role(role_id, signers[role].address))
    word = LocalRegistry.word("schema")
    agency_admin.send(agencies.create_record_type(1, "record", word, 0, Sharing.CONDITIONAL))
    return LocalRegistry(connection, registries, keys)
