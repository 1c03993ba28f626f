# SPDX-License-Identifier: Apache-2.0
"""Records whose rows vanished from their source: nothing happens to them until somebody decides."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from muniment.errors import InvalidInputError
from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.registry.session import Session
from muniment.store import syncs
from muniment.store.mirror_search import Filters, among
from muniment.store.syncs import SyncedRow
from muniment.store.versions import versions_of_records


class Decision(enum.StrEnum):
    """What was decided of a record whose row vanished."""

    KEEP = "keep"
    REVOKE = "revoke"
    DISPOSE = "dispose"


@dataclass(frozen=True, slots=True)
class VanishedRow:
    """A record whose row a comparison missed, since when (Unix milliseconds), and what was decided
    of it. `source_id` is None where it is not kept here; `status` is the mirror's."""

    sync: str
    record_id: RecordId
    source_id: str | None
    vanished_ms: int
    version: int
    status: Status
    decision: Decision | None


def list_vanished(
    session: Session, name: str | None = None, *, decided: bool = False
) -> list[VanishedRow]:
    """Return what waits for a decision, of one sync or all, and with `decided` the rest too.

    Raises `InvalidInputError` for a sync that never was.
    """
    with session.database.read() as connection:
        names = {each.sync_id: each.name for each in syncs.states(connection)}
        chosen = [number for number, each in names.items() if each == name]
        if name is not None and not chosen:
            known = ", ".join(map(repr, names.values())) or "none: nothing was followed yet"
            raise InvalidInputError("sync", f"one of {known}", repr(name))
        rows = syncs.vanished_rows(connection, chosen[0] if chosen else None, decided=decided)
        ids = [each.record_id for each in rows]
        kept = versions_of_records(connection, ids)
        status = {each.record_id: each.state.status for each in among(connection, ids, Filters())}
    return [
        VanishedRow(
            names[each.sync_id],
            each.record_id,
            kept[each.record_id][0].source_id if kept[each.record_id] else None,
            each.vanished_ms or 0,
            kept[each.record_id][-1].version if kept[each.record_id] else 0,
            status.get(each.record_id, Status.NONE),
            None if each.decision is None else Decision(each.decision),
        )
        for each in rows
    ]


def require_vanished(session: Session, record_ids: Sequence[RecordId]) -> list[SyncedRow]:
    """Return the rows of records that vanished. Raises `InvalidInputError` for one that did not,
    before anything is decided of the others."""
    found = []
    with session.database.read() as connection:
        for each in record_ids:
            rows = syncs.vanished_of(connection, each)
            if not rows:
                raise InvalidInputError(
                    f"record 0x{each.hex()}",
                    "one whose row vanished from its source",
                    "another",
                    remedy="`muniment sync vanished` lists them",
                )
            found += rows
    return found


def note_decision(session: Session, rows: Sequence[SyncedRow], decision: Decision | None) -> None:
    """Write down what was decided, None to take it back. A row that is there again clears it, with
    its mark."""
    with session.database.write() as connection:
        syncs.decide(connection, rows, decision)
