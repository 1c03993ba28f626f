# SPDX-License-Identifier: Apache-2.0
"""What was left to be fetched and nobody is to fetch any more.

A package holds the secrets of all that is in it, so it goes as soon as nothing needs it. One whose
offers its steward never signed goes without a trace: nobody could have it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.engine import Connection

from muniment.exchange.envelope_header import EnvelopeKind
from muniment.registry.exchange import tray
from muniment.registry.exchange.receiving import is_acknowledged
from muniment.registry.session import Session
from muniment.store import envelopes, handovers, outbox
from muniment.store.envelopes import EnvelopeRow
from muniment.store.handovers import ENDED, OFFERED, HandoverRecord
from muniment.store.outbox_rows import SubmissionState

_OFFERING_MS: Final = 3_600_000
"""How long whoever wrote a package may take to have its offers prepared."""


def clear_tray(session: Session, now_ms: int | None = None) -> int:
    """Take away what lies to be fetched and is not needed any more; return how many envelopes.

    Packages whose offers came to an end, or were never signed, and deliveries whose receipts stand
    on chain.
    """
    now = int(time.time() * 1000) if now_ms is None else now_ms
    cleared = 0
    for digest in list(tray.left(session)):
        with session.database.read() as connection:
            row = envelopes.of_digest(connection, digest)
        if row is None or not _is_needed(session, row, now):
            tray.take_away(session, digest)
            cleared += 1
    return cleared


def _is_needed(session: Session, row: EnvelopeRow, now_ms: int) -> bool:
    if row.kind == EnvelopeKind.DELIVERY:
        return not is_acknowledged(session, row.subject, row.digest)
    if row.kind != EnvelopeKind.CUSTODY:
        return True
    with session.database.write() as connection:
        rows = handovers.records_of(connection, row.subject)
        if not rows:
            if row.kept_ms + _OFFERING_MS > now_ms:
                return True
            envelopes.remove(connection, row.digest)
            return False
        refused = _refused(connection, rows)
        if len(refused) == len(rows):
            handovers.remove(connection, row.subject)
            envelopes.remove(connection, row.digest)
            return False
        handovers.put_records(
            connection,
            [
                replace(each, state=ENDED, reason="its offer was refused, or not signed")
                for each in refused
            ],
        )
    return not refused and any(each.state == OFFERED for each in rows)


def _refused(connection: Connection, rows: Sequence[HandoverRecord]) -> list[HandoverRecord]:
    """Those of some records whose offers were not signed, or refused."""
    sent = outbox.submissions_of(
        connection, [each.submission_id for each in rows if each.submission_id is not None]
    )
    return [
        each
        for each in rows
        if each.state == OFFERED
        and each.submission_id is not None
        and sent[each.submission_id].state is SubmissionState.REFUSED
    ]
