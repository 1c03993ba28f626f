# SPDX-License-Identifier: Apache-2.0
"""Making a disposition certificate: what chain, key store and this agency's tables tell."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from muniment.chain.bindings.record_registry import Disposed
from muniment.chain.connection import Connection
from muniment.chain.traces import Trace, TracedAct, read_trace
from muniment.errors import InvalidInputError, RecordError
from muniment.record.canonical import JsonValue, parse_canonical
from muniment.record.identifiers import RecordId
from muniment.registry import access_entries
from muniment.registry.disposition.candidates import DAY
from muniment.registry.disposition.certificate import (
    BackupsLeft,
    Certificate,
    DecidedAct,
    DestroyedSecret,
    FormerCopy,
    KnownRecipient,
    Rule,
)
from muniment.registry.disposition.mandates import made_of
from muniment.registry.evidence_making import make_evidence
from muniment.registry.exchange.parties import own_key
from muniment.registry.exchange.running import recipients
from muniment.registry.mirroring import sync
from muniment.registry.session import Session
from muniment.store import backup_rows, dispositions, handovers, mirror
from muniment.store.keys import KeyPurpose
from muniment.store.tables import record_types
from muniment.store.versions import versions_of

_NO_COPY: Final = (
    "That no copy is left anywhere: a secret or a content that was copied outside of the stores of "
    "this agency, by whomever, is not known to them."
)
_RECIPIENTS: Final = (
    "That recipients and former custodians have destroyed what they had: each keeps it under its "
    "own share and its own law, and what it says of it is its own word."
)
_LIST: Final = (
    "That the list of recipients is complete: it names what this agency's exchange sent, not what "
    "an officer printed, copied or told."
)
_MESSAGES: Final = (
    "That messages about the record are gone, such as requests to correct it: they are kept under "
    "rules of their own."
)
_TIME: Final = (
    "When it was destroyed, to anybody but this agency: that time is its own clock's. The time of "
    "the act is the block's, within the validators' rules."
)
_BACKUPS: Final = (
    "That backups are deleted by the time that is named, or were: that is this agency's word."
)
_OF_DROPPED: Final = (
    "That copies of the root file from before a dropped epoch are destroyed, recovery copies among "
    "them: that is this agency's word."
)
_OF_EPOCHS: Final = (
    "What a wrapping epoch that is not dropped protects: who has a backup of the key store from "
    "before, and the root file, can read the secret until it is."
)
_OF_READS: Final = "Who read it inside of this agency: it kept no read receipts."
_OF_WORDS: Final = "What the mandate says: this agency does not have its words any more."
_OF_BACKUPS: Final = "How long backups of the key store are kept: this agency has not said so."
_OF_UNKNOWN_EPOCH: Final = (
    "Under which wrapping epoch a secret was, where none is named: this agency has no row of it."
)


class NotDestroyedError(RecordError):
    """There is nothing to certify: the disposition is not final, or the secrets are still there."""

    def __init__(self, record_id: bytes, what: str) -> None:
        super().__init__(
            f"record 0x{record_id.hex()}: {what}",
            expected="a disposition that is final on chain, and secrets that are destroyed",
            remedy="`muniment show` tells how it stands; once the act is final, `muniment run` or "
            "any command that looks at the chain destroys the secrets",
        )


def make_certificate(
    session: Session,
    record_id: RecordId,
    *,
    words: str | None = None,
    with_evidence: bool = True,
) -> bytes:
    """Return the signed certificate of a record that this agency has disposed of.

    `words` are those of the mandate, where this agency keeps them no more. With evidence in it, the
    act can be checked offline; a node without proofs cannot give that. Raises `NotDestroyedError`,
    `InvalidInputError`, `AgencyKeyError`, `UnreachableError`, `NoProofsError`.
    """
    sync(session)
    trace, last, block_hash = _last_act(session, record_id)
    event = last.event
    if not isinstance(event, Disposed):
        raise NotDestroyedError(record_id, "it is not disposed of")
    own = session.profile.agency.id
    if event.agency_id != own:
        raise InvalidInputError(
            "record", f"one that agency {own} disposed of", f"one of agency {event.agency_id}"
        )
    with session.database.read() as connection:
        final, _ = mirror.heights(connection)
    if last.block_number > final:
        raise NotDestroyedError(record_id, "its disposition is not final yet")
    destroyed = _destroyed(session, record_id)
    mandate_words, salt = _mandate(session, event.mandate, words)
    key = own_key(session, KeyPurpose.MESSAGES)
    reads, backups = _reads(session, record_id), _backups(session, destroyed)
    evidence: JsonValue = None
    if with_evidence:
        evidence = parse_canonical(make_evidence(session, [record_id]))
    certificate = Certificate(
        chain_id=session.profile.chain.id,
        registry=bytes.fromhex(session.profile.chain.registry[2:]),
        record_id=record_id,
        agency_id=own,
        made_at=int(time.time()),
        epoch=key.epoch,
        signer=key.public,
        rule=_rule(session, trace),
        act=DecidedAct(
            last.block_number,
            block_hash,
            last.time,
            last.transaction_hash,
            bytes.fromhex(event.proposer[2:]),
            bytes.fromhex(event.account[2:]),
            event.mandate,
            mandate_words,
            salt,
        ),
        destroyed=tuple(destroyed),
        recipients=_recipients(session, record_id),
        former=_former(session, record_id),
        reads=reads,
        backups=backups,
        does_not_prove=_does_not_prove(destroyed, reads, mandate_words, backups),
        evidence=evidence,
    )
    return certificate.signed(key.ed25519())


def _last_act(session: Session, record_id: RecordId) -> tuple[Trace, TracedAct, bytes]:
    """The record's trace, its last act, and the hash of the block that it stands in."""

    def read(node: Connection) -> tuple[Trace, TracedAct, bytes]:
        block = node.block()
        trace = read_trace(session.registries(node, block), record_id, block)
        if not trace.acts:
            raise NotDestroyedError(record_id, "the chain does not know it")
        last = trace.acts[-1]
        return trace, last, node.block(last.block_number).hash

    return session.nodes.read(read)


