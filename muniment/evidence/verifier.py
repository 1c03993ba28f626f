# SPDX-License-Identifier: Apache-2.0
"""The verifier: numbered steps from a file's bytes to a verdict (docs/spec/evidence.md, § 3).

    verifier = Verifier(TrustFile.from_bytes(trust), now=int(time.time()))
    for verdict in verifier.verify(evidence): ...

It needs no chain and no database. Whatever bytes come in, verdicts come out and nothing is raised:
what cannot be is INVALID with the step that shows it; what cannot be known from here is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from muniment.errors import MunimentError, ProofError
from muniment.evidence.files import Evidence, EvidenceFile
from muniment.evidence.trust import TrustFile
from muniment.evidence.verdict import Outcome, Verdict
from muniment.proof import BlockHeader, StateProof, record_slots, successor_slot, type_head_slot
from muniment.record.commitment import RecordHeader
from muniment.record.disclosure import verify as verify_disclosure
from muniment.record.files import FileValue
from muniment.record.identifiers import TypeId
from muniment.record.state import RecordState, Status
from muniment.record.trace import ActKind, verify_trace

STEPS: Final = {
    1: "the file has its form, byte for byte",
    2: "the trust file covers this chain and registry, and has not expired",
    3: "the block header is one, and gives the block's hash",
    4: "the registry's account is in the block's state, with the trusted code",
    5: "the record's slots, its type's and the successor's are in the registry's storage",
    6: "the trace leads exactly to these slots",
    7: "the shown version is one of the trace",
    8: "the shown fields belong to the version's commitment",
    9: "the document is the one that a shown field names",
    10: "nothing in the file is without use",
    11: "the block is trusted",
    12: "the registry has no successor, and the block is young enough",
}

BlockHash = Callable[[int], bytes | None]
"""Returns the hash that a trusted node has for a block number, None where none of them tells."""

_HOLD_COUNT_AT: Final = 40
_HOLD_COUNT_BITS: Final = 0xFFFF
_UNKNOWN_RECORD: Final = bytes(32)


class _StepError(ProofError):
    """A step failed: INVALID, or UNKNOWN where it is the trust that does not reach so far."""

    def __init__(self, step: int, reason: str, *, unknown: bool = False) -> None:
        super().__init__(f"step {step}: {reason}")
        self.step = step
        self.reason = reason
        self.unknown = unknown


@dataclass(frozen=True, slots=True)
class Document:
    """A file to compare with the shown fields: its digest (SHA-256) and length."""

    name: str
    digest: bytes
    length: int


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What the anchor proves, for all records of a file."""

    header: BlockHeader
    storage_root: bytes
    successor: int
    proof: StateProof


