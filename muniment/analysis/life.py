# SPDX-License-Identifier: Apache-2.0
"""A record's life, as values: see `gathering.py`, which fills them.

The acts are its trace, complete and checked; of a record that was taken over, since then. The rest
is the history, each part what it is: seals, offers, holds on its type and shares are the mirror's;
deliveries and reads are this agency's word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from muniment.chain.bindings import record_registry as events
from muniment.chain.traces import Trace, TracedAct
from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.record.trace import ActKind
from muniment.registry import AccessEntry

ENDING: Final = (ActKind.SUPERSEDED, ActKind.REVOKED, ActKind.DISPOSED)
"""The acts that end a record's being in force."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A journal's seal on chain: its size and root, and when it was written (Unix seconds)."""

    size: int
    root: bytes
    sealed_at: int
    block_number: int


@dataclass(frozen=True, slots=True)
class Entered:
    """The entry that registered a record. `time` is the agency's word, None where only the chain
    is known; `seal` is the first that covers it, None where none does yet."""

    agency_id: int
    journal: int
    index: int
    commitment: bytes
    time: int | None
    seal: Seal | None


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold on the record, or on its type; `until` is None while it stands. Unix seconds."""

    authority: str
    case_commitment: bytes
    since: int
    until: int | None
    on_type: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of custody, and when it was closed by accepting, declining or withdrawing it."""

    from_agency: int
    to_agency: int
    at: int
    expires_at: int
    closed_at: int | None


@dataclass(frozen=True, slots=True)
class LifeShare:
    """A share that concerns the record, with the times of what became of it. `of_type` says that
    it is an agreement on all records of a type."""

    share_id: bytes
    requester: int
    granter: int
    of_type: bool
    requested_at: int
    granted_at: int | None
    ended_at: int | None
    expires_at: int
    status: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that holds the record. `made_at` is the sender's word; `received_at` is when the
    recipient's receipt was written on chain. Unix seconds."""

    digest: bytes
    share_id: bytes
    sender: int
    recipient: int
    made_at: int
    received_at: int | None


@dataclass(frozen=True, slots=True)
class TakenOver:
    """That the registry adopted the record from the one before, `at` the time of a block (Unix
    seconds), as it stood there: version, custodian, status, and `holds` by authority and case."""

    at: int
    version: int
    custodian: int
    status: Status
    holds: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """All that is known of a record at the trace's block.

    `type_name` is None where no mirror tells it, `reads` where they were not asked for; `agencies`
    are names by id; `registry` is the registry's address.
    """

    chain_id: int
    registry: str
    trace: Trace
    type_name: str | None
    agencies: Mapping[int, str]
    entered: Entered | None = None
    taken_over: TakenOver | None = None
    holds: tuple[Hold, ...] = ()
    offers: tuple[Offer, ...] = ()
    shares: tuple[LifeShare, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    reads: tuple[AccessEntry, ...] | None = ()

    @property
    def record_id(self) -> RecordId:
        """The record's id."""
        return self.trace.record_id

    @property
    def acts(self) -> tuple[TracedAct, ...]:
        """The acts on chain, in order."""
        return self.trace.acts


def holds_of(acts: Sequence[TracedAct], taken_over: TakenOver | None = None) -> tuple[Hold, ...]:
    """Return the holds on a record that its acts tell, the earliest first; those that it was taken
    over with since then."""
    open_holds: dict[tuple[str, bytes], int] = {}
    if taken_over is not None:
        open_holds = dict.fromkeys(taken_over.holds, taken_over.at)
    found = []
    for each in acts:
        event = each.event
        if isinstance(event, events.Held):
            open_holds[event.authority, event.case_commitment] = each.time
        elif isinstance(event, events.Released):
            key = (event.authority, event.case_commitment)
            found.append(Hold(*key, open_holds.pop(key), each.time, on_type=False))
    found += [Hold(*key, since, None, on_type=False) for key, since in open_holds.items()]
    return tuple(sorted(found, key=lambda hold: hold.since))
