# SPDX-License-Identifier: Apache-2.0
"""Lives of records, told act by act, for what is made of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from muniment.analysis.life import Life, holds_of
from muniment.chain.bindings import record_registry as events
from muniment.chain.connection import Address, Block
from muniment.chain.contract import Event
from muniment.chain.traces import Trace, TracedAct, act_of
from muniment.record.commitment import Commitment
from muniment.record.identifiers import AgencyId, RecordId, TypeId
from muniment.record.state import RecordState, Status
from muniment.record.trace import TraceHead

START = 1_700_000_000
DAY = 86_400
AUTHORITY = Address("0x00000000000000000000000000000000000000AA")
OFFICER = Address("0x00000000000000000000000000000000000000BB")
STEWARD = Address("0x00000000000000000000000000000000000000CC")
AGENCIES = {1: "Land registry", 2: "State archive", 3: "Tax & duties <office>"}


def word(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@dataclass
class Story:
    """A record's acts, each some days after the start."""

    name: str = "deed"
    state: RecordState = field(default_factory=RecordState)
    acts: list[TracedAct] = field(default_factory=list)

    @property
    def record_id(self) -> RecordId:
        return RecordId(word(self.name))

    def _act(self, event: Event, days: float) -> Story:
        number, act = len(self.acts) + 1, act_of(event)
        time = act.state.updated_at
        self.acts.append(TracedAct(act, event, 100 + number, time, word(f"tx{number}")))
        self.state = act.state
        return self

    def _after(self, days: float, **changes: object) -> tuple[int, RecordState]:
        at = START + int(days * DAY)
        return len(self.acts) + 10, replace(self.state, updated_at=at, **changes)  # type: ignore[arg-type]

    def register(self, days: float = 0, agency: int = 1) -> Story:
        sequence, state = self._after(
            days,
            issuer=AgencyId(agency),
            custodian=AgencyId(agency),
            type_id=TypeId(2),
            type_version=1,
            version=1,
            algorithm=1,
            status=Status.IN_FORCE,
        )
        event = events.Registered(sequence, self.record_id, OFFICER, state, word("content 1"))
        return self._act(event, days)

    def enrol(self, days: float, agency: int = 1, index: int = 5) -> Story:
        sequence, state = self._after(
            days,
            issuer=AgencyId(agency),
            custodian=AgencyId(agency),
            type_id=TypeId(2),
            type_version=1,
            version=1,
            algorithm=1,
            status=Status.IN_FORCE,
        )
        content, leaf = word("content 1"), word("leaf")
        event = events.Enrolled(
            sequence, self.record_id, agency, OFFICER, state, content, leaf, 1, index, 100
        )
        return self._act(event, days)

    def amend(self, days: float) -> Story:
        version = self.state.version + 1
        sequence, state = self._after(days, version=version)
        content = word(f"content {version}")
        event = events.Amended(sequence, self.record_id, state.custodian, OFFICER, state, content)
        return self._act(event, days)

    def revoke(self, days: float, reason: int = 2) -> Story:
        sequence, state = self._after(days, status=Status.REVOKED)
        event = events.Revoked(sequence, self.record_id, state.custodian, OFFICER, state, reason)
        return self._act(event, days)

    def supersede(self, days: float, by: RecordId) -> Story:
        sequence, state = self._after(days, status=Status.SUPERSEDED)
        event = events.Superseded(sequence, self.record_id, state.custodian, OFFICER, state, by)
        return self._act(event, days)

    def hold(self, days: float, case: str = "case 1") -> Story:
        sequence, state = self._after(days, hold_count=self.state.hold_count + 1)
        return self._act(events.Held(sequence, self.record_id, AUTHORITY, state, word(case)), days)

    def release(self, days: float, case: str = "case 1") -> Story:
        sequence, state = self._after(days, hold_count=self.state.hold_count - 1)
        return self._act(
            events.Released(sequence, self.record_id, AUTHORITY, state, word(case)), days
        )

    def transfer(self, days: float, to: int) -> Story:
        before = self.state.custodian
        sequence, state = self._after(days, custodian=AgencyId(to))
        event = events.Transferred(sequence, self.record_id, to, STEWARD, state, before)
        return self._act(event, days)

    def dispose(self, days: float) -> Story:
        sequence, state = self._after(days, status=Status.DISPOSED)
        event = events.Disposed(
            sequence, self.record_id, state.custodian, STEWARD, state, OFFICER, word("mandate")
        )
        return self._act(event, days)

    def life(self, days: float = 400, **more: object) -> Life:
        block = Block(1204, word("block"), word("parent"), START + int(days * DAY))
        commitments = [each.act.commitment for each in self.acts if each.act.commitment]
        trace = Trace(
            self.record_id,
            block,
            tuple(self.acts),
            commitments[-1] if commitments else Commitment(bytes(32)),
            self.state,
            TraceHead(word("head")),
        )
        given = {"type_name": "land-deed", "holds": holds_of(trace.acts), **more}
        return Life(31337, "0x" + "ab" * 20, trace, agencies=AGENCIES, **given)  # type: ignore[arg-type]
