# SPDX-License-Identifier: Apache-2.0
"""Where a test's key store lies, and how it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from muniment.record.commitment import Secret
from muniment.record.identifiers import AgencyId, Lineage, RecordId
from muniment.store.keys import KeyStore, new_key_file
from muniment.store.keys import tables as key_tables

AGENCY = AgencyId(7)
LINEAGE = Lineage(b"l" * 32)
RECORD = RecordId(b"\xaa" * 32)
OTHER = RecordId(b"\xbb" * 32)
NOW = 1_795_000_000


def secret(number: int) -> Secret:
    return Secret(number.to_bytes(1, "big") * 32)


@dataclass
class Place:
    url: str
    folder: Path
    now: float = NOW

    @property
    def root(self) -> Path:
        return self.folder / "keys.json"

    @property
    def key_file(self) -> Path:
        return self.folder / "agency.key"

    def create(self, **changes: Any) -> KeyStore:
        """A new store; with a key file, for Argon2id costs a tenth of a second on purpose."""
        if "passphrase" not in changes:
            if not self.key_file.exists():
                new_key_file(self.key_file)
            changes.setdefault("key_file", self.key_file)
        options: dict[str, Any] = {"agency_id": AGENCY, "lineage": LINEAGE, **changes}
        return KeyStore.create(self.url, self.root, clock=lambda: self.now, **options)

    def open(self, **changes: Any) -> KeyStore:
        if "passphrase" not in changes:
            changes.setdefault("key_file", self.key_file)
        return KeyStore.open(self.url, self.root, clock=lambda: self.now, **changes)

    def execute(self, statement: sa.Executable | str, **values: Any) -> list[Any]:
        """Do what somebody with the database's password could do, and commit."""
        database = key_tables.connect(self.url)
        try:
            with database.write() as connection:
                if isinstance(statement, str):
                    statement = sa.text(statement)
                result = connection.execute(statement, values)
                return list(result) if result.returns_rows else []
        finally:
            database.close()