def _rule(session: Session, trace: Trace) -> Rule:
    state = trace.state
    chosen = sa.select(record_types.c.name, record_types.c.retention_days).where(
        record_types.c.agency_id == state.issuer,
        record_types.c.type_id == state.type_id,
        record_types.c.version == state.type_version,
    )
    with session.database.read() as connection:
        name, days = connection.execute(chosen).one()
    return Rule(state.issuer, state.type_id, state.type_version, name, days, state.retain_until)


def _destroyed(session: Session, record_id: RecordId) -> list[DestroyedSecret]:
    with session.database.read() as connection:
        numbers = [row.version for row in versions_of(connection, record_id)]
        epochs = dispositions.epochs_of(connection, record_id)
    places = [(record_id, number) for number in numbers]
    times = session.keys.destruction.times(places)
    if not numbers:
        raise NotDestroyedError(record_id, "this agency kept no content of it")
    missing = [number for number in numbers if (record_id, number) not in times]
    if missing:
        raise NotDestroyedError(record_id, f"the secret of version {missing[0]} is still there")
    present = set(session.keys.epochs())
    return [
        DestroyedSecret(
            number,
            times[record_id, number],
            epochs.get(number),
            number in epochs and epochs[number] not in present,
        )
        for number in numbers
    ]


def _mandate(
    session: Session, commitment: bytes, words: str | None
) -> tuple[str | None, bytes | None]:
    """The words and the salt of a mandate, where they are kept or given."""
    if words is not None:
        made = made_of(session, words)
        if made.commitment != commitment:
            raise InvalidInputError("--mandate", "the words that were proposed under", "others")
        return made.words, made.salt
    with session.database.read() as connection:
        kept = dispositions.mandate_of(connection, commitment)
    return (None, None) if kept is None else (kept.words, kept.salt)


def _recipients(session: Session, record_id: RecordId) -> tuple[KnownRecipient, ...]:
    return tuple(
        KnownRecipient(
            each.agency_id,
            each.kind,
            each.digest,
            each.made_at,
            each.share_id,
            each.versions,
            each.is_acknowledged,
        )
        for each in recipients(session, record_id)
    )


def _former(session: Session, record_id: RecordId) -> tuple[FormerCopy, ...]:
    """What those say who had custody before; of this agency itself there is nothing to say."""
    own = session.profile.agency.id
    with session.database.read() as connection:
        found = handovers.of_record(connection, record_id)
    return tuple(
        FormerCopy(handover.from_agency, row.state, row.share_id, row.statement)
        for handover, row in found
        if row.state in handovers.WENT_OVER and handover.from_agency != own
    )


def _reads(session: Session, record_id: RecordId) -> tuple[tuple[str, int], ...] | None:
    if not session.profile.read_receipts:
        return None
    counted = Counter(each.act for each in access_entries.history(session, record_id))
    return tuple(sorted(counted.items()))


def _backups(session: Session, destroyed: Sequence[DestroyedSecret]) -> BackupsLeft:
    """What may still be read of backups: those under epochs that are not dropped."""
    named = session.profile.backups
    keep_days = None if named is None else named.keep_days
    alive = [each for each in destroyed if not each.is_dropped]
    if not alive:
        return BackupsLeft(keep_days, 0, None)
    with session.database.read() as connection:
        epochs = {each.epoch for each in alive if each.epoch is not None}
        if len(epochs) < len(alive):
            epochs |= set(session.keys.epochs())
        left = backup_rows.holding(
            connection,
            epochs,
            made_before_ms=1000 * max(each.time for each in alive) + 999,
            now_ms=int(time.time() * 1000),
        )
    ends = [-(-row.dies_ms // 1000) for row in left]
    if keep_days is not None:
        ends.append(max(each.time for each in alive) + keep_days * DAY)
    return BackupsLeft(keep_days, len(left), max(ends, default=None))


def _does_not_prove(
    destroyed: Sequence[DestroyedSecret],
    reads: tuple[tuple[str, int], ...] | None,
    words: str | None,
    backups: BackupsLeft,
) -> tuple[str, ...]:
    said = [_NO_COPY, _RECIPIENTS, _LIST, _MESSAGES, _TIME, _BACKUPS]
    if any(each.is_dropped for each in destroyed):
        said.append(_OF_DROPPED)
    if not all(each.is_dropped for each in destroyed):
        said.append(_OF_EPOCHS)
        if backups.keep_days is None:
            said.append(_OF_BACKUPS)
    if any(each.epoch is None for each in destroyed):
        said.append(_OF_UNKNOWN_EPOCH)
    if reads is None:
        said.append(_OF_READS)
    if words is None:
        said.append(_OF_WORDS)
    return tuple(said)
