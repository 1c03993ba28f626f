# SPDX-License-Identifier: Apache-2.0
"""Gathering a record's life from chain, mirror, journal and what this agency has written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.analysis.life import (
    Delivery,
    Entered,
    Hold,
    Life,
    LifeShare,
    Offer,
    Seal,
    TakenOver,
    holds_of,
)
from muniment.chain.bindings import record_registry as record_events
from muniment.chain.bindings import share_registry as share_events
from muniment.chain.connection import Connection, block_of
from muniment.chain.traces import Trace
from muniment.errors import ChainError, UnreachableError
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, record_id_of
from muniment.registry.reading import traces
from muniment.store import envelopes, folding, journal_rows, mirror
from muniment.store.envelopes import EnvelopeRow
from muniment.store.journal_rows import EntryRow
from muniment.store.tables import agencies, record_types, seals, shares

_MANY: Final = 500


def life_of(registry: Registry, record: bytes | str) -> Life:
    """Return the life of a record, its trace checked against the chain.

    The mirror is brought up to date first. Raises `UnreachableError`, `TraceMismatchError`.
    """
    registry.sync()
    [life] = gathered(registry, [record_id_of(record)])
    return life


def gathered(
    registry: Registry, records: Sequence[RecordId], *, with_reads: bool = True
) -> list[Life]:
    """Return lives by the mirror as it is, a node being asked for all of them together; some
    hundred records at most. See `life_of`."""
    session = registry.session
    known = traces(session, records)
    with session.database.read() as connection:
        named = connection.execute(sa.select(agencies.c.agency_id, agencies.c.name))
        names = {int(agency_id): str(name) for agency_id, name in named}
        told = [_told(connection, known[each]) for each in records]
    timeless = {log.block_number for each in told for log in each.logs if log.name in _TIMELESS}
    timeless |= {each.adoption.block_number for each in known.values() if each.adoption}
    times = block_times(registry, timeless)
    return [_life(registry, each, names, times, with_reads=with_reads) for each in told]


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of a record besides its trace, before the times of blocks are asked for."""

    trace: Trace
    entry: EntryRow | None
    type_id: int
    type_name: str | None
    about: list[mirror.NewLog]
    of_type: list[mirror.NewLog]
    packed: list[EnvelopeRow]
    of_shares: list[mirror.NewLog]

    @property
    def logs(self) -> Iterable[mirror.NewLog]:
        """All that may need a time."""
        return chain(self.about, self.of_type, self.of_shares)


def _told(connection: DatabaseConnection, trace: Trace) -> _Told:
    entry = journal_rows.entry_of(connection, trace.record_id)
    issuer, type_id, version = _type_of(entry, trace)
    type_name = connection.execute(
        sa.select(record_types.c.name).where(
            record_types.c.agency_id == issuer,
            record_types.c.type_id == type_id,
            record_types.c.version == version,
        )
    ).scalar()
    packed = envelopes.find(connection, record_id=trace.record_id)
    return _Told(
        trace,
        entry,
        type_id,
        type_name,
        mirror.logs_of(connection, [bytes(trace.record_id)]),
        mirror.logs_of(connection, [int(issuer).to_bytes(4, "big")]) if issuer else [],
        packed,
        _logs_in_parts(connection, _share_ids(connection, packed)),
    )


def _life(
    registry: Registry,
    told: _Told,
    names: Mapping[int, str],
    times: Mapping[int, int],
    *,
    with_reads: bool,
) -> Life:
    profile, trace = registry.session.profile, told.trace
    taken_over = _taken_over(trace, times)
    return Life(
        chain_id=profile.chain.id,
        registry=profile.chain.registry,
        trace=trace,
        type_name=told.type_name,
        agencies=names,
        entered=_entered(registry, told.entry, trace),
        taken_over=taken_over,
        holds=(*holds_of(trace.acts, taken_over), *_type_holds(told.of_type, times, told.type_id)),
        offers=tuple(_offers(told.about, times)),
        shares=tuple(_shares(told.of_shares, times)),
        deliveries=tuple(_deliveries(profile.agency.id, told.packed, told.of_shares, times)),
        reads=tuple(registry.history(trace.record_id)) if with_reads else None,
    )


_TIMELESS: Final = {
    "CustodyOffered",
    "CustodyOfferClosed",
    "Transferred",
    "TypeHeld",
    "TypeReleased",
    "ShareRequested",
    "ShareGranted",
    "ShareDenied",
    "ShareRevoked",
    "DeliveryAcknowledged",
}
"""Events whose time is wanted and that carry none: their block's is asked for."""


_CLOSING: Final = (
    record_events.CustodyOffered,
    record_events.CustodyOfferClosed,
    record_events.Transferred,
)
"""What closes an offer: its end, its acceptance, or the next offer."""


def _type_of(row: EntryRow | None, trace: Trace) -> tuple[int, int, int]:
    """The agency, number and version of a record's type; of zeros where no act tells it."""
    if row is not None and not trace.state.issuer:
        return row.agency_id, row.entry.type_id, row.entry.type_version
    return trace.state.issuer, trace.state.type_id, trace.state.type_version


def _taken_over(trace: Trace, times: Mapping[int, int]) -> TakenOver | None:
    adoption = trace.adoption
    if adoption is None:
        return None
    state = adoption.adopted.state
    return TakenOver(
        times[adoption.block_number],
        state.version,
        int(state.custodian),
        state.status,
        tuple((each.authority, each.case_commitment) for each in adoption.holds),
    )


