# SPDX-License-Identifier: Apache-2.0
"""`Registry.disposition`: what may be destroyed, who decides on it, and proof that it was."""

from __future__ import annotations

from collections.abc import Sequence

from muniment.record.identifiers import RecordId
from muniment.registry.disposition import certifying, deciding
from muniment.registry.disposition.deciding import Decided, DueRecord
from muniment.registry.session import Session


class Disposition:
    """Dispositions of many records. Records are named by their ids (32 bytes).

    Two officers decide: a REGISTRAR proposes, a STEWARD with another account confirms. What is
    stopped is named and left out; the rest goes through, and the same call again does the rest.
    """

    def __init__(self, session: Session) -> None:
        """Take a session; `Registry.disposition` makes one."""
        self._session = session

    def due(self, type_name: str | None = None) -> list[DueRecord]:
        """Return the records in this agency's custody whose retention has ended, with what stops
        each."""
        return deciding.list_due(self._session, type_name)

    def propose(
        self,
        record_ids: Sequence[RecordId] | None,
        mandate: str,
        *,
        days: int = 30,
        type_name: str | None = None,
    ) -> Decided:
        """Propose dispositions, None for all that are due. See `deciding.propose`."""
        return deciding.propose(self._session, record_ids, mandate, days=days, type_name=type_name)

    def confirm(
        self, record_ids: Sequence[RecordId] | None, *, type_name: str | None = None
    ) -> Decided:
        """Confirm dispositions, None for all that are due and proposed. See `deciding.confirm`."""
        return deciding.confirm(self._session, record_ids, type_name=type_name)

    def certificate(
        self, record_id: RecordId, *, mandate: str | None = None, with_evidence: bool = True
    ) -> bytes:
        """Return the signed certificate that a record was disposed of, and its secrets destroyed.

        See `certifying.make_certificate`.
        """
        return certifying.make_certificate(
            self._session, record_id, words=mandate, with_evidence=with_evidence
        )
