# SPDX-License-Identifier: Apache-2.0
"""Lines of a history that tell how content went along with custody, and what became of copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from muniment.record.identifiers import RecordId
from muniment.registry.custody.copies import copy_statement
from muniment.registry.history.lines import OUR_WORD, HistoryLine, Kind
from muniment.registry.session import Session
from muniment.store import handovers
from muniment.store.handovers import ENDED, Handover, HandoverRecord


def handed_over(session: Session, record_id: RecordId) -> Iterator[HistoryLine]:
    """Tell each hand-over of the record, what became of it, and of the former custodian's copy."""
    own = session.profile.agency.id
    with session.database.read() as connection:
        found = handovers.of_record(connection, record_id)
    for handover, row in found:
        yield _begun(handover, row, own)
        if row.state == ENDED:
            yield _line(handover, row, f"offer of custody came to nothing: {row.reason}", OUR_WORD)
        if row.state in handovers.WENT_OVER:
            said = copy_statement(handover, row)
            proof = OUR_WORD if row.statement is None else f"signed by agency {said.former}"
            yield _line(handover, row, said.words, proof)


def _begun(handover: Handover, row: HandoverRecord, own: int) -> HistoryLine:
    given = handover.from_agency == own
    what = "custody offered with its content" if given else "custody package checked and kept"
    time = handover.made_ms / 1000
    values = {**_values(handover, row), "event": "offered" if given else "kept", "time": time}
    return HistoryLine(
        Kind.CUSTODY,
        time,
        what,
        f"agency {own}",
        row.version,
        f"to agency {handover.to_agency}" if given else f"from agency {handover.from_agency}",
        OUR_WORD if given else f"signed by agency {handover.from_agency}",
        values,
    )


def _line(handover: Handover, row: HandoverRecord, what: str, proof: str) -> HistoryLine:
    time = row.changed_ms / 1000
    values = {**_values(handover, row), "event": row.state, "time": time}
    who = f"agency {handover.from_agency}"
    return HistoryLine(Kind.CUSTODY, time, what, who, row.version, "", proof, values)


def _values(handover: Handover, row: HandoverRecord) -> dict[str, Any]:
    return {
        "handover": f"0x{handover.handover_id.hex()}",
        "package": f"0x{handover.digest.hex()}",
        "from": handover.from_agency,
        "to": handover.to_agency,
        "version": row.version,
        "reason": row.reason or None,
        "share": None if row.share_id is None else f"0x{row.share_id.hex()}",
        "statement": None if row.statement is None else f"0x{row.statement.hex()}",
    }
