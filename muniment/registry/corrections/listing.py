# SPDX-License-Identifier: Apache-2.0
"""Which corrections were asked for, by whom, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from muniment.exchange.corrections import CorrectionAnswer, CorrectionRequest
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.errors import CorrectionError, NotAddressedError
from muniment.record.identifiers import RecordId
from muniment.record.instants import instant
from muniment.registry.exchange.correcting import OPEN, answer_to, request_in
from muniment.registry.session import Session
from muniment.store import envelopes
from muniment.store.envelopes import EnvelopeRow


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """A request, sent or received, and what became of it.

    `request` and `answer` are None where the epoch of the key that they were for is retired: that
    they were, and what was decided, is known all the same. `answered_by` is the envelope of the
    answer.
    """

    row: EnvelopeRow
    request: CorrectionRequest | None
    answer: CorrectionAnswer | None
    answered_by: EnvelopeRow | None

    @property
    def digest(self) -> bytes:
        """What the request is known by (32 bytes)."""
        return self.row.digest

    @property
    def record_id(self) -> RecordId:
        """The record that it is about."""
        return RecordId(self.row.subject)

    @property
    def status(self) -> str:
        """Open, accepted or refused."""
        return "open" if self.row.state == OPEN else self.row.state

    def to_json(self) -> dict[str, Any]:
        """Return it as answers and `--json` have it; what nobody here can read any more is null."""
        asked, answer, answered_by = self.request, self.answer, self.answered_by
        shown: dict[str, Any] = {
            "request": f"0x{self.digest.hex()}",
            "record": f"0x{self.record_id.hex()}",
            "direction": self.row.direction,
            "agency": self.row.agency_id,
            "made_at": instant(self.row.made_at),
            "status": self.status,
            "version": None,
            "reason": None,
            "proposed": None,
            "answer": None,
        }
        if asked is not None:
            shown |= {
                "version": asked.version,
                "share": f"0x{asked.share_id.hex()}",
                "delivery": f"0x{asked.delivery.hex()}",
                "reason": asked.reason,
                "proposed": dict(asked.fields),
            }
        if answer is not None and answered_by is not None:
            shown["answer"] = {
                "answer": f"0x{answered_by.digest.hex()}",
                "decision": str(answer.decision),
                "version": answer.version,
                "reason": answer.reason,
                "made_at": instant(answered_by.made_at),
            }
        return shown


def corrections(
    session: Session, record_id: RecordId | None = None, *, status: str | None = None
) -> list[CorrectionView]:
    """Return the requests of one record or of all, the earliest first; those of a status alone."""
    with session.database.read() as connection:
        rows = envelopes.find(
            connection, kinds=[EnvelopeKind.CORRECTION_REQUEST], subject=record_id
        )
    found = [_view(session, each) for each in rows]
    return [each for each in found if status in (None, each.status)]


def correction(session: Session, digest: bytes) -> CorrectionView:
    """Return a request by the digest of its envelope. Raises `CorrectionError`."""
    with session.database.read() as connection:
        row = envelopes.of_digest(connection, digest)
    if row is None or row.kind != EnvelopeKind.CORRECTION_REQUEST:
        what = f"no request 0x{digest.hex()} was sent or received here"
        raise CorrectionError(what, "the digest of a request's envelope")
    return _view(session, row)


def _view(session: Session, row: EnvelopeRow) -> CorrectionView:
    try:
        request, found = request_in(session, row), answer_to(session, row)
    except NotAddressedError:
        return CorrectionView(row, None, None, None)
    answered_by, answer = (None, None) if found is None else found
    return CorrectionView(row, request, answer, answered_by)
