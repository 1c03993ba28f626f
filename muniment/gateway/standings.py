# SPDX-License-Identifier: Apache-2.0
"""What the gateway knows of a record: from the chain, or from the mirror where no node answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from muniment.chain.bindings import record_registry as events
from muniment.errors import UnreachableError
from muniment.gateway.answers import hexadecimal
from muniment.gateway.refusals import (
    HeldRecordError,
    PreconditionMissingError,
    StaleCallError,
    UnknownResourceError,
)
from muniment.record.identifiers import RecordId
from muniment.record.instants import instant, instant_or_none
from muniment.record.state import RETAIN_FOREVER_DAY, RecordState, Status
from muniment.registry import reading
from muniment.registry.sealing import JournalPlace, place_of
from muniment.registry.session import Session
from muniment.store import mirror
from muniment.store.mirror_search import Filters, among
from muniment.store.versions import VersionRow, versions_of

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as it is known now: by `block`, from a node or (`mirrored`) from the mirror; its
    place in the journal; and the versions that are kept here."""

    record_id: RecordId
    block: int
    mirrored: bool
    state: RecordState
    commitment: bytes
    trace_head: bytes
    place: JournalPlace | None
    kept: tuple[VersionRow, ...]

    @property
    def version(self) -> int:
        """The version that stands: of a record in a journal alone the first."""
        return self.state.version or 1

    @property
    def etag(self) -> str:
        """Version and trace head: another act makes it another one."""
        return f'"{self.version}-{self.trace_head.hex()}"'

    @property
    def status(self) -> str:
        """The status on chain; what stands in a journal alone is in force."""
        if self.state.status is Status.NONE:
            return "in_force" if self.place is not None else "none"
        return self.state.status.name.lower()

    def body(self) -> dict[str, Any]:
        """Return it as answers have it."""
        state, place = self.state, self.place
        latest = self.kept[-1] if self.kept else None
        named = hexadecimal(self.record_id)
        return {
            "record": named,
            "status": self.status,
            "version": self.version,
            "as_of_block": self.block,
            "source": "mirror" if self.mirrored else "chain",
            "issuer": state.issuer or (None if latest is None else latest.agency_id),
            "custodian": state.custodian or (None if latest is None else latest.agency_id),
            "offered_to": state.offered_to or None,
            "offer_expires_at": instant_or_none(state.offer_expires_at),
            "holds": state.hold_count,
            "type_id": state.type_id or (None if latest is None else latest.type_id),
            "type_version": state.type_version or (None if latest is None else latest.type_version),
            "updated_at": instant_or_none(state.updated_at),
            "retain_until": _retained(state.retain_until),
            "commitment": hexadecimal(self.commitment if any(self.commitment) else None),
            "trace_head": hexadecimal(self.trace_head),
            "journal": None
            if place is None
            else {"journal": place.journal, "index": place.index, "stage": place.stage},
            "kept": None
            if latest is None
            else {
                "versions": [each.version for each in self.kept],
                "source_system": latest.source_system,
                "source_id": latest.source_id,
            },
            "links": {
                each: f"/records/{named}/{each}"
                for each in ("content", "trace", "history", "evidence", "registration")
            },
        }


def proposal_body(proposal: events.DispositionProposed | None) -> dict[str, Any] | None:
    """Return a proposal of disposition as answers have it: whose, and until when."""
    if proposal is None:
        return None
    return {"account": proposal.account, "expires_at": instant(proposal.expires_at)}


def _retained(day: int) -> str | None:
    return "for ever" if day == RETAIN_FOREVER_DAY else instant_or_none(day * _DAY)


def record_view(session: Session, record_id: RecordId) -> RecordView:
    """Return what is known of a record. Raises `UnknownResourceError` where nothing is."""
    place = place_of(session, record_id)
    with session.database.read() as connection:
        kept = tuple(versions_of(connection, record_id))
    try:
        found = reading.standing(session, record_id)
        state, commitment = found.state, bytes(found.commitment)
        head, block, mirrored = found.trace_head, found.block.number, False
    except UnreachableError:
        with session.database.read() as connection:
            top = mirror.top_block(connection)
            known = among(connection, [record_id], Filters())
        state = known[0].state if known else RecordState()
        commitment = bytes(known[0].commitment) if known else bytes(32)
        head = known[0].trace_head if known else bytes(32)
        block, mirrored = (-1 if top is None else top.number), True
    if state.is_empty and place is None and not kept:
        raise UnknownResourceError(
            f"record 0x{record_id.hex()} is not known here",
            "a record of the registry, or of this agency's journal",
        )
    return RecordView(record_id, block, mirrored, state, commitment, head, place, kept)


def require_current(view: RecordView, if_match: str | None) -> None:
    """Raise unless a change names what it changes: `PreconditionMissingError`, and
    `StaleCallError` with the version that stands; `HeldRecordError` while a hold forbids it."""
    if if_match is None:
        raise PreconditionMissingError
    shown = [each.strip().removeprefix("W/") for each in if_match.split(",")]
    if view.etag not in shown and "*" not in shown:
        raise StaleCallError(
            "the record has changed since it was read",
            f"If-Match: {view.etag}",
            remedy="read the record again, and decide anew",
            field="If-Match",
            current_version=view.version,
            current_etag=view.etag,
        )
    if view.state.hold_count:
        raise HeldRecordError(
            f"the record is held; holds on it: {view.state.hold_count}",
            "a record that no authority holds",
            remedy="wait until the authority releases it",
            current_version=view.version,
        )
