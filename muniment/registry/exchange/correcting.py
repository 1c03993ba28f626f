# SPDX-License-Identifier: Apache-2.0
"""Corrections as they come in: requests on records in our custody, and answers to our requests.

What became of a request is in its row's state: kept while it is open, then accepted or refused.
"""

from __future__ import annotations

import json
from typing import Final

import sqlalchemy as sa

from muniment.exchange.corrections import CorrectionAnswer, CorrectionRequest, Decision
from muniment.exchange.envelope_header import EnvelopeHeader, EnvelopeKind
from muniment.exchange.errors import CorrectionError, EnvelopeError, NotSharedError
from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.registry.exchange.catalogue import type_of_record
from muniment.registry.exchange.keeping import Arrived, keep_arrived, kept_parts
from muniment.registry.exchange.shares import message_in
from muniment.registry.exchange.taken_in import TakenIn
from muniment.registry.journal_records import entry_of
from muniment.registry.mirroring import sync
from muniment.registry.onward import checking
from muniment.registry.session import Session
from muniment.store import envelopes
from muniment.store.envelopes import KEPT, SENT, EnvelopedRecord, EnvelopeRow
from muniment.store.tables import records

OPEN: Final = KEPT
"""The state of a request that nobody has decided."""
_LONGEST: Final = 64
"""So many characters of a name that another agency made up are repeated."""


def take_in_request(session: Session, envelope: Arrived) -> TakenIn:
    """Keep a request about a record in our custody, of which its sender was given that version: by
    a delivery of ours, or by another agency's, as its receipt proof shows.

    Raises `NotSharedError` for a record that it was not given, `CorrectionError`, `EnvelopeError`.
    """
    message = CorrectionRequest.from_bytes(envelope.message()[1])
    header = envelope.header
    if message.record_id != header.subject:
        raise EnvelopeError("it is about another record than its header names", "the same record")
    sync(session)
    record_id = RecordId(message.record_id)
    require_custody(session, record_id)
    if not _is_ours(session, header.sender, message) and not _is_proven(session, header, message):
        raise NotSharedError(
            message.share_id,
            f"agency {header.sender} does not show that it was given version {message.version} of "
            f"record 0x{record_id.hex()}",
            remedy="nothing was taken in; it asks again when its receipt is on chain",
        )
    _require_known_fields(session, record_id, message)
    return TakenIn(keep_arrived(session, envelope, [_about(envelope)]))


def take_in_answer(session: Session, envelope: Arrived) -> TakenIn:
    """Keep the answer to a request of ours, from the agency that was asked.

    One that accepts must name a version that the chain has. Raises `CorrectionError`,
    `EnvelopeError`.
    """
    answer = CorrectionAnswer.from_bytes(envelope.message()[1])
    header = envelope.header
    if answer.record_id != header.subject:
        raise EnvelopeError("it is about another record than its header names", "the same record")
    with session.database.read() as connection:
        asked = envelopes.of_digest(connection, answer.request)
    if (
        asked is None
        or (asked.kind, asked.direction) != (EnvelopeKind.CORRECTION_REQUEST, SENT)
        or (asked.agency_id, asked.subject) != (header.sender, answer.record_id)
    ):
        raise CorrectionError(
            f"agency {header.sender} answers no request that it was sent by this agency",
            "the answer to a request of ours, by the custodian that was asked",
        )
    before = answer_to(session, asked)
    if before is not None and before[0].digest != envelope.digest:
        raise CorrectionError("the request is answered already", "one answer")
    request = request_in(session, asked)
    if answer.version is not None:
        _require_version(session, request, answer.version)
    row = keep_arrived(session, envelope, [_about(envelope)])
    settle(session, asked, answer.decision)
    return TakenIn(row)


def request_in(session: Session, row: EnvelopeRow) -> CorrectionRequest:
    """Return the request of a kept envelope."""
    return CorrectionRequest.from_bytes(message_in(kept_parts(session, row)))


def answer_to(session: Session, asked: EnvelopeRow) -> tuple[EnvelopeRow, CorrectionAnswer] | None:
    """Return the answer to a request, sent or received, with its envelope; None while there is
    none."""
    with session.database.read() as connection:
        rows = envelopes.find(
            connection, kinds=[EnvelopeKind.CORRECTION_ANSWER], subject=asked.subject
        )
    for row in rows:
        answer = CorrectionAnswer.from_bytes(message_in(kept_parts(session, row)))
        if answer.request == asked.digest:
            return row, answer
    return None


