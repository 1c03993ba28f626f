# SPDX-License-Identifier: Apache-2.0
"""What a recipient may show to others: that it received a record, and the record itself.

Both show content, so both need terms that allow it; who is refused finds it in the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from muniment.chain.connection import Connection
from muniment.errors import InvalidInputError
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.envelope import verify_envelope
from muniment.exchange.errors import EnvelopeError, NotSharedError, TermsError
from muniment.exchange.receipt_proof import ReceiptProof, prove_part
from muniment.record.disclosure import Disclosure
from muniment.record.identifiers import RecordId
from muniment.registry.access_entries import EXPORTED, Access
from muniment.registry.evidence_making import make_evidence
from muniment.registry.exchange.keeping import file_name, kept_key, noting
from muniment.registry.exchange.parties import published_key
from muniment.registry.exchange.received import ReceivedVersion, received_version
from muniment.registry.exchange.shares import share_of
from muniment.registry.onward.showing import note
from muniment.registry.session import Session
from muniment.store import envelopes
from muniment.store.keys import KeyPurpose


def prove(session: Session, record_id: RecordId, version: int | None, access: Access) -> bytes:
    """Return the proof that a version was received: from whom, when, under which share.

    It shows all that was received of the version, and nothing else of the delivery. The share need
    not run any more: what was received was received. Raises `TermsError` where the terms do not
    allow it to be shown to others, `NotSharedError` where nothing was received or the receipt is
    not on chain.
    """
    with noting(session, "prove as received", record_id=record_id):
        received = received_version(session, record_id, version)
        _require_onward(received)
        made = receipt_proof(session, received)
    note(session, EXPORTED, received, access)
    return made.to_bytes()


def disclose(
    session: Session,
    record_id: RecordId,
    fields: Sequence[str],
    version: int | None,
    access: Access,
) -> bytes:
    """Return evidence of a record of another agency, which shows these of the received fields.

    This agency's own node proves the record as it stands today; `muniment verify` checks it like
    any evidence. The share must be in force. Raises `TermsError` where the terms do not allow it,
    or a field was not given; `NotSharedError`, and as `make_evidence`.
    """
    with noting(session, "disclose", record_id=record_id):
        received = received_version(session, record_id, version)
        _require_onward(received)
        share_of(session, received.share_id).require_in_force()
        narrowed = _narrowed(received, fields)
    note(session, EXPORTED, received, access)
    return make_evidence(session, [record_id], received={record_id: narrowed})


def receipt_proof(session: Session, received: ReceivedVersion) -> ReceiptProof:
    """Return the proof that a version was received, for whoever may see it.

    Raises `NotSharedError` where the receipt is not on chain, `EnvelopeError` for a kept file that
    is not the one that was signed.
    """
    acknowledged_at = _acknowledged_at(session, received)
    row, delivered, header = received.row, received.delivered, received.header
    with session.database.read() as connection:
        places = envelopes.places_of(connection, delivered.record_id, [row.digest])
    [number] = [each.part for each in places if each.version == delivered.version]
    sender = published_key(session, header.sender, KeyPurpose.MESSAGES, header.sender_epoch)
    name = file_name(row.digest)
    with session.vault.open(name) as reader:
        statement = verify_envelope(reader, sender.public)
    with session.vault.open(name) as reader:
        tree, parts = prove_part(reader, kept_key(session, row, header), number)
    if (tree.size, tree.root()) != (statement.count, statement.root):
        raise EnvelopeError("its parts are not those that were signed", "all parts, in their order")
    made = ReceiptProof(
        statement, delivered, number, tuple(parts), received.shared, acknowledged_at
    )
    made.verify(sender.public)
    return made


def _require_onward(received: ReceivedVersion) -> None:
    if not received.shared.terms.onward:
        named = f"record 0x{received.delivered.record_id.hex()}"
        raise TermsError(
            received.share_id,
            f"{named} was given for this agency alone: the terms do not allow it to be shown on",
            "terms that allow onward sharing",
            remedy="send whoever asks to the custodian, or ask for a share with --onward",
        )


def _narrowed(received: ReceivedVersion, fields: Sequence[str]) -> DeliveredVersion:
    """What was received with these fields alone; those that are not shown stay digests."""
    wanted = set(fields)
    if not wanted:
        raise InvalidInputError("fields", "names of fields that were received", "none")
    missing = sorted(wanted - set(received.values))
    if missing:
        raise TermsError(
            received.share_id,
            f"fields {', '.join(missing)} were not given to this agency",
            f"fields among {', '.join(received.values)}",
        )
    content = received.delivered.content
    # The values come in the order of the disclosure's fields.
    shown = tuple(
        field
        for name, field in zip(received.values, content.disclosure.fields, strict=True)
        if name in wanted
    )
    disclosure = Disclosure(shown, content.disclosure.digests)
    return replace(received.delivered, content=replace(content, disclosure=disclosure))


def _acknowledged_at(session: Session, received: ReceivedVersion) -> int:
    """When the receipt of a delivery stands on chain."""

    def read(node: Connection) -> int:
        block = node.block()
        shares = session.registries(node, block).shares
        if shares is None:
            return 0
        return shares.acknowledged_at(received.share_id, received.digest, block=block)

    found = session.nodes.read(read)
    if not found:
        raise NotSharedError(
            received.share_id,
            "the receipt of the delivery is not on chain",
            remedy="a STEWARD acknowledges it: `muniment receive FILE` once more",
        )
    return found
