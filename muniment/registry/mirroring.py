# SPDX-License-Identifier: Apache-2.0
"""The mirror of the registry: brought up to date, and searched."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from muniment.chain.connection import Connection
from muniment.pipeline.indexer import LEASE, Indexer, IndexProgress
from muniment.record.commitment import Commitment
from muniment.record.identifiers import RecordId
from muniment.record.state import RecordState, Status
from muniment.registry.erasing import erase_disposed
from muniment.registry.sending import holder_name
from muniment.registry.session import Session
from muniment.store import mirror, mirror_search
from muniment.store.leases import Lease
from muniment.store.mirror import MirroredRegistry
from muniment.store.mirror_search import Filters, MirroredRecord

_WAIT_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.1


def indexer(session: Session, lease: Lease | None = None) -> Indexer:
    """Return the indexer of a session's registry. Raises `UnreachableError`."""
    with session.database.read() as connection:
        known = mirror.registry_of(connection)
    chain = session.profile.chain
    agencies = session.agencies.address if known is None else known.agencies
    registry = MirroredRegistry(chain.id, chain.registry, agencies, chain.shares, chain.first_block)
    return Indexer(
        session.database,
        session.nodes,
        registry,
        finality_depth=chain.finality_depth,
        lease=lease,
    )


def sync(
    session: Session, progress: Callable[[IndexProgress], None] | None = None
) -> IndexProgress | None:
    """Bring the mirror up to the head of the chain; None where another process does it.

    For that one it waits some seconds, until it has the block that is the head now. Whoever does
    it also erases what was disposed of, where a process before was ended before it had, and takes
    in what came with custody. Raises as `Indexer.step`, and what the stores raise where something
    is to be erased or taken in.
    """
    # Here, for the exchange brings the mirror up to date itself.
    from muniment.registry.custody.settling import settle  # noqa: PLC0415
    from muniment.registry.prepared.cleaning import clean  # noqa: PLC0415

    lease = Lease.acquire(session.database, LEASE, holder=holder_name())
    if lease is not None:
        with lease.kept():
            done = indexer(session, lease).catch_up(progress)
            erase_disposed(session)
            settle(session)
            clean(session)
            return done

    def head(node: Connection) -> int:
        return node.block().number

    wanted = session.nodes.read(head)
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        with session.database.read() as connection:
            top = mirror.top_block(connection)
        if top is not None and top.number >= wanted:
            break
        time.sleep(_LOOK_SECONDS)
    return None


def search(
    session: Session,
    filters: Filters,
    *,
    record_ids: Sequence[RecordId] | None = None,
    limit: int = 100,
) -> list[MirroredRecord]:
    """Return records of the mirror that match, at most `limit`.

    Of `record_ids`, where they are given, those that the chain does not have yet come too, with an
    empty state, unless a filter asks for more than there is of them.
    """
    with session.database.read() as connection:
        if record_ids is None:
            return mirror_search.search(connection, filters, limit)
        found = mirror_search.among(connection, record_ids, filters)
        on_chain = {
            each.record_id for each in mirror_search.among(connection, record_ids, Filters())
        }
    asked = (filters.custodian, filters.since, filters.until)
    if asked == (None, None, None) and filters.status in (None, Status.NONE):
        found += [_unknown(each) for each in record_ids if each not in on_chain]
    return found[:limit]


def _unknown(record_id: RecordId) -> MirroredRecord:
    return MirroredRecord(record_id, RecordState(), Commitment(bytes(32)), bytes(32), 0, -1, -1)