def settle(session: Session, asked: EnvelopeRow, decision: Decision) -> None:
    """Say what became of a request."""
    with session.database.write() as connection:
        envelopes.set_state(connection, asked.digest, str(decision))


def settle_all(session: Session) -> int:
    """Say what became of all open requests whose answers are kept here; return how many there were.

    For a database that was made anew, or a process that died between an answer and its state.
    """
    with session.database.read() as connection:
        asked = envelopes.find(connection, kinds=[EnvelopeKind.CORRECTION_REQUEST], state=OPEN)
    count = 0
    for row in asked:
        found = answer_to(session, row)
        if found is not None:
            settle(session, row, found[1].decision)
            count += 1
    return count


def custodian_of(session: Session, record_id: RecordId) -> tuple[int, int] | None:
    """Return a record's custodian and latest version by the mirror, None where it is not there.

    What stands in a journal of this agency alone is in its own custody. `sync` first.
    """
    chosen = sa.select(records.c.custodian, records.c.version).where(
        records.c.record_id == record_id, records.c.status != int(Status.NONE)
    )
    with session.database.read() as connection:
        row = connection.execute(chosen).one_or_none()
    if row is not None:
        return row.custodian, row.version
    entry = entry_of(session, record_id)
    return None if entry is None else (entry.agency_id, 1)


def require_custody(session: Session, record_id: RecordId) -> int:
    """Return the latest version of a record in our custody. Raises `CorrectionError`."""
    found, own = custodian_of(session, record_id), session.profile.agency.id
    if found is None or found[0] != own:
        stands = "nobody has registered" if found is None else f"agency {found[0]} keeps"
        raise CorrectionError(
            f"it is about record 0x{record_id.hex()}, which {stands}",
            f"a record in the custody of agency {own}, this one",
            remedy="the requester sends it to the custodian: `muniment trace` shows who that is",
        )
    return found[1]


def _is_ours(session: Session, sender: int, message: CorrectionRequest) -> bool:
    """Whether it names a delivery of ours to its sender, with this version in it."""
    with session.database.read() as connection:
        delivery = envelopes.of_digest(connection, message.delivery)
        places = envelopes.places_of(connection, message.record_id, [message.delivery])
    return (
        delivery is not None
        and (delivery.kind, delivery.direction) == (EnvelopeKind.DELIVERY, SENT)
        and (delivery.agency_id, delivery.subject) == (sender, message.share_id)
        and any(each.version == message.version for each in places)
    )


def _is_proven(session: Session, header: EnvelopeHeader, message: CorrectionRequest) -> bool:
    """Whether it has the proof of just such a receipt. Raises as `checking.check`."""
    if message.proof is None:
        return False
    found = checking.check(session, message.proof)
    return (found.recipient, found.record_id, found.version, found.delivery, found.share_id) == (
        header.sender,
        message.record_id,
        message.version,
        message.delivery,
        message.share_id,
    )


def _require_known_fields(
    session: Session, record_id: RecordId, message: CorrectionRequest
) -> None:
    """A proposed field must be one that the record's type has."""
    found = type_of_record(session, record_id)
    if found is None or found.schema is None:
        return
    unknown = fields_beyond(found.schema.schema, list(message.fields))
    if unknown:
        raise CorrectionError(
            f"it proposes fields that type {found.name!r} has not, {unknown[0][:_LONGEST]!r} the "
            "first of them",
            "fields of the record's type",
            remedy="the requester looks at the type: `muniment catalogue`",
        )


def fields_beyond(schema: bytes, names: list[str]) -> list[str]:
    """Return those of `names` that a schema's properties do not have; none where it names none."""
    properties = json.loads(schema).get("properties")
    if not isinstance(properties, dict):
        return []
    return sorted(set(names) - set(properties))


def _require_version(session: Session, request: CorrectionRequest, version: int) -> None:
    sync(session)
    found = custodian_of(session, RecordId(request.record_id))
    latest = 0 if found is None else found[1]
    if not request.version < version <= latest:
        raise CorrectionError(
            f"the answer names version {version}, which does not correct version "
            f"{request.version}: the chain has {latest}",
            "a later version that stands on chain",
            remedy="take it in again when the amendment is in a block",
        )


def _about(envelope: Arrived) -> EnvelopedRecord:
    """The record that a message is about, which its first part must name."""
    first, _ = envelope.message()
    if first.label.record_id != envelope.header.subject:
        raise EnvelopeError("its message is labelled as of another record", "its own")
    return EnvelopedRecord(envelope.digest, envelope.header.subject, 0, first.number, first.offset)
