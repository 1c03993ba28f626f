# SPDX-License-Identifier: Apache-2.0
"""Checking a disposition certificate: numbered steps, as in docs/spec/disposition.md, § 3.

Whatever bytes come in, a result comes out. What cannot be is INVALID, with the step that shows it;
what cannot be known from here is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from muniment.chain.bindings.record_registry import Disposed
from muniment.chain.connection import Block, Connection, UnknownBlockError
from muniment.chain.deployment import Registries
from muniment.chain.traces import Trace, read_trace
from muniment.chain.values import KeyPurpose
from muniment.errors import MunimentError, UnreachableError
from muniment.evidence import EvidenceFile, Outcome, TrustFile, Verifier
from muniment.evidence.block_trust import BlockHash
from muniment.evidence.members import EvidenceFormError
from muniment.record.canonical import canonicalize
from muniment.record.state import RETAIN_FOREVER_DAY
from muniment.registry.disposition.candidates import DAY
from muniment.registry.disposition.certificate import Certificate
from muniment.registry.disposition.mandates import mandate_commitment

STEPS: Final = {
    1: "the file has its form, byte for byte",
    2: "the key that it names has signed it",
    3: "that key is the agency's: on chain under its epoch and in use then, or the one given",
    4: "two officers decided, the mandate's words open its commitment, and retention was over",
    5: "the record's trace on chain ends with this very act",
    6: "the rule is the one on chain, and the record's last day is that",
    7: "the receipts that it names stand on chain",
    8: "the evidence in it verifies as disposed of, by this act",
}


@dataclass(slots=True)
class CheckedCertificate:
    """What checking gives: VALID, INVALID or UNKNOWN; the `step` that decided, with its `reason`;
    the steps `done`; the certificate, where it has its form."""

    outcome: Outcome = Outcome.UNKNOWN
    step: int | None = None
    reason: str = ""
    done: list[int] = field(default_factory=list)
    certificate: Certificate | None = None

    @property
    def not_done(self) -> list[int]:
        """The steps that were not done."""
        return [each for each in STEPS if each not in self.done]


class _StepError(Exception):
    """A step failed, for a reason."""

    def __init__(self, step: int, reason: str) -> None:
        super().__init__(reason)
        self.step = step
        self.reason = reason


def check_certificate(
    data: bytes,
    *,
    chain: tuple[Connection, Registries] | None = None,
    key: bytes | None = None,
    trust: TrustFile | None = None,
    now: int = 0,
    block_hash: BlockHash | None = None,
) -> CheckedCertificate:
    """Check a certificate's bytes, with what is at hand.

    `chain` is a node of the certificate's chain with its contracts; `key` the agency's public key
    for messages (32 bytes), from elsewhere; `trust` and `now` (Unix seconds) judge the evidence in
    it, `block_hash` asks trusted nodes. Raises `UnreachableError` where the node goes away.
    """
    found = CheckedCertificate()
    try:
        _check(found, data, chain, key, trust, now, block_hash)
    except _StepError as error:
        found.outcome, found.step, found.reason = Outcome.INVALID, error.step, error.reason
        return found
    if 3 in found.done and (5 in found.done or 8 in found.done):
        found.outcome = Outcome.VALID
    else:
        found.step = 3 if 3 not in found.done else 5
        found.reason = "no chain was asked, and nothing else at hand shows it"
    return found


def _check(
    found: CheckedCertificate,
    data: bytes,
    chain: tuple[Connection, Registries] | None,
    key: bytes | None,
    trust: TrustFile | None,
    now: int,
    block_hash: BlockHash | None,
) -> None:
    try:
        certificate = Certificate.from_bytes(data)
    except EvidenceFormError as error:
        raise _StepError(1, str(error)) from None
    found.certificate = certificate
    found.done.append(1)
    if not certificate.is_signed_by(certificate.signer):
        raise _StepError(2, "the signature is not this key's")
    found.done.append(2)
    if key is not None:
        if key != certificate.signer:
            raise _StepError(3, "another key has signed it than the one that was given")
        found.done.append(3)
    _decided(certificate)
    if chain is not None:
        node, registries = chain
        block = node.block()
        _on_chain(found, certificate, node, registries, block, is_key_given=key is not None)
    found.done.append(4)
    if trust is not None and certificate.evidence is not None:
        verifier = Verifier(trust, now=now, block_hash=block_hash)
        if _is_evident(certificate, verifier):
            found.done.append(8)
    found.done.sort()


def _decided(certificate: Certificate) -> None:
    act, rule = certificate.act, certificate.rule
    if act.proposer == act.confirmer:
        raise _StepError(4, "one officer alone decided")
    if act.words is not None and act.salt is not None:
        try:
            opened = mandate_commitment(act.words, act.salt)
        except MunimentError as error:
            raise _StepError(4, error.what) from None
        if opened != act.mandate:
            raise _StepError(4, "the mandate's words do not open its commitment")
    if rule.last_day == RETAIN_FOREVER_DAY or act.time // DAY <= rule.last_day:
        raise _StepError(4, "retention was not over")
    if len({each.version for each in certificate.destroyed}) != len(certificate.destroyed):
        raise _StepError(4, "a version is named twice")


def _on_chain(
    found: CheckedCertificate,
    certificate: Certificate,
    node: Connection,
    registries: Registries,
    block: Block,
    *,
    is_key_given: bool,
) -> None:
    named = bytes.fromhex(registries.records.address[2:])
    if (node.chain_id, named) != (certificate.chain_id, certificate.registry):
        raise _StepError(5, "it is of another chain or registry than the node's")
    if not is_key_given:
        _key(certificate, registries, block)
        found.done.append(3)
    try:
        trace = read_trace(registries, certificate.record_id, block)
    except UnreachableError:
        raise
    except MunimentError as error:
        raise _StepError(5, error.what) from None
    _act(certificate, trace, node)
    found.done.append(5)
    _rule(certificate, trace, registries)
    found.done.append(6)
    if registries.shares is not None:
        _receipts(certificate, registries, block)
        found.done.append(7)


def _key(certificate: Certificate, registries: Registries, block: Block) -> None:
    stands = registries.agencies.agency_key(
        certificate.agency_id, KeyPurpose.MESSAGES, certificate.epoch, block=block
    )
    if stands.key != certificate.signer:
        raise _StepError(3, "the agency has another key of this epoch on chain, or none")
    if stands.retired_at and stands.retired_at < certificate.made_at:
        raise _StepError(3, "the key was retired before the certificate was made")


def _act(certificate: Certificate, trace: Trace, node: Connection) -> None:
    if not trace.acts:
        raise _StepError(5, "the chain does not know the record")
    last, act = trace.acts[-1], certificate.act
    event = last.event
    if not isinstance(event, Disposed):
        raise _StepError(5, "the record is not disposed of")
    try:
        block_hash = node.block(act.block_number).hash
    except UnknownBlockError:
        raise _StepError(5, "the chain has no such block") from None
    stands = {
        "agency": (event.agency_id, certificate.agency_id),
        "block": ((last.block_number, block_hash), (act.block_number, act.block_hash)),
        "time": (last.time, act.time),
        "transaction": (last.transaction_hash, act.transaction),
        "proposer": (bytes.fromhex(event.proposer[2:]), act.proposer),
        "confirmer": (bytes.fromhex(event.account[2:]), act.confirmer),
        "mandate": (event.mandate, act.mandate),
    }
    for name, (on_chain, said) in stands.items():
        if on_chain != said:
            raise _StepError(5, f"the {name} of the act on chain is another")
    missing = set(range(1, trace.state.version + 1)) - {
        each.version for each in certificate.destroyed
    }
    if missing and trace.state.issuer == certificate.agency_id:
        raise _StepError(5, f"version {min(missing)} of the record is not named")


def _rule(certificate: Certificate, trace: Trace, registries: Registries) -> None:
    rule, state = certificate.rule, trace.state
    said = (rule.issuer, rule.type_id, rule.type_version, rule.last_day)
    if said != (state.issuer, state.type_id, state.type_version, state.retain_until):
        raise _StepError(6, "the record has another type or last day on chain")
    stands = registries.agencies.record_type(
        rule.issuer, rule.type_id, rule.type_version, block=trace.block
    )
    if stands.retention_days != rule.retention_days:
        raise _StepError(6, "the record type has another retention on chain")


def _receipts(certificate: Certificate, registries: Registries, block: Block) -> None:
    shares = registries.shares
    assert shares is not None, "the caller has looked"
    for each in certificate.recipients:
        if each.is_acknowledged and (
            each.share_id is None
            or not shares.acknowledged_at(each.share_id, each.digest, block=block)
        ):
            raise _StepError(7, f"the receipt of agency {each.agency_id} is not on chain")


def _is_evident(certificate: Certificate, verifier: Verifier) -> bool:
    """Whether the evidence shows the act; False where it cannot be known from here."""
    data = canonicalize(certificate.evidence)
    verdicts = verifier.verify(data)
    if [each.record_id for each in verdicts] != [certificate.record_id]:
        raise _StepError(8, "its evidence is of another record, or of none")
    [verdict] = verdicts
    if verdict.outcome is Outcome.UNKNOWN:
        return False
    if verdict.outcome is not Outcome.DISPOSED:
        said = f"{verdict.outcome}: {verdict.reason}" if verdict.reason else str(verdict.outcome)
        raise _StepError(8, f"its evidence does not verify as disposed of ({said})")
    [evidence] = EvidenceFile.from_bytes(data).records
    last, act = evidence.trace[-1], certificate.act
    stands = (last.account, last.value("proposer"), last.value("mandate"), last.agency_id)
    if stands != (act.confirmer, act.proposer, act.mandate, certificate.agency_id):
        raise _StepError(8, "its evidence proves another act")
    return True
