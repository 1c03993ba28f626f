# SPDX-License-Identifier: Apache-2.0
"""Checking a receipt proof against the chain: all that a third party needs is a node.

Neither keys of its own nor the mirror are used. docs/spec/corrections.md numbers the steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from muniment.chain.connection import Block, Connection
from muniment.chain.traces import read_trace
from muniment.errors import ProofError
from muniment.evidence.entries import EvidentSeal
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.errors import (
    AgencyKeyError,
    EnvelopeError,
    NotAddressedError,
    NotSharedError,
    TermsError,
)
from muniment.exchange.receipt_proof import ReceiptProof
from muniment.exchange.terms import Terms
from muniment.journal.entry import EntryKind
from muniment.journal.merkle import hash_leaf, verify_inclusion
from muniment.record.canonical import JsonValue
from muniment.record.identifiers import Lineage, RecordId
from muniment.record.instants import instant
from muniment.registry.exchange.parties import published_key
from muniment.registry.journal_evidence import seals_of
from muniment.registry.session import Session
from muniment.store.keys import KeyPurpose


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """What a receipt proof proves: `sender` gave these `values` of a record's version to
    `recipient`, under a share and its `terms`, before `acknowledged_at`, which is when the
    recipient's receipt went on chain. `made_at` is the sender's word. Times are Unix seconds.
    """

    record_id: RecordId
    version: int
    values: dict[str, JsonValue]
    sender: int
    recipient: int
    share_id: bytes
    terms: Terms
    delivery: bytes
    made_at: int
    acknowledged_at: int

    def to_json(self) -> dict[str, Any]:
        """Return it as answers and `--json` have it."""
        return {
            "record": f"0x{self.record_id.hex()}",
            "version": self.version,
            "values": self.values,
            "from": self.sender,
            "to": self.recipient,
            "made_at": instant(self.made_at),
            "acknowledged_at": instant(self.acknowledged_at),
            "share": f"0x{self.share_id.hex()}",
            "delivery": f"0x{self.delivery.hex()}",
            "terms": self.terms.to_json(),
        }


def check(session: Session, data: bytes) -> CheckedReceipt:
    """Check a receipt proof against the chain as it stands now.

    Raises `EnvelopeError`, `NotAddressedError` for one of another registry, `AgencyKeyError`,
    `NotSharedError`, `TermsError`, and of the disclosure `RecordError`.
    """
    proof = ReceiptProof.from_bytes(data)
    header, delivered = proof.header, proof.delivered
    chain = session.profile.chain
    if (header.chain_id, header.registry) != (chain.id, bytes.fromhex(chain.registry[2:])):
        raise NotAddressedError(
            f"it is of registry 0x{header.registry.hex()} on chain {header.chain_id}",
            f"registry {chain.registry} on chain {chain.id}",
            remedy="check it with a profile of that registry",
        )
    # (1) to (4), under the sender's key of that epoch.
    key = published_key(session, header.sender, KeyPurpose.MESSAGES, header.sender_epoch)
    values = proof.verify(key.public)
    session.nodes.read(lambda node: _require_on_chain(session, node, proof))
    # (8) A signature from after the key was retired is nobody's.
    if key.retired_at and proof.acknowledged_at > key.retired_at:
        what = "was retired before the receipt, so that nobody knows who signed with it"
        raise AgencyKeyError(header.sender, KeyPurpose.MESSAGES, header.sender_epoch, what)
    return CheckedReceipt(
        record_id=delivered.record_id,
        version=delivered.version,
        values=values,
        sender=header.sender,
        recipient=header.recipient,
        share_id=header.subject,
        terms=proof.shared.terms,
        delivery=proof.statement.envelope_digest,
        made_at=header.made_at,
        acknowledged_at=proof.acknowledged_at,
    )


def _require_on_chain(session: Session, node: Connection, proof: ReceiptProof) -> None:
    block = node.block()
    share_id, delivered = proof.header.subject, proof.delivered
    shares = session.registries(node, block).shares
    if shares is None:
        raise NotSharedError(share_id, "the registry has no shares")
    # (5) The share is of these two, on these terms, and an agreement of this type.
    share = shares.share(share_id, block=block)
    parties = (proof.header.sender, proof.header.recipient)
    if (share.granter, share.requester) != parties:
        raise NotSharedError(share_id, f"it is not of agency {parties[0]} to agency {parties[1]}")
    if share.type_id and (delivered.issuer, delivered.type_id) != (share.granter, share.type_id):
        raise NotSharedError(share_id, "the record is of another type or agency")
    if share.terms != proof.shared.commitment:
        raise TermsError(share_id, "the proof has other terms", "those whose commitment it has")
    beyond = sorted(_names(proof) - set(proof.shared.terms.granted(sorted(_names(proof)))))
    if beyond:
        raise TermsError(
            share_id, f"fields {', '.join(beyond)} were not granted", "granted fields alone"
        )
    # (6) The receipt stands on chain, since then.
    stands = shares.acknowledged_at(share_id, proof.statement.envelope_digest, block=block)
    if not stands or stands != proof.acknowledged_at:
        raise NotSharedError(
            share_id,
            "no receipt of this delivery stands on chain"
            if not stands
            else f"the receipt stands on chain since {stands}, not since {proof.acknowledged_at}",
        )
    # (7) What was delivered is what the record's agency committed to.
    _require_committed(session, node, block, delivered)


def _names(proof: ReceiptProof) -> set[str]:
    return set(proof.delivered.values(proof.delivered.commitment))


def _require_committed(
    session: Session, node: Connection, block: Block, delivered: DeliveredVersion
) -> None:
    registries = session.registries(node, block)
    named = f"record 0x{delivered.record_id.hex()}"
    trace = read_trace(registries, delivered.record_id, block)
    versions = {
        each.act.state.version: each.act for each in trace.acts if each.act.commitment is not None
    }
    if versions:
        act = versions.get(delivered.version)
        header = (delivered.issuer, delivered.type_id)
        if act is None or (act.state.issuer, act.state.type_id) != header:
            raise EnvelopeError(
                f"{named} has no such version {delivered.version} on chain", "a version of it"
            )
        if act.commitment != delivered.commitment:
            raise EnvelopeError(f"the chain has another commitment of {named}", "the same")
        return
    entry = delivered.entry
    if entry is None:
        raise EnvelopeError(f"{named} is not on chain", "its journal's entry with it")
    lineage = Lineage(registries.records.origin(block=block).lineage)
    plain = entry.entry
    fits = (
        plain.kind is EntryKind.REGISTRATION
        and entry.record_id(lineage) == delivered.record_id
        and (entry.agency_id, plain.type_id, plain.commitment, delivered.version)
        == (delivered.issuer, delivered.type_id, delivered.commitment, 1)
    )
    if not fits:
        raise EnvelopeError(f"the entry of {named} registers something else", "its own entry")
    head = registries.records.journal_head(entry.agency_id, entry.journal, block=block)
    seals = [
        EvidentSeal(each.root, each.size, each.previous_size, each.sealed_at)
        for each in seals_of(session, node, block, entry.agency_id, entry.journal)
    ]
    if entry.seal not in seals or entry.index >= head.repudiated_from:
        raise EnvelopeError(f"the entry of {named} is under no seal on chain", "a seal on chain")
    try:
        leaf = hash_leaf(plain.to_bytes())
        verify_inclusion(leaf, entry.index, entry.seal.size, entry.seal.root, entry.path)
    except ProofError as error:
        raise EnvelopeError(f"the entry of {named}: {error.what}", error.expected) from error
