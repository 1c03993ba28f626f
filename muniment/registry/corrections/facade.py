# SPDX-License-Identifier: Apache-2.0
"""`Registry.corrections`: what a recipient asks to be corrected, and what the custodian decides."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from muniment.record.canonical import JsonValue
from muniment.record.identifiers import RecordId
from muniment.registry.corrections import deciding, listing, requesting
from muniment.registry.corrections.deciding import Amend, Decided
from muniment.registry.corrections.listing import CorrectionView
from muniment.registry.session import Session
from muniment.store.envelopes import EnvelopeRow


class Corrections:
    """Requests for corrections, named by the digests of their envelopes (32 bytes).

    Files are envelopes, which the other agency takes in by `Exchange.receive`. Errors are those of
    `muniment.exchange.errors`.
    """

    def __init__(self, session: Session, amend: Amend) -> None:
        """Take a session, and how records are amended; `Registry.corrections` makes one."""
        self._session = session
        self._amend = amend

    def request(
        self,
        record_id: RecordId,
        reason: str,
        target: Path | None = None,
        *,
        fields: Mapping[str, JsonValue] | None = None,
        version: int | None = None,
    ) -> EnvelopeRow:
        """Ask for a correction of what was received; see `requesting.request`."""
        return requesting.request(
            self._session, record_id, reason, target, fields=fields, version=version
        )

    def values_of(self, record_id: RecordId, texts: Mapping[str, str]) -> dict[str, JsonValue]:
        """Return the values that texts say, by the record's type."""
        return requesting.values_of(self._session, record_id, texts)

    def list(
        self, record_id: RecordId | None = None, *, status: str | None = None
    ) -> list[CorrectionView]:
        """Return the requests of one record or of all: open, accepted or refused."""
        return listing.corrections(self._session, record_id, status=status)

    def show(self, request: bytes) -> CorrectionView:
        """Return a request with its answer. Raises `CorrectionError`."""
        return listing.correction(self._session, request)

    def accept(
        self,
        request: bytes,
        target: Path | None = None,
        *,
        fields: Mapping[str, JsonValue] | None = None,
        version: int | None = None,
        reason: str = "",
        timeout: float | None = 120.0,
    ) -> Decided:
        """Accept a request: amend, and answer; see `deciding.accept`."""
        return deciding.accept(
            self._session,
            self._amend,
            request,
            target,
            fields=fields,
            version=version,
            reason=reason,
            timeout=timeout,
        )

    def refuse(self, request: bytes, reason: str, target: Path | None = None) -> Decided:
        """Refuse a request for a reason; see `deciding.refuse`."""
        return deciding.refuse(self._session, request, reason, target)
