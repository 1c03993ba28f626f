# SPDX-License-Identifier: Apache-2.0
"""What this agency received of a record by shares: read again, whole and as it was signed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muniment.errors import InvalidInputError
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.envelope_header import EnvelopeHeader, EnvelopeKind
from muniment.exchange.envelope_parts import Part, PartKind
from muniment.exchange.errors import EnvelopeError, NotSharedError
from muniment.exchange.messages import DELIVERY, GrantMessage, SharedTerms
from muniment.record.canonical import JsonValue
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.instants import instant
from muniment.registry.exchange.carried import half_of, open_new, put_at
from muniment.registry.exchange.keeping import kept_header, kept_key, kept_part, kept_parts
from muniment.registry.exchange.shares import message_in
from muniment.registry.session import Session
from muniment.store import envelopes
from muniment.store.envelopes import RECEIVED, EnvelopedRecord, EnvelopeRow


@dataclass(frozen=True, slots=True)
class ReceivedVersion:
    """A version as it was received: what was shown of it, under which share and terms, and in
    which envelope. `values` are the shown fields, checked against what was committed to."""

    delivered: DeliveredVersion
    values: dict[str, JsonValue]
    shared: SharedTerms
    share_id: bytes
    header: EnvelopeHeader
    row: EnvelopeRow

    @property
    def digest(self) -> bytes:
        """The delivery's digest, which the receipt on chain has."""
        return self.row.digest

    def to_json(self) -> dict[str, Any]:
        """Return it, with its values, as answers and `--json` have it."""
        return {
            "record": f"0x{self.delivered.record_id.hex()}",
            "version": self.delivered.version,
            "values": self.values,
            "from": self.header.sender,
            "made_at": instant(self.header.made_at),
            "taken_in": instant(self.row.kept_ms // 1000),
            "share": f"0x{self.share_id.hex()}",
            "delivery": f"0x{self.digest.hex()}",
            "terms": self.shared.terms.to_json(),
        }


def received_versions(session: Session, record_id: RecordId) -> list[ReceivedVersion]:
    """Return all that was received of a record, the latest delivery last.

    Raises `NotAddressedError` where the epoch of our key is retired, `EnvelopeError`.
    """
    return list(_received(session, record_id))


def received_version(
    session: Session, record_id: RecordId, version: int | None = None
) -> ReceivedVersion:
    """Return a version of the latest delivery that has it, the newest by default.

    Raises `NotSharedError` where nothing of it was received.
    """
    found = [
        each
        for each in received_versions(session, record_id)
        if version in (None, each.delivered.version)
    ]
    if not found:
        raise NotSharedError(None, f"nothing of record 0x{record_id.hex()} was received here")
    newest = max(each.delivered.version for each in found)
    return [each for each in found if each.delivered.version == newest][-1]


def extract_received(
    session: Session, received: ReceivedVersion, name: str, target: Path
) -> FileValue:
    """Write the file of a shown field to `target`, which must be new, whole and checked.

    Raises `InvalidInputError` for a field that is no file or was not shown.
    """
    delivered = received.delivered
    record_type = session.types_of(delivered.issuer).by_number(
        delivered.type_id, delivered.type_version
    )
    if name not in record_type.file_fields or name not in received.values:
        shown = [each for each in record_type.file_fields if each in received.values]
        raise InvalidInputError("file", f"one of {', '.join(shown) or 'none'}", repr(name))
    half = half_of(target)
    value = FileValue.from_json(received.values[name])
    wanted = (delivered.record_id, delivered.version, record_type.file_fields.index(name) + 1)
    try:
        hashed, length = hashlib.sha256(), 0
        with open_new(half) as writer:
            for part in kept_parts(session, received.row):
                label = part.label
                place = (label.record_id, label.version, label.index)
                if label.kind is PartKind.FILE and place == wanted:
                    writer.write(part.body)
                    hashed.update(part.body)
                    length += len(part.body)
            writer.flush()
            os.fsync(writer.fileno())
        if (hashed.digest(), length) != (value.digest, value.length):
            raise EnvelopeError(f"file {name!r} is not whole in it", "the file as it was committed")
        put_at(half, target)
    finally:
        half.unlink(missing_ok=True)
    return value


def _received(session: Session, record_id: RecordId) -> Iterator[ReceivedVersion]:
    with session.database.read() as connection:
        rows = envelopes.find(
            connection,
            kinds=[EnvelopeKind.DELIVERY],
            direction=RECEIVED,
            record_id=record_id,
        )
        places = {
            row.digest: envelopes.places_of(connection, record_id, [row.digest]) for row in rows
        }
    for row in rows:
        header = kept_header(session, row)
        file_key = kept_key(session, row, header)
        shared = _terms(session, row)
        for place in places[row.digest]:
            body = _body(session, row, place, file_key)
            delivered = DeliveredVersion.from_bytes(body)
            if (delivered.record_id, delivered.version) != (record_id, place.version):
                raise EnvelopeError("another record stands at its place", "the one put down there")
            values = delivered.values(delivered.commitment)
            yield ReceivedVersion(delivered, values, shared, row.subject, header, row)


def _terms(session: Session, row: EnvelopeRow) -> SharedTerms:
    parts = kept_parts(session, row)
    first: Part = next(parts)
    return GrantMessage.from_bytes(message_in([first]), DELIVERY).shared


def _body(session: Session, row: EnvelopeRow, place: EnvelopedRecord, file_key: bytes) -> bytes:
    """The body of a record's part, of which a long one has several in a row."""
    body, number, offset = b"", place.part, place.offset
    while True:
        part, size = kept_part(session, row, number, offset, file_key)
        body += part.body
        if part.label.is_last:
            return body
        number, offset = number + 1, offset + size
