# SPDX-License-Identifier: Apache-2.0
"""The record types that come with a delivery: public files, which only the chain makes count.

Whoever sends one may have written anything into it. Of what the chain knows, all must be as it
stands there; which fields its own agency indexes is not on chain, and nothing to others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa

from muniment.errors import InvalidJsonError, StoreError
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.errors import EnvelopeError
from muniment.record.canonical import parse_canonical
from muniment.record.types import RecordType
from muniment.registry.record_types import MAX_FILE, from_file
from muniment.registry.session import Session
from muniment.store.tables import record_types

_MOST: Final = 1024


@dataclass(frozen=True, slots=True)
class _OnChain:
    """A version of a type as it stands on chain."""

    name: str
    schema_digest: bytes
    retention_days: int
    sharing: str


class DeliveredTypes:
    """The types of a delivery, which come before the records of them."""

    def __init__(self, session: Session) -> None:
        """Begin with none."""
        self._session = session
        self._came: dict[tuple[int, int, _OnChain], RecordType] = {}
        self._used: dict[tuple[int, int, int], RecordType] = {}

    def take(self, body: bytes) -> None:
        """Take the file of a type. Raises `EnvelopeError` for what is none."""
        if len(body) > MAX_FILE or len(self._came) >= _MOST:
            raise EnvelopeError(
                "its record types are too long or too many", f"{_MOST} of {MAX_FILE} bytes at most"
            )
        try:
            # Strictly, before a reader of our own files sees it: nested without end, for instance.
            parse_canonical(body)
            found = replace(from_file(body), searchable=())
        except (InvalidJsonError, StoreError) as error:
            raise EnvelopeError(
                "a record type in it is none that this release reads",
                "the public file of a record type's version",
            ) from error
        self._came[found.type_id, found.version, _said(found)] = found

    def of(self, delivered: DeliveredVersion) -> RecordType:
        """Return the type of a version, as it stands on chain. Raises `EnvelopeError`."""
        place = (delivered.issuer, delivered.type_id, delivered.type_version)
        found = self._used.get(place)
        if found is None:
            named = "type {1} of agency {0}, version {2},".format(*place)
            stands = self._on_chain(*place)
            if stands is None:
                raise EnvelopeError(f"{named} is not on chain", "a type that is")
            found = self._came.get((*place[1:], stands))
            if found is None:
                raise EnvelopeError(f"{named} is not in it as it stands on chain", "its file first")
            self._used[place] = found
        if found.schema_digest != delivered.content.schema_digest:
            raise EnvelopeError("a version was checked against another schema", "its own")
        return found

    def keep(self) -> None:
        """Keep the types of the records that passed, where they are not here yet."""
        for (issuer, _, _), record_type in self._used.items():
            self._session.types_of(issuer).keep(record_type)

    def _on_chain(self, issuer: int, type_id: int, version: int) -> _OnChain | None:
        chosen = sa.select(record_types).where(
            record_types.c.agency_id == issuer,
            record_types.c.type_id == type_id,
            record_types.c.version == version,
        )
        with self._session.database.read() as connection:
            row = connection.execute(chosen).one_or_none()
        if row is None:
            return None
        return _OnChain(row.name, bytes(row.schema_digest), row.retention_days, row.sharing)


def _said(found: RecordType) -> _OnChain:
    return _OnChain(found.name, found.schema_digest, found.retention_days, found.sharing.name)
