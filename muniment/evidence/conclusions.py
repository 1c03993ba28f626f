# SPDX-License-Identifier: Apache-2.0
"""From what the steps prove to what a verdict says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from muniment.errors import ProofError
from muniment.evidence.acts import EvidentAct
from muniment.evidence.conflicts import FORMAT as CONFLICT_FORMAT
from muniment.evidence.conflicts import ConflictFile
from muniment.evidence.entries import EvidentEntry
from muniment.evidence.files import Evidence, EvidenceFile, parsed_file
from muniment.evidence.verdict import Outcome, Verdict
from muniment.proof import BlockHeader
from muniment.proof.istanbul import IstanbulHeader
from muniment.record.commitment import Commitment
from muniment.record.identifiers import AgencyId, TypeId
from muniment.record.state import RecordState, Status
from muniment.record.trace import ActKind

_FIRST: Final = 1


class StepError(ProofError):
    """A step failed: INVALID, or UNKNOWN where it is the trust that does not reach so far."""

    def __init__(self, step: int, reason: str, *, unknown: bool = False) -> None:
        super().__init__(f"step {step}: {reason}")
        self.step = step
        self.reason = reason
        self.unknown = unknown


@dataclass(frozen=True, slots=True)
class Brought:
    """What brought a version: by whom, as what, and its commitment."""

    commitment: Commitment
    algorithm: int
    issuer: AgencyId
    type_id: TypeId


def file_of(data: bytes) -> EvidenceFile | ConflictFile:
    """Return the file of its bytes. Raises `EvidenceFormError` and no other error."""
    value = parsed_file(data)
    if isinstance(value, dict) and value.get("format") == CONFLICT_FORMAT:
        return ConflictFile.from_json(value)
    return EvidenceFile.from_json(value)


def brought_by(evidence: Evidence, version: int) -> Brought | None:
    """Return what brought a version, the latest act that did; None where nothing has."""
    for act in reversed(evidence.trace):
        commitment = act.commitment
        if commitment is not None and act.state.version == version:
            state = act.state
            issuer, type_id = AgencyId(state.issuer), TypeId(state.type_id)
            return Brought(commitment, state.algorithm, issuer, type_id)
    entered = evidence.entry
    if entered is not None and version == _FIRST:
        entry, agency = entered.entry, AgencyId(entered.agency_id)
        return Brought(entry.commitment, entry.algorithm, agency, entry.type_id)
    return None


def tell_acts(verdict: Verdict, trace: Sequence[EvidentAct], state: RecordState) -> None:
    """Tell what the state and the acts that led to it say."""
    verdict.issuer = state.issuer or None
    verdict.custodian = state.custodian or None
    verdict.type_id = state.type_id or None
    verdict.latest_version = state.version or None
    verdict.updated_at = state.updated_at or None
    verdict.holds = state.hold_count
    for act in trace:
        if act.kind in (ActKind.REGISTERED, ActKind.ENROLLED):
            verdict.registered_at = act.state.updated_at
        elif act.kind is ActKind.SUPERSEDED:
            verdict.superseded_by = f"0x{act.value('replacement').hex()}"
        elif act.kind is ActKind.REVOKED:
            verdict.revocation_reason = act.value("reason")


def tell_entry(verdict: Verdict, entry: EvidentEntry) -> None:
    """Tell what an entry says of a record to which nothing was done since."""
    verdict.issuer = verdict.custodian = entry.agency_id
    verdict.type_id = entry.entry.type_id
    verdict.latest_version = _FIRST
    verdict.journal, verdict.entry_index = entry.journal, entry.index
    # What the seal proves; the entry's own time is the agency's word.
    verdict.registered_at = entry.seal.sealed_at


def conclude(
    verdict: Verdict,
    evidence: Evidence,
    header: BlockHeader | IstanbulHeader,
    successor: int,
    oldest: int,
) -> None:
    """Decide the outcome of a record whose proofs all hold. `oldest` in Unix seconds."""
    state = evidence.trace[-1].state if evidence.trace else RecordState()
    earlier = verdict.version is not None and verdict.version < state.version
    if state.status is Status.NONE and evidence.entry is None:
        verdict.outcome, verdict.step = Outcome.UNKNOWN, 5
        verdict.reason = f"not registered as of block {header.number}"
    elif state.status is Status.DISPOSED:
        verdict.outcome, verdict.reason = Outcome.DISPOSED, "its secrets were destroyed"
    elif state.status is Status.REVOKED:
        verdict.outcome = Outcome.REVOKED
        verdict.reason = f"with reason {verdict.revocation_reason}"
    elif state.status is Status.SUPERSEDED:
        verdict.outcome, verdict.reason = Outcome.SUPERSEDED, f"by {verdict.superseded_by}"
    elif earlier:
        verdict.outcome, verdict.reason = Outcome.SUPERSEDED, f"by version {state.version}"
    elif successor:
        verdict.outcome = Outcome.STALE
        verdict.reason = f"the registry was succeeded by 0x{successor:040x}: ask there"
    elif header.timestamp < oldest:
        verdict.outcome = Outcome.STALE
        verdict.reason = "the block is older than the trust file allows: ask for a newer file"
    verdict.done.append(13)


def failed(verdict: Verdict, error: StepError) -> Verdict:
    """Return the verdict of a record of which a step failed."""
    verdict.outcome = Outcome.UNKNOWN if error.unknown else Outcome.INVALID
    verdict.step, verdict.reason = error.step, error.reason
    verdict.fields = None
    return verdict


def require_other_registration(file: ConflictFile) -> None:
    """Require that a conflict's trace registers the record otherwise than its entry does.

    Raises `ProofError`.
    """
    entry = file.entries[0]
    for act in file.trace:
        if act.kind is ActKind.REGISTERED:
            return
        if act.kind is ActKind.ENROLLED:
            here = (act.value("journal"), act.value("index"))
            if here != (entry.journal, entry.index):
                return
    raise ProofError(
        "the trace registers the record by this entry, or not at all",
        expected="another registration",
    )


def in_words(file: ConflictFile) -> str:
    """Return where a conflict's registrations stand."""
    places = [f"entry {each.index} of journal {each.journal}" for each in file.entries]
    return " and ".join([*places, "a transaction"] if file.trace else places)
