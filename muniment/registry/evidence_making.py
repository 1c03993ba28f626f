# SPDX-License-Identifier: Apache-2.0
"""Making evidence: one read of one node, checked by the verifier before it is handed out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from muniment.chain.anchors import header_of, proof_nodes
from muniment.chain.bindings import record_registry as events
from muniment.chain.connection import Block, Connection
from muniment.chain.contract import Event
from muniment.chain.deployment import Registries
from muniment.chain.finality import final_number
from muniment.chain.traces import Trace, TracedAct, read_trace
from muniment.errors import ChainError, InvalidInputError, RecordError
from muniment.evidence import (
    Anchor,
    Evidence,
    EvidenceFile,
    Outcome,
    ShownContent,
    TrustFile,
    Verifier,
)
from muniment.evidence.acts import EvidentAct
from muniment.proof import record_slots, successor_slot, type_head_slot
from muniment.record.algorithms import available_algorithms
from muniment.record.identifiers import RecordId
from muniment.record.keccak import keccak
from muniment.registry.reading import kept_version
from muniment.registry.session import Session
from muniment.registry.unkept import UnkeptVersionError

_YEAR: Final = 365 * 86_400
_DAY: Final = 86_400


class UnprovableError(RecordError):
    """What was read does not verify: a node that contradicts itself, or a record that another
    registry handed over."""

    def __init__(self, record_id: bytes, reason: str) -> None:
        super().__init__(
            f"evidence of record 0x{record_id.hex()} does not verify: {reason}",
            expected="slots and acts of one block that agree",
            remedy="try again, or with another node; a record adopted from a predecessor needs "
            "evidence of that registry",
        )


def make_evidence(
    session: Session,
    record_ids: Sequence[RecordId],
    *,
    fields: Iterable[str] | None = (),
    version: int | None = None,
    bundle: bool = False,
    progress: Callable[[int], None] | None = None,
) -> bytes:
    """Return an evidence file of one record, or a bundle of many.

    `fields` are those to show of the content that this agency keeps, None shows all, an empty list
    none of the values (the version is shown all the same). What another agency keeps has its trace
    alone. `version` is the latest on chain by default. Raises `InvalidInputError`,
    `NoProofsError`, `UnprovableError`, `UnreachableError`.
    """
    ids = sorted(set(record_ids))
    if not ids or (len(ids) > 1 and not bundle):
        raise InvalidInputError("records", "one record, or a bundle of some", str(len(ids)))
    chosen = None if fields is None else list(fields)
    depth = session.profile.chain.finality_depth

    def read(node: Connection) -> tuple[Anchor, list[Trace]]:
        head = node.block()
        final = final_number(node, head, depth)
        block = head if final == head.number else node.block(final)
        registries = session.registries(node, block)
        traces = []
        for place, each in enumerate(ids, start=1):
            traces.append(read_trace(registries, each, block))
            if progress is not None:
                progress(place)
        return _anchor(node, registries, traces, block), traces

    anchor, traces = session.nodes.read(read)
    records = tuple(
        Evidence(
            trace.record_id,
            tuple(evident_act(each) for each in trace.acts),
            _content(session, trace, version, chosen),
        )
        for trace in traces
    )
    data = EvidenceFile(anchor, records, bundle).to_bytes()
    _require_sound(anchor, data, traces[0].block)
    return data


def evident_act(traced: TracedAct) -> EvidentAct:
    """Return an act as evidence has it, with the values that its argument is made of."""
    act = traced.act
    return EvidentAct(act.kind, act.agency_id, act.account, act.state, _values(traced.event))


def make_trust(
    session: Session, *, days: int, greatest_age_days: int, nodes: Sequence[str]
) -> TrustFile:
    """Return what a verifier would be told by this agency's node: the code of the registry, its
    final block, the agencies. Whoever signs it answers for it."""
    depth = session.profile.chain.finality_depth

    def read(node: Connection) -> TrustFile:
        head = node.block()
        block = node.block(max(final_number(node, head, depth), 0))
        registries = session.registries(node, block)
        agencies = registries.agencies
        count = agencies.agency_count(block=block)
        names = {each: agencies.agency_name(each, block=block) for each in range(1, count + 1)}
        return TrustFile(
            chain_id=session.profile.chain.id,
            registry=bytes.fromhex(registries.records.address[2:]),
            code_hash=keccak(node.code(registries.records.address, block)),
            blocks={block.number: block.hash},
            nodes=tuple(nodes),
            algorithms=available_algorithms(),
            expires=int(datetime.now(UTC).timestamp()) + days * _DAY,
            greatest_age=greatest_age_days * _DAY,
            agencies=names,
            operator=None,
            fingerprint="",
        )

    return session.nodes.read(read)


def _anchor(
    node: Connection, registries: Registries, traces: Sequence[Trace], block: Block
) -> Anchor:
    slots = {successor_slot()}
    for trace in traces:
        slots.update(record_slots(trace.record_id))
        if trace.state.type_id:
            slots.add(type_head_slot(trace.state.issuer, trace.state.type_id))
    address = registries.records.address
    nodes = proof_nodes(node, address, sorted(slots), block)
    return Anchor(node.chain_id, bytes.fromhex(address[2:]), header_of(node, block), nodes)


def _content(
    session: Session, trace: Trace, version: int | None, fields: list[str] | None
) -> ShownContent | None:
    wanted = version or trace.state.version or None
    if wanted is None:
        return None
    try:
        kept = kept_version(session, trace.record_id, wanted)
    except UnkeptVersionError:
        if fields or version is not None:
            raise
        return None
    shown = kept.fields if fields is None else fields
    return ShownContent(wanted, kept.row.schema_digest, kept.version.disclose(shown))


def _require_sound(anchor: Anchor, data: bytes, block: Block) -> None:
    """Verify what was made, with its own registry, code and block trusted."""
    everything = TrustFile(
        chain_id=anchor.chain_id,
        registry=anchor.registry,
        code_hash=b"",
        blocks={block.number: block.hash},
        nodes=(),
        algorithms=available_algorithms(),
        expires=block.timestamp + _YEAR,
        greatest_age=_YEAR,
        agencies={},
        operator=None,
        fingerprint="",
    )
    for verdict in Verifier(everything, now=block.timestamp, any_code=True).verify(data):
        if verdict.outcome is Outcome.INVALID:
            raise UnprovableError(verdict.record_id, verdict.reason)


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
