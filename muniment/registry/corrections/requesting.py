# SPDX-License-Identifier: Apache-2.0
"""Asking for a correction: of a version that was received, by its custodian of today."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from muniment.exchange.corrections import CorrectionRequest
from muniment.exchange.envelope import Outgoing
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.envelope_parts import PartKind
from muniment.exchange.errors import CorrectionError, NotSharedError
from muniment.record.canonical import JsonValue
from muniment.record.identifiers import RecordId
from muniment.record.types import RecordType
from muniment.registry.exchange.catalogue import type_of_record
from muniment.registry.exchange.correcting import custodian_of, fields_beyond
from muniment.registry.exchange.keeping import noting, send
from muniment.registry.exchange.received import (
    ReceivedVersion,
    received_version,
    received_versions,
)
from muniment.registry.mirroring import sync
from muniment.registry.onward.proving import receipt_proof
from muniment.registry.record_types import UnknownTypeError
from muniment.registry.session import Session
from muniment.store.envelopes import EnvelopeRow


def request(
    session: Session,
    record_id: RecordId,
    reason: str,
    target: Path | None,
    *,
    fields: Mapping[str, JsonValue] | None = None,
    version: int | None = None,
) -> EnvelopeRow:
    """Ask for a correction of a version that was received here, the newest by default.

    The envelope for the custodian is kept, and written to `target`. Whether the share still runs
    does not matter: what was given may be wrong for ever. Raises `NotSharedError` for a record that
    this agency was not given, which stands in the history; `CorrectionError`, `InvalidInputError`.
    """
    with noting(session, "request correction", record_id=record_id):
        received = received_version(session, record_id, version)
    sync(session)
    delivered, own = received.delivered, session.profile.agency.id
    standing = custodian_of(session, record_id)
    custodian = delivered.issuer if standing is None else standing[0]
    if custodian == own:
        raise CorrectionError(
            f"record 0x{record_id.hex()} is in this agency's own custody",
            "a record that another agency keeps",
            remedy="amend it: `muniment amend`",
        )
    proposed = dict(fields or {})
    _require_fields(session, received, proposed)
    message = CorrectionRequest(
        record_id,
        delivered.version,
        received.digest,
        received.share_id,
        reason,
        proposed,
        _proof(session, received, custodian),
    )
    contents = [Outgoing(PartKind.MESSAGE, message.to_bytes(), record_id)]
    kind = EnvelopeKind.CORRECTION_REQUEST
    return send(session, kind, custodian, record_id, contents, target)


def _proof(session: Session, received: ReceivedVersion, custodian: int) -> bytes | None:
    """The proof that the version was received. Who delivered it may know so without."""
    try:
        return receipt_proof(session, received).to_bytes()
    except NotSharedError:
        if custodian != received.header.sender:
            raise
        return None


def values_of(
    session: Session, record_id: RecordId, texts: Mapping[str, str]
) -> dict[str, JsonValue]:
    """Return the values that texts say, by the record's type; where no type is known here they
    stay texts. Raises `InvalidInputError` for a text that is no value of its field."""
    found = type_of_record(session, record_id)
    known = None if found is None else found.schema
    if known is None:
        for each in received_versions(session, record_id):
            known = _type_of(session, each) or known
    return {
        name: text if known is None else known.value_of(name, text) for name, text in texts.items()
    }


def _type_of(session: Session, received: ReceivedVersion) -> RecordType | None:
    delivered = received.delivered
    try:
        return session.types_of(delivered.issuer).by_number(
            delivered.type_id, delivered.type_version
        )
    except UnknownTypeError:
        return None


def _require_fields(
    session: Session, received: ReceivedVersion, proposed: Mapping[str, JsonValue]
) -> None:
    """What is proposed was shown, or is a field that the type has."""
    hidden = sorted(set(proposed) - set(received.values))
    if not hidden:
        return
    known = _type_of(session, received)
    beyond = hidden if known is None else fields_beyond(known.schema, hidden)
    if beyond:
        raise CorrectionError(
            f"fields {', '.join(beyond)} were not shown, and the record's type has none of them",
            "fields that were shown, or that the type has",
            remedy="see them: `muniment received show`, `muniment catalogue`",
        )
