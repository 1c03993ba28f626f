# SPDX-License-Identifier: Apache-2.0
"""The acts of officers: each becomes a submission that the officer's own key signs."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from muniment.chain.contract import Call
from muniment.errors import InvalidInputError
from muniment.exchange.errors import NotCustodianError
from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.registry.journal_records import with_enrolment
from muniment.registry.reading import Standing, standing
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store.outbox_rows import Act

REASONS: Final = {
    "unspecified": 0,
    "error": 1,
    "fraud": 2,
    "ended": 3,
    "court": 4,
    "replaced": 5,
}
"""Why a record is revoked (SPEC § 10)."""

_CASE_TAG: Final = b"muniment/case/v1\0"


def case_commitment(session: Session, case: str) -> bytes:
    """Return what stands on chain for a case: 32 bytes that its number cannot be guessed from.

    HMAC-SHA-256 under the local-id key of the authority's key store, so that the same case gives
    the same bytes when the hold is released.
    """
    return hmac.digest(session.keys.local_id_key(), _CASE_TAG + _text("case", case), "sha256")


def _text(field: str, value: str) -> bytes:
    if not value.strip():
        raise InvalidInputError(field, "a text that names it", "empty")
    return unicodedata.normalize("NFC", value).encode()


def reason_code(reason: str | int, reasons: Mapping[str, int] = REASONS) -> int:
    """Return the code of a reason, one of `reasons` or a number. Raises `InvalidInputError`."""
    if isinstance(reason, int):
        return reason
    if reason.isdecimal():
        return int(reason)
    if reason not in reasons:
        known = ", ".join(reasons)
        raise InvalidInputError("reason", f"{known}, or a code of the agency's own", repr(reason))
    return reasons[reason]


def submit(
    session: Session,
    kind: str,
    call: Call,
    *,
    record_id: bytes | None = None,
    version: int | None = None,
) -> Submission:
    """Acknowledge an officer's act and return its submission."""
    act = Act(kind, call, record_id, version, session.officer)
    with session.database.write() as connection:
        [submission_id] = session.acknowledge(connection, [act])
    return Submission(submission_id, kind, record_id, version, session)


def on_record(
    session: Session,
    kind: str,
    record_id: RecordId,
    make: Callable[[Standing, int], Call],
    expected_version: int | None = None,
    also: Sequence[RecordId] = (),
    *,
    by_custodian: bool = True,
) -> Submission:
    """Acknowledge an act on a record: `make` gets what stands on chain and the version to expect.

    The record, and those that the act is `also` about, are enrolled with it where they stand in a
    journal alone.

    Without `expected_version` it is the one that stands now: what changes in between is refused by
    the registry, not overwritten. Raises `NotCustodianError` for an act that is the custodian's,
    where another agency is that.
    """
    now = standing(session, record_id)
    if by_custodian and now.state.custodian not in (0, session.profile.agency.id):
        raise NotCustodianError(record_id, now.state.custodian)
    # What stands in a journal alone stands there in its first version.
    latest = now.state.version if now.state.status is not Status.NONE else 1
    version = latest if expected_version is None else expected_version
    call = with_enrolment(session, [record_id, *also], make(now, version))
    return submit(session, kind, call, record_id=record_id, version=version)
