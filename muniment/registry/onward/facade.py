# SPDX-License-Identifier: Apache-2.0
"""`Registry.received`: what other agencies gave this one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.registry.access_entries import Access
from muniment.registry.exchange.received import ReceivedVersion
from muniment.registry.onward import checking, proving, showing
from muniment.registry.onward.checking import CheckedReceipt
from muniment.registry.onward.showing import ReceivedPlace
from muniment.registry.session import Session

OWN_WORK: Final = Access()


class Received:
    """What was received by shares. With `read_receipts` whatever shows content leaves an access
    entry, under the share by which it came. Errors are those of `muniment.exchange.errors`."""

    def __init__(self, session: Session) -> None:
        """Take a session; `Registry.received` makes one."""
        self._session = session

    def list(
        self, record_id: RecordId | None = None, *, limit: int | None = None
    ) -> list[ReceivedPlace]:
        """Return which versions were received, of one record or of all, the latest first."""
        return showing.received_places(self._session, record_id, limit=limit)

    def show(
        self, record_id: RecordId, version: int | None = None, *, access: Access = OWN_WORK
    ) -> ReceivedVersion:
        """Return a version with its values; see `showing.show`."""
        return showing.show(self._session, record_id, version, access)

    def extract(
        self,
        record_id: RecordId,
        name: str,
        target: Path,
        *,
        version: int | None = None,
        access: Access = OWN_WORK,
    ) -> FileValue:
        """Write the file of a field that was shown to `target`, whole and checked."""
        return showing.extract(self._session, record_id, name, target, version, access)

    def prove(
        self, record_id: RecordId, version: int | None = None, *, access: Access = OWN_WORK
    ) -> bytes:
        """Return the proof that a version was received; see `proving.prove`."""
        return proving.prove(self._session, record_id, version, access)

    def disclose(
        self,
        record_id: RecordId,
        fields: Sequence[str],
        *,
        version: int | None = None,
        access: Access = OWN_WORK,
    ) -> bytes:
        """Return evidence that shows some of what was received; see `proving.disclose`."""
        return proving.disclose(self._session, record_id, fields, version, access)

    def check(self, proof: bytes) -> CheckedReceipt:
        """Check a receipt proof, anybody's, against the chain; see `checking.check`."""
        return checking.check(self._session, proof)
