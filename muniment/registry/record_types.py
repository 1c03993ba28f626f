# SPDX-License-Identifier: Apache-2.0
"""The record types an agency registers by: public files in its vault, one a version of a type.

The chain has the schema's digest, retention and sharing; the file has the schema itself and the
searchable fields. What differs from the chain is refused when it is added, and by the registry.
"""

from __future__ import annotations

import json
from typing import Final

from muniment.errors import InvalidInputError, StoreError
from muniment.record.canonical import canonicalize
from muniment.record.identifiers import TypeId
from muniment.record.types import RecordType, Sharing
from muniment.store.vault import Vault

MAX_FILE: Final = 1 << 24
"""Most bytes of a record type's file that are read."""
_FORMAT: Final = "muniment/record-type/v1"


class UnknownTypeError(InvalidInputError):
    """The agency has no record type of this name, or no such version of it."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(
            "record type",
            "one of " + ", ".join(known) if known else "a type that was added",
            repr(name),
            remedy="`muniment type list` shows them; `muniment type add` adds one",
        )


class RecordTypes:
    """The record types of agency `agency_id` in a vault."""

    def __init__(self, vault: Vault, agency_id: int) -> None:
        """Take the vault; its files are read when they are needed."""
        self._vault = vault
        self._prefix = f"types/{agency_id:08x}/"
        self._found: dict[tuple[str, int], RecordType] | None = None

    def add(self, record_type: RecordType) -> bool:
        """Keep a version of a type; return whether it was new.

        Raises `ObjectExistsError` for another type under its number and version.
        """
        name = f"{self._prefix}{record_type.type_id:04x}-{record_type.version:04x}"
        self._found = None
        return self._vault.put_if_absent(name, to_file(record_type))

    def keep(self, record_type: RecordType) -> bool:
        """Keep a version that came from elsewhere, unless it is here; return whether it was new.

        The caller has compared its schema with the chain. What is here stays as it is: which fields
        are searchable is each agency's own affair.
        """
        known = {(each.type_id, each.version) for each in self._load().values()}
        if (record_type.type_id, record_type.version) in known:
            return False
        return self.add(record_type)

    def all(self) -> list[RecordType]:
        """Return all versions of all types, by name and version."""
        return [self._load()[key] for key in sorted(self._load())]

    def latest(self, name: str) -> RecordType:
        """Return the latest version of the type of a name. Raises `UnknownTypeError`."""
        versions = [key for key in self._load() if key[0] == name]
        if not versions:
            raise UnknownTypeError(name, sorted({key[0] for key in self._load()}))
        return self._load()[max(versions)]

    def by_number(self, type_id: int, version: int) -> RecordType:
        """Return a version of a type by its number. Raises `UnknownTypeError`."""
        for each in self._load().values():
            if (each.type_id, each.version) == (type_id, version):
                return each
        raise UnknownTypeError(
            f"number {type_id}, version {version}", sorted({key[0] for key in self._load()})
        )

    def forget(self) -> None:
        """Read the files anew when they are next needed."""
        self._found = None

    def in_file(self, name: str) -> list[RecordType]:
        """Return what a file in the vault holds. Raises `StoreError`."""
        with self._vault.open(name) as reader:
            return [from_file(reader.read(MAX_FILE))]

    def _load(self) -> dict[tuple[str, int], RecordType]:
        if self._found is None:
            found = {}
            for name in self._vault.list(self._prefix):
                with self._vault.open(name) as reader:
                    each = from_file(reader.read(MAX_FILE))
                found[each.name, each.version] = each
            self._found = found
        return self._found


def to_file(record_type: RecordType) -> bytes:
    """Return the file of a version of a type: canonical JSON, with the schema as a value."""
    return canonicalize(
        {
            "format": _FORMAT,
            "name": record_type.name,
            "type_id": record_type.type_id,
            "version": record_type.version,
            "retention_days": record_type.retention_days,
            "sharing": int(record_type.sharing),
            "searchable": list(record_type.searchable),
            "schema": json.loads(record_type.schema),
        }
    )


def from_file(data: bytes) -> RecordType:
    """Return the version of a type that a file holds. Raises `StoreError` for another file."""
    try:
        values = json.loads(data)
        if values["format"] == _FORMAT and canonicalize(values) == data:
            return RecordType.define(
                values["name"],
                TypeId(values["type_id"]),
                values["version"],
                values["schema"],
                retention_days=values["retention_days"],
                sharing=Sharing(values["sharing"]),
                searchable=values["searchable"],
            )
    except (ValueError, KeyError, TypeError, InvalidInputError):
        pass
    raise StoreError(
        "a record type's file in the vault was changed, or is of another release",
        expected=_FORMAT,
        remedy="restore it from a copy of the vault",
    )