def _entered(registry: Registry, row: EntryRow | None, trace: Trace) -> Entered | None:
    session = registry.session
    claimed: int | None
    if row is not None:
        place = (row.agency_id, row.journal, row.index)
        commitment, claimed = bytes(row.entry.commitment), int(row.entry.time)
    else:
        enrolled = next(
            (each.event for each in trace.acts if isinstance(each.event, record_events.Enrolled)),
            None,
        )
        if enrolled is None:
            return None
        place = (enrolled.agency_id, enrolled.journal, enrolled.index)
        commitment, claimed = enrolled.commitment, None
    first = (
        sa.select(seals)
        .where(seals.c.agency_id == place[0], seals.c.journal == place[1], seals.c.size > place[2])
        .order_by(seals.c.size)
        .limit(1)
    )
    with session.database.read() as connection:
        found = connection.execute(first).mappings().one_or_none()
    seal = None
    if found is not None:
        seal = Seal(found["size"], bytes(found["root"]), found["sealed_at"], found["block_number"])
    return Entered(*place, commitment, claimed, seal)


def _type_holds(
    logs: Iterable[mirror.NewLog], times: Mapping[int, int], type_id: int
) -> list[Hold]:
    open_holds: dict[tuple[str, bytes], int] = {}
    found = []
    for log in logs:
        if log.name not in ("TypeHeld", "TypeReleased"):
            continue
        event = folding.event_of(log)
        assert isinstance(event, record_events.TypeHeld | record_events.TypeReleased)
        if event.type_id != type_id:
            continue
        key = (event.authority, event.case_commitment)
        if isinstance(event, record_events.TypeHeld):
            open_holds[key] = times[log.block_number]
        else:
            since = open_holds.pop(key)
            found.append(Hold(*key, since, times[log.block_number], on_type=True))
    return found + [Hold(*key, since, None, on_type=True) for key, since in open_holds.items()]


def _offers(logs: Iterable[mirror.NewLog], times: Mapping[int, int]) -> list[Offer]:
    found: list[Offer] = []
    pending: tuple[int, int, int, int] | None = None
    for log in logs:
        event = folding.event_of(log)
        if isinstance(event, _CLOSING) and pending is not None:
            found.append(Offer(*pending, times[log.block_number]))
            pending = None
        if isinstance(event, record_events.CustodyOffered):
            at = times[log.block_number]
            pending = (event.from_agency, event.to_agency, at, event.expires_at)
    return found if pending is None else [*found, Offer(*pending, None)]


def _share_ids(connection: DatabaseConnection, packed: Iterable[EnvelopeRow]) -> list[bytes]:
    """The shares under which a record was asked for, granted or delivered."""
    rows = list(packed)
    by_id = {
        row.subject for row in rows if row.kind in (EnvelopeKind.DELIVERY, EnvelopeKind.SHARE_GRANT)
    }
    # A request's envelope is made before the share has an id: it names the terms.
    terms = {row.subject for row in rows if row.kind == EnvelopeKind.SHARE_REQUEST}
    if terms:
        chosen = sa.select(shares.c.share_id).where(shares.c.terms.in_(sorted(terms)))
        by_id |= {bytes(each) for each in connection.execute(chosen).scalars()}
    return sorted(by_id)


def _logs_in_parts(
    connection: DatabaseConnection, subjects: Sequence[bytes]
) -> list[mirror.NewLog]:
    found: list[mirror.NewLog] = []
    for start in range(0, len(subjects), _MANY):
        found += mirror.logs_of(connection, subjects[start : start + _MANY])
    return found


def _shares(logs: Iterable[mirror.NewLog], times: Mapping[int, int]) -> list[LifeShare]:
    found: dict[bytes, LifeShare] = {}
    for log in logs:
        event, at = folding.event_of(log), times[log.block_number]
        if isinstance(event, share_events.ShareRequested):
            found[event.share_id] = LifeShare(
                event.share_id,
                event.requester,
                event.granter,
                event.type_id != 0,
                at,
                None,
                None,
                event.expires_at,
                "requested",
            )
        elif isinstance(event, share_events.ShareGranted):
            before = found[event.share_id]
            found[event.share_id] = replace(
                before, granted_at=at, expires_at=event.expires_at, status="granted"
            )
        elif isinstance(event, share_events.ShareDenied | share_events.ShareRevoked):
            status = "denied" if isinstance(event, share_events.ShareDenied) else "revoked"
            found[event.share_id] = replace(found[event.share_id], ended_at=at, status=status)
    return sorted(found.values(), key=lambda share: (share.requested_at, share.share_id))


def _deliveries(
    ours: int,
    packed: Iterable[EnvelopeRow],
    logs: Iterable[mirror.NewLog],
    times: Mapping[int, int],
) -> list[Delivery]:
    receipts = {}
    for log in logs:
        if log.name == "DeliveryAcknowledged":
            event = folding.event_of(log)
            assert isinstance(event, share_events.DeliveryAcknowledged)
            receipts[event.delivery_digest] = times[log.block_number]
    return [
        Delivery(
            row.digest,
            row.subject,
            *((ours, row.agency_id) if row.direction == envelopes.SENT else (row.agency_id, ours)),
            row.made_at,
            receipts.get(row.digest),
        )
        for row in packed
        if row.kind == EnvelopeKind.DELIVERY
    ]


def block_times(registry: Registry, numbers: Iterable[int]) -> dict[int, int]:
    """Return the times of blocks (Unix seconds) by number. Raises `UnreachableError`."""
    wanted = sorted(numbers)

    def read(connection: Connection) -> dict[int, int]:
        found = connection.request_many(
            "eth_getBlockByNumber", [[hex(each), False] for each in wanted]
        )
        if any(isinstance(each, ChainError) or each is None for each in found):
            raise UnreachableError(connection.url, "it lacks blocks that the mirror has")
        return {
            number: block_of(each).timestamp for number, each in zip(wanted, found, strict=True)
        }

    return registry.session.nodes.read(read) if wanted else {}
