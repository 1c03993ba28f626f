# SPDX-License-Identifier: Apache-2.0
"""Gathering a record's life from chain, mirror, journal and what this agency has written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
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
    holds_of,
)
from muniment.chain.bindings import record_registry as record_events
from muniment.chain.bindings import share_registry as share_events
from muniment.chain.connection import Connection, block_of
from muniment.chain.traces import Trace
from muniment.errors import ChainError, UnreachableError
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.registry import Registry
from muniment.registry.journal_records import entry_of
from muniment.store import envelopes, folding, mirror
from muniment.store.envelopes import EnvelopeRow
from muniment.store.tables import agencies, record_types, seals, shares

_MANY: Final = 500


def life_of(registry: Registry, record: bytes | str) -> Life:
    """Return the life of a record, its trace checked against the chain.

    The mirror is brought up to date first. Raises `UnreachableError`, `TraceMismatchError`.
    """
    registry.sync()
    return gathered(registry, record)


def gathered(registry: Registry, record: bytes | str, *, with_reads: bool = True) -> Life:
    """Return a life by the mirror as it is, for many of them one after the other; see `life_of`."""
    trace = registry.trace(record)
    session = registry.session
    chain = session.profile.chain
    entered = _entered(registry, trace)
    issuer, type_id, version = _type_of(registry, trace)
    with session.database.read() as connection:
        names = {
            int(row.agency_id): str(row.name) for row in connection.execute(sa.select(agencies))
        }
        type_name = connection.execute(
            sa.select(record_types.c.name).where(
                record_types.c.agency_id == issuer,
                record_types.c.type_id == type_id,
                record_types.c.version == version,
            )
        ).scalar()
        about = mirror.logs_of(connection, [bytes(trace.record_id)])
        of_type = mirror.logs_of(connection, [int(issuer).to_bytes(4, "big")]) if issuer else []
        packed = envelopes.find(connection, record_id=trace.record_id)
        share_ids = _share_ids(connection, packed)
        of_shares = _logs_in_parts(connection, share_ids)
    logs = [*about, *of_type, *of_shares]
    times = block_times(registry, {each.block_number for each in logs if each.name in _TIMELESS})
    return Life(
        chain_id=chain.id,
        registry=chain.registry,
        trace=trace,
        type_name=type_name,
        agencies=names,
        entered=entered,
        holds=(*holds_of(trace.acts), *_type_holds(of_type, times, type_id)),
        offers=tuple(_offers(about, times)),
        shares=tuple(_shares(of_shares, times)),
        deliveries=tuple(_deliveries(session.profile.agency.id, packed, of_shares, times)),
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


def _type_of(registry: Registry, trace: Trace) -> tuple[int, int, int]:
    """The agency, number and version of a record's type; of zeros where no act tells it."""
    row = None if trace.state.issuer else entry_of(registry.session, trace.record_id)
    if row is not None:
        return row.agency_id, row.entry.type_id, row.entry.type_version
    return trace.state.issuer, trace.state.type_id, trace.state.type_version


def _entered(registry: Registry, trace: Trace) -> Entered | None:
    session = registry.session
    claimed: int | None
    row = entry_of(session, trace.record_id)
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
