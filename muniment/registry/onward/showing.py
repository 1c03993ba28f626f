# SPDX-License-Identifier: Apache-2.0
"""What was received by shares: which versions, in which deliveries, and their values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from muniment.exchange.envelope_header import EnvelopeKind
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.instants import instant
from muniment.registry.access_entries import EXTRACTED, SHOWN, Access, record_reads
from muniment.registry.exchange.received import (
    ReceivedVersion,
    extract_received,
    received_version,
)
from muniment.registry.session import Session
from muniment.store.envelopes import RECEIVED
from muniment.store.exchange_tables import enveloped_records, envelopes


@dataclass(frozen=True, slots=True)
class ReceivedPlace:
    """A version in a delivery that was received. `made_at` Unix seconds, the sender's word;
    `taken_in_ms` milliseconds, by this agency's clock."""

    record_id: RecordId
    version: int
    agency_id: int
    share_id: bytes
    delivery: bytes
    made_at: int
    taken_in_ms: int

    def to_json(self) -> dict[str, Any]:
        """Return it as answers and `--json` have it."""
        return {
            "record": f"0x{self.record_id.hex()}",
            "version": self.version,
            "from": self.agency_id,
            "share": f"0x{self.share_id.hex()}",
            "delivery": f"0x{self.delivery.hex()}",
            "made_at": instant(self.made_at),
            "taken_in": instant(self.taken_in_ms // 1000),
        }


def received_places(
    session: Session, record_id: RecordId | None = None, *, limit: int | None = None
) -> list[ReceivedPlace]:
    """Return what was received, of one record or of all, the latest delivery first.

    By the database; nothing is opened.
    """
    chosen = (
        sa.select(enveloped_records.c.record_id, enveloped_records.c.version, envelopes)
        .join(envelopes, envelopes.c.digest == enveloped_records.c.digest)
        .where(envelopes.c.direction == RECEIVED, envelopes.c.kind == str(EnvelopeKind.DELIVERY))
        .order_by(envelopes.c.kept_ms.desc(), enveloped_records.c.part)
        .limit(limit)
    )
    if record_id is not None:
        chosen = chosen.where(enveloped_records.c.record_id == record_id)
    with session.database.read() as connection:
        return [
            ReceivedPlace(
                RecordId(bytes(row["record_id"])),
                row["version"],
                row["agency_id"],
                bytes(row["subject"]),
                bytes(row["digest"]),
                row["made_at"],
                row["kept_ms"],
            )
            for row in connection.execute(chosen).mappings()
        ]


def show(
    session: Session, record_id: RecordId, version: int | None, access: Access
) -> ReceivedVersion:
    """Return a version that was received, the newest by default; with `read_receipts` it leaves an
    access entry. Raises `NotSharedError` where nothing of it was received."""
    received = received_version(session, record_id, version)
    note(session, SHOWN, received, access)
    return received


def extract(
    session: Session,
    record_id: RecordId,
    name: str,
    target: Path,
    version: int | None,
    access: Access,
) -> FileValue:
    """Write the file of a received field to `target`, likewise."""
    received = received_version(session, record_id, version)
    note(session, EXTRACTED, received, access)
    return extract_received(session, received, name, target)


def note(session: Session, act: str, received: ReceivedVersion, access: Access) -> None:
    """Write down that received content is about to be read, and under which share it was given."""
    place = (received.delivered.record_id, received.delivered.version)
    record_reads(session, act, [place], replace(access, share=received.share_id))
