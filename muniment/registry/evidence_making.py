# SPDX-License-Identifier: Apache-2.0
"""Making evidence: one read of one node, checked by the verifier before it is handed out.

A record that stands in a journal alone is proven by its entry, and by slots where nothing is; any
other by its trace. Whoever asks need not know which way a record came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from muniment.chain.bindings import record_registry as events
from muniment.chain.connection import Block, Connection
from muniment.chain.contract import Event
from muniment.chain.engines import Engine, engine_of
from muniment.chain.finality import final_number
from muniment.chain.traces import TracedAct
from muniment.errors import ChainError, ErasedError, InvalidInputError
from muniment.evidence import (
    Evidence,
    EvidenceFile,
    EvidentEntry,
    ShownContent,
    TrustFile,
)
from muniment.evidence.acts import EvidentAct
from muniment.exchange.delivered import DeliveredVersion
from muniment.record.algorithms import available_algorithms
from muniment.record.identifiers import RecordId
from muniment.record.keccak import keccak
from muniment.registry.consensus import noted_block, pinned_validators
from muniment.registry.evidence_reading import Read, Reader
from muniment.registry.evidence_soundness import Unchecked, require_sound, trust_of_itself
from muniment.registry.journal_evidence import first_versions
from muniment.registry.reading import kept_version
from muniment.registry.session import Session
from muniment.registry.unkept import UnkeptVersionError
from muniment.store import journal_rows
from muniment.store.journal_rows import EntryRow

_YEAR: Final = 365 * 86_400
_DAY: Final = 86_400


def make_evidence(
    session: Session,
    record_ids: Sequence[RecordId],
    *,
    fields: Iterable[str] | None = (),
    version: int | None = None,
    bundle: bool = False,
    checkpoint: bytes | None = None,
    witnessed: bytes | None = None,
    progress: Callable[[int], None] | None = None,
    received: Mapping[RecordId, DeliveredVersion] | None = None,
) -> bytes:
    """Return an evidence file of one record, or a bundle of many.

    `fields` are those to show of the content that this agency keeps, None shows all, an empty list
    none of the values (the version is shown all the same); a bundle shows of each record those that
    it has. What another agency keeps has its trace alone. `version` is the latest on chain by
    default. A `checkpoint` that witnesses have co-signed goes with entries of journals. With
    `witnessed`, their note of a block, the evidence is as of that block. Of a record that was
    `received` from another agency, what is given here is shown, whatever `fields` say. Raises
    `InvalidInputError`, `NoHandOverError`, `NoProofsError`, `NotSealedError`, `UnprovableError`,
    `UnreachableError`.
    """
    made = unchecked_evidence(
        session,
        record_ids,
        fields=fields,
        version=version,
        bundle=bundle,
        checkpoint=checkpoint,
        witnessed=witnessed,
        progress=progress,
        received=received,
    )
    require_sound(made)
    return made.data


def unchecked_evidence(
    session: Session,
    record_ids: Sequence[RecordId],
    *,
    fields: Iterable[str] | None = (),
    version: int | None = None,
    bundle: bool = False,
    checkpoint: bytes | None = None,
    witnessed: bytes | None = None,
    progress: Callable[[int], None] | None = None,
    received: Mapping[RecordId, DeliveredVersion] | None = None,
) -> Unchecked:
    """Return what `make_evidence` returns before it is checked: nobody else may have it yet."""
    ids = sorted(set(record_ids))
    if not ids or (len(ids) > 1 and not bundle):
        raise InvalidInputError("records", "one record, or a bundle of some", str(len(ids)))
    chosen = None if fields is None else list(fields)
    others = dict(received or {})
    given = {each: found.entry for each, found in others.items() if found.entry is not None}
    found, contents = _read(session, ids, checkpoint, witnessed, progress, given)
    records = tuple(
        _evidence(
            each,
            found,
            others[each].content
            if each in others
            else contents.shown(each, found, version, chosen, lenient=bundle),
        )
        for each in ids
    )
    data = EvidenceFile(found.anchor, records, bundle).to_bytes()
    return Unchecked(data, trust_of_itself(session, found.anchor, found.block), found.block)


def evidence_apart(session: Session, wanted: Sequence[tuple[RecordId, int | None]]) -> list[bytes]:
    """Return an evidence file of each version that is wanted, with all its fields; in the place of
    None, of the trace alone.

    All are as of one block, and a node is asked for all together. Raises as `make_evidence`.
    """
    ids = sorted({record_id for record_id, _ in wanted})
    found, contents = _read(session, ids)
    made = []
    for record_id, version in wanted:
        fields: list[str] | None = [] if version is None else None
        shown = contents.shown(record_id, found, version, fields, lenient=False)
        anchor = found.anchor_of(record_id)
        data = EvidenceFile(anchor, (_evidence(record_id, found, shown),), False).to_bytes()
        require_sound(Unchecked(data, trust_of_itself(session, anchor, found.block), found.block))
        made.append(data)
    return made


def _read(
    session: Session,
    ids: Sequence[RecordId],
    checkpoint: bytes | None = None,
    witnessed: bytes | None = None,
    progress: Callable[[int], None] | None = None,
    given: Mapping[RecordId, EvidentEntry] | None = None,
) -> tuple[Read, _Contents]:
    """What the chain says of records, and the contents that may be shown of them."""
    depth = session.profile.chain.finality_depth
    known = given or {}
    with session.database.read() as connection:
        rows = journal_rows.entries_of(connection, [each for each in ids if each not in known])

    def read(node: Connection) -> Read:
        head = node.block()
        final = final_number(node, head, depth)
        if witnessed is not None:
            block = _noted(node, witnessed, final)
        else:
            block = head if final == head.number else node.block(final)
        return Reader(session, node, block, checkpoint, witnessed).read(ids, rows, progress, known)

    found = session.nodes.read(read)
    return found, _Contents(session, [row for each, row in rows.items() if each in found.entries])


def _evidence(record_id: RecordId, found: Read, shown: ShownContent | None) -> Evidence:
    acts = tuple(evident_act(act) for act in found.acts(record_id))
    return Evidence(record_id, acts, shown, found.entries.get(record_id))


class _Contents:
    """What is shown of contents; those of journal records are opened together."""

    def __init__(self, session: Session, rows: Sequence[EntryRow]) -> None:
        self._session = session
        self._first = first_versions(session, rows)

    def shown(
        self,
        record_id: RecordId,
        found: Read,
        number: int | None,
        fields: list[str] | None,
        *,
        lenient: bool,
    ) -> ShownContent | None:
        wanted = number or found.latest_version(record_id)
        if not wanted:
            return None
        first = self._first.get(record_id) if wanted == 1 else None
        if first is not None:
            version, digest = first.version, first.schema_digest
        else:
            try:
                kept = kept_version(self._session, record_id, wanted)
            except (UnkeptVersionError, ErasedError):
                # Erased, too: it was disposed of, or a copy of what another agency has now.
                if fields or number is not None:
                    raise
                return None
            version, digest = kept.version, kept.row.schema_digest
        values = version.content.fields()
        if fields is None:
            names = list(values)
        else:
            names = [each for each in fields if each in values or not lenient]
        return ShownContent(wanted, digest, version.disclose(names))


def _noted(node: Connection, note: bytes, final: int) -> Block:
    if engine_of(node) is not Engine.ISTANBUL:
        what = "one that Ethereum's consensus makes"
        raise InvalidInputError("--witnessed", "a chain whose blocks validators sign", what)
    block = noted_block(node, note)
    if block.number > final:
        raise InvalidInputError("--witnessed", f"a final block, {final} at most", str(block.number))
    return block


def evident_act(traced: TracedAct) -> EvidentAct:
    """Return an act as evidence has it, with the values that its argument is made of."""
    act = traced.act
    return EvidentAct(act.kind, act.agency_id, act.account, act.state, _values(traced.event))


def make_trust(
    session: Session, *, days: int, greatest_age_days: int, nodes: Sequence[str]
) -> TrustFile:
    """Return what a verifier would be told by this agency's node: the code of the registry, its
    final block, who validates (where blocks are signed), the agencies. Whoever signs it answers
    for it."""
    depth = session.profile.chain.finality_depth

    def read(node: Connection) -> TrustFile:
        head = node.block()
        block = node.block(max(final_number(node, head, depth), 0))
        registries = session.registries(node, block)
        agencies = registries.agencies
        count = agencies.agency_count(block=block)
        registry = bytes.fromhex(registries.records.address[2:])
        names = {each: agencies.agency_name(each, block=block) for each in range(1, count + 1)}
        return TrustFile(
            chain_id=session.profile.chain.id,
            registry=registry,
            code_hash=keccak(node.code(registries.records.address, block)),
            blocks={block.number: block.hash},
            nodes=tuple(nodes),
            algorithms=available_algorithms(),
            expires=int(datetime.now(UTC).timestamp()) + days * _DAY,
            greatest_age=greatest_age_days * _DAY,
            agencies=names,
            operator=None,
            fingerprint="",
            lineage=None if session.own_lineage == session.lineage else session.lineage,
            validators=pinned_validators(node, block),
        )

    return session.nodes.read(read)


def _values(event: Event) -> tuple[tuple[str, int | bytes], ...]:
    if isinstance(event, events.Registered | events.Amended):
        return (("commitment", event.commitment),)
    if isinstance(event, events.Enrolled):
        return (
            ("commitment", event.commitment),
            ("leaf_hash", event.leaf_hash),
            ("journal", event.journal),
            ("index", event.index),
            ("seal_size", event.seal_size),
        )
    if isinstance(event, events.Superseded):
        return (("replacement", event.replacement_id),)
    if isinstance(event, events.Revoked):
        return (("reason", event.reason),)
    if isinstance(event, events.Held | events.Released):
        return (("case", event.case_commitment),)
    if isinstance(event, events.Transferred):
        return (("from_agency", event.from_agency),)
    if isinstance(event, events.Disposed):
        proposer = bytes.fromhex(event.proposer[2:])
        return (("proposer", proposer), ("mandate", event.mandate))
    raise ChainError(f"{type(event).__name__} is no act")
