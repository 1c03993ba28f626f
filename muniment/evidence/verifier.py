# SPDX-License-Identifier: Apache-2.0
"""The verifier: numbered steps from a file's bytes to a verdict (docs/spec/evidence.md, § 3).

    verifier = Verifier(TrustFile.from_bytes(trust), now=int(time.time()))
    for verdict in verifier.verify(evidence): ...

It needs no chain and no database. Whatever bytes come in, verdicts come out and nothing is raised:
what cannot be is INVALID with the step that shows it; what cannot be known from here is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from muniment.errors import MunimentError
from muniment.evidence.block_trust import (
    BlockHash,
    Header,
    require_covered,
    require_trusted,
    tell_block,
)
from muniment.evidence.conclusions import (
    StepError,
    brought_by,
    conclude,
    failed,
    file_of,
    in_words,
    require_other_registration,
    tell_acts,
    tell_entry,
)
from muniment.evidence.conflicts import ConflictFile
from muniment.evidence.entries import EvidentEntry
from muniment.evidence.files import Anchor, Evidence, EvidenceFile, ShownContent
from muniment.evidence.trust import TrustFile
from muniment.evidence.verdict import Outcome, Verdict
from muniment.proof import (
    BlockHeader,
    StateProof,
    journal_head_slot,
    record_slots,
    seal_slot,
    successor_slot,
    type_head_slot,
)
from muniment.proof.istanbul import IstanbulHeader, kaia_account
from muniment.proof.state import ethereum_account
from muniment.record.commitment import RecordHeader
from muniment.record.disclosure import verify as verify_disclosure
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.state import RecordState, Status
from muniment.record.trace import verify_trace

STEPS: Final = {
    1: "the file has its form, byte for byte",
    2: "the trust file covers this chain and registry, and has not expired",
    3: "the block header is one, and gives the block's hash",
    4: "the registry's account is in the block's state, with the trusted code",
    5: "the record's slots, its type's and the successor's are in the registry's storage",
    6: "the trace leads exactly to these slots",
    7: "the journal's entry registers the record, under a seal that the registry has",
    8: "the shown version is one of the trace, or the entry's",
    9: "the shown fields belong to the version's commitment",
    10: "the document is the one that a shown field names",
    11: "nothing in the file is without use",
    12: "the block is trusted: by its hash, or by who signed it",
    13: "the registry has no successor, and the block is young enough",
}

_HOLD_COUNT_AT: Final = 40
_HOLD_COUNT_BITS: Final = 0xFFFF
_UNKNOWN_RECORD: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Document:
    """A file to compare with the shown fields: its digest (SHA-256) and length."""

    name: str
    digest: bytes
    length: int


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What the anchor proves, for all records of a file."""

    anchor: Anchor
    header: Header
    storage_root: bytes
    successor: int
    proof: StateProof

    def word(self, slot: int) -> int:
        """The word in a slot of the registry. Raises `StateProofError`."""
        return self.proof.word(self.storage_root, slot)


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
            file = file_of(data)
        except MunimentError as error:
            return [failed(common, StepError(1, str(error)))]
        common.done.append(1)
        try:
            anchored = self._anchor(file, common)
        except StepError as error:
            for_all = [self._blank(each) for each in file.record_ids]
            for verdict in for_all:
                verdict.done = list(common.done)
            return [failed(verdict, error) for verdict in for_all]
        if isinstance(file, ConflictFile):
            contradiction = self._conflict(file, anchored, common)
            self._finish(anchored, [contradiction])
            return [contradiction]
        verdicts = [self._record(each, anchored, common, document) for each in file.records]
        if self._finish(anchored, verdicts):
            oldest = self.now - self.trust.greatest_age
            for verdict, evidence in zip(verdicts, file.records, strict=True):
                if verdict.outcome is Outcome.VALID:
                    # (13) The outcome, of a record whose proofs all hold.
                    conclude(verdict, evidence, anchored.header, anchored.successor, oldest)
        return verdicts

    # --- (2) to (4), once for a file --------------------------------------------------------------

    def _anchor(self, file: EvidenceFile | ConflictFile, verdict: Verdict) -> _Anchored:
        anchor, trust = file.anchor, self.trust
        # (2) What is trusted.
        require_covered(anchor, trust, self.now)
        verdict.done.append(2)
        proof = StateProof(anchor.nodes)
        try:
            # (3) The header.
            step = 3
            signed = bool(anchor.engine)
            kind: type[Header] = IstanbulHeader if signed else BlockHeader
            header = kind.from_rlp(anchor.header)
            verdict.done.append(3)
            # (4) The account.
            step = 4
            encoding = kaia_account if signed else ethereum_account
            account = proof.account(header.state_root, anchor.registry, encoding)
            if not self.any_code:
                _require_code(account.code_hash, trust.code_hash)
            verdict.done.append(4)
            step = 5
            successor = proof.word(account.storage_root, successor_slot())
        except StepError:
            raise
        except MunimentError as error:
            raise StepError(step, str(error)) from error
        verdict.chain_id = anchor.chain_id
        verdict.registry = f"0x{anchor.registry.hex()}"
        verdict.block_number = header.number
        verdict.block_time = header.timestamp
        return _Anchored(anchor, header, account.storage_root, successor, proof)

    # --- (5) to (10), for each record -------------------------------------------------------------

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
            commitment, word, head = (anchored.word(s) for s in record_slots(evidence.record_id))
            state = RecordState.from_word(word)
            entry = evidence.entry
            of_type = (int(state.issuer), int(state.type_id))
            if entry is not None:
                of_type = (entry.agency_id, entry.entry.type_id)
            if of_type[1]:
                type_head = anchored.word(type_head_slot(*of_type))
                verdict.type_holds = (type_head >> _HOLD_COUNT_AT) & _HOLD_COUNT_BITS
            verdict.done.append(5)

            # (6) The trace.
            step = 6
            acts = [act.act(evidence.record_id, place) for place, act in enumerate(evidence.trace)]
            committed = commitment.to_bytes(32, "big")
            verify_trace(evidence.record_id, acts, committed, state, head.to_bytes(32, "big"))
            verdict.done.append(6)
            tell_acts(verdict, evidence.trace, state)

            # (7) The entry.
            step = 7
            if entry is not None:
                self._entry(entry, evidence.record_id, state, anchored, verdict)
                verdict.done.append(7)

            # (8), (9) The content.
            step = 8
            if evidence.content is not None:
                self._content(evidence, evidence.content, verdict)
            # (10) The document.
            step = 10
            if document is not None:
                _require_document(verdict, document)
                verdict.done.append(10)
        except StepError as error:
            return failed(verdict, error)
        except MunimentError as error:
            return failed(verdict, StepError(step, str(error)))
        verdict.outcome = Outcome.VALID
        return verdict

    def _entry(
        self,
        entry: EvidentEntry,
        record_id: RecordId,
        state: RecordState,
        anchored: _Anchored,
        verdict: Verdict,
    ) -> None:
        if state.status is not Status.NONE:
            what = "the record is on chain: its trace tells how it came"
            raise StepError(7, what)
        self._require_entry(entry, record_id, anchored)
        witnesses = entry.witnessed(self.trust.record_lineage, self.trust.witnesses)
        if len(witnesses) >= self.trust.witnesses_needed > 0:
            verdict.witnesses = list(witnesses)
        tell_entry(verdict, entry)

    def _require_entry(self, entry: EvidentEntry, record_id: RecordId, anchored: _Anchored) -> None:
        sealed = anchored.word(seal_slot(entry.agency_id, entry.journal, entry.seal.size))
        head = anchored.word(journal_head_slot(entry.agency_id, entry.journal))
        entry.require(record_id, self.trust.record_lineage, sealed, head)

    def _content(self, evidence: Evidence, content: ShownContent, verdict: Verdict) -> None:
        # (8) What brought this version: an act, or the entry.
        brought = brought_by(evidence, content.version)
        if brought is None:
            raise StepError(8, f"the trace has no version {content.version}")
        if brought.algorithm not in self.trust.algorithms:
            what = f"digest algorithm {brought.algorithm} is not accepted by the trust file"
            raise StepError(8, what, unknown=True)
        header = RecordHeader(
            record_id=evidence.record_id,
            issuer=brought.issuer,
            type_id=brought.type_id,
            schema_digest=content.schema_digest,
            version=content.version,
            algorithm=brought.algorithm,
        )
        verdict.version = content.version
        verdict.done.append(8)
        # (9) The fields, by the steps of docs/spec/records.md.
        try:
            verdict.fields = verify_disclosure(header, content.disclosure, brought.commitment)
        except MunimentError as error:
            raise StepError(9, str(error)) from error
        verdict.done.append(9)

    # --- of a conflict file -----------------------------------------------------------------------

    def _conflict(self, file: ConflictFile, anchored: _Anchored, common: Verdict) -> Verdict:
        verdict = replace(common, record_id=file.record_id, done=list(common.done))
        step = 7
        try:
            for entry in file.entries:
                self._require_entry(entry, file.record_id, anchored)
            verdict.done.append(7)
            if file.trace:
                step = 5
                slots = record_slots(file.record_id)
                commitment, word, head = (anchored.word(slot) for slot in slots)
                state = RecordState.from_word(word)
                verdict.done.append(5)
                step = 6
                acts = [act.act(file.record_id, place) for place, act in enumerate(file.trace)]
                committed = commitment.to_bytes(32, "big")
                verify_trace(file.record_id, acts, committed, state, head.to_bytes(32, "big"))
                require_other_registration(file)
                verdict.done.append(6)
        except MunimentError as error:
            return failed(verdict, StepError(step, str(error)))
        verdict.outcome = Outcome.CONFLICT
        verdict.issuer = file.entries[0].agency_id
        verdict.reason = f"agency {verdict.issuer} has registered it twice: {in_words(file)}"
        return verdict

    # --- (11) to (13), once more for all ----------------------------------------------------------

    def _finish(self, anchored: _Anchored, verdicts: list[Verdict]) -> bool:
        """Whether what holds for all does hold; else the verdicts say what does not."""
        try:
            # (11) Nothing is without use: two files of one meaning would be two truths. What a
            # failed record would have used is not known.
            sound = all(verdict.outcome is not Outcome.INVALID for verdict in verdicts)
            _require_use(anchored.proof.unused if sound else 0)
            # (12) The block.
            trusted = require_trusted(
                anchored.header, anchored.anchor, self.trust, self.now, self.block_hash
            )
        except StepError as error:
            for verdict in verdicts:
                if verdict.outcome is not Outcome.INVALID:
                    verdict.done += [11] if error.step > 11 else []
                    failed(verdict, error)
            return False
        for verdict in verdicts:
            if verdict.outcome is not Outcome.INVALID:
                verdict.done += [11, 12]
                tell_block(verdict, trusted)
        return True

    def _blank(self, record_id: bytes) -> Verdict:
        return Verdict(record_id=record_id, trust=self.trust.fingerprint)


def _require_code(code_hash: bytes, trusted: bytes) -> None:
    if code_hash != trusted:
        what = f"the registry's code is 0x{code_hash.hex()}, not the trusted 0x{trusted.hex()}"
        raise StepError(4, what)


def _require_use(unused: int) -> None:
    if unused:
        raise StepError(11, f"{unused} trie nodes that no step uses")


def _require_document(verdict: Verdict, document: Document) -> None:
    for name, value in (verdict.fields or {}).items():
        try:
            file = FileValue.from_json(value)
        except MunimentError:
            continue
        if (file.digest, file.length) == (document.digest, document.length):
            verdict.document = name
            return
    raise StepError(10, f"{document.name} is none of the files that the shown fields name")