class Verifier:
    """Verifies evidence under a trust file. `now` in Unix seconds; `block_hash` asks trusted nodes,
    without it only the trust file's blocks are trusted. `any_code` leaves the code's hash out: for
    whoever makes evidence, to check it."""

    def __init__(
        self,
        trust: TrustFile,
        *,
        now: int,
        block_hash: BlockHash | None = None,
        any_code: bool = False,
    ) -> None:
        """Take what is trusted."""
        self.trust = trust
        self.now = now
        self.block_hash = block_hash
        self.any_code = any_code

    def verify(self, data: bytes, document: Document | None = None) -> list[Verdict]:
        """Return a verdict for each record of an evidence file, one at least."""
        common = self._blank(_UNKNOWN_RECORD)
        try:
            # (1) The form.
            file = EvidenceFile.from_bytes(data)
        except MunimentError as error:
            return [_failed(common, _StepError(1, str(error)))]
        common.done.append(1)
        try:
            anchored = self._anchor(file, common)
        except _StepError as error:
            for_all = [self._blank(each.record_id) for each in file.records]
            for verdict in for_all:
                verdict.done = list(common.done)
            return [_failed(verdict, error) for verdict in for_all]
        verdicts = [self._record(each, anchored, common, document) for each in file.records]
        self._finish(file, anchored, verdicts)
        return verdicts

    # --- (2) to (4), once for a file --------------------------------------------------------------

    def _anchor(self, file: EvidenceFile, verdict: Verdict) -> _Anchored:
        anchor, trust = file.anchor, self.trust
        # (2) What is trusted.
        if (anchor.chain_id, anchor.registry) != (trust.chain_id, trust.registry):
            raise _StepError(
                2,
                f"registry 0x{anchor.registry.hex()} of chain {anchor.chain_id}; the trust file "
                f"covers 0x{trust.registry.hex()} of chain {trust.chain_id}",
                unknown=True,
            )
        if self.now > trust.expires:
            raise _StepError(2, "the trust file has expired", unknown=True)
        verdict.done.append(2)
        proof = StateProof(anchor.nodes)
        try:
            # (3) The header.
            step = 3
            header = BlockHeader.from_rlp(anchor.header)
            verdict.done.append(3)
            # (4) The account.
            step = 4
            account = proof.account(header.state_root, anchor.registry)
            if not self.any_code:
                _require_code(account.code_hash, trust.code_hash)
            verdict.done.append(4)
            step = 5
            successor = proof.word(account.storage_root, successor_slot())
        except _StepError:
            raise
        except MunimentError as error:
            raise _StepError(step, str(error)) from error
        verdict.chain_id = anchor.chain_id
        verdict.registry = f"0x{anchor.registry.hex()}"
        verdict.block_number = header.number
        verdict.block_time = header.timestamp
        return _Anchored(header, account.storage_root, successor, proof)

    # --- (5) to (9), for each record --------------------------------------------------------------

    def _record(
        self, evidence: Evidence, anchored: _Anchored, common: Verdict, document: Document | None
    ) -> Verdict:
        verdict = self._blank(evidence.record_id)
        verdict.done = list(common.done)
        for name in ("chain_id", "registry", "block_number", "block_time"):
            setattr(verdict, name, getattr(common, name))
        step = 5
        try:
            # (5) The slots.
            slots = record_slots(evidence.record_id)
            commitment, word, head = (
                anchored.proof.word(anchored.storage_root, slot) for slot in slots
            )
            state = RecordState.from_word(word)
            if state.type_id:
                slot = type_head_slot(state.issuer, state.type_id)
                type_head = anchored.proof.word(anchored.storage_root, slot)
                verdict.type_holds = (type_head >> _HOLD_COUNT_AT) & _HOLD_COUNT_BITS
            verdict.done.append(5)

            # (6) The trace.
            step = 6
            acts = [act.act(evidence.record_id, place) for place, act in enumerate(evidence.trace)]
            committed = commitment.to_bytes(32, "big")
            verify_trace(evidence.record_id, acts, committed, state, head.to_bytes(32, "big"))
            verdict.done.append(6)
            _tell(verdict, evidence, state)

            # (7), (8) The content.
            step = 7
            if evidence.content is not None:
                self._content(evidence, verdict)
            # (9) The document.
            step = 9
            if document is not None:
                _require_document(verdict, document)
                verdict.done.append(9)
        except _StepError as error:
            return _failed(verdict, error)
        except MunimentError as error:
            return _failed(verdict, _StepError(step, str(error)))
        verdict.outcome = Outcome.VALID
        return verdict

    def _content(self, evidence: Evidence, verdict: Verdict) -> None:
        content = evidence.content
        assert content is not None, "the caller has looked"
        # (7) The act that brought this version.
        brought = [
            act
            for act in evidence.trace
            if act.commitment is not None and act.state.version == content.version
        ]
        if not brought:
            raise _StepError(7, f"the trace has no version {content.version}")
        act = brought[-1]
        if act.state.algorithm not in self.trust.algorithms:
            what = f"digest algorithm {act.state.algorithm} is not accepted by the trust file"
            raise _StepError(7, what, unknown=True)
        header = RecordHeader(
            record_id=evidence.record_id,
            issuer=act.state.issuer,
            type_id=TypeId(act.state.type_id),
            schema_digest=content.schema_digest,
            version=content.version,
            algorithm=act.state.algorithm,
        )
        verdict.version = content.version
        verdict.done.append(7)
        # (8) The fields, by the steps of docs/spec/records.md.
        commitment = act.commitment
        assert commitment is not None, "such acts alone were chosen"
        try:
            verdict.fields = verify_disclosure(header, content.disclosure, commitment)
        except MunimentError as error:
            raise _StepError(8, str(error)) from error
        verdict.done.append(8)

    # --- (10) to (12), once more for all ----------------------------------------------------------

    def _finish(self, file: EvidenceFile, anchored: _Anchored, verdicts: list[Verdict]) -> None:
        try:
            # (10) Nothing is without use: two files of one meaning would be two truths. What a
            # failed record would have used is not known.
            sound = all(verdict.outcome is not Outcome.INVALID for verdict in verdicts)
            _require_use(anchored.proof.unused if sound else 0)
            # (11) The block.
            self._require_trusted(anchored.header)
        except _StepError as error:
            for verdict in verdicts:
                if verdict.outcome is not Outcome.INVALID:
                    verdict.done += [10] if error.step > 10 else []
                    _failed(verdict, error)
            return
        for verdict, evidence in zip(verdicts, file.records, strict=True):
            if verdict.outcome is Outcome.VALID:
                verdict.done += [10, 11]
                _conclude(verdict, evidence, anchored, self.now - self.trust.greatest_age)

    def _require_trusted(self, header: BlockHeader) -> None:
        known = self.trust.blocks.get(header.number)
        if known is None and self.block_hash is not None:
            known = self.block_hash(header.number)
        if known is None:
            raise _StepError(
                11,
                f"block {header.number} is neither in the trust file nor known from a trusted node",
                unknown=True,
            )
        if known != header.hash:
            raise _StepError(
                11, f"block {header.number} is 0x{header.hash.hex()}, not 0x{known.hex()}"
            )

    def _blank(self, record_id: bytes) -> Verdict:
        return Verdict(record_id=record_id, trust=self.trust.fingerprint)


