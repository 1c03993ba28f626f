# SPDX-License-Identifier: Apache-2.0
"""What is known of the copies that former custodians have of what they handed over."""

from __future__ import annotations

from dataclasses import dataclass

from muniment.store import handovers
from muniment.store.handovers import OUTSTANDING, Handover, HandoverRecord


@dataclass(frozen=True, slots=True)
class CopyStatement:
    """What is known of the copy that a former custodian had when a record's custody went over.

    `state` is outstanding, destroyed, kept or returned; all but the first are the word of agency
    `former`, in the signed envelope `statement` where the two are not the same agency. `since` in
    Unix milliseconds, when this agency learnt of it.
    """

    handover_id: bytes
    former: int
    custodian: int
    state: str
    share_id: bytes | None
    statement: bytes | None
    since: int

    @property
    def words(self) -> str:
        """It in words, for a history."""
        if self.state == OUTSTANDING:
            return f"copy outstanding at agency {self.former}"
        said = f"agency {self.former}'s word, signed"
        if self.state == handovers.KEPT and self.share_id is not None:
            return f"copy kept under share 0x{self.share_id.hex()} ({said})"
        if self.state == handovers.DESTROYED:
            return f"copy destroyed ({said})"
        return f"custody came back to agency {self.former}"


def copy_statement(handover: Handover, row: HandoverRecord) -> CopyStatement:
    """Return what is known of the copy that a hand-over left behind."""
    return CopyStatement(
        handover.handover_id,
        handover.from_agency,
        handover.to_agency,
        row.state,
        row.share_id,
        row.statement,
        row.changed_ms,
    )