def _require_code(code_hash: bytes, trusted: bytes) -> None:
    if code_hash != trusted:
        what = f"the registry's code is 0x{code_hash.hex()}, not the trusted 0x{trusted.hex()}"
        raise _StepError(4, what)


def _require_use(unused: int) -> None:
    if unused:
        raise _StepError(10, f"{unused} trie nodes that no step uses")


def _tell(verdict: Verdict, evidence: Evidence, state: RecordState) -> None:
    verdict.issuer = state.issuer or None
    verdict.custodian = state.custodian or None
    verdict.type_id = state.type_id or None
    verdict.latest_version = state.version or None
    verdict.updated_at = state.updated_at or None
    verdict.holds = state.hold_count
    for act in evidence.trace:
        if act.kind in (ActKind.REGISTERED, ActKind.ENROLLED):
            verdict.registered_at = act.state.updated_at
        elif act.kind is ActKind.SUPERSEDED:
            verdict.superseded_by = f"0x{act.value('replacement').hex()}"
        elif act.kind is ActKind.REVOKED:
            verdict.revocation_reason = act.value("reason")


def _require_document(verdict: Verdict, document: Document) -> None:
    for name, value in (verdict.fields or {}).items():
        try:
            file = FileValue.from_json(value)
        except MunimentError:
            continue
        if (file.digest, file.length) == (document.digest, document.length):
            verdict.document = name
            return
    raise _StepError(9, f"{document.name} is none of the files that the shown fields name")


def _conclude(verdict: Verdict, evidence: Evidence, anchored: _Anchored, oldest: int) -> None:
    """(12) The outcome, of a record whose proofs all hold."""
    state = evidence.trace[-1].state if evidence.trace else RecordState()
    earlier = verdict.version is not None and verdict.version < state.version
    if state.status is Status.NONE:
        verdict.outcome, verdict.step = Outcome.UNKNOWN, 5
        verdict.reason = f"not registered as of block {anchored.header.number}"
    elif state.status is Status.DISPOSED:
        verdict.outcome, verdict.reason = Outcome.DISPOSED, "its secrets were destroyed"
    elif state.status is Status.REVOKED:
        verdict.outcome = Outcome.REVOKED
        verdict.reason = f"with reason {verdict.revocation_reason}"
    elif state.status is Status.SUPERSEDED:
        verdict.outcome, verdict.reason = Outcome.SUPERSEDED, f"by {verdict.superseded_by}"
    elif earlier:
        verdict.outcome, verdict.reason = Outcome.SUPERSEDED, f"by version {state.version}"
    elif anchored.successor:
        verdict.outcome = Outcome.STALE
        verdict.reason = f"the registry was succeeded by 0x{anchored.successor:040x}: ask there"
    elif anchored.header.timestamp < oldest:
        verdict.outcome = Outcome.STALE
        verdict.reason = "the block is older than the trust file allows: ask for a newer file"
    verdict.done.append(12)


def _failed(verdict: Verdict, error: _StepError) -> Verdict:
    verdict.outcome = Outcome.UNKNOWN if error.unknown else Outcome.INVALID
    verdict.step, verdict.reason = error.step, error.reason
    verdict.fields = None
    return verdict
